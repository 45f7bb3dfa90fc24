//! Tiles of a matrix are the matrix, at every level and however it is cut.

use crate::common;

use std::sync::Arc;

use common::{Readable, Stream};
use hinton_tensor::reduce::Mark;
use hinton_tensor::{
    Bytes, Dtype, Endian, Fold, Grid, GridRequest, Memory, Pyramid, Summary, Tensor, TileRequest,
    Tiling, View, Window, Work, reduce, summarize, tile,
};
use proptest::prelude::*;

const FOLDS: [Fold; 6] = [Fold::Mean, Fold::Extreme, Fold::Max, Fold::Min, Fold::Rms, Fold::Ink];

fn folded(tensor: &Tensor, window: Window, fold: Fold, threads: usize) -> Grid {
    let request = TileRequest { window, fold, sample_bytes: None };
    tile(tensor, &request, Work { threads, ..Work::quiet() }).unwrap()
}

/// Numbers of very different sizes, so that the order of sums shows; some not finite.
fn noise(count: usize, seed: u64, odd: bool) -> Vec<f32> {
    let mut state = seed | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let value =
            ((state >> 40) as f32 / 8_388_608.0 - 1.0) * 10f32.powi((state % 23) as i32 - 11);
        match state % 97 {
            0 if odd => f32::NAN,
            1 if odd => f32::INFINITY,
            2 if odd => f32::NEG_INFINITY,
            _ => value,
        }
    };
    (0..count).map(next).collect()
}

/// What must be equal bit for bit: values, second plane, marks.
fn bits(grid: &Grid) -> (Vec<u32>, Vec<u32>, Vec<Mark>) {
    let of = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let second = if grid.negative.is_empty() { &grid.balance } else { &grid.negative };
    let marks = match grid.marks.is_empty() {
        true => vec![Mark::None; grid.values.len()],
        false => grid.marks.clone(),
    };
    (of(&grid.values), of(second), marks)
}

/// Puts the tiles of a level together, in pieces of whole blocks of any size.
fn assembled(tensor: &Tensor, block: (usize, usize), cut: (usize, usize), fold: Fold) -> Grid {
    let &[rows, cols] = tensor.shape() else { panic!("a matrix") };
    let whole = Window { rows: 0..rows, cols: 0..cols, block };
    let (down, across) = whole.cells();
    let mut all = folded(tensor, whole, fold, 1);
    all.values.iter_mut().for_each(|value| *value = 7.0);
    let has_marks = !all.marks.is_empty();
    for first_row in (0..down).step_by(cut.0) {
        for first_col in (0..across).step_by(cut.1) {
            let window = Window {
                rows: first_row * block.0..rows.min((first_row + cut.0) * block.0),
                cols: first_col * block.1..cols.min((first_col + cut.1) * block.1),
                block,
            };
            let grid = folded(tensor, window, fold, 1 + (first_row + first_col) % 3);
            for row in 0..grid.rows {
                for col in 0..grid.cols {
                    let (from, to) =
                        (row * grid.cols + col, (first_row + row) * across + first_col + col);
                    all.values[to] = grid.values[from];
                    if !grid.negative.is_empty() {
                        all.negative[to] = grid.negative[from];
                    }
                    if !grid.balance.is_empty() {
                        all.balance[to] = grid.balance[from];
                    }
                    let mark = grid.marks.get(from).copied().unwrap_or_default();
                    assert!(has_marks || mark == Mark::None);
                    if has_marks {
                        all.marks[to] = mark;
                    }
                }
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_tiling_at_any_level_is_the_matrix_whole(
        rows in 1usize..90,
        cols in 1usize..90,
        level in (0u32..8, 0u32..8),
        cut in (1usize..5, 1usize..5),
        fold in 0usize..6,
        seed in any::<u64>(),
        odd in any::<bool>(),
        transposed in any::<bool>(),
        flipped in any::<bool>(),
    ) {
        let tensor = Tensor::from_f32("w", &[rows, cols], &noise(rows * cols, seed, odd)).unwrap();
        let tensor = if transposed { tensor.transpose().unwrap() } else { tensor };
        let tensor = if flipped { tensor.slice(&"[::-1,::2]".parse().unwrap()).unwrap() } else { tensor };
        let &[rows, cols] = tensor.shape() else { unreachable!() };
        let block = Tiling::new(rows, cols).block(level);
        let whole = folded(&tensor, Tiling::new(rows, cols).all(block), FOLDS[fold], 2);
        prop_assert_eq!(whole.block, block);
        prop_assert_eq!(bits(&assembled(&tensor, block, cut, FOLDS[fold])), bits(&whole));
        // A block that a page would choose gives the page's cells, but for the order of sums.
        let request = GridRequest::new(rows.div_ceil(block.0), cols.div_ceil(block.1), FOLDS[fold]);
        let page = reduce(&tensor, request, Work::quiet()).unwrap();
        if page.block == block {
            for (one, two) in whole.values.iter().zip(&page.values) {
                prop_assert!(one.to_bits() == two.to_bits() || (one - two).abs() <= 1e-5 * two.abs());
            }
            prop_assert_eq!(bits(&whole).2, bits(&page).2);
        }
    }
}

#[test]
fn large_matrices_are_the_same_in_tiles_of_the_viewer() {
    let (rows, cols) = (1200, 5000);
    let values = noise(rows * cols, 3, true);
    let tensor = Tensor::from_f32("w", &[rows, cols], &values).unwrap();
    let tiling = Tiling::new(rows, cols);
    for level in [(0, 0), (1, 1), (4, 2), (11, 11)] {
        let block = tiling.block(level);
        for fold in [Fold::Rms, Fold::Ink, Fold::Extreme] {
            let whole = folded(&tensor, tiling.all(block), fold, 2);
            let cells = assembled(&tensor, block, (256, 256), fold);
            assert!(bits(&cells) == bits(&whole), "{level:?} {fold:?}");
        }
    }
}

#[test]
fn packed_codes_and_streams_are_windowed_where_they_lie() {
    let bytes: Vec<u8> = noise(5000, 9, false).iter().map(|value| value.to_bits() as u8).collect();
    let sources: [Arc<dyn Bytes>; 3] = [
        Arc::new(Memory::new(bytes.clone())),
        Arc::new(Readable(bytes.clone())),
        Arc::new(Stream::new(bytes.clone())),
    ];
    for dtype in [Dtype::F4, Dtype::U8] {
        let shape = [93, 51];
        let of = |data: &Arc<dyn Bytes>| {
            let (view, data) = (View::packed(&shape), Arc::clone(data));
            Tensor::new("w", "memory", dtype, Endian::Little, view, 0, data).unwrap()
        };
        let whole = of(&sources[0]);
        let values = whole.to_f32().unwrap();
        // A stream can't go back to the byte that two codes share.
        let of_dtype = if dtype.is_byte_sized() { &sources[..] } else { &sources[..2] };
        for data in of_dtype {
            let window = Window { rows: 7..90, cols: 3..50, block: (1, 1) };
            let grid = folded(&of(data), window, Fold::Mean, 1);
            for row in 0..grid.rows {
                let line = &values[(row + 7) * 51 + 3..][..47];
                assert_eq!(&grid.values[row * 47..][..47], line, "{dtype} row {row}");
            }
        }
    }
}

#[test]
fn samples_read_fewer_rows_and_say_so() {
    let tensor = Tensor::from_f32("w", &[512, 512], &vec![1.5; 512 * 512]).unwrap();
    let window = Tiling::new(512, 512).tile((5, 5), 0, 0).unwrap();
    let request = TileRequest { window, fold: Fold::Rms, sample_bytes: Some(64 << 10) };
    let grid = tile(&tensor, &request, Work::quiet()).unwrap();
    assert!(grid.is_sampled() && grid.read.0 < 100, "{:?}", grid.read);
    assert!(grid.values.iter().all(|&value| value == 1.5));
}

#[test]
fn a_pyramid_is_the_same_from_memory_from_a_file_and_on_any_number_of_threads() {
    // Wider than what is folded at once: in memory, rows are then read where they lie.
    let (rows, cols) = (130, 4096 + 900);
    let values = noise(rows * cols, 11, true);
    let f32s: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let bf16s: Vec<u8> =
        values.iter().flat_map(|value| value.to_le_bytes()[2..].to_vec()).collect();
    for (dtype, bytes) in [(Dtype::F32, f32s), (Dtype::Bf16, bf16s)] {
        let of = |data: Arc<dyn Bytes>| {
            let view = View::packed(&[rows, cols]);
            Tensor::new("w", "test", dtype, Endian::Little, view, 0, data).unwrap()
        };
        let build = |tensor: &Tensor, threads| {
            Pyramid::build(tensor, 1 << 16, Work { threads, ..Work::quiet() }).unwrap()
        };
        let (memory, summary) = build(&of(Arc::new(Memory::new(bytes.clone()))), 1);
        assert_eq!(memory.levels(), (4, 4));
        for threads in [1, 3] {
            let (read, of_read) = build(&of(Arc::new(Readable(bytes.clone()))), threads);
            assert_eq!(read, memory, "{dtype:?}");
            assert_eq!(of_read, summary, "{dtype:?}");
        }
    }
}

#[test]
fn a_pyramid_has_the_cells_of_the_file() {
    for (rows, cols, odd) in
        [(700, 900, true), (3, 5000, false), (1, 70_000, true), (64, 64, false)]
    {
        let tensor = Tensor::from_f32("w", &[rows, cols], &noise(rows * cols, 5, odd)).unwrap();
        for tensor in [tensor.clone(), tensor.transpose().unwrap()] {
            let (pyramid, summary) = Pyramid::build(&tensor, 10_000, Work::on(2)).unwrap();
            // But for the order of sums.
            let alone = summarize(&tensor, Work::quiet()).unwrap();
            let facts =
                |s: &Summary| (s.elements, s.nan, s.min(), s.max(), s.zeros, s.quantile(0.3));
            assert_eq!(facts(&summary), facts(&alone));
            let &[rows, cols] = tensor.shape() else { unreachable!() };
            let tiling = Tiling::new(rows, cols);
            let base = pyramid.levels().0;
            assert!(pyramid.bytes() <= 2 * 40 * 10_000, "{}", pyramid.bytes());
            assert!(base == 4 || pyramid.tile((base - 1, base), 0, 0, Fold::Rms).is_none());
            for levels in [(base, base), (base + 1, base + 3), (base + 9, base + 9)] {
                for fold in FOLDS {
                    let (down, across) = tiling.tiles(levels);
                    let (row, col) = (down - 1, across - 1);
                    let kept = pyramid.tile(levels, row, col, fold).unwrap();
                    let read = folded(&tensor, tiling.tile(levels, row, col).unwrap(), fold, 1);
                    assert_eq!(
                        (kept.rows, kept.cols, kept.block),
                        (read.rows, read.cols, read.block)
                    );
                    assert_eq!(bits(&kept).2, bits(&read).2);
                    let near = |a: &[f32], b: &[f32], absolute: f32| {
                        a.len() == b.len()
                            && a.iter().zip(b).all(|(a, b)| {
                                a.to_bits() == b.to_bits()
                                    || (a - b).abs() <= absolute + 1e-5 * b.abs()
                            })
                    };
                    // A mean may lose digits where parts of both signs nearly cancel.
                    let absolute = match fold {
                        Fold::Mean | Fold::Ink => 1e-3,
                        _ => 0.0,
                    };
                    assert!(near(&kept.values, &read.values, absolute), "{levels:?} {fold:?}");
                    assert!(near(&kept.negative, &read.negative, absolute), "{levels:?} {fold:?}");
                    assert!(near(&kept.balance, &read.balance, 1e-5), "{levels:?} {fold:?}");
                }
            }
        }
    }
}

#[test]
fn kurtosis_is_that_of_scipy() {
    // scipy.stats.kurtosis([1, 2, 3, 4, 100], fisher=False) and of ten zeros and a one.
    let of = |values: &[f32]| {
        let tensor = Tensor::from_f32("w", &[values.len()], values).unwrap();
        summarize(&tensor, Work::quiet()).unwrap().kurtosis()
    };
    assert!((of(&[1.0, 2.0, 3.0, 4.0, 100.0]).unwrap() - 3.246_716).abs() < 1e-4);
    assert!(
        (of(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]).unwrap() - 9.1).abs() < 1e-9
    );
    assert_eq!(of(&[2.0, 2.0]), None);
}

#[test]
fn windows_outside_are_refused() {
    let tensor = Tensor::from_f32("w", &[2, 3], &[0.0; 6]).unwrap();
    let window = Window { rows: 0..3, cols: 0..3, block: (1, 1) };
    let request = TileRequest { window, fold: Fold::Mean, sample_bytes: None };
    let error = tile(&tensor, &request, Work::quiet()).unwrap_err();
    assert!(error.to_string().contains("rows 0..3"), "{error}");
}

#[test]
fn a_pyramid_comes_back_from_its_bytes_and_damage_is_seen() {
    for (rows, cols) in [(300, 500), (1, 9000), (1, 1), (0, 7)] {
        let tensor = Tensor::from_f32("w", &[rows, cols], &noise(rows * cols, 3, true)).unwrap();
        let (pyramid, _) = Pyramid::build(&tensor, 2000, Work::quiet()).unwrap();
        let bytes = pyramid.to_bytes();
        let again = Pyramid::from_bytes(&bytes).unwrap();
        assert_eq!(again, pyramid, "{rows} x {cols}");
        assert!(again.is_of((rows, cols), 2000) && !again.is_of((rows + 1, cols), 2000));
        for len in (0..bytes.len()).step_by(7) {
            assert!(Pyramid::from_bytes(&bytes[..len]).is_err(), "{len}");
        }
        // The last eight bytes of the header mean nothing.
        for index in (0..bytes.len()).filter(|index| !(56..64).contains(index)) {
            let mut changed = bytes.clone();
            changed[index] ^= 0x40;
            assert!(Pyramid::from_bytes(&changed).is_err(), "{rows} x {cols}: byte {index}");
        }
    }
    // A matrix of that shape would have more cells than there is memory.
    let (pyramid, _) =
        Pyramid::build(&Tensor::from_f32("w", &[1, 1], &[1.0]).unwrap(), 1, Work::quiet()).unwrap();
    let mut huge = pyramid.to_bytes();
    huge[16..24].copy_from_slice(&(1u64 << 60).to_le_bytes());
    huge[32..40].copy_from_slice(&(1u64 << 57).to_le_bytes());
    // Its digest would be wrong too, but its size is looked at first.
    let error = Pyramid::from_bytes(&huge).unwrap_err();
    assert!(error.why.contains("its cells are not those of its matrix"), "{error}");
}
