//! The error of a quantised tensor, block by block.

use hinton_tensor::{Tensor, TensorError, Work, side_by_side};

use crate::measure::coordinates;

/// Values that share a scale in the types of ggml, by their names (ggml's `ggml-common.h`): 32, or 256 of
/// which 16 or 32 share a finer one.
const BLOCKS: &[(&str, usize)] = &[
    ("Q4_0", 32),
    ("Q4_1", 32),
    ("Q5_0", 32),
    ("Q5_1", 32),
    ("Q8_0", 32),
    ("Q8_1", 32),
    ("IQ4_NL", 32),
    ("MXFP4", 32),
    ("Q2_K", 256),
    ("Q3_K", 256),
    ("Q4_K", 256),
    ("Q5_K", 256),
    ("Q6_K", 256),
    ("IQ4_XS", 256),
    ("IQ3_S", 256),
    ("IQ3_XXS", 256),
    ("IQ2_S", 256),
    ("IQ2_XS", 256),
    ("IQ2_XXS", 256),
    ("IQ1_S", 256),
    ("IQ1_M", 256),
];
/// Steps of a histogram of errors, for each factor of ten, and how many tens below 1 and above it it reaches.
const STEPS: usize = 64;
const TENS: (usize, usize) = (8, 4);
/// Values of a part of the work.
const PART: u64 = 1 << 20;

/// How far blocks of values are from those of the other tensor: for each block, the norm of the
/// difference divided by the norm of the first.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockErrors {
    /// Number of values in a block.
    pub block: usize,
    /// Number of blocks considered: those whose values are finite, and not all zero in the first
    /// tensor.
    pub count: u64,
    /// The median error, accurate to 4 %.
    pub median: f64,
    /// The error that one block in a hundred exceeds, accurate to 4 %.
    pub high: f64,
    /// The largest error.
    pub largest: f64,
    /// Coordinates of the first value of the block with the largest error, in the axes of the first
    /// tensor.
    pub at: Vec<usize>,
}

/// The number of values per block of the type in which either tensor is stored; `None` if neither
/// is stored in blocks, or rows are not a whole number of blocks.
pub fn block_length(a: &Tensor, b: &Tensor) -> Option<usize> {
    let of = |tensor: &Tensor| {
        let row = BLOCKS.iter().find(|(name, _)| *name == tensor.stored_type())?;
        Some(row.1)
    };
    let block = of(b).or_else(|| of(a))?;
    let row = a.shape().last().copied().unwrap_or(0);
    (row > 0 && row.is_multiple_of(block)).then_some(block)
}

/// The errors of all blocks of `block` values of two tensors of the same shape; `None` if no block
/// has a defined error.
///
/// # Errors
/// Returns an error if the shapes differ, bytes cannot be read, or the work was cancelled.
pub fn block_errors(
    a: &Tensor,
    b: &Tensor,
    block: usize,
    work: Work<'_>,
) -> Result<Option<BlockErrors>, TensorError> {
    let part = PART.next_multiple_of(block as u64);
    let state = || State { counts: vec![0; (TENS.0 + TENS.1) * STEPS], ..State::default() };
    let states = side_by_side(a, b, part, work, state, |state: &mut State, stripe| {
        let count = stripe.a.len();
        state.a.resize(count, 0.0);
        state.b.resize(count, 0.0);
        stripe.a.to_f32(&mut state.a);
        stripe.b.to_f32(&mut state.b);
        state.add(block, stripe.first);
    })?;
    let mut all = state();
    for one in states {
        all.counts.iter_mut().zip(&one.counts).for_each(|(sum, more)| *sum += more);
        if let Some((error, first)) = one.largest {
            all.look(error, first);
        }
    }
    let count: u64 = all.counts.iter().sum();
    Ok(all.largest.map(|(largest, first)| BlockErrors {
        block,
        count,
        median: all.quantile(count.div_ceil(2)).min(largest),
        high: all.quantile(count - count / 100).min(largest),
        largest,
        at: coordinates(a.shape(), first),
    }))
}

#[derive(Default)]
struct State {
    a: Vec<f32>,
    b: Vec<f32>,
    counts: Vec<u64>,
    /// The largest error and the number of its block's first value.
    largest: Option<(f64, u64)>,
}

impl State {
    fn add(&mut self, block: usize, first: u64) {
        let (a, b) = (std::mem::take(&mut self.a), std::mem::take(&mut self.b));
        for (index, (one, other)) in a.chunks_exact(block).zip(b.chunks_exact(block)).enumerate() {
            let (mut norm, mut moved) = (0.0f64, 0.0f64);
            for (&a, &b) in one.iter().zip(other) {
                let (a, b) = (f64::from(a), f64::from(b));
                norm += a * a;
                moved += (b - a) * (b - a);
            }
            let error = (moved / norm).sqrt();
            if error.is_finite() {
                self.counts[step(error)] += 1;
                self.look(error, first + (index * block) as u64);
            }
        }
        (self.a, self.b) = (a, b);
    }

    /// Of equal ones the first.
    fn look(&mut self, error: f64, first: u64) {
        let is_larger = self
            .largest
            .is_none_or(|(most, place)| error > most || (error == most && first < place));
        if is_larger {
            self.largest = Some((error, first));
        }
    }

    /// The middle of the step in which the `rank`th error is, from 1 on.
    fn quantile(&self, rank: u64) -> f64 {
        let mut sum = 0;
        let place = self.counts.iter().position(|count| {
            sum += count;
            sum >= rank
        });
        match place.unwrap_or(0) {
            0 => 0.0,
            place => {
                let tens = (place as f64 + 0.5) / STEPS as f64 - TENS.0 as f64;
                libm::exp10(tens)
            }
        }
    }
}

/// The step of an error; 0 is for those that are zero or nearly so.
fn step(error: f64) -> usize {
    if error <= 0.0 {
        return 0;
    }
    let place = (libm::log10(error) + TENS.0 as f64) * STEPS as f64;
    (place as usize).min((TENS.0 + TENS.1) * STEPS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart() {
        let a: Vec<f32> = (0..256).map(|index| 1.0 + (index % 7) as f32).collect();
        let mut b = a.clone();
        b[..32].iter_mut().for_each(|value| *value *= 1.5);
        b[32..].iter_mut().for_each(|value| *value *= 1.01);
        let tensor = |values: &[f32]| Tensor::from_f32("w", &[4, 64], values).unwrap();
        let found = block_errors(&tensor(&a), &tensor(&b), 32, Work::quiet()).unwrap().unwrap();
        assert_eq!((found.count, found.at.as_slice()), (8, &[0, 0][..]));
        assert!((found.largest - 0.5).abs() < 1e-6);
        assert!((found.median / 0.01 - 1.0).abs() < 0.04, "{found:?}");
        assert_eq!(block_length(&tensor(&a), &tensor(&b)), None);
        let zeros = tensor(&[0.0; 256]);
        assert!(block_errors(&zeros, &zeros, 32, Work::quiet()).unwrap().is_none());
    }
}
