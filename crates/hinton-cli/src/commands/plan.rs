//! `hinton plan`: the statistics of checkpoints as tasks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Arg, ArgMatches};
use hinton::summary::{Task, plan};

use super::CommandRow;
use super::steps::open_one;
use super::summary::checks;
use crate::args::paths;
use crate::failure::{Failure, note, warnings};
use crate::remote::{bytes_of, max_download};
use crate::{human, out};

pub(super) const ROW: CommandRow = CommandRow {
    name: "plan",
    about: "Divide the reading of checkpoints into tasks, one per line, for many machines",
    help: "Writes tasks as lines of JSON: which checkpoint, and which stripes of which tensors. \
           `hinton task` runs one on any machine, and `hinton summary merge` combines the \
           results to the statistics of the whole, bit for bit those of one pass. Only headers \
           are read. The same checkpoint and chunk size give the same tasks. A task contains the \
           path of the checkpoint as given: use one that works on every machine, such as an \
           address. Compressed files (.gz) are decompressed from their start by every task: \
           decompress them first. If several files hold a tensor together, as those of the ranks of \
           torch.distributed.checkpoint do, tasks are cut along the files, so that each task reads \
           the values of one file.",
    examples: "Examples:
  hinton plan model.safetensors
  hinton plan hf://org/name --chunk 1GB > tasks.jsonl
  hinton plan llama/ | parallel --pipe -N1 'hinton task - -o {#}.hs' && hinton summary merge *.hs -o all.hs",
    args: |command| {
        command
            .arg(paths())
            .arg(
                Arg::new("chunk")
                    .long("chunk")
                    .value_name("SIZE")
                    .default_value("256MB")
                    .value_parser(|text: &str| bytes_of(text))
                    .help("About how much a task reads: 64MB, 1GB"),
            )
            .arg(checks())
            .arg(max_download())
    },
    run,
};

/// Says where tasks were cut along files, and how far that held.
fn along_files(tasks: &[Task]) {
    let files: BTreeSet<&str> = tasks.iter().filter_map(|task| task.file.as_deref()).collect();
    let sum = |of: fn(&Task) -> u64| tasks.iter().map(of).fold(0, u64::saturating_add);
    let (all, elsewhere) = (sum(|task| task.bytes), sum(|task| task.elsewhere));
    if files.len() > 1 {
        let share = human::number(Some(elsewhere as f64 / all.max(1) as f64 * 100.0));
        let but = match elsewhere {
            0 => String::new(),
            _ => format!(", but for {share} % of the bytes, whose stripes are of several"),
        };
        note(&format!("cut along {} files: a task reads the values of one{but}", files.len()));
    }
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let chunk = matches.get_one::<u64>("chunk").copied().unwrap_or(u64::MAX);
    let mut lines = String::new();
    for path in matches.get_many::<PathBuf>("path").into_iter().flatten() {
        let checkpoint = open_one(path)?;
        warnings(&checkpoint);
        let tasks = plan(&checkpoint, chunk)?;
        along_files(&tasks);
        for task in tasks {
            let task = if matches.get_flag("checks") { task.with_checks() } else { task };
            lines.push_str(&task.to_json());
            lines.push('\n');
        }
    }
    out::emit(lines.as_bytes())
}
