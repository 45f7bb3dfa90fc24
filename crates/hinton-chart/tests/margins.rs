//! Profiles along the edges of a heat map.

use crate::common;

use common::{cells, draw, noise, texts};
use hinton_chart::{Options, PageSize};
use hinton_tensor::Fold;

/// Noise with one column six times and one row four times as large as the others.
fn matrix(rows: usize, cols: usize, column: usize, row: usize) -> Vec<f32> {
    let mut values = noise(rows * cols);
    values.iter_mut().enumerate().for_each(|(index, value)| {
        let factor = if index % cols == column { 6.0 } else { 1.0 };
        let factor = if index / cols == row { 4.0 } else { factor };
        *value *= factor;
    });
    values
}

fn notes(rows: usize, cols: usize, options: &Options) -> String {
    let picture = draw("heatmap", &[(rows, cols, matrix(rows, cols, 13, 70))], options);
    picture.scene.description
}

#[test]
fn rows_and_columns_far_larger_than_the_others_are_named() {
    let options = Options::default();
    let picture = draw("heatmap", &[(200, 100, matrix(200, 100, 13, 170))], &options);
    let words = &picture.scene.description;
    assert!(words.contains("column 13: 6 times the median RMS"), "{words}");
    assert!(words.contains("row 170: 4 times the median RMS"), "{words}");
    let numbers = texts(&picture);
    let rect = cells(&picture)[0].rect;
    let beside = |text: &str| {
        let mut found = numbers.iter().filter(|found| found.content == text);
        found.any(|found| found.y > rect.bottom() || found.x > rect.right())
    };
    assert!(beside("13") && beside("170"));
    assert!(
        numbers.iter().all(|text| text.x < picture.scene.width && text.y < picture.scene.height)
    );
}

#[test]
fn a_folded_column_is_named_by_what_its_cells_hold() {
    let words = notes(200, 4000, &Options::default());
    assert!(words.contains("column") && words.contains("times the median RMS"), "{words}");
    let (name, _) = words.split_once(" times the median").unwrap();
    let (_, range) = name.rsplit_once("columns ").unwrap();
    let (range, _) = range.split_once(':').unwrap();
    let (first, last) = range.split_once(" to ").unwrap();
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    assert!((first..=last).contains(&13), "{words}");
}

#[test]
fn many_outliers_are_no_outliers() {
    let mut values = noise(100 * 100);
    values.iter_mut().step_by(4).for_each(|value| *value *= 30.0);
    let picture = draw("heatmap", &[(100, 100, values)], &Options::default());
    assert!(!picture.scene.description.contains("times the median"));
    assert!(picture.scene.description.contains("RMS of columns"));
}

#[test]
fn they_are_drawn_for_one_large_matrix_or_when_asked_for() {
    let drawn = |rows, cols, change: &dyn Fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        notes(rows, cols, &options).contains("RMS of rows")
    };
    assert!(drawn(100, 100, &|_| {}));
    assert!(!drawn(100, 100, &|options| options.margins = Some(false)));
    assert!(!drawn(100, 40, &|_| {}));
    assert!(drawn(100, 40, &|options| options.margins = Some(true)));
    // Means do not say how large values are.
    assert!(!drawn(3000, 3000, &|options| options.reduce = Some(Fold::Mean)));
    // A small page belongs to the cells.
    let small = |options: &mut Options| options.size = Some("80mm".parse::<PageSize>().unwrap());
    assert!(!drawn(100, 100, &small));
}

#[test]
fn values_that_are_not_finite_leave_the_others_as_they_are() {
    let mut values = matrix(100, 100, 13, 70);
    values[5] = f32::NAN;
    values[100 * 50 + 99] = f32::INFINITY;
    let picture = draw("heatmap", &[(100, 100, values)], &Options::default());
    let words = &picture.scene.description;
    assert!(
        words.contains("column 13: 6 times") || words.contains("column 13: 5 times"),
        "{words}"
    );
}
