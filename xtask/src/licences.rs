//! `cargo xtask licences`: what `cargo deny` checks, in the small, for those who have only cargo; and `cargo deny`
//! itself where it is installed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::{Failure, dist, shell};

/// Licences that a dependency may have; deny.toml lists the same.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "bzip2-1.0.6",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "OFL-1.1",
    "Unicode-3.0",
    "Zlib",
];

/// Crates of which two major versions at once would be a mistake; deny.toml lists the same.
const ONCE: &[&str] = &["flate2", "pdf-writer", "png", "ttf-parser", "zip"];

/// The version of cargo-deny that deny.toml is written for.
const DENY: &str = "0.20.2";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments {
        [] => {}
        [word] if word == "--wheel" => return dist::licences_of_wheel(),
        [word] if word == "--install" => install()?,
        _ => return Err("expected nothing, --install, or --wheel".into()),
    }
    let metadata = shell::metadata(true)?;
    let faults = faults(&metadata)?;
    for fault in &faults {
        println!("{fault}");
    }
    let count = metadata["packages"].as_array().map_or(0, Vec::len);
    if !faults.is_empty() {
        return Err(format!("{} faults in {count} packages", faults.len()).into());
    }
    println!("{count} packages: every licence is allowed, {} come once", ONCE.join(", "));
    let Some(mut deny) = deny()? else {
        let test = "deny.toml was not checked beyond this";
        let why = "cargo-deny is not installed: cargo xtask licences --install";
        crate::skips::skip("cargo-deny", test, why);
        return Ok(());
    };
    // A skip in deny.toml that nothing needs any more is a fault too.
    shell::run(deny.args(["check", "--deny", "unmatched-skip", "licenses", "bans", "sources"]))
}

/// The folder of programs that chores install: it goes with the builds, and a cache of those keeps it.
fn tools() -> Result<PathBuf, Failure> {
    Ok(shell::target_dir()?.join("tools"))
}

/// cargo-deny: ours, or the one that is installed.
fn deny() -> Result<Option<Command>, Failure> {
    let ours = tools()?.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    let names = [ours.to_string_lossy().into_owned(), "cargo-deny".to_owned()];
    let found = names.into_iter().find(|name| shell::works(shell::program(name).arg("--version")));
    Ok(found.map(|name| shell::program(&name)))
}

/// Builds cargo-deny where none is. Its checks take a second, so the quickest build is the best.
fn install() -> Result<(), Failure> {
    if deny()?.is_some() {
        return Ok(());
    }
    let mut install = shell::cargo();
    install.args(["install", "cargo-deny", "--version", DENY, "--locked", "--debug", "--root"]);
    shell::run(install.arg(tools()?))
}

fn faults(metadata: &Value) -> Result<Vec<String>, Failure> {
    let packages = metadata["packages"].as_array().ok_or("cargo metadata: no packages")?;
    let mut faults = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let version = package["version"].as_str().unwrap_or_default();
        match package["license"].as_str() {
            Some(licence) if is_allowed(licence) => {}
            Some(licence) => faults.push(format!("{name} {version}: {licence} is not allowed")),
            None => faults.push(format!("{name} {version} names no licence")),
        }
        versions.entry(name).or_default().insert(version);
    }
    for name in ONCE {
        if let Some(several) = versions.get(name).filter(|versions| versions.len() > 1) {
            let several: Vec<_> = several.iter().copied().collect();
            faults.push(format!("{name} comes in several versions: {}", several.join(", ")));
        }
    }
    Ok(faults)
}

/// Whether an SPDX expression can be met with [`ALLOWED`]. `AND` binds tighter than `OR`, as in
/// the SPDX specification, annex D; the old slash means `OR`; an exception only gives more freedom.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    any_of(&mut rest) && rest.is_empty()
}

fn any_of(rest: &mut &[&str]) -> bool {
    let mut met = all_of(rest);
    while let ["OR", tail @ ..] = *rest {
        *rest = tail;
        met |= all_of(rest);
    }
    met
}

fn all_of(rest: &mut &[&str]) -> bool {
    let mut met = one(rest);
    while let ["AND", tail @ ..] = *rest {
        *rest = tail;
        met &= one(rest);
    }
    met
}

fn one(rest: &mut &[&str]) -> bool {
    match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let met = any_of(rest);
            let [")", tail @ ..] = *rest else { return false };
            *rest = tail;
            met
        }
        [name, "WITH", _, tail @ ..] | [name, tail @ ..] => {
            *rest = tail;
            ALLOWED.contains(name)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_says() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "MIT OR LGPL-2.1-or-later",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR MIT",
            "GPL-3.0-only AND MIT OR Zlib",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "(MIT", "", "MIT MIT", "mit"] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn bad_licences_and_twins_are_told() {
        let package = |name: &str, version: &str, licence: Value| json!({"name": name, "version": version, "license": licence});
        let metadata = json!({"packages": [
            package("png", "0.17.0", json!("MIT")),
            package("png", "0.18.0", json!("MIT")),
            package("dssim", "3.0.0", json!("AGPL-3.0-only")),
            package("mystery", "1.0.0", Value::Null),
        ]});
        let faults = faults(&metadata).unwrap();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("png comes in several versions")));
        assert!(faults.iter().any(|fault| fault.contains("AGPL-3.0-only")));
        assert!(faults.iter().any(|fault| fault.contains("mystery")));
    }

    #[test]
    fn deny_toml_lists_the_same() {
        let text = shell::read(&shell::root().join("deny.toml")).unwrap();
        for name in ALLOWED {
            assert!(text.contains(&format!("\"{name}\",")), "deny.toml does not allow {name}");
        }
        for name in ONCE {
            assert!(text.contains(&format!("crate = \"{name}\"")), "deny.toml lacks {name}");
        }
    }
}
