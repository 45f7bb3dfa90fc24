//! A flag that cancels the reading of files.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use hinton_tensor::{ReadError, ReadErrorKind};

/// A flag of the program, part of [`Limits`](crate::Limits): while it is set, decompression of
/// whatever was opened with these limits stops with [`ReadErrorKind::Cancelled`], when a file is
/// opened and later when its values are read.
///
/// Reading works again once the flag is cleared.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// use hinton_format::{Cancel, Limits};
///
/// static STOP: AtomicBool = AtomicBool::new(false);
///
/// let mut limits = Limits::default();
/// limits.cancel = Cancel::when(&STOP);
/// assert!(!limits.cancel.is_set());
/// STOP.store(true, Ordering::Relaxed);
/// assert!(limits.cancel.is_set());
/// ```
#[derive(Clone, Copy, Default)]
pub struct Cancel(Option<&'static AtomicBool>);

impl Cancel {
    /// Cancels while this flag is set.
    pub fn when(flag: &'static AtomicBool) -> Self {
        Cancel(Some(flag))
    }

    /// Whether reading should stop now.
    pub fn is_set(self) -> bool {
        self.0.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// # Errors
    /// Returns an error while it is set; nothing was read.
    pub(crate) fn check(self) -> Result<(), ReadError> {
        match self.is_set() {
            true => Err(ReadError::new(ReadErrorKind::Cancelled, 0, 0, "the work was cancelled")),
            false => Ok(()),
        }
    }
}

/// Flags are equal if they are the same.
impl PartialEq for Cancel {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl Eq for Cancel {}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Cancel(flag)" } else { "Cancel(never)" })
    }
}
