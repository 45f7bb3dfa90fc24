//! `hinton inspect`: what files hold.

mod parts;
mod spectra;

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use hinton::files::DEQUANTISED;
use hinton::inspect::{InspectReport, QUANTILES, Sort, TensorReport, inspect};
use hinton::tensors::Summary;
use hinton::text::visible;
use hinton::{Checkpoint, Work};

use super::{CommandRow, diff, steps};
use crate::args::{paths, patterns, tensors, thread_count, threads};
use crate::failure::{Failure, warnings};
use crate::progress::Bar;
use crate::remote::max_download;
use crate::table::Table;
use crate::terminal::Terminal;
use crate::{human, out};

/// Bins of the histogram in a line.
const BINS: usize = 16;
/// Most entries of metadata, and characters of each, that are shown.
const METADATA: (usize, usize) = (12, 100);

pub(super) const ROW: CommandRow = CommandRow {
    name: "inspect",
    about: "List the tensors of files: names, shapes, sizes, statistics",
    help: "Lists every tensor with its dtype, shape and bytes, and the totals. Quantised tensors \
           are listed as stored in the file (Q4_K), while statistics are those of the weights \
           they encode. Without --stats only headers are read, whatever the size. Statistics \
           cover finite values; NaN and infinities are counted separately. Quantiles are exact \
           for dtypes of at most 16 bits and for small tensors, else accurate to 0.8 % of the \
           value. For a run (a folder of checkpoints, a run folder) it lists steps, metrics and \
           tensors, as `hinton animate` would play them. Kinds of tensors and the architecture \
           are guessed from names and shapes. With --compare two files are compared, with the \
           report of `hinton diff` but always exit code 0. --spectrum lists for every matrix the \
           largest and smallest singular value, the rank (values above rounding), the effective \
           rank (exp of the entropy of the values), the stable rank (sum of squares divided by \
           the largest square), the condition number, how many values are above the edge of \
           noise of the same size, and the exponent of a power law fitted to the largest \
           eigenvalues, a heuristic; --json has the values themselves.",
    examples: "Examples:
  hinton inspect model.safetensors
  hinton inspect model.pt -t '*.weight' --stats
  hinton inspect model.pt -t '*.q_proj.weight' --spectrum
  hinton inspect model.safetensors --depth 2          totals of the modules, as a tree
  hinton inspect model.pt --sort norm                the largest weights first
  hinton inspect before.pt after.pt --compare        as `hinton diff`
  hinton inspect hf://org/name           a model on the Hugging Face Hub: headers alone are read
  hinton inspect checkpoints/ --json | jq '.tensors[].name'
  hinton inspect run/                    the steps of a run and their tensors
  hinton inspect list.pkl --steps        a file with a list of arrays, as a run",
    args: |command| {
        command
            .arg(paths())
            .arg(tensors())
            .arg(
                Arg::new("stats")
                    .long("stats")
                    .action(ArgAction::SetTrue)
                    .help("Read every value: min, max, mean, std, quantiles, histogram"),
            )
            .arg(Arg::new("spectrum").long("spectrum").action(ArgAction::SetTrue).help(
                "Singular values of every matrix: ranks, condition, what stands out from noise",
            ))
            .arg(
                Arg::new("json")
                    .long("json")
                    .action(ArgAction::SetTrue)
                    .help("Print JSON: an object, for several PATHs an array"),
            )
            .arg(
                Arg::new("tree")
                    .long("tree")
                    .action(ArgAction::SetTrue)
                    .help("List modules, not tensors: what each holds in all"),
            )
            .arg(
                Arg::new("depth")
                    .long("depth")
                    .value_name("N")
                    .value_parser(value_parser!(u16).range(1..))
                    .help("How deep the tree of modules goes [default: 2]; means --tree"),
            )
            .arg(
                Arg::new("sort")
                    .long("sort")
                    .value_name("KEY")
                    .value_parser(Sort::WORDS.map(|(word, _)| word))
                    .help("Order of the tensors; norm and max mean --stats [default: the file's]"),
            )
            .arg(
                Arg::new("compare")
                    .long("compare")
                    .action(ArgAction::SetTrue)
                    .help("Compare two files, as `hinton diff` does"),
            )
            .arg(
                Arg::new("steps")
                    .long("steps")
                    .action(ArgAction::SetTrue)
                    .conflicts_with("stats")
                    .help("Take PATH as a run, also where it is one file: list its steps"),
            )
            .args(steps::taken_as())
            .arg(threads())
            .arg(max_download())
    },
    run,
};

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let taken = steps::taken_paths("path", matches)?;
    let paths: Vec<&PathBuf> = taken.iter().collect();
    let patterns = patterns(matches);
    let json = matches.get_flag("json");
    let width = Terminal::detect(None).text_width();
    if matches.get_flag("compare") {
        let text = compared(&paths, &patterns, matches)?;
        return out::emit(text.as_bytes());
    }
    let mut failed = None;
    let mut reports = Vec::new();
    for &path in &paths {
        // A log's numbers are those of a table where they are asked for as such.
        let as_table = matches.get_flag("stats") || !patterns.is_empty();
        let log = if as_table { Ok(None) } else { hinton::runs::open_log(path, false) };
        let run = match log {
            Ok(None) => steps::taken_run(path, matches.get_flag("steps"), matches),
            log => log.map_err(Failure::from),
        };
        let report = match run {
            Ok(Some(run)) => steps::report(&run, &patterns, json, width),
            Ok(None) => match steps::file_or_logs(path) {
                Ok(steps::Found::File(file)) => report(&file, &patterns, matches, json, width),
                Ok(steps::Found::Logs(logs)) => {
                    for log in &logs {
                        reports.push(steps::report(log, &patterns, json, width)?);
                    }
                    continue;
                }
                Err(failure) => Err(failure),
            },
            Err(failure) => Err(failure),
        };
        match report {
            // One file's fault is no reason to keep the others back.
            Err(failure) if paths.len() > 1 => {
                failure.report();
                failed = Some(failure.code());
            }
            report => reports.push(report?),
        }
    }
    let text = match (json, paths.len().max(reports.len())) {
        (true, 1) => format!("{}\n", reports.concat()),
        (true, _) => format!("[{}]\n", reports.join(",\n")),
        (false, _) => reports.join("\n"),
    };
    out::emit(text.as_bytes())?;
    failed.map_or(Ok(()), |code| Err(Failure::said(code)))
}

fn compared(
    paths: &[&PathBuf],
    patterns: &[String],
    matches: &ArgMatches,
) -> Result<String, Failure> {
    let [first, second] = paths else {
        return Err(Failure::usage(
            format!("--compare is for two files, not {}", paths.len()),
            "hinton inspect BEFORE AFTER --compare",
        ));
    };
    diff::side_by_side([first, second], patterns, matches.get_flag("json"), thread_count(matches))
}

/// One file's report, as JSON or as text.
fn report(
    checkpoint: &Checkpoint,
    patterns: &[String],
    matches: &ArgMatches,
    json: bool,
    width: Option<usize>,
) -> Result<String, Failure> {
    if !json {
        warnings(checkpoint);
    }
    let mut report = inspect(checkpoint, patterns)?;
    let sort = matches.get_one::<String>("sort");
    let sort = Sort::WORDS.into_iter().find(|(word, _)| sort.is_some_and(|sort| sort == word));
    if matches.get_flag("stats") || sort.is_some_and(|(_, sort)| sort.needs_stats()) {
        let bar = Bar::new();
        bar.expect(report.bytes_to_read());
        let threads = hinton::threads(thread_count(matches));
        report.summarize(Work { threads, progress: &bar })?;
    }
    let spectrum = matches.get_flag("spectrum");
    if spectrum {
        let bar = Bar::new();
        bar.expect(report.bytes_of_matrices());
        let threads = hinton::threads(thread_count(matches));
        report.decompose(Work { threads, progress: &bar })?;
    }
    if let Some((_, sort)) = sort {
        report.sort(sort);
    }
    if json {
        return report.to_json().map_err(|error| Failure::work(error.to_string()));
    }
    let depth = matches.get_one::<u16>("depth").map(|&depth| usize::from(depth));
    let body = match depth.or(matches.get_flag("tree").then_some(2)) {
        Some(depth) => parts::tree(&report, depth - 1, width),
        None if spectrum => spectra::text(&report, width),
        None => tensors_text(&report, width),
    };
    Ok(format!("{}{body}", heading(&report)))
}

fn heading(report: &InspectReport) -> String {
    let checkpoint = &report.checkpoint;
    let mut text = format!(
        "{}: {}, {}, {}, {}\n",
        visible(&checkpoint.path),
        checkpoint.format,
        human::several(report.tensors.len() as u64, "tensor"),
        human::several(report.parameters(), "parameter"),
        human::bytes(report.bytes()),
    );
    if checkpoint.files.len() > 1 {
        text.push_str(&format!("  in {}\n", human::several(checkpoint.files.len() as u64, "file")));
    }
    text.push_str(&parts::summary(report));
    let (most, characters) = METADATA;
    // What was done to the tensors is said whatever else there is.
    let (done, rest): (Vec<_>, Vec<_>) =
        checkpoint.metadata.iter().partition(|(key, _)| key == DEQUANTISED);
    for (key, value) in rest.iter().take(most).chain(&done) {
        let value = visible(value);
        let mut shown: String = value.chars().take(characters).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        text.push_str(&format!("  {} = {shown}\n", visible(key)));
    }
    if rest.len() > most {
        let more = rest.len() - most;
        text.push_str(&format!("  and {more} more entries of metadata, which --json lists\n"));
    }
    text
}

fn tensors_text(report: &InspectReport, width: Option<usize>) -> String {
    if report.tensors.is_empty() {
        return String::new();
    }
    let has_stats = report.tensors.iter().any(|tensor| tensor.summary.is_some());
    if !has_stats {
        let mut table = Table::new(&["name", "dtype", "shape", ">bytes"]);
        report.tensors.iter().for_each(|tensor| table.push(facts(tensor)));
        return table.text(width);
    }
    let table = wide(report);
    match width {
        // Too narrow for a line each: a few lines each.
        Some(width) if table.width() > width => {
            report.tensors.iter().map(|tensor| block(tensor, width)).collect()
        }
        width => table.text(width),
    }
}

fn facts(tensor: &TensorReport) -> Vec<String> {
    let values = &tensor.selected.tensor;
    // The remark in full is a note, or stands in the JSON.
    let codes = if values.remark().is_some() { " codes" } else { "" };
    vec![
        visible(&tensor.selected.label()).into_owned(),
        format!("{}{codes}", values.stored_type()),
        human::shape(values.shape()),
        if values.is_derived() { String::new() } else { human::bytes(values.stored_len()) },
    ]
}

/// Everything about a tensor in one line.
fn wide(report: &InspectReport) -> Table {
    let mut table = Table::new(&[
        "name",
        "dtype",
        "shape",
        ">bytes",
        ">min",
        "histogram",
        "max",
        ">mean",
        ">std",
        ">l2",
        ">zeros",
        ">nan",
        ">+inf",
        ">-inf",
        ">1%",
        ">5%",
        ">25%",
        ">50%",
        ">75%",
        ">95%",
        ">99%",
    ]);
    for tensor in &report.tensors {
        let mut row = facts(tensor);
        let empty = Summary::empty();
        let summary = tensor.summary.as_ref().unwrap_or(&empty);
        row.extend([
            human::number(summary.min()),
            histogram(tensor, summary),
            human::number(summary.max()),
            human::number(summary.mean()),
            human::number(summary.std()),
            human::number(summary.l2()),
        ]);
        let counts = [summary.zeros, summary.nan, summary.pos_inf, summary.neg_inf];
        row.extend(counts.map(human::count));
        row.extend(QUANTILES.map(|(q, _)| human::number(summary.quantile(q))));
        table.push(row);
    }
    table
}

fn histogram(tensor: &TensorReport, summary: &Summary) -> String {
    let (Some(min), Some(max)) = (summary.min(), summary.max()) else { return String::new() };
    let is_integer = tensor.selected.tensor.dtype().is_integer();
    let counts = match is_integer && min < max {
        true => summary.integer_histogram(BINS),
        false => summary.histogram(min, max, BINS),
    };
    human::blocks(&counts)
}

/// Everything about a tensor in a few short lines.
fn block(tensor: &TensorReport, width: usize) -> String {
    let mut head = Table::new(&["name", "dtype", "shape", ">bytes"]);
    head.push(facts(tensor));
    // The heading of a table of one row says nothing new.
    let head = head.text(Some(width));
    let mut text: String = head.lines().skip(1).map(|line| format!("{line}\n")).collect();
    let Some(summary) = &tensor.summary else { return text };
    let mut words = vec![
        format!(
            "{} {} {}",
            human::number(summary.min()),
            histogram(tensor, summary),
            human::number(summary.max())
        ),
        format!("mean {}", human::number(summary.mean())),
        format!("std {}", human::number(summary.std())),
        format!("l2 {}", human::number(summary.l2())),
    ];
    let counts = [
        (summary.zeros, "zeros"),
        (summary.nan, "nan"),
        (summary.pos_inf, "+inf"),
        (summary.neg_inf, "-inf"),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        words.push(format!("{what} {}", human::count(count)));
    }
    for (q, _) in QUANTILES {
        words.push(format!("{}% {}", (q * 100.0).round(), human::number(summary.quantile(q))));
    }
    text.push_str(&flow(&words, width));
    text
}

/// Words in lines that are not too long.
fn flow(words: &[String], width: usize) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in words {
        let longer = crate::table::width_of(&line) + 2 + crate::table::width_of(word);
        if !line.is_empty() && longer > width {
            lines.push_str(&format!("{line}\n"));
            line.clear();
        }
        line.push_str("  ");
        line.push_str(word);
    }
    format!("{lines}{line}\n")
}
