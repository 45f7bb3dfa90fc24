//! Chooses the cells for a page of a given size: the whole map first, then finer cells everywhere.

use hinton_tensor::{Levels, Tiling};

use crate::placed::Placed;

/// Steps of zoom between two ladders: twice as near in two.
const STEPS: usize = 2;
/// No tensor needs more of them.
const MOST_STEPS: usize = 80;
/// Tensors whose values take this many bytes are there whole before others.
const SMALL: u64 = 8192;
/// About how many bytes the cells of a level take in an answer.
fn bytes_of(one: &Placed, levels: Levels) -> u64 {
    let tiling = Tiling::new(one.rows, one.cols);
    let ((rows, cols), (down, across)) = (tiling.cells(levels), tiling.tiles(levels));
    let planes = if levels == (0, 0) { 1 } else { 2 };
    rows as u64 * cols as u64 * 2 * planes + down as u64 * across as u64 * 32
}

/// The levels of each tensor, finest first, that take about this many bytes: as fine over the whole map as
/// there is room for, and then small tensors whole. Every tensor has its coarsest. `copies` is how many
/// times each level is there, once a step.
pub(super) fn chosen(placed: &[Placed], zoom: f64, room: u64, copies: u64) -> Vec<Vec<Levels>> {
    let mut left = room;
    let mut cost = |levels: Levels, one: &Placed, is_needed: bool| {
        let bytes = bytes_of(one, levels).saturating_mul(copies);
        let fits = bytes <= left;
        if fits || is_needed {
            left = left.saturating_sub(bytes);
        }
        fits || is_needed
    };
    let mut ladders: Vec<Vec<Levels>> = Vec::with_capacity(placed.len());
    for one in placed {
        let levels = one.levels_at(zoom);
        cost(levels, one, true);
        ladders.push(vec![levels]);
    }
    let mut is_full = vec![false; placed.len()];
    // Vectors and the like are there to the last value before matrices grow: they take little.
    let mut small: Vec<(u64, usize)> = Vec::new();
    let whole = placed.iter().map(|one| bytes_of(one, (0, 0))).enumerate();
    small.extend(whole.filter(|(_, bytes)| *bytes <= SMALL).map(|(index, bytes)| (bytes, index)));
    small.sort_unstable();
    let mut share = room / 4;
    for (bytes, index) in small {
        let Some(rest) = share.checked_sub(2 * bytes * copies) else { break };
        share = rest;
        for step in 1..=MOST_STEPS {
            let levels = placed[index].levels_at(nearer(zoom, step));
            if ladders[index].first() != Some(&levels) && cost(levels, &placed[index], false) {
                ladders[index].insert(0, levels);
            }
        }
        is_full[index] = true;
    }
    for step in 1..=MOST_STEPS {
        let zoom = nearer(zoom, step);
        let mut finer: Vec<(u64, usize, Levels)> = Vec::new();
        for (index, one) in placed.iter().enumerate() {
            if is_full[index] {
                continue;
            }
            let levels = one.levels_at(zoom);
            if ladders[index].first() != Some(&levels) {
                finer.push((bytes_of(one, levels), index, levels));
            }
            is_full[index] = levels == (0, 0);
        }
        // Where not all have room the small ones do.
        finer.sort_unstable();
        for (_, index, levels) in finer {
            match cost(levels, &placed[index], false) {
                true => ladders[index].insert(0, levels),
                false => is_full[index] = true,
            }
        }
        if is_full.iter().all(|&full| full) {
            break;
        }
    }
    ladders
}

/// The zoom after this many steps. Products of the root of two alone, so that every machine has the same.
fn nearer(zoom: f64, steps: usize) -> f64 {
    let whole = f64::from(1u32 << (steps / STEPS).min(31))
        * f64::from(1u32 << (steps / STEPS).saturating_sub(31));
    zoom * whole * if steps % STEPS == 1 { std::f64::consts::SQRT_2 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(side: usize) -> Placed {
        Placed { rows: side, cols: side, w: 100.0, h: 100.0 }
    }

    #[test]
    fn all_have_their_coarsest_and_small_ones_all() {
        let placed = [square(4096), square(32), Placed { rows: 1, cols: 500, w: 100.0, h: 8.0 }];
        let ladders = chosen(&placed, 1.0, 150_000, 1);
        assert_eq!(ladders[0], [(5, 5), (6, 6)]);
        assert_eq!(ladders[1], [(0, 0)]);
        assert_eq!(ladders[2].first(), Some(&(0, 0)));
        // Without room the map is there all the same.
        let ladders = chosen(&placed, 1.0, 0, 3);
        assert!(ladders.iter().all(|ladder| ladder.len() == 1));
        // With room enough everything is.
        let ladders = chosen(&placed, 1.0, u64::MAX, 1);
        assert!(ladders.iter().all(|ladder| ladder.first() == Some(&(0, 0))));
        assert_eq!(ladders[0].len(), 7);
    }

    #[test]
    fn long_tensors_fold_each_axis_on_its_own() {
        let long = Placed { rows: 30_000, cols: 384, w: 30.0, h: 90.0 };
        let ladder = &chosen(&[long], 1.0, u64::MAX, 1)[0];
        assert_eq!(ladder.last(), Some(&(9, 4)));
        assert!(ladder.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1));
    }
}
