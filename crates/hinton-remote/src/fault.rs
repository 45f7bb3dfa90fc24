//! Everything that can go wrong between hinton and a server, as one type, and as the errors of
//! readers.

use std::fmt;
use std::ops::Range;

use hinton_format::{Error, ErrorKind};
use hinton_tensor::{ReadError, ReadErrorKind};

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The server or the way to it failed.
    Failed,
    /// There is nothing of that name.
    Missing,
    /// It may not be read: 401 or 403.
    Forbidden,
    /// A range behind the end.
    PastEnd,
    /// It would do what nobody asked for.
    Refused,
    /// It passes a limit.
    Limit,
    /// The server cannot do what is needed.
    Unsupported,
    /// The way to the server failed; nothing answered.
    Unreachable,
}

/// A request that gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// The address as people may see it.
    pub(crate) url: Box<str>,
    pub(crate) range: Option<Range<u64>>,
    pub(crate) what: String,
    pub(crate) cure: Box<str>,
    /// The Hub's own word for it, `GatedRepo`.
    pub(crate) code: Option<Box<str>>,
}

impl Fault {
    pub(crate) fn new(
        kind: FaultKind,
        url: impl fmt::Display,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        let (what, cure, url) = (what.into(), cure.into().into_boxed_str(), url.to_string().into());
        Fault { kind, url, range: None, what, cure, code: None }
    }

    pub(crate) fn of_range(self, range: Option<Range<u64>>) -> Self {
        Fault { range, ..self }
    }

    /// What went wrong, with the address where it is another than `name`.
    fn told(&self, name: &str) -> String {
        let mut text = String::new();
        if *self.url != *name {
            text.push_str(&format!("{}: ", self.url));
        }
        if let Some(range) = &self.range {
            text.push_str(&format!("bytes {}-{}: ", range.start, range.end.saturating_sub(1)));
        }
        text + &self.what
    }

    /// As the error of a file that people call `name`.
    pub(crate) fn into_error(self, name: &str) -> Error {
        let kind = match self.kind {
            FaultKind::Refused => ErrorKind::Refused,
            FaultKind::Limit => ErrorKind::Limit,
            FaultKind::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::Io,
        };
        Error::new(kind, self.told(name)).cure(String::from(self.cure)).in_file(name)
    }

    /// As the error of a reader of the file that people call `name`.
    pub(crate) fn into_read_error(self, name: &str, offset: u64, len: u64) -> ReadError {
        let why = format!("{}; {}", self.told(name), self.cure);
        let kind = match self.kind {
            FaultKind::Refused | FaultKind::Limit => ReadErrorKind::Limit,
            _ => ReadErrorKind::Network,
        };
        ReadError::new(kind, offset, len, why)
    }
}
