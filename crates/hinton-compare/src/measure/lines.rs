//! Finds the rows and columns that changed, and by how much.

/// Rows or columns that are named.
const MOST: usize = 8;

/// Changes along one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// Length of the axis.
    pub count: usize,
    /// Number of indices with at least one value that differs.
    pub changed: u64,
    /// The indices that changed most, largest change first; at most eight, and none that did not
    /// change.
    pub most: Vec<Line>,
}

/// The change at one index of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// The index.
    pub index: usize,
    /// The norm of the difference at this index.
    pub norm: f64,
}

impl Lines {
    /// Of the sums of squared differences.
    pub(super) fn of(squares: &[f64]) -> Self {
        let mut moved: Vec<(usize, f64)> =
            squares.iter().copied().enumerate().filter(|(_, sum)| *sum > 0.0).collect();
        let changed = moved.len() as u64;
        // Equal ones stay in the order of the axis.
        let further = |a: &(usize, f64), b: &(usize, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if moved.len() > MOST {
            moved.select_nth_unstable_by(MOST, further);
            moved.truncate(MOST);
        }
        moved.sort_by(further);
        let line = |(index, sum): (usize, f64)| Line { index, norm: sum.sqrt() };
        Lines { count: squares.len(), changed, most: moved.into_iter().map(line).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_farthest_come_first_and_equal_ones_in_order() {
        let mut squares = vec![0.0; 100];
        squares[7] = 4.0;
        squares[3] = 9.0;
        (50..70).for_each(|index| squares[index] = 1.0);
        let lines = Lines::of(&squares);
        assert_eq!((lines.count, lines.changed), (100, 22));
        let indexes: Vec<usize> = lines.most.iter().map(|line| line.index).collect();
        assert_eq!(indexes, [3, 7, 50, 51, 52, 53, 54, 55]);
        assert_eq!(lines.most[1].norm, 2.0);
    }
}
