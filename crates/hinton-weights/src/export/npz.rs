//! numpy's `.npz`: a zip of uncompressed `.npy` files, as `numpy.savez` writes it
//! (<https://numpy.org/doc/stable/reference/generated/numpy.savez.html>).

use std::collections::BTreeSet;
use std::io::{self, Write};

use hinton_tensor::Progress;
use hinton_words::visible;
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
    let mut archive = ZipWriter::new_stream(FailsOnce { out, has_failed: false });
    let mut names = BTreeSet::new();
    let mut notes = BTreeSet::new();
    for one in tensors {
        let name = one.label();
        if !names.insert(name.clone()) {
            let message = format!("two tensors are called {}", visible(&name));
            return Err(Error::unfit(message, "name those you want with -t").into());
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

/// A writer that ignores everything after its first fault, which is returned: an archive that is given up
/// tries to write its end, and would print that it cannot.
struct FailsOnce<'w> {
    out: &'w mut dyn Write,
    has_failed: bool,
}

impl Write for FailsOnce<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.has_failed {
            return Ok(bytes.len());
        }
        let written = self.out.write(bytes);
        self.has_failed =
            written.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.has_failed { Ok(()) } else { self.out.flush() }
    }
}

fn of_zip(error: zip::result::ZipError) -> Stop {
    match error {
        zip::result::ZipError::Io(error) => Stop::Io(error),
        other => Stop::Io(std::io::Error::other(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_once_and_the_rest_swallowed() {
        let mut room = [0u8; 3];
        let mut out = &mut room[..];
        let mut writer = FailsOnce { out: &mut out, has_failed: false };
        assert!(writer.write_all(b"abcd").is_err());
        let mut full = Full;
        let mut writer = FailsOnce { out: &mut full, has_failed: false };
        assert!(writer.write_all(b"a").is_err());
        assert!(writer.write_all(b"b").is_ok() && writer.flush().is_ok());
    }

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
}
