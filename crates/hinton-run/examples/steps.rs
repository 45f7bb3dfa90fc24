//! Lists what a run holds: `cargo run -p hinton-run --example steps -- RUN…`

use std::path::PathBuf;

use hinton_run::{RunError, RunOptions, open_run};

fn main() -> Result<(), RunError> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let run = open_run(&paths, &RunOptions::default())?;
    println!("{:?}: {}, {} steps", run.path, run.kind, run.steps.len());
    for step in run.steps.iter().take(20) {
        println!("  step {} {:?} {:?}", step.number, step.name, step.metrics);
    }
    for tensor in run.tensor_names().iter().take(20) {
        println!("  {:?} {:?} in {} steps", tensor.name, tensor.shape(), tensor.steps().count());
    }
    for warning in &run.warnings {
        println!("  note: {:?}", warning.to_string());
    }
    println!("  metrics from {:?}: {:?}", run.logs, run.metric_names());
    Ok(())
}
