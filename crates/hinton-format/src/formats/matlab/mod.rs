//! MATLAB `.mat`: version 4 (saved with `-v4`), version 5 (saved with `-v6` or `-v7`), and 7.3, which is HDF5.
//!
//! Layout: "MAT-File Format" by The MathWorks for version 5; for 7.3 what MATLAB adds to HDF5 are
//! the attributes `MATLAB_class`, `MATLAB_empty`, `MATLAB_sparse`, `MATLAB_fields` and `MATLAB_object_decode`.

mod broken;
mod element;
mod sparse;
mod v4;
mod v5;
mod v73;
mod words;

use super::{FormatRow, hdf5};
use crate::{Checkpoint, Error, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "matlab",
    about: "MATLAB .mat of versions 4, 5 and 7.3, with matrices in cells and structs",
    help: "Read: numeric and logical arrays, real and complex, compressed or not, of either byte \
           order; those in structs and cells by their path in MATLAB's words \
           (`net.layers{1}.weights{2}`, counted from 1). Shapes and orientation are MATLAB's, the \
           dtype is the one stored, which may be smaller than MATLAB's class. Short texts are \
           metadata. Sparse matrices are shown with their zeros, up to 1 GiB of \
           them. Skipped with a warning: larger and complex sparse ones, objects, function handles, a \
           variable that is damaged. \
           Layout: MAT-File Format, The MathWorks",
    quantised: "",
    extensions: &["mat"],
    sniff,
    open,
};

fn is_v5(bytes: &[u8]) -> bool {
    // Version 1 in the byte order of the mark behind it.
    let mark = bytes.get(124..128);
    bytes.starts_with(b"MATLAB 5.0 MAT-file")
        || mark == Some(b"\x00\x01IM")
        || mark == Some(b"\x01\x00MI")
}

fn is_v73(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MATLAB 7.3 MAT-file")
}

fn sniff(head: &Head<'_>) -> Sniff {
    let named = head.has_extension(ROW.extensions);
    if is_v73(head.bytes) || head.bytes.starts_with(b"MATLAB 5.0 MAT-file") {
        Sniff::Certain
    } else if named && head.bytes.starts_with(b"MATLAB ") {
        // Cut inside its first line; as a text it could pass for a table.
        Sniff::Certain
    } else if named && (is_v5(head.bytes) || v4::is_v4(head)) {
        Sniff::Likely
    } else {
        Sniff::No
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let start = crate::source::read_head(&*input.data, 4096)?;
    let mut checkpoint = Checkpoint::of_file(input, ROW.name, Vec::new(), Vec::new(), Vec::new());
    if is_v73(&start) || hdf5::is_hdf5(&start) {
        v73::open(input, limits, &mut checkpoint)?;
    } else if is_v5(&start) || start.starts_with(b"MATLAB ") {
        v5::open(input, &start, limits, &mut checkpoint)?;
    } else {
        v4::open(input, limits, &mut checkpoint)?;
    }
    Ok(checkpoint)
}
