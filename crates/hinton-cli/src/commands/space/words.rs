//! The words of `hinton space`, and what they mean.

use clap::{ArgAction, ArgMatches, Command};
use hinton::space::{FilmRequest, Guides, NetworkRequest, PointRequest, Precision, ShowRequest};
use hinton::space_chart::{Density, Parts};
use hinton::{Colormap, Error, Work};

use super::{count, flag, number, value};

const NETWORK: &str = "Network";
const POINTS: &str = "Points";
const DRAWN: &str = "What is drawn";
const CAMERA: &str = "Camera";
const FILM: &str = "Film";
const PAGE: &str = "Page and type";

pub(super) fn args(command: Command) -> Command {
    let command = command
        .arg(
            value("weights", "STEP=[[…]]", "Weights by hand, or a file of them; may be repeated", NETWORK)
                .action(ArgAction::Append)
                .long_help(
                    "Weights by hand: a step and its matrix, row by row, as in '0=[[3,0],[0,3],[6,6]]'; \
                     several are parted by ; or in a file: a checkpoint with 0.weight. With --preset: \
                     manual or random.",
                ),
        )
        .arg(value("init", "WAY", "How the other weights are initialised: uniform, normal, he, identity, orthogonal …", NETWORK))
        .arg(number("scale", "S", "Factor for the initialised weights [default: 1]", NETWORK))
        .arg(count("seed", "N", "Seed of weights and points [default: 0]", NETWORK))
        .arg(flag("bias", "Linear maps of NETWORK, if written as a line, add a bias", NETWORK))
        .arg(value("activation", "LAYER", "The layer between the matrices of a checkpoint", NETWORK))
        .arg(value("model", "LAYERS", "The layers of a checkpoint: 784-128-relu-10", NETWORK))
        .arg(count("step", "N", "The step of a recorded run [default: the last]", NETWORK));
    let command = command
        .arg(value(
            "points",
            "POINTS",
            "mesh, cloud, line, circle, rings, spirals, digits …, or a file (.npy .csv …)",
            POINTS,
        ))
        .arg(number(
            "extent",
            "E",
            "Half the side of the mesh [default: 5]; the radius of a circle [default: 1], of rings [default: 5]",
            POINTS,
        ))
        .arg(number("spacing", "S", "Distance between the points of the mesh [default: 0.1]", POINTS))
        .arg(count("count", "N", "How many points", POINTS))
        .arg(value(
            "labels",
            "FILE",
            "A label for each point of a file [default: in it, or in the file of labels next to it]",
            POINTS,
        ))
        .arg(
            value(
                "normalize",
                "MEAN,STD",
                "MEAN,STD: subtract the mean, divide by the deviation; or raw, or points",
                POINTS,
            )
            .long_help(
                "What is done to values before they are sent: MEAN,STD such as 0.1307,0.3081 subtracts and \
                 divides; points takes the mean and the standard deviation of the points themselves; raw \
                 leaves bytes from 0 to 255. Bytes are divided by 255 otherwise.",
            ),
        )
        .arg(value(
            "color",
            "BY",
            "first, coordinate:K, angle, wheel, label or prediction",
            POINTS,
        ))
        .arg(value("cmap", "MAP", "Colour map: matplotlib's names", POINTS))
        .arg(
            value("dtype", "TYPE", "Precision of the values: f32 or f64", POINTS)
                .value_parser(["f32", "f64"]),
        );
    let command = command
        .arg(value("show", "UNITS", "More than 3 values: pca, pca2, or units such as 0,4,7", DRAWN))
        .arg(
            value("as", "MARKS", "points, lines (of the mesh), both, or density", DRAWN)
                .value_parser(["points", "lines", "both", "density"]),
        )
        .arg(number("point-size", "PT", "Diameter of the points", DRAWN))
        .arg(
            value(
                "guides",
                "WHICH",
                "Basis arrows and the unit square: auto, all (with the circle) or off",
                DRAWN,
            )
            .value_parser(["auto", "all", "off"]),
        )
        .arg(
            value(
                "regions",
                "WHEN",
                "The predicted class at each position of the plane: auto, on or off",
                DRAWN,
            )
            .value_parser(["auto", "on", "off"]),
        );
    let command = command
        .arg(number("azimuth", "DEG", "Degrees around the z axis [default: -60]", CAMERA))
        .arg(number("elevation", "DEG", "Degrees above the plane [default: 30]", CAMERA))
        .arg(number("zoom", "Z", "Magnification [default: 1]", CAMERA))
        .arg(
            value("projection", "KIND", "perspective or orthographic", CAMERA)
                .value_parser(["perspective", "orthographic"]),
        )
        .arg(
            value("axes", "SCALES", "Axes of a box: equal, or each on its own scale", CAMERA)
                .value_parser(["auto", "equal", "own"]),
        );
    let command = command
        .arg(flag("morph", "Points move from step to step", FILM))
        .arg(flag("orbit", "The camera orbits once", FILM))
        .arg(number("fps", "N", "Frames per second [default: 30; 15 in GIF]", FILM))
        .arg(number("pause", "SECONDS", "How long each step is shown [default: 1]", FILM))
        .arg(number("travel", "SECONDS", "Time from one step to the next [default: 2]", FILM))
        .arg(
            number("duration", "SECONDS", "How long the film is", FILM)
                .conflicts_with_all(["pause", "travel"]),
        )
        .arg(count("loop", "N", "How often it plays; 0 means forever [default: 0]", FILM));
    command
        .arg(
            value("theme", "THEME", "light, dark or paper", PAGE)
                .value_parser(["light", "dark", "paper"]),
        )
        .arg(value("size", "SIZE", "The page: 15x10in, 900x900px, 8cm", PAGE))
        .arg(number("font-size", "PT", "Size of labels, points; titles and margins follow", PAGE))
        .arg(value("font", "FILE", "Font of all text: a .ttf, .otf or .ttc file", PAGE))
        .arg(number("dpi", "N", "Pixels per inch [default: 144]", PAGE))
        .arg(count("columns", "N", "Steps side by side", PAGE))
        .arg(value("title", "TEXT", "Title of the page", PAGE))
        .arg(flag("no-legend", "Show no key of the colours", PAGE))
        .arg(value(
            "format",
            "FORMAT",
            "The output of each picture of a folder [default: png]",
            PAGE,
        ))
}

fn text<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a str> {
    matches.get_one::<String>(name).map(String::as_str)
}

fn real(matches: &ArgMatches, name: &str) -> Option<f64> {
    matches.get_one::<f64>(name).copied()
}

fn whole(matches: &ArgMatches, name: &str) -> Option<u64> {
    matches.get_one::<u64>(name).copied()
}

pub(super) fn network(matches: &ArgMatches) -> Result<NetworkRequest, Error> {
    let mut request = NetworkRequest::default();
    if let Some(weights) = matches.get_many::<String>("weights") {
        request.weights = weights.cloned().collect();
    }
    if let Some(init) = text(matches, "init") {
        request.init = init.to_owned();
    }
    request.scale = real(matches, "scale").unwrap_or(1.0);
    request.seed = whole(matches, "seed").unwrap_or(0);
    request.bias = matches.get_flag("bias");
    request.activation = text(matches, "activation").map(str::to_owned);
    request.model = text(matches, "model").map(str::to_owned);
    request.step = whole(matches, "step");
    Ok(request)
}

pub(super) fn points(matches: &ArgMatches) -> Result<PointRequest, Error> {
    let mut request = PointRequest::default();
    if let Some(source) = text(matches, "points") {
        request.source = source.parse()?;
    }
    request.extent = real(matches, "extent");
    request.spacing = real(matches, "spacing");
    request.seed = whole(matches, "seed").unwrap_or(0);
    request.labels = text(matches, "labels").map(Into::into);
    if let Some(normalize) = text(matches, "normalize") {
        request.normalize = normalize.parse()?;
    }
    limit(matches, &mut request);
    Ok(request)
}

/// What is asked of a film.
pub(super) fn film(matches: &ArgMatches, fps: f64) -> FilmRequest {
    let mut request = FilmRequest::default();
    let (morph, orbit) = (matches.get_flag("morph"), matches.get_flag("orbit"));
    request.morph = morph || !orbit;
    request.orbit = orbit;
    request.fps = real(matches, "fps").unwrap_or(fps);
    request.pause = real(matches, "pause").unwrap_or(request.pause);
    request.travel = real(matches, "travel").unwrap_or(request.travel);
    request.duration = real(matches, "duration");
    request
}

fn wrong(message: String, help: &str) -> Error {
    Error::Request { message, help: Some(help.to_owned()) }
}

/// How many points were asked for.
pub(super) fn limit(matches: &ArgMatches, request: &mut PointRequest) {
    if let Some(count) = whole(matches, "count") {
        request.count = Some(usize::try_from(count).unwrap_or(usize::MAX));
    }
}

pub(super) fn show<'a>(matches: &ArgMatches, work: Work<'a>) -> Result<ShowRequest<'a>, Error> {
    let mut request = ShowRequest::default();
    request.options.work = work;
    apply(matches, &mut request)?;
    Ok(request)
}

/// What was said, over what a preset says.
pub(super) fn apply(matches: &ArgMatches, request: &mut ShowRequest<'_>) -> Result<(), Error> {
    if let Some(by) = text(matches, "color") {
        request.color = by.parse()?;
    }
    if let Some(name) = text(matches, "cmap") {
        let map = Colormap::named(name).ok_or_else(|| {
            wrong(format!("there is no colour map {name:?}"), "see `hinton list colormaps`")
        })?;
        request.cmap = Some(map);
    }
    request.precision = match text(matches, "dtype") {
        Some("f32") => Precision::F32,
        Some(_) => Precision::F64,
        None => Precision::Auto,
    };
    if let Some(units) = text(matches, "show") {
        request.flatten = units.parse()?;
    }
    match text(matches, "guides") {
        Some("all") => request.guides = Guides::All,
        Some("off") => request.guides = Guides::Off,
        _ => {}
    }
    request.regions = match text(matches, "regions") {
        Some("on") => Some(true),
        Some("off") => Some(false),
        _ => request.regions,
    };
    let options = &mut request.options;
    match text(matches, "as") {
        Some("points") => {
            options.parts = Parts::Points;
            options.density = Density::Off;
        }
        Some("lines") => options.parts = Parts::Lines,
        Some("both") => options.parts = Parts::Both,
        Some("density") => options.density = Density::On,
        _ => {}
    }
    options.point_size = real(matches, "point-size").or(options.point_size);
    let camera = &mut options.camera;
    camera.azimuth = real(matches, "azimuth").unwrap_or(camera.azimuth);
    camera.elevation = real(matches, "elevation").unwrap_or(camera.elevation);
    camera.zoom = real(matches, "zoom").unwrap_or(camera.zoom);
    for (name, value, least, most) in [
        ("azimuth", camera.azimuth, -36_000.0, 36_000.0),
        ("elevation", camera.elevation, -36_000.0, 36_000.0),
        ("zoom", camera.zoom, 0.01, 1000.0),
        ("point-size", options.point_size.unwrap_or(1.0), 0.01, 1000.0),
    ] {
        if !(least..=most).contains(&value) {
            let message = format!("--{name} {value}: expected a number from {least} to {most}");
            return Err(wrong(message, ""));
        }
    }
    if let Some(kind) = text(matches, "projection") {
        camera.projection = kind.parse().map_err(Error::from)?;
    }
    options.equal_axes = match text(matches, "axes") {
        Some("equal") => Some(true),
        Some("own") => Some(false),
        _ => options.equal_axes,
    };
    if let Some(theme) = text(matches, "theme") {
        options.theme = theme.parse().map_err(Error::from)?;
    }
    if let Some(size) = text(matches, "size") {
        options.size = Some(size.parse().map_err(Error::from)?);
    }
    if let Some(size) = real(matches, "font-size") {
        if !(1.0..=500.0).contains(&size) {
            return Err(wrong(format!("--font-size {size}: expected 1 to 500"), ""));
        }
        options.font_size = Some(size);
    }
    if let Some(file) = text(matches, "font") {
        options.font = Some(hinton::fonts::typeface(file)?);
    }
    if let Some(dpi) = real(matches, "dpi") {
        if !(1.0..=4800.0).contains(&dpi) {
            return Err(wrong(format!("--dpi {dpi}: expected 1 to 4800"), ""));
        }
        options.dpi = dpi;
    }
    if let Some(columns) = whole(matches, "columns") {
        options.columns = Some(usize::try_from(columns).unwrap_or(1).max(1));
    }
    if let Some(title) = text(matches, "title") {
        options.title = title.to_owned();
    }
    options.legend &= !matches.get_flag("no-legend");
    Ok(())
}
