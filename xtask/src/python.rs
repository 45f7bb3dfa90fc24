//! `cargo xtask python`: builds the wheel of `python/` and runs the package's tests, in an environment of its
//! own under the target folder. `cargo xtask python large` does so with torch, JAX, Keras, Lightning and
//! transformers installed, which is too much to fetch for every run of the tests; `cargo xtask python bench` measures
//! a release build there, and with `--write` puts the figures into docs/benchmarks.md.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, bench, shell};

/// An environment under the target folder.
struct Environment {
    folder: &'static str,
    /// The file that lists what is in it.
    requirements: &'static str,
}

const SMALL: Environment =
    Environment { folder: "python", requirements: "python/requirements-test.txt" };
const LARGE: Environment =
    Environment { folder: "python-large", requirements: "python/requirements-large.txt" };

/// Names under which Python may be found.
const PYTHONS: &[&str] = &["python3", "python"];

/// The oldest Linux that wheels are built for: glibc 2.17, of 2012 (PEP 599).
const MANYLINUX: &str = "manylinux_2_17";

/// Said where none of them is fit.
const NO_PYTHON: &str = "Python 3.11 or newer with venv is not installed";

/// Ends well where Python is new enough and can make environments (Debian packs that apart).
const IS_FIT: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

/// What pip says when it cannot reach the index.
const UNREACHABLE: &[&str] = &[
    "Failed to establish a new connection",
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Max retries exceeded",
    "Network is unreachable",
    "HTTP error 403",
    "HTTP error 407",
    "HTTP error 5",
];

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let tested = match words[..] {
        [] => SMALL,
        ["large" | "bench"] | ["bench", "--write"] => LARGE,
        _ => return Err("expected nothing, `large`, `bench` or `bench --write`".into()),
    };
    let both = SMALL.ready().and_then(|made| match made {
        Ok(builder) => Ok(tested.ready()?.map(|python| (builder, python))),
        Err(why) => Ok(Err(why)),
    })?;
    let (builder, python) = match both {
        Ok(both) => both,
        Err(why) => {
            let test = "the Python package was not built and not tested";
            crate::skips::skip("python", test, &why);
            return Ok(());
        }
    };
    if words.first() == Some(&"bench") {
        install(&builder, &python, "release")?;
        let measured = shell::target_dir()?.join("python-bench.md");
        let mut bench = shell::program(&python.to_string_lossy());
        shell::run(bench.args(["python/tools/bench.py", "--markdown"]).arg(&measured))?;
        return match words.len() {
            1 => Ok(()),
            _ => bench::write_python(&shell::read(&measured)?),
        };
    }
    install(&builder, &python, "dev")?;
    let mut tests = shell::program(&python.to_string_lossy());
    tests.args(["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "python/tests"]);
    // Tests read what their own servers give, and leave nothing in the user's cache.
    tests.env("HINTON_KEEP", "0");
    shell::run(&mut tests)?;
    if tested.folder == LARGE.folder {
        return Ok(());
    }
    let cache = shell::target_dir()?.join("mypy");
    let mut types = shell::program(&python.to_string_lossy());
    types.args(["-m", "mypy", "--config-file", "pyproject.toml", "--cache-dir"]).arg(cache);
    shell::run(types.current_dir(shell::root().join("python")))?;
    let mut stubs = shell::program(&python.to_string_lossy());
    stubs.args(["-m", "mypy.stubtest", "hinton._hinton", "--concise", "--ignore-disjoint-bases"]);
    shell::run(stubs.current_dir(shell::target_dir()?.join("python")))
}

impl Environment {
    /// Its Python, with everything installed; or why there is none.
    fn ready(&self) -> Result<Result<PathBuf, String>, Failure> {
        environment(self.folder, self.requirements)
    }
}

/// Python of an environment that has what is required, or why there is none.
fn environment(folder: &str, requirements: &str) -> Result<Result<PathBuf, String>, Failure> {
    let Some(system) = system() else {
        return Ok(Err(NO_PYTHON.to_owned()));
    };
    let folder = shell::target_dir()?.join(folder);
    let python = python_of(&folder);
    let wanted = shell::read(&shell::root().join(requirements))?;
    // Written last, so that it says that everything got there.
    let installed = folder.join("installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return Ok(Ok(python));
    }
    println!("pip install: fetching what {requirements} names");
    shell::output(shell::program(system).args(["-m", "venv"]).arg(&folder))?;
    let mut pip = pip(&python);
    pip.args(["install", "--quiet", "--retries", "1", "--timeout", "30", "-r", requirements]);
    if let Err(why) = fetched(&mut pip)? {
        return Ok(Err(why));
    }
    std::fs::write(&installed, wanted)?;
    Ok(Ok(python))
}

/// The name of a Python that is new enough.
fn system() -> Option<&'static str> {
    let fit = |name: &&str| shell::works(shell::program(name).args(["-c", IS_FIT]));
    PYTHONS.iter().copied().find(fit)
}

/// The Python of an environment.
fn python_of(folder: &Path) -> PathBuf {
    match cfg!(windows) {
        true => folder.join("Scripts").join("python.exe"),
        false => folder.join("bin").join("python"),
    }
}

/// Runs pip; where the index cannot be reached, that is said and no failure.
fn fetched(pip: &mut Command) -> Result<Result<(), String>, Failure> {
    let Err(failure) = shell::output(pip) else {
        return Ok(Ok(()));
    };
    let said = failure.to_string();
    match UNREACHABLE.iter().find(|words| said.contains(**words)) {
        Some(words) => Ok(Err(format!("the Python package index cannot be reached ({words})"))),
        None => Err(failure),
    }
}

fn pip(python: &Path) -> Command {
    let mut pip = shell::program(&python.to_string_lossy());
    pip.args(["-m", "pip", "--disable-pip-version-check"]);
    pip
}

/// Builds the wheel that is given to others, in a profile, into a folder; or says why it cannot be built here. On
/// Linux zig, where it is, links it for old systems too.
pub(crate) fn wheel(out: &Path, profile: &str) -> Result<Result<PathBuf, String>, Failure> {
    let python = match SMALL.ready()? {
        Ok(python) => python,
        Err(why) => return Ok(Err(why)),
    };
    let mut build = maturin(&python, out, profile);
    if cfg!(target_os = "linux") {
        match has_zig(&python) {
            true => {
                build.args(["--zig", "--compatibility", MANYLINUX]);
                build.env("CARGO_ZIGBUILD_PYTHON_PATH", &python);
            }
            false => println!(
                "zig is not installed: the wheel runs on Linux systems as recent as this one only \
                 (`{} -m pip install ziglang` brings zig, and the wheel is {MANYLINUX})",
                shell::shown(&python)
            ),
        }
    }
    Ok(Ok(made(&mut build, out)?))
}

/// Whether maturin finds zig: as a program, or as the package `ziglang`.
fn has_zig(python: &Path) -> bool {
    let packed = || shell::program(&python.to_string_lossy());
    shell::works(shell::program("zig").arg("version"))
        || shell::works(packed().args(["-m", "ziglang", "version"]))
}

/// Installs a wheel in a new environment in a folder and uses it there; or says why not: its one dependency, numpy, is
/// fetched.
pub(crate) fn used(wheel: &Path, folder: &Path) -> Result<Result<(), String>, Failure> {
    let Some(system) = system() else {
        return Ok(Err(NO_PYTHON.to_owned()));
    };
    shell::output(shell::program(system).args(["-m", "venv"]).arg(folder))?;
    let python = python_of(folder);
    if let Err(why) = fetched(pip(&python).args(["install", "--quiet"]).arg(wheel))? {
        return Ok(Err(why));
    }
    let draws = "import hinton; assert hinton.draw([[1, -2], [3, 0.5]]).encode('png')";
    let mut package = shell::program(&python.to_string_lossy());
    shell::output(package.args(["-c", draws]).current_dir(folder))?;
    let command = python.with_file_name(format!("hinton{}", std::env::consts::EXE_SUFFIX));
    shell::output(shell::program(&command.to_string_lossy()).arg("--version"))?;
    Ok(Ok(()))
}

/// maturin, which builds the wheel in a profile into a folder.
fn maturin(python: &Path, out: &Path, profile: &str) -> Command {
    let mut build = shell::program(&python.to_string_lossy());
    build.args(["-m", "maturin", "build", "--quiet", "--profile", profile, "--locked"]);
    build.arg("--out").arg(out).arg("--interpreter").arg(python);
    build.current_dir(shell::root().join("python"));
    build
}

/// Runs it, and finds the wheel in the folder.
fn made(maturin: &mut Command, out: &Path) -> Result<PathBuf, Failure> {
    shell::run(maturin)?;
    let is_wheel = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "whl");
    let mut files = shell::files_under(out)?.into_iter();
    Ok(files.find(is_wheel).ok_or("maturin built no wheel")?)
}

/// Builds the wheel and installs it. In the profile of the tests its dependencies are built already.
fn install(builder: &Path, python: &Path, profile: &str) -> Result<(), Failure> {
    let wheels = shell::target_dir()?.join("wheels-test");
    if wheels.exists() {
        std::fs::remove_dir_all(&wheels)?;
    }
    let wheel = made(&mut maturin(builder, &wheels, profile), &wheels)?;
    let mut pip = pip(python);
    pip.args(["install", "--quiet", "--force-reinstall", "--no-deps"]).arg(wheel);
    shell::run(&mut pip)
}
