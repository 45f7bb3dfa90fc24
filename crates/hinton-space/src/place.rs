//! Projects values with any number of dimensions to positions in a plane or in space.

use std::str::FromStr;

use hinton_chart::short;
use hinton_chart::space::Points;
use hinton_net::linear_map::{Principal, principal};
use hinton_tensor::{Work, share_out};
use hinton_weights::Error;

use super::{Stage, Values};

/// How points with more than three values are projected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Flatten {
    /// To three principal components: the directions of largest variance of that step.
    #[default]
    Principal,
    /// To two principal components.
    Principal2,
    /// To two or three chosen values, by their indices.
    Coordinates(Vec<usize>),
}

impl FromStr for Flatten {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fault = || {
            Error::request(
                format!("`show` {text:?}: expected pca, pca2, or two or three units such as 0,4,7"),
                "units are counted from 0",
            )
        };
        match text {
            "pca" | "pca3" => return Ok(Flatten::Principal),
            "pca2" => return Ok(Flatten::Principal2),
            _ => {}
        }
        let units: Result<Vec<usize>, _> =
            text.split(',').map(|word| word.trim().parse()).collect();
        match units {
            Ok(units) if matches!(units.len(), 2 | 3) => Ok(Flatten::Coordinates(units)),
            _ => Err(fault()),
        }
    }
}

/// How the values of one step become places.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Placement {
    /// As they are, one to three.
    Direct,
    /// Chosen ones.
    Coordinates(Vec<usize>),
    /// Along directions.
    Principal(Principal),
}

/// Points that the directions are fitted to, at most; of more an even sample is taken.
const MOST_FITTED: usize = 20_000;
/// The same for wide rows, whose products cost the square of the width.
const MOST_FITTED_WIDE: usize = 2_000;
const WIDE: usize = 64;
/// The same for rows so wide that products of points are fewer than those of values.
const MOST_FITTED_VERY_WIDE: usize = 300;
const VERY_WIDE: usize = 1024;
/// A share of the variance that is rounding alone.
const NO_VARIANCE: f64 = 1e-12;

impl Placement {
    /// Fits it to the points of a step.
    pub(crate) fn of(stage: &Stage, flatten: &Flatten) -> Result<Self, Error> {
        let dims = match flatten {
            Flatten::Coordinates(units) => {
                if stage.width <= 3 {
                    return Ok(Placement::Direct);
                }
                if let Some(unit) = units.iter().find(|&&unit| unit >= stage.width) {
                    return Err(Error::request(
                        format!(
                            "`show`: there is no unit {unit} after step {} ({}), which has {}",
                            stage.name, stage.label, stage.width
                        ),
                        "units are counted from 0",
                    ));
                }
                return Ok(Placement::Coordinates(units.clone()));
            }
            Flatten::Principal => 3,
            Flatten::Principal2 => 2,
        };
        if stage.width <= dims {
            return Ok(Placement::Direct);
        }
        Ok(Placement::Principal(fit(stage, dims)))
    }

    /// Dimensions of the places.
    pub(crate) fn dims(&self, width: usize) -> usize {
        match self {
            Placement::Direct => width.min(3),
            Placement::Coordinates(units) => units.len(),
            Placement::Principal(found) => found.directions.len(),
        }
    }

    /// Names of the axes.
    pub(crate) fn axes(&self, width: usize) -> [String; 3] {
        let name = |axis: usize| match self {
            Placement::Direct if width == 3 => ["x", "y", "z"][axis].to_owned(),
            Placement::Direct => String::new(),
            Placement::Coordinates(units) => {
                units.get(axis).map_or(String::new(), |unit| format!("unit {unit}"))
            }
            Placement::Principal(found) => {
                found.shares.get(axis).map_or(String::new(), |_| format!("PC {}", axis + 1))
            }
        };
        std::array::from_fn(name)
    }

    /// What is lost by it, for the picture.
    pub(crate) fn words(&self, stage: &Stage) -> Option<String> {
        match self {
            Placement::Direct => None,
            Placement::Coordinates(units) => {
                Some(format!("{} of {} units", units.len(), stage.width))
            }
            Placement::Principal(found) => {
                let kept: f64 = found.shares.iter().sum();
                let each: Vec<String> =
                    found.shares.iter().map(|&share| short(share * 100.0)).collect();
                let (fitted, all) = (fitted(stage), points(stage));
                let sample = match fitted < all {
                    true => format!(", fitted to {fitted} of {all} points"),
                    false => String::new(),
                };
                Some(format!(
                    "{}D by PCA, {} % of the variance ({}){sample}",
                    stage.width,
                    short(kept * 100.0),
                    each.join(" + ")
                ))
            }
        }
    }

    /// The place of one row.
    pub(crate) fn place(&self, row: &[f64]) -> [f32; 3] {
        let mut place = [0.0; 3];
        match self {
            Placement::Direct => {
                for (place, &value) in place.iter_mut().zip(row) {
                    *place = value as f32;
                }
            }
            Placement::Coordinates(units) => {
                for (place, &unit) in place.iter_mut().zip(units) {
                    *place = row[unit] as f32;
                }
            }
            Placement::Principal(Principal { mean, directions, .. }) => {
                for (place, direction) in place.iter_mut().zip(directions) {
                    let along = row.iter().zip(mean).zip(direction);
                    *place = along.map(|((x, mean), part)| (x - mean) * part).sum::<f64>() as f32;
                }
            }
        }
        place
    }

    /// The values of a step as they are, where they are places already.
    pub(crate) fn held<'a>(&self, stage: &'a Stage) -> Option<Points<'a>> {
        match (self, &stage.values, stage.width) {
            (Placement::Direct, Values::F32(values), 1..=3) => {
                Some(Points::new(values, stage.width))
            }
            _ => None,
        }
    }

    /// The places of all points of a step.
    pub(crate) fn places(&self, stage: &Stage, work: Work<'_>) -> Vec<[f32; 3]> {
        const STRIPE: usize = 1 << 15;
        let width = stage.width;
        let mut places = vec![[0.0f32; 3]; points(stage)];
        if let (Placement::Direct, 1..=3) = (self, width) {
            let stripes: Vec<_> = places.chunks_mut(STRIPE).enumerate().collect();
            share_out(stripes, work.threads, |(at, stripe): (usize, &mut [[f32; 3]])| {
                let range = at * STRIPE * width..(at * STRIPE + stripe.len()) * width;
                match &stage.values {
                    Values::F32(values) => direct(&values[range], width, stripe, |value| value),
                    Values::F64(values) => {
                        direct(&values[range], width, stripe, |value| value as f32)
                    }
                }
            });
            return places;
        }
        let stripes: Vec<_> = places.chunks_mut(STRIPE).enumerate().collect();
        share_out(stripes, work.threads, |(at, stripe): (usize, &mut [[f32; 3]])| {
            let mut row = vec![0.0; width];
            for (point, place) in stripe.iter_mut().enumerate() {
                stage.values.row(at * STRIPE + point, &mut row);
                *place = self.place(&row);
            }
        });
        places
    }
}

fn direct<T: Copy>(values: &[T], width: usize, places: &mut [[f32; 3]], single: impl Fn(T) -> f32) {
    for (place, row) in places.iter_mut().zip(values.chunks_exact(width)) {
        for (place, &value) in place.iter_mut().zip(row) {
            *place = single(value);
        }
    }
}

fn points(stage: &Stage) -> usize {
    stage.values.len() / stage.width.max(1)
}

/// Points that directions are fitted to.
fn fitted(stage: &Stage) -> usize {
    let most = match stage.width {
        width if width > VERY_WIDE => MOST_FITTED_VERY_WIDE,
        width if width > WIDE => MOST_FITTED_WIDE,
        _ => MOST_FITTED,
    };
    points(stage).min(most)
}

/// The directions of largest variance. Rows that are not finite are left out.
fn fit(stage: &Stage, dims: usize) -> Principal {
    let (width, all, count) = (stage.width, points(stage), fitted(stage));
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(count);
    for at in 0..count {
        let mut row = vec![0.0; width];
        stage.values.row(at * all / count, &mut row);
        if row.iter().all(|value| value.is_finite()) {
            rows.push(row);
        }
    }
    let share = 1.0 / rows.len().max(1) as f64;
    let mut mean = vec![0.0; width];
    for row in &rows {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value * share);
    }
    for row in &mut rows {
        row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
    }
    let mut found = match width > VERY_WIDE {
        true => by_points(mean, &rows, dims),
        false => by_values(mean, &rows, dims),
    };
    // A plane in a wider space stays a plane: a third direction would show nothing but rounding,
    // drawn as large as the rest.
    let kept = found.shares.iter().take_while(|share| **share > NO_VARIANCE).count().max(2);
    found.directions.truncate(kept);
    found.shares.truncate(kept);
    found
}

/// Directions from the products of values with values.
fn by_values(mean: Vec<f64>, rows: &[Vec<f64>], dims: usize) -> Principal {
    let width = mean.len();
    let mut covariance = vec![0.0; width * width];
    for row in rows {
        for (at, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let sums = &mut covariance[at * width..][..width];
            sums.iter_mut().zip(row).for_each(|(sum, other)| *sum += value * other);
        }
    }
    let share = 1.0 / rows.len().max(1) as f64;
    covariance.iter_mut().for_each(|sum| *sum *= share);
    principal(mean, &covariance, dims)
}

/// Directions from the products of points with points, which have the same variances: the way for
/// more values than points.
fn by_points(mean: Vec<f64>, rows: &[Vec<f64>], dims: usize) -> Principal {
    let count = rows.len();
    let mut products = vec![0.0; count * count];
    for (at, row) in rows.iter().enumerate() {
        for (other, beside) in rows.iter().enumerate().take(at + 1) {
            let product: f64 = row.iter().zip(beside).map(|(x, y)| x * y).sum();
            products[at * count + other] = product;
            products[other * count + at] = product;
        }
    }
    let found = principal(vec![0.0; count], &products, dims);
    let direction = |weights: &Vec<f64>| {
        let mut direction = vec![0.0; mean.len()];
        for (row, weight) in rows.iter().zip(weights) {
            direction.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
        }
        let length = direction.iter().map(|value| value * value).sum::<f64>().sqrt();
        let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
        direction.iter_mut().for_each(|value| *value *= scale);
        direction
    };
    let directions = found.directions.iter().map(direction).collect();
    Principal { mean, directions, shares: found.shares }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(width: usize, values: Vec<f64>) -> Stage {
        Stage {
            name: "2".to_owned(),
            label: "Tanh".to_owned(),
            width,
            values: values.into(),
            map: None,
        }
    }

    #[test]
    fn few_values_are_places() {
        for (width, want) in [(1, [1.0, 0.0, 0.0]), (2, [1.0, 2.0, 0.0]), (3, [1.0, 2.0, 3.0])] {
            let stage = stage(width, [1.0, 2.0, 3.0][..width].to_vec());
            let placement = Placement::of(&stage, &Flatten::Principal).unwrap();
            assert_eq!(placement.places(&stage, Work::quiet()), [want]);
            assert_eq!(placement.dims(width), width);
            assert_eq!(placement.words(&stage), None);
        }
    }

    #[test]
    fn very_wide_rows_have_the_same_directions() {
        let mut random = hinton_net::random::Random::new(2);
        let rows: Vec<Vec<f64>> = (0..40)
            .map(|_| (0..7).map(|at| random.normal() * f64::from(7 - at)).collect())
            .collect();
        let one = by_values(vec![0.0; 7], &rows, 3);
        let two = by_points(vec![0.0; 7], &rows, 3);
        for at in 0..3 {
            assert!((one.shares[at] - two.shares[at]).abs() < 1e-9);
            let along: f64 =
                one.directions[at].iter().zip(&two.directions[at]).map(|(x, y)| x * y).sum();
            assert!((along.abs() - 1.0).abs() < 1e-6, "{at} {along}");
        }
    }

    #[test]
    fn many_values_keep_their_variance() {
        let rows: Vec<f64> = (0..200)
            .flat_map(|at| {
                let x = f64::from(at) / 10.0;
                [x, -x, 2.0 * x + 5.0, f64::from(at % 3) * 0.01, 1.0]
            })
            .collect();
        let stage = stage(5, rows);
        let placement = Placement::of(&stage, &Flatten::Principal).unwrap();
        let words = placement.words(&stage).unwrap();
        assert!(words.starts_with("5D by PCA, 100 % of the variance"), "{words}");
        let places = placement.places(&stage, Work::on(2));
        let apart = (places[199][0] - places[0][0]).abs();
        assert!((f64::from(apart) - 19.9 * 6f64.sqrt()).abs() < 1e-3, "{apart}");
        assert_eq!(placement.dims(5), 2, "it varies in two directions only");
        let chosen = Placement::of(&stage, &"2,0".parse().unwrap()).unwrap();
        assert_eq!(chosen.places(&stage, Work::quiet())[10], [7.0, 1.0, 0.0]);
        let fault = Placement::of(&stage, &"0,9".parse().unwrap()).unwrap_err().to_string();
        assert!(fault.contains("no unit 9 after step 2 (Tanh), which has 5"), "{fault}");
        assert!("0".parse::<Flatten>().is_err());
    }
}
