//! A writer in a process of its own, killed at many points.
#![cfg(unix)]

use crate::common;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::{Folder, append, numbers, open_in, said, says, values};
use hinton_run::RunWriter;

const FOLDER: &str = "HINTON_RUN_TEST_FOLDER";
const ROWS: usize = 20_000;

/// The other process: writes steps until it is killed, and tells before and after each.
#[test]
#[ignore = "the process that the other test kills"]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let mut writer = RunWriter::resume(&folder).unwrap();
    for step in writer.last().map_or(1, |last| last + 1).. {
        println!("begin {step}");
        append(&mut writer, step, ROWS).unwrap();
        println!("wrote {step}");
    }
}

#[test]
fn a_killed_writer_loses_at_most_the_step_it_was_writing() {
    let folder = Folder::new();
    RunWriter::create(folder.root(), "", "").unwrap();
    let mut pauses = 12345u64;
    let mut last_before = 0;
    let mut leftovers = 0;
    for round in 0..30 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::writer", "--ignored", "--nocapture"])
            .env(FOLDER, folder.root())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let told = |line: &str, word: &str| -> Option<u64> {
            line.split_once(word).and_then(|(_, number)| number.trim().parse().ok())
        };
        // Kill while the second step of this round is being written, at another point each time.
        let mut begun = lines.by_ref().filter_map(|line| told(&line, "begin "));
        begun.next().unwrap();
        let second = begun.next().unwrap();
        pauses = pauses.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let start = std::time::Instant::now();
        while start.elapsed().as_micros() < u128::from(pauses >> 33) % 1500 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let wrote =
            lines.filter_map(|line| told(&line, "wrote ")).max().unwrap_or(0).max(second - 1);

        let run = open_in(&folder, &["."]).unwrap();
        let have = numbers(&run);
        assert_eq!(have, (1..=have.len() as u64).collect::<Vec<_>>(), "round {round}");
        let last = have.len() as u64;
        assert!(last >= wrote && last > last_before, "round {round}: {last} of {wrote}");
        for (at, step) in run.steps.iter().enumerate() {
            assert_eq!(step.broken, None, "round {round}");
            assert!(step.metric("loss").is_some(), "round {round}: step {}", step.number);
            if at + 3 > run.steps.len() {
                assert_eq!(values(&run, at, "w"), vec![step.number as f32; 3 * ROWS]);
            }
        }
        leftovers += u32::from(says(&run, "a temporary file"));
        let odd = run.warnings.iter().filter(|one| {
            let text = one.to_string();
            !text.contains("a temporary file") && !text.contains("cut short")
        });
        assert_eq!(odd.count(), 0, "round {round}: {}", said(&run));
        last_before = last;
    }
    println!("{leftovers} of 30 kills hit the writing of a step; {last_before} steps");
}
