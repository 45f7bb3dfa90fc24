//! `cargo xtask web`: builds the pages of `web/` into the crates that ship them, where Rust alone
//! finds them; checks that what lies there is what `web/` gives; drives the pages in a browser.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, shell};

/// A page of `web/`.
struct Page {
    /// The configuration of Vite that builds it.
    config: &'static str,
    /// The folder of what is built, which is committed and holds nothing else.
    built: &'static str,
}

const PAGES: &[Page] = &[
    Page { config: "vite.config.ts", built: "crates/hinton-space/assets/web" },
    Page { config: "vite.viewer.ts", built: "crates/hinton-serve/assets" },
    Page { config: "vite.export.ts", built: "crates/hinton-view/assets" },
];

/// Names of browsers that can be driven, the free one first.
const BROWSERS: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where browsers lie that are on no path.
const BROWSER_FILES: &[&str] = &[
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/// What npm says when it cannot reach the registry.
const UNREACHABLE: &[&str] = &[
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOTFOUND",
    "ERR_SOCKET_TIMEOUT",
    "ETIMEDOUT",
    "E403",
    "E407",
    "E502",
    "E503",
    "E504",
];

/// Whether the tools for a job are there.
enum Tools {
    Ready,
    /// Why not.
    Missing(String),
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => match tools()? {
            Tools::Ready => {
                check_types()?;
                PAGES.iter().try_for_each(|page| build(page, &shell::root().join(page.built)))
            }
            Tools::Missing(why) => Err(why.into()),
        },
        ["--check"] => when_ready("the pages were not rebuilt", check),
        ["--test"] => when_ready("the pages were not driven", || drive(None)),
        ["--test", shots] => {
            when_ready("the pages were not driven", || drive(Some(Path::new(shots))))
        }
        _ => Err("expected nothing, --check, --test or --test FOLDER".into()),
    }
}

/// Does it where the tools are, and says so where they aren't.
fn when_ready(not_done: &str, job: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    match tools()? {
        Tools::Ready => job(),
        Tools::Missing(why) => {
            crate::skips::skip("node", not_done, &why);
            Ok(())
        }
    }
}

/// Finds Node, and gets the packages that package-lock.json names unless they are there.
fn tools() -> Result<Tools, Failure> {
    let Ok(version) = shell::output(shell::program("node").arg("--version")) else {
        return Ok(Tools::Missing("Node is not installed".into()));
    };
    if !is_new_enough(&version) {
        let why = format!("Node {} is too old, 20.19 is needed", version.trim());
        return Ok(Tools::Missing(why));
    }
    if !shell::works(npm().arg("--version")) {
        return Ok(Tools::Missing("npm is not installed".into()));
    }
    let web = shell::root().join("web");
    let wanted = shell::read(&web.join("package-lock.json"))?;
    // npm empties the folder before it fills it, so the copy says that it got to the end.
    let installed = web.join("node_modules/.installed-lock.json");
    if std::fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return Ok(Tools::Ready);
    }
    println!("npm ci: fetching what web/package-lock.json names");
    let arguments = ["ci", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=60000"];
    if let Err(failure) = shell::output(npm().args(arguments)) {
        let said = failure.to_string();
        return match UNREACHABLE.iter().find(|code| said.contains(&format!("code {code}"))) {
            Some(code) => {
                Ok(Tools::Missing(format!("the npm registry cannot be reached ({code})")))
            }
            None => Err(failure),
        };
    }
    std::fs::write(&installed, wanted)?;
    Ok(Tools::Ready)
}

/// npm in `web/`.
fn npm() -> Command {
    let mut command = shell::program(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(shell::root().join("web"));
    command
}

/// Whether it is 20.19 or 22.12 or newer, as Vite asks; `version` is like `v20.20.2`.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim().trim_start_matches('v').split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        return false;
    };
    match major {
        20 => minor >= 19,
        22 => minor >= 12,
        _ => major > 22,
    }
}

fn check_types() -> Result<(), Failure> {
    shell::run(npm().args(["run", "--silent", "types"]))
}

/// Writes a page into a folder, which it empties first.
fn build(page: &Page, folder: &Path) -> Result<(), Failure> {
    let arguments = ["run", "--silent", "page", "--", "--config", page.config];
    shell::run(npm().args(arguments).args(["--emptyOutDir", "--outDir"]).arg(folder))?;
    for (name, bytes) in contents(folder)? {
        println!("{}: {} bytes", shell::shown(&folder.join(name)), bytes.len());
    }
    Ok(())
}

/// Builds the page that needs no server, but for its module, into a folder, which it empties first.
pub(crate) fn build_static(folder: &Path) -> Result<(), Failure> {
    match tools()? {
        Tools::Ready => build(&Page { config: "vite.static.ts", built: "" }, folder),
        Tools::Missing(why) => Err(why.into()),
    }
}

/// Builds beside and compares.
fn check() -> Result<(), Failure> {
    check_types()?;
    for page in PAGES {
        let fresh = shell::target_dir()?.join("web-check").join(page.config);
        build(page, &fresh)?;
        let (committed, fresh) = (contents(&shell::root().join(page.built))?, contents(&fresh)?);
        let stale = differing(&committed, &fresh);
        if !stale.is_empty() {
            let files = stale.join(", ");
            let why = format!("{} is stale ({files}): cargo xtask web builds it anew", page.built);
            return Err(why.into());
        }
        println!("{} is what web/ gives", page.built);
    }
    Ok(())
}

/// Names and bytes of a folder's files.
fn contents(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut found = BTreeMap::new();
    for path in shell::files_under(folder)? {
        let name = path.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
        found.insert(name, std::fs::read(&path)?);
    }
    Ok(found)
}

/// Names of files that only one has or that differ.
fn differing(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut names: Vec<String> = one.keys().chain(other.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| one.get(name) != other.get(name));
    names
}

/// Drives the pages in a browser: those that an example writes, and those that the viewer serves.
fn drive(shots: Option<&Path>) -> Result<(), Failure> {
    let Some(browser) = browser() else {
        let why = "Chromium is not installed, and CHROMIUM names none";
        crate::skips::skip("browser", "the pages were not driven", why);
        return Ok(());
    };
    let pages = shell::target_dir()?.join("space-pages");
    let example = ["run", "--quiet", "--package", "hinton", "--example", "space_page", "--"];
    shell::run(shell::cargo().args(example).arg(&pages))?;
    drive_page("web/test/space.mjs", &pages, &browser, shots)?;
    shell::run(shell::cargo().args(["build", "--quiet", "--package", "hinton-cli"]))?;
    let program = format!("debug/hinton{}", std::env::consts::EXE_SUFFIX);
    drive_page("web/test/viewer.mjs", &shell::target_dir()?.join(program), &browser, shots)
}

/// Hands what a script drives, the browser and the folder for screenshots to it.
fn drive_page(
    script: &str,
    subject: &Path,
    browser: &Path,
    shots: Option<&Path>,
) -> Result<(), Failure> {
    let drive = || {
        let mut node = shell::program("node");
        node.arg(script).arg(subject).arg(browser);
        if let Some(folder) = shots {
            node.arg(folder);
        }
        shell::run(&mut node)
    };
    // A browser may crash under a page that is right; a page that is wrong fails again.
    drive().or_else(|failure| {
        println!("{failure}: once more, in a new browser");
        drive()
    })
}

/// A browser: the one that `CHROMIUM` names, or else one that is installed.
fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").filter(|name| !name.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = |name| {
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    };
    let installed = BROWSERS.iter().find_map(on_path);
    installed.or_else(|| BROWSER_FILES.iter().map(PathBuf::from).find(|file| file.is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for good in ["v20.19.0", "v20.20.2\n", "v22.12.0", "v24.1.0", "v100.0.0"] {
            assert!(is_new_enough(good), "{good}");
        }
        for bad in ["v18.20.8", "v20.9.0", "v21.7.0", "v22.2.0", "", "node", "v"] {
            assert!(!is_new_enough(bad), "{bad}");
        }
    }

    #[test]
    fn files_that_differ_are_named() {
        let folder = |files: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
            files.iter().map(|(name, text)| (name.to_string(), text.as_bytes().to_vec())).collect()
        };
        let one = folder(&[("same", "1"), ("changed", "1"), ("gone", "1")]);
        let other = folder(&[("same", "1"), ("changed", "2"), ("new", "1")]);
        assert_eq!(differing(&one, &other), ["changed", "gone", "new"]);
        assert!(differing(&one, &one).is_empty());
    }

    #[test]
    fn the_lock_and_the_package_name_exact_versions() {
        let text = shell::read(&shell::root().join("web/package.json")).unwrap();
        let package: serde_json::Value = serde_json::from_str(&text).unwrap();
        for group in ["dependencies", "devDependencies"] {
            for (name, version) in package[group].as_object().unwrap() {
                let version = version.as_str().unwrap();
                assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{name} {version}");
            }
        }
    }
}
