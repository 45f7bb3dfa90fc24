//! Solves the assignment problem: the pairing with the largest sum.

/// Above this many rows the assignment is greedy: the exact one takes time of their cube.
const MOST_EXACT: usize = 1024;

/// For each row the column that it gets, each once, so that the sum is largest (Kuhn 1955, in the
/// form of shortest augmenting paths). `values` is square, row by row.
pub(super) fn largest(values: &[f64], count: usize) -> Vec<usize> {
    if count > MOST_EXACT { greedy(values, count) } else { exact(values, count) }
}

/// The largest value first, of equal ones the first.
fn greedy(values: &[f64], count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|&a, &b| values[b].total_cmp(&values[a]).then(a.cmp(&b)));
    let mut found = vec![usize::MAX; count];
    let mut is_taken = vec![false; count];
    for place in places {
        let (row, column) = (place / count, place % count);
        if found[row] == usize::MAX && !is_taken[column] {
            found[row] = column;
            is_taken[column] = true;
        }
    }
    found
}

fn exact(values: &[f64], count: usize) -> Vec<usize> {
    // Potentials of rows and columns, the row of each column, and the column before it on the path;
    // row and column 0 are none.
    let mut of_row = vec![0.0; count + 1];
    let mut of_column = vec![0.0; count + 1];
    let mut row_of = vec![0usize; count + 1];
    let mut before = vec![0usize; count + 1];
    for row in 1..=count {
        row_of[0] = row;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; count + 1];
        let mut is_done = vec![false; count + 1];
        while row_of[column] != 0 {
            is_done[column] = true;
            let here = row_of[column];
            let (mut delta, mut next) = (f64::INFINITY, 0);
            for other in (1..=count).filter(|&other| !is_done[other]) {
                let cost = -values[(here - 1) * count + other - 1];
                let reduced = cost - of_row[here] - of_column[other];
                if reduced < least[other] {
                    least[other] = reduced;
                    before[other] = column;
                }
                if least[other] < delta {
                    (delta, next) = (least[other], other);
                }
            }
            for other in 0..=count {
                if is_done[other] {
                    of_row[row_of[other]] += delta;
                    of_column[other] -= delta;
                } else {
                    least[other] -= delta;
                }
            }
            column = next;
        }
        while column != 0 {
            let previous = before[column];
            row_of[column] = row_of[previous];
            column = previous;
        }
    }
    let mut found = vec![0; count];
    for column in 1..=count {
        found[row_of[column] - 1] = column - 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_largest() {
        // Greedy takes 9 first and gets 9 + 1; 8 + 7 is more.
        let values = [9.0, 8.0, 7.0, 1.0];
        assert_eq!(exact(&values, 2), [1, 0]);
        assert_eq!(greedy(&values, 2), [0, 1]);
        assert_eq!(largest(&[1.0, 0.0, 0.0, 1.0], 2), [0, 1]);
        assert!(largest(&[], 0).is_empty());
        // Every assignment of four by four.
        let values: Vec<f64> = (0..16).map(|index| f64::from(index * 7 % 11)).collect();
        let sum = |order: &[usize]| -> f64 {
            order.iter().enumerate().map(|(row, column)| values[row * 4 + column]).sum()
        };
        let found = sum(&exact(&values, 4));
        for code in 0..256usize {
            let order = [code % 4, code / 4 % 4, code / 16 % 4, code / 64];
            let mut sorted = order;
            sorted.sort_unstable();
            assert!(sorted != [0, 1, 2, 3] || sum(&order) <= found);
        }
    }
}
