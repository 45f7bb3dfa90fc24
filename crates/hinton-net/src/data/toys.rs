//! Generated points in the plane with visible classes.

use super::{DataSet, Inputs};
use crate::Shape;
use crate::random::Random;

mod row;

pub use row::ToyRow;

/// Every kind.
pub const TOYS: &[ToyRow] = &[
    ToyRow {
        name: "spirals",
        about: "Two intertwined spirals",
        classes: 2,
        point: |class, random| {
            let way = random.unit().sqrt();
            let angle = way * 1.75 * TURN + class as f64 * 0.5 * TURN;
            noisy(at(angle, 0.2 + 2.8 * way), 0.06, random)
        },
    },
    ToyRow {
        name: "circles",
        about: "Two concentric circles",
        classes: 2,
        point: |class, random| {
            let radius = if class == 0 { 2.5 } else { 1.0 };
            noisy(at(random.unit() * TURN, radius), 0.2, random)
        },
    },
    ToyRow {
        name: "moons",
        about: "Two interlocking half circles",
        classes: 2,
        point: |class, random| {
            let (x, y) = at(random.unit() * 0.5 * TURN, 2.0);
            let point = if class == 0 { (x - 1.0, y - 0.5) } else { (1.0 - x, 0.5 - y) };
            noisy(point, 0.2, random)
        },
    },
    ToyRow {
        name: "xor",
        about: "Four squares, opposite ones of the same class",
        classes: 2,
        point: |class, random| {
            let side = |random: &mut Random| random.between(0.15, 2.5);
            let (x, y) = (side(random), side(random));
            let flip = if random.below(2) == 0 { 1.0 } else { -1.0 };
            let other = if class == 0 { flip } else { -flip };
            (x * flip, y * other)
        },
    },
    ToyRow {
        name: "gaussians",
        about: "Four clouds of points, one per class",
        classes: 4,
        point: |class, random| {
            let centre = at((class as f64 + 0.5) * 0.25 * TURN, 1.9);
            noisy(centre, 0.5, random)
        },
    },
];

const TURN: f64 = 2.0 * std::f64::consts::PI;

/// The point at an angle and a distance; sine and cosine that are the same on every machine.
fn at(angle: f64, radius: f64) -> (f64, f64) {
    (radius * libm::cos(angle), radius * libm::sin(angle))
}

fn noisy((x, y): (f64, f64), deviation: f64, random: &mut Random) -> (f64, f64) {
    (x + deviation * random.normal(), y + deviation * random.normal())
}

impl ToyRow {
    /// Generates `count` points within about 3 of the origin, alternating between the classes.
    pub fn points(&self, count: usize, seed: u64) -> DataSet {
        let mut random = Random::of(seed, self.name);
        let mut values = Vec::with_capacity(2 * count);
        let labels: Vec<u32> = (0..count).map(|index| (index % self.classes) as u32).collect();
        for label in &labels {
            let (x, y) = (self.point)(*label as usize, &mut random);
            values.extend([x as f32, y as f32]);
        }
        DataSet {
            name: self.name.to_owned(),
            input: Shape::Flat(2),
            classes: (0..self.classes).map(|class| class.to_string()).collect(),
            inputs: Inputs::new(2, values),
            labels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_near_and_of_every_class() {
        for row in TOYS {
            let set = row.points(400, 1);
            assert_eq!((set.len(), set.inputs.len()), (400, 400));
            let values = set.inputs.gather(&(0..400).collect::<Vec<_>>());
            assert!(values.iter().all(|value| value.abs() < 5.0), "{}", row.name);
            assert_eq!(set.labels.iter().max(), Some(&(row.classes as u32 - 1)));
            assert_ne!(set.fingerprint(), row.points(400, 2).fingerprint());
            assert_eq!(set.fingerprint(), row.points(400, 1).fingerprint());
        }
    }
}
