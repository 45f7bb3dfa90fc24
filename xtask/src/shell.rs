//! Running programs and finding files.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{Failure, skips};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A program to be run in the root, with nothing on its standard input.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    // What cargo told this chore about itself is no business of others. The build script of ring asks for these: builds by a
    // chore and by hand would each undo the other's, and all that stands on ring with it.
    for (variable, _) in std::env::vars_os() {
        if variable.to_str().is_some_and(is_about_this_crate) {
            command.env_remove(variable);
        }
    }
    if let Some(file) = skips::file() {
        command.env(hinton_testing::SKIPS, file);
    }
    command
}

/// Whether cargo sets a variable for the crate that it runs.
fn is_about_this_crate(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}

/// The cargo that runs this chore.
pub(crate) fn cargo() -> Command {
    program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
}

/// Runs it with its output shown.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| format!("{}: {error}", words(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", words(command)).into()) }
}

/// Runs it and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|error| format!("{}: {error}", words(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}\n{said}", words(command), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether it can be started and ends well; prints nothing.
pub(crate) fn works(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// The command line, for messages.
fn words(command: &Command) -> String {
    let arguments = command.get_args().map(|word| word.to_string_lossy().into_owned());
    let name = command.get_program().to_string_lossy().into_owned();
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// What cargo knows of the workspace; `deps` says whether of all its dependencies too.
pub(crate) fn metadata(deps: bool) -> Result<Value, Failure> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1"]);
    if !deps {
        command.arg("--no-deps");
    }
    Ok(serde_json::from_str(&output(&mut command)?)?)
}

/// The folder that builds go to, `hinton`'s release binary and the benchmarks' files among them.
pub(crate) fn target_dir() -> Result<PathBuf, Failure> {
    let metadata = metadata(false)?;
    let path =
        metadata["target_directory"].as_str().ok_or("cargo metadata: no target_directory")?;
    Ok(PathBuf::from(path))
}

/// Builds the binary of `hinton` as the tests have it and says where it lies: what it writes is the same, and
/// a release build takes minutes more.
pub(crate) fn binary() -> Result<PathBuf, Failure> {
    run(cargo().args(["build", "--package", "hinton-cli"]))?;
    Ok(target_dir()?.join("debug").join(format!("hinton{}", std::env::consts::EXE_SUFFIX)))
}

/// Builds the release binary of `hinton` and says where it lies.
pub(crate) fn release_binary() -> Result<PathBuf, Failure> {
    run(cargo().args(["build", "--release", "--package", "hinton-cli"]))?;
    Ok(target_dir()?.join("release").join(format!("hinton{}", std::env::consts::EXE_SUFFIX)))
}

/// Every file under a folder, sorted; folders named `target` and hidden ones are left out.
pub(crate) fn files_under(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries =
            std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    open.push(path);
                }
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The text of a file; the error names it.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// A path as seen from the root, with forward slashes.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_of_this_chore_is_not_passed_on() {
        let command = program("anything");
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        // Both are set where cargo runs a test.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
            assert!(removed.iter().any(|(variable, _)| *variable == name), "{name} is passed on");
        }
        assert!(!removed.iter().any(|(variable, _)| *variable == "CARGO" || *variable == "PATH"));
    }
}
