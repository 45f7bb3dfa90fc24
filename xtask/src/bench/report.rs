//! What is printed, and docs/benchmarks.md.

use std::fmt::Write as _;
use std::path::Path;

use super::Outcome;
use super::cases::Limit;
use super::measure::Cost;
use crate::{Failure, shell};

/// A case as it is printed while the benchmark runs.
pub(super) fn lines(outcome: &Outcome) -> String {
    let Outcome { case, ours, peers } = outcome;
    let mut text = format!("{}\n", case.about);
    let _ = writeln!(text, "  {:<62}{}", "hinton", cost(ours));
    for (peer, measured) in case.peers.iter().zip(peers) {
        let figures = match measured {
            Ok(measured) => format!("{}  {}", cost(measured), ratio(measured, ours)),
            Err(why) => format!("not run: {why}"),
        };
        let _ = writeln!(text, "  {:<62}{figures}", peer.about);
    }
    let _ = write!(text, "  {}", verdicts(outcome).join("; "));
    text
}

fn cost(cost: &Cost) -> String {
    let Cost { cpu, wall, resident, anonymous, file, .. } = cost;
    let file = file.map_or(String::new(), |size| format!("  file {size:6.0} kB"));
    format!("CPU {cpu:7.3} s  wall {wall:7.3} s  memory {anonymous:5.0} of {resident:5.0} MB{file}")
}

/// How much less CPU hinton took than the peer, or how much more.
fn ratio(peer: &Cost, ours: &Cost) -> String {
    let (ratio, word) = match peer.cpu / ours.cpu {
        ratio if ratio < 1.0 => (1.0 / ratio, "more"),
        ratio => (ratio, "less"),
    };
    let places = usize::from(ratio < 9.95);
    format!("{ratio:.places$}x {word} CPU")
}

/// Each limit of the case with what was measured.
fn verdicts(outcome: &Outcome) -> Vec<String> {
    outcome.case.limits.iter().map(|limit| verdict(*limit, outcome)).collect()
}

fn verdict(limit: Limit, Outcome { ours, peers, .. }: &Outcome) -> String {
    let (what, unit, measured, most) = match limit {
        Limit::Cpu(most) => ("CPU", "s", ours.cpu, most),
        Limit::Wall(most) => ("wall", "s", ours.wall, most),
        Limit::Anonymous(most) => ("memory beside the file", "MB", ours.anonymous, most),
        Limit::Resident(most) => ("memory", "MB", ours.resident, most),
        Limit::File(most) => ("file", "kB", ours.file.unwrap_or(f64::NAN), most),
        Limit::TimesFirstPeer(times) => {
            let first = peers
                .first()
                .and_then(|peer| peer.as_ref().ok())
                .map_or(f64::NAN, |peer| peer.wall);
            ("wall", "s", ours.wall, times * first)
        }
    };
    if most.is_nan() {
        return format!("{what} {measured:.3} {unit}: the first peer was not run");
    }
    let word = if measured <= most { "kept" } else { "MISSED" };
    let places = if unit == "s" { 3 } else { 0 };
    format!("{what} {measured:.places$} of {most:.places$} {unit}: {word}")
}

/// The machine and the programs, in lines.
pub(super) fn machine(python: &Path) -> Result<Vec<String>, Failure> {
    let first = |path: &str, key: &str| -> Option<String> {
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with(key))?;
        line.split_once(':').map(|(_, value)| value.trim().to_string())
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let processor = first("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into());
    let memory = first("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".into());
    let versions = "import sys, matplotlib, numpy; \
        print('Python', sys.version.split()[0] + ', matplotlib', matplotlib.__version__ + ', numpy', numpy.__version__)";
    let python = shell::output(shell::program(&python.to_string_lossy()).args(["-c", versions]))?;
    let rust = shell::output(shell::program("rustc").arg("--version"))?;
    let commit = shell::output(shell::program("git").args(["describe", "--always", "--dirty"]));
    Ok(vec![
        format!("{processor}, {cores} cores, memory {memory}, {}", std::env::consts::OS),
        rust.trim().to_string(),
        python.trim().to_string(),
        format!("hinton at {}", commit.as_deref().unwrap_or("an unknown commit").trim()),
    ])
}

/// The part of docs/benchmarks.md that `tools/time_viewer.mjs` writes, at its end.
pub(super) fn of_viewer(text: &str) -> &str {
    text.find("\n## The viewer\n").map_or("", |start| &text[start..])
}

/// docs/benchmarks.md, without the part on the viewer.
pub(super) fn page(outcomes: &[Outcome], machine: &[String]) -> String {
    let mut text = String::from(INTRODUCTION);
    for line in machine {
        let _ = writeln!(text, "- {line}");
    }
    text.push_str("\n## Results\n\n");
    text.push_str(
        "| job | way | CPU s | wall s | memory MB | peak RSS MB | file kB | hinton takes |\n",
    );
    text.push_str("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for Outcome { case, ours, peers } in outcomes {
        let _ = writeln!(text, "| {} | **hinton** | {} | |", case.about, cells(ours));
        for (peer, measured) in case.peers.iter().zip(peers) {
            let (cells, ratio) = match measured {
                Ok(measured) => (cells(measured), ratio(measured, ours)),
                Err(why) => (format!("not run: {why} | | | | "), String::new()),
            };
            let _ = writeln!(text, "| | {} | {cells} | {ratio} |", peer.about);
        }
    }
    text.push_str("\n## Limits\n\nWhat hinton may cost at most, and what it cost.\n\n");
    for outcome in outcomes {
        let _ = writeln!(text, "- {}: {}", outcome.case.about, verdicts(outcome).join("; "));
    }
    text.push_str("\n## Commands\n\n");
    for Outcome { case, ours, peers } in outcomes {
        let _ = writeln!(text, "{}:\n\n```sh", case.about);
        for cost in std::iter::once(ours).chain(peers.iter().flatten()) {
            let _ = writeln!(text, "{}", command(cost));
        }
        text.push_str("```\n\n");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Where the figures of the Python package begin, and what comes after them.
const PYTHON: &str = "## The Python package\n\n";
const AFTER_PYTHON: &str = "## Commands\n";

/// The figures of the Python package in docs/benchmarks.md.
pub(super) fn python_of(page: &str) -> Option<String> {
    let (_, rest) = page.split_once(PYTHON)?;
    Some(rest.split_once(AFTER_PYTHON)?.0.to_owned())
}

/// The page with these figures of the Python package, in place of those it has.
pub(super) fn with_python(page: &str, measured: &str) -> String {
    let page = match python_of(page) {
        Some(old) => page.replace(&format!("{PYTHON}{old}"), ""),
        None => page.to_owned(),
    };
    page.replacen(AFTER_PYTHON, &format!("{PYTHON}{}\n\n{AFTER_PYTHON}", measured.trim_end()), 1)
}

fn cells(Cost { cpu, wall, resident, anonymous, file, .. }: &Cost) -> String {
    let file = file.map_or(String::new(), |size| format!("{size:.0}"));
    format!("{cpu:.3} | {wall:.3} | {anonymous:.0} | {resident:.0} | {file}")
}

/// A command line with paths as seen from the root, words quoted where a shell wants it.
fn command(cost: &Cost) -> String {
    let words = cost.command.iter().map(|word| {
        let word = shell::shown(Path::new(word));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,".contains(c);
        if word.chars().all(plain) { word } else { format!("'{word}'") }
    });
    words.collect::<Vec<_>>().join(" ")
}

const INTRODUCTION: &str = "\
# Benchmarks

Written by `cargo xtask bench --slow --write`, the part on the viewer by `tools/time_viewer.mjs --write`; nothing
here is typed by hand.

Each job is done by the released `hinton` binary and by the Python scripts of `benches/peers/`, on the
same machine in one run, files already in memory. CPU seconds are user and system time of the whole
process as the kernel counts them, start-up included; figures are medians. *Memory* is what a process
holds besides the pages of the files it has mapped; *peak RSS* includes those pages. A way that takes
most of a minute is run once. The diagram of 1024x1024 on an ordinary page is a different job: hinton
folds blocks of cells to what the page has room for and writes that under the picture, where matplotlib
paints every cell over the others; so there is a row with every square drawn, too. Of films the whole
job is timed, from the file to the last frame written. MP4 is written by a binary built with the feature
`mp4`, whose encoder is faster still where `nasm` is installed when it is built.

## Machine

";

#[cfg(test)]
mod tests {
    use super::super::cases::CASES;
    use super::*;

    fn cost_of(cpu: f64) -> Cost {
        let command = vec!["hinton".into(), "--annotate={:.2f}".into()];
        Cost { command, cpu, wall: cpu, resident: 20.0, anonymous: 10.0, file: Some(16.0) }
    }

    fn outcome(cpu: f64) -> Outcome {
        let case = &CASES[0];
        Outcome { case, ours: cost_of(cpu), peers: vec![Ok(cost_of(0.75))] }
    }

    #[test]
    fn a_ratio_says_who_took_less() {
        assert_eq!(ratio(&cost_of(2.0), &cost_of(0.5)), "4.0x less CPU");
        assert_eq!(ratio(&cost_of(20.0), &cost_of(0.5)), "40x less CPU");
        assert_eq!(ratio(&cost_of(0.5), &cost_of(2.0)), "4.0x more CPU");
    }

    #[test]
    fn figures_of_the_python_package_are_replaced_and_kept() {
        let bare = page(&[outcome(0.010)], &["a machine".to_string()]);
        let first = with_python(&bare, "| a | 1 |\n");
        assert_eq!(python_of(&first).as_deref(), Some("| a | 1 |\n\n"));
        let second = with_python(&first, "| a | 2 |");
        assert_eq!(python_of(&second).as_deref(), Some("| a | 2 |\n\n"));
        assert_eq!(second.replace("| a | 2 |", "| a | 1 |"), first);
        assert_eq!(with_python(&bare, &python_of(&first).unwrap()), first);
    }

    #[test]
    fn what_was_measured_of_the_viewer_is_kept() {
        let page = "# Benchmarks\n\nfoo\n\n## The viewer\n\n| a |\n";
        assert_eq!(of_viewer(page), "\n## The viewer\n\n| a |\n");
        assert_eq!(of_viewer("# Benchmarks\n"), "");
    }

    #[test]
    fn a_limit_is_kept_or_missed() {
        assert_eq!(verdict(Limit::Cpu(0.015), &outcome(0.010)), "CPU 0.010 of 0.015 s: kept");
        assert!(verdict(Limit::Cpu(0.015), &outcome(0.016)).ends_with("MISSED"));
        assert!(verdict(Limit::Resident(19.0), &outcome(0.0)).ends_with("MISSED"));
        assert!(verdict(Limit::Anonymous(19.0), &outcome(0.0)).ends_with("kept"));
        assert!(verdict(Limit::File(15.0), &outcome(0.0)).ends_with("16 of 15 kB: MISSED"));
        assert!(verdict(Limit::TimesFirstPeer(2.0), &outcome(1.6)).ends_with("MISSED"));
        assert!(verdict(Limit::TimesFirstPeer(3.0), &outcome(1.6)).ends_with("kept"));
    }

    #[test]
    fn a_peer_that_was_not_run_makes_no_limit_kept() {
        let outcome = Outcome { peers: vec![Err("it wants --slow".into())], ..outcome(0.001) };
        let said = verdict(Limit::TimesFirstPeer(3.0), &outcome);
        assert!(said.ends_with("the first peer was not run"), "{said}");
        assert!(lines(&outcome).contains("--slow"));
    }

    #[test]
    fn the_page_shows_figures_ratio_and_quoted_commands() {
        let page = page(&[outcome(0.010)], &["a machine".to_string()]);
        assert!(page.contains("| 0.010 |"), "{page}");
        assert!(page.contains("75x less CPU"), "{page}");
        assert!(page.contains("hinton '--annotate={:.2f}'"), "{page}");
        assert!(page.contains("- a machine"), "{page}");
    }
}
