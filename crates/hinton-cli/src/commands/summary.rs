//! `hinton summary`: statistics in a file, of a checkpoint or of a part of it, and many made one.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use hinton::summary::{merge_files, part};

use super::CommandRow;
use super::steps::open_one;
use super::task::{save, write};
use crate::args::{output, threads};
use crate::failure::{Failure, note, warnings};
use crate::remote::max_download;

pub(super) const ROW: CommandRow = CommandRow {
    name: "summary",
    about: "Write the statistics of a checkpoint, or of a part of it, to a file; merge such files",
    help: "Writes a summary (.hs): what `hinton inspect --stats` and histograms show, without \
           the values, in a few kilobytes per tensor. With --part 3/64 only that part is read, \
           so that many machines can share the work; `hinton summary merge` combines the parts, \
           in any order, to exactly the bytes of a summary of the whole. Incomplete sets of \
           parts are refused, unless --partial is given; so are parts of different checkpoints, \
           which are identified by path, files, tensors and a sample of the values. With \
           --checks, which all parts have or none, the summary also holds what `hinton check` \
           needs to find the first NaN and infinities, rows and columns of zeros, and equal \
           tensors. The format is described in docs/summary-format.md.",
    examples: "Examples:
  hinton summary model.safetensors -o model.hs
  hinton summary hf://org/name --part 3/64 -o p3.hs
  hinton summary merge p*.hs -o all.hs
  hinton inspect all.hs --stats",
    args: |command| {
        command
            .arg(
                Arg::new("path")
                    .value_name("PATH")
                    .required(true)
                    .action(ArgAction::Append)
                    .value_parser(value_parser!(PathBuf))
                    .help(
                        "A weights file, folder or address; or the word merge, then summaries, or folders of them",
                    ),
            )
            .arg(
                Arg::new("part")
                    .long("part")
                    .value_name("N/M")
                    .value_parser(|text: &str| numbers(text))
                    .help("Which part of how many, from 1/M to M/M [default: the whole]"),
            )
            .arg(checks())
            .arg(
                Arg::new("partial")
                    .long("partial")
                    .action(ArgAction::SetTrue)
                    .help("Merge what there is, though parts are missing"),
            )
            .arg(output().required(true).help("The summary to write; - is standard output"))
            .arg(threads())
            .arg(max_download())
    },
    run,
};

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let paths: Vec<&PathBuf> = matches.get_many("path").into_iter().flatten().collect();
    let Some(target) = matches.get_one::<PathBuf>("output") else { return Ok(()) };
    let numbers = matches.get_one::<(u64, u64)>("part").copied();
    let is_partial = matches.get_flag("partial");
    match paths.as_slice() {
        [word, summaries @ ..] if word.as_os_str() == "merge" => {
            let given = [("part", numbers.is_some()), ("checks", matches.get_flag("checks"))];
            if let Some((name, _)) = given.iter().find(|(_, is_given)| *is_given) {
                return Err(Failure::usage(
                    format!("--{name} is for reading, not for merging"),
                    "leave it out",
                ));
            }
            let merged = merge_files(summaries, is_partial)?;
            if merged.known < merged.all {
                note(&format!("it knows {} of {} stripes", merged.known, merged.all));
            }
            save(target, &merged.bytes)
        }
        [path] => {
            if is_partial {
                return Err(Failure::usage("--partial is for merging", "hinton summary merge …"));
            }
            let checkpoint = open_one(path)?;
            warnings(&checkpoint);
            let (number, of) = numbers.unwrap_or((1, 1));
            let task = part(&checkpoint, number, of)?;
            let task = if matches.get_flag("checks") { task.with_checks() } else { task };
            write(&checkpoint, &task, target, matches)
        }
        _ => Err(Failure::usage(
            format!("a summary is of one checkpoint, not of {}", paths.len()),
            "hinton summary PATH -o FILE, or hinton summary merge FILE… -o FILE",
        )),
    }
}

/// The option to look at more than statistics.
pub(super) fn checks() -> Arg {
    Arg::new("checks").long("checks").action(ArgAction::SetTrue).help(
        "Take besides what `hinton check` needs: first NaN and infinities, rows and columns of zeros, a digest",
    )
}

/// The two numbers of `3/64`.
fn numbers(text: &str) -> Result<(u64, u64), String> {
    let numbers = text.split_once('/').and_then(|(number, of)| {
        let (number, of) = (number.trim().parse().ok()?, of.trim().parse().ok()?);
        (1..=of).contains(&number).then_some((number, of))
    });
    numbers.ok_or_else(|| "a part is such as 3/64: from 1/64 to 64/64".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_numbered_from_1() {
        assert_eq!(numbers("3/64"), Ok((3, 64)));
        for wrong in ["0/4", "5/4", "3", "a/b", "-1/3", "1/0", ""] {
            assert!(numbers(wrong).is_err(), "{wrong}");
        }
    }
}
