//! HDF5: Keras' `.h5`, `.hdf5` and `.weights.h5`, and any other file with datasets of numbers.
//!
//! Layout: the HDF5 File Format Specification 3.0, <https://docs.hdfgroup.org> (also `H5F`, `H5O`,
//! `H5D`, `H5HF`, `H5B2`, `H5FA` and `H5EA` of the HDF5 library for what it leaves open).

mod array;
mod attribute;
mod browse;
mod btree2;
mod checksum;
mod chunked;
mod chunks;
mod dataset;
mod datatype;
mod file;
mod filters;
mod fractal;
mod heap;
mod layout;
mod links;
mod object;
mod order;
mod plugins;
mod walk;

use std::sync::Arc;

use hinton_tensor::Bytes;

use super::FormatRow;
use crate::{Checkpoint, Error, Head, Input, Limits, Sniff};

pub(super) use browse::{Browser, Item, Thing};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "hdf5",
    about: "Keras .h5, .hdf5 and .weights.h5, and other HDF5 files with datasets of numbers",
    help: "Read: every dataset of numbers in any group, named by its path; integers, floats (f16, \
           bf16 and fp8 too), complex numbers and booleans of either byte order; contiguous, \
           compact and chunked, packed with gzip, LZF, bzip2, zstd, LZ4, Blosc, shuffle, \
           bitshuffle or Fletcher-32; bfloat16 and float8 as Keras 3 writes them; files of every \
           version of the library, also after a user block. Keras' order of layers and weights \
           is kept; attributes are metadata. Skipped with a warning: texts, records, references, \
           virtual datasets, other filters; links into other files are never followed. \
           Layout: HDF5 File Format Specification, The HDF Group",
    quantised: "",
    extensions: &["h5", "hdf5", "hdf", "he5"],
    sniff,
    open,
};

/// Whether an HDF5 file starts like this, maybe behind a user block.
pub(super) fn is_hdf5(bytes: &[u8]) -> bool {
    let places = [0, 512, 1024, 2048];
    places.iter().any(|at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(file::SIGNATURE)))
}

fn sniff(head: &Head<'_>) -> Sniff {
    if is_hdf5(head.bytes) { Sniff::Certain } else { Sniff::No }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut checkpoint = Checkpoint::of_file(input, ROW.name, Vec::new(), Vec::new(), Vec::new());
    add(input.data.clone(), &input.name, "", limits, &mut checkpoint)?;
    Ok(checkpoint)
}

/// Adds what an HDF5 file holds; `prefix` comes before every name.
pub(super) fn add(
    data: Arc<dyn Bytes>,
    file: &str,
    prefix: &str,
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<(), Error> {
    let file = file::H5File::open(data, file.into(), limits)?;
    walk::walk(&file, prefix, checkpoint)
}
