//! `hinton demo`: the whole story, on data that ships inside.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Arg, ArgMatches, value_parser};
use hinton::demo::Beside;
use hinton_view::{BUDGET, Quiet, Refusal, Viewer};

use super::CommandRow;
use crate::failure::Failure;
use crate::{human, interrupt, out};

pub(super) const ROW: CommandRow = CommandRow {
    name: "demo",
    about: "Draw a gallery of everything, from built-in data",
    help: "Writes a folder with small trained classifiers of handwritten digits, every chart \
           drawn from them in light and dark, an index.html that shows each picture with its \
           command, and the viewer as a page that contains one of the training runs. Needs no \
           network and no files.",
    examples: "Examples:
  hinton demo
  hinton demo /tmp/gallery",
    args: |command| {
        command.arg(
            Arg::new("dir")
                .value_name("DIR")
                .default_value("hinton-demo")
                .value_parser(value_parser!(PathBuf))
                .help("The folder to write"),
        )
    },
    run,
};

/// The run that the viewer's page shows.
const RUN: &str = "digits_run";
const LOOK_AROUND: Beside = Beside {
    file: "viewer.html",
    title: "Look around in it",
    text: "The viewer, as one file with its data inside: a classifier of digits over the steps of its \
           training. Scroll to zoom down to the numbers, press space to play, ? for the other keys. \
           hinton view opens any model in this way.",
    command: "hinton view digits_run --export viewer.html",
};

/// Writes the viewer's page.
fn look_around(folder: &Path) -> Result<PathBuf, Failure> {
    let viewer = Viewer::open(&[folder.join(RUN)], hinton::threads(0))?;
    let exported = viewer.export(BUDGET, &Quiet).map_err(|refusal| match refusal {
        Refusal::Question(message) | Refusal::Work(message) => Failure::work(message),
        Refusal::NoRoute => Failure::work("the page of the viewer cannot be made"),
    })?;
    let file = PathBuf::from(LOOK_AROUND.file);
    hinton::outputs::write_bytes(&folder.join(&file), &exported.page)?;
    Ok(file)
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(folder) = matches.get_one::<PathBuf>("dir") else { return Ok(()) };
    let begun = Instant::now();
    let gently = interrupt::gently();
    let mut files = hinton::demo::gallery_with(folder, &[LOOK_AROUND])?;
    files.push(look_around(folder)?);
    drop(gently);
    let seconds = begun.elapsed().as_secs_f64();
    let count = |wanted: &[&str]| {
        let is = |file: &&PathBuf| wanted.iter().any(|e| file.extension().is_some_and(|x| x == *e));
        files.iter().filter(is).count() as u64
    };
    let mut text = String::new();
    for file in &files {
        text.push_str(&format!("{}\n", folder.join(file).display()));
    }
    text.push_str(&format!(
        "\nWrote {} of pictures, {} of weights and a page that shows them, in {seconds:.2} s.\nOpen {}\n",
        human::several(count(&["png", "svg", "pdf"]), "file"),
        human::several(count(&["safetensors", "npy"]), "file"),
        folder.join("index.html").display()
    ));
    out::emit(text.as_bytes())
}
