//! `hinton diff`: what changed between two files.

mod run;
mod statistics;
mod text;

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use hinton::diff::{
    CONDITIONS, Condition, Diff, MOST_BESIDE, Rule, TensorMap, conditions, diff, diff_mapped,
    diff_statistics, is_summary, to_csv, to_markdown,
};
use hinton::inspect::to_json;
use hinton::{DrawRequest, Work};
use hinton_view::BUDGET;

use super::draw::{Target, fit, put, target, where_to};
use super::{CommandRow, steps, view};
use crate::args::{
    apply_settings, output, patterns, settings_named, tensors, thread_count, threads,
};
use crate::failure::{Failure, plain, warnings};
use crate::out;
use crate::progress::Bar;
use crate::remote::max_download;
use crate::terminal::Terminal;
use crate::viewing::viewer;

/// Tensors that are listed without --all.
const MOST: usize = 10;
/// Settings of a picture of a comparison.
const SETTINGS: &[&str] =
    &["title", "size", "dpi", "theme", "font-size", "font", "cmap", "range", "scale", "reduce"];

pub(super) const ROW: CommandRow = CommandRow {
    name: "diff",
    about: "Report what changed between two files: which tensors, where, how much",
    help: "Matches the tensors of two files, which may have different formats, and measures each \
           pair in one pass: equal values, relative change (the norm of the difference divided \
           by that of the first), cosine, largest change, sign flips, NaN and infinities that \
           appeared or disappeared. Tensors are matched by name, by name without a prefix such \
           as `module.`, by the names that other libraries use (GGUF, Keras, Flax), and by their \
           values if names are not informative; the report says how. Quantised tensors are \
           compared as the weights they encode. Next to each change is the change that a cast to \
           the coarser dtype would cause. Only weights are compared: a small change may matter, \
           and a large one may not. Exit code 0 means that both are the same, 1 that they \
           differ, 2 that they cannot be compared; with --fail-on, 1 means that a condition is \
           met. -o draws a picture: a map of all tensors coloured by relative change, a \
           histogram of the changes, and the change over the layers; with -t the values of up to \
           8 tensors of both files and their difference, with the rows and columns that changed \
           most marked. A single argument is a training run (a run folder, a folder of \
           checkpoints): the report says which step changed which tensor, and by how much. If a file is a summary (.hs), \
           statistics are compared in place of values: how often each value occurs in both, so \
           at least how many values changed, and NaN, zeros, extremes, mean, spread and \
           quantiles; exit code 0 then means equal statistics.",
    examples: "Examples:
  hinton diff before.safetensors after.safetensors
  hinton diff model.safetensors model-Q8_0.gguf       the same model in another format
  hinton diff a.pt b.pt -o change.png                 a map of what changed, as a picture
  hinton diff a.pt b.pt -t fc.weight -o fc.pdf        a tensor of both, and their difference
  hinton diff a.pt b.pt -o change.html                one page for a browser, to look around in
  hinton diff base.safetensors tuned.safetensors --spectrum   is the change that of a LoRA?
  hinton diff a.pt b.pt --map pairs.txt               pairs of your own
  hinton diff seed-1.pt seed-2.pt --align             hidden units in one order first
  hinton diff run/                                    which step changed which tensor
  hinton diff run/ -t fc.weight -o fc.gif             a film of what each step changed
  hinton diff a.pt b.pt -t '*.q_proj.weight' --all
  hinton diff a.pt b.pt --fail-on 'rel>0.02,nan'      as a step of CI
  hinton diff a.pt b.pt --json | jq .summary
  hinton diff a.pt b.pt --markdown >> report.md       for a pull request
  hinton diff before.hs after.hs                      statistics of two summaries (hinton summary)",
    args: |command| {
        let file = |name: &'static str, label: &'static str, about: &'static str| {
            Arg::new(name)
                .value_name(label)
                .required(name == "a")
                .value_parser(value_parser!(PathBuf))
                .help(about)
        };
        let flag = |name: &'static str, about: &'static str| {
            Arg::new(name).long(name).action(ArgAction::SetTrue).help(about)
        };
        let command = command
            .arg(file("a", "A", "A weights file, or a folder that holds one; alone a training run"))
            .arg(file("b", "B", "The file to compare it with"))
            .arg(tensors())
            .arg(
                Arg::new("match")
                    .long("match")
                    .value_name("RULE")
                    .value_parser(PossibleValuesParser::new(Rule::WORDS.map(|(word, _)| word)))
                    .help("By what tensors may be matched [default: values, which means all]"),
            )
            .arg(
                Arg::new("map")
                    .long("map")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .conflicts_with("tensor")
                    .help("Pairs of your own: lines 'A = B', with transpose, permute 1,0, reshape 8x16 or rotary 64")
                    .long_help(MAP_HELP),
            )
            .arg(flag(
                "align",
                "Reorder the hidden units of B to match A first: for networks trained separately",
            ))
            .arg(
                Arg::new("sort")
                    .long("sort")
                    .value_name("KEY")
                    .value_parser(PossibleValuesParser::new(text::SORTS.map(|sort| sort.0)))
                    .help("Order of the tensors [default: rel]"),
            )
            .arg(flag(
                "spectrum",
                "Compute the singular values of each difference: its rank, whether it looks like a LoRA",
            ))
            .arg(flag(
                "blocks",
                "Measure the error of each block of a quantised tensor (Q8_0, Q4_K and others of GGUF)",
            ))
            .arg(flag("all", "List every tensor, not the 10 that changed most"))
            .arg(
                Arg::new("fail-on")
                    .long("fail-on")
                    .value_name("CONDITIONS")
                    .allow_hyphen_values(true)
                    .help("Exit with 1 if one is met, as 'rel>0.02,nan', and with 0 if none is")
                    .long_help(conditions_help()),
            )
            .arg(flag("json", "Print JSON").conflicts_with_all(["csv", "markdown"]))
            .arg(flag("csv", "Print CSV, one line per tensor").conflicts_with("markdown"))
            .arg(flag("markdown", "Print Markdown for a pull request"))
            .arg(output().help(
                "Draw a picture into this file, and print nothing else; - is standard output",
            ))
            .args(where_to())
            .args(steps::taken_as())
            .arg(threads())
            .arg(max_download());
        settings_named(command, SETTINGS)
    },
    run,
};

/// What a map is.
const MAP_HELP: &str = "Pairs of your own, a line each; whatever they do not speak of is matched as without them:\n\n  \
     encoder.fc.weight = fc/kernel transpose\n  \
     layers.*.q.weight = blk.*.attn_q.weight rotary 64\n  \
     conv.weight = conv/kernel permute 3,2,0,1\n  \
     head.weight[0:1000] = classifier.weight reshape 1000x512\n  \
     optimizer.step = -\n\n\
     A star stands for any part of a name, and on the right for the same part. The words behind B are done \
     with it in order. - leaves a tensor out; # begins a note.";

fn conditions_help() -> String {
    let mut text =
        "Exit with 1 if one of these is met, separated by commas, and with 0 if none is:\n\n"
            .to_owned();
    for row in CONDITIONS {
        text.push_str(&format!("  {:<10} {}\n", row.form(), row.about));
    }
    text
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    // As diff(1): 1 is for files that differ, so whatever goes wrong is 2.
    compared(matches).map_err(|failure| if failure.is_said() { failure } else { failure.coded(2) })
}

/// What is compared: two paths, or a run alone. `--as-files` makes two of a folder that holds two.
fn files(matches: &ArgMatches) -> Result<(PathBuf, Option<PathBuf>), Failure> {
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    let (first, second) = (path("a").unwrap_or_default(), path("b"));
    if matches.get_flag("as-run") && second.is_some() {
        return Err(Failure::usage(
            "--as-run takes a folder for a run, and a run is compared with no other file",
            "hinton diff FOLDER --as-run compares its steps one after another",
        ));
    }
    if !matches.get_flag("as-files") {
        return Ok((first, second));
    }
    let mut found = steps::taken_paths("a", matches)?;
    if second.is_some() {
        found.extend(steps::taken_paths("b", matches)?);
    }
    match <[PathBuf; 2]>::try_from(found) {
        Ok([first, second]) => Ok((first, Some(second))),
        Err(found) => Err(Failure::usage(
            format!("--as-files: a comparison wants two files, {} are named", found.len()),
            format!("name two of them: {}", some_names(&found)),
        )),
    }
}

/// The first names, for a message.
fn some_names(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().take(4).map(|path| path.display().to_string()).collect();
    let more = if paths.len() > names.len() { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}

fn compared(matches: &ArgMatches) -> Result<(), Failure> {
    let (first, second) = files(matches)?;
    let is_text = !["json", "csv", "markdown"].into_iter().any(|name| matches.get_flag(name));
    let word = |name: &str| matches.get_one::<String>(name).map_or("", String::as_str);
    let rule = Rule::WORDS.into_iter().find(|(name, _)| *name == word("match"));
    let rule = rule.map_or(Rule::default(), |(_, rule)| rule);
    let fail_on = match matches.get_one::<String>("fail-on") {
        Some(text) => Some(conditions(text)?),
        None => None,
    };
    let file = matches.get_one::<PathBuf>("output").filter(|_| !matches.contains_id("format"));
    if let Some(film) = file.filter(|file| second.is_none() && run::is_film(file)) {
        return run::film(&first, film, matches);
    }
    let page = file.filter(|file| second.is_some() && is_page(file));
    let target = match ["output", "format", "graphics"].iter().any(|name| matches.contains_id(name))
    {
        true if page.is_none() => Some(target(matches)?),
        _ => None,
    };
    let Some(second) = second else { return run::compared(&first, target, matches) };
    let (a, b) = (hinton::open(&first)?, hinton::open(&second)?);
    if is_text {
        warnings(&a);
        warnings(&b);
    }
    if is_summary(&a) || is_summary(&b) {
        let ask =
            statistics::Ask { rule, fail_on: fail_on.as_deref(), target, is_page: page.is_some() };
        return statistics::compared(&a, &b, ask, matches);
    }
    let mut found = match matches.get_one::<PathBuf>("map") {
        Some(path) => diff_mapped(&a, &b, &map(path)?, rule)?,
        None => diff(&a, &b, &patterns(matches), rule)?,
    };
    if matches.get_flag("align") {
        found.align()?;
    }
    let bar = Bar::new();
    bar.expect(found.bytes());
    found.read(Work { threads: hinton::threads(thread_count(matches)), progress: &bar })?;
    if matches.get_flag("spectrum") {
        bar.expect(found.bytes_of_matrices());
        found
            .decompose(Work { threads: hinton::threads(thread_count(matches)), progress: &bar })?;
    }
    if matches.get_flag("blocks") {
        bar.expect(found.bytes_of_blocks());
        found.read_blocks(Work {
            threads: hinton::threads(thread_count(matches)),
            progress: &bar,
        })?;
    }
    drop(bar);
    if let Some(page) = page {
        let viewer = viewer(&[first, second], thread_count(matches))?;
        view::export(&viewer, page, BUDGET)?;
        return ended(&found, fail_on.as_deref());
    }
    if let Some(target) = target {
        draw(&found, target, matches)?;
        return ended(&found, fail_on.as_deref());
    }
    let most = if matches.get_flag("all") { usize::MAX } else { MOST };
    let text = if matches.get_flag("json") {
        to_json(&found).map_err(|error| Failure::work(error.to_string()))? + "\n"
    } else if matches.get_flag("csv") {
        to_csv(&found)
    } else if matches.get_flag("markdown") {
        to_markdown(&found, most)
    } else {
        let width = Terminal::detect(None).text_width();
        text::report(&found, &text::Ask { sort: word("sort"), most, width })
    };
    out::emit(text.as_bytes())?;
    ended(&found, fail_on.as_deref())
}

/// Whether a file of that name is a page that shows both in a browser.
fn is_page(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        ["html", "htm"].iter().any(|page| extension.eq_ignore_ascii_case(page))
    })
}

/// The report on two files, or its JSON, for `inspect --compare`.
pub(super) fn side_by_side(
    [a, b]: [&Path; 2],
    patterns: &[String],
    is_json: bool,
    threads: usize,
) -> Result<String, Failure> {
    let (a, b) = (hinton::open(a)?, hinton::open(b)?);
    if !is_json {
        warnings(&a);
        warnings(&b);
    }
    if is_summary(&a) || is_summary(&b) {
        let mut found = diff_statistics(&a, &b, patterns, Rule::default())?;
        statistics::read(&mut found, threads)?;
        return match is_json {
            true => Ok(to_json(&found).map_err(|error| Failure::work(error.to_string()))? + "\n"),
            false => Ok(statistics::report(&found, MOST, Terminal::detect(None).text_width())),
        };
    }
    let mut found = diff(&a, &b, patterns, Rule::default())?;
    let bar = Bar::new();
    bar.expect(found.bytes());
    found.read(Work { threads: hinton::threads(threads), progress: &bar })?;
    drop(bar);
    if is_json {
        return Ok(to_json(&found).map_err(|error| Failure::work(error.to_string()))? + "\n");
    }
    let width = Terminal::detect(None).text_width();
    Ok(text::report(&found, &text::Ask { sort: "", most: MOST, width }))
}

/// The map in a file.
fn map(path: &Path) -> Result<TensorMap, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(
            format!("cannot read the map {}: {}", path.display(), plain(&error)),
            "a map is a text file of lines 'A = B'",
        )
    })?;
    Ok(text.parse()?)
}

/// A picture: of all tensors, or of the values of few that were named.
fn draw(found: &Diff, target: Target<'_>, matches: &ArgMatches) -> Result<(), Failure> {
    let mut request = DrawRequest::default();
    apply_settings(matches, &mut request)?;
    if let Target::Terminal(terminal) = &target {
        fit(&mut request, terminal, matches);
    }
    let few = matches.contains_id("tensor") && (1..=MOST_BESIDE).contains(&found.pairs.len());
    let bar = Bar::new();
    let picture = if few {
        bar.expect(found.bytes().saturating_mul(2));
        let work = Work { threads: hinton::threads(thread_count(matches)), progress: &bar };
        found.draw_values(&request.options, work)?
    } else {
        found.draw(&request.options)?
    };
    drop(bar);
    put(&picture, target)
}

/// The exit code: whether both differ, or which condition is met.
fn ended(found: &Diff, fail_on: Option<&[Condition]>) -> Result<(), Failure> {
    let failures: Option<Vec<String>> =
        fail_on.map(|list| list.iter().filter_map(|condition| condition.failure(found)).collect());
    let has_nothing = found.pairs.is_empty() && found.unlike.is_empty();
    if has_nothing && !(found.only_a.is_empty() && found.only_b.is_empty()) {
        return Err(Failure::said(2));
    }
    for failure in failures.iter().flatten() {
        crate::failure::note(&format!("fails on {failure}"));
    }
    let differs = failures.map_or(!found.is_same(), |failures| !failures.is_empty());
    if differs { Err(Failure::said(1)) } else { Ok(()) }
}
