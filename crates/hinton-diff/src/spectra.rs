//! Singular values of differences: in how many directions a matrix changed.

use hinton_compare::difference;
use hinton_tensor::Work;
use hinton_tensor::spectrum::Spectrum;
use hinton_weights::Error;
use hinton_weights::inspect::{Singular, is_matrix, singular};

use super::{Diff, Measures, Pair};

/// A singular value is the last of a change of low rank where the next is this many times smaller.
const DROP: f64 = 5.0;
/// Share of the squared change that the directions before it hold.
const HELD: f64 = 0.9;
/// Such a rank is at most this share of the shorter side: more is no low rank.
const LARGEST_SHARE: f64 = 0.25;

/// A change of low rank is in at least this many times as many rows, and columns, as its rank: one in few of
/// them has a low rank by itself, and says nothing of a LoRA.
const LINES: u64 = 4;

/// A change with few directions, such as that of a merged LoRA.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LowRank {
    /// The number of directions.
    pub rank: usize,
    /// The share of the squared change that they account for, 0 to 1.
    pub held: f64,
    /// The factor by which the next singular value is smaller; infinite if it is zero.
    pub drop: f64,
}

impl Diff {
    /// Number of bytes that [`decompose`](Diff::decompose) will read.
    pub fn bytes_of_matrices(&self) -> u64 {
        let matrices = self.pairs.iter().filter(|pair| pair.has_spectrum());
        matrices.map(|pair| pair.a.byte_len()).fold(0, u64::saturating_add)
    }

    /// Computes the singular values of the difference for every matrix that changed. Values must
    /// have been [read](Diff::read). A tensor of more than two axes is a matrix of its first axis
    /// by all others.
    ///
    /// # Errors
    /// Returns an error if values cannot be read, or the work was cancelled.
    pub fn decompose(&mut self, work: Work<'_>) -> Result<(), Error> {
        for pair in self.pairs.iter_mut().filter(|pair| pair.has_spectrum()) {
            let found = singular(&difference(&pair.a, &pair.b)?, work)?;
            pair.spectrum = match found {
                Singular::Values(spectrum) => Some(spectrum),
                // A difference that holds NaN has none; the counts of NaN say so.
                Singular::NotFinite(_) => None,
            };
        }
        Ok(())
    }
}

impl Pair {
    fn has_spectrum(&self) -> bool {
        let has_changed = self.measures.as_ref().is_some_and(|one| one.norm_difference > 0.0);
        has_changed && is_matrix(&self.a)
    }

    /// Whether the difference is of low rank: a few singular values account for nearly all of it,
    /// and the next one is far smaller. `None` if not, and before [`Diff::decompose`].
    pub fn low_rank(&self) -> Option<LowRank> {
        low_rank(self.spectrum.as_ref()?, self.measures.as_ref()?)
    }
}

/// Whether rows and columns that changed are many beside the rank.
fn is_spread(measures: &Measures, rank: usize) -> bool {
    let lines = [&measures.rows, &measures.columns].into_iter().flatten();
    lines
        .min_by_key(|lines| lines.changed)
        .is_some_and(|fewest| fewest.changed >= LINES.saturating_mul(rank as u64))
}

fn low_rank(spectrum: &Spectrum, measures: &Measures) -> Option<LowRank> {
    let most = (spectrum.count() as f64 * LARGEST_SHARE) as usize;
    let values = &spectrum.values;
    // Below the noise of rounding the whole matrix, drops say nothing.
    let noise = measures.noise.relative.unwrap_or(0.0) * measures.norm_a;
    let least = noise / (spectrum.count().max(1) as f64).sqrt();
    let drop = |rank: usize| {
        let next = values.get(rank).copied().unwrap_or(0.0);
        if next > 0.0 { values[rank - 1] / next } else { f64::INFINITY }
    };
    // Of a sketch the values behind the last are not known.
    let known = if spectrum.is_sketch { values.len().saturating_sub(1) } else { values.len() };
    let rank = (1..=most.min(known))
        .filter(|&rank| values[rank - 1] > least && drop(rank) >= DROP)
        .filter(|&rank| spectrum.energy(rank) >= HELD && is_spread(measures, rank))
        .max_by(|&a, &b| drop(a).total_cmp(&drop(b)).then(b.cmp(&a)))?;
    Some(LowRank { rank, held: spectrum.energy(rank), drop: drop(rank) })
}
