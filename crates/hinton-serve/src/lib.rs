//! The viewer over HTTP: who may ask, and how much at once.
//!
//! A server answers on a listener that its caller opened, loopback unless the caller decided
//! otherwise. What may be asked is a table of `hinton-view`; who may ask is checked here before anything else
//! (`guard.rs`): a request names an allowed host, comes from no other site, and for everything but the
//! page's own files carries the key. No path of a file is in any request.
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

mod assets;
mod guard;
mod respond;
mod server;

pub use guard::Access;
pub use server::{Limits, Stop, serve};
