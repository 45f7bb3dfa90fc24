//! Folding against a plain double loop.

use crate::common;

use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use common::{Random, Readable, Stream, close, packed, plain_values, tensor_of, view_of};
use hinton_tensor::reduce::Mark;
use hinton_tensor::{
    Bytes, Dtype, Endian, Fold, Grid, GridRequest, Memory, Progress, ReadError, Tensor,
    TensorError, TileRequest, View, Window, Work, reduce, side_by_side, summarize, tile,
};
use proptest::prelude::*;

const FOLDS: [Fold; 6] = [Fold::Mean, Fold::Extreme, Fold::Max, Fold::Min, Fold::Ink, Fold::Rms];

/// What a cell of these values shows: value, negative plane or balance of signs, mark.
fn plain_cell(fold: Fold, values: &[f64], is_one_value: bool) -> (f64, f64, Mark) {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let has = |which: fn(&f64) -> bool| values.iter().any(which);
    let (up, down) = (has(|v| *v == f64::INFINITY), has(|v| *v == f64::NEG_INFINITY));
    let mark = if has(|v| v.is_nan()) {
        Mark::Nan
    } else {
        [[Mark::None, Mark::NegInf], [Mark::PosInf, Mark::BothInf]][usize::from(up)]
            [usize::from(down)]
    };
    if finite.is_empty() {
        return (f64::NAN, f64::NAN, mark);
    }
    let count = finite.len() as f64;
    let mean = |part: fn(f64) -> f64| finite.iter().map(|&v| part(v) / count).sum::<f64>();
    let max = finite.iter().copied().fold(f64::MIN, f64::max);
    let min = finite.iter().copied().fold(f64::MAX, f64::min);
    match fold {
        Fold::Mean => (mean(|v| v), 0.0, mark),
        Fold::Ink => (mean(|v| v.max(0.0)), mean(|v| (-v).max(0.0)), mark),
        Fold::Max => (max, 0.0, mark),
        Fold::Min => (min, 0.0, mark),
        Fold::Extreme => (if max >= -min { max } else { min }, 0.0, mark),
        Fold::Rms if is_one_value => (finite[0], 0.0, mark),
        Fold::Rms => {
            // Divided by the largest first: squares of f64 can pass its range.
            let scale = max.abs().max(min.abs());
            let part = |v: f64| if scale > 0.0 { v / scale } else { 0.0 };
            let squares: f64 = finite.iter().map(|&v| part(v) * part(v)).sum();
            let magnitudes: f64 = finite.iter().map(|&v| part(v).abs()).sum();
            let sum: f64 = finite.iter().map(|&v| part(v)).sum();
            let balance = if magnitudes > 0.0 { sum / magnitudes } else { 0.0 };
            ((squares / count).sqrt() * scale, balance, mark)
        }
    }
}

/// Checks a grid against the values of its tensor, row by row.
fn check(grid: &Grid, values: &[f64], request: GridRequest, what: &str) {
    let (rows, cols) = grid.shape;
    assert_eq!(grid.block.0, rows.div_ceil(request.max_rows).max(1), "{what}");
    assert_eq!(grid.block.1, cols.div_ceil(request.max_cols).max(1), "{what}");
    assert_eq!(grid.rows, rows.div_ceil(grid.block.0), "{what}");
    assert_eq!(grid.cols, cols.div_ceil(grid.block.1), "{what}");
    assert_eq!(grid.values.len(), if values.is_empty() { 0 } else { grid.rows * grid.cols });
    let negative = if grid.fold == Fold::Ink { grid.values.len() } else { 0 };
    assert_eq!(grid.negative.len(), negative, "{what}");
    let has_balance = grid.fold == Fold::Rms && grid.block != (1, 1);
    assert_eq!(grid.balance.len(), if has_balance { grid.values.len() } else { 0 }, "{what}");
    let all_finite = values.iter().all(|v| v.is_finite());
    assert_eq!(grid.marks.is_empty(), all_finite, "{what}");
    for at in 0..grid.values.len() {
        let (row, col) = (at / grid.cols, at % grid.cols);
        let down = row * grid.block.0..rows.min((row + 1) * grid.block.0);
        let right = col * grid.block.1..cols.min((col + 1) * grid.block.1);
        let block: Vec<f64> = down
            .flat_map(|row| right.clone().map(move |col| row * cols + col))
            .map(|at| values[at])
            .collect();
        let (value, below, mark) = plain_cell(grid.fold, &block, grid.block == (1, 1));
        let clamp = |v: f64| v.clamp(-f64::from(f32::MAX), f64::from(f32::MAX));
        let scale = block.iter().filter(|v| v.is_finite()).fold(0.0, |a: f64, v| a.max(v.abs()));
        let near = |fast: f32, slow: f64| {
            let (fast, slow) = (f64::from(fast), clamp(slow));
            let exact = grid.block == (1, 1);
            let slack = if exact { 6e-8 * slow.abs() } else { 1e-6 * clamp(scale) };
            close(fast, slow, 0.0) || (fast - slow).abs() <= slack + 1e-45
        };
        assert!(near(grid.values[at], value), "{what} {row},{col}: {} {value}", grid.values[at]);
        if grid.fold == Fold::Ink {
            assert!(near(grid.negative[at], below), "{what} {row},{col} below");
        }
        if let Some(&balance) = grid.balance.get(at) {
            let below = if below.is_nan() { 0.0 } else { below };
            let off = (f64::from(balance) - below).abs();
            assert!(off < 1e-5, "{what} {row},{col} balance: {balance} {below}");
        }
        if !all_finite {
            assert_eq!(grid.marks[at], mark, "{what} {row},{col}");
        }
    }
}

fn same(a: &Grid, b: &Grid) -> bool {
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    bits(&a.values) == bits(&b.values)
        && bits(&a.negative) == bits(&b.negative)
        && bits(&a.balance) == bits(&b.balance)
        && a.marks == b.marks
        && a.summary == b.summary
        && (a.rows, a.cols, a.block, a.read) == (b.rows, b.cols, b.block, b.read)
}

/// Every fold of a tensor, on any number of threads.
fn check_all(tensor: &Tensor, values: &[f64], most: (usize, usize), what: &str) {
    for fold in FOLDS {
        let request = GridRequest::new(most.0, most.1, fold);
        let grid = reduce(tensor, request, Work::quiet()).unwrap();
        assert_eq!(grid.read, grid.shape);
        check(&grid, values, request, &format!("{what} {fold:?}"));
        for threads in [2, 3, 7] {
            let other = reduce(tensor, request, Work::on(threads)).unwrap();
            assert!(same(&grid, &other), "{what} {fold:?}: {threads} threads");
        }
        check_summary(&grid, tensor, what);
    }
}

/// The summary is that of one pass over all values, but for the order of sums.
fn check_summary(grid: &Grid, tensor: &Tensor, what: &str) {
    let (a, b) = (&grid.summary, summarize(tensor, Work::quiet()).unwrap());
    assert_eq!(
        (a.elements, a.nan, a.pos_inf, a.neg_inf, a.zeros, a.min(), a.max()),
        (b.elements, b.nan, b.pos_inf, b.neg_inf, b.zeros, b.min(), b.max()),
        "{what}"
    );
    for q in [0.1, 0.5, 0.9] {
        assert_eq!(a.quantile(q), b.quantile(q), "{what}");
    }
    if let (Some(x), Some(y)) = (a.std(), b.std()) {
        assert!(close(x, y, 1e-9), "{what}: {x} {y}");
    }
}

fn tame(count: usize, seed: u64) -> Vec<f32> {
    let mut random = Random(seed);
    (0..count).map(|_| random.normal() as f32).collect()
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

#[test]
fn shapes_and_blocks() {
    for (rows, cols) in [(1, 1), (1, 17), (17, 1), (5, 3), (64, 64), (100, 33), (33, 100)] {
        let values = tame(rows * cols, 1);
        let tensor = Tensor::from_f32("w", &[rows, cols], &values).unwrap();
        for most in [(1000, 1000), (1, 1), (4, 7), (50, 2), (32, 32)] {
            let what = format!("{rows}x{cols} to {most:?}");
            check_all(&tensor, &wide(&values), most, &what);
        }
    }
}

#[test]
fn a_matrix_that_fits_is_itself() {
    let values = [1.5, -0.0, f32::MIN_POSITIVE / 8.0, -3e38, 0.0, 7.0];
    let tensor = Tensor::from_f32("w", &[2, 3], &values).unwrap();
    for fold in [Fold::Mean, Fold::Extreme, Fold::Max, Fold::Min] {
        let grid = reduce(&tensor, GridRequest::new(2, 3, fold), Work::quiet()).unwrap();
        assert_eq!(
            grid.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
            values.map(f32::to_bits),
            "{fold:?}"
        );
        assert_eq!((grid.block, grid.marks.len()), ((1, 1), 0));
    }
}

#[test]
fn nothing_to_show() {
    for shape in [[0, 0], [0, 5], [5, 0]] {
        let tensor = Tensor::from_f32("w", &shape, &[]).unwrap();
        check_all(&tensor, &[], (3, 3), "empty");
    }
    for shape in [&[][..], &[4], &[2, 2, 2]] {
        let tensor = Tensor::from_f32("w", shape, &tame(shape.iter().product(), 1)).unwrap();
        let request = GridRequest::new(3, 3, Fold::Mean);
        let error = reduce(&tensor, request, Work::quiet()).unwrap_err();
        assert!(error.to_string().contains("two axes"), "{error}");
    }
    let tensor = Tensor::from_f32("w", &[2, 2], &[1.0, 2.0, 3.0, 6.0]).unwrap();
    let grid = reduce(&tensor, GridRequest::new(0, 0, Fold::Mean), Work::quiet()).unwrap();
    assert_eq!(grid.values, [3.0]);
}

#[test]
fn nan_and_infinities_are_marked() {
    let mut values = tame(90 * 70, 2);
    let mut random = Random(3);
    for _ in 0..300 {
        let at = random.next() as usize % values.len();
        values[at] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][random.next() as usize % 3];
    }
    // A block of nothing else.
    (0..9).for_each(|at| values[at / 3 * 70 + at % 3] = f32::NEG_INFINITY);
    let tensor = Tensor::from_f32("w", &[90, 70], &values).unwrap();
    for most in [(90, 70), (30, 24), (5, 70), (1, 1)] {
        check_all(&tensor, &wide(&values), most, "special");
        let turned = tensor.transpose().unwrap();
        let turned_values = wide(&turned.to_f32().unwrap());
        check_all(&turned, &turned_values, most, "special, turned");
    }
}

#[test]
fn every_dtype() {
    let mut random = Random(4);
    for dtype in Dtype::ALL {
        for endian in [Endian::Little, Endian::Big] {
            let bytes = random.bytes(dtype.bytes_of(70 * 91).unwrap() as usize);
            let data = Arc::new(Memory::new(bytes.clone()));
            let tensor = tensor_of(dtype, endian, View::packed(&[70, 91]), 0, data);
            let what = format!("{dtype} {endian:?}");
            // Random f64 lose their digits in the plain sum too.
            let folds: &[Fold] = match dtype {
                Dtype::F64 | Dtype::C128 => &[Fold::Extreme, Fold::Max, Fold::Min],
                _ => &FOLDS,
            };
            for &fold in folds {
                for most in [(70, 91), (20, 20)] {
                    let request = GridRequest::new(most.0, most.1, fold);
                    let grid = reduce(&tensor, request, Work::on(2)).unwrap();
                    // As the documentation says: past the range of f32, its largest.
                    let largest = f64::from(f32::MAX);
                    let shown = |v: f64| if v.is_finite() { v.clamp(-largest, largest) } else { v };
                    let values: Vec<f64> =
                        tensor.to_f64().unwrap().into_iter().map(shown).collect();
                    check(&grid, &values, request, &what);
                }
            }
        }
    }
}

#[test]
fn strides_of_every_kind() {
    let mut values = tame(30_000, 5);
    values[77] = f32::NAN;
    let bytes = bytes_of(&values);
    for (shape, strides) in [
        ([50usize, 70], [1i64, 50]),
        ([50, 70], [-1, 50]),
        ([50, 70], [-70, -1]),
        ([50, 70], [200, 2]),
        ([90, 80], [3, 300]),
        ([60, 50], [0, 1]),
        ([60, 50], [1, 0]),
        ([60, 50], [0, 0]),
        ([100, 100], [1, 1]),
        ([300, 1], [7, 5]),
        ([1, 300], [0, 7]),
    ] {
        let (view, _) = view_of(&shape, &strides);
        let sources: [Arc<dyn Bytes>; 2] =
            [Arc::new(Memory::new(bytes.clone())), Arc::new(Readable(bytes.clone()))];
        for data in sources {
            let tensor = tensor_of(Dtype::F32, Endian::Little, view.clone(), 0, data);
            let values = plain_values(&tensor, &bytes);
            for most in [(100, 100), (13, 9)] {
                check_all(&tensor, &values, most, &format!("{shape:?} {strides:?} {most:?}"));
            }
        }
    }
}

#[test]
fn tiles_and_pieces_of_large_matrices() {
    for (shape, most) in [
        ([1500usize, 700], (400, 300)),
        ([3, 700_000], (1, 3)),
        ([2, 600_000], (2, 1000)),
        ([400_000, 3], (1000, 3)),
        ([5000, 200], (1, 1)),
        ([40, 30_000], (3, 5000)),
    ] {
        let values = tame(shape[0] * shape[1], 6);
        let all = wide(&values);
        let bytes = bytes_of(&values);
        let request = GridRequest::new(most.0, most.1, Fold::Mean);
        let mut grids = Vec::new();
        let sources: [(Arc<dyn Bytes>, usize); 5] = [
            (Arc::new(Memory::new(bytes.clone())), 1),
            (Arc::new(Memory::new(bytes.clone())), 3),
            (Arc::new(Readable(bytes.clone())), 2),
            (Arc::new(Stream::new(bytes.clone())), 1),
            (Arc::new(Stream::new(bytes.clone())), 4),
        ];
        for (data, threads) in sources {
            let view = View::packed(&shape);
            let tensor = tensor_of(Dtype::F32, Endian::Little, view, 0, data);
            grids.push(reduce(&tensor, request, Work::on(threads)).unwrap());
        }
        let what = format!("{shape:?} to {most:?}");
        check(&grids[0], &all, request, &what);
        assert!(same(&grids[0], &grids[1]) && same(&grids[0], &grids[2]), "{what}");
        assert!(same(&grids[3], &grids[4]), "{what}, a stream");
        check(&grids[3], &all, request, &what);
        let tensor = packed(Dtype::F32, &shape, bytes);
        check_summary(&grids[0], &tensor, &what);
        for fold in [Fold::Extreme, Fold::Ink] {
            let request = GridRequest { fold, ..request };
            check(&reduce(&tensor, request, Work::on(2)).unwrap(), &all, request, &what);
        }
    }
}

#[test]
fn a_lone_outlier_stays_visible() {
    let mut values = vec![0.01f32; 1000 * 1000];
    values[654_321] = -9.0;
    let tensor = Tensor::from_f32("w", &[1000, 1000], &values).unwrap();
    let grid = reduce(&tensor, GridRequest::new(10, 10, Fold::Extreme), Work::on(2)).unwrap();
    assert_eq!(grid.values.iter().filter(|v| **v == -9.0).count(), 1);
    assert_eq!(grid.values[63], -9.0);
    // Of equal magnitudes the positive one, whichever comes first.
    let tensor = Tensor::from_f32("w", &[2, 2], &[-2.0, 2.0, 1.0, 0.0]).unwrap();
    for tensor in [tensor.clone(), tensor.transpose().unwrap()] {
        let grid = reduce(&tensor, GridRequest::new(1, 1, Fold::Extreme), Work::quiet()).unwrap();
        assert_eq!(grid.values, [2.0]);
    }
}

#[test]
fn numbers_that_are_written_are_exact() {
    let doubles = [0.123456789, 1e-50, 1e300, f64::INFINITY, -0.1, f64::NAN];
    let bytes: Vec<u8> = doubles.iter().flat_map(|v| v.to_le_bytes()).collect();
    for fold in FOLDS {
        let tensor = packed(Dtype::F64, &[2, 3], bytes.clone());
        let readable: Arc<dyn Bytes> = Arc::new(Readable(bytes.clone()));
        let view = View::packed(&[2, 3]);
        let far = tensor_of(Dtype::F64, Endian::Little, view, 0, readable);
        for (tensor, order) in [
            (tensor.clone(), [0, 1, 2, 3, 4, 5]),
            (far.clone(), [0, 1, 2, 3, 4, 5]),
            (tensor.transpose().unwrap(), [0, 3, 1, 4, 2, 5]),
            (far.transpose().unwrap(), [0, 3, 1, 4, 2, 5]),
        ] {
            let grid = reduce(&tensor, GridRequest::new(3, 3, fold), Work::quiet()).unwrap();
            assert_eq!(grid.exact.len(), 6);
            for (at, from) in order.into_iter().enumerate() {
                let (value, truth) = (grid.value(at), doubles[from]);
                let right = if truth.is_finite() { value == truth } else { value.is_nan() };
                assert!(right, "{fold:?} {at}: {value} {truth}");
            }
            assert!(grid.value(6).is_nan());
        }
        let grid = reduce(&tensor, GridRequest::new(2, 2, fold), Work::quiet()).unwrap();
        assert!(grid.exact.is_empty(), "reduced");
    }
    let ints: Vec<u8> =
        [123_456_789i32, -16_777_217].iter().flat_map(|v| v.to_le_bytes()).collect();
    let tensor = packed(Dtype::I32, &[1, 2], ints);
    let grid = reduce(&tensor, GridRequest::new(1, 2, Fold::Ink), Work::quiet()).unwrap();
    assert_eq!((grid.value(0), grid.value(1)), (123_456_789.0, -16_777_217.0));
    let tensor = Tensor::from_f32("w", &[1, 2], &[0.1, -0.3]).unwrap();
    let grid = reduce(&tensor, GridRequest::new(1, 2, Fold::Ink), Work::quiet()).unwrap();
    assert_eq!((grid.value(0), grid.value(1)), (f64::from(0.1f32), f64::from(-0.3f32)));
    assert!(grid.exact.is_empty());
    for (rows, exact) in [(256, 1 << 16), (257, 0)] {
        let tensor = packed(Dtype::U32, &[rows, 256], vec![7; rows * 256 * 4]);
        let grid = reduce(&tensor, GridRequest::new(rows, 256, Fold::Mean), Work::quiet()).unwrap();
        assert_eq!(grid.exact.len(), exact);
    }
}

#[test]
fn finite_values_past_f32_stay_finite() {
    let bytes: Vec<u8> =
        [1e300, -1e300, 1.0, f64::INFINITY].iter().flat_map(|v: &f64| v.to_le_bytes()).collect();
    let tensor = packed(Dtype::F64, &[2, 2], bytes);
    let grid = reduce(&tensor, GridRequest::new(2, 2, Fold::Mean), Work::quiet()).unwrap();
    assert_eq!(grid.values[..3], [f32::MAX, f32::MIN, 1.0]);
    assert!(grid.values[3].is_nan());
    assert_eq!(grid.marks, [Mark::None, Mark::None, Mark::None, Mark::PosInf]);
}

#[test]
fn a_sample_reads_rows_of_every_block() {
    // The value of each is its row.
    let values: Vec<f32> = (0..1003 * 50).map(|at| (at / 50) as f32).collect();
    let tensor = Tensor::from_f32("w", &[1003, 50], &values).unwrap();
    let sampled = |bytes: u64, tensor: &Tensor| {
        let request =
            GridRequest { sample_bytes: Some(bytes), ..GridRequest::new(100, 50, Fold::Mean) };
        let grid = reduce(tensor, request, Work::quiet()).unwrap();
        assert!(same(&grid, &reduce(tensor, request, Work::on(3)).unwrap()));
        grid
    };
    for (bytes, least, most) in [(1u64, 1, 1), (60_000, 2, 3), (100_000, 4, 6)] {
        let grid = sampled(bytes, &tensor);
        assert!(grid.is_sampled());
        assert_eq!((grid.rows, grid.block), (92, (11, 1)));
        assert!((92 * least..=92 * most).contains(&grid.read.0), "{:?}", grid.read);
        assert_eq!(grid.read.1, 50);
        assert_eq!(grid.summary.elements, (grid.read.0 * 50) as u64);
        for row in 0..grid.rows {
            let middle = (row * 11 + 1003.min(row * 11 + 11) - 1) as f32 / 2.0;
            let value = grid.values[row * 50];
            assert!((value - middle).abs() <= 1.0, "{bytes}: row {row} {value} {middle}");
        }
        // Where columns lie together, columns are read.
        let turned = sampled(bytes, &tensor.transpose().unwrap());
        assert_eq!(turned.read, (50, turned.shape.1.min(turned.read.1)));
        assert!(turned.is_sampled());
    }
    let whole = sampled(1 << 30, &tensor);
    assert!(!whole.is_sampled());
    let plain = reduce(&tensor, GridRequest::new(100, 50, Fold::Mean), Work::quiet()).unwrap();
    assert!(same(&whole, &plain));
}

#[test]
fn a_sample_of_a_stream_is_read_forwards() {
    let values = tame(500 * 300, 7);
    let data = Arc::new(Stream::new(bytes_of(&values)));
    let tensor = tensor_of(Dtype::F32, Endian::Little, View::packed(&[500, 300]), 0, data);
    let request = GridRequest { sample_bytes: Some(90_000), ..GridRequest::new(50, 50, Fold::Max) };
    let grid = reduce(&tensor, request, Work::on(3)).unwrap();
    assert!(grid.is_sampled());
    assert_eq!(grid.summary.elements, grid.read.0 as u64 * 300);
}

/// A matrix of 65,536 rows of 1,024 bytes somewhere on a network; what was read of it.
struct Far(Mutex<Vec<Range<u64>>>);

impl Bytes for Far {
    fn len(&self) -> u64 {
        1 << 26
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let end = offset + buf.len() as u64;
        self.0.lock().unwrap().push(offset..end);
        for (byte, place) in buf.iter_mut().zip(offset..end) {
            *byte = (place >> 18) as u8;
        }
        Ok(())
    }

    fn jump(&self) -> u64 {
        1 << 20
    }
}

#[test]
fn a_sample_of_what_is_far_is_few_reads_apart() {
    for transposed in [false, true] {
        for (most, cells) in [(4 << 20, 32), (1 << 20, 16), (100_000, 1)] {
            let data = Arc::new(Far(Mutex::new(Vec::new())));
            let view = View::packed(&[1 << 16, 1 << 10]);
            let tensor = tensor_of(Dtype::U8, Endian::Little, view, 0, data.clone());
            let tensor = if transposed { tensor.transpose().unwrap() } else { tensor };
            let request =
                GridRequest { sample_bytes: Some(most), ..GridRequest::new(50, 50, Fold::Mean) };
            let grid = reduce(&tensor, request, Work::on(2)).unwrap();
            assert!(grid.is_sampled());
            assert_eq!(if transposed { grid.cols } else { grid.rows }, cells);
            // A byte is the number of its 256 rows.
            let rows = 256 / cells;
            for (index, value) in grid.values.iter().enumerate() {
                let cell = if transposed { index % grid.cols } else { index / grid.cols };
                let expected = (cell * rows) as f32..((cell + 1) * rows) as f32;
                assert!(expected.contains(value), "cell {cell} of {cells}: {value}");
            }
            let mut read = data.0.lock().unwrap().clone();
            read.sort_by_key(|range| range.start);
            let all: u64 = read.iter().map(|range| range.end - range.start).sum();
            assert!(all <= most, "{all} bytes for {most}");
            let gaps = read.windows(2).map(|pair| pair[1].start.saturating_sub(pair[0].end));
            assert!(gaps.clone().all(|gap| gap == 0 || gap > 1 << 20));
            assert_eq!(gaps.filter(|gap| *gap > 0).count(), cells - 1);
        }
    }
}

#[test]
fn of_what_is_far_a_tile_tells_its_own_rows_alone() {
    struct Told(Mutex<Vec<Range<u64>>>);
    impl Bytes for Told {
        fn len(&self) -> u64 {
            1 << 20
        }
        fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
            None
        }
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
            let end = offset + buf.len() as u64;
            let told = self.0.lock().unwrap();
            assert!(told.iter().any(|range| range.start <= offset && end <= range.end));
            buf.fill(0);
            Ok(())
        }
        fn jump(&self) -> u64 {
            1 << 20
        }
        fn will_read(&self, ranges: &[Range<u64>]) {
            self.0.lock().unwrap().extend(ranges.iter().cloned());
        }
    }
    let data = Arc::new(Told(Mutex::new(Vec::new())));
    let view = View::packed(&[1 << 10, 1 << 9]);
    let tensor = tensor_of(Dtype::F16, Endian::Little, view, 0, data.clone());
    let window = Window { rows: 256..258, cols: 128..256, block: (1, 1) };
    let request = TileRequest { window, fold: Fold::Rms, sample_bytes: None };
    tile(&tensor, &request, Work::quiet()).unwrap();
    let row = |row: u64| row * 1024 + 256..row * 1024 + 512;
    assert_eq!(*data.0.lock().unwrap(), [row(256), row(257)]);
}

#[test]
fn a_small_stream_is_read_once() {
    let values = tame(40 * 30, 8);
    let data = Arc::new(Stream::new(bytes_of(&values)));
    let tensor = tensor_of(Dtype::F32, Endian::Little, View::packed(&[40, 30]), 0, data);
    let request = GridRequest::new(10, 10, Fold::Mean);
    let grid = reduce(&tensor, request, Work::on(2)).unwrap();
    check(&grid, &wide(&values), request, "a small stream");
    assert_eq!(grid.summary.elements, 1200);
}

#[test]
fn cells_past_memory_are_an_error() {
    let view = View { shape: vec![1 << 30, 1 << 30], strides: vec![0, 0], offset: 0 };
    let data = Arc::new(Memory::new(vec![0; 4]));
    let tensor = tensor_of(Dtype::F32, Endian::Little, view, 0, data);
    let request = GridRequest::new(usize::MAX, usize::MAX, Fold::Mean);
    let error = reduce(&tensor, request, Work::quiet()).unwrap_err();
    assert!(matches!(error, TensorError::OutOfMemory { .. }));
    let grid = reduce(&tensor, GridRequest::new(5, 3, Fold::Ink), Work::quiet()).unwrap();
    assert_eq!((grid.values, grid.read), (vec![0.0; 15], (1 << 30, 1 << 30)));
    assert_eq!(grid.summary.elements, 1 << 60);
}

/// Counts bytes, and cancels once there are more than `most`.
struct Told {
    bytes: AtomicU64,
    most: u64,
}

impl Told {
    fn until(most: u64) -> Self {
        Told { bytes: AtomicU64::new(0), most }
    }

    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }
}

impl Progress for Told {
    fn advance(&self, bytes: u64) -> ControlFlow<()> {
        let before = self.bytes.fetch_add(bytes, Ordering::SeqCst);
        if before + bytes > self.most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn progress_counts_every_byte_and_may_stop_the_work() {
    let tensor = packed(Dtype::F32, &[1024, 1024], vec![0; 4 << 20]);
    let request = GridRequest::new(200, 200, Fold::Mean);
    for threads in [1, 3] {
        let told = Told::until(u64::MAX);
        reduce(&tensor, request, Work { threads, progress: &told }).unwrap();
        assert_eq!(told.bytes(), 4 << 20);
        let told = Told::until(1 << 20);
        let error = reduce(&tensor, request, Work { threads, progress: &told }).unwrap_err();
        assert!(matches!(error, TensorError::Cancelled(_)));
    }
}

#[test]
fn long_rows_of_cells_are_left_where_the_work_is_cancelled() {
    // A row of cells has 16 MiB: it is neither read to its end nor reported as one number.
    let view = View { shape: vec![64 << 10, 4096], strides: vec![1, 1], offset: 0 };
    let data = Arc::new(Memory::new(vec![0; (68 << 10) * 4]));
    let tensor = tensor_of(Dtype::F32, Endian::Little, view, 0, data);
    for threads in [1, 3] {
        let told = Told::until(1 << 20);
        let request = GridRequest::new(64, 64, Fold::Rms);
        let error = reduce(&tensor, request, Work { threads, progress: &told }).unwrap_err();
        assert!(matches!(error, TensorError::Cancelled(_)));
        assert!(told.bytes() <= (1 << 20) + (threads as u64 + 1) * (512 << 10), "{}", told.bytes());

        let told = Told::until(1 << 20);
        let work = Work { threads, progress: &told };
        let pairs = side_by_side(&tensor, &tensor, 64 << 20, work, || (), |(), _| ());
        assert!(matches!(pairs.unwrap_err(), TensorError::Cancelled(_)));
        assert!(told.bytes() <= (1 << 20) + (threads as u64 + 1) * (2 << 20), "{}", told.bytes());
    }
}

proptest! {
    #[test]
    fn any_small_matrix(
        rows in 1usize..30,
        cols in 1usize..30,
        max_rows in 1usize..12,
        max_cols in 1usize..12,
        fortran in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut random = Random(seed);
        let mut values = tame(rows * cols, seed);
        for value in &mut values {
            if random.next().is_multiple_of(16) {
                *value = f32::from_bits(random.next() as u32);
            }
        }
        let view = match fortran {
            true => View::packed_fortran(&[rows, cols]),
            false => View::packed(&[rows, cols]),
        };
        let bytes = bytes_of(&values);
        let data = Arc::new(Memory::new(bytes.clone()));
        let tensor = tensor_of(Dtype::F32, Endian::Little, view, 0, data);
        check_all(&tensor, &plain_values(&tensor, &bytes), (max_rows, max_cols), "any");
    }
}
