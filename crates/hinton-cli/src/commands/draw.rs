//! `hinton draw`: tensors become a picture, in a file or in the terminal.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use hinton::arrange::{draw_arrangement_with, draw_panels_with};
use hinton::look::{Length, PageSize, ThemeName};
use hinton::outputs::{Graphics, OutputRow, make_folder, output_for, output_named, write_bytes};
use hinton::runs::{Run, RunKind, RunRequest, draw_runs_with};
use hinton::tensors::select_from;
use hinton::text::visible;
use hinton::{Checkpoint, DrawRequest, Picture, Selected, Work, render, select};

use super::{CommandRow, steps};
use crate::args::{apply_settings, output, patterns, settings, tensors, thread_count, threads};
use crate::failure::{Failure, note, run_warnings_but_tensors, warnings};
use crate::interrupt;
use crate::out;
use crate::progress::{Bar, Count, Reading};
use crate::remote::max_download;
use crate::terminal::{GRAPHICS, Terminal, graphics_named};

pub(super) const ROW: CommandRow = CommandRow {
    name: "draw",
    about: "Draw tensors or a training run, in a file or in the terminal",
    help: "Draws tensors: in the terminal, or with -o in a file, whose extension selects the \
           output. Without -t, a file with one tensor is drawn, and a file with several becomes \
           an overview of all. Without --as, the shape determines the chart. A training run (a \
           run folder, a folder of checkpoints) without -t is drawn as a page: curves of the \
           metrics, the distribution of the weights over the steps, the last confusion matrix \
           and the last weights. With -t it draws a tensor of the last step or of --step; with \
           --metric or --as curve, metrics; with --as distribution, the distribution of tensors \
           over the steps. Several runs, or several files, share one picture.",
    examples: "Examples:
  hinton draw model.safetensors                        an overview in the terminal
  hinton draw model.pt -t fc.weight -o fc.pdf          one tensor, as a page for print
  hinton draw model.pt -t 'conv1.weight[:,0:1]' -o k.png
  hinton draw mnist.npz -t W --each column --reshape 28x28 -o classes.png
  hinton draw model.pt -t '*.weight' -o 'out/{}.png'   a file for each
  hinton draw model.pt -t '*.weight' --as histogram --log -o spread.svg
  hinton draw w.npy --as heatmap --annotate=.2f --cmap viridis --range robust -o w.png
  hinton draw w.npy --preset matplotlib-hinton -o hinton.png
  hinton draw a.npy b.npy c.npy --panels --size 17cm -o fig.pdf   panels a, b, c
  hinton draw model.pt -t '*.q_proj.weight' --order rows:clustered -o q.png
  hinton draw run/ -o run.png                          a page of a training run
  hinton draw run/ -t fc.weight --step 500 -o w.png    a tensor of one of its steps
  hinton draw a/ b/ --metric '*loss' --smooth 50 --log -o loss.pdf
  hinton draw run/ -t '*.weight' --as distribution -o spread.svg
  hinton draw model.safetensors --as profile -o profile.png
  hinton draw model.pt -t '*.attn.*.weight' --as ridge -o ridge.svg
  hinton draw model.pt -t fc.weight --as spectrum      singular values, ranks, what is noise
  hinton draw run/ --as confusion -o confusion.png
  hinton draw log.csv -o curves.png                    a log of Keras, Lightning, TensorBoard, W&B
  hinton draw a.csv b.csv --metric '*loss' -o loss.png  logs over one another",
    args: |command| {
        let command = command
            .arg(
                Arg::new("path")
                    .value_name("PATH")
                    .required(true)
                    .action(ArgAction::Append)
                    .value_parser(value_parser!(PathBuf))
                    .help(
                        "Weights files, folders that hold one, or training runs; or addresses: \
                         hf://org/name, s3://bucket/path, https://…",
                    ),
            )
            .arg(tensors())
            .arg(
                Arg::new("metric")
                    .long("metric")
                    .value_name("NAME")
                    .action(ArgAction::Append)
                    .help_heading("Runs")
                    .help("A metric of runs as a curve, or a glob such as '*loss'; any number of times"),
            )
            .arg(
                Arg::new("step")
                    .long("step")
                    .value_name("N")
                    .value_parser(value_parser!(u64))
                    .help_heading("Runs")
                    .help("The step whose tensors are drawn [default: the last that has them]"),
            )
            .arg(output().help("The file to write; - is standard output; {} stands for the tensor"))
            .args(where_to())
            .args(steps::taken_as());
        settings(command).arg(threads()).arg(max_download())
    },
    run,
};

/// `--format` and `--graphics`.
pub(super) fn where_to() -> [Arg; 2] {
    [
        Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .help("The output, where the file's name does not say [- : png]"),
        Arg::new("graphics")
            .long("graphics")
            .value_name("KIND")
            .value_parser(GRAPHICS.map(|(name, _)| name))
            .help("What the terminal can show, if that is not detected"),
    ]
}

/// What the paths are.
enum Opened {
    Files(Vec<Checkpoint>),
    Runs(Vec<Run>),
}

/// Opens the paths: all as runs where one is a run or something was asked that only runs have.
fn opened(
    paths: &[&PathBuf],
    request: &DrawRequest,
    matches: &ArgMatches,
) -> Result<Opened, Failure> {
    let metrics = matches.contains_id("metric");
    let chart = request.chart.as_deref();
    let asked = metrics || matches.contains_id("step") || chart == Some("distribution");
    // The numbers of a log are drawn as a table where that was asked for.
    let as_table = matches.contains_id("tensor")
        || request.each.is_some()
        || request.reshape.is_some()
        || request.transpose
        || request.permute.is_some()
        || !matches!(chart, None | Some("curve"));
    let mut files = Vec::new();
    let mut runs = Vec::new();
    for path in paths {
        let log = if as_table { None } else { hinton::runs::open_log(path, metrics)? };
        let run = match log {
            None => steps::taken_run(path, asked, matches)?,
            log => log,
        };
        match run {
            Some(run) => {
                if chart == Some("distribution") && !metrics && !matches.contains_id("step") {
                    has_steps(&run, path)?;
                }
                run_warnings_but_tensors(&run);
                runs.push(run);
            }
            None => match steps::file_or_logs(path)? {
                steps::Found::File(file) => {
                    warnings(&file);
                    files.push(file);
                }
                steps::Found::Logs(logs) => {
                    logs.iter().for_each(run_warnings_but_tensors);
                    runs.extend(logs);
                }
            },
        }
    }
    match (files.first(), runs.first()) {
        (Some(file), Some(run)) => Err(Failure::usage(
            format!("{} is a weights file, and {} is a training run", file.path, run.path),
            "draw them one by one",
        )),
        (_, Some(_)) => Ok(Opened::Runs(runs)),
        _ => Ok(Opened::Files(files)),
    }
}

/// Refuses to take the axes of a weight for steps: a file whose steps are merely counted has none.
fn has_steps(run: &Run, path: &Path) -> Result<(), Failure> {
    let counted = run.steps.iter().enumerate().all(|(at, step)| step.number == at as u64);
    let is_guess = match run.kind {
        RunKind::Axis => counted,
        RunKind::Checkpoints => run.steps.len() == 1,
        _ => false,
    };
    if !path.is_file() || !is_guess {
        return Ok(());
    }
    let shown = path.display();
    Err(Failure::usage(
        format!("{shown}: it has no steps, and a distribution shows how values spread over steps"),
        "--as ridge or --as histogram shows how the values of one file spread",
    ))
}

fn draw_all(
    runs: &[Run],
    patterns: &[String],
    request: &DrawRequest,
    bar: &Bar,
    matches: &ArgMatches,
) -> Result<Picture, Failure> {
    let looking = Count::new("looking at", "steps");
    let reading = Reading { bar, looking: &looking };
    let mut request = RunRequest::of(request.clone());
    let metrics = matches.get_many::<String>("metric");
    request.metrics = metrics.map(|names| names.cloned().collect()).unwrap_or_default();
    request.step = matches.get_one::<u64>("step").copied();
    let picture =
        draw_runs_with(runs, patterns, &request, Work::new(thread_count(matches), &reading))?;
    looking.finish();
    Ok(picture)
}

/// Where a picture goes.
pub(super) enum Target<'a> {
    Terminal(Terminal),
    Stdout(&'static OutputRow),
    File(&'a Path, &'static OutputRow),
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let taken = steps::taken_paths("path", matches)?;
    let paths: Vec<&PathBuf> = taken.iter().collect();
    let target = target(matches)?;
    let bar = Bar::new();
    let mut request = DrawRequest::default();
    apply_settings(matches, &mut request)?;
    if let Target::Terminal(terminal) = &target {
        fit(&mut request, terminal, matches);
    }
    let patterns = patterns(matches);
    let each = match target {
        Target::File(file, output) if file.to_string_lossy().contains("{}") => Some((file, output)),
        _ => None,
    };
    let picture = match (opened(&paths, &request, matches)?, each) {
        (Opened::Files(files), Some((file, output))) => {
            let [checkpoint] = files.as_slice() else {
                return Err(Failure::usage("-o with {} takes one PATH", "draw file by file"));
            };
            return one_each(checkpoint, &patterns, &request, &bar, matches, (file, output));
        }
        (Opened::Files(files), None) => {
            let selected = select_from(&files, &patterns)?;
            if selected.is_empty() {
                let path = files.first().map_or("", |file| &file.path);
                return Err(Failure::work(format!("{path}: the file holds no tensors")));
            }
            match request.panels {
                None => draw(&selected, &request, &bar, &files, matches)?,
                Some(_) => {
                    let groups = panel_groups(&selected, &files, matches);
                    draw_panels_with(&groups, &request, Work::new(thread_count(matches), &bar))?
                }
            }
        }
        (Opened::Runs(_), Some(_)) => {
            let help =
                "name the file in full; `hinton animate RUN -o frames/` writes a picture a step";
            return Err(Failure::usage("-o with {} is for the tensors of one file", help));
        }
        (Opened::Runs(_), None) if request.panels.is_some() && patterns.is_empty() => {
            let help = "name tensors with -t, or draw the run without --panels";
            return Err(Failure::usage("--panels: the page of a run is a figure already", help));
        }
        (Opened::Runs(runs), None) => draw_all(&runs, &patterns, &request, &bar, matches)?,
    };
    drop(bar);
    put(&picture, target)
}

/// Puts a picture where it goes, and says its notes.
pub(super) fn put(picture: &Picture, target: Target<'_>) -> Result<(), Failure> {
    match target {
        Target::Terminal(terminal) => show(picture, &terminal)?,
        Target::Stdout(output) => {
            out::emit_data(&render(picture, output, &picture.render_options())?)?
        }
        Target::File(file, output) => {
            write(file, &render(picture, output, &picture.render_options())?)?;
        }
    }
    picture.notes.iter().for_each(|text| note(text));
    Ok(())
}

pub(super) fn target(matches: &ArgMatches) -> Result<Target<'_>, Failure> {
    let format = matches.get_one::<String>("format").map(|name| output_named(name)).transpose()?;
    let graphics = matches.get_one::<String>("graphics").and_then(|word| graphics_named(word));
    Ok(match matches.get_one::<PathBuf>("output") {
        Some(file) if file == Path::new("-") => match format {
            Some(output) => Target::Stdout(output),
            None => Target::Stdout(output_named("png")?),
        },
        Some(file) => match format {
            Some(output) => Target::File(file, output),
            None => Target::File(file, output_for(file).map_err(|error| not_a_film(file, error))?),
        },
        None => match format {
            Some(output) if output.name != "terminal" => Target::Stdout(output),
            _ => Target::Terminal(Terminal::detect(graphics)),
        },
    })
}

/// Why a name chooses no picture; that of a film names the command that makes films.
fn not_a_film(file: &Path, error: hinton::Error) -> Failure {
    match hinton::films::film_output_for(file) {
        Ok(film) => Failure::usage(
            format!("{}: {} is a film, and this is one picture", file.display(), film.name),
            "pictures are .png, .svg, .pdf; `hinton animate RUN -o film.gif` makes films of runs",
        ),
        Err(_) => error.into(),
    }
}

/// What each panel shows: a tensor that was named with -t, else all tensors of a file.
fn panel_groups(
    selected: &[Selected],
    files: &[Checkpoint],
    matches: &ArgMatches,
) -> Vec<Vec<Selected>> {
    if matches.contains_id("tensor") {
        return selected.iter().map(|one| vec![one.clone()]).collect();
    }
    let mut rest = selected;
    let mut groups = Vec::new();
    for file in files {
        let (of_file, others) = rest.split_at(file.tensors.len().min(rest.len()));
        groups.push(of_file.to_vec());
        rest = others;
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn draw(
    selected: &[Selected],
    request: &DrawRequest,
    bar: &Bar,
    files: &[Checkpoint],
    matches: &ArgMatches,
) -> Result<Picture, Failure> {
    let mut arrangement = hinton::arrange::arrange(selected, request)?;
    // What was named, rather than the file beside it in which the values lie.
    if let ([file], Some(title)) = (files, &mut arrangement.title)
        && let Some(name) = Path::new(&file.path).file_name()
    {
        *title = name.to_string_lossy().into_owned();
    }
    bar.expect(arrangement.bytes());
    Ok(draw_arrangement_with(&arrangement, request, Work::new(thread_count(matches), bar))?)
}

/// A page as wide as the window, and colours of its background, where nothing else was said.
pub(super) fn fit(request: &mut DrawRequest, terminal: &Terminal, matches: &ArgMatches) {
    let options = &mut request.options;
    let (width, _) = terminal.options.cell_pixels;
    if options.size.is_none() {
        let width = terminal.options.columns as f64 * f64::from(width);
        options.size = Some(PageSize { width: Length::Pixels(width), height: None });
    }
    use Graphics::{Ascii, Colors256, TrueColor};
    if matches!(terminal.options.graphics, Ascii | Colors256 | TrueColor) {
        // Letters are letters of the terminal, all of one width.
        options.look.letter_width = Some(Length::Pixels(width.into()).points(options.dpi));
    }
    // Letters alone are ink, whatever the window's colours: on a white page most is left blank.
    let is_dark = !terminal.is_light && terminal.options.graphics != Graphics::Ascii;
    if matches.get_one::<String>("theme").is_none() && is_dark {
        options.theme = ThemeName::Dark;
    }
}

pub(super) fn show(picture: &Picture, terminal: &Terminal) -> Result<(), Failure> {
    let mut options = picture.render_options();
    options.terminal = terminal.options.clone();
    out::emit(&render(picture, output_named("terminal")?, &options)?)
}

/// A file for each tensor, `{}` replaced by its name.
fn one_each(
    checkpoint: &Checkpoint,
    patterns: &[String],
    request: &DrawRequest,
    bar: &Bar,
    matches: &ArgMatches,
    (file, output): (&Path, &'static OutputRow),
) -> Result<(), Failure> {
    let pattern = file.to_string_lossy();
    if let Some(folder) = file.parent().filter(|folder| !folder.to_string_lossy().contains("{}")) {
        make_folder(folder)?;
    }
    let mut written = std::collections::BTreeSet::new();
    for selected in select(checkpoint, patterns)? {
        if interrupt::asked() {
            return Err(Failure::stopped());
        }
        if selected.tensor.elements() == 0 {
            note(&format!("{} has no values: no file is written", visible(&selected.label())));
            continue;
        }
        let name = file_name(&selected.label());
        let mut path = pattern.replace("{}", &name);
        // Names may differ only in what a file system cannot keep.
        let mut again = 2;
        while !written.insert(path.to_lowercase()) {
            path = pattern.replace("{}", &format!("{name}-{again}"));
            again += 1;
        }
        let picture = {
            let files = std::slice::from_ref(checkpoint);
            draw(std::slice::from_ref(&selected), request, bar, files, matches)?
        };
        let bytes = render(&picture, output, &picture.render_options())?;
        write(Path::new(&path), &bytes)?;
        for text in &picture.notes {
            note(&format!("{path}: {text}"));
        }
    }
    if written.is_empty() {
        return Err(Failure::work(format!("{}: there is nothing to draw", checkpoint.path)));
    }
    Ok(())
}

/// Writes a file whole or not at all, whoever asks to stop.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let _gently = interrupt::gently();
    Ok(write_bytes(path, bytes)?)
}

/// Most bytes of a tensor's name in a file name: file systems allow 255 for the whole.
const MOST_NAME: usize = 150;

/// A tensor's name as a part of a file name: no folders, nothing hidden, nothing a shell trips over.
fn file_name(name: &str) -> String {
    let keeps = |c: char| c.is_alphanumeric() || "._-+=,@[]".contains(c);
    let name: String =
        name.chars().map(|c| if keeps(c) { c } else { '_' }).take(MOST_NAME).collect();
    let end = (0..=MOST_NAME.min(name.len())).rev().find(|&at| name.is_char_boundary(at));
    let name = name[..end.unwrap_or(0)].to_owned();
    match name.trim_start_matches('.') {
        "" => "_".to_owned(),
        shown if shown.len() < name.len() => format!("_{shown}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for (name, file) in [
            ("conv1.weight", "conv1.weight"),
            ("../../etc/passwd", "__.._etc_passwd"),
            ("a/b\\c", "a_b_c"),
            ("", "_"),
            ("..", "_"),
            ("w[0,:]", "w[0,_]"),
            ("\u{1b}[31m", "_[31m"),
        ] {
            assert_eq!(file_name(name), file, "{name}");
        }
        assert_eq!(file_name(&"x".repeat(500)).len(), MOST_NAME);
        assert_eq!(file_name(&"層".repeat(500)).len(), MOST_NAME / 3 * 3);
        assert_eq!(file_name(&format!("x{}", "層".repeat(500))).len(), MOST_NAME - 2);
    }
}
