//! Data that is read once and cached: tables, scales, chunks.

use std::sync::{Mutex, OnceLock, PoisonError};

use hinton_tensor::ReadError;

/// A value that is made by the first that needs it; others wait. An error is kept only if it is a
/// property of the file: after a fault of the drive, the network or memory the next one tries again.
pub(crate) struct Once<T> {
    value: OnceLock<T>,
    /// Held while the value is made.
    failed: Mutex<Option<ReadError>>,
}

impl<T> Once<T> {
    pub(crate) fn new() -> Self {
        Once { value: OnceLock::new(), failed: Mutex::new(None) }
    }

    /// The value; `make` makes it if nobody has.
    ///
    /// # Errors
    /// Returns the error of `make`, now or earlier.
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<T, ReadError>) -> Result<&T, ReadError> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        if let Some(error) = &*failed {
            return Err(error.clone());
        }
        match make() {
            Ok(value) => Ok(self.value.get_or_init(|| value)),
            Err(error) => {
                if !error.kind.may_pass() {
                    *failed = Some(error.clone());
                }
                Err(error)
            }
        }
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Once::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_may_pass_is_tried_again_and_a_value_is_made_once() {
        let once = Once::new();
        let drive = || Err(ReadError::system(0, 1, "the drive is gone"));
        assert_eq!(once.get(drive).unwrap_err().why, "the drive is gone");
        assert_eq!(once.get(|| Ok(7)), Ok(&7));
        assert_eq!(once.get(|| Ok(8)), Ok(&7));
    }

    #[test]
    fn a_fault_of_the_file_stays() {
        let once = Once::new();
        let damaged = || Err(ReadError::damaged(0, 1, "no such code"));
        assert_eq!(once.get(damaged).unwrap_err().why, "no such code");
        assert_eq!(once.get(|| Ok(7)).unwrap_err().why, "no such code");
    }
}
