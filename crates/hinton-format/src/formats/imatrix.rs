//! The importance matrices of llama.cpp before they were GGUF: for every matrix of a model the sum of
//! the squares of what came into it.
//!
//! Layout: `save_imatrix_legacy` in `tools/imatrix/imatrix.cpp` of
//! <https://github.com/ggml-org/llama.cpp>.

use hinton_tensor::{Dtype, Endian, Tensor, View};

use super::FormatRow;
use super::notes::{check_path, distinct};
use crate::source::Cursor;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "imatrix",
    about: "importance matrices of llama.cpp (imatrix.dat)",
    help: "Read: for every matrix the mean square of each value that came into it, summed over chunks, as \
           a vector under the matrix's name; how often it was called is metadata. Newer ones are GGUF. \
           Layout: tools/imatrix/imatrix.cpp of llama.cpp",
    quantised: "",
    extensions: &["dat", "imatrix"],
    sniff,
    open,
};

/// Longest name, and longest path of the text that it was measured on.
const LONGEST: u32 = 4096;

/// A number of entries, and the length and the text of a matrix's name.
fn sniff(head: &Head<'_>) -> Sniff {
    let number = |at: usize| {
        let bytes = head.bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let (Some(entries), Some(len)) = (number(0), number(4)) else { return Sniff::No };
    if !(1..=1 << 20).contains(&entries) || !(1..256).contains(&len) {
        return Sniff::No;
    }
    let end = 8 + len as usize;
    let name = head.bytes.get(8..end);
    let is_name =
        name.is_some_and(|name| name.iter().all(u8::is_ascii_graphic) && name.contains(&b'.'));
    // The values of the first entry are there.
    let fits = number(end + 4).is_some_and(|values| {
        let behind = end as u64 + 8 + u64::from(values) * 4;
        values > 0 && head.len.is_none_or(|len| behind <= len)
    });
    if is_name && fits { Sniff::Certain } else { Sniff::No }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut cursor = Cursor::whole(&*input.data, Endian::Little);
    let entries = cursor.u32("the number of entries")?;
    // An entry has three numbers at least.
    if u64::from(entries) * 12 > cursor.left() {
        let message = format!("{entries} entries do not fit in {} bytes", cursor.left());
        return Err(Error::malformed(message).at_byte(0));
    }
    if entries as usize > limits.tensors {
        let message = format!("it has {entries} entries, the limit is {}", limits.tensors);
        return Err(Error::new(ErrorKind::Limit, message).at_byte(0));
    }
    let (mut tensors, mut calls, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..entries {
        let name = text(&mut cursor, "a name")?;
        check_path(&name)?;
        let called = cursor.u32("how often it was called")?;
        let values = u64::from(cursor.u32("the number of values")?);
        let start = cursor.at();
        cursor.skip(values * 4, "its values").map_err(|error| error.for_tensor(&*name))?;
        calls.push(called);
        let view = View::packed(&[values as usize]);
        let (file, data) = (input.name.as_str(), input.data.clone());
        tensors.push(Tensor::new(name, file, Dtype::F32, Endian::Little, view, start, data)?);
    }
    let mut metadata = Vec::new();
    if let (Some(least), Some(most)) = (calls.iter().min(), calls.iter().max()) {
        let calls = if least == most { most.to_string() } else { format!("{least} to {most}") };
        metadata.push(("calls".to_owned(), calls));
    }
    // Older ones end here.
    if cursor.left() >= 8 {
        metadata.push(("chunks".to_owned(), cursor.u32("the number of chunks")?.to_string()));
        metadata.push(("dataset".to_owned(), text(&mut cursor, "the path of the text")?));
    }
    if cursor.left() > 0 {
        let message = format!("{} bytes after the values belong to no tensor", cursor.left());
        warnings.push(Warning::file(message).as_fault());
    }
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

fn text(cursor: &mut Cursor<'_>, what: &str) -> Result<String, Error> {
    let at = cursor.at();
    let len = cursor.u32(what)?;
    if len > LONGEST {
        let message = format!("{what} has {len} bytes, the limit is {LONGEST}");
        return Err(Error::malformed(message).at_byte(at));
    }
    Ok(String::from_utf8_lossy(&cursor.take(u64::from(len), what)?).into_owned())
}
