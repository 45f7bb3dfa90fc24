//! Errors of opening files: which file, which tensor and which byte, what was expected, what was
//! found, and what to do.

use std::fmt;

use hinton_tensor::ReadErrorKind;

/// The kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file or folder cannot be read: missing, no permission, a failing disk.
    Io,
    /// It is not in a format that hinton knows, or it looks like weights but holds none.
    Unrecognised,
    /// It has a known format, but is truncated, damaged or inconsistent.
    Malformed,
    /// It is well-formed, but uses a feature that hinton does not read.
    Unsupported,
    /// It would execute code, or refers to files outside its folder.
    Refused,
    /// It exceeds a limit (size, depth, count).
    Limit,
}

/// A file could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    kind: ErrorKind,
    file: String,
    tensor: Option<String>,
    byte: Option<u64>,
    message: String,
    cure: Option<String>,
    /// What stopped a reader, where that caused the error.
    read: Option<ReadErrorKind>,
}

impl Error {
    /// An error of this kind; `message` says what was expected and what was found.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Parts {
            kind,
            file: String::new(),
            tensor: None,
            byte: None,
            message: message.into(),
            cure: None,
            read: None,
        }))
    }

    /// Shorthand for [`ErrorKind::Malformed`].
    pub fn malformed(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Malformed, message)
    }

    /// The error that a reader's error causes, with this message.
    pub(crate) fn of_read(error: &hinton_tensor::ReadError, message: impl Into<String>) -> Self {
        let mut wrong = Error::new(of_read(error.kind), message);
        wrong.0.read = Some(error.kind);
        match error.kind {
            // Whoever reads the file knows best what it means that it is cut.
            ReadErrorKind::PastEnd | ReadErrorKind::Damaged => wrong,
            kind => kind.cure().map_or(wrong.clone(), |cure| wrong.cure(cure)),
        }
    }

    /// The kind of a reader's error that this one caused.
    pub(crate) fn read_kind(&self) -> ReadErrorKind {
        self.0.read.unwrap_or(match self.kind() {
            ErrorKind::Io => ReadErrorKind::System,
            ErrorKind::Limit => ReadErrorKind::Limit,
            _ => ReadErrorKind::Damaged,
        })
    }

    /// Adds the file, unless one was added before (the innermost file wins).
    pub fn in_file(mut self, file: &str) -> Self {
        if self.0.file.is_empty() {
            self.0.file = file.to_owned();
        }
        self
    }

    /// Adds the tensor or member.
    pub fn for_tensor(mut self, name: impl Into<String>) -> Self {
        self.0.tensor.get_or_insert(name.into());
        self
    }

    /// Adds the offset of the byte at which the problem was found.
    pub fn at_byte(mut self, byte: u64) -> Self {
        self.0.byte.get_or_insert(byte);
        self
    }

    /// Adds what to do about it.
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.0.cure.get_or_insert(cure.into());
        self
    }

    /// The kind of problem.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file, as it is shown to the user.
    pub fn file(&self) -> &str {
        &self.0.file
    }

    /// The tensor or member, if the error concerns one.
    pub fn tensor(&self) -> Option<&str> {
        self.0.tensor.as_deref()
    }

    /// The offset of the byte at which the problem was found, if known.
    pub fn byte(&self) -> Option<u64> {
        self.0.byte
    }

    /// What was expected and what was found.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn cure_text(&self) -> Option<&str> {
        self.0.cure.as_deref()
    }
}

impl fmt::Display for Error {
    /// One line, without the cure: `model.safetensors: tensor "w": at byte 8: …`. Names from the
    /// file are quoted and escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { file, tensor, byte, message, .. } = &*self.0;
        if !file.is_empty() {
            write!(f, "{file}: ")?;
        }
        if let Some(tensor) = tensor {
            write!(f, "tensor {tensor:?}: ")?;
        }
        if let Some(byte) = byte {
            write!(f, "at byte {byte}: ")?;
        }
        f.write_str(message)
    }
}

impl From<hinton_tensor::TensorError> for Error {
    fn from(error: hinton_tensor::TensorError) -> Self {
        let kind = match &error {
            hinton_tensor::TensorError::Read { source, .. } => of_read(source.kind),
            hinton_tensor::TensorError::OutOfMemory { .. } => ErrorKind::Limit,
            _ => ErrorKind::Malformed,
        };
        let wrong = Error::new(kind, error.what());
        match error.tensor() {
            Some(name) => wrong.for_tensor(name),
            None => wrong,
        }
    }
}

impl From<hinton_tensor::ReadError> for Error {
    fn from(error: hinton_tensor::ReadError) -> Self {
        let wrong = Error::of_read(&error, error.to_string());
        match error.kind {
            ReadErrorKind::PastEnd | ReadErrorKind::Damaged => {
                wrong.cure("the file is cut short: download or copy it again")
            }
            _ => wrong,
        }
    }
}

/// What a fault of a reader says of the file that is opened.
fn of_read(kind: ReadErrorKind) -> ErrorKind {
    match kind {
        ReadErrorKind::System | ReadErrorKind::Network | ReadErrorKind::Cancelled => ErrorKind::Io,
        ReadErrorKind::Memory | ReadErrorKind::Limit => ErrorKind::Limit,
        ReadErrorKind::NotStored => ErrorKind::Unsupported,
        _ => ErrorKind::Malformed,
    }
}
