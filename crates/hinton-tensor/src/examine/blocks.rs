//! Finds suspicious blocks of quantised tensors.

use crate::{ReadError, Tensor};

/// What is suspicious about a quantised block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// Its scale is zero, so all its values are zero.
    Empty,
    /// Its scale is NaN or infinite.
    Broken,
    /// Every code is the smallest or the largest of its range.
    Full,
}

/// Examines quantised blocks without decoding them.
pub trait Look: Send + Sync {
    /// Number of blocks.
    fn blocks(&self) -> u64;

    /// Number of units of work; each examines different blocks.
    fn turns(&self) -> u64;

    /// Calls `tell` for each suspicious block in unit of work `turn`, with the index of the block's
    /// first value (in storage order) and what is suspicious.
    ///
    /// # Errors
    /// Returns [`ReadError`] if codes or scales cannot be read.
    fn look(&self, turn: u64, tell: &mut dyn FnMut(u64, Odd)) -> Result<(), ReadError>;
}

/// The maximum number of blocks of each kind whose coordinates are recorded.
pub const MOST_BLOCKS: usize = 8;

/// The suspicious blocks of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OddBlocks {
    /// Number of such blocks.
    pub count: u64,
    /// The coordinates of the first value of each of the first [`MOST_BLOCKS`] blocks.
    pub first: Vec<Vec<usize>>,
}

/// The suspicious blocks of one tensor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blocks {
    /// Number of blocks examined; 0 if the tensor has none.
    pub looked_at: u64,
    /// Blocks whose scale is zero.
    pub empty: OddBlocks,
    /// Blocks whose scale is NaN or infinite.
    pub broken: OddBlocks,
    /// Blocks in which every code is at an end of its range.
    pub full: OddBlocks,
}

/// What one thread has seen: counts, and the lowest numbers of first values.
#[derive(Default)]
pub(super) struct Seen([(u64, Vec<u64>); 3]);

impl Seen {
    /// Looks at the share of the blocks that belongs to stripe `index` of this many.
    pub(super) fn look(
        &mut self,
        look: &dyn Look,
        index: u64,
        stripes: u64,
    ) -> Result<(), ReadError> {
        let share = |index: u64| {
            let turns = u128::from(look.turns()) * u128::from(index);
            u64::try_from(turns / u128::from(stripes.max(1))).unwrap_or(u64::MAX)
        };
        for turn in share(index)..share(index + 1) {
            look.look(turn, &mut |value, odd| self.add(odd as usize, 1, [value]))?;
        }
        Ok(())
    }

    fn add(&mut self, kind: usize, count: u64, values: impl IntoIterator<Item = u64>) {
        let Some((all, first)) = self.0.get_mut(kind) else { return };
        *all += count;
        for value in values {
            let place = first.partition_point(|known| *known < value);
            if place < MOST_BLOCKS {
                first.insert(place, value);
                first.truncate(MOST_BLOCKS);
            }
        }
    }

    pub(super) fn merge(&mut self, other: Seen) {
        for (kind, (count, values)) in other.0.into_iter().enumerate() {
            self.add(kind, count, values);
        }
    }

    pub(super) fn blocks(self, tensor: &Tensor, look: &dyn Look) -> Blocks {
        let [empty, broken, full] = self.0.map(|(count, values)| OddBlocks {
            count,
            first: values.into_iter().map(|value| place(tensor, value)).collect(),
        });
        Blocks { looked_at: look.blocks(), empty, broken, full }
    }
}

/// The blocks of a tensor that takes all values of its data; none of a slice.
pub(super) fn of(tensor: &Tensor) -> Option<&dyn Look> {
    let is_whole = tensor.byte_len() == tensor.data().len();
    tensor.stored().and_then(|stored| stored.look()).filter(|_| is_whole)
}

/// The coordinates of a value by its number in the data: axes may be in another order there.
fn place(tensor: &Tensor, value: u64) -> Vec<usize> {
    let view = tensor.view();
    let mut axes: Vec<usize> = (0..view.shape.len()).collect();
    axes.sort_by_key(|&axis| std::cmp::Reverse(view.strides[axis]));
    let mut place = vec![0; axes.len()];
    let mut rest = value;
    for axis in axes {
        let stride = view.strides[axis].unsigned_abs().max(1);
        place[axis] = usize::try_from(rest / stride).unwrap_or(usize::MAX);
        rest %= stride;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_places_are_the_lowest_whatever_the_order() {
        let mut seen = Seen::default();
        for value in (0..20).rev() {
            seen.add(0, 1, [value]);
        }
        let mut other = Seen::default();
        other.add(0, 1, [3]);
        seen.merge(other);
        assert_eq!(seen.0[0], (21, vec![0, 1, 2, 3, 3, 4, 5, 6]));
    }

    #[test]
    fn places_follow_the_axes() {
        let tensor = Tensor::from_f32("w", &[2, 3], &[0.; 6]).unwrap();
        assert_eq!(place(&tensor, 4), [1, 1]);
        assert_eq!(place(&tensor.transpose().unwrap(), 5), [2, 1]);
    }
}
