//! The contents of a file: named tensors, metadata, and warnings.

use std::fmt;

use hinton_tensor::Tensor;

use crate::Input;

/// The contents of an opened file or folder of shards.
///
/// Headers have been read, but no values.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The path as the caller gave it.
    pub path: String,
    /// The name of the format's row, such as `safetensors`.
    pub format: &'static str,
    /// Metadata of the file, in the file's order. Nested values are written as JSON text.
    pub metadata: Vec<(String, String)>,
    /// The tensors, in the file's order, named exactly as the file names them.
    pub tensors: Vec<Tensor>,
    /// The files that were read, in order: one file, or the shards.
    pub files: Vec<String>,
    /// What was skipped, unusual or assumed. Nothing is skipped silently.
    pub warnings: Vec<Warning>,
}

impl Checkpoint {
    /// What one file holds by itself.
    pub(crate) fn of_file(
        input: &Input,
        format: &'static str,
        metadata: Vec<(String, String)>,
        tensors: Vec<Tensor>,
        warnings: Vec<Warning>,
    ) -> Self {
        let (path, files) = (input.name.clone(), vec![input.name.clone()]);
        Checkpoint { path, format, metadata, tensors, files, warnings }
    }
}

/// Something that the user should know about an opened file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The tensor or member concerned; empty if it concerns the whole file.
    pub subject: String,
    /// The warning, in one sentence.
    pub message: String,
    /// Whether the file is inconsistent or incomplete, so that a copy of it should not be trusted.
    /// If false, the file is merely unusual, or hinton skips something.
    pub is_fault: bool,
}

impl Warning {
    /// A warning about a tensor or member.
    pub fn about(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Warning { subject: subject.into(), message: message.into(), is_fault: false }
    }

    /// A warning about the file as a whole.
    pub fn file(message: impl Into<String>) -> Self {
        Warning { subject: String::new(), message: message.into(), is_fault: false }
    }

    /// The same, as a fault of the file.
    pub fn as_fault(self) -> Self {
        Warning { is_fault: true, ..self }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.subject.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{:?}: {}", self.subject, self.message)
        }
    }
}
