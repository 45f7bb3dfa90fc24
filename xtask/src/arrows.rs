//! `cargo xtask arrows`: the arrows that ARCHITECTURE.md draws are the arrows that cargo builds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{Failure, laws, shell};

/// For each crate of the workspace, those of the workspace it uses.
type Arrows = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn run(_arguments: &[String]) -> Result<(), Failure> {
    let text = shell::read(&shell::root().join("ARCHITECTURE.md"))?;
    let drawn = drawn(&text)?;
    let built = built(&shell::metadata(false)?)?;
    let mut faults = differences(&drawn, &built);
    faults.extend(laws::broken()?);
    for fault in &faults {
        println!("{fault}");
    }
    if faults.is_empty() {
        println!("{} crates: the arrows and the laws hold", built.len());
        Ok(())
    } else {
        Err(format!("{} differences from ARCHITECTURE.md", faults.len()).into())
    }
}

/// The block ```` ```arrows ```` of ARCHITECTURE.md: a line `a: b, c` says that `a` uses `b` and `c`.
fn drawn(text: &str) -> Result<Arrows, Failure> {
    let mut lines = text.lines().skip_while(|line| line.trim() != "```arrows");
    if lines.next().is_none() {
        return Err("ARCHITECTURE.md has no block ```arrows".into());
    }
    let mut arrows = Arrows::new();
    for line in lines.take_while(|line| line.trim() != "```") {
        let (from, to) =
            line.split_once(':').ok_or_else(|| format!("ARCHITECTURE.md: no colon in {line:?}"))?;
        let to = to.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "nothing");
        let known = arrows.insert(from.trim().to_string(), to.map(str::to_string).collect());
        if known.is_some() {
            return Err(format!("ARCHITECTURE.md draws {} twice", from.trim()).into());
        }
    }
    Ok(arrows)
}

/// The arrows of `cargo metadata --no-deps`: normal dependencies between members.
fn built(metadata: &Value) -> Result<Arrows, Failure> {
    let packages = metadata["packages"].as_array().ok_or("cargo metadata: no packages")?;
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_string();
    let members: BTreeSet<String> = packages.iter().map(name).collect();
    let mut arrows = Arrows::new();
    for package in packages {
        let dependencies = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
        // A normal dependency has a null kind; `dev` and `build` are no arrows of the design.
        let used = dependencies.iter().filter(|dependency| dependency["kind"].is_null()).map(name);
        arrows.insert(name(package), used.filter(|name| members.contains(name)).collect());
    }
    Ok(arrows)
}

fn differences(drawn: &Arrows, built: &Arrows) -> Vec<String> {
    let mut faults = Vec::new();
    for (from, used) in built {
        let Some(shown) = drawn.get(from) else {
            faults.push(format!("{from} is a crate, and ARCHITECTURE.md does not draw it"));
            continue;
        };
        for to in used.difference(shown) {
            faults.push(format!("{from} uses {to}, and ARCHITECTURE.md draws no such arrow"));
        }
        for to in shown.difference(used) {
            faults.push(format!("ARCHITECTURE.md draws {from} → {to}, and {from} does not use it"));
        }
    }
    for from in drawn.keys().filter(|name| !built.contains_key(*name)) {
        faults.push(format!("ARCHITECTURE.md draws {from}, and there is no such crate"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "words\n```arrows\ntensor: nothing\nchart: tensor, scene\n```\nx: y\n";

    fn metadata(chart: Value) -> Value {
        json!({"packages": [
            {"name": "tensor", "dependencies": []},
            {"name": "chart", "dependencies": chart},
        ]})
    }

    #[test]
    fn reads_the_block_and_nothing_else() {
        let arrows = drawn(TEXT).unwrap();
        assert_eq!(arrows.len(), 2);
        assert!(arrows["tensor"].is_empty());
        assert_eq!(arrows["chart"], BTreeSet::from(["scene".to_string(), "tensor".to_string()]));
        assert!(drawn("no block").is_err());
    }

    #[test]
    fn only_normal_dependencies_between_members_are_arrows() {
        let arrows = built(&metadata(json!([
            {"name": "tensor", "kind": null},
            {"name": "png", "kind": null},
            {"name": "chart", "kind": "dev"},
        ])));
        assert_eq!(arrows.unwrap()["chart"], BTreeSet::from(["tensor".to_string()]));
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        let drawn = drawn("```arrows\ntensor: scene\ngone: nothing\n```").unwrap();
        let built = built(&metadata(json!([{"name": "tensor", "kind": null}]))).unwrap();
        let faults = differences(&drawn, &built).join("\n");
        assert!(faults.contains("draws tensor → scene"), "{faults}");
        assert!(faults.contains("chart is a crate"), "{faults}");
        assert!(faults.contains("draws gone"), "{faults}");
        let mut more = drawn.clone();
        more.insert("chart".into(), BTreeSet::new());
        assert!(differences(&more, &built).join("\n").contains("chart uses tensor"));
    }
}
