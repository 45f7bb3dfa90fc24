//! Folds rows of floats as they are stored: each value is decoded and added to what its column has
//! come to while it is in a register. The sums have the same order, and hence the same bits, as those
//! of [`Sums::add_rows`].

use super::Fold;
use super::cells::Sums;
use crate::Dtype;
use crate::decode::half;
use crate::simd::{self, Kernel};

/// Columns that are folded together: two vectors of 512 bits of `f64` for each sum.
const LANES: usize = 16;

/// Rows of stored values.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    pub(super) dtype: Dtype,
    /// Bytes of a value.
    pub(super) size: usize,
    pub(super) bytes: &'a [u8],
    /// Bytes from the start of a row to that of the next.
    pub(super) pitch: usize,
    pub(super) rows: usize,
    /// Values in a row.
    pub(super) width: usize,
}

impl<'a> Stored<'a> {
    pub(super) fn row(&self, row: usize) -> &'a [u8] {
        &self.bytes[row * self.pitch..][..self.width * self.size]
    }
}

/// Whether values of this type can be folded as they are stored.
pub(super) fn is_direct(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::F32 | Dtype::F16 | Dtype::Bf16)
}

/// Adds rows of values to the sums of their columns, and to their ends where those are taken; the sums
/// were just cleared. Returns false if some value is not finite: the sums are of no use then.
pub(super) fn add_rows(sums: &mut Sums, stored: Stored<'_>) -> bool {
    // A sum of squares or values shows it by itself; the others pass over NaN.
    let is_shown = matches!(sums.fold, Fold::Mean | Fold::Rms);
    if !is_shown && any_odd(stored) {
        return false;
    }
    simd::run(AddStored { sums, stored });
    !is_shown || sums.are_finite()
}

/// Whether some value is NaN or infinite.
fn any_odd(stored: Stored<'_>) -> bool {
    (0..stored.rows).any(|row| simd::run(AnyOdd(stored.dtype, stored.row(row))))
}

#[derive(Clone)]
struct AnyOdd<'a>(Dtype, &'a [u8]);

impl Kernel for AnyOdd<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<const WIDE: bool>(self) -> bool {
        let AnyOdd(dtype, bytes) = self;
        let halves = |least: u16| {
            let halves = bytes.as_chunks().0.iter();
            halves.fold(0, |most: u16, &half| most.max(u16::from_le_bytes(half) & 0x7FFF)) >= least
        };
        match dtype {
            Dtype::F16 => halves(0x7C00),
            Dtype::Bf16 => halves(0x7F80),
            _ => {
                let values = bytes.as_chunks().0.iter();
                let bits = values.map(|&value| u32::from_le_bytes(value) & 0x7FFF_FFFF);
                bits.fold(0, u32::max) >= 0x7F80_0000
            }
        }
    }
}

struct AddStored<'a> {
    sums: &'a mut Sums,
    stored: Stored<'a>,
}

impl Kernel for AddStored<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let AddStored { sums, stored } = self;
        match stored.dtype {
            Dtype::F16 => {
                by_fold(sums, stored, |bytes| half::f16(u16::from_le_bytes(bytes)));
            }
            Dtype::Bf16 => {
                by_fold(sums, stored, |bytes| half::bf16(u16::from_le_bytes(bytes)));
            }
            _ => by_fold(sums, stored, f32::from_le_bytes),
        }
    }
}

#[inline(always)]
fn by_fold<const SIZE: usize>(
    sums: &mut Sums,
    stored: Stored<'_>,
    decode: impl Fn([u8; SIZE]) -> f32 + Copy,
) {
    match (sums.fold, sums.with_ends) {
        (Fold::Mean, _) => columns::<SIZE, Total<LANES>, Total<1>>(sums, stored, decode),
        (Fold::Ink, _) => columns::<SIZE, Signs<LANES>, Signs<1>>(sums, stored, decode),
        (Fold::Rms, false) => columns::<SIZE, Moments<LANES>, Moments<1>>(sums, stored, decode),
        (Fold::Rms, true) => columns::<SIZE, Cells<LANES>, Cells<1>>(sums, stored, decode),
        (Fold::Extreme | Fold::Max | Fold::Min, _) => {
            columns::<SIZE, Ends<LANES>, Ends<1>>(sums, stored, decode);
        }
    }
}

/// Goes through groups of columns, each from the first row to the last.
#[inline(always)]
fn columns<const SIZE: usize, A: Group<LANES>, B: Group<1>>(
    sums: &mut Sums,
    stored: Stored<'_>,
    decode: impl Fn([u8; SIZE]) -> f32 + Copy,
) {
    let whole = stored.width / LANES * LANES;
    for col in (0..whole).step_by(LANES) {
        down::<SIZE, LANES, A>(sums, stored, col, decode);
    }
    for col in whole..stored.width {
        down::<SIZE, 1, B>(sums, stored, col, decode);
    }
}

/// Adds `N` columns from `col` on, four rows at a time where there are four.
#[inline(always)]
fn down<const SIZE: usize, const N: usize, G: Group<N>>(
    sums: &mut Sums,
    stored: Stored<'_>,
    col: usize,
    decode: impl Fn([u8; SIZE]) -> f32 + Copy,
) {
    let values = |row: usize| -> [f32; N] {
        let bytes = &stored.bytes[row * stored.pitch + col * SIZE..][..N * SIZE];
        let values = bytes.as_chunks::<SIZE>().0;
        std::array::from_fn(|lane| decode(values[lane]))
    };
    let mut group = G::load(sums, col);
    let fours = stored.rows / 4 * 4;
    for row in (0..fours).step_by(4) {
        group.add([values(row), values(row + 1), values(row + 2), values(row + 3)]);
    }
    for row in fours..stored.rows {
        group.add([values(row)]);
    }
    group.store(sums, col);
}

/// What `N` neighbouring columns have come to.
trait Group<const N: usize> {
    /// What [`Sums`] have of the columns from `col` on.
    fn load(sums: &Sums, col: usize) -> Self;
    /// Adds rows.
    fn add<const ROWS: usize>(&mut self, rows: [[f32; N]; ROWS]);
    /// Puts it back to where it was loaded from.
    fn store(self, sums: &mut Sums, col: usize);
}

#[inline(always)]
fn loaded<T: Copy, const N: usize>(list: &[T], col: usize) -> [T; N] {
    let list = &list[col..][..N];
    std::array::from_fn(|lane| list[lane])
}

/// Adds a part of each value to its column's sum.
#[inline(always)]
fn add_part<const N: usize, const ROWS: usize>(
    sums: &mut [f64; N],
    rows: &[[f32; N]; ROWS],
    part: impl Fn(f64) -> f64,
) {
    let mut all = rows[0].map(|value| part(f64::from(value)));
    for row in &rows[1..] {
        for lane in 0..N {
            all[lane] += part(f64::from(row[lane]));
        }
    }
    for lane in 0..N {
        sums[lane] += all[lane];
    }
}

/// For [`Fold::Mean`].
struct Total<const N: usize>([f64; N]);

impl<const N: usize> Group<N> for Total<N> {
    #[inline(always)]
    fn load(sums: &Sums, col: usize) -> Self {
        Total(loaded(&sums.sum, col))
    }

    #[inline(always)]
    fn add<const ROWS: usize>(&mut self, rows: [[f32; N]; ROWS]) {
        add_part(&mut self.0, &rows, |value| value);
    }

    #[inline(always)]
    fn store(self, sums: &mut Sums, col: usize) {
        sums.sum[col..][..N].copy_from_slice(&self.0);
    }
}

/// For [`Fold::Ink`].
struct Signs<const N: usize> {
    positive: [f64; N],
    negative: [f64; N],
}

impl<const N: usize> Group<N> for Signs<N> {
    #[inline(always)]
    fn load(sums: &Sums, col: usize) -> Self {
        Signs { positive: loaded(&sums.sum, col), negative: loaded(&sums.negative, col) }
    }

    #[inline(always)]
    fn add<const ROWS: usize>(&mut self, rows: [[f32; N]; ROWS]) {
        add_part(&mut self.positive, &rows, |value| if value > 0.0 { value } else { 0.0 });
        add_part(&mut self.negative, &rows, |value| if value < 0.0 { -value } else { 0.0 });
    }

    #[inline(always)]
    fn store(self, sums: &mut Sums, col: usize) {
        sums.sum[col..][..N].copy_from_slice(&self.positive);
        sums.negative[col..][..N].copy_from_slice(&self.negative);
    }
}

/// For [`Fold::Rms`].
struct Moments<const N: usize> {
    sum: [f64; N],
    magnitudes: [f64; N],
    squares: [f64; N],
}

impl<const N: usize> Group<N> for Moments<N> {
    #[inline(always)]
    fn load(sums: &Sums, col: usize) -> Self {
        Moments {
            sum: loaded(&sums.sum, col),
            magnitudes: loaded(&sums.magnitudes, col),
            squares: loaded(&sums.squares, col),
        }
    }

    #[inline(always)]
    fn add<const ROWS: usize>(&mut self, rows: [[f32; N]; ROWS]) {
        add_part(&mut self.sum, &rows, |value| value);
        add_part(&mut self.magnitudes, &rows, f64::abs);
        add_part(&mut self.squares, &rows, |value| value * value);
    }

    #[inline(always)]
    fn store(self, sums: &mut Sums, col: usize) {
        sums.sum[col..][..N].copy_from_slice(&self.sum);
        sums.magnitudes[col..][..N].copy_from_slice(&self.magnitudes);
        sums.squares[col..][..N].copy_from_slice(&self.squares);
    }
}

/// For the folds that take ends.
struct Ends<const N: usize> {
    low: [f32; N],
    high: [f32; N],
}

impl<const N: usize> Group<N> for Ends<N> {
    #[inline(always)]
    fn load(sums: &Sums, col: usize) -> Self {
        Ends { low: loaded(&sums.low, col), high: loaded(&sums.high, col) }
    }

    #[inline(always)]
    fn add<const ROWS: usize>(&mut self, rows: [[f32; N]; ROWS]) {
        for row in &rows {
            for (lane, &value) in row.iter().enumerate() {
                self.low[lane] = if value < self.low[lane] { value } else { self.low[lane] };
                self.high[lane] = if value > self.high[lane] { value } else { self.high[lane] };
            }
        }
    }

    #[inline(always)]
    fn store(self, sums: &mut Sums, col: usize) {
        sums.low[col..][..N].copy_from_slice(&self.low);
        sums.high[col..][..N].copy_from_slice(&self.high);
    }
}

/// For cells that can be folded again.
struct Cells<const N: usize>(Moments<N>, Ends<N>);

impl<const N: usize> Group<N> for Cells<N> {
    #[inline(always)]
    fn load(sums: &Sums, col: usize) -> Self {
        Cells(Moments::load(sums, col), Ends::load(sums, col))
    }

    #[inline(always)]
    fn add<const ROWS: usize>(&mut self, rows: [[f32; N]; ROWS]) {
        self.0.add(rows);
        self.1.add(rows);
    }

    #[inline(always)]
    fn store(self, sums: &mut Sums, col: usize) {
        self.0.store(sums, col);
        self.1.store(sums, col);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDS: [(Fold, bool); 7] = [
        (Fold::Mean, false),
        (Fold::Ink, false),
        (Fold::Rms, false),
        (Fold::Rms, true),
        (Fold::Extreme, false),
        (Fold::Max, false),
        (Fold::Min, false),
    ];
    /// Two groups of columns and some left over; rows in fours and some left over.
    const WIDTH: usize = 2 * LANES + 5;
    const ROWS: usize = 11;
    /// Rows lie apart.
    const PITCH: usize = WIDTH + 3;

    /// Finite values of many exponents, both zeros and subnormal numbers among them.
    fn bytes(dtype: Dtype) -> Vec<u8> {
        let mut state = 7u32;
        let patterns = (0..PITCH * ROWS).flat_map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let exponent = if dtype == Dtype::F32 { 0x4000_0000 } else { 0x4000 };
            // Without the upper bit of the exponent nothing is infinite.
            let pattern = match (dtype, index % 7) {
                (_, 0) => 0,
                (Dtype::F32, _) => state & !exponent,
                _ => state >> 16 & !exponent,
            };
            pattern.to_le_bytes().into_iter().take(if dtype == Dtype::F32 { 4 } else { 2 })
        });
        patterns.collect()
    }

    fn stored(dtype: Dtype, bytes: &[u8]) -> Stored<'_> {
        let size = bytes.len() / (PITCH * ROWS);
        Stored { dtype, size, bytes, pitch: PITCH * size, rows: ROWS, width: WIDTH }
    }

    fn bits(sums: &Sums) -> Vec<u64> {
        let wide = [&sums.sum, &sums.negative, &sums.magnitudes, &sums.squares];
        let wide = wide.into_iter().flatten().map(|sum| sum.to_bits());
        let ends = [&sums.low, &sums.high].into_iter().flatten();
        wide.chain(ends.map(|end| u64::from(end.to_bits()))).collect()
    }

    #[test]
    fn sums_are_those_of_decoded_values() {
        for dtype in [Dtype::F32, Dtype::F16, Dtype::Bf16] {
            let bytes = bytes(dtype);
            let stored = stored(dtype, &bytes);
            let mut values = vec![0.0; WIDTH * ROWS];
            for (row, part) in values.chunks_exact_mut(WIDTH).enumerate() {
                crate::decode::le::to_f32(dtype, stored.row(row), part);
            }
            for (fold, with_ends) in FOLDS {
                let mut expected = Sums::new(fold, with_ends, WIDTH);
                if with_ends {
                    expected.add_ends(&values, WIDTH);
                }
                expected.add_rows(&values, WIDTH);
                let mut found = Sums::new(fold, with_ends, WIDTH);
                assert!(add_rows(&mut found, stored), "{dtype:?} {fold:?}");
                assert_eq!(bits(&found), bits(&expected), "{dtype:?} {fold:?}");
                assert!(bits(&found).len() >= WIDTH);
            }
        }
    }

    #[test]
    fn values_that_are_not_finite_are_noticed_wherever_they_are() {
        for dtype in [Dtype::F32, Dtype::F16, Dtype::Bf16] {
            let odd: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
            for (odd, (fold, with_ends)) in odd.into_iter().flat_map(|v| FOLDS.map(|f| (v, f))) {
                for place in [0, WIDTH - 1, PITCH * (ROWS - 1) + LANES] {
                    let mut bytes = bytes(dtype);
                    let size = bytes.len() / (PITCH * ROWS);
                    // The upper half of an `f32` is the same number as a bfloat16.
                    let pattern = match dtype {
                        Dtype::F16 => [
                            0,
                            (odd.to_bits() >> 24) as u8 & 0x80 | (0x7C + u8::from(odd.is_nan())),
                        ],
                        _ => [(odd.to_bits() >> 16) as u8, (odd.to_bits() >> 24) as u8],
                    };
                    bytes[place * size..][..size].fill(0);
                    bytes[(place + 1) * size - 2..][..2].copy_from_slice(&pattern);
                    let mut sums = Sums::new(fold, with_ends, WIDTH);
                    let is_finite = add_rows(&mut sums, stored(dtype, &bytes));
                    assert!(!is_finite, "{dtype:?} {fold:?} {odd} at {place}");
                }
            }
        }
    }

    #[derive(Clone)]
    struct Added<'a>(Stored<'a>, Fold, bool);

    impl Kernel for Added<'_> {
        type Output = Vec<u64>;

        #[inline(always)]
        fn run<const WIDE: bool>(self) -> Vec<u64> {
            let Added(stored, fold, with_ends) = self;
            let mut sums = Sums::new(fold, with_ends, WIDTH);
            AddStored { sums: &mut sums, stored }.run::<WIDE>();
            bits(&sums)
        }
    }

    #[test]
    fn every_set_of_vector_instructions_gives_the_same_bits() {
        for dtype in [Dtype::F32, Dtype::F16, Dtype::Bf16] {
            let bytes = bytes(dtype);
            for (fold, with_ends) in FOLDS {
                let found = simd::run_all(Added(stored(dtype, &bytes), fold, with_ends));
                assert!(found.iter().all(|(_, bits)| *bits == found[0].1), "{dtype:?} {fold:?}");
            }
        }
    }
}
