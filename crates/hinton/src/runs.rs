//! Training runs: the same tensors over many steps, with metrics.
//!
//! [`open_run`] opens a run: a run folder, a list of checkpoints, a file with an array per step, a
//! log. [`draw_runs`] draws it as a [`RunRequest`] says. [`RunWriter`] records one while your
//! program trains; it can be watched meanwhile.
//!
//! ```
//! use hinton::runs::{RunRequest, Step, draw_runs, run_of};
//! use hinton::tensor_of;
//!
//! let step = |number: u64| {
//!     let weight = tensor_of("weight", &[2, 2], &[number as f32; 4]);
//!     Ok::<_, hinton::Error>((Step::new(number, ""), vec![weight?]))
//! };
//! let run = run_of("memory", vec![step(0)?, step(100)?])?;
//! assert_eq!(run.steps.len(), 2);
//!
//! let mut request = RunRequest::default();
//! request.draw.chart = Some("distribution".into());
//! let picture = draw_runs(&[run], &["weight"], &request)?;
//! # let _ = picture;
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_draw::{RunRequest, draw_runs, draw_runs_with};
pub use hinton_run::{
    LogRow, Metrics, NewStep, NewTensor, Run, RunKind, RunOptions, RunTensor, RunWriter, Span,
    Step, is_pace, is_run_folder, open_run_watched, run_of,
};
pub use hinton_weights::{open_log, open_logs, open_run};
