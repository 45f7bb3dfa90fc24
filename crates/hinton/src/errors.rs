//! What went wrong, in detail: the errors inside [`Error`](crate::Error).
//!
//! Most programs print an [`Error`](crate::Error), which names the file, what was expected, what was
//! found and the cure, or ask whose [`Fault`](crate::Fault) it is. Match on these types to treat one
//! case differently from the others.
//!
//! ```
//! use hinton::errors::ErrorKind;
//! use hinton::{Error, Fault, open};
//!
//! let error = open("no-such-file.safetensors").unwrap_err();
//! assert!(matches!(&error, Error::Open(why) if why.kind() == ErrorKind::Io));
//! assert_eq!(error.fault(), Fault::Work);
//! ```

pub use hinton_chart::ChartError;
pub use hinton_format::{Error as FormatError, ErrorKind};
pub use hinton_net::{NetError, TraceError};
pub use hinton_render::films::FilmError;
pub use hinton_render::{PixelLimit, RenderError};
pub use hinton_run::RunError;
pub use hinton_tensor::{ReadError, ReadErrorKind, TensorError};
