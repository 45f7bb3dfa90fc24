//! Statistics of parts against those of the whole, bit for bit.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use hinton_tensor::{
    Bytes, Dtype, Endian, Folding, Memory, ReadError, SummaryPart, Tensor, View, Work, summarize,
    summarize_part,
};
use proptest::prelude::*;

use crate::common::{Random, Readable, Stream, packed, tensor_of};

const STRIPE: u64 = 128 << 10;

fn part(tensor: &Tensor, stripes: Range<u64>) -> SummaryPart {
    summarize_part(tensor, stripes, Work::quiet()).unwrap()
}

fn whole(tensor: &Tensor) -> SummaryPart {
    part(tensor, 0..Folding::of(tensor).stripes())
}

fn bytes_of(part: &SummaryPart) -> Vec<u8> {
    let mut bytes = Vec::new();
    part.encode(&mut bytes);
    bytes
}

fn decoded(folding: Folding, mut bytes: &[u8]) -> Result<SummaryPart, String> {
    let part = SummaryPart::decode(folding, &mut bytes).map_err(|error| error.to_string())?;
    match bytes.len() {
        0 => Ok(part),
        left => Err(format!("{left} bytes are left")),
    }
}

/// Cuts at those stripes, merges the parts in an order that looks random, each after a way through
/// bytes, and compares.
fn cut_and_merged(tensor: &Tensor, cuts: &[u64], seed: u64) {
    let folding = Folding::of(tensor);
    let mut ends: Vec<u64> = cuts.iter().map(|cut| cut % (folding.stripes() + 1)).collect();
    ends.extend([0, folding.stripes()]);
    ends.sort_unstable();
    let mut random = Random(seed);
    let mut parts: Vec<(u64, SummaryPart)> = ends
        .windows(2)
        .map(|ends| {
            let work = Work::on(1 + (random.next() % 4) as usize);
            let part = summarize_part(tensor, ends[0]..ends[1], work).unwrap();
            (random.next(), decoded(folding, &bytes_of(&part)).unwrap())
        })
        .collect();
    parts.sort_by_key(|part| part.0);
    let mut merged = SummaryPart::empty(folding);
    parts.iter().for_each(|(_, part)| merged.merge(part).unwrap());
    assert!(merged.is_whole());
    let what = format!("{} {:?} {ends:?}", tensor.dtype(), tensor.view());
    assert_eq!(bytes_of(&merged), bytes_of(&whole(tensor)), "{what}");
    // The whole is folded by code of its own.
    assert_eq!(merged.summary(), summarize(tensor, Work::on(3)).unwrap(), "{what}");
}

#[test]
fn parts_of_every_dtype_merge_to_the_whole() {
    for (seed, dtype) in (0..).zip(Dtype::ALL) {
        for elements in [0, 1, 7, 4096, 4097, 3 * STRIPE as usize + 1000] {
            let bytes = Random(seed).bytes(dtype.bytes_of(elements as u64).unwrap() as usize);
            let tensor = packed(dtype, &[elements], bytes);
            cut_and_merged(&tensor, &[1, 3], seed);
            cut_and_merged(&tensor, &[2], seed + 1);
            cut_and_merged(&tensor, &[], seed + 2);
        }
    }
}

#[test]
fn weights_of_32_and_64_bits_merge_to_the_whole() {
    let mut random = Random(1);
    let values: Vec<f64> = (0..500_000).map(|_| random.normal() * 0.02 + 1e-3).collect();
    let narrow = values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect();
    let wide = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    for tensor in [packed(Dtype::F32, &[500, 1000], narrow), packed(Dtype::F64, &[500_000], wide)] {
        for cut in 0..4 {
            cut_and_merged(&tensor, &[cut, cut * 2 + 1], cut);
        }
    }
}

#[test]
fn views_and_streams_are_folded_as_wholes_are() {
    let elements = 700_000;
    let bytes = Random(5).bytes(4 * elements);
    let view = |shape: &[usize], strides: &[i64], offset| View {
        shape: shape.to_vec(),
        strides: strides.to_vec(),
        offset,
    };
    for view in [
        view(&[1000, 700], &[1, 1000], 0),
        view(&[1000, 700], &[-700, 1], 699_300),
        view(&[400, 350], &[1400, 2], 1),
        view(&[3, 200_000], &[0, 1], 5),
        view(&[3, 2000], &[0, 1], 5),
    ] {
        let sources: [Arc<dyn Bytes>; 2] =
            [Arc::new(Memory::new(bytes.clone())), Arc::new(Readable(bytes.clone()))];
        for data in sources {
            let tensor = tensor_of(Dtype::F32, Endian::Big, view.clone(), 0, data);
            cut_and_merged(&tensor, &[1, 2, 4], 9);
        }
    }
    let view = View::packed(&[elements]);
    let stream = || Arc::new(Stream::new(bytes.clone()));
    let streamed = tensor_of(Dtype::I32, Endian::Little, view.clone(), 0, stream());
    let part = summarize_part(&streamed, 2..5, Work::on(4)).unwrap();
    let plain = tensor_of(Dtype::I32, Endian::Little, view, 0, Arc::new(Memory::new(bytes)));
    assert_eq!(part, summarize_part(&plain, 2..5, Work::quiet()).unwrap());
}

/// Bytes that note what is told and read of them.
struct Noted(Readable, Mutex<Vec<Range<u64>>>);

impl Bytes for Noted {
    fn len(&self) -> u64 {
        self.0.len()
    }
    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        self.1.lock().unwrap().push(offset..offset + buf.len() as u64);
        self.0.read_at(offset, buf)
    }
    fn jump(&self) -> u64 {
        1 << 20
    }
    fn will_read(&self, ranges: &[Range<u64>]) {
        self.1.lock().unwrap().extend(ranges.iter().cloned());
    }
}

#[test]
fn a_part_reads_its_own_bytes_and_no_others() {
    let elements = 5 * STRIPE as usize;
    let noted = Arc::new(Noted(Readable(vec![0; 100 + 2 * elements]), Mutex::default()));
    let view = View::packed(&[elements]);
    let tensor = tensor_of(Dtype::Bf16, Endian::Little, view, 100, noted.clone());
    part(&tensor, 1..3);
    let own = 100 + 2 * STRIPE..100 + 6 * STRIPE;
    let seen = noted.1.lock().unwrap();
    assert_eq!(seen[0], own, "told first");
    assert!(seen.iter().all(|range| range.start >= own.start && range.end <= own.end));
}

#[test]
// Lists of ranges may have one.
#[allow(clippy::single_range_in_vec_init)]
fn what_is_known_and_missing_is_told() {
    let tensor = packed(Dtype::F16, &[1000, 1000], Random(3).bytes(2_000_000));
    let mut some = part(&tensor, 5..8);
    assert_eq!(some.missing(), [0..5]);
    some.merge(&part(&tensor, 1..2)).unwrap();
    assert_eq!((some.stripes(), some.missing()), (&[1..2, 5..8][..], vec![0..1, 2..5]));
    assert!(!some.is_whole());
    // Statistics of a part are those of its values.
    let first = 5 * STRIPE as usize;
    let slice =
        tensor.reshape(&[1_000_000]).unwrap().slice(&format!("[{first}:]").parse().unwrap());
    assert_eq!(part(&tensor, 5..8).summary(), summarize(&slice.unwrap(), Work::quiet()).unwrap());
    assert_eq!(SummaryPart::empty(some.folding()).summary().elements, 0);
}

#[test]
fn the_same_part_twice_is_once_and_others_that_meet_are_refused() {
    let tensor = packed(Dtype::F32, &[600_000], Random(3).bytes(2_400_000));
    let mut once = part(&tensor, 1..3);
    once.merge(&part(&tensor, 1..3)).unwrap();
    assert_eq!(once, part(&tensor, 1..3));
    let error = once.merge(&part(&tensor, 2..4)).unwrap_err().to_string();
    assert_eq!(error, "two parts that are not the same know the stripes 2 to 2");
    let other = packed(Dtype::F32, &[500_000], Random(3).bytes(2_000_000));
    let error = once.merge(&part(&other, 0..1)).unwrap_err().to_string();
    assert_eq!(error, "one part is of 600000 values of f32, another of 500000 of f32");
    let few = |seed| packed(Dtype::F32, &[100], Random(seed).bytes(400));
    let error = whole(&few(1)).merge(&whole(&few(2))).unwrap_err().to_string();
    assert!(error.contains("the stripes 0 to 0"), "{error}");
    let error = summarize_part(&few(1), 0..2, Work::quiet()).unwrap_err().to_string();
    assert!(error.contains("the stripes 0 to 2 are asked for, it has 1"), "{error}");
}

/// Bytes of parts of each kind, small ones, and how their tensors are folded.
fn samples() -> Vec<(Folding, Vec<u8>)> {
    let mut values: Vec<f64> = (0..300_000).map(|value| f64::from(value % 13) * 0.1).collect();
    values[7] = f64::NAN;
    values[9] = 1e300;
    let bytes = |values: &[f64]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let few = packed(Dtype::F64, &[20], bytes(&values[..20]));
    let wide = packed(Dtype::F64, &[300_000], bytes(&values));
    let counted = packed(Dtype::U8, &[300_000], vec![3; 300_000]);
    let parts = [whole(&few), part(&wide, 0..2), part(&wide, 1..3), part(&counted, 2..3)];
    parts.iter().map(|part| (part.folding(), bytes_of(part))).collect()
}

#[test]
fn cut_and_changed_bytes_are_errors_or_harmless() {
    for (folding, bytes) in samples() {
        assert!(decoded(folding, &bytes).is_ok());
        for len in 0..bytes.len() {
            assert!(decoded(folding, &bytes[..len]).is_err(), "cut at {len}");
        }
        let mut refused = 0;
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                match decoded(folding, &changed) {
                    // What still fits together has statistics, whatever they say.
                    Ok(part) => {
                        let summary = part.summary();
                        assert!(summary.quantile(0.5).is_none_or(|value| value.is_finite()));
                        assert_eq!(bytes_of(&part), changed);
                    }
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > bytes.len(), "{refused} of {}", 3 * bytes.len());
    }
}

#[test]
fn long_lists_that_are_not_there_ask_for_no_memory() {
    let folding = Folding { dtype: Dtype::F32, elements: u64::MAX, repeats: 1 };
    for (bytes, error) in [
        (vec![3, 255, 255, 255, 255], "a list has 4294967295 entries, more than there can be"),
        (vec![2], "the record is of kind 2, its tensor's are of kind 3"),
        (vec![], "it ends in the middle of a record"),
        (vec![3, 0, 0, 0, 0, 0, 0, 0, 0, 0], "counts are 0 bytes wide"),
    ] {
        let found = decoded(folding, &bytes).unwrap_err();
        assert!(found.contains(error), "{found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_rows_and_any_order(
        rows in 1usize..900,
        columns in 1usize..900,
        cuts in proptest::collection::vec(0usize..900, 0..6),
        kind in 0usize..Dtype::ALL.len(),
        turned: bool,
        seed: u64,
    ) {
        let dtype = Dtype::ALL[kind];
        let count = (rows * columns) as u64;
        let bytes = Random(seed).bytes(dtype.bytes_of(count).unwrap() as usize);
        let tensor = packed(dtype, &[rows, columns], bytes);
        let turned = turned && dtype.is_byte_sized();
        let tensor = if turned { tensor.transpose().unwrap() } else { tensor };
        // A cut at a row is one at the next stripe that begins in it or behind it.
        let cuts: Vec<u64> =
            cuts.iter().map(|row| ((row % rows * columns) as u64).div_ceil(STRIPE)).collect();
        cut_and_merged(&tensor, &cuts, seed);
    }

    #[test]
    fn any_bytes_are_a_part_or_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        kind in 1u8..4,
        elements in 0u64..1_000_000,
        dtype in 0usize..Dtype::ALL.len(),
    ) {
        let folding = Folding { dtype: Dtype::ALL[dtype], elements, repeats: 1 };
        let bytes = [vec![kind], bytes].concat();
        if let Ok(part) = decoded(folding, &bytes) {
            part.summary();
        }
    }
}
