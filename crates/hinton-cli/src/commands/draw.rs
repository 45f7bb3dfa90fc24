//! `hinton draw`: tensors become a picture, in a file or in the terminal.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches};
use hinton::{
    Checkpoint, DrawRequest, Graphics, Length, OutputRow, PageSize, Picture, Selected, ThemeName,
    draw_arrangement, make_folder, output_for, output_named, render, select, visible, write_bytes,
};

use super::CommandRow;
use crate::args::{
    apply_settings, output, path, patterns, settings, tensors, thread_count, threads,
};
use crate::failure::{Failure, note, warnings};
use crate::out;
use crate::progress::Bar;
use crate::terminal::{GRAPHICS, Terminal, graphics_named};

pub(super) const ROW: CommandRow = CommandRow {
    name: "draw",
    about: "Draw tensors, in a file or in the terminal",
    help: "Draws tensors. Without -o in the terminal, else the file's extension chooses the output. \
           Without -t a file with one tensor draws it, and a file with several an overview of all. \
           Without --as the shape chooses the chart.",
    examples: "Examples:
  hinton draw model.safetensors                        an overview in the terminal
  hinton draw model.pt -t fc.weight -o fc.pdf          one tensor, as a page for print
  hinton draw model.pt -t 'conv1.weight[:,0:1]' -o k.png
  hinton draw mnist.npz -t W --each column --reshape 28x28 -o classes.png
  hinton draw model.pt -t '*.weight' -o 'out/{}.png'   a file for each
  hinton draw model.pt -t '*.weight' --as histogram --log -o spread.svg
  hinton draw w.npy --as heatmap --annotate=.2f --cmap viridis --range robust -o w.png
  hinton draw w.npy --preset matplotlib-hinton -o hinton.png",
    args: |command| {
        let command = command
            .arg(path())
            .arg(tensors())
            .arg(output().help("The file to write; - is standard output; {} stands for the tensor"))
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .help("The output, where the file's name does not say [- : png]"),
            )
            .arg(
                Arg::new("graphics")
                    .long("graphics")
                    .value_name("KIND")
                    .value_parser(GRAPHICS.map(|(name, _)| name))
                    .help("What the terminal can show, where that is not found out"),
            );
        settings(command).arg(threads())
    },
    run,
};

/// Where a picture goes.
enum Target<'a> {
    Terminal(Terminal),
    Stdout(&'static OutputRow),
    File(&'a Path, &'static OutputRow),
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(path) = matches.get_one::<PathBuf>("path") else { return Ok(()) };
    let target = target(matches)?;
    let bar = Bar::new();
    let mut request = DrawRequest::default();
    request.threads = thread_count(matches);
    request.progress = &bar;
    apply_settings(matches, &mut request)?;
    if let Target::Terminal(terminal) = &target {
        fit(&mut request, terminal, matches);
    }
    let checkpoint = hinton::open(path)?;
    warnings(&checkpoint);
    let patterns = patterns(matches);
    if let Target::File(file, output) = target
        && file.to_string_lossy().contains("{}")
    {
        return one_each(&checkpoint, &patterns, &request, &bar, file, output);
    }
    let selected = select(&checkpoint, &patterns)?;
    if selected.is_empty() {
        return Err(Failure::work(format!("{}: the file holds no tensors", checkpoint.path)));
    }
    let picture = draw(&selected, &request, &bar)?;
    drop(request);
    drop(bar);
    match target {
        Target::Terminal(terminal) => show(&picture, &terminal)?,
        Target::Stdout(output) => {
            out::emit_data(&render(&picture, output, &picture.render_options())?)?
        }
        Target::File(file, output) => {
            write_bytes(file, &render(&picture, output, &picture.render_options())?)?;
        }
    }
    picture.notes.iter().for_each(|text| note(text));
    Ok(())
}

fn target(matches: &ArgMatches) -> Result<Target<'_>, Failure> {
    let format = matches.get_one::<String>("format").map(|name| output_named(name)).transpose()?;
    let graphics = matches.get_one::<String>("graphics").and_then(|word| graphics_named(word));
    Ok(match matches.get_one::<PathBuf>("output") {
        Some(file) if file == Path::new("-") => match format {
            Some(output) => Target::Stdout(output),
            None => Target::Stdout(output_named("png")?),
        },
        Some(file) => match format {
            Some(output) => Target::File(file, output),
            None => Target::File(file, output_for(file)?),
        },
        None => match format {
            Some(output) if output.name != "terminal" => Target::Stdout(output),
            _ => Target::Terminal(Terminal::detect(graphics)),
        },
    })
}

fn draw(selected: &[Selected], request: &DrawRequest<'_>, bar: &Bar) -> Result<Picture, Failure> {
    let arrangement = hinton::arrange::arrange(selected, request)?;
    bar.expect(arrangement.bytes());
    Ok(draw_arrangement(&arrangement, request)?)
}

/// A page as wide as the window, and colours of its background, where nothing else was said.
pub(super) fn fit(request: &mut DrawRequest<'_>, terminal: &Terminal, matches: &ArgMatches) {
    let options = &mut request.options;
    let (width, _) = terminal.options.cell_pixels;
    if options.size.is_none() {
        let width = terminal.options.columns as f64 * f64::from(width);
        options.size = Some(PageSize { width: Length::Pixels(width), height: None });
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
    request: &DrawRequest<'_>,
    bar: &Bar,
    file: &Path,
    output: &'static OutputRow,
) -> Result<(), Failure> {
    let pattern = file.to_string_lossy();
    if let Some(folder) = file.parent().filter(|folder| !folder.to_string_lossy().contains("{}")) {
        make_folder(folder)?;
    }
    let mut written = std::collections::BTreeSet::new();
    for selected in select(checkpoint, patterns)? {
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
        let picture = draw(std::slice::from_ref(&selected), request, bar)?;
        let bytes = render(&picture, output, &picture.render_options())?;
        write_bytes(Path::new(&path), &bytes)?;
        for text in &picture.notes {
            note(&format!("{path}: {text}"));
        }
    }
    if written.is_empty() {
        return Err(Failure::work(format!("{}: there is nothing to draw", checkpoint.path)));
    }
    Ok(())
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
