//! Serves the viewer over HTTP: access control, and limits on concurrent work.
//!
//! A server answers on a listener that its caller opened, which is the loopback interface unless
//! the caller decided otherwise. The routes are a table in `hinton-view`. Access is checked here,
//! before anything else (`guard.rs`): a request must name an allowed host, must not come from
//! another site and, except for the page's own files, must carry the key. No request contains the
//! path of a file.
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

mod assets;
mod guard;
mod respond;
mod server;

pub use guard::Access;
pub use server::{Limits, Stop, serve};
