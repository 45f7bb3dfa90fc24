//! `hinton demo`: the whole story, on data that ships inside.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Arg, ArgMatches, value_parser};

use super::CommandRow;
use crate::failure::Failure;
use crate::{human, interrupt, out};

pub(super) const ROW: CommandRow = CommandRow {
    name: "demo",
    about: "Draw a gallery of everything from data that ships inside",
    help: "Writes a folder with small trained classifiers of handwritten digits, every chart drawn \
           from them, light and dark, and an index.html that shows each picture with the command \
           that made it. Needs no network and no files.",
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

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(folder) = matches.get_one::<PathBuf>("dir") else { return Ok(()) };
    let begun = Instant::now();
    let gently = interrupt::gently();
    let files = hinton::demo::gallery(folder)?;
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
