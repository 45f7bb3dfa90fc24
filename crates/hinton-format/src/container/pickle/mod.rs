//! Python pickles, protocols 0 to 5, read without ever running anything.
//!
//! A pickle is a small program for a stack machine. [`load`] runs that machine but none of its
//! calls: where Python would import and call, the arena gets a [`Node::Global`] and a
//! [`Node::Object`] that say what *would* be called with what. Globals that can run code or touch
//! the machine refuse the whole stream by name.
//!
//! Specified by CPython's `Lib/pickletools.py`, `Lib/pickle.py` and `Modules/_pickle.c`.

mod attributes;
mod calls;
mod cursor;
mod globals;
mod joblib;
mod machine;
mod memo;
mod node;
mod opcode;
mod text;
mod values;

pub(crate) use globals::is_joblib_array;
pub use machine::{load, starts_like_pickle};
pub use node::{Blob, Global, How, Id, Node, Object, Pickle};
