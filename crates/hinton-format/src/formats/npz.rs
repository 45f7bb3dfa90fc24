//! `.npz`: a zip archive of `.npy` arrays, as numpy's `savez` and `savez_compressed` write it.

use super::{FormatRow, npy};
use crate::container::zip::{Member, Zip};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "npz",
    about: "named numpy arrays in a zip archive, stored or deflated",
    help: "Read: stored and deflated members, zip64; each as in `npy`. Tensors are named as the \
           members, without `.npy`. Members that are no arrays of numbers are skipped with a \
           warning. Names that look like paths are names and nothing else: nothing is unpacked to \
           disk. Layout: numpy.savez",
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
    let mut checkpoint = Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata: Vec::new(),
        tensors: Vec::new(),
        files: vec![input.name.clone()],
        warnings: Vec::new(),
    };
    for member in zip.members() {
        let skipped = |why: &str| Warning::about(&*member.name, format!("skipped: {why}"));
        match open_member(&zip, member, input, limits, &mut checkpoint) {
            Ok(true) => {}
            Ok(false) => checkpoint.warnings.push(skipped("it is no .npy array")),
            // One array of objects or texts does not hide the others.
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Refused) => {
                checkpoint.warnings.push(skipped(error.message()));
            }
            Err(error) => return Err(error.for_tensor(tensor_name(member))),
        }
    }
    Ok(checkpoint)
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
        return if member.name.ends_with(".npy") {
            Err(Error::malformed("expected \\x93NUMPY at the start of the member")
                .at_byte(member.start))
        } else {
            Ok(false)
        };
    }
    let header = npy::Header::read(&|want| zip.head(member, want, limits), limits)?;
    let bytes = zip.bytes(member, limits)?;
    let (tensor, warning) =
        header.tensor(tensor_name(member), input.name.as_str().into(), bytes)?;
    checkpoint.tensors.push(tensor);
    checkpoint.warnings.extend(warning);
    Ok(true)
}
