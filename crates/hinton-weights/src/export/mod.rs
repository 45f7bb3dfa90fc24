//! Exports the values themselves to files that other programs read.

mod csv;
mod npy;
mod npz;
mod row;
mod safetensors;
mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use hinton_tensor::{Cancelled, Index, Progress, Quiet, Slice, Tensor, TensorError};

use crate::repeated::once;
use crate::select::near;
use crate::{Error, Selected};

pub use row::ExportRow;

/// Bytes that are read and written at once.
const STRIPE: u64 = 8 << 20;

/// Of which types tensors are that are written as [stored](Export::stored), by their names.
type Told = BTreeMap<String, String>;

/// Every kind of file that values are exported to.
pub const EXPORTS: &[ExportRow] = &[npy::ROW, npz::ROW, csv::ROW, safetensors::ROW];

/// Why writing stopped.
pub(crate) enum Stop {
    Io(io::Error),
    Other(Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Io(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Other(error)
    }
}

impl From<TensorError> for Stop {
    fn from(error: TensorError) -> Self {
        Stop::Other(error.into())
    }
}

impl Stop {
    fn at(self, path: &Path) -> Error {
        match self {
            Stop::Io(error) => Error::write(path, error),
            Stop::Other(error) => error,
        }
    }
}

/// The kind of export that a file's extension selects.
///
/// # Errors
/// Returns an error if the extension is unknown or missing; the error lists the known ones.
pub fn export_for(path: &Path) -> Result<&'static ExportRow, Error> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    named(extension).map_err(|_| {
        let message = format!("{}: no export has the extension {extension:?}", path.display());
        Error::request(message, format!("there are {}", extensions()))
    })
}

/// The kind of export with this name.
///
/// # Errors
/// Returns an error if the name is unknown; the error lists the known ones.
pub fn named(name: &str) -> Result<&'static ExportRow, Error> {
    EXPORTS.iter().find(|row| row.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let meant = near::near_enough(EXPORTS.iter().map(|row| row.name), name);
        let help = meant.map_or(String::new(), |name| format!("; did you mean {name}?"));
        let help = format!("there are {}{help}", extensions());
        Error::request(format!("there is no export {name:?}"), help)
    })
}

fn extensions() -> String {
    EXPORTS.iter().map(|row| format!(".{}", row.extension)).collect::<Vec<_>>().join(", ")
}

/// Writes the values of tensors to a file, in the format that its extension selects.
///
/// Uses one stripe of 8 MiB of memory, whatever the size. Returns notes for the user, such as a
/// changed dtype.
///
/// # Errors
/// Returns an error if the extension is unknown, the format cannot hold the tensors, values cannot
/// be read, or the file cannot be written. A file that existed before is then unchanged.
pub fn export<T>(tensors: T, path: impl AsRef<Path>) -> Result<Vec<String>, Error>
where
    T: IntoIterator,
    T::Item: Into<Selected>,
{
    let path = path.as_ref();
    let row = export_for(path)?;
    let selected: Vec<Selected> = tensors.into_iter().map(Into::into).collect();
    export_as(&selected, row, path, &Quiet)
}

/// As [`export`], in the given format whatever the file's extension.
///
/// `progress` receives the number of bytes of the tensors that were written, and may cancel the
/// work.
///
/// # Errors
/// Returns the errors of [`export`].
pub fn export_as(
    tensors: &[Selected],
    row: &'static ExportRow,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Vec<String>, Error> {
    Export::values(tensors, row).save(path, progress)
}

/// Tensors prepared for export to one format: their decoded values, or their bytes as stored in the
/// file.
pub struct Export {
    row: &'static ExportRow,
    tensors: Vec<Selected>,
    told: Told,
    notes: Vec<String>,
}

impl Export {
    /// Prepares the values; quantised tensors are decoded.
    pub fn values(tensors: &[Selected], row: &'static ExportRow) -> Self {
        let notes = decoded(tensors).into_iter().collect();
        Export { row, tensors: tensors.to_vec(), told: Told::new(), notes }
    }

    /// Prepares what the file stores:
    ///
    /// - For a tensor in quantised blocks, its bytes: `u8` with the same axes, the last one counted
    ///   in bytes.
    /// - For a weight that is computed from other tensors, those tensors.
    /// - For a dtype that the format does not have, its bits as whole numbers.
    ///
    /// All other tensors are as in [`values`](Export::values). A safetensors file also gets the
    /// types, as JSON under `stored` in its metadata.
    ///
    /// # Errors
    /// Returns an error if a slice cuts through blocks, or is a slice of a computed weight.
    pub fn stored(tensors: &[Selected], row: &'static ExportRow) -> Result<Self, Error> {
        let (tensors, told, notes) = stored::as_stored(tensors, row)?;
        Ok(Export { row, tensors, told, notes })
    }

    /// Number of bytes of the tensors that will be written.
    pub fn bytes(&self) -> u64 {
        self.tensors.iter().map(|one| one.tensor.byte_len()).fold(0, u64::saturating_add)
    }

    /// Refuses to fill a disk with a few values that are repeated.
    fn check_ends(&self) -> Result<(), Error> {
        let mut all = self.tensors.iter().map(|one| &one.tensor);
        let Some((tensor, (_, times))) = all.find_map(|one| Some((one, once(one)?))) else {
            return Ok(());
        };
        let (name, bytes) = (tensor.name(), tensor.byte_len());
        Err(Error::request(
            format!("tensor {name:?} is the same values {times} times, {bytes} bytes in all"),
            format!("take a part of it, such as '{name}[0]'"),
        ))
    }

    /// Writes the file. Returns notes for the user.
    ///
    /// # Errors
    /// Returns the errors of [`export`].
    pub fn save(self, path: &Path, progress: &dyn Progress) -> Result<Vec<String>, Error> {
        self.check_ends()?;
        let mut notes = Vec::new();
        crate::write::write_with(path, |out| {
            let written = (self.row.write)(&self.tensors, &self.told, out, progress);
            notes = written.map_err(|stop| stop.at(path))?;
            Ok(())
        })?;
        notes.extend(self.notes);
        Ok(notes)
    }

    /// Writes to any byte stream, as [`save`](Export::save) does to a file.
    ///
    /// # Errors
    /// Returns the errors of [`export`].
    pub fn write(self, out: &mut dyn Write, progress: &dyn Progress) -> Result<Vec<String>, Error> {
        self.check_ends()?;
        let written = (self.row.write)(&self.tensors, &self.told, out, progress);
        let mut notes = written.map_err(|stop| stop.at(Path::new("standard output")))?;
        notes.extend(self.notes);
        Ok(notes)
    }
}

/// What is said of tensors whose values the file does not store as such.
fn decoded(tensors: &[Selected]) -> Option<String> {
    let stored = tensors.iter().map(|one| &one.tensor).filter(|one| one.stored().is_some());
    let kinds: BTreeSet<&str> = stored.clone().map(Tensor::stored_type).collect();
    let count = stored.count();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let tensors = if count == 1 { "tensor is" } else { "tensors are" };
    (count > 0).then(|| {
        format!("{count} quantised {tensors} written as decoded f32 values ({})", kinds.join(", "))
    })
}

/// Writes the values of tensors to any byte stream; see [`export_as`].
///
/// # Errors
/// Returns the errors of [`export`].
pub fn export_to(
    tensors: &[Selected],
    row: &'static ExportRow,
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<Vec<String>, Error> {
    Export::values(tensors, row).write(out, progress)
}

/// The one tensor that a file of one tensor holds.
fn only<'a>(tensors: &'a [Selected], kind: &str) -> Result<&'a Tensor, Error> {
    match tensors {
        [one] => Ok(&one.tensor),
        _ => Err(Error::unfit(
            format!("{kind} holds one tensor, {} were asked for", tensors.len()),
            "name one with -t NAME, or write .npz or .safetensors, which hold several",
        )),
    }
}

/// Calls back with pieces of a tensor, in C order, that fit in memory.
fn pieces(
    tensor: &Tensor,
    progress: &dyn Progress,
    mut each: impl FnMut(&Tensor) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut each = |piece: &Tensor| {
        each(piece)?;
        match progress.advance(piece.byte_len()) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stop::from(TensorError::from(Cancelled))),
        }
    };
    let rows = tensor.shape().first().copied().unwrap_or(1);
    let row_bytes = tensor.byte_len() / (rows as u64).max(1);
    let step = usize::try_from(STRIPE / row_bytes.max(1)).unwrap_or(usize::MAX).max(1);
    if tensor.shape().is_empty() || step >= rows || !tensor.dtype().is_byte_sized() {
        return each(tensor);
    }
    for start in (0..rows).step_by(step) {
        let stop = rows.min(start.saturating_add(step));
        let range = Index::Range { start: Some(start as i64), stop: Some(stop as i64), step: 1 };
        each(&tensor.slice(&Slice(vec![range]))?)?;
    }
    Ok(())
}
