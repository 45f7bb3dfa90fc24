//! `cargo xtask wasm`: builds `crates/hinton-wasm`, the viewer's questions as a WebAssembly module, and the
//! page of one file around it, `target/pages/hinton.html`.
//!
//! A compiler for `wasm32-unknown-unknown` is looked for in this order: the standard library of the
//! toolchain in use; `rustup target add`; Debian's `rustc-web`, unpacked under the target folder and never
//! installed, with the standard library built once from its source.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, shell, web};

/// The target of browsers.
const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's packages: the compiler, its libraries, and the source of the standard library.
const PACKAGES: &[&str] = &[
    "rustc-web",
    "rust-web-src",
    "libstd-rust-web-dev",
    "libstd-rust-web-[0-9.]+",
    "libllvm[0-9]+",
];

/// The package of the standard library's source, as Cargo wants one to build `std` alone.
const EMPTY_CRATE: &str = "[package]\nname = \"empty\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
[lib]\ncrate-type = [\"rlib\"]\n[profile.release]\npanic = \"abort\"\n[workspace]\n";

/// A compiler for the target: the variables that make Cargo use it.
pub(crate) struct Compiler {
    variables: Vec<(String, PathBuf)>,
}

impl Compiler {
    /// Cargo with this compiler, building into a folder of its own.
    fn cargo(&self) -> Result<Command, Failure> {
        let mut cargo = shell::cargo();
        cargo.envs(self.variables.iter().map(|(name, value)| (name, value)));
        cargo.env("CARGO_TARGET_DIR", shell::target_dir()?.join("wasm"));
        Ok(cargo)
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let compiler = match compiler()? {
        Ok(compiler) => compiler,
        Err(why) => {
            crate::skips::skip("wasm", "the module was not built", &why);
            return Ok(());
        }
    };
    match words[..] {
        [] => page(&compiler, &shell::target_dir()?.join("pages")),
        ["--check"] => compile(&compiler),
        _ => Err("expected nothing or --check".into()),
    }
}

/// Compiles what the module stands on, where that takes no other compiler: the step of `cargo xtask test`.
pub(crate) fn check() -> Result<(), Failure> {
    if !has_library() {
        let why = format!("there is no standard library for {TARGET}, and rustup brings none");
        crate::skips::skip("wasm", "the module was not compiled", &why);
        return Ok(());
    }
    compile(&Compiler { variables: Vec::new() })
}

fn compile(compiler: &Compiler) -> Result<(), Failure> {
    let words = ["check", "--quiet", "--target", TARGET, "--package", "hinton-wasm"];
    shell::run(compiler.cargo()?.args(words))
}

/// Builds the module and puts it into the page of one file, `hinton.html`.
fn page(compiler: &Compiler, folder: &Path) -> Result<(), Failure> {
    let mut cargo = compiler.cargo()?;
    cargo.env("RUSTFLAGS", "-Ctarget-feature=+simd128");
    cargo.args(["build", "--profile", "wasm", "--target", TARGET, "--package", "hinton-wasm"]);
    shell::run(&mut cargo)?;
    let module = shell::target_dir()?.join("wasm").join(TARGET).join("wasm/hinton_wasm.wasm");
    web::build_static(folder)?;
    let page = folder.join("hinton.html");
    shell::run(shell::program("node").arg("web/viewer/wasm/pack.mjs").args([&page, &module]))?;
    println!("{}: {} bytes", shell::shown(&page), std::fs::metadata(&page)?.len());
    Ok(())
}

/// A compiler for the target, or why there is none.
fn compiler() -> Result<Result<Compiler, String>, Failure> {
    if has_library() {
        return Ok(Ok(Compiler { variables: Vec::new() }));
    }
    if !shell::works(shell::program("apt-get").arg("--version")) {
        return Ok(Err(format!(
            "there is no standard library for {TARGET} (rustup target add {TARGET})"
        )));
    }
    debian()
}

/// Whether the toolchain in use has the target's standard library, or rustup brings it.
fn has_library() -> bool {
    let own = || {
        let words = ["--print", "target-libdir", "--target", TARGET];
        let folder = shell::output(shell::program("rustc").args(words));
        folder.is_ok_and(|folder| {
            Path::new(folder.trim()).read_dir().is_ok_and(|mut files| files.next().is_some())
        })
    };
    own() || shell::works(shell::program("rustup").args(["target", "add", TARGET])) && own()
}

/// Debian's compiler, unpacked under the target folder.
fn debian() -> Result<Result<Compiler, String>, Failure> {
    let folder = shell::target_dir()?.join("wasm-rust");
    let ready = folder.join("ready");
    let compiler = Compiler {
        variables: vec![
            ("RUSTC".to_owned(), folder.join("rustc")),
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER".to_owned(), linker()?),
        ],
    };
    if ready.exists() {
        return Ok(Ok(compiler));
    }
    let packages = folder.join("packages");
    std::fs::create_dir_all(&packages)?;
    println!("apt-get download: {}", PACKAGES.join(", "));
    if let Err(failure) = download(&packages) {
        return Ok(Err(format!("Debian's rustc-web could not be fetched ({failure})")));
    }
    for package in shell::files_under(&packages)? {
        shell::output(shell::program("dpkg").arg("-x").arg(package).arg(&folder))?;
    }
    std::fs::remove_dir_all(&packages)?;
    wrapper(&folder)?;
    standard_library(&folder, &compiler)?;
    std::fs::write(ready, "")?;
    Ok(Ok(compiler))
}

/// Fetches the packages of the newest version that apt knows.
fn download(packages: &Path) -> Result<(), Failure> {
    let mut names = Vec::new();
    for pattern in PACKAGES {
        let found = shell::output(
            shell::program("apt-cache")
                .args(["search", "--names-only"])
                .arg(format!("^{pattern}$")),
        )?;
        let mut found: Vec<&str> =
            found.lines().filter_map(|line| line.split(' ').next()).collect();
        found.sort_by_key(|name| (name.len(), name.to_string()));
        names.push(
            found
                .last()
                .ok_or_else(|| format!("no package {pattern}; apt-get update"))?
                .to_string(),
        );
    }
    let mut apt = shell::program("apt-get");
    shell::output(apt.arg("download").args(&names).current_dir(packages)).map(drop)
}

/// The linker that comes with the toolchain in use.
fn linker() -> Result<PathBuf, Failure> {
    let folder = shell::output(shell::program("rustc").args(["--print", "target-libdir"]))?;
    let folder = Path::new(folder.trim()).parent().unwrap_or(Path::new("")).join("bin");
    Ok(folder.join("rust-lld"))
}

/// A program `rustc` that finds the libraries beside it.
fn wrapper(folder: &Path) -> Result<(), Failure> {
    let usr = folder.join("usr");
    let text = format!(
        "#!/bin/sh\nLD_LIBRARY_PATH='{0}/lib/x86_64-linux-gnu' exec '{0}/bin/rustc' \"$@\"\n",
        usr.display()
    );
    let path = folder.join("rustc");
    std::fs::write(&path, text)?;
    shell::output(shell::program("chmod").arg("+x").arg(path)).map(drop)
}

/// Builds the standard library once and puts it where the compiler looks for it.
fn standard_library(folder: &Path, compiler: &Compiler) -> Result<(), Failure> {
    println!("cargo build: the standard library for {TARGET}, once");
    let source = folder.join("empty");
    std::fs::create_dir_all(source.join("src"))?;
    std::fs::write(source.join("src/lib.rs"), "")?;
    std::fs::write(source.join("Cargo.toml"), EMPTY_CRATE)?;
    let built = folder.join("built");
    let mut cargo = compiler.cargo()?;
    cargo.env("CARGO_TARGET_DIR", &built).env("RUSTC_BOOTSTRAP", "1");
    // With it, whole-program optimization reaches into the standard library.
    cargo.env("RUSTFLAGS", "-Cembed-bitcode=yes").current_dir(&source);
    cargo.args([
        "build",
        "--quiet",
        "--release",
        "-Zbuild-std=std,panic_abort",
        "--target",
        TARGET,
    ]);
    shell::run(&mut cargo)?;
    let libraries = folder.join("usr/lib/rustlib").join(TARGET).join("lib");
    std::fs::create_dir_all(&libraries)?;
    for file in shell::files_under(&built.join(TARGET).join("release/deps"))? {
        if file.extension().is_some_and(|extension| extension == "rlib")
            && !file.ends_with("libempty.rlib")
        {
            std::fs::copy(&file, libraries.join(file.file_name().unwrap_or_default()))?;
        }
    }
    std::fs::remove_dir_all(built).map_err(Failure::from)
}
