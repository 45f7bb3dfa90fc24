//! `--order rows:norm`: reorders the rows and columns of a matrix.

use std::str::FromStr;
use std::sync::Arc;

use hinton_chart::short_count;
use hinton_net::product::{Left, product, transposed};
use hinton_scene::visible;
use hinton_tensor::{Index, Memory, Slice, Tensor, View};
use hinton_weights::Error;

use super::PanelSource;

/// Most values of a matrix that is put in order: it is held in memory twice.
const MOST_VALUES: u64 = 1 << 26;
/// Most rows (or columns) that are clustered: each is compared with each.
const MOST_CLUSTERED: usize = 2_048;
/// Most products of two values that comparing them may take.
const MOST_PRODUCTS: u64 = 1 << 33;
/// Rows that are decoded at once.
const AT_ONCE: usize = 256;

/// The order in which rows, columns or both are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Whether rows are sorted.
    pub rows: bool,
    /// Whether columns are sorted.
    pub cols: bool,
    /// What they are sorted by.
    pub by: OrderBy,
}

/// What rows or columns are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderBy {
    /// Their Euclidean norm over the finite values, largest first.
    Norm,
    /// Similar ones next to each other: the leaves of a tree from average-linkage clustering by
    /// cosine distance, with each branch turned so that similar leaves meet.
    Similarity,
}

impl FromStr for Order {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || {
            Error::request(
                format!(
                    "`order` {text:?}: expected rows, cols or both, perhaps with :norm or :clustered"
                ),
                "for rows with the largest norm first: `order=rows`; for alike beside alike: `order=both:clustered`",
            )
        };
        let lower = text.trim().to_ascii_lowercase();
        let (axes, by) = lower.split_once(':').unwrap_or((&lower, "norm"));
        let (rows, cols) = match axes {
            "rows" | "row" => (true, false),
            "cols" | "col" | "columns" | "column" => (false, true),
            "both" => (true, true),
            _ => return Err(error()),
        };
        let by = match by {
            "norm" => OrderBy::Norm,
            "clustered" => OrderBy::Similarity,
            _ => return Err(error()),
        };
        Ok(Order { rows, cols, by })
    }
}

/// The panels, each with its rows and columns in that order.
///
/// # Errors
/// Returns an error if one is no matrix, or they are too large.
pub(crate) fn ordered(panels: &[PanelSource], order: Order) -> Result<Vec<PanelSource>, Error> {
    let values = panels.iter().flat_map(|panel| &panel.planes).map(Tensor::elements);
    if values.fold(0, u64::saturating_add) > MOST_VALUES {
        let most = short_count(MOST_VALUES);
        let message = format!("`order`: there are more than {most} values to sort");
        return Err(Error::request(message, "sort a slice, or one tensor after the other"));
    }
    panels.iter().map(|panel| sorted(panel, order)).collect()
}

fn sorted(panel: &PanelSource, order: Order) -> Result<PanelSource, Error> {
    let no_matrix = || Error::request("`order`: it sorts matrices, not colour pictures", "");
    let [matrix] = panel.planes.as_slice() else { return Err(no_matrix()) };
    let &[rows, cols] = matrix.shape() else { return Err(no_matrix()) };
    let too_large = |why: String, cure: &str| {
        let name = visible(&panel.name);
        Err(Error::request(format!("`order`: {name} of {rows} x {cols} {why}"), cure.to_owned()))
    };
    let mut orders = [None, None];
    for (axis, is_sorted) in [order.rows, order.cols].into_iter().enumerate() {
        if !is_sorted {
            continue;
        }
        let (count, length) = if axis == 0 { (rows, cols) } else { (cols, rows) };
        orders[axis] = Some(match order.by {
            OrderBy::Norm => by_norm(&norms(matrix, axis)?),
            OrderBy::Similarity => {
                let products = (count as u64).saturating_mul(count as u64);
                if count > MOST_CLUSTERED || products.saturating_mul(length as u64) > MOST_PRODUCTS
                {
                    let most = short_count(MOST_CLUSTERED as u64);
                    let what = ["rows", "columns"][axis];
                    let why = format!("is too large to be clustered: at most {most} {what}");
                    return too_large(why, "sort by norm (`order=rows:norm`), or cluster a slice");
                }
                let values = matrix.to_f32()?;
                let values = if axis == 0 { values } else { transposed(&values, rows, cols) };
                by_similarity(values, count, length)
            }
        });
    }
    let words = |axis: usize| match (&orders[axis], order.by) {
        (None, _) => None,
        (Some(_), OrderBy::Norm) => Some("by norm, largest first"),
        (Some(_), OrderBy::Similarity) => Some("clustered, alike beside alike"),
    };
    let said = match (words(0), words(1)) {
        (Some(rows), Some(_)) => format!(" · rows and columns {rows}"),
        (Some(rows), None) => format!(" · rows {rows}"),
        (None, Some(cols)) => format!(" · columns {cols}"),
        (None, None) => String::new(),
    };
    let [of_rows, of_cols] = orders;
    let mut sections = panel.sections.clone();
    let sorted = [of_rows.is_some(), of_cols.is_some()];
    sections.iter_mut().zip(sorted).filter(|(_, sorted)| *sorted).for_each(|(one, _)| *one = None);
    let plane = gathered(matrix, of_rows.as_deref(), of_cols.as_deref())?;
    Ok(PanelSource {
        planes: vec![plane],
        orientation: format!("{}{said}", panel.orientation),
        sections,
        orders: [of_rows.map(Arc::from), of_cols.map(Arc::from)],
        ..panel.clone()
    })
}

/// The matrix with its rows and columns taken in these orders.
fn gathered(
    matrix: &Tensor,
    rows: Option<&[usize]>,
    cols: Option<&[usize]>,
) -> Result<Tensor, Error> {
    let &[height, width] = matrix.shape() else { return Ok(matrix.clone()) };
    let bytes = matrix.packed_bytes()?;
    let size = bytes.len() / (height * width).max(1);
    let mut out = Vec::with_capacity(bytes.len());
    for row in 0..height {
        let from = rows.map_or(row, |order| order[row]) * width;
        match cols {
            None => out.extend_from_slice(&bytes[from * size..(from + width) * size]),
            Some(order) => {
                for &col in order {
                    let at = (from + col) * size;
                    out.extend_from_slice(&bytes[at..at + size]);
                }
            }
        }
    }
    Ok(Tensor::new(
        matrix.name(),
        matrix.file(),
        matrix.dtype(),
        hinton_tensor::Endian::Little,
        View::packed(matrix.shape()),
        0,
        Arc::new(Memory::new(out)),
    )?)
}

/// Euclidean norms of the rows (axis 0) or columns, over their finite values, scaled by the largest
/// magnitude so that no square overflows.
fn norms(matrix: &Tensor, axis: usize) -> Result<Vec<f64>, Error> {
    let &[rows, cols] = matrix.shape() else { return Ok(Vec::new()) };
    let mut largest = 0.0f64;
    let mut sums = vec![0.0f64; if axis == 0 { rows } else { cols }];
    for pass in 0..2 {
        for first in (0..rows).step_by(AT_ONCE) {
            let stop = (first + AT_ONCE).min(rows);
            let place = |row: usize| i64::try_from(row).ok();
            let range = Index::Range { start: place(first), stop: place(stop), step: 1 };
            let values = matrix.slice(&Slice(vec![range]))?.to_f64()?;
            for (index, value) in values.into_iter().enumerate() {
                if !value.is_finite() {
                    continue;
                }
                if pass == 0 {
                    largest = largest.max(value.abs());
                    continue;
                }
                let share = value / largest;
                let line = if axis == 0 { first + index / cols } else { index % cols };
                sums[line] += share * share;
            }
        }
        if largest == 0.0 {
            break;
        }
    }
    Ok(sums)
}

/// The largest first; equals in the order of the file.
fn by_norm(norms: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..norms.len()).collect();
    order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]).then(a.cmp(&b)));
    order
}

/// Lines of `length` values in an order in which neighbours are alike.
fn by_similarity(mut lines: Vec<f32>, count: usize, length: usize) -> Vec<usize> {
    let mut norms = Vec::with_capacity(count);
    for line in lines.chunks_exact_mut(length.max(1)) {
        line.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 0.0);
        let norm =
            line.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt();
        norms.push(norm);
        if norm > 0.0 {
            line.iter_mut().for_each(|value| *value = (f64::from(*value) / norm) as f32);
        }
    }
    let mut likeness = vec![0.0f32; count * count];
    let columns = transposed(&lines, count, length);
    product(Left::rows(&lines, length), &columns, &mut likeness, count);
    let distances: Vec<f32> = likeness.iter().map(|like| 1.0 - like).collect();
    let mut order = leaves(distances, count);
    let is_rising = match (order.first(), order.last()) {
        (Some(&first), Some(&last)) => norms[first] < norms[last],
        _ => false,
    };
    if is_rising {
        order.reverse();
    }
    order
}

/// The leaves of the tree of average linkage, found by chains of nearest neighbours (Murtagh 1983). Where
/// two branches meet, both are turned so that their nearest ends touch.
fn leaves(distances: Vec<f32>, count: usize) -> Vec<usize> {
    let between = distances.clone();
    let mut distances = distances;
    let mut clusters: Vec<Vec<usize>> = (0..count).map(|leaf| vec![leaf]).collect();
    let mut chain: Vec<usize> = Vec::new();
    for _ in 1..count {
        let (a, b) = nearest_pair(&distances, &clusters, &mut chain);
        let (low, high) = (a.min(b), a.max(b));
        let (of_low, of_high) = (clusters[low].len() as f32, clusters[high].len() as f32);
        for other in 0..count {
            if other != low && other != high && !clusters[other].is_empty() {
                let far = distances[low * count + other] * of_low
                    + distances[high * count + other] * of_high;
                let mean = far / (of_low + of_high);
                distances[low * count + other] = mean;
                distances[other * count + low] = mean;
            }
        }
        let right = std::mem::take(&mut clusters[high]);
        let left = std::mem::take(&mut clusters[low]);
        clusters[low] = joined(left, right, |one, two| between[one * count + two]);
    }
    clusters.into_iter().find(|leaves| !leaves.is_empty()).unwrap_or_default()
}

/// Two clusters each of which is the nearest of the other; of equals the first.
fn nearest_pair(
    distances: &[f32],
    clusters: &[Vec<usize>],
    chain: &mut Vec<usize>,
) -> (usize, usize) {
    let count = clusters.len();
    if chain.is_empty() {
        chain.extend(clusters.iter().position(|leaves| !leaves.is_empty()));
    }
    loop {
        let last = chain.last().copied().unwrap_or(0);
        let before = chain.len().checked_sub(2).map(|index| chain[index]);
        let row = &distances[last * count..(last + 1) * count];
        // The one before wins a tie, so that a chain ends.
        let mut nearest = before;
        for other in (0..count).filter(|&other| other != last && !clusters[other].is_empty()) {
            if nearest.is_none_or(|nearest| row[other] < row[nearest]) {
                nearest = Some(other);
            }
        }
        match nearest {
            Some(nearest) if Some(nearest) != before => chain.push(nearest),
            nearest => {
                chain.truncate(chain.len().saturating_sub(2));
                return (last, nearest.unwrap_or(last));
            }
        }
    }
}

/// Two branches one after the other, turned so that the nearest of their ends meet.
fn joined(
    mut left: Vec<usize>,
    mut right: Vec<usize>,
    between: impl Fn(usize, usize) -> f32,
) -> Vec<usize> {
    let ends = |leaves: &[usize]| (leaves[0], leaves[leaves.len() - 1]);
    let ((left_first, left_last), (right_first, right_last)) = (ends(&left), ends(&right));
    let ways = [
        (between(left_last, right_first), false, false),
        (between(left_last, right_last), false, true),
        (between(left_first, right_first), true, false),
        (between(left_first, right_last), true, true),
    ];
    let mut best = ways[0];
    for way in ways {
        if way.0 < best.0 {
            best = way;
        }
    }
    if best.1 {
        left.reverse();
    }
    if best.2 {
        right.reverse();
    }
    left.extend(right);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        let order = |text: &str| text.parse::<Order>().unwrap();
        assert_eq!(order("rows"), Order { rows: true, cols: false, by: OrderBy::Norm });
        assert_eq!(order("cols:norm"), Order { rows: false, cols: true, by: OrderBy::Norm });
        let both = Order { rows: true, cols: true, by: OrderBy::Similarity };
        assert_eq!(order(" Both:Clustered"), both);
        for bad in ["", "diagonal", "rows:", "rows:size", "norm", "rows:norm:norm"] {
            assert!(bad.parse::<Order>().is_err(), "{bad}");
        }
    }

    /// Lines of three kinds, mixed.
    fn mixed(count: usize) -> (Vec<f32>, Vec<usize>) {
        let kinds: Vec<usize> = (0..count).map(|line| (line * 7 + line / 3) % 3).collect();
        let line = |(line, &kind): (usize, &usize)| {
            let mut values = [0.1, 0.2, 0.1].map(|small| small * (line % 5) as f32 * 0.1);
            values[kind] += 1.0 + line as f32 * 0.01;
            values
        };
        (kinds.iter().enumerate().flat_map(line).collect(), kinds)
    }

    #[test]
    fn what_is_alike_stands_together() {
        let (lines, kinds) = mixed(40);
        let order = by_similarity(lines, 40, 3);
        let mut seen = order.clone();
        seen.sort_unstable();
        assert_eq!(seen, (0..40).collect::<Vec<_>>(), "each once");
        let changes = order.windows(2).filter(|pair| kinds[pair[0]] != kinds[pair[1]]).count();
        assert_eq!(changes, 2);
    }

    #[test]
    fn nothing_and_zeros_and_nan_have_an_order() {
        assert!(by_similarity(Vec::new(), 0, 3).is_empty());
        assert_eq!(by_similarity(vec![1.0], 1, 1), [0]);
        let odd = vec![0.0, 0.0, f32::NAN, 1.0, f32::INFINITY, 0.0];
        let mut order = by_similarity(odd, 3, 2);
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2]);
        assert_eq!(by_norm(&[1.0, 3.0, 1.0, 0.0]), [1, 0, 2, 3]);
    }

    #[test]
    fn norms_are_those_of_finite_values_of_any_size() {
        let values = [3e30, 4e30, f32::NAN, 1e-20, 0.0, 6e30];
        let matrix = Tensor::from_f32("w", &[3, 2], &values).unwrap();
        let order = |axis| by_norm(&norms(&matrix, axis).unwrap());
        assert_eq!(order(0), [2, 0, 1]);
        assert_eq!(order(1), [1, 0]);
        let sorted = gathered(&matrix, Some(&[2, 0, 1]), Some(&[1, 0])).unwrap();
        assert_eq!(sorted.to_f32().unwrap()[..4], [6e30, 0.0, 4e30, 3e30]);
    }
}
