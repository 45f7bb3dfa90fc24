//! `.npz`: a zip archive of `.npy` arrays, as numpy's `savez` and `savez_compressed` write it.

use super::{FormatRow, npy, sharded};
use crate::container::zip::{Member, Zip};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "npz",
    about: "named numpy arrays in a zip archive, stored or deflated",
    help: "Read: stored and deflated members, zip64; each as in `npy`. Tensors are named as the \
           members, without `.npy`. Members that are not arrays of numbers are skipped with a \
           warning, and what macOS adds to archives (`__MACOSX/`) with a note. Names that look \
           like paths are names and nothing else: nothing is unpacked to disk. Layout: numpy.savez",
    quantised: "",
    extensions: &["npz"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    if lookalike::zip_member(head).is_some_and(|name| name.ends_with(".npy")) {
        Sniff::Certain
    } else if head.has_extension(ROW.extensions) && lookalike::is_zip(head) {
        Sniff::Likely
    } else {
        Sniff::No
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let zip = Zip::open(input.data.clone(), limits)?;
    let mut checkpoint = Checkpoint::of_file(input, ROW.name, Vec::new(), Vec::new(), Vec::new());
    let mut of_macos = Vec::new();
    for member in zip.members() {
        let skipped = |why: &str| Warning::about(&*member.name, format!("skipped: {why}"));
        match open_member(&zip, member, input, limits, &mut checkpoint) {
            Ok(true) => {}
            Ok(false) if is_of_macos(member) => of_macos.push(member.name.as_str()),
            Ok(false) => checkpoint.warnings.push(skipped("it is no .npy array")),
            // One array of objects or texts does not hide the others.
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                checkpoint.warnings.push(skipped(error.message()));
            }
            Err(error) => return Err(error.for_tensor(tensor_name(member))),
        }
    }
    if !of_macos.is_empty() {
        let names = sharded::listed(&of_macos);
        let message = format!("members that macOS added to the archive are left out: {names}");
        checkpoint.warnings.push(Warning::file(message));
    }
    Ok(checkpoint)
}

/// Whether it is where macOS keeps attributes of a file, `__MACOSX/._w.npy` for `w.npy`.
fn is_of_macos(member: &Member) -> bool {
    member.name.split('/').any(|part| part == "__MACOSX" || part.starts_with("._"))
}

fn tensor_name(member: &Member) -> &str {
    member.name.strip_suffix(".npy").unwrap_or(&member.name)
}

/// Adds the member's tensor; false where it is no array.
fn open_member(
    zip: &Zip,
    member: &Member,
    input: &Input,
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<bool, Error> {
    if !zip.head(member, npy::MAGIC.len() as u64, limits)?.starts_with(npy::MAGIC) {
        return if member.name.ends_with(".npy") && !is_of_macos(member) {
            Err(Error::malformed("expected \\x93NUMPY at the start of the member")
                .at_byte(member.start))
        } else {
            Ok(false)
        };
    }
    let header = npy::Header::read(&|want| zip.head(member, want, limits), limits)?;
    let bytes = zip.bytes(member, limits)?;
    let name = tensor_name(member);
    let end = npy::add(&header, &bytes, (name, name), (&input.name, limits), checkpoint)?;
    let left = bytes.len().saturating_sub(end);
    if left > 0 {
        let message = format!("{left} bytes after the values belong to no tensor");
        checkpoint.warnings.push(Warning::about(name, message).as_fault());
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};
    use std::sync::Arc;

    use ::zip::ZipWriter;
    use ::zip::write::SimpleFileOptions;
    use hinton_tensor::Memory;

    use super::*;

    fn opened(members: &[(&str, &[u8])]) -> Result<Checkpoint, Error> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        let data = Arc::new(Memory::new(writer.finish().unwrap().into_inner()));
        open(&Input { name: "x.zip".to_owned(), path: None, data }, &Limits::default())
    }

    #[test]
    fn what_macos_adds_is_left_out_and_other_damage_is_not() {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
        let mut array = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        array.extend(format!("{header:117}\n").as_bytes());
        array.extend([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
        // AppleDouble (RFC 1740).
        let attributes = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ";
        let found = opened(&[
            ("w.npy", &array),
            ("__MACOSX/._w.npy", attributes),
            ("sub/._v.npy", attributes),
            ("__MACOSX/", b""),
            ("._kept.npy", &array),
        ])
        .unwrap();
        let names: Vec<&str> = found.tensors.iter().map(|tensor| tensor.name()).collect();
        assert_eq!(names, ["w", "._kept"]);
        let warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
        let said = "members that macOS added to the archive are left out: \"__MACOSX/._w.npy\", \
                    \"sub/._v.npy\", \"__MACOSX/\"";
        assert_eq!(warnings, [said]);
        let error = opened(&[("w.npy", &array), ("v.npy", attributes)]).unwrap_err();
        assert_eq!(error.tensor(), Some("v"));
    }
}
