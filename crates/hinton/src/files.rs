//! Step 1, where weights come from: files, folders, addresses, and bytes in memory.
//!
//! [`open`](crate::open) is enough for a file or a folder on disk. This module has the rest: which
//! formats there are ([`FORMATS`]), opening from any other place ([`open_at`], with a [`Folder`]
//! that you write), what lies in a folder ([`weights_in`]), and whether a file has changed
//! ([`file_state`]).
//!
//! ```
//! use std::sync::Arc;
//!
//! use hinton::files::FORMATS;
//! use hinton::{Memory, open_bytes};
//!
//! // An upload, an entry of an archive, a value from a database: bytes with a name.
//! let upload = "1,2,3\n4,5,6\n".as_bytes();
//! let checkpoint = open_bytes("table.csv", Arc::new(Memory::new(upload)))?;
//! assert_eq!(checkpoint.tensors[0].shape(), [2, 3]);
//!
//! assert!(FORMATS.iter().any(|format| format.extensions.contains(&"safetensors")));
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_format::source::file::Entry;
pub use hinton_format::source::{FileState, Folder, Location, file_state};
pub use hinton_format::{Cancel, DEQUANTISED, FORMATS, FormatRow};
pub use hinton_weights::{
    folders_in, is_address, is_file, is_folder, names_beside, open_at, weights_in,
};
