//! `hinton check`: what is wrong with files.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches};
use hinton::check::{
    CHECKS, CheckReport, CheckRow, Finding, LOG, check_log, check_opened, check_run,
};
use hinton::inspect::to_json;
use hinton::text::visible;
use hinton::{Checkpoint, Work};

use super::{CommandRow, steps};
use crate::args::{paths, patterns, tensors, thread_count, threads};
use crate::failure::Failure;
use crate::progress::Bar;
use crate::remote::max_download;
use crate::table::{lines, width_of};
use crate::terminal::Terminal;
use crate::{human, out};

/// Most findings of one kind that are listed for one file without --all.
const MOST: usize = 8;

pub(super) const ROW: CommandRow = CommandRow {
    name: "check",
    about: "Report what is wrong with files: NaN, dead units, duplicates, damage",
    help: "Reads every value once and reports what is wrong: NaN and infinities with the first \
           coordinates; files that are truncated, are inconsistent about their sizes, lack \
           shards or would execute code (nothing is executed). It also notes what is worth a \
           look: tensors that are constant or zero, rows and columns of zeros, tensors that are \
           stored twice or share bytes, outliers, layers that differ from their siblings, equal \
           rows, subnormal and saturated values, quantised blocks that are empty or saturated. \
           Exit code 1 means that something is wrong, 0 that nothing is; notes only count with \
           --strict. In a training run, every step is checked, and each finding is reported \
           once, at the first step that has it. In a log without weights, the metrics are \
           checked.",
    examples: "Examples:
  hinton check model.safetensors
  hinton check checkpoints/*.pt --json > report.json
  hinton check run/                          every step of a training run
  hinton check model.pt --allow nan,inf      as a step of CI that knows of them
  hinton check model.pt --strict --allow shared
  hinton check model.pt -t 'encoder.*' --all",
    args: |command| {
        command
            .arg(paths())
            .arg(tensors())
            .arg(
                Arg::new("allow")
                    .long("allow")
                    .value_name("KIND")
                    .action(ArgAction::Append)
                    .value_delimiter(',')
                    .help("Kinds of findings to leave out; listed below")
                    .long_help(kinds_help()),
            )
            .arg(
                Arg::new("strict")
                    .long("strict")
                    .action(ArgAction::SetTrue)
                    .help("Notes count too: exit code 1 where there is any"),
            )
            .arg(
                Arg::new("all")
                    .long("all")
                    .action(ArgAction::SetTrue)
                    .help("List every finding, not the first 8 of each kind"),
            )
            .arg(
                Arg::new("json")
                    .long("json")
                    .action(ArgAction::SetTrue)
                    .help("Print JSON: an object, for several PATHs an array"),
            )
            .args(steps::taken_as())
            .arg(threads())
            .arg(max_download())
    },
    run,
};

fn kinds_help() -> String {
    let mut text = "Kinds of findings to leave out, separated by commas:\n".to_owned();
    for is_fault in [true, false] {
        text.push_str(if is_fault { "\nFaults:\n" } else { "\nNotes:\n" });
        for row in CHECKS.iter().filter(|row| row.is_fault == is_fault) {
            text.push_str(&format!("  {:<13} {}\n", row.name, row.about));
        }
    }
    text
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let taken = steps::taken_paths("path", matches)?;
    let paths: Vec<&PathBuf> = taken.iter().collect();
    let allowed = allowed(matches)?;
    let patterns = patterns(matches);
    let threads = hinton::threads(thread_count(matches));
    let mut reports = Vec::new();
    for &path in &paths {
        // Of a log the metrics are checked; a table whose tensor is asked for is one.
        let logs = if patterns.is_empty() { steps::logs(path)? } else { Vec::new() };
        if !logs.is_empty() {
            reports.extend(logs.iter().map(check_log));
            continue;
        }
        let bar = Bar::new();
        let work = Work { threads, progress: &bar };
        let bytes = |file: &Checkpoint| file.tensors.iter().map(|one| one.byte_len()).sum::<u64>();
        let report = match steps::taken_run(path, false, matches)? {
            Some(run) => {
                let first = run.checkpoint(0).map_or(0, |file| bytes(&file));
                bar.expect(first.saturating_mul(run.steps.len() as u64));
                check_run(&run, &patterns, work)?
            }
            None => {
                let opened = hinton::open(path);
                opened.iter().for_each(|file| bar.expect(bytes(file)));
                check_opened(path, opened, &patterns, work)?
            }
        };
        reports.push(report);
    }
    reports.iter_mut().for_each(|report| report.allow(&allowed));
    let text = match matches.get_flag("json") {
        true => json(&reports)?,
        false => {
            let most = if matches.get_flag("all") { usize::MAX } else { MOST };
            let width = Terminal::detect(None).text_width();
            let texts: Vec<String> =
                reports.iter().map(|report| text(report, most, width)).collect();
            texts.join("\n")
        }
    };
    out::emit(text.as_bytes())?;
    let is_strict = matches.get_flag("strict");
    let counts = |finding: &Finding| is_strict || finding.kind.is_fault;
    match reports.iter().flat_map(|report| &report.findings).any(counts) {
        true => Err(Failure::said(1)),
        false => Ok(()),
    }
}

fn allowed(matches: &ArgMatches) -> Result<Vec<&'static CheckRow>, Failure> {
    let names = matches.get_many::<String>("allow").into_iter().flatten();
    let row = |name: &String| {
        hinton::check::named(name.trim()).ok_or_else(|| {
            let kinds: Vec<&str> = CHECKS.iter().map(|row| row.name).collect();
            let message = format!("--allow {name:?}: there is no such kind");
            Failure::usage(message, format!("kinds are {}", kinds.join(", ")))
        })
    };
    names.map(row).collect()
}

fn json(reports: &[CheckReport]) -> Result<String, Failure> {
    let text = match reports {
        [one] => to_json(one),
        several => to_json(several),
    };
    text.map(|text| text + "\n").map_err(|error| Failure::work(error.to_string()))
}

fn text(report: &CheckReport, most: usize, width: Option<usize>) -> String {
    let faults = report.faults().count();
    let notes = report.findings.len() - faults;
    let verdict = match (faults, notes) {
        (0, 0) => "nothing wrong".to_owned(),
        (0, notes) => format!("nothing wrong, {}", human::several(notes as u64, "note")),
        (faults, 0) => human::several(faults as u64, "fault"),
        (faults, notes) => format!(
            "{}, {}",
            human::several(faults as u64, "fault"),
            human::several(notes as u64, "note")
        ),
    };
    let mut text = format!("{}: {verdict}", visible(&report.path));
    if !report.format.is_empty() {
        let noun = if report.format == LOG { "metric" } else { "tensor" };
        text.push_str(&format!(
            " ({}, {}, {})",
            report.format,
            human::several(report.tensors as u64, noun),
            human::several(report.values, "value")
        ));
    }
    text.push('\n');
    for kind in CHECKS {
        text.push_str(&of_kind(report, kind, most, width));
    }
    text
}

/// The findings of one kind: a line each, and how many more there are.
fn of_kind(report: &CheckReport, kind: &CheckRow, most: usize, width: Option<usize>) -> String {
    let found: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.kind.name == kind.name).collect();
    let what = if kind.is_fault { "FAULT" } else { "note " };
    let mut text = String::new();
    for finding in found.iter().take(most) {
        let subject = match finding.tensor.as_str() {
            "" => String::new(),
            name => format!("{}: ", visible(name)),
        };
        let said = format!("{subject}{}", visible(&finding.message));
        let mut head = format!("  {what}  {:<12}  ", kind.name);
        let indent = width_of(&head);
        // What follows hangs under the first line, broken at blanks.
        for line in lines(&said, width.map_or(usize::MAX, |width| width.saturating_sub(indent))) {
            text.push_str(&format!("{head}{line}\n"));
            head = " ".repeat(indent);
        }
    }
    if found.len() > most {
        let more = found.len() - most;
        text.push_str(&format!(
            "  {what}  {:<12}  and {more} more (--all lists them)\n",
            kind.name
        ));
    }
    text
}
