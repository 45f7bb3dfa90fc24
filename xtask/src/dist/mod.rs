//! `cargo xtask dist`: what people install, for the machine it runs on, in `target/dist`: an archive, a .deb
//! on Linux, the wheel, the page without a server, and their checksums.
//!
//! Archives hold nothing of the hour or the machine: times are those of the commit. The same program gives the
//! same bytes; whether the same sources give the same program is the toolchain's business.

mod notices;
mod tar;

use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use crate::{Failure, python, shell};
use tar::{Entry, ar, gzipped, packed};

/// Shells, and where Linux looks for their completions.
const SHELLS: [(&str, &str, &str); 3] = [
    ("bash", "hinton.bash", "usr/share/bash-completion/completions/hinton"),
    ("zsh", "_hinton", "usr/share/zsh/vendor-completions/_hinton"),
    ("fish", "hinton.fish", "usr/share/fish/vendor_completions.d/hinton.fish"),
];

/// What it is, for package managers.
const ABOUT: &str = "See neural networks: any weights file becomes a picture";

/// What was asked for.
struct Asked {
    profile: String,
    /// Whether what was made is unpacked elsewhere and used.
    check: bool,
    /// Whether the wheel is made.
    wheel: bool,
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let asked = asked(arguments)?;
    let made = Made::gather(&asked.profile)?;
    let out = shell::target_dir()?.join("dist");
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    std::fs::create_dir_all(&out)?;
    let mut files = vec![made.archive(&out)?];
    if cfg!(target_os = "linux") {
        files.push(made.deb(&out)?);
    }
    if asked.wheel {
        licences_of_wheel()?;
        match python::wheel(&out, &asked.profile)? {
            Ok(wheel) => files.push(wheel),
            Err(why) => println!("{why}: there is no wheel"),
        }
    }
    let page = shell::target_dir()?.join("pages").join("hinton.html");
    match page.exists() {
        true => {
            let name = format!("hinton-{}.html", made.version);
            std::fs::copy(&page, out.join(&name))?;
            files.push(out.join(name));
        }
        false => println!("{} is not built: `cargo xtask wasm` makes it", shell::shown(&page)),
    }
    files.sort();
    let mut sums = String::new();
    for file in &files {
        let bytes = std::fs::read(file)?;
        let sum: String =
            digest(&SHA256, &bytes).as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        println!("{:>9.1} MB  {name}", bytes.len() as f64 / 1e6);
        sums.push_str(&format!("{sum}  {name}\n"));
    }
    std::fs::write(out.join("SHA256SUMS"), sums)?;
    if asked.check { check(&made, &out, &files) } else { Ok(()) }
}

fn asked(arguments: &[String]) -> Result<Asked, Failure> {
    let mut asked = Asked { profile: "release".into(), check: false, wheel: true };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--check" => asked.check = true,
            "--no-wheel" => asked.wheel = false,
            "--profile" => {
                asked.profile = words.next().ok_or("--profile: expected a name")?.clone();
            }
            other => {
                return Err(
                    format!("{other}: expected --profile NAME, --check or --no-wheel").into()
                );
            }
        }
    }
    Ok(asked)
}

/// What archives are made of.
struct Made {
    version: String,
    /// The triple of the machine: `x86_64-unknown-linux-gnu`.
    target: String,
    /// Seconds since 1970 of the commit.
    time: u64,
    program: Vec<u8>,
    /// Where that was built.
    binary: PathBuf,
    /// Name and text.
    completions: Vec<(&'static str, String)>,
    /// Name and text of each page of the manual.
    manual: Vec<(String, String)>,
    notices: String,
}

impl Made {
    fn gather(profile: &str) -> Result<Self, Failure> {
        let mut build = shell::cargo();
        build.args(["build", "--locked", "--package", "hinton-cli", "--profile", profile]);
        // The check takes the program of the tests as it is.
        if profile != "dev" {
            build.args(["--features", "cloud"]);
        }
        shell::run(&mut build)?;
        let folder = if profile == "dev" { "debug" } else { profile };
        let name = format!("hinton{}", std::env::consts::EXE_SUFFIX);
        let binary = shell::target_dir()?.join(folder).join(name);
        let said =
            |words: &[&str]| shell::output(shell::program(&binary.to_string_lossy()).args(words));
        let target = host()?;
        let version = said(&["--version"])?.trim().replace("hinton ", "");
        let completions =
            SHELLS.iter().map(|(shell, name, _)| Ok((*name, said(&["completions", shell])?)));
        let completions = completions.collect::<Result<_, Failure>>()?;
        let mut manual = vec![("hinton.1".to_owned(), said(&["manual"])?)];
        for command in commands(&said(&["manual"])?) {
            manual.push((format!("hinton-{command}.1"), said(&["manual", &command])?));
        }
        Ok(Made {
            version,
            time: time()?,
            program: std::fs::read(&binary)?,
            completions,
            manual,
            notices: notices::text(&target, "hinton-cli")?,
            target,
            binary,
        })
    }

    /// `hinton-0.1.0-x86_64-unknown-linux-gnu.tar.gz`, with one folder in it.
    fn archive(&self, out: &Path) -> Result<PathBuf, Failure> {
        let name = format!("hinton-{}-{}", self.version, self.target);
        let own = |file: &str| -> Result<Entry, Failure> {
            Ok(Entry::new(format!("{name}/{file}"), shell::read(&shell::root().join(file))?))
        };
        let program = format!("{name}/hinton{}", std::env::consts::EXE_SUFFIX);
        let mut entries = vec![
            Entry::program(program, self.program.clone()),
            own("README.md")?,
            own("CHANGELOG.md")?,
            own("LICENSE-MIT")?,
            own("LICENSE-APACHE")?,
            Entry::new(format!("{name}/THIRD-PARTY.txt"), self.notices.as_str()),
        ];
        for (file, text) in &self.completions {
            entries.push(Entry::new(format!("{name}/completions/{file}"), text.as_str()));
        }
        for (file, text) in &self.manual {
            entries.push(Entry::new(format!("{name}/man/{file}"), text.as_str()));
        }
        let path = out.join(format!("{name}.tar.gz"));
        std::fs::write(&path, packed(&entries, self.time)?)?;
        Ok(path)
    }

    /// `hinton_0.1.0_amd64.deb` (deb(5), deb-control(5)).
    fn deb(&self, out: &Path) -> Result<PathBuf, Failure> {
        let machine = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let mut data = vec![
            Entry::program("usr/bin/hinton", self.program.clone()),
            Entry::new("usr/share/doc/hinton/copyright", self.notices.as_str()),
            Entry::new(
                "usr/share/doc/hinton/LICENSE-MIT",
                shell::read(&shell::root().join("LICENSE-MIT"))?,
            ),
            Entry::new(
                "usr/share/doc/hinton/LICENSE-APACHE",
                shell::read(&shell::root().join("LICENSE-APACHE"))?,
            ),
        ];
        for ((_, text), (_, _, place)) in self.completions.iter().zip(SHELLS) {
            data.push(Entry::new(place, text.as_str()));
        }
        for (file, text) in &self.manual {
            let place = format!("usr/share/man/man1/{file}.gz");
            data.push(Entry::new(place, gzipped(text.as_bytes())?));
        }
        let size: usize = data.iter().map(|entry| entry.bytes.len().div_ceil(1024)).sum();
        let libc = glibc(&self.program).ok_or("the program names no version of glibc")?;
        let control = format!(
            "Package: hinton\nVersion: {}\nArchitecture: {machine}\nMaintainer: The hinton developers <hinton-rs@users.noreply.github.com>\n\
             Installed-Size: {size}\nDepends: libc6 (>= {libc}), libgcc-s1\nSection: science\nPriority: optional\n\
             Homepage: https://github.com/hinton-rs/hinton\nDescription: {ABOUT}\n \
             Draws weights files of any format, plays training runs, shows what networks do to points, and\n \
             opens models in the browser.\n",
            self.version
        );
        let control = packed(&[Entry::new("control", control)], self.time)?;
        let data = packed(&data, self.time)?;
        let members: [(&str, &[u8]); 3] =
            [("debian-binary", b"2.0\n"), ("control.tar.gz", &control), ("data.tar.gz", &data)];
        let path = out.join(format!("hinton_{}_{machine}.deb", self.version));
        std::fs::write(&path, ar(&members, self.time))?;
        Ok(path)
    }
}

/// The triple of this machine.
fn host() -> Result<String, Failure> {
    let said = shell::output(shell::program("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc -vV: no host")?.to_owned())
}

/// Writes the licences of what is in a wheel to where maturin looks for them: `python/LICENSE-…`, which git ignores.
pub(crate) fn licences_of_wheel() -> Result<(), Failure> {
    let folder = shell::root().join("python");
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        std::fs::copy(shell::root().join(name), folder.join(name))?;
    }
    let notices = notices::text(&host()?, "hinton-py")?;
    Ok(std::fs::write(folder.join("LICENSE-THIRD-PARTY.txt"), notices)?)
}

/// The oldest glibc that a program of Linux runs with: the newest version that it names, `GLIBC_2.35` (GNU ld,
/// "Version scripts").
fn glibc(program: &[u8]) -> Option<String> {
    let mark = b"GLIBC_2.";
    let minor = |rest: &[u8]| -> Option<u32> {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
    };
    let places = program.windows(mark.len()).enumerate().filter(|(_, window)| window == mark);
    let newest = places.filter_map(|(start, _)| minor(&program[start + mark.len()..])).max()?;
    Some(format!("2.{newest}"))
}

/// The commands that the page of the manual names: `hinton\-draw(1)`.
fn commands(page: &str) -> Vec<String> {
    let names = page.lines().filter_map(|line| line.trim().strip_prefix("hinton\\-"));
    names.filter_map(|name| Some(name.strip_suffix("(1)")?.replace('\\', ""))).collect()
}

/// The time of the commit, or what `SOURCE_DATE_EPOCH` says (reproducible-builds.org).
fn time() -> Result<u64, Failure> {
    if let Ok(time) = std::env::var("SOURCE_DATE_EPOCH") {
        return Ok(time.trim().parse()?);
    }
    let said = shell::output(shell::program("git").args(["log", "-1", "--format=%ct"]));
    Ok(said.ok().and_then(|time| time.trim().parse().ok()).unwrap_or(0))
}

/// Unpacks what was made in an empty folder, and uses it.
fn check(made: &Made, out: &Path, files: &[PathBuf]) -> Result<(), Failure> {
    let clean = std::env::temp_dir().join(format!("hinton-dist-{}", std::process::id()));
    std::fs::create_dir_all(&clean)?;
    let result = check_in(made, out, files, &clean);
    std::fs::remove_dir_all(&clean)?;
    result
}

fn check_in(made: &Made, out: &Path, files: &[PathBuf], clean: &Path) -> Result<(), Failure> {
    let again = clean.join("again");
    std::fs::create_dir_all(&again)?;
    for file in files {
        let name = file.file_name().unwrap_or_default();
        let text = file.to_string_lossy();
        let of = |words: &[&str], folder: &Path| {
            shell::output(shell::program(words[0]).args(&words[1..]).current_dir(folder))
        };
        if text.ends_with(".tar.gz") {
            made.archive(&again)?;
            same(file, &again.join(name))?;
            of(&["tar", "xzf", &text], clean)?;
            let folder = clean.join(format!("hinton-{}-{}", made.version, made.target));
            uses(&folder.join(format!("hinton{}", std::env::consts::EXE_SUFFIX)), &folder)?;
            println!("{}: unpacked, and it draws the gallery", name.to_string_lossy());
        } else if text.ends_with(".deb") {
            if !shell::works(shell::program("dpkg-deb").arg("--version")) {
                let why = "dpkg-deb is not installed";
                crate::skips::skip("dpkg-deb", "the .deb was not unpacked", why);
                continue;
            }
            let folder = clean.join("deb");
            of(&["dpkg-deb", "--extract", &text, &folder.to_string_lossy()], clean)?;
            let control = of(&["dpkg-deb", "--field", &text], clean)?;
            let version = format!("Version: {}", made.version);
            if !control.contains(&version) {
                return Err(format!("the .deb's control has no {version}").into());
            }
            // It is the program of the archive.
            same(&folder.join("usr/bin/hinton"), &made.binary)?;
            println!("{}: unpacked, and it holds the program", name.to_string_lossy());
        } else if text.ends_with(".whl") {
            match python::used(file, &clean.join("python"))? {
                Ok(()) => println!("{}: installed, and it draws", name.to_string_lossy()),
                Err(why) => crate::skips::skip("python", "the wheel was not installed", &why),
            }
        }
    }
    let sums = shell::read(&out.join("SHA256SUMS"))?;
    match sums.lines().count() == files.len() {
        true => Ok(()),
        false => Err("SHA256SUMS has not a line for each file".into()),
    }
}

fn same(one: &Path, other: &Path) -> Result<(), Failure> {
    match std::fs::read(one)? == std::fs::read(other)? {
        true => Ok(()),
        false => Err(format!("{}: made twice, and not the same bytes", one.display()).into()),
    }
}

/// Runs a program that was unpacked: it says its version and draws the gallery.
fn uses(program: &Path, folder: &Path) -> Result<(), Failure> {
    let program = program.to_string_lossy();
    shell::output(shell::program(&program).arg("--version").current_dir(folder))?;
    shell::output(shell::program(&program).args(["demo", "gallery"]).current_dir(folder))?;
    let drawn = shell::files_under(&folder.join("gallery"))?;
    match drawn.iter().any(|file| file.extension().is_some_and(|kind| kind == "png")) {
        true => Ok(()),
        false => Err(format!("{program}: the demo drew no picture").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_runs_with_the_newest_glibc_that_it_names() {
        let program = b"\x7fELF\0GLIBC_2.2.5\0GLIBC_2.35\0GLIBC_2.4\0GLIBC_PRIVATE\0GLIBC_2.";
        assert_eq!(glibc(program).as_deref(), Some("2.35"));
        assert_eq!(glibc(b"GLIBC"), None);
    }

    #[test]
    fn commands_are_read_from_the_page_of_the_manual() {
        let page = ".TP\nhinton\\-draw(1)\nDraws\n.TP\nhinton\\-view(1)\nshows\n";
        assert_eq!(commands(page), ["draw", "view"]);
    }
}
