//! Computes the singular values of a bidiagonal matrix, accurate to the last bits, by counting how
//! many are below a bound: the signs of the stationary qd transform (Fernando 1998, Dhillon 1997).
//! Values are computed independently, so any number of threads gives the same result.

use hinton_tensor::{Cancelled, Work, share_out};

use super::{Diagonals, pause};
use hinton_tensor::simd::{self, Kernel};

/// Values that are found side by side.
const LANES: usize = 8;
/// Squares below this count as zero.
const LEAST: f64 = 1e-290;

/// All singular values, falling. Those below 1e-140 times the largest are zero.
pub(super) fn values(diagonals: &Diagonals, work: Work<'_>) -> Result<Vec<f64>, Cancelled> {
    pause(work)?;
    let count = diagonals.main.len();
    let reach = |at: usize| {
        let beside =
            |at: Option<usize>| at.and_then(|at| diagonals.upper.get(at)).map_or(0.0, |x| x.abs());
        let main = diagonals.main[at].abs();
        main + beside(Some(at)).max(beside(at.checked_sub(1)))
    };
    let bound = (0..count).map(reach).fold(0.0, f64::max) * 2.0;
    if bound == 0.0 {
        return Ok(vec![0.0; count]);
    }
    let square = |x: &f64| x / bound * (x / bound);
    let main: Vec<f64> = diagonals.main.iter().map(square).collect();
    let mut upper: Vec<f64> = diagonals.upper.iter().map(square).collect();
    upper.push(0.0);
    let pieces: Vec<usize> = (0..count).step_by(LANES).collect();
    let found = share_out(pieces, work.threads, |first| {
        pause(work)?;
        Ok(simd::run(Bisection { main: &main, upper: &upper, first }))
    });
    let found: Vec<[f64; LANES]> = found.into_iter().collect::<Result<_, Cancelled>>()?;
    let mut values: Vec<f64> = found.into_iter().flatten().take(count).map(|x| x * bound).collect();
    values.reverse();
    Ok(values)
}

struct Bisection<'a> {
    main: &'a [f64],
    upper: &'a [f64],
    /// The first of the values, from the least.
    first: usize,
}

impl Kernel for Bisection<'_> {
    type Output = [f64; LANES];

    /// Halves the patterns of bits between two bounds, which are in the order of the values.
    #[inline(always)]
    fn run<const WIDE: bool>(self) -> [f64; LANES] {
        let mut low = [0u64; LANES];
        let mut high = [1.0f64.to_bits(); LANES];
        while (0..LANES).any(|lane| high[lane] - low[lane] > 2) {
            let mut middle = [0u64; LANES];
            let mut squares = [0.0; LANES];
            for lane in 0..LANES {
                middle[lane] = low[lane] + (high[lane] - low[lane]) / 2;
                let value = f64::from_bits(middle[lane]);
                squares[lane] = value * value;
            }
            let below = self.below(squares);
            for lane in 0..LANES {
                let is_below = below[lane] > (self.first + lane) as f64;
                let (least, most) = (low[lane], high[lane]);
                low[lane] = if is_below { least } else { middle[lane] };
                high[lane] = if is_below { middle[lane] } else { most };
            }
        }
        let value = |lane: usize| {
            let value = f64::from_bits(low[lane] + (high[lane] - low[lane]) / 2);
            if value * value < LEAST { 0.0 } else { value }
        };
        std::array::from_fn(value)
    }
}

impl Bisection<'_> {
    /// How many squared singular values lie below each bound.
    #[inline(always)]
    fn below(&self, bounds: [f64; LANES]) -> [f64; LANES] {
        let mut shifted = [0.0; LANES];
        let mut counts = [0.0; LANES];
        for lane in 0..LANES {
            shifted[lane] = -bounds[lane];
        }
        for (main, upper) in self.main.iter().zip(self.upper) {
            for lane in 0..LANES {
                let pivot = *main + shifted[lane];
                // A pivot of zero counts as one just below it.
                let pivot = if pivot.abs() < LEAST { -LEAST } else { pivot };
                counts[lane] += if pivot < 0.0 { 1.0 } else { 0.0 };
                shifted[lane] = upper * (shifted[lane] / pivot) - bounds[lane];
            }
        }
        counts
    }
}
