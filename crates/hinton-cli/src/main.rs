//! The program `hinton`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(hinton_cli::run(std::env::args_os()))
}
