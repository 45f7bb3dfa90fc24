//! A gallery of every chart, from data that is embedded in the program.
//!
//! It trains small classifiers of handwritten digits and of spirals, and draws every chart from
//! them, with the command that makes each picture: what `hinton demo` writes.
//!
//! ```no_run
//! # use std::path::Path;
//! // With one thread per core; takes about a minute.
//! let files = hinton::demo::gallery(Path::new("gallery"))?;
//! assert!(files.iter().any(|file| file == "index.html"));
//! # Ok::<(), hinton::Error>(())
//! ```
//!
//! For the data and its licence see `assets/demo/README.md`, which is written next to the pictures.

mod exhibits;
mod page;
mod trained;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::films::{
    AnimateRequest, FilmSettings, Poster, animate_with, film_bytes, film_output_named,
};
use crate::look::ThemeName;
use crate::outputs::{make_folder, output_for, write_bytes};
use crate::runs::{RunOptions, RunRequest, draw_runs_with, open_run};
use crate::space::{self, PointRequest, Show, ShowRequest};
use crate::{DrawRequest, Error, Picture, Work, draw_with, render, select};
use exhibits::{EXHIBITS, Exhibit, Shows};
use trained::{RECORDED, TRAINED};

/// The embedded data: file names and bytes.
pub const FILES: &[(&str, &[u8])] = &[
    ("digits_images.npy", include_bytes!("../../assets/demo/digits_images.npy")),
    ("hinton_demo.npy", include_bytes!("../../assets/demo/hinton_demo.npy")),
    ("README.md", include_bytes!("../../assets/demo/README.md")),
];

/// Writes the gallery: the data, networks trained while it runs, every picture in light and dark,
/// and an `index.html` that shows each picture with its command.
///
/// Returns the files written, in order, relative to the folder.
///
/// # Errors
/// Returns an error if the folder has runs that this gallery did not make, a picture cannot be
/// drawn, or a file cannot be written.
pub fn gallery(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    gallery_with(folder, &[])
}

/// A page that the caller writes into the folder, and that `index.html` links to.
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    /// The file, relative to the folder.
    pub file: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows, in one or two sentences.
    pub text: &'static str,
    /// The command that makes it.
    pub command: &'static str,
}

/// Writes the gallery, with links to pages that the caller writes.
///
/// # Errors
/// Returns the errors of [`gallery`].
pub fn gallery_with(folder: &Path, pages: &[Beside]) -> Result<Vec<PathBuf>, Error> {
    make_folder(folder)?;
    let mut written = Vec::new();
    let mut write = |name: String, bytes: &[u8]| {
        write_bytes(&folder.join(&name), bytes)?;
        written.push(PathBuf::from(name));
        Ok::<(), Error>(())
    };
    let mut files: Files = FILES.iter().map(|(name, bytes)| (*name, bytes.to_vec())).collect();
    files.extend(shared_out(TRAINED, |one| Ok((one.file, one.bytes()?)))?);
    for (name, bytes) in &files {
        write((*name).to_owned(), bytes)?;
    }
    for run in RECORDED {
        hinton_run::remove_run(&folder.join(run.folder))?;
    }
    shared_out(RECORDED, |run| run.record(folder))?;

    let mut widths = BTreeMap::new();
    let jobs: Vec<(&'static Exhibit, bool)> = EXHIBITS
        .iter()
        .flat_map(|exhibit| [(exhibit, false), (exhibit, true)])
        .filter(|(exhibit, dark)| !dark || exhibit.has_dark())
        .collect();
    for drawn in shared_out(&jobs, |(exhibit, dark)| drawn(exhibit, *dark, folder, &files))? {
        if !drawn.dark {
            widths.insert(drawn.exhibit.name, drawn.css_width);
        }
        for (name, bytes) in drawn.files {
            write(name, &bytes)?;
        }
    }
    write("index.html".to_owned(), page::html(EXHIBITS, &widths, pages).as_bytes())?;
    written.extend(RECORDED.iter().map(|run| Path::new(run.folder).join("run.json")));
    Ok(written)
}

/// Files by name.
type Files = BTreeMap<&'static str, Vec<u8>>;

/// Does each of the jobs, shared out to the cores; results in their order.
fn shared_out<J: Sync, R: Send>(
    jobs: &[J],
    todo: impl Fn(&J) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(job) = jobs.get(at) else { return done };
            done.push((at, todo(job)));
        }
    };
    let mut results: Vec<(usize, Result<R, Error>)> = std::thread::scope(|scope| {
        let helpers = crate::threads(0).min(jobs.len()).saturating_sub(1);
        // Where the system gives no more threads, fewer do the work.
        let threads: Vec<_> = (0..helpers)
            .map_while(|_| std::thread::Builder::new().spawn_scoped(scope, worker).ok())
            .collect();
        let mut results = worker();
        for thread in threads {
            match thread.join() {
                Ok(part) => results.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// One exhibit, drawn.
struct Drawn {
    exhibit: &'static Exhibit,
    dark: bool,
    /// Width in CSS pixels, 96 to the inch.
    css_width: u32,
    /// Names and bytes of its outputs.
    files: Vec<(String, Vec<u8>)>,
}

/// One exhibit in each of its outputs.
fn drawn(
    exhibit: &'static Exhibit,
    dark: bool,
    folder: &Path,
    files: &Files,
) -> Result<Drawn, Error> {
    let mut request = DrawRequest::default();
    for (setting, value) in exhibit.settings {
        request = request.set(setting, value)?;
    }
    if dark {
        request = request.set("theme", "dark")?;
    }
    // Several are drawn at a time.
    let work = Work::quiet();
    let run = |name: &str| open_run(&[folder.join(name)], &RunOptions::default());
    match &exhibit.shows {
        Shows::Tensors { file, tensors } => {
            let bytes = files.get(file).map(Vec::as_slice).unwrap_or_default();
            let selected = select(&trained::opened(file, bytes)?, tensors)?;
            picture(exhibit, dark, draw_with(selected, &request, work)?)
        }
        Shows::Run { run: name, tensors } => {
            let picture_of =
                draw_runs_with(&[run(name)?], tensors, &RunRequest::of(request), work)?;
            picture(exhibit, dark, picture_of)
        }
        Shows::Film { run: name, tensors } => {
            let runs = [run(name)?];
            let mut film = animate_with(&runs, tensors, &AnimateRequest::of(request), work)?;
            let width = css_width(&film.picture(0)?);
            let mut files = Vec::new();
            for extension in exhibit.extensions(dark) {
                let output = film_output_named(extension)?;
                let settings = FilmSettings::new(0, false);
                let watch = &mut |_| std::ops::ControlFlow::Continue(());
                // As the command does.
                let (bytes, _) = match film.begins_empty()? {
                    true => film_bytes(&mut Poster::new(&mut film, 0.0), output, settings, watch)?,
                    false => film_bytes(&mut film, output, settings, watch)?,
                };
                files.push((exhibit.picture(dark, extension), bytes));
            }
            Ok(Drawn { exhibit, dark, css_width: width, files })
        }
        Shows::Space { network, scale, seed } => {
            let mut asked = space::NetworkRequest::default();
            (asked.scale, asked.seed) = (*scale, *seed);
            let model = space::model(network, &asked)?;
            let set = space::points(&PointRequest::default(), model.input_width())?;
            space_of(exhibit, dark, &Show::new_with(&model, set, show_request(dark), work)?)
        }
        Shows::SpaceOfRun { run } => {
            let path = folder.join(run);
            let model = space::model(&path.to_string_lossy(), &space::NetworkRequest::default())?;
            let source = space::run_points(&path).unwrap_or_default();
            let set = space::points(&source, model.input_width())?;
            space_of(exhibit, dark, &Show::new_with(&model, set, show_request(dark), work)?)
        }
    }
}

fn show_request(dark: bool) -> ShowRequest {
    let mut request = ShowRequest::default();
    if dark {
        request.options.theme = ThemeName::Dark;
    }
    request
}

/// Points in space as a page, and as one that turns in a browser.
fn space_of(exhibit: &'static Exhibit, dark: bool, show: &Show) -> Result<Drawn, Error> {
    let mut drawn = picture(exhibit, dark, show.page()?)?;
    if !dark {
        drawn.files.push((exhibit.picture(false, "html"), show.html(None)));
    }
    Ok(drawn)
}

/// A picture in each of the exhibit's outputs.
fn picture(exhibit: &'static Exhibit, dark: bool, picture: Picture) -> Result<Drawn, Error> {
    let options = picture.render_options();
    let mut files = Vec::new();
    for extension in exhibit.extensions(dark) {
        let name = exhibit.picture(dark, extension);
        let bytes = render(&picture, output_for(Path::new(&name))?, &options)?;
        files.push((name, bytes));
    }
    Ok(Drawn { exhibit, dark, css_width: css_width(&picture), files })
}

fn css_width(picture: &Picture) -> u32 {
    (picture.scene.width * 96.0 / 72.0).round() as u32
}
