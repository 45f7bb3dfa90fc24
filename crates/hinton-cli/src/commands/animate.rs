//! `hinton animate`: runs become films.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use hinton::films::{
    AnimateRequest, Film, FilmReport, FilmRow, animate_with, film_bytes, film_output_for,
    film_output_named, save_film_with,
};
use hinton::outputs::{OutputRow, output_for, output_named, write_bytes};
use hinton::runs::{Run, RunOptions};
use hinton::settings::{self, Set};
use hinton::{Work, render};

use super::{CommandRow, steps};
use crate::args::{
    output, own_settings, patterns, said, settings as picture_settings, settings_elsewhere,
    tensors, thread_count, threads,
};
use crate::encoder::{self, Asked};
use crate::failure::{Failure, note, run_warnings};
use crate::film;
use crate::interrupt;
use crate::out;
use crate::progress::{Bar, Count, Reading};
use crate::remote::max_download;

pub(super) const ROW: CommandRow = CommandRow {
    name: "animate",
    about: "Play a training run: GIF, video, a folder of frames, a film strip",
    help: "Draws the same picture of every step of a run: a file with a list of arrays or with \
           an array over time, a folder of checkpoints in natural order, several checkpoints, or \
           a run folder. All frames share one colour range, one max-weight and one layout, \
           determined in a first pass over all steps. Below the picture are the step and, if the \
           run has metrics, the loss or another metric. Several RUNS are shown side by side on \
           one scale, as are several -t, each with its own chart. A step that lacks a tensor, or \
           has it in another shape, is skipped and reported.",
    examples: "Examples:
  hinton animate run/ -t fc.weight -o fc.gif
  hinton animate checkpoints/ -t conv1.weight --show change -o filters.gif
  hinton animate list.pkl --preset matplotlib-heatmap -o w.gif
  hinton animate run/ -t W --morph 4 --duration 8 --metric accuracy -o w.gif
  hinton animate small/ large/ -t fc.weight --as hinton -o both.gif
  hinton animate run/ -t fc.weight --strip 8 -o strip.pdf
  hinton animate run/ -t fc.weight --codec av1 -o fc.webm
  hinton animate run/ -t fc.weight -o frames/",
    args,
    run,
};

fn args(command: Command) -> Command {
    let command = command
        .arg(
            Arg::new("run")
                .value_name("RUN")
                .required(true)
                .action(ArgAction::Append)
                .value_parser(value_parser!(PathBuf))
                .help("A run: a file, a folder, or a pattern such as 'epoch_*.npz'")
                .long_help(
                    "A run: a file, a folder, or a pattern such as 'epoch_*.npz'. Several play beside \
                     one another; several files of one step each are one run.",
                ),
        )
        .arg(tensors())
        .arg(
            output()
                .required(true)
                .help("The film by its extension, or a folder (frames/) for numbered pictures"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .help("The output, where the file's name does not say [- : gif]"),
        );
    let command = own_settings(command, ROW.name)
        .mut_arg("fps", |fps| fps.conflicts_with("duration"))
        .mut_arg("strip", |strip| strip.value_parser(value_parser!(u16).range(1..=1000)));
    let command = film::poster(command, "[default: where the first step is all zeros]");
    let command = encoder::args(command, &["strip", "indexed"]);
    let command = settings_elsewhere(picture_settings(command), &["as", "range"])
        .arg(threads())
        .arg(max_download());
    let command = command.args(steps::taken_as());
    command.mut_arg("range", |range| {
        let help = range.get_long_help().map(ToString::to_string).unwrap_or_default();
        range.long_help(format!(
            "{help}\n\nIn a film it holds for all frames; per-frame: each frame spans its own values."
        ))
    })
}

/// What is made of the film.
enum Target<'a> {
    /// A strip of this many of its pictures side by side.
    Strip(usize, &'static OutputRow),
    /// A film by an encoder of our own.
    Film(&'static FilmRow),
    /// A film by ffmpeg.
    Ffmpeg(Asked<'a>),
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(file) = matches.get_one::<PathBuf>("output") else { return Ok(()) };
    // A wrong name is reported before the work.
    let target = target(matches, file)?;
    let bar = Bar::new();
    let looking = Count::new("looking at", "steps");
    let mut request = AnimateRequest::default();
    for (row, value) in said(matches, settings::of(ROW.name))? {
        if let Set::Draw(_) | Set::Animate(_) = row.set {
            request = request.set(row.name, &value)?;
        }
    }
    let runs = runs(matches)?;
    png_is_apng(file, &target);
    let mut film = {
        let reading = Reading { bar: &bar, looking: &looking };
        let work = Work::new(thread_count(matches), &reading);
        animate_with(&runs, &patterns(matches), &request, work)?
    };
    film.set_progress(Arc::new(|_: u64| interrupt::flow()));
    looking.finish();
    film.notes().iter().for_each(|text| note(text));
    if let Target::Strip(count, output) = target {
        let picture = film.strip(count)?;
        let bytes = render(&picture, output, &picture.render_options())?;
        if is_stdout(file) {
            return out::emit_data(&bytes);
        }
        let _gently = interrupt::gently();
        return Ok(write_bytes(file, &bytes)?);
    }
    save(matches, &mut film, file, &target)
}

fn is_stdout(file: &Path) -> bool {
    file == Path::new("-")
}

fn target<'a>(matches: &'a ArgMatches, file: &Path) -> Result<Target<'a>, Failure> {
    let format = matches.get_one::<String>("format").map(String::as_str);
    if let Some(&count) = matches.get_one::<u16>("strip") {
        let output = match format {
            Some(name) => output_named(name),
            None if is_stdout(file) => output_named("png"),
            None => output_for(file),
        };
        // Films have other extensions, and a strip is no film.
        let output = output.map_err(|error| match film_output_for(file) {
            Ok(_) => Failure::from(error).with_help(
                "--strip makes one picture: .png, .svg or .pdf; without it this is a film",
            ),
            Err(_) => error.into(),
        })?;
        return Ok(Target::Strip(usize::from(count), output));
    }
    if let Some(asked) = encoder::asked(matches, file)? {
        return Ok(Target::Ffmpeg(asked));
    }
    if let Some(name) = format.or(is_stdout(file).then_some("gif")) {
        return Ok(Target::Film(film_output_named(name)?));
    }
    Ok(Target::Film(encoder::own(file)?))
}

fn save(
    matches: &ArgMatches,
    film: &mut Film,
    file: &Path,
    target: &Target<'_>,
) -> Result<(), Failure> {
    let settings = film::settings(matches)?;
    // A preset is a job done as others do it.
    let is_shown_by_first = !matches.contains_id("preset") && is_moving_picture(target);
    let is_empty = is_shown_by_first && film.steps().len() > 1 && film.begins_empty()?;
    let hold = film::hold(matches, is_empty.then_some(0.0))?;
    if is_empty && !matches.contains_id("poster") {
        note(
            "the first step is all zeros, so the last one is shown for an instant before it; \
             --poster=off begins at the beginning",
        );
    }
    let drawing = Count::new("drawing", "frames");
    without_effect(matches, target);
    let _gently = interrupt::gently();
    let report = film::with_poster(film, hold, |film| {
        let count = film.len();
        let mut size = film::SizeWatch::new(file, count);
        let report = match target {
            Target::Film(output) if is_stdout(file) => {
                out::refuse_terminal()?;
                let (bytes, report) = film_bytes(film, output, settings, &mut |done| {
                    drawing.show(done, count);
                    interrupt::flow()
                })?;
                drawing.finish();
                out::emit(&bytes)?;
                report
            }
            Target::Film(output) => {
                save_film_with(film, file, output, settings, &mut |done, bytes| {
                    size.tell(done, bytes, || drawing.finish());
                    drawing.show(done, count);
                    interrupt::flow()
                })?
            }
            Target::Ffmpeg(asked) => {
                encoder::save(film, file, asked, &mut |done| drawing.show(done, count))?
            }
            Target::Strip(..) => FilmReport::default(),
        };
        Ok::<_, Failure>(report)
    })?;
    drawing.finish();
    report.notes.iter().for_each(|text| note(text));
    Ok(())
}

/// Whether it is a picture that moves, which programs that do not know it show by its first frame.
fn is_moving_picture(target: &Target<'_>) -> bool {
    matches!(target, Target::Film(row) if row.name != "mp4" && !row.is_folder())
}

/// Says which options the output takes no notice of.
fn without_effect(matches: &ArgMatches, target: &Target<'_>) {
    let (name, has_loop, is_folder) = match target {
        Target::Film(row) => {
            let is_folder = row.is_folder();
            (row.name, !is_folder && row.name != "mp4", is_folder)
        }
        Target::Ffmpeg(_) => ("video", false, false),
        Target::Strip(..) => return,
    };
    if matches.contains_id("loop") && !has_loop {
        note(&format!("--loop has no effect on {name}: how often it plays is up to the player"));
    }
    if matches.get_flag("indexed") && !is_folder {
        note(&format!("--indexed has no effect on {name}: it is for folders of pictures"));
    }
}

/// Opens the runs, each by itself. Files of which each holds one step are one run, for that is what
/// `epoch_*.npz` becomes where the shell expands it; not so where each was said to be a model of its own.
fn runs(matches: &ArgMatches) -> Result<Vec<Run>, Failure> {
    let paths = steps::taken_paths("run", matches)?;
    let mut asked = RunOptions::default();
    let rows = settings::of(ROW.name).filter(|row| matches!(row.set, Set::Open(_)));
    for (row, value) in said(matches, rows)? {
        settings::set_open(&mut asked, row.name, &value)?;
    }
    let options = |every_file| RunOptions { every_file, ..asked };
    let mut runs = Vec::new();
    for path in &paths {
        runs.push(hinton::runs::open_run(&[path], &options(steps::every_file(path, matches)))?);
    }
    let is_files = matches.get_flag("as-files");
    if paths.len() > 1 && runs.iter().zip(&paths).all(|(run, path)| is_step(run, path)) {
        if is_files {
            return Err(no_film_of_files(paths.len()));
        }
        runs = vec![hinton::runs::open_run(&paths, &options(false))?];
    }
    one_step(&paths, &runs)?;
    runs.iter().for_each(run_warnings);
    Ok(runs)
}

/// Nothing moves in models of one step each.
fn no_film_of_files(count: usize) -> Failure {
    Failure::usage(
        format!("--as-files: each of the {count} files holds one step, and a film needs several"),
        "--as-run takes the files for the steps of one run; `hinton draw --as-files` draws them",
    )
}

/// Nothing moves in a file of one step: that is a picture. A run that has only begun is played.
fn one_step(paths: &[PathBuf], runs: &[Run]) -> Result<(), Failure> {
    let ([path], [run]) = (paths, runs) else { return Ok(()) };
    if !is_step(run, path) {
        return Ok(());
    }
    let file = path.display();
    Err(Failure::usage(
        format!("{file}: the file holds one step, and a film needs several"),
        format!(
            "`hinton draw {file}` draws it; if an axis of an array is time, say which: --steps-axis 0"
        ),
    ))
}

/// A film in a file that is named as a picture is said to be one.
fn png_is_apng(file: &Path, target: &Target<'_>) {
    let is_png = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
    if let (Target::Film(row), true) = (target, is_png) {
        note(&format!(
            "{}: this is a film ({}); programs that don't know it show its first frame; \
             `hinton draw` or --strip makes a picture",
            file.display(),
            row.name
        ));
    }
}

/// Whether it is a file that holds one step.
fn is_step(run: &Run, path: &Path) -> bool {
    run.steps.len() == 1 && (path.is_file() || hinton::files::is_address(path))
}
