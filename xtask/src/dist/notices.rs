//! The licences of everything that is inside the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Failure, shell};

/// How files with licences begin.
const NAMES: [&str; 6] = ["license", "licence", "copying", "notice", "copyright", "unlicense"];

/// Files of the repository that are about what is not a crate.
const OWN: [&str; 4] = [
    "crates/hinton-scene/assets/fonts/LICENSE-Inter.txt",
    "crates/hinton-chart/assets/LICENSE-colormaps.txt",
    "crates/hinton-space/assets/web/LICENSES.txt",
    "crates/hinton-serve/assets/LICENSES.txt",
];

/// One text with every crate that is linked into `root`, a crate of ours, its licence and the texts it comes with; equal
/// texts once.
pub(crate) fn text(target: &str, root: &str) -> Result<String, Failure> {
    let mut command = shell::cargo();
    command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", target]);
    command.args(["--features", "hinton-cli/cloud,hinton-py/cloud"]);
    let metadata: Value = serde_json::from_str(&shell::output(&mut command)?)?;
    let inside = linked(&metadata, root)?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata: no packages")?;
    let mut crates = Vec::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages.iter().filter(|one| !one["source"].is_null()) {
        let of = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        if !inside.contains(of("id").as_str()) {
            continue;
        }
        let label = format!("{} {}", of("name"), of("version"));
        crates.push(format!("{label}: {}", of("license")));
        let folder = PathBuf::from(of("manifest_path"));
        for file in licence_files(folder.parent().unwrap_or(&folder))? {
            texts.entry(shell::read(&file)?.replace("\r\n", "\n")).or_default().push(label.clone());
        }
    }
    crates.sort();
    let mut all = format!(
        "hinton is licensed under MIT or Apache-2.0, at your choice. The program contains {} crates of others:\n\n  {}\n",
        crates.len(),
        crates.join("\n  ")
    );
    let mut parts: Vec<(String, String)> =
        texts.into_iter().map(|(text, crates)| (crates.join(", "), text)).collect();
    for name in OWN {
        parts.push((name.to_owned(), shell::read(&shell::root().join(name))?));
    }
    parts.sort();
    for (whose, text) in parts {
        all.push_str(&format!("\n{}\n{whose}\n\n{}\n", "-".repeat(78), text.trim_end()));
    }
    Ok(all)
}

/// The packages that a crate of ours links: its dependencies and theirs, without those that only build or test.
fn linked<'a>(metadata: &'a Value, root: &str) -> Result<BTreeSet<&'a str>, Failure> {
    let nodes = metadata["resolve"]["nodes"].as_array().ok_or("cargo metadata: no graph")?;
    let id = |value: &'_ Value| value["id"].as_str().unwrap_or_default().to_owned();
    let found = nodes.iter().find(|node| id(node).contains(root));
    let mut open = vec![found.ok_or_else(|| format!("cargo metadata: no {root}"))?];
    let mut found = BTreeSet::new();
    while let Some(node) = open.pop() {
        if !found.insert(node["id"].as_str().unwrap_or_default()) {
            continue;
        }
        for dependency in node["deps"].as_array().into_iter().flatten() {
            let kinds = dependency["dep_kinds"].as_array();
            if kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null())) {
                let wanted = dependency["pkg"].as_str().unwrap_or_default();
                open.extend(nodes.iter().find(|node| node["id"].as_str() == Some(wanted)));
            }
        }
    }
    Ok(found)
}

fn licence_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_file() && NAMES.iter().any(|begin| name.starts_with(begin)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
