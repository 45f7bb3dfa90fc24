//! What the colours of folded matrices say: they follow the root mean square, at any size.

use crate::common;

use common::{cells, draw};
use hinton_chart::{Options, ThemeName};
use hinton_scene::Cells;

/// Evenly spread numbers from 0 to 1, the same in every run.
fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    }
}

/// Noise whose columns differ in scale and in the balance of their signs, with a few values far
/// beyond all others.
fn matrix(rows: usize, cols: usize) -> Vec<f32> {
    let mut next = uniform((rows * 31 + cols) as u64);
    let scales: Vec<f64> = (0..cols).map(|_| 0.02 * 10f64.powf(1.3 * next() - 1.3)).collect();
    let biases: Vec<f64> = (0..cols).map(|_| 2.0 * next() - 1.0).collect();
    let mut values: Vec<f32> = (0..rows * cols)
        .map(|at| {
            let noise = next() + next() + next() + next() - 2.0;
            (scales[at % cols] * (2.0 * noise + biases[at % cols])) as f32
        })
        .collect();
    values[rows * cols / 2] = 60.0;
    values[rows * cols / 3] = -30.0;
    values
}

/// Mean difference of each column's lightness (CIE 1976 L*, 0 to 100) from that of zero.
fn darkness(drawn: &Cells, zero: f64) -> Vec<f64> {
    let lightness = |luminance: f64| match luminance > 0.008_856 {
        true => 116.0 * luminance.cbrt() - 16.0,
        false => 903.3 * luminance,
    };
    let entries: Vec<f64> = drawn
        .palette
        .iter()
        .map(|color| (lightness(color.luminance()) - zero).abs() / drawn.rows as f64)
        .collect();
    let mut columns = vec![0.0; drawn.cols];
    for (at, &entry) in drawn.cells.iter().enumerate() {
        columns[at % drawn.cols] += entries[usize::from(entry)];
    }
    columns
}

/// Spearman's rank correlation.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |list: &[f64]| {
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by(|&i, &j| list[i].total_cmp(&list[j]));
        let mut ranks = vec![0.0; list.len()];
        order.iter().enumerate().for_each(|(rank, &at)| ranks[at] = rank as f64);
        ranks
    };
    let (a, b) = (ranks(a), ranks(b));
    let middle = (a.len() - 1) as f64 / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(x, y)| (x - middle) * (y - middle)).sum()
    };
    product(&a, &b) / product(&a, &a)
}

#[test]
fn darkness_of_a_column_follows_its_rms_at_any_size() {
    let sizes = [(60, 40), (400, 500), (1500, 70), (700, 1500), (4000, 90), (1300, 601)];
    for theme in [ThemeName::Light, ThemeName::Dark] {
        for (rows, cols) in sizes {
            let values = matrix(rows, cols);
            let mut options = Options::default();
            options.theme = theme;
            let drawn =
                cells(&draw("heatmap", &[(rows, cols, values.clone())], &options)).remove(0);
            let block = cols.div_ceil(drawn.cols);
            let mut squares = vec![(0.0, 0.0); drawn.cols];
            for (at, &value) in values.iter().enumerate() {
                // The few values far beyond the others have the darkest colour, no more.
                let value = f64::from(value.abs().min(1.0));
                let column = &mut squares[at % cols / block];
                *column = (column.0 + value * value, column.1 + 1.0);
            }
            let rms: Vec<f64> = squares.iter().map(|(sum, count)| (sum / count).sqrt()).collect();
            let zero = if theme == ThemeName::Light { 100.0 } else { 0.0 };
            let dark = darkness(&drawn, zero);
            let correlation = rank_correlation(&rms, &dark);
            assert!(correlation > 0.95, "{theme:?} {rows} × {cols}: {correlation}");
            // The values far beyond the others do not make the rest as light as zero.
            let mut sorted = dark.clone();
            sorted.sort_by(f64::total_cmp);
            assert!(sorted[drawn.cols * 9 / 10] > 20.0, "{theme:?} {rows} × {cols}: {sorted:?}");
        }
    }
}

#[test]
fn hue_of_a_folded_cell_is_the_balance_of_its_signs() {
    // A column of each kind: all positive, all negative, both alike, all zero.
    let mut next = uniform(7);
    let values: Vec<f32> = (0..16_000 * 4)
        .map(|at| {
            let size = 0.5 + next();
            let sign = if at / 4 % 2 == 0 { 1.0 } else { -1.0 };
            ([1.0, -1.0, sign, 0.0][at % 4] * size) as f32
        })
        .collect();
    let drawn = cells(&draw("heatmap", &[(16_000, 4, values)], &Options::default())).remove(0);
    assert!(drawn.rows < 2_000);
    let mut spread = 0.0;
    for row in 0..drawn.rows {
        let color = |col| drawn.color(row, col).unwrap();
        assert!(color(0).r > color(0).b, "positive is warm");
        assert!(color(1).b > color(1).r, "negative is cold");
        let mixed = color(2);
        spread += (f64::from(mixed.r) - f64::from(mixed.b)) / drawn.rows as f64;
        assert!(mixed.luminance() < 0.6, "mixed is as dark as its values are large: {mixed:?}");
        assert_eq!(color(3), hinton_scene::Color::WHITE, "zero is white");
    }
    assert!(spread.abs() < 15.0, "mixed is grey: {spread}");
}
