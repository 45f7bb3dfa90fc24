//! What a check needs of parts: against looking at every value by itself, and against one pass over the whole.

use std::ops::Range;

use hinton_tensor::{
    Dtype, Folding, Looked, SummaryPart, Tensor, Work, examine, examine_part, find_first,
    summarize_part,
};

use crate::common::{Random, packed, plain_values};

const STRIPE: usize = 128 << 10;

fn part(tensor: &Tensor, stripes: Range<u64>, threads: usize) -> SummaryPart {
    examine_part(tensor, stripes, Work::on(threads)).unwrap()
}

/// Statistics and the rest, as they stand in a file.
fn bytes_of(part: &SummaryPart) -> Vec<u8> {
    let mut bytes = Vec::new();
    part.encode(&mut bytes);
    part.looked().unwrap().encode(&mut bytes);
    bytes
}

fn decoded(tensor: &Tensor, mut bytes: &[u8]) -> Result<SummaryPart, String> {
    let part = SummaryPart::decode(Folding::of(tensor), &mut bytes).map_err(|e| e.to_string())?;
    let looked = Looked::decode(tensor.shape(), tensor.dtype(), part.stripes(), &mut bytes)
        .map_err(|e| e.to_string())?;
    if bytes.is_empty() { Ok(part.with_looked(looked)) } else { Err("bytes are left".to_owned()) }
}

/// Positions of an axis of which known values, at least one, are all zero: looked at one by one.
fn zeros(shape: &[usize], axis: usize, values: &[f64], known: &Range<usize>) -> Vec<usize> {
    let behind: usize = shape[axis + 1..].iter().product();
    let of = |number: usize| number / behind % shape[axis];
    let mut state = vec![None; shape[axis]];
    for number in known.clone() {
        let is_zero = values[number] == 0.0;
        let one: &mut Option<bool> = &mut state[of(number)];
        *one = Some(one.unwrap_or(true) && is_zero);
    }
    (0..shape[axis]).filter(|&line| state[line] == Some(true)).collect()
}

/// A tensor of f32 with rows and columns of zeros, NaN and infinities strewn in.
fn strewn(shape: &[usize], seed: u64) -> (Tensor, Vec<f64>) {
    let mut random = Random(seed);
    let count: usize = shape.iter().product();
    let mut values: Vec<f32> = (0..count).map(|_| random.normal() as f32).collect();
    let mut below = |end: usize| random.next() as usize % end.max(1);
    let behind: usize = shape[1..].iter().product();
    let after: usize = shape[2..].iter().product();
    for _ in 0..below(6) {
        let row = below(shape[0]);
        values[row * behind..(row + 1) * behind].fill(if below(2) == 0 { 0.0 } else { -0.0 });
    }
    for _ in 0..below(6) {
        let column = below(shape[1]);
        for row in 0..shape[0] {
            let at = row * behind + column * after;
            values[at..at + after].fill(0.0);
        }
    }
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for _ in 0..below(3) {
            values[below(count)] = odd;
        }
    }
    let tensor = Tensor::from_f32("t", shape, &values).unwrap();
    (tensor, values.into_iter().map(f64::from).collect())
}

/// Holds what a part says of stripes against the values themselves.
fn compare(part: &SummaryPart, tensor: &Tensor, values: &[f64], stripes: &Range<u64>) {
    let looked = part.looked().unwrap();
    let shape = tensor.shape();
    let known = stripes.start as usize * STRIPE..values.len().min(stripes.end as usize * STRIPE);
    let what = format!("{shape:?} {stripes:?}");
    let rows: Vec<usize> = looked.zero_rows().unwrap().collect();
    assert_eq!(rows, zeros(shape, 0, values, &known), "{what}");
    let columns: Vec<usize> = looked.zero_columns().unwrap().collect();
    assert_eq!(columns, zeros(shape, 1, values, &known), "{what}");
    let is: [fn(&f64) -> bool; 3] =
        [|v| v.is_nan(), |v| *v == f64::INFINITY, |v| *v == f64::NEG_INFINITY];
    for (first, is) in looked.first(shape).into_iter().zip(is) {
        let expected = known.clone().find(|&number| is(&values[number]));
        let number = first.map(|at| at.iter().zip(shape).fold(0, |sum, (at, len)| sum * len + at));
        assert_eq!(number, expected, "{what}");
    }
}

#[test]
fn parts_in_any_order_say_what_their_values_say() {
    let shapes: [&[usize]; 8] = [
        &[3, 5],
        &[70, 9000],
        &[9000, 70],
        &[2, 300_000],
        &[300_000, 2],
        &[40, 50, 200],
        &[5, 400_000],
        &[131_072, 3],
    ];
    for (seed, shape) in (0..).zip(shapes) {
        let (tensor, values) = strewn(shape, seed);
        let stripes = Folding::of(&tensor).stripes();
        let whole = part(&tensor, 0..stripes, 3);
        compare(&whole, &tensor, &values, &(0..stripes));
        let examined = examine(&tensor, Work::on(2)).unwrap();
        assert_eq!(whole.looked().unwrap().digest(), examined.digest);
        assert_eq!(whole.summary(), examined.summary);
        let place = find_first(&tensor, f64::is_nan, Work::quiet()).unwrap();
        assert_eq!(whole.looked().unwrap().first(shape)[0], place);
        // Every stripe by itself, merged in an order that looks random, through bytes each time.
        let mut random = Random(seed + 100);
        let mut parts: Vec<SummaryPart> =
            (0..stripes).map(|index| part(&tensor, index..index + 1, 1)).collect();
        for (index, one) in (0..).zip(&parts) {
            compare(one, &tensor, &values, &(index..index + 1));
        }
        while parts.len() > 1 {
            let one = parts.swap_remove(random.next() as usize % parts.len());
            let at = random.next() as usize % parts.len();
            parts[at].merge(&one).unwrap();
            parts[at] = decoded(&tensor, &bytes_of(&parts[at])).unwrap();
            if let [known] = parts[at].stripes() {
                compare(&parts[at], &tensor, &values, &known.clone());
            }
        }
        assert_eq!(bytes_of(&parts[0]), bytes_of(&whole), "{shape:?}");
    }
}

#[test]
fn statistics_are_those_of_parts_without_checks() {
    for (seed, dtype) in (0..).zip(Dtype::ALL) {
        for shape in [&[7][..], &[300, 1000], &[2, 0]] {
            let elements: usize = shape.iter().product();
            let bytes = Random(seed).bytes(dtype.bytes_of(elements as u64).unwrap() as usize);
            let tensor = packed(dtype, shape, bytes.clone());
            let stripes = 0..Folding::of(&tensor).stripes();
            let plain = summarize_part(&tensor, stripes.clone(), Work::on(2)).unwrap();
            let with = part(&tensor, stripes, 2);
            let bytes_of = |part: &SummaryPart| {
                let mut bytes = Vec::new();
                part.encode(&mut bytes);
                bytes
            };
            assert_eq!(bytes_of(&with), bytes_of(&plain), "{dtype} {shape:?}");
            if shape.len() == 2 && elements > 0 && with.looked().unwrap().zero_rows().is_some() {
                let values = plain_values(&tensor, &bytes);
                let rows: Vec<usize> = with.looked().unwrap().zero_rows().unwrap().collect();
                assert_eq!(rows, zeros(shape, 0, &values, &(0..elements)), "{dtype}");
            }
            // What does not lie in C order has statistics alone.
            if elements > 7
                && let Ok(turned) = tensor.transpose()
            {
                let stripes = 0..Folding::of(&turned).stripes();
                assert!(part(&turned, stripes, 1).looked().is_none());
            }
        }
    }
}

#[test]
fn other_views_of_a_known_tensor_have_its_statistics_alone() {
    let (tensor, _) = strewn(&[30, 40], 2);
    let known = tensor.clone().with_known(part(&tensor, 0..1, 1));
    assert!(known.known().unwrap().looked().is_some());
    for view in [known.transpose().unwrap(), known.reshape(&[40, 30]).unwrap()] {
        assert!(view.known().unwrap().looked().is_none());
        assert_eq!(view.known().unwrap().summary(), known.known().unwrap().summary());
    }
    assert!(known.reshape(&[30, 40]).unwrap().known().unwrap().looked().is_some());
}

#[test]
fn parts_with_and_without_checks_do_not_merge() {
    let (tensor, _) = strewn(&[70, 9000], 1);
    let mut one = part(&tensor, 0..2, 1);
    let other = summarize_part(&tensor, 2..4, Work::quiet()).unwrap();
    let before = one.clone();
    let error = one.merge(&other).unwrap_err().to_string();
    assert_eq!(error, "one part was made with checks, another without");
    assert_eq!(one, before, "nothing of it was taken");
}

#[test]
fn bytes_that_are_none_are_errors() {
    let (tensor, _) = strewn(&[70, 9000], 3);
    for stripes in [0..5, 1..3, 4..5] {
        let known = part(&tensor, stripes.clone(), 1);
        let mut bytes = Vec::new();
        known.looked().unwrap().encode(&mut bytes);
        let read = |mut bytes: &[u8]| {
            let stripes = known.stripes();
            let looked = Looked::decode(tensor.shape(), tensor.dtype(), stripes, &mut bytes);
            looked.map_err(|error| error.to_string()).and_then(|looked| match bytes.len() {
                0 => Ok(looked),
                left => Err(format!("{left} bytes are left")),
            })
        };
        assert_eq!(&read(&bytes).unwrap(), known.looked().unwrap());
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len]).is_err(), "{len}");
        }
        let mut accepted = 0;
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                // An error, or something else that is true of itself: read once more it is the same.
                if let Ok(looked) = read(&changed) {
                    accepted += 1;
                    let mut again = Vec::new();
                    looked.encode(&mut again);
                    assert_eq!(again, changed, "{at}");
                    let inside = |count: Option<usize>, axis: usize| {
                        assert!(count.is_none_or(|count| count <= tensor.shape()[axis]));
                    };
                    inside(looked.zero_rows().map(Iterator::count), 0);
                    inside(looked.zero_columns().map(Iterator::count), 1);
                    drop(looked.first(tensor.shape()));
                }
            }
        }
        assert!(accepted < bytes.len() * 3);
    }
}
