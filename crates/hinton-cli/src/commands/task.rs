//! `hinton task`: one line of a plan.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches};
use hinton::Work;
use hinton::summary::{Task, do_task};

use super::CommandRow;
use super::steps::open_one;
use crate::args::{output, thread_count, threads};
use crate::failure::{Failure, note, plain};
use crate::progress::Bar;
use crate::remote::{self, max_download};
use crate::{human, out};

/// Most bytes of a task.
const MOST: u64 = 64 << 20;

pub(super) const ROW: CommandRow = CommandRow {
    name: "task",
    about: "Run one task of a plan: the statistics of a part of a checkpoint",
    help: "Reads what a line of `hinton plan` says, and nothing else but the headers, and writes \
           a summary (.hs). It keeps no state: the same task gives the same bytes, on any \
           machine and any number of times. It is refused if the checkpoint is not the one that \
           was planned.",
    examples: "Examples:
  hinton task \"$(sed -n 3p tasks.jsonl)\" -o 3.hs
  hinton task @task.json -o part.hs
  sed -n 3p tasks.jsonl | hinton task - -o 3.hs",
    args: |command| {
        command
            .arg(
                Arg::new("task")
                    .value_name("TASK")
                    .required(true)
                    .help("The line itself, @FILE that holds it, or - for standard input"),
            )
            .arg(output().required(true).help("The summary to write; - is standard output"))
            .arg(threads())
            .arg(max_download())
    },
    run,
};

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let (Some(task), Some(target)) =
        (matches.get_one::<String>("task"), matches.get_one::<PathBuf>("output"))
    else {
        return Ok(());
    };
    let task = Task::parse(line(task)?.trim())?;
    remote::allow(&[OsString::from(&task.path)], matches)?;
    let checkpoint = open_one(Path::new(&task.path))?;
    write(&checkpoint, &task, target, matches)
}

/// Does a task and writes what comes of it.
pub(super) fn write(
    checkpoint: &hinton::Checkpoint,
    task: &Task,
    target: &Path,
    matches: &ArgMatches,
) -> Result<(), Failure> {
    if task.pieces.is_empty() {
        note(&format!("part {} of {} holds no values", task.part.0, task.part.1));
    }
    let bar = Bar::new();
    bar.expect(task.bytes);
    let threads = hinton::threads(thread_count(matches));
    let bytes = do_task(checkpoint, task, Work { threads, progress: &bar })?;
    drop(bar);
    save(target, &bytes)
}

/// Writes a summary.
pub(super) fn save(target: &Path, bytes: &[u8]) -> Result<(), Failure> {
    match target == Path::new("-") {
        true => out::emit_data(bytes),
        false => Ok(hinton::outputs::write_bytes(target, bytes)?),
    }
}

/// The task's text.
fn line(word: &str) -> Result<String, Failure> {
    let read = |source: &mut dyn Read| {
        let mut text = String::new();
        source.take(MOST + 1).read_to_string(&mut text)?;
        match text.len() as u64 > MOST {
            true => Err(std::io::Error::other(format!("it has more than {}", human::bytes(MOST)))),
            false => Ok(text),
        }
    };
    let (what, text) = match word.strip_prefix('@') {
        _ if word == "-" => ("standard input", read(&mut std::io::stdin().lock())),
        Some(path) => (path, std::fs::File::open(path).and_then(|mut file| read(&mut file))),
        None => return Ok(word.to_owned()),
    };
    text.map_err(|error| {
        Failure::work(format!("cannot read the task in {what}: {}", plain(&error)))
    })
}
