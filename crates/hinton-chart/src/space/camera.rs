//! The camera: the direction of view, and the projection of points.

use std::str::FromStr;

use hinton_scene::turn;

use super::Box3;
use crate::ChartError;

/// The direction from which space is viewed. It takes the place of the scales of x and y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Degrees around the z axis; 0 looks along the x axis from its positive end, 90 along y.
    pub azimuth: f64,
    /// Degrees above the plane of x and y; 90 looks down on it.
    pub elevation: f64,
    /// Magnification; 1 is the default size.
    pub zoom: f64,
    /// Whether distant objects appear smaller.
    pub projection: Projection,
}

impl Default for Camera {
    fn default() -> Self {
        Camera { azimuth: -60.0, elevation: 30.0, zoom: 1.0, projection: Projection::Perspective }
    }
}

impl Camera {
    /// Looks down on the xy plane, with x to the right and y up.
    pub const ABOVE: Camera =
        Camera { azimuth: -90.0, elevation: 90.0, zoom: 1.0, projection: Projection::Perspective };

    /// Interpolates between this camera (0) and another (1).
    pub fn towards(self, other: Camera, share: f64) -> Camera {
        let mix = |from: f64, to: f64| from + (to - from) * share;
        Camera {
            azimuth: mix(self.azimuth, other.azimuth),
            elevation: mix(self.elevation, other.elevation),
            zoom: mix(self.zoom, other.zoom),
            projection: other.projection,
        }
    }
}

/// Whether distant objects appear smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Projection {
    /// Distant objects appear smaller.
    #[default]
    Perspective,
    /// Parallel lines stay parallel.
    Orthographic,
}

impl FromStr for Projection {
    type Err = ChartError;

    fn from_str(text: &str) -> Result<Self, ChartError> {
        match text {
            "perspective" => Ok(Projection::Perspective),
            "orthographic" => Ok(Projection::Orthographic),
            _ => {
                Err(ChartError::option("projection", text, "expected perspective or orthographic"))
            }
        }
    }
}

/// Distance of the eye from the middle of the box, whose half diagonal is about 0.9.
const DISTANCE: f64 = 10.0;

/// A camera set up before a box: points of data become places on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lens {
    /// Data to right, up, and towards the eye: three factors and a shift each, in units of the box.
    rows: [[f64; 4]; 3],
    perspective: bool,
    /// The middle of the box on the page.
    middle: [f64; 2],
    /// Points of the page to a unit.
    unit: f64,
}

/// Where a point is on the page, and how near to the eye.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seen {
    pub(crate) at: [f64; 2],
    pub(crate) near: f64,
}

impl Lens {
    /// Looks at `data`, drawn as a box with those sides, with the middle of it at `middle`.
    pub(crate) fn new(
        camera: &Camera,
        data: &Box3,
        sides: [f64; 3],
        middle: [f64; 2],
        unit: f64,
    ) -> Self {
        let (sin_a, cos_a) = turn(camera.azimuth);
        let (sin_e, cos_e) = turn(camera.elevation);
        let right = [-sin_a, cos_a, 0.0];
        let up = [-sin_e * cos_a, -sin_e * sin_a, cos_e];
        let towards = [cos_e * cos_a, cos_e * sin_a, sin_e];
        let row = |direction: [f64; 3]| {
            let mut row = [0.0; 4];
            for axis in 0..3 {
                let (low, high) = (data.low[axis], data.high[axis]);
                let factor = direction[axis] * sides[axis] / (high - low);
                row[axis] = factor;
                row[3] -= factor * (low + high) / 2.0;
            }
            row
        };
        Lens {
            rows: [row(right), row(up), row(towards)],
            perspective: camera.projection == Projection::Perspective,
            middle,
            unit: unit * camera.zoom,
        }
    }

    /// A plane seen from above: x to the right, y up, one scale for both.
    pub(crate) fn flat(data: &Box3, middle: [f64; 2], unit: f64) -> Self {
        let shift = |axis: usize| -(data.low[axis] + data.high[axis]) / 2.0;
        let rows = [[1.0, 0.0, 0.0, shift(0)], [0.0, 1.0, 0.0, shift(1)], [0.0; 4]];
        Lens { rows, perspective: false, middle, unit }
    }

    pub(crate) fn see(&self, point: [f64; 3]) -> Seen {
        let dot =
            |row: &[f64; 4]| row[0] * point[0] + row[1] * point[1] + row[2] * point[2] + row[3];
        let near = dot(&self.rows[2]);
        let scale = match self.perspective {
            true => self.unit * DISTANCE / (DISTANCE - near),
            false => self.unit,
        };
        let at = [
            self.middle[0] + dot(&self.rows[0]) * scale,
            self.middle[1] - dot(&self.rows[1]) * scale,
        ];
        Seen { at, near }
    }

    /// The same in single precision: three factors and a shift for right, down, and towards the eye,
    /// in points of the page (the first two) and in distances of the eye (the last, 0 where all is
    /// drawn alike). A place is `middle + (right, down) / (1 - towards)`.
    pub(crate) fn single(&self) -> ([[f32; 4]; 3], [f32; 2]) {
        let by = |row: [f64; 4], factor: f64| row.map(|value| (value * factor) as f32);
        let depth = if self.perspective { 1.0 / DISTANCE } else { 0.0 };
        let rows =
            [by(self.rows[0], self.unit), by(self.rows[1], -self.unit), by(self.rows[2], depth)];
        (rows, self.middle.map(|value| value as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit_box() -> Box3 {
        Box3 { low: [-1.0; 3], high: [1.0; 3] }
    }

    #[test]
    fn from_above_x_goes_right_and_y_up() {
        let lens = Lens::new(&Camera::ABOVE, &unit_box(), [1.0; 3], [50.0, 50.0], 10.0);
        let at = |point: [f64; 3]| lens.see(point).at;
        assert_eq!(at([0.0; 3]), [50.0, 50.0]);
        let [x, y] = at([1.0, 0.0, 0.0]);
        assert!((x - 55.0).abs() < 1e-9 && (y - 50.0).abs() < 1e-9, "{x} {y}");
        let [x, y] = at([0.0, 1.0, 0.0]);
        assert!((x - 50.0).abs() < 1e-9 && (y - 45.0).abs() < 1e-9, "{x} {y}");
        assert!(lens.see([0.0, 0.0, 1.0]).near > lens.see([0.0, 0.0, -1.0]).near);
    }

    #[test]
    fn near_things_are_larger_in_perspective_only() {
        let mut camera = Camera { azimuth: 0.0, elevation: 0.0, ..Camera::default() };
        let width = |camera: &Camera, x: f64| {
            let lens = Lens::new(camera, &unit_box(), [1.0; 3], [0.0; 2], 1.0);
            lens.see([x, 1.0, 0.0]).at[0] - lens.see([x, -1.0, 0.0]).at[0]
        };
        assert!(width(&camera, 1.0) > width(&camera, -1.0));
        camera.projection = Projection::Orthographic;
        assert_eq!(width(&camera, 1.0), width(&camera, -1.0));
    }

    #[test]
    fn single_precision_sees_the_same() {
        for projection in [Projection::Perspective, Projection::Orthographic] {
            let camera = Camera { projection, ..Camera::default() };
            let lens = Lens::new(&camera, &unit_box(), [1.1, 1.0, 0.8], [40.0, 30.0], 20.0);
            let (rows, middle) = lens.single();
            for point in [[0.5f32, -0.25, 0.75], [-1.0, 1.0, 0.0]] {
                let dot = |row: [f32; 4]| {
                    row[0] * point[0] + row[1] * point[1] + row[2] * point[2] + row[3]
                };
                let scale = 1.0 / (1.0 - dot(rows[2]));
                let seen = lens.see(point.map(f64::from)).at;
                for axis in 0..2 {
                    let single = f64::from(middle[axis] + dot(rows[axis]) * scale);
                    assert!((single - seen[axis]).abs() < 1e-4);
                }
            }
        }
    }
}
