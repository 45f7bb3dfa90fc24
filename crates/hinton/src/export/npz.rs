//! numpy's `.npz`: a zip of `.npy` files, stored as they are, as `numpy.savez` writes it
//! (<https://numpy.org/doc/stable/reference/generated/numpy.savez.html>).

use std::collections::BTreeSet;
use std::io::Write;

use hinton_scene::visible;
use hinton_tensor::Progress;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{ExportRow, Stop, Told, npy};
use crate::{Error, Selected};

pub(super) const ROW: ExportRow = ExportRow {
    name: "npz",
    about: "Any number of tensors for numpy; dtypes that numpy has not become float32",
    extension: "npz",
    holds: |dtype| npy::descr(dtype).is_some(),
    write,
};

fn write(
    tensors: &[Selected],
    _told: &Told,
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<Vec<String>, Stop> {
    let mut archive = ZipWriter::new_stream(out);
    let mut names = BTreeSet::new();
    let mut notes = BTreeSet::new();
    for one in tensors {
        let name = one.label();
        if !names.insert(name.clone()) {
            let message = format!("two tensors are called {}", visible(&name));
            return Err(Error::missing(message, "name those you want with -t").into());
        }
        // Members are dated 1980, so that the same tensors give the same bytes.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(one.tensor.byte_len() > u64::from(u32::MAX) / 2);
        archive.start_file(format!("{name}.npy"), options).map_err(of_zip)?;
        notes.extend(npy::write_array(&one.tensor, &mut archive, progress)?);
    }
    archive.finish().map_err(of_zip)?;
    Ok(notes.into_iter().collect())
}

fn of_zip(error: zip::result::ZipError) -> Stop {
    match error {
        zip::result::ZipError::Io(error) => Stop::Io(error),
        other => Stop::Io(std::io::Error::other(other.to_string())),
    }
}
