//! One chunk or object: a range of a `.distcp` file that is a file of `torch.save` by itself.

use std::sync::Arc;

use hinton_tensor::Tensor;

use super::index::Place;
use crate::container::zip::Zip;
use crate::formats::beside::Beside;
use crate::formats::pytorch::zipped;
use crate::source::{Part, read_head};
use crate::{Error, ErrorKind, Input, Limits};

/// Longest object that is looked into for a plain value.
const LONGEST_VALUE: u64 = 1 << 16;

/// Bytes that a chunk's pickle and table of members may have at no charge: some times what torch
/// writes. How many chunks there are is bounded by the length of the metadata.
const USUAL: u64 = 1 << 12;

/// Most members of a chunk's archive; torch writes seven.
const MOST_MEMBERS: usize = 1000;
/// What a member in the table counts for.
const MEMBER_BYTES: u64 = 64;

/// Bytes of the end of a zip archive without a comment.
const END_BYTES: u64 = 22;

/// What a chunk lies in.
pub(super) enum Source {
    /// A file of `torch.save`, of this chunk alone.
    Saved(Input),
    /// A safetensors file, in which the chunk has the name of its tensor.
    Safetensors(Input),
}

/// What lies at a place.
///
/// # Errors
/// Returns an error if the file is missing, too short, outside the folder, or holds something else
/// there.
pub(super) fn source(place: &Place, beside: &mut Beside<'_>) -> Result<Source, Error> {
    if let Some(how) = &place.packed {
        let message = format!("its chunks were written with the extension {how:?}: not read");
        return Err(
            Error::new(ErrorKind::Unsupported, message).cure("save it again without _extensions")
        );
    }
    let (name, data) = beside.file(&place.file)?;
    let have = data.len();
    if place.offset.checked_add(place.len).is_none_or(|end| end > have) {
        return Err(Error::malformed(format!(
            "a chunk of it should have {} bytes from byte {} of {:?}, which has {have}",
            place.len, place.offset, place.file
        ))
        .cure(format!("{:?} is cut short: download or copy it again", place.file)));
    }
    let part = |len| -> Result<Input, Error> {
        let data = Arc::new(Part::new(data.clone(), place.offset, len)?);
        Ok(Input { name: name.clone(), path: None, data })
    };
    let rest = part(have - place.offset)?;
    let head = read_head(&*rest.data, 9)?;
    if head.starts_with(b"PK\x03\x04") {
        return part(place.len).map(Source::Saved);
    }
    // With SerializationFormat.SAFETENSORS the offset is that of a whole safetensors file.
    if is_safetensors(&head) {
        return Ok(Source::Safetensors(rest));
    }
    Err(Error::malformed(format!(
        "at byte {} of {:?} there should be a chunk of it: a zip archive or a safetensors file",
        place.offset, place.file
    ))
    .cure(format!("download or copy {:?} again", place.file)))
}

/// Whether bytes start like a safetensors file: a length and a JSON object.
pub(super) fn is_safetensors(head: &[u8]) -> bool {
    head.get(8) == Some(&b'{') && head.get(6..8) == Some(&[0, 0])
}

/// What opening chunks may cost, all together. A chunk of a few bytes may unpack to a long pickle,
/// and the metadata may name any number of places that lie over one another.
pub(super) struct Budget {
    limits: Limits,
    /// Bytes of pickles and tables that may still be read beyond what is usual.
    left: u64,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Budget { limits: *limits, left: limits.header_bytes }
    }

    /// Takes what reading this many bytes costs.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when nothing is left.
    pub(super) fn spend(&mut self, bytes: u64) -> Result<(), Error> {
        match self.left.checked_sub(bytes.saturating_sub(USUAL)) {
            Some(left) if left > 0 => {
                self.left = left;
                Ok(())
            }
            _ => {
                self.left = 0;
                let limit = self.limits.header_bytes;
                Err(Error::new(
                    ErrorKind::Limit,
                    format!(
                        "what the chunks say of themselves takes more than {limit} bytes in all"
                    ),
                )
                .cure("the files are not what torch.distributed.checkpoint writes"))
            }
        }
    }

    /// The archive that a chunk is.
    fn archive(&mut self, input: &Input) -> Result<Zip, Error> {
        self.spend(0)?;
        // Where this end is missing it would be searched for, in all of a chunk.
        let mut end = [0; END_BYTES as usize];
        let at = input.data.len().checked_sub(END_BYTES);
        at.map(|at| input.data.read_at(at, &mut end)).transpose()?;
        if !end.starts_with(b"PK\x05\x06") {
            return Err(Error::malformed("it does not end as a zip archive of torch.save does")
                .cure("download or copy the files and .metadata again"));
        }
        let limits = Limits { tensors: self.limits.tensors.min(MOST_MEMBERS), ..self.limits };
        let zip = Zip::open(input.data.clone(), &limits);
        let cost = match &zip {
            Ok(zip) => {
                let members = zip.members().iter();
                let pickles = members.filter(|member| member.name.ends_with(".pkl"));
                let table = zip.members().len() as u64 * MEMBER_BYTES;
                pickles.map(|member| member.size).fold(table, u64::saturating_add)
            }
            Err(_) => longest_table(&end).min(input.data.len()),
        };
        self.spend(cost)?;
        zip
    }
}

/// Most bytes of the table of an archive with that end (APPNOTE 4.3.16), as names commonly are.
fn longest_table(end: &[u8; END_BYTES as usize]) -> u64 {
    match (u16::from_le_bytes([end[10], end[11]]), &end[16..20]) {
        (u16::MAX, _) | (_, [0xff, 0xff, 0xff, 0xff]) => u64::MAX,
        (members, _) => u64::from(members) * 256,
    }
}

/// The one tensor of a chunk, and what is to be known about it.
pub(super) fn tensor(
    input: &Input,
    budget: &mut Budget,
) -> Result<(Tensor, Option<String>), Error> {
    let zip = budget.archive(input)?;
    let mut opened = zipped::open_zip(input, &zip, &budget.limits)?;
    match (opened.tensors.pop(), opened.tensors.is_empty()) {
        (Some(tensor), true) => {
            let note = opened.warnings.into_iter().map(|warning| warning.message).next();
            Ok((tensor, note))
        }
        (Some(_), false) => Err(Error::malformed("a chunk of it holds more than one tensor")),
        (None, _) => {
            let said = opened.warnings.into_iter().find(|warning| !warning.subject.is_empty());
            let why =
                said.map_or_else(|| "a chunk of it holds no tensor".to_owned(), |w| w.message);
            Err(Error::new(ErrorKind::Unsupported, why))
        }
    }
}

/// A plain value as text; `None` for any other object.
pub(super) fn value(
    place: &Place,
    beside: &mut Beside<'_>,
    budget: &mut Budget,
) -> Result<Option<String>, Error> {
    if place.len > LONGEST_VALUE {
        return Ok(None);
    }
    match source(place, beside)? {
        Source::Saved(input) => {
            let zip = budget.archive(&input)?;
            zipped::plain_value(&input, &zip, &budget.limits)
        }
        Source::Safetensors(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use ::zip::ZipWriter;
    use ::zip::write::SimpleFileOptions;
    use hinton_tensor::Memory;

    use super::*;

    fn archive(members: &[(&str, usize)]) -> Input {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, len) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&vec![b'N'; *len]).unwrap();
        }
        let data = Arc::new(Memory::new(writer.finish().unwrap().into_inner()));
        Input { name: "f".to_owned(), path: None, data }
    }

    fn budget() -> Budget {
        Budget::new(&Limits { header_bytes: 1 << 20, ..Limits::default() })
    }

    #[test]
    fn long_pickles_use_up_what_all_chunks_may_cost() {
        let long = archive(&[("a/data.pkl", 400_000)]);
        assert!(long.data.len() < 4000, "it is packed");
        let mut budget = budget();
        let opens = |input: &Input, budget: &mut Budget| budget.archive(input).map(|_| ());
        assert!(opens(&long, &mut budget).is_ok() && opens(&long, &mut budget).is_ok());
        let usual = archive(&[("a/data.pkl", 500), ("a/data/0", 100_000)]);
        assert!((0..100_000).all(|_| budget.spend(USUAL).is_ok()));
        assert!((0..100).all(|_| opens(&usual, &mut budget).is_ok()));
        let error = opens(&long, &mut budget).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.message().contains("more than 1048576 bytes in all"), "{error}");
        assert!(opens(&usual, &mut budget).is_err(), "no more work is done");
    }

    #[test]
    fn long_tables_and_missing_ends_are_told_at_once() {
        let names: Vec<String> = (0..=MOST_MEMBERS).map(|number| number.to_string()).collect();
        let members: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        let many = archive(&members);
        let error = budget().archive(&many).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Limit);
        let data = Arc::new(Part::new(many.data.clone(), 0, many.data.len() - 1).unwrap());
        let error = budget().archive(&Input { data, ..many }).err().unwrap();
        assert!(error.message().contains("does not end as a zip archive"), "{error}");
    }
}
