//! Why bytes could not be read.

use crate::TensorError;

/// What kind of fault stopped a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The range ends behind the last byte of the data.
    PastEnd,
    /// The bytes are there, but do not decode to values: a wrong checksum, an impossible code.
    Damaged,
    /// The operating system, or a program that reads for hinton, reported a fault.
    System,
    /// A server reported a fault, or did not answer. The reason includes what to do.
    Network,
    /// There is not enough memory.
    Memory,
    /// The read would exceed a limit, or needs something that is not allowed.
    Limit,
    /// The file describes the values, but does not store them (a summary).
    NotStored,
    /// The read was cancelled.
    Cancelled,
}

impl ReadErrorKind {
    /// Whether the same read may succeed later. Errors of other kinds are properties of the file.
    pub fn may_pass(self) -> bool {
        match self {
            ReadErrorKind::System
            | ReadErrorKind::Network
            | ReadErrorKind::Memory
            | ReadErrorKind::Cancelled => true,
            ReadErrorKind::PastEnd
            | ReadErrorKind::Damaged
            | ReadErrorKind::Limit
            | ReadErrorKind::NotStored => false,
        }
    }

    /// What the user can do; `None` if nothing can be said, or the reason says it.
    pub fn cure(self) -> Option<&'static str> {
        match self {
            ReadErrorKind::PastEnd | ReadErrorKind::Damaged => {
                Some("the file may be cut short or have changed: download or copy it again")
            }
            ReadErrorKind::System => Some(
                "check the drive that holds the file, then try again, or copy the file elsewhere",
            ),
            ReadErrorKind::Memory => {
                Some("read a part of the tensor, such as its first rows, or close other programs")
            }
            _ => None,
        }
    }
}

/// A range of bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {len} bytes at byte {offset}: {why}")]
pub struct ReadError {
    /// What kind of fault it is.
    pub kind: ReadErrorKind,
    /// The first byte requested.
    pub offset: u64,
    /// The number of bytes requested.
    pub len: u64,
    /// The reason, for the user.
    pub why: String,
}

impl ReadError {
    /// An error of this kind, for `len` bytes at `offset`.
    pub fn new(kind: ReadErrorKind, offset: u64, len: u64, why: impl Into<String>) -> Self {
        ReadError { kind, offset, len, why: why.into() }
    }

    /// The error for a range that ends outside data of `have` bytes.
    pub fn past_end(offset: u64, len: u64, have: u64) -> Self {
        let why = format!("the data ends at byte {have}");
        ReadError::new(ReadErrorKind::PastEnd, offset, len, why)
    }

    /// The error for bytes that do not decode.
    pub fn damaged(offset: u64, len: u64, why: impl Into<String>) -> Self {
        ReadError::new(ReadErrorKind::Damaged, offset, len, why)
    }

    /// The error for a fault of the operating system, or of a program that reads for hinton.
    pub fn system(offset: u64, len: u64, why: impl Into<String>) -> Self {
        ReadError::new(ReadErrorKind::System, offset, len, why)
    }

    /// The error for bytes that memory has no room for.
    pub fn memory(offset: u64, len: u64, why: impl Into<String>) -> Self {
        ReadError::new(ReadErrorKind::Memory, offset, len, why)
    }

    /// The error for values that are computed from those of a tensor that could not be read.
    pub fn of_tensor(offset: u64, len: u64, error: &TensorError) -> Self {
        let kind = match error {
            TensorError::Read { source, .. } => source.kind,
            TensorError::OutOfMemory { .. } => ReadErrorKind::Memory,
            TensorError::Cancelled(_) => ReadErrorKind::Cancelled,
            _ => ReadErrorKind::Damaged,
        };
        ReadError::new(kind, offset, len, error.to_string())
    }
}

/// The end of a range of `len` bytes at `offset`, if data of `have` bytes has all of them.
///
/// # Errors
/// Returns [`ReadErrorKind::PastEnd`] if it has not.
pub fn range_end(offset: u64, len: u64, have: u64) -> Result<u64, ReadError> {
    let end = offset.checked_add(len).filter(|end| *end <= have);
    end.ok_or_else(|| ReadError::past_end(offset, len, have))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_inside_or_is_an_error() {
        assert_eq!(range_end(2, 3, 5), Ok(5));
        assert_eq!(range_end(5, 0, 5), Ok(5));
        for (offset, len) in [(2, 4), (6, 0), (u64::MAX, 2)] {
            let error = range_end(offset, len, 5).unwrap_err();
            assert_eq!(
                (error.kind, error.offset, error.len),
                (ReadErrorKind::PastEnd, offset, len)
            );
        }
    }

    #[test]
    fn only_what_is_wrong_with_the_file_is_cured_by_another_copy() {
        let again = |kind: ReadErrorKind| kind.cure().is_some_and(|cure| cure.contains("again"));
        assert!(again(ReadErrorKind::PastEnd) && again(ReadErrorKind::Damaged));
        assert!(!again(ReadErrorKind::Memory) && !again(ReadErrorKind::Cancelled));
        assert!(ReadErrorKind::Memory.may_pass() && !ReadErrorKind::Damaged.may_pass());
    }
}
