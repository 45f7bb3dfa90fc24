//! Statistics against sorting and summing by hand.

use crate::common;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{Random, Readable, Stream, close, packed, plain_values, tensor_of, view_of};
use hinton_tensor::{
    Bytes, Dtype, Endian, Memory, Progress, Summary, Tensor, TensorError, View, Work, summarize,
};
use proptest::prelude::*;

const QUANTILES: [f64; 11] = [0.0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1.0];

/// What is true of some values.
struct Plain {
    all: Vec<f64>,
    /// The finite ones, sorted.
    finite: Vec<f64>,
}

impl Plain {
    fn new(values: &[f64]) -> Self {
        let mut finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        finite.sort_by(f64::total_cmp);
        Plain { all: values.to_vec(), finite }
    }

    fn count(&self, which: impl Fn(&f64) -> bool) -> u64 {
        self.all.iter().filter(|value| which(value)).count() as u64
    }

    /// Sum with the running error carried along (Neumaier), of values divided by `unit`.
    fn sum(&self, unit: f64, term: impl Fn(f64) -> f64) -> f64 {
        let (mut sum, mut error) = (0.0f64, 0.0f64);
        for value in self.finite.iter().map(|&value| term(value / unit)) {
            let next = sum + value;
            error +=
                if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
            sum = next;
        }
        sum + error
    }

    /// numpy.quantile(values, q, method="linear")
    fn quantile(&self, q: f64) -> f64 {
        let place = q * (self.finite.len() - 1) as f64;
        let low = self.finite[place.floor() as usize];
        let high = self.finite[place.ceil() as usize];
        let share = place - place.floor();
        if share < 0.5 { low + (high - low) * share } else { high - (high - low) * (1.0 - share) }
    }

    /// numpy.histogram(values, bins, (low, high))[0]
    fn histogram(&self, low: f64, high: f64, bins: usize) -> Vec<u64> {
        let edge = |bin: usize| {
            let share = bin as f64 / bins as f64;
            if bin == bins { high } else { low * (1.0 - share) + high * share }
        };
        let mut counts = vec![0; bins];
        for &value in &self.finite {
            for (bin, count) in counts.iter_mut().enumerate() {
                let last = bin + 1 == bins && value == high;
                *count += u64::from(edge(bin) <= value && (value < edge(bin + 1) || last));
            }
        }
        counts
    }
}

/// Checks what is counted exactly, whatever the values.
fn check_counts(summary: &Summary, values: &[f64], what: &str) {
    let plain = Plain::new(values);
    assert_eq!(summary.elements, values.len() as u64, "{what}");
    assert_eq!(summary.nan, plain.count(|v| v.is_nan()), "{what}");
    assert_eq!(summary.pos_inf, plain.count(|v| *v == f64::INFINITY), "{what}");
    assert_eq!(summary.neg_inf, plain.count(|v| *v == f64::NEG_INFINITY), "{what}");
    assert_eq!(summary.zeros, plain.count(|v| *v == 0.0), "{what}");
    assert_eq!(summary.finite(), plain.finite.len() as u64, "{what}");
    assert_eq!(summary.min(), plain.finite.first().copied(), "{what}");
    assert_eq!(summary.max(), plain.finite.last().copied(), "{what}");
    if let (Some(min), Some(max)) = (summary.min(), summary.max()) {
        let all: u64 = summary.histogram(min, max, 5).iter().sum();
        assert_eq!(all, summary.finite(), "{what}");
    }
}

/// Checks a summary against its values.
fn check(summary: &Summary, values: &[f64], what: &str) {
    let plain = Plain::new(values);
    check_counts(summary, values, what);
    let (Some(&min), Some(&max)) = (plain.finite.first(), plain.finite.last()) else {
        assert_eq!((summary.min(), summary.max(), summary.mean()), (None, None, None), "{what}");
        assert_eq!((summary.std(), summary.l2(), summary.quantile(0.5)), (None, None, None));
        assert_eq!(summary.histogram(-1.0, 1.0, 3), [0, 0, 0]);
        return;
    };
    let largest = summary.max_abs().unwrap();
    assert_eq!(largest, min.abs().max(max.abs()));

    let count = plain.finite.len() as f64;
    let unit = if largest > 0.0 { largest } else { 1.0 };
    let mean = plain.sum(unit, |v| v) / count;
    let abs = plain.sum(unit, f64::abs);
    let near = |fast: Option<f64>, slow: f64, name: &str| {
        let fast = fast.unwrap();
        let slow = slow * unit;
        assert!(close(fast, slow, 1e-12), "{what}: {name} {fast} is not {slow}");
    };
    let fast = summary.mean().unwrap() / unit;
    assert!((fast - mean).abs() <= 1e-13 * abs / count + 1e-300, "{what}: {fast} is not {mean}");
    near(summary.sum_abs(), abs, "sum of magnitudes");
    near(summary.mean_abs(), abs / count, "mean magnitude");
    near(summary.l2(), plain.sum(unit, |v| v * v).sqrt(), "l2");
    let variance = plain.sum(unit, |v| (v - mean) * (v - mean)) / count;
    let std = summary.std().unwrap() / unit;
    // What the mean's own rounding can do.
    assert!((std - variance.sqrt()).abs() <= 1e-11 * variance.sqrt() + 1e-15, "{what}: std {std}");

    for q in QUANTILES {
        let (fast, slow) = (summary.quantile(q).unwrap(), plain.quantile(q));
        let tolerance = if summary.is_exact() { 1e-15 } else { 0.0079 };
        let both = plain.finite[(q * (count - 1.0)).floor() as usize].abs().max(slow.abs());
        let slack = tolerance * both + 1e-40;
        assert!((fast - slow).abs() <= slack, "{what}: quantile {q} {fast} is not {slow}");
    }
    assert_eq!(summary.quantile(0.0), Some(min));
    assert_eq!(summary.quantile(1.0), Some(max));

    let whole = summary.histogram(min, max, 37);
    assert_eq!(whole.iter().sum::<u64>(), summary.finite(), "{what}: {whole:?}");
    if summary.is_exact() && min < max {
        assert_eq!(whole, plain.histogram(min, max, 37), "{what}");
        let (low, high) = (min * 0.75 + max * 0.25, min * 0.25 + max * 0.75);
        assert_eq!(summary.histogram(low, high, 10), plain.histogram(low, high, 10), "{what}");
    }
}

fn checked(tensor: &Tensor, bytes: &[u8], what: &str) -> Summary {
    let one = summarize(tensor, Work::quiet()).unwrap();
    // Magnitudes may differ from the plain ones in the last digit.
    let values = match tensor.dtype().is_complex() {
        true => tensor.to_f64().unwrap(),
        false => plain_values(tensor, bytes),
    };
    check(&one, &values, what);
    for threads in [2, 3, 7] {
        assert!(summarize(tensor, Work::on(threads)).unwrap() == one, "{what}: {threads} threads");
    }
    one
}

/// Values of any dtype that are of any kind: tame, huge, tiny, special.
fn hostile(dtype: Dtype, count: usize, random: &mut Random) -> Vec<u8> {
    let size = (dtype.bits() / 8).max(1) as usize;
    let mut bytes = random.bytes(count * size);
    if let Dtype::F32 | Dtype::F64 = dtype {
        for value in bytes.chunks_mut(size) {
            let kind = random.next() % 8;
            let tame = random.normal() * 0.02;
            let new = match kind {
                0 => random.bytes(size),
                1 if dtype == Dtype::F32 => 0f32.to_le_bytes().to_vec(),
                1 => (-0f64).to_le_bytes().to_vec(),
                _ if dtype == Dtype::F32 => (tame as f32).to_le_bytes().to_vec(),
                _ => tame.to_le_bytes().to_vec(),
            };
            value.copy_from_slice(&new);
        }
    }
    bytes
}

#[test]
fn every_dtype_at_every_size() {
    let mut random = Random(3);
    for dtype in Dtype::ALL {
        for count in [0usize, 1, 2, 100, 4096, 4097, 9000, 131_072 + 77] {
            let mut bytes = hostile(dtype, count, &mut random);
            bytes.truncate(dtype.bytes_of(count as u64).unwrap() as usize);
            for endian in [Endian::Little, Endian::Big] {
                let data = Arc::new(Memory::new(bytes.clone()));
                let tensor = tensor_of(dtype, endian, View::packed(&[count]), 0, data);
                let what = format!("{count} {dtype} {endian:?}");
                if let Dtype::F64 | Dtype::C128 = dtype {
                    // Random bits of these sum to nothing that f64 could hold.
                    let one = summarize(&tensor, Work::quiet()).unwrap();
                    assert!(one == summarize(&tensor, Work::on(3)).unwrap());
                    check_counts(&one, &tensor.to_f64().unwrap(), &what);
                    continue;
                }
                checked(&tensor, &bytes, &what);
            }
        }
    }
}

#[test]
fn sixteen_bit_floats_are_exact_at_any_size() {
    let mut random = Random(4);
    for dtype in [Dtype::F16, Dtype::Bf16, Dtype::I16, Dtype::U16] {
        let bytes = random.bytes(2 * 300_000);
        let summary = checked(&packed(dtype, &[300, 1000], bytes.clone()), &bytes, dtype.name());
        assert!(summary.is_exact());
    }
}

#[test]
fn every_16_bit_pattern_once() {
    let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    for dtype in [Dtype::F16, Dtype::Bf16, Dtype::I16, Dtype::U16] {
        checked(&packed(dtype, &[65536], bytes.clone()), &bytes, dtype.name());
    }
}

#[test]
fn simple_values_in_wide_dtypes_are_exact() {
    let mut random = Random(5);
    let values: Vec<i64> = (0..20_000).map(|_| (random.next() % 100) as i64 - 50).collect();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert!(checked(&packed(Dtype::I64, &[20_000], bytes.clone()), &bytes, "labels").is_exact());
    let bytes: Vec<u8> = values.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect();
    assert!(checked(&packed(Dtype::F32, &[20_000], bytes.clone()), &bytes, "f32").is_exact());
    let bytes: Vec<u8> = values.iter().flat_map(|&v| (v as f64 / 64.0).to_le_bytes()).collect();
    assert!(checked(&packed(Dtype::F64, &[20_000], bytes.clone()), &bytes, "f64").is_exact());
    // One value with one more digit, and it is bins.
    let bytes: Vec<u8> = values.iter().flat_map(|&v| (v as f64 + 1e-9).to_le_bytes()).collect();
    assert!(!checked(&packed(Dtype::F64, &[20_000], bytes.clone()), &bytes, "bins").is_exact());
}

#[test]
fn a_mean_far_from_zero_keeps_its_deviation() {
    let mut random = Random(6);
    for (mean, std) in [(1e6, 1.0), (-3e4, 0.01), (1e9, 1e-3)] {
        let values: Vec<f64> = (0..50_000).map(|_| mean + std * random.normal()).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let summary = summarize(&packed(Dtype::F64, &[50_000], bytes), Work::quiet()).unwrap();
        let count = values.len() as f64;
        let off = values.iter().map(|v| v - mean).sum::<f64>() / count;
        let var = values.iter().map(|v| (v - mean - off) * (v - mean - off)).sum::<f64>() / count;
        assert!(close(summary.std().unwrap(), var.sqrt(), 1e-12), "{mean} {std}");
        assert!(close(summary.mean().unwrap(), mean + off, 1e-15));
    }
}

/// The exact mean and standard deviation of `(base + k) · unit`, rounded once: sums are of whole
/// numbers.
fn exact(base: i64, steps: &[i64], unit: f64) -> (f64, f64) {
    let count = steps.len() as i128;
    let sum: i128 = steps.iter().map(|&k| i128::from(k)).sum();
    let squares: i128 = steps.iter().map(|&k| i128::from(k) * i128::from(k)).sum();
    let mean = (i128::from(base) * count + sum) as f64 / count as f64 * unit;
    let variance = (count * squares - sum * sum) as f64;
    (mean, variance.sqrt() / count as f64 * unit)
}

#[test]
fn deviations_of_nasty_arrays_are_those_of_numpy_in_extended_precision() {
    let mut random = Random(77);
    let mut arrays = 0;
    for base in [0, 1, -3, 1 << 20, 100_000_000, -1_000_000_000_000, 1 << 52] {
        for unit in [1.0, 2f64.powi(-40), 2f64.powi(900), 2f64.powi(-900)] {
            for count in [1usize, 2, 100, 4096, 5000, 12_000] {
                let shapes: [&dyn Fn(usize) -> i64; 5] = [
                    &|_| 1,
                    &|i| i as i64,
                    &|i| (i % 2) as i64,
                    // One value far from all others, at the start and inside.
                    &|i| if i == 0 { 1 << 20 } else { (i % 3) as i64 },
                    &|i| if i == count / 2 { -(1 << 22) } else { (i * i % 7) as i64 },
                ];
                let mut lists: Vec<Vec<i64>> =
                    shapes.iter().map(|shape| (0..count).map(shape).collect()).collect();
                lists.push((0..count).map(|_| (random.normal() * 1000.0) as i64).collect());
                for steps in lists {
                    let values = steps.iter().map(|k| (base + k) as f64 * unit);
                    let bytes: Vec<u8> = values.flat_map(f64::to_le_bytes).collect();
                    let tensor = packed(Dtype::F64, &[count], bytes);
                    let summary = summarize(&tensor, Work::on(2)).unwrap();
                    let (mean, std) = exact(base, &steps, unit);
                    let what = format!("{base} {unit} {count}: {:?}", &steps[..count.min(4)]);
                    let (found, deviation) = (summary.mean().unwrap(), summary.std().unwrap());
                    assert!(close(deviation, std, 1e-12), "{what}: std {deviation}, is {std}");
                    let slack = 4.0 * f64::EPSILON * summary.mean_abs().unwrap();
                    assert!((found - mean).abs() <= slack, "{what}: mean {found}, is {mean}");
                    arrays += 1;
                }
            }
        }
    }
    assert_eq!(arrays, 7 * 4 * 6 * 6);
}

#[test]
fn a_constant_that_binary_has_not_does_not_deviate() {
    for count in [3usize, 4000, 100_000] {
        let bytes: Vec<u8> = (0..count).flat_map(|_| 0.1f64.to_le_bytes()).collect();
        let summary = summarize(&packed(Dtype::F64, &[count], bytes), Work::quiet()).unwrap();
        assert_eq!((summary.mean(), summary.std()), (Some(0.1), Some(0.0)));
    }
}

#[test]
fn quantiles_past_the_range_of_f32() {
    let mut random = Random(78);
    for (least, most) in [(40.0, 300.0), (-300.0, -45.0), (-300.0, 300.0)] {
        let value = |random: &mut Random| {
            let exponent = least + (most - least) * f64::from(random.next() as u32) / 4294967296.0;
            let sign = if random.next().is_multiple_of(3) { -1.0 } else { 1.0 };
            sign * 10f64.powf(exponent)
        };
        let values: Vec<f64> = (0..20_000).map(|_| value(&mut random)).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let tensor = packed(Dtype::F64, &[values.len()], bytes);
        let summary = summarize(&tensor, Work::on(3)).unwrap();
        assert!(!summary.is_exact());
        let sorted = Plain::new(&values).finite;
        for q in QUANTILES {
            // Neighbours may be a power of ten apart: a value between them is as right.
            let place = q * (sorted.len() - 1) as f64;
            let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            let found = summary.quantile(q).unwrap();
            let room = 0.0079 * low.abs().max(high.abs());
            let right = low - room <= found && found <= high + room;
            assert!(right, "{least} {most}: quantile {q} {found}, between {low} and {high}");
        }
    }
}

#[test]
fn squares_past_f64_and_below_it() {
    for unit in [1e300, 1e-300, 1e200, 1e-150] {
        for count in [3usize, 10_000] {
            let values: Vec<f64> = (0..count).map(|i| unit * (i % 3) as f64).collect();
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            let tensor = packed(Dtype::F64, &[count], bytes);
            let summary = summarize(&tensor, Work::quiet()).unwrap();
            let n = count as f64;
            let ones = values.iter().filter(|v| **v == unit).count() as f64;
            let twos = values.iter().filter(|v| **v == 2.0 * unit).count() as f64;
            let mean = (ones + 2.0 * twos) / n;
            let var = (ones + 4.0 * twos) / n - mean * mean;
            assert!(close(summary.mean().unwrap(), mean * unit, 1e-12), "{unit} {count}");
            assert!(close(summary.std().unwrap(), var.sqrt() * unit, 1e-11), "{unit} {count}");
            let l2 = (ones + 4.0 * twos).sqrt() * unit;
            assert!(close(summary.l2().unwrap(), l2, 1e-12), "{unit} {count}");
        }
    }
    let bytes: Vec<u8> = [f64::MAX; 5000].iter().flat_map(|v| v.to_le_bytes()).collect();
    let summary = summarize(&packed(Dtype::F64, &[5000], bytes), Work::quiet()).unwrap();
    assert_eq!((summary.mean(), summary.std()), (Some(f64::MAX), Some(0.0)));
    assert_eq!(summary.quantile(0.3), Some(f64::MAX));
    let both: Vec<u8> = [f64::MAX, f64::MIN].iter().flat_map(|v| v.to_le_bytes()).collect();
    let summary = summarize(&packed(Dtype::F64, &[2], both), Work::quiet()).unwrap();
    assert_eq!(summary.quantile(0.5), Some(0.0));
    assert_eq!(summary.histogram(f64::MIN, f64::MAX, 2), [1, 1]);
}

#[test]
fn the_largest_beside_the_smallest() {
    for (repeats, unit) in [(1usize, 1e308), (3000, 1e308), (1, 1.7e308), (3000, 1.7e308)] {
        let four = [unit, -unit, 1e300, 5e-324];
        let values: Vec<f64> = (0..repeats).flat_map(|_| four).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let tensor = packed(Dtype::F64, &[values.len()], bytes);
        let summary = summarize(&tensor, Work::quiet()).unwrap();
        assert!(close(summary.std().unwrap(), unit * 0.5f64.sqrt(), 1e-8), "{:?}", summary.std());
        // The norm of 6000 of them is past f64.
        let l2 = unit * (2.0 * repeats as f64).sqrt();
        assert!(close(summary.l2().unwrap(), l2, 1e-8), "{:?} {l2}", summary.l2());
        assert!(close(summary.mean().unwrap(), 2.5e299, 1e-2), "{:?}", summary.mean());
    }
    // In blocks of their own, merged.
    let mut values = vec![5e-324f64; 6000];
    values.extend([1e308; 6000]);
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let summary = summarize(&packed(Dtype::F64, &[12_000], bytes), Work::on(2)).unwrap();
    assert!(close(summary.mean().unwrap(), 5e307, 1e-12), "{:?}", summary.mean());
    assert!(close(summary.std().unwrap(), 5e307, 1e-12), "{:?}", summary.std());
    let smallest: Vec<u8> = [5e-324, 1e-323].iter().flat_map(|v: &f64| v.to_le_bytes()).collect();
    let summary = summarize(&packed(Dtype::F64, &[2], smallest), Work::quiet()).unwrap();
    assert_eq!(summary.l2(), Some(1e-323), "sqrt(1 + 4) of the smallest, to the nearest");
    let tiny: Vec<u8> = [5e-324; 5000].iter().flat_map(|v: &f64| v.to_le_bytes()).collect();
    let summary = summarize(&packed(Dtype::F64, &[5000], tiny), Work::quiet()).unwrap();
    assert_eq!((summary.mean(), summary.std()), (Some(5e-324), Some(0.0)));
}

#[test]
fn hostile_f32_on_every_source() {
    let bytes = hostile(Dtype::F32, 200_000, &mut Random(7));
    let mut all = Vec::new();
    let sources: [Arc<dyn Bytes>; 2] =
        [Arc::new(Memory::new(bytes.clone())), Arc::new(Readable(bytes.clone()))];
    for data in sources {
        let view = View::packed(&[400, 500]);
        all.push(checked(&tensor_of(Dtype::F32, Endian::Little, view, 0, data), &bytes, "f32"));
    }
    for threads in [1, 2, 5] {
        let data = Arc::new(Stream::new(bytes.clone()));
        let tensor = tensor_of(Dtype::F32, Endian::Little, View::packed(&[200_000]), 0, data);
        all.push(summarize(&tensor, Work::on(threads)).unwrap());
    }
    assert!(all.iter().all(|summary| *summary == all[0]));
}

#[test]
fn any_strides_and_repeated_axes() {
    let bytes = hostile(Dtype::F32, 40_000, &mut Random(8));
    for (shape, strides) in [
        (vec![50usize, 70], vec![1i64, 50]),
        (vec![70, 50], vec![-50, -1]),
        (vec![20, 10, 30], vec![300, -1, 10]),
        (vec![100, 90], vec![300, 3]),
        (vec![7, 40, 30], vec![0, 30, 1]),
        (vec![7, 40, 130], vec![0, 130, 1]),
        (vec![9, 9], vec![0, 0]),
        (vec![3, 0, 5], vec![1, 1, 1]),
    ] {
        let (view, _) = view_of(&shape, &strides);
        let data = Arc::new(Memory::new(bytes.clone()));
        let tensor = tensor_of(Dtype::F32, Endian::Little, view, 0, data);
        checked(&tensor, &bytes, &format!("{shape:?} {strides:?}"));
    }
}

#[test]
fn a_view_that_repeats_one_value_forever_is_done_at_once() {
    let view = View { shape: vec![1 << 30, 1 << 30, 3], strides: vec![0, 0, 1], offset: 0 };
    let bytes: Vec<u8> = [1f32, 2.0, f32::NAN].iter().flat_map(|v| v.to_le_bytes()).collect();
    let data = Arc::new(Memory::new(bytes));
    let tensor = tensor_of(Dtype::F32, Endian::Little, view, 0, data);
    let summary = summarize(&tensor, Work::on(2)).unwrap();
    assert_eq!((summary.elements, summary.nan), (3 << 60, 1 << 60));
    assert_eq!((summary.mean(), summary.std()), (Some(1.5), Some(0.5)));
    assert_eq!(summary.histogram(1.0, 2.0, 2), [1 << 60, 1 << 60]);
}

#[test]
fn bins_are_spread_over_the_histogram() {
    // A ramp: every bin of the histogram gets its share, though bins of the table straddle edges.
    let values: Vec<f32> = (0..100_000).map(|i| 1.0 + i as f32 / 100_000.0).collect();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let summary = summarize(&packed(Dtype::F32, &[100_000], bytes), Work::quiet()).unwrap();
    assert!(!summary.is_exact());
    for bins in [1usize, 3, 10, 77, 1000] {
        let counts = summary.histogram(1.0, 2.0, bins);
        assert_eq!(counts.iter().sum::<u64>(), 100_000);
        let share = 100_000 / bins as u64;
        assert!(counts.iter().all(|count| count.abs_diff(share) <= 3), "{bins}: {counts:?}");
    }
    let half = summary.histogram(1.25, 1.75, 5).iter().sum::<u64>();
    assert!(half.abs_diff(50_000) <= 3, "{half}");
    assert_eq!(summary.histogram(5.0, 6.0, 2), [0, 0]);
    assert_eq!(summary.histogram(2.0, 1.0, 2), [0, 0]);
    assert_eq!(summary.histogram(f64::NAN, 1.0, 2), [0, 0]);
    assert_eq!(summary.histogram(0.0, f64::INFINITY, 1), [0]);
    assert_eq!(summary.histogram(0.0, 3.0, 0), [0u64; 0]);
}

#[test]
fn zeros_stay_in_their_bin() {
    let mut random = Random(9);
    let values: Vec<f32> =
        (0..10_000).map(|i| if i % 10 == 0 { random.normal() as f32 } else { 0.0 }).collect();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let summary = summarize(&packed(Dtype::F32, &[10_000], bytes), Work::quiet()).unwrap();
    assert_eq!(summary.quantile(0.5), Some(0.0));
    assert!(summary.histogram(-1.0, 1.0, 3)[1] >= 9000);
    assert!(summary.histogram(0.0, 1.0, 10)[0] >= 9000);
}

#[test]
fn merging_is_like_seeing_all() {
    let mut random = Random(10);
    let (wide, f16) = (hostile(Dtype::F32, 30_000, &mut random), random.bytes(20_000));
    let (few, i64s) = (random.bytes(800), random.bytes(48_000));
    let parts = [
        (packed(Dtype::F32, &[30_000], wide.clone()), wide),
        (packed(Dtype::F16, &[10_000], f16.clone()), f16),
        (packed(Dtype::F32, &[200], few.clone()), few),
        (packed(Dtype::I64, &[6000], i64s.clone()), i64s),
        (packed(Dtype::F32, &[0], vec![]), vec![]),
    ];
    for first in 0..parts.len() {
        let mut merged = Summary::empty();
        let mut values = Vec::new();
        for (tensor, bytes) in parts.iter().cycle().skip(first).take(parts.len() - 1) {
            merged.merge(&summarize(tensor, Work::quiet()).unwrap());
            values.extend(plain_values(tensor, bytes));
            check(&merged, &values, "merged");
        }
    }
    let halves = [(Dtype::F16, &parts[1]), (Dtype::F16, &parts[1])];
    let mut twice = Summary::empty();
    halves.iter().for_each(|(_, part)| twice.merge(&summarize(&part.0, Work::quiet()).unwrap()));
    assert!(twice.is_exact());
}

#[test]
fn progress_counts_every_byte_and_may_stop_the_work() {
    struct Told(AtomicU64, u64);
    impl Progress for Told {
        fn advance(&self, bytes: u64) -> ControlFlow<()> {
            let before = self.0.fetch_add(bytes, Ordering::SeqCst);
            if before + bytes > self.1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let tensor = packed(Dtype::F32, &[1 << 20], vec![0; 4 << 20]);
    let told = Told(AtomicU64::new(0), u64::MAX);
    summarize(&tensor, Work { threads: 2, progress: &told }).unwrap();
    assert_eq!(told.0.load(Ordering::SeqCst), 4 << 20);
    for threads in [1, 3] {
        let told = Told(AtomicU64::new(0), 1 << 20);
        let error = summarize(&tensor, Work { threads, progress: &told }).unwrap_err();
        assert!(matches!(error, TensorError::Cancelled(_)));
        assert!(told.0.load(Ordering::SeqCst) < 4 << 20);
    }
}

proptest! {
    #[test]
    fn few_hostile_values(values in proptest::collection::vec(any::<f32>(), 0..60)) {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        checked(&packed(Dtype::F32, &[values.len()], bytes.clone()), &bytes, "f32");
    }

    #[test]
    fn many_values_of_a_few(values in proptest::collection::vec(any::<f32>(), 1..9)) {
        let bytes: Vec<u8> = values.iter().cycle().take(5000).flat_map(|v| v.to_le_bytes()).collect();
        checked(&packed(Dtype::F32, &[5000], bytes.clone()), &bytes, "f32");
    }
}

#[test]
fn what_counts_say_of_changes_is_true_of_any_order_of_the_values() {
    let mut random = Random(5);
    let mut below = |end: u64| random.next() % end;
    let of = |values: &[f32]| {
        summarize(&Tensor::from_f32("t", &[values.len()], values).unwrap(), Work::quiet()).unwrap()
    };
    // Few values are counted exactly, many of 24 bits in bins.
    for (len, spread) in [(40, 6), (4096, 9), (6000, 5), (9000, 1 << 20)] {
        let a: Vec<f32> = (0..len).map(|_| below(spread) as f32 * 0.37 - 1.0).collect();
        let mut b = a.clone();
        b.rotate_left(7);
        assert_eq!(of(&a).changed_at_least(&of(&b)), Some(0), "order counts for nothing");
        let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 1e-42, 1e30];
        let mut changed = a.clone();
        for _ in 0..below(30) {
            changed[below(len) as usize] = special[below(6) as usize];
        }
        // Pairs that differ where they lie: no order makes fewer than the bound.
        let differ = |a: &[f32], b: &[f32]| {
            let pairs = a.iter().zip(b);
            pairs.filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan())).count() as u64
        };
        let least = of(&a).changed_at_least(&of(&changed)).unwrap();
        assert!(least <= differ(&a, &changed), "{least}");
        assert_eq!(least, of(&changed).changed_at_least(&of(&a)).unwrap());
        if spread < 10 {
            // By sorting: what is left when equal values are taken away pair by pair.
            let mut left: Vec<Option<f32>> = changed.iter().copied().map(Some).collect();
            let mut alone = 0;
            for value in &a {
                let same = |one: &&mut Option<f32>| one.is_some_and(|one| one == *value);
                match left.iter_mut().find(same) {
                    Some(place) => *place = None,
                    None => alone += 1,
                }
            }
            // Values of 24 bits that share a bin are one; these do not.
            assert_eq!(least, alone, "{len}");
        }
    }
    assert_eq!(of(&[1.0]).changed_at_least(&of(&[1.0, 2.0])), None);
    // In one bin of 0.8 %: the ends tell that something changed, what is between them does not.
    let many = |value: f32| {
        let values: Vec<f32> = (0..5000).map(|index| index as f32 / 5000.0 + 1.1).collect();
        [&values[..], &[value]].concat()
    };
    assert_eq!(of(&many(1.5001)).changed_at_least(&of(&many(1.5002))), Some(0));
    assert!(of(&many(1.5001)) != of(&many(1.5002)), "the sums tell");
    assert_eq!(of(&many(0.99)).changed_at_least(&of(&many(0.991))), Some(1));
}
