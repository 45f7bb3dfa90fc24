//! Where the pictures of `hinton space` go.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use hinton::films::{FilmRow, Playable, film_output_for, save_film_with};
use hinton::look::{Length, PageSize, ThemeName};
use hinton::outputs::{Graphics, OutputRow, make_folder, output_for, output_named, write_bytes};
use hinton::space::{self, Show, SpaceRequest};
use hinton::{Picture, Work, export, render};

use crate::encoder::{self, Asked};
use crate::failure::{Failure, note};
use crate::film;
use crate::progress::Count;
use crate::terminal::Terminal;
use crate::{interrupt, out};

/// What writes a film.
pub(super) enum Encoding<'a> {
    Own(&'static FilmRow),
    Ffmpeg(Asked<'a>),
}

impl Encoding<'_> {
    fn is_gif(&self) -> bool {
        matches!(self, Encoding::Own(row) if row.mime == "image/gif")
    }
}

/// Where the pictures go.
pub(super) enum Target<'a> {
    Terminal(Box<Terminal>),
    Stdout,
    Page(PathBuf, &'static OutputRow),
    Steps(PathBuf, &'static OutputRow),
    Film(PathBuf, Encoding<'a>),
    Numbers(PathBuf),
    Html(PathBuf),
}

impl<'a> Target<'a> {
    /// What the name that was given means. A wrong one is reported before the work.
    pub(super) fn of(matches: &'a ArgMatches) -> Result<Self, Failure> {
        let moves = matches.get_flag("morph") || matches.get_flag("orbit");
        let Some(file) = super::file(matches) else {
            return match moves {
                true => Err(Failure::usage(
                    "--morph and --orbit make a film, and no file is named",
                    "add -o fold.gif, .apng, .webp, .mp4, or a folder such as frames/",
                )),
                false => Ok(Target::Terminal(Box::new(Terminal::detect(None)))),
            };
        };
        if file == Path::new("-") {
            return Ok(Target::Stdout);
        }
        let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let extension = extension.to_ascii_lowercase();
        let text = file.to_string_lossy();
        let is_folder = text.ends_with(['/', std::path::MAIN_SEPARATOR]) || file.is_dir();
        let file = file.clone();
        if let Some(asked) = encoder::asked(matches, &file)? {
            return Ok(Target::Film(file, Encoding::Ffmpeg(asked)));
        }
        if is_folder {
            let name = matches.get_one::<String>("format").map_or("png", String::as_str);
            return Ok(match moves {
                true => Target::Film(file.clone(), Encoding::Own(film_output_for(&file)?)),
                false => Target::Steps(file, output_named(name)?),
            });
        }
        match extension.as_str() {
            "npz" | "safetensors" => return Ok(Target::Numbers(file)),
            "html" | "htm" => return Ok(Target::Html(file)),
            _ => {}
        }
        let film = encoder::own(&file);
        let page = output_for(&file);
        match (moves, film, page) {
            (true, Ok(film), _) => Ok(Target::Film(file, Encoding::Own(film))),
            (true, Err(error), Err(_)) => Err(error),
            (true, Err(_), Ok(row)) => Err(Failure::usage(
                format!(
                    "{}: {} holds no film, and --morph and --orbit make one",
                    file.display(),
                    row.name
                ),
                "write a .gif, .apng, .webp or .mp4, or a folder such as frames/",
            )),
            (false, _, Ok(row)) => Ok(Target::Page(file, row)),
            (false, Ok(film), Err(_)) => Ok(Target::Film(file, Encoding::Own(film))),
            (false, Err(film), Err(_)) => {
                Err(if encoder::is_video(&file) { film } else { unknown(&file) })
            }
        }
    }

    pub(super) fn is_film(&self) -> bool {
        matches!(self, Target::Film(..))
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Target::Terminal(_))
    }

    pub(super) fn is_stdout(&self) -> bool {
        matches!(self, Target::Stdout)
    }

    /// A page as wide as the window, and colours of its background, where nothing else was said.
    pub(super) fn fit(&self, request: &mut SpaceRequest) {
        let (has_dpi, has_theme) = (request.has("dpi"), request.has("theme"));
        let is_gif = matches!(self, Target::Film(_, encoding) if encoding.is_gif());
        if is_gif && !request.has("fps") {
            // A GIF counts hundredths of a second and holds no movement between frames.
            request.film.fps = 15.0;
        }
        let options = &mut request.show.options;
        if is_gif && !has_dpi {
            // A GIF of points hardly shrinks: it is the size of its pixels.
            options.dpi = 96.0;
        }
        let Target::Terminal(terminal) = self else { return };
        if options.size.is_none() {
            let (width, _) = terminal.options.cell_pixels;
            let width = terminal.options.columns as f64 * f64::from(width);
            options.size = Some(PageSize { width: Length::Pixels(width), height: None });
        }
        let is_dark = !terminal.is_light && terminal.options.graphics != Graphics::Ascii;
        if !has_theme && is_dark {
            options.theme = ThemeName::Dark;
        }
    }
}

fn unknown(file: &Path) -> Failure {
    let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let message = match extension {
        "" => format!("{}: the name has no extension to choose the output", file.display()),
        other => format!("{}: nothing here writes .{other}", file.display()),
    };
    let films: Vec<String> = hinton::films::FILMS
        .iter()
        .flat_map(|row| row.extensions)
        .map(|e| format!(".{e}"))
        .collect();
    Failure::usage(
        message,
        format!(
            "there are .png, .svg, .pdf, {}, .npz, .html, and a folder such as steps/",
            films.join(", ")
        ),
    )
}

/// Writes what was asked for.
pub(super) fn write(
    matches: &ArgMatches,
    show: Show,
    request: &SpaceRequest,
    target: &Target<'_>,
) -> Result<(), Failure> {
    let _gently = interrupt::gently();
    match target {
        Target::Terminal(terminal) => {
            let picture = show.page()?;
            let mut options = picture.render_options();
            options.terminal = terminal.options.clone();
            say(&picture, &show);
            out::emit(&render(&picture, output_named("terminal")?, &options)?)
        }
        Target::Stdout => {
            let picture = show.page()?;
            say(&picture, &show);
            let output = output_named("png")?;
            out::emit_data(&render(&picture, output, &picture.render_options())?)
        }
        Target::Page(file, output) => {
            let picture = show.page()?;
            say(&picture, &show);
            if !matches!(output.name, "png") && show.is_pixels_in_vectors(show.stages().len()) {
                note(&format!(
                    "{}: points and lines are stored as a bitmap, because there are so many",
                    file.display()
                ));
            }
            Ok(write_bytes(file, &render(&picture, output, &picture.render_options())?)?)
        }
        Target::Steps(folder, output) => {
            make_folder(folder)?;
            for (name, picture) in show.pictures()? {
                let extension = output.extensions.first().copied().unwrap_or(output.name);
                let path = folder.join(format!("{name}.{extension}"));
                write_bytes(&path, &render(&picture, output, &picture.render_options())?)?;
            }
            Ok(())
        }
        Target::Film(file, encoding) => {
            let mut film = show.film(request.film)?;
            save(matches, &mut film, file, encoding, None)
        }
        Target::Numbers(file) => {
            export(show.tensors()?, file)?.iter().for_each(|text| note(text));
            Ok(())
        }
        Target::Html(file) => {
            let theme = request.has("theme").then_some(request.show.options.theme);
            Ok(write_bytes(file, &show.html(theme))?)
        }
    }
}

/// Notes of a picture that were not said yet.
fn say(picture: &Picture, show: &Show) {
    let said = show.notes();
    picture.notes.iter().filter(|text| !said.contains(text)).for_each(|text| note(text));
}

fn save(
    matches: &ArgMatches,
    film: &mut dyn Playable,
    file: &Path,
    encoding: &Encoding<'_>,
    hold: Option<f64>,
) -> Result<(), Failure> {
    let settings = film::settings(matches)?;
    let hold = film::hold(matches, hold)?;
    let drawing = Count::new("drawing", "frames");
    let _gently = interrupt::gently();
    let report = film::with_poster(film, hold, |film| {
        let count = film.len();
        let mut size = film::SizeWatch::new(file, count);
        Ok::<_, Failure>(match encoding {
            Encoding::Own(output) => {
                if output.is_folder() {
                    note(&format!("{}: {count} frames", file.display()));
                }
                save_film_with(film, file, output, settings, &mut |done, bytes| {
                    size.tell(done, bytes, || drawing.finish());
                    drawing.show(done, count);
                    interrupt::flow()
                })?
            }
            Encoding::Ffmpeg(asked) => {
                encoder::save(film, file, asked, &mut |done| drawing.show(done, count))?
            }
        })
    })?;
    drawing.finish();
    report.notes.iter().for_each(|text| note(text));
    Ok(())
}

/// A recorded run over its training.
pub(super) fn run_film(
    matches: &ArgMatches,
    path: &Path,
    request: SpaceRequest,
    target: &Target<'_>,
    work: Work<'_>,
) -> Result<(), Failure> {
    let Target::Film(file, encoding) = target else { return Ok(()) };
    let run = hinton::runs::open_run(&[path], &hinton::runs::RunOptions::default())?;
    let mut points = request.points.clone();
    if !request.has("points")
        && let Some(source) = space::points_of_run(&run)
    {
        points = source;
        points.count = request.points.count.or(points.count);
    }
    let SpaceRequest { network, show, film, .. } = request;
    let mut film = space::run_film_with(&run, &network, &points, show, film, work)?;
    film.set_progress(Arc::new(|_: u64| interrupt::flow()));
    film.notes().iter().for_each(|text| note(text));
    // What it has learned says more than how it began.
    let is_picture = matches!(encoding, Encoding::Own(row) if row.mime.starts_with("image/")
        && !row.is_folder());
    save(matches, &mut film, file, encoding, is_picture.then_some(0.0))
}
