//! What one command costs.

use std::path::Path;

use serde_json::Value;

use crate::{Failure, shell};

/// What a run cost; the median of several runs, each figure by itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cost {
    /// The command line.
    pub(super) command: Vec<String>,
    /// CPU seconds, user and system.
    pub(super) cpu: f64,
    /// Seconds by the clock.
    pub(super) wall: f64,
    /// Megabytes at the peak, pages of mapped files included.
    pub(super) resident: f64,
    /// Megabytes at the peak, without them.
    pub(super) anonymous: f64,
    /// Kilobytes of the file that it wrote, where there is one.
    pub(super) file: Option<f64>,
}

/// What a script ends with that lacks a program, as automake has it.
const LACKS: i64 = 77;

/// Why something was not measured.
#[derive(Debug)]
pub(super) enum Missed {
    /// A program is not installed: what the script said.
    Lacks(String),
    /// It failed.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Missed {
    fn from(error: E) -> Self {
        Missed::Failed(error.into())
    }
}

/// Runs it once unmeasured (so that files lie in memory) unless `runs` is 1, then `runs` times, then
/// once more to watch its memory.
///
/// `output` is the file that it writes, if one.
pub(super) fn median(
    python: &Path,
    command: &[String],
    output: Option<&Path>,
    runs: usize,
) -> Result<Cost, Missed> {
    if runs > 1 {
        once(python, command, false)?;
    }
    let mut values = Vec::new();
    for _ in 0..runs {
        values.push(once(python, command, runs == 1)?);
    }
    let watched = if runs == 1 { values[0].clone() } else { once(python, command, true)? };
    Ok(Cost {
        command: command.to_vec(),
        cpu: middle(&values, "cpu"),
        wall: middle(&values, "wall"),
        resident: middle(&values, "resident") / 1e6,
        anonymous: watched["anonymous"].as_f64().unwrap_or(f64::NAN) / 1e6,
        file: output.and_then(|path| std::fs::metadata(path).ok()).map(|of| of.len() as f64 / 1e3),
    })
}

fn once(python: &Path, command: &[String], memory: bool) -> Result<Value, Missed> {
    let mut measured = shell::program(&python.to_string_lossy());
    measured.arg(shell::root().join("benches/measure.py"));
    if memory {
        measured.arg("--memory");
    }
    let answer: Value = serde_json::from_str(&shell::output(measured.args(command))?)?;
    let said = answer["stderr"].as_str().unwrap_or_default();
    if answer["code"].as_i64() == Some(LACKS) {
        return Err(Missed::Lacks(said.trim().to_owned()));
    }
    if answer["code"].as_i64() != Some(0) {
        return Err(format!("{} failed:\n{said}", command.join(" ")).into());
    }
    Ok(answer)
}

fn middle(values: &[Value], key: &str) -> f64 {
    let mut figures: Vec<f64> = values.iter().filter_map(|value| value[key].as_f64()).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_middle_of_three_is_not_their_mean() {
        let values = [json!({"cpu": 9.0}), json!({"cpu": 1.0}), json!({"cpu": 2.0})];
        assert_eq!(middle(&values, "cpu"), 2.0);
        assert!(middle(&values, "wall").is_nan());
    }
}
