//! `hinton plan`: the statistics of checkpoints as tasks.

use std::path::PathBuf;

use clap::{Arg, ArgMatches};
use hinton::summary::plan;

use super::CommandRow;
use super::steps::open_one;
use super::summary::checks;
use crate::args::paths;
use crate::failure::{Failure, warnings};
use crate::out;
use crate::remote::{bytes_of, max_download};

pub(super) const ROW: CommandRow = CommandRow {
    name: "plan",
    about: "Divide the reading of checkpoints into tasks, one per line, for many machines",
    help: "Writes tasks as lines of JSON: which checkpoint, and which stripes of which tensors. \
           `hinton task` runs one on any machine, and `hinton summary merge` combines the \
           results to the statistics of the whole, bit for bit those of one pass. Only headers \
           are read. The same checkpoint and chunk size give the same tasks. A task contains the \
           path of the checkpoint as given: use one that works on every machine, such as an \
           address. Compressed files (.gz) are decompressed from their start by every task: \
           decompress them first.",
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

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let chunk = matches.get_one::<u64>("chunk").copied().unwrap_or(u64::MAX);
    let mut lines = String::new();
    for path in matches.get_many::<PathBuf>("path").into_iter().flatten() {
        let checkpoint = open_one(path)?;
        warnings(&checkpoint);
        for task in plan(&checkpoint, chunk)? {
            let task = if matches.get_flag("checks") { task.with_checks() } else { task };
            lines.push_str(&task.to_json());
            lines.push('\n');
        }
    }
    out::emit(lines.as_bytes())
}
