//! The points that are sent through a network.

use std::str::FromStr;

use hinton_format::Checkpoint;
use hinton_net::Shape;
use hinton_net::data::{TOYS, digits};
use hinton_net::random::Random;
use hinton_weights::Error;

use super::{Normalize, Values, files};

/// Most points that are sent through a network at once.
const MOST_POINTS: usize = 16_000_000;
/// Most lines of a mesh that are drawn in each direction: with more, folds drown in ink.
const MOST_MESH_LINES: usize = 21;

/// The source of the points.
#[derive(Debug, Clone, PartialEq)]
pub enum PointSource {
    /// An even mesh over a square (or a line, or a cube) from −extent to extent.
    Mesh,
    /// Points with standard normal coordinates.
    Cloud,
    /// A line along the first axis.
    Line,
    /// A circle.
    Circle,
    /// Concentric circles, each a class.
    Rings,
    /// A data set of the training command: `spirals`, `digits` ….
    Data(&'static str),
    /// A table of numbers: `.npy`, `.csv` or any other file that can be opened.
    File(std::path::PathBuf),
}

impl FromStr for PointSource {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "mesh" => PointSource::Mesh,
            "cloud" => PointSource::Cloud,
            "line" => PointSource::Line,
            "circle" => PointSource::Circle,
            "rings" => PointSource::Rings,
            data if data_names().any(|name| name == data) => {
                PointSource::Data(data_names().find(|name| *name == data).unwrap_or_default())
            }
            file if file.contains(['.', '/', '\\']) => PointSource::File(file.into()),
            other => {
                return Err(Error::request(
                    format!("`points` {other:?}: there are no such points"),
                    format!(
                        "write mesh, cloud, line, circle, rings, {}, or a file such as points.npy",
                        data_names().collect::<Vec<_>>().join(", ")
                    ),
                ));
            }
        })
    }
}

/// The data sets that ship inside.
fn data_names() -> impl Iterator<Item = &'static str> {
    TOYS.iter().map(|row| row.name).chain(["digits"])
}

/// Which points, and how many.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PointRequest {
    /// Where they come from.
    pub source: PointSource,
    /// Half the side of the mesh, the length of the line, or the radius of circles.
    pub extent: Option<f64>,
    /// Distance between the points of a mesh.
    pub spacing: Option<f64>,
    /// The number of points, if the source leaves it open; for a file, the maximum.
    pub count: Option<usize>,
    /// The seed of [`Cloud`](PointSource::Cloud).
    pub seed: u64,
    /// A file with one label per point. With `None`, labels come from the points' own file, or else
    /// from a file next to it with a matching name (`t10k-labels-idx1-ubyte`).
    pub labels: Option<std::path::PathBuf>,
    /// How the values are normalised.
    pub normalize: Normalize,
}

impl Default for PointRequest {
    fn default() -> Self {
        PointRequest {
            source: PointSource::Mesh,
            extent: None,
            spacing: None,
            count: None,
            seed: 0,
            labels: None,
            normalize: Normalize::Auto,
        }
    }
}

/// Points to send through a network, one row each.
#[derive(Debug, Clone, PartialEq)]
pub struct PointSet {
    /// A description for the user.
    pub name: String,
    /// The number of values of a point.
    pub width: usize,
    /// The values, point after point.
    pub values: Values,
    /// Lines between points, as pairs of indices.
    pub lines: Vec<[u32; 2]>,
    /// The class of each point, and the names of the classes.
    pub labels: Option<(Vec<u32>, Vec<String>)>,
    /// Height and width, if each point is a greyscale picture.
    pub image: Option<(usize, usize)>,
    /// Whether the file holds bytes, which are divided by 255 unless requested otherwise.
    pub is_bytes: bool,
    /// How the values were normalised.
    pub normalize: Normalize,
    /// Notes for the user.
    pub notes: Vec<String>,
}

impl PointSet {
    /// The number of points.
    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Points without lines and labels.
    pub fn new(name: String, width: usize, values: impl Into<Values>) -> Self {
        PointSet {
            name,
            width,
            values: values.into(),
            lines: Vec::new(),
            labels: None,
            image: None,
            is_bytes: false,
            normalize: Normalize::Auto,
            notes: Vec::new(),
        }
    }
}

/// Makes the points for a network that takes `width` values.
///
/// # Errors
/// Returns an error if the points do not fit the network, an option makes no sense, or a file
/// cannot be read.
pub fn points(request: &PointRequest, width: usize) -> Result<PointSet, Error> {
    for (option, value) in [("extent", request.extent), ("spacing", request.spacing)] {
        if let Some(value) = value.filter(|value| !(*value > 0.0 && value.is_finite())) {
            return Err(Error::request(
                format!("`{option}={value}`: expected a number above 0"),
                "",
            ));
        }
    }
    let mut set = match &request.source {
        PointSource::Mesh => mesh(request, width)?,
        PointSource::Cloud => cloud(request, width)?,
        PointSource::Line => line(request, width),
        PointSource::Circle => {
            let count = request.count.unwrap_or(200);
            circles(request, width, &[1.0], count, "circle")?
        }
        PointSource::Rings => {
            let shares: Vec<f64> = (1..=5).map(|ring| f64::from(ring) / 5.0).collect();
            let count = request.count.unwrap_or(500).div_ceil(5);
            let mut set = circles(request, width, &shares, count, "rings")?;
            let classes = (0..set.len()).map(|at| (at / count) as u32).collect();
            let names = (1..=5).map(|ring| format!("ring {ring}")).collect();
            set.labels = Some((classes, names));
            set
        }
        PointSource::Data(name) => data(name, request, width)?,
        PointSource::File(path) => files::points(path, request, width)?,
    };
    finish(&mut set, request)?;
    Ok(set)
}

/// Reads points from an open checkpoint: a table with one row per point, and optionally whole
/// numbers with one label per point. The source and the label file of the request are ignored.
///
/// # Errors
/// Returns the errors of [`points`].
pub fn points_of(
    checkpoint: &Checkpoint,
    request: &PointRequest,
    width: usize,
) -> Result<PointSet, Error> {
    let mut request = request.clone();
    request.labels = None;
    let mut set = files::points_in(checkpoint, None, &request, width)?;
    finish(&mut set, &request)?;
    Ok(set)
}

/// Checks the points and normalises them.
fn finish(set: &mut PointSet, request: &PointRequest) -> Result<(), Error> {
    if set.len() > MOST_POINTS {
        return Err(too_many(set.len()));
    }
    if set.is_empty() {
        return Err(Error::unfit(format!("{}: there are no points", set.name), ""));
    }
    check_finite(set)?;
    set.normalize(request.normalize)
}

pub(super) fn too_many(count: usize) -> Error {
    Error::request(
        format!("{count} points are more than the {MOST_POINTS} that are drawn"),
        "ask for fewer: a larger `spacing`, a smaller `extent` or `count`",
    )
}

fn check_finite(set: &PointSet) -> Result<(), Error> {
    let Some(at) = set.values.first_odd() else { return Ok(()) };
    let (point, column) = (at / set.width, at % set.width);
    let help = "points need a place: fill in or leave out what is missing";
    Err(Error::unfit(
        format!(
            "{}: point {point} (from 0), coordinate {column}: expected a finite number, found {}",
            set.name,
            set.values.get(at)
        ),
        help,
    ))
}

/// `low, low + step, …` below `high`, as numpy's `arange` counts them.
fn arange(low: f64, high: f64, step: f64) -> Vec<f64> {
    let count = ((high - low) / step).ceil().max(1.0);
    // A last value that rounding alone makes is left out.
    let count = if (high - low) / step - (count - 1.0) < 1e-9 { count - 1.0 } else { count };
    (0..count.max(1.0) as usize).map(|at| low + at as f64 * step).collect()
}

fn mesh(request: &PointRequest, width: usize) -> Result<PointSet, Error> {
    if width == 1 {
        // The original's line of 50 points from −1 to 1.
        return Ok(line(request, 1));
    }
    if width > 3 {
        return Err(Error::request(
            format!("a mesh has 1 to 3 dimensions, and this network takes {width} values a point"),
            "choose other `points`: cloud, a data set, or a file such as points.npy",
        ));
    }
    let extent = request.extent.unwrap_or(5.0);
    let spacing = request.spacing.unwrap_or(if width == 2 { 0.1 } else { 0.5 });
    let estimate = (2.0 * extent / spacing).powi(width as i32);
    if estimate > MOST_POINTS as f64 {
        return Err(too_many(estimate.min(1e18) as usize));
    }
    let axis = arange(-extent, extent, spacing);
    let side = axis.len();
    let all = side.pow(width as u32);
    let mut values = Vec::with_capacity(all * width);
    for at in 0..all {
        // The first coordinate is the slowest.
        for place in (0..width).rev() {
            values.push(axis[at / side.pow(place as u32) % side]);
        }
    }
    let mut set = PointSet::new(
        format!("mesh of {}", vec![side.to_string(); width].join("x")),
        width,
        values,
    );
    set.lines = mesh_lines(side, width);
    Ok(set)
}

/// Lines along every axis, through every n-th place of the other axes.
fn mesh_lines(side: usize, width: usize) -> Vec<[u32; 2]> {
    let every = side.div_ceil(MOST_MESH_LINES).max(1);
    let drawn = |place: usize| place.is_multiple_of(every) || place + 1 == side;
    let mut lines = Vec::new();
    for at in 0..side.pow(width as u32) {
        let place = |axis: usize| at / side.pow(axis as u32) % side;
        for axis in 0..width {
            let others = (0..width).filter(|&other| other != axis).all(|other| drawn(place(other)));
            if others && place(axis) + 1 < side {
                lines.push([at as u32, (at + side.pow(axis as u32)) as u32]);
            }
        }
    }
    lines
}

fn cloud(request: &PointRequest, width: usize) -> Result<PointSet, Error> {
    let count = request.count.unwrap_or(if width == 1 { 50 } else { 1000 });
    if count > MOST_POINTS || count.saturating_mul(width) > 1 << 31 {
        return Err(too_many(count));
    }
    let scale = request.extent.unwrap_or(1.0);
    let mut random = Random::of(request.seed, "cloud");
    let values: Vec<f64> = (0..count * width).map(|_| random.normal() * scale).collect();
    Ok(PointSet::new(format!("cloud of {count}"), width, values))
}

fn line(request: &PointRequest, width: usize) -> PointSet {
    let count = request.count.unwrap_or(if width == 1 { 50 } else { 200 }).clamp(2, MOST_POINTS);
    let extent = request.extent.unwrap_or(if width == 1 { 1.0 } else { 5.0 });
    let mut values = vec![0.0; count * width];
    for (at, row) in values.chunks_mut(width).enumerate() {
        row[0] = -extent + 2.0 * extent * at as f64 / (count - 1) as f64;
    }
    let mut set = PointSet::new(format!("line of {count}"), width, values);
    set.lines = (1..count as u32).map(|at| [at - 1, at]).collect();
    set
}

fn circles(
    request: &PointRequest,
    width: usize,
    shares: &[f64],
    count: usize,
    name: &str,
) -> Result<PointSet, Error> {
    if width < 2 {
        return Err(Error::request(
            format!(
                "`points={name}`: a circle has 2 dimensions, and this network takes 1 value a point"
            ),
            "choose mesh, cloud or line",
        ));
    }
    if count.saturating_mul(shares.len()) > MOST_POINTS || count < 3 {
        return Err(Error::request(
            format!("`count={count}`: a circle has 3 to {MOST_POINTS} points"),
            "",
        ));
    }
    let extent = request.extent.unwrap_or(if shares.len() == 1 { 1.0 } else { 5.0 });
    let mut values = vec![0.0; count * shares.len() * width];
    for (at, row) in values.chunks_mut(width).enumerate() {
        let (sin, cos) = hinton_scene::turn(360.0 * (at % count) as f64 / count as f64);
        let radius = extent * shares[at / count];
        (row[0], row[1]) = (radius * cos, radius * sin);
    }
    let mut set = PointSet::new(format!("{name} of {}", count * shares.len()), width, values);
    for at in 0..(count * shares.len()) as u32 {
        let first = at - at % count as u32;
        set.lines.push([at, first + (at + 1 - first) % count as u32]);
    }
    Ok(set)
}

/// A data set that ships inside.
fn data(name: &'static str, request: &PointRequest, width: usize) -> Result<PointSet, Error> {
    let toy = TOYS.iter().find(|row| row.name == name);
    let set = match toy {
        Some(row) => row.points(request.count.unwrap_or(600).min(MOST_POINTS), request.seed),
        None => digits(),
    };
    if set.inputs.width() != width {
        return Err(Error::request(
            format!(
                "points of the wrong width: the network takes {width} values a point, {name} has {}",
                set.inputs.width()
            ),
            format!("choose other `points`, or a network that begins with {}", set.inputs.width()),
        ));
    }
    let count = request.count.map_or(set.len(), |count| count.min(set.len()));
    let which: Vec<u32> = (0..count as u32).collect();
    let values = set.inputs.gather(&which);
    let mut points = PointSet::new(format!("{count} points of {name}"), width, values);
    points.labels = Some((set.labels[..count].to_vec(), set.classes));
    if let Shape::Image { channels: 1, height, width } = set.input {
        points.image = Some((height, width));
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(source: PointSource, width: usize) -> PointSet {
        points(&PointRequest { source, ..PointRequest::default() }, width).unwrap()
    }

    #[test]
    fn the_mesh_is_the_originals() {
        let mesh = set(PointSource::Mesh, 2);
        assert_eq!(mesh.len(), 10_000);
        let first: Vec<f64> = mesh.values.iter().take(4).collect();
        assert_eq!(first, [-5.0, -5.0, -5.0, -5.0 + 0.1]);
        assert_eq!(mesh.values.get(200), -5.0 + 0.1);
        assert!((mesh.values.get(19_999) - 4.9).abs() < 1e-9);
        let line = set(PointSource::Mesh, 1);
        assert_eq!((line.len(), line.values.get(0), line.values.get(49)), (50, -1.0, 1.0));
        assert_eq!(set(PointSource::Cloud, 2).len(), 1000);
        assert_eq!(set(PointSource::Cloud, 1).len(), 50);
    }

    #[test]
    fn lines_join_neighbours() {
        for (source, width) in [
            (PointSource::Mesh, 2),
            (PointSource::Mesh, 3),
            (PointSource::Circle, 2),
            (PointSource::Rings, 3),
            (PointSource::Line, 2),
        ] {
            let set = set(source.clone(), width);
            assert!(!set.lines.is_empty());
            let values: Vec<f64> = set.values.iter().collect();
            let point = |at: u32| &values[at as usize * width..][..width];
            let length = |[a, b]: &[u32; 2]| {
                point(*a).iter().zip(point(*b)).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
            };
            let most = set.lines.iter().map(length).fold(0.0, f64::max);
            assert!(most < 0.51, "{source:?}: {most}");
        }
    }

    #[test]
    fn a_mesh_that_cannot_be_is_refused() {
        let refused = |spacing: f64, width: usize| {
            let request = PointRequest { spacing: Some(spacing), ..PointRequest::default() };
            points(&request, width).unwrap_err().to_string()
        };
        assert!(refused(1e-9, 2).contains("more than"));
        assert!(refused(0.1, 784).contains("takes 784 values"));
        assert!(refused(-1.0, 2).contains("`spacing=-1`"));
        assert!(refused(f64::NAN, 2).contains("`spacing=NaN`"));
    }
}
