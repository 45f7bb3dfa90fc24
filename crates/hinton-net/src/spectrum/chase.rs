//! Reduces a band to two diagonals: elements that a reflection moves out of the band are chased
//! down and out of it, as in LAPACK's `gbbrd` and Lang (1996).

use hinton_tensor::{Cancelled, Work};

use super::band::{Band, ROOM};
use super::pause;
use super::reflect::{dot, reflection};
use super::{Diagonals, WIDTH};
use hinton_tensor::simd::{self, Kernel};

/// Rows between two looks at whether to stop.
const PAUSE: usize = 64;

/// The two diagonals with the same singular values.
pub(super) fn to_diagonals(mut band: Band, work: Work<'_>) -> Result<Diagonals, Cancelled> {
    let side = band.rows.len();
    let mut first = 0;
    while first < side {
        pause(work)?;
        let last = side.min(first + PAUSE);
        simd::run(Sweeps { band: &mut band, rows: first..last });
        first = last;
    }
    let entry = |row: usize, column: usize| band.rows[row][column - row + WIDTH];
    Ok(Diagonals {
        main: (0..side).map(|row| entry(row, row)).collect(),
        upper: (1..side).map(|column| entry(column - 1, column)).collect(),
    })
}

struct Sweeps<'a> {
    band: &'a mut Band,
    rows: std::ops::Range<usize>,
}

impl Kernel for Sweeps<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        for row in self.rows {
            sweep(&mut self.band.rows, row);
        }
    }
}

/// Clears a row behind its first superdiagonal, and what that moves out of the band.
#[inline(always)]
fn sweep(rows: &mut [[f64; ROOM]], row: usize) {
    let side = rows.len();
    let (mut row, mut first) = (row, row + 1);
    while first < side {
        let end = side.min(first + WIDTH);
        let count = end - first;
        // From the right: the row behind `first`.
        let mut v = [0.0; WIDTH];
        let place = |row: usize, column: usize| column + WIDTH - row;
        v[..count].copy_from_slice(&rows[row][place(row, first)..][..count]);
        let (tau, beta) = reflection(&mut v[..count]);
        let line = &mut rows[row][place(row, first)..][..count];
        line.fill(0.0);
        line[0] = beta;
        if tau != 0.0 {
            for (index, line) in rows[row + 1..end].iter_mut().enumerate() {
                let line = &mut line[place(row + 1 + index, first)..][..count];
                let share = tau * dot(line, &v[..count]);
                line.iter_mut().zip(&v).for_each(|(value, v)| *value -= share * v);
            }
        }
        // From the left: the column `first` below the diagonal.
        let mut v = [0.0; WIDTH];
        for index in 0..count {
            v[index] = rows[first + index][place(first + index, first)];
        }
        let (tau, beta) = reflection(&mut v[..count]);
        rows[first][WIDTH] = beta;
        for index in 1..count {
            rows[first + index][place(first + index, first)] = 0.0;
        }
        if tau != 0.0 {
            let columns = side.min(end + WIDTH) - first - 1;
            let mut sums = [0.0; 2 * WIDTH];
            for index in 0..count {
                let line = &rows[first + index][place(first + index, first + 1)..][..columns];
                sums[..columns].iter_mut().zip(line).for_each(|(sum, x)| *sum += v[index] * x);
            }
            for index in 0..count {
                let share = tau * v[index];
                let line = &mut rows[first + index][place(first + index, first + 1)..][..columns];
                line.iter_mut().zip(&sums).for_each(|(value, sum)| *value -= share * sum);
            }
        }
        row = first;
        first = end;
    }
}
