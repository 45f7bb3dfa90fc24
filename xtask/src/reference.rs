//! `cargo xtask reference`: docs/reference/ and docs/formats.md, printed by the binary from its own
//! tables.

use std::path::Path;

use serde_json::Value;

use crate::{Failure, shell};

/// A page of the reference.
struct Page {
    /// What `hinton list` calls it.
    name: &'static str,
    /// Its file, seen from docs/reference/.
    file: &'static str,
    /// Its heading.
    title: &'static str,
    /// What it is, under the heading.
    about: &'static str,
    /// Prints what follows.
    body: fn(&Path, &str) -> Result<String, Failure>,
}

const PAGES: &[Page] = &[
    Page {
        name: "commands",
        file: "commands.md",
        title: "Commands",
        about: "What `hinton COMMAND --help` says.",
        body: helps,
    },
    Page {
        name: "options",
        file: "options.md",
        title: "Options of a picture",
        about: "The same words on the command line and in `hinton::settings::SETTINGS`.",
        body: rows,
    },
    Page {
        name: "film-options",
        file: "film-options.md",
        title: "Options of a film",
        about: "`hinton animate RUN`, with the options of its pictures. `hinton::films::AnimateRequest` takes the \
                same words.",
        body: rows,
    },
    Page {
        name: "space-options",
        file: "space-options.md",
        title: "Options of a space",
        about: "`hinton space NETWORK`. `hinton::space::SpaceRequest` takes the same words.",
        body: rows,
    },
    Page {
        name: "training-options",
        file: "training-options.md",
        title: "Options of a training",
        about: "`hinton train DATA`, with the options of the picture of what is learned. \
                `hinton::train::TrainRequest` takes the same words.",
        body: rows,
    },
    Page {
        name: "charts",
        file: "charts.md",
        title: "Charts",
        about: "`hinton draw PATH --as CHART`; without `--as` the shape chooses.",
        body: rows,
    },
    Page {
        name: "formats",
        file: "../formats.md",
        title: "File formats",
        about: "What `hinton` opens. The content decides which format a file is, not its name; each \
                may be wrapped in gzip, zstd, xz, zlib, bzip2 or LZ4.",
        body: rows,
    },
    Page {
        name: "outputs",
        file: "outputs.md",
        title: "Outputs",
        about: "The extension after `-o` chooses one, or `--format`.",
        body: rows,
    },
    Page {
        name: "exports",
        file: "exports.md",
        title: "Exports",
        about: "What `hinton export` writes.",
        body: rows,
    },
    Page {
        name: "presets",
        file: "presets.md",
        title: "Presets",
        about: "`hinton draw PATH --preset NAME` draws a picture as people know it.",
        body: rows,
    },
    Page {
        name: "layers",
        file: "layers.md",
        title: "Layers",
        about: "What models are written of: `2-16-tanh-16-tanh-2` is widths and words between dashes, the \
                same wherever `hinton` takes a model. `1x28x28-conv:6:5-relu-10` begins with a picture's \
                shape.",
        body: rows,
    },
    Page {
        name: "data",
        file: "data.md",
        title: "Data sets",
        about: "`hinton train DATA`",
        body: rows,
    },
    Page {
        name: "optimizers",
        file: "optimizers.md",
        title: "Optimisers",
        about: "`hinton train --optimizer NAME`",
        body: rows,
    },
    Page {
        name: "inits",
        file: "inits.md",
        title: "Initialisations",
        about: "`hinton train --init NAME`: the weights before training.",
        body: rows,
    },
    Page {
        name: "colormaps",
        file: "colormaps.md",
        title: "Colour maps",
        about: "`hinton draw PATH --cmap NAME`; `NAME_r` is the same map the other way round. `hinton \
                list colormaps` shows them in a terminal.",
        body: kinds,
    },
];

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let check = match arguments {
        [] => false,
        [word] if word == "--check" => true,
        _ => return Err("it is cargo xtask reference [--check]".into()),
    };
    let binary = shell::binary()?;
    let folder = shell::root().join("docs/reference");
    std::fs::create_dir_all(&folder)?;
    let mut pages = vec![("README.md".to_string(), index())];
    for page in PAGES {
        let Page { name, file, title, about, body } = page;
        let body = body(&binary, name)?;
        pages.push(((*file).to_owned(), format!("# {title}\n\n{about}\n\n{}\n", body.trim())));
    }
    let mut stale = Vec::new();
    for (name, text) in &pages {
        let path = match name.strip_prefix("../") {
            Some(above) => shell::root().join("docs").join(above),
            None => folder.join(name),
        };
        // A checkout may have other line ends than the binary prints.
        let known = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if known != *text {
            stale.push(shell::shown(&path));
            if !check {
                std::fs::write(&path, text)?;
            }
        }
    }
    for path in shell::files_under(&folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !pages.iter().any(|(page, _)| *page == name) {
            return Err(format!("{} is no page of the reference", shell::shown(&path)).into());
        }
    }
    match (check, stale.is_empty()) {
        (_, true) => println!(
            "docs/reference and docs/formats.md: {} pages, all as the tables say",
            pages.len()
        ),
        (false, _) => println!("wrote {}", stale.join(", ")),
        (true, _) => {
            let stale = stale.join(", ");
            return Err(format!("stale: {stale}; cargo xtask reference prints them anew").into());
        }
    }
    Ok(())
}

fn index() -> String {
    let mut text = String::from(
        "# Reference\n\nPrinted from the tables in the code by `cargo xtask reference`; not to be \
         edited by hand.\n\n",
    );
    for Page { file, title, .. } in PAGES {
        text.push_str(&format!("- [{title}]({file})\n"));
    }
    text
}

/// The rows of one table, as the binary prints them.
fn rows(binary: &Path, name: &str) -> Result<String, Failure> {
    let text = said(binary, &["list", name, "--markdown"])?;
    if text.trim().is_empty() {
        return Err(format!("hinton list {name} printed nothing").into());
    }
    Ok(text)
}

/// The names of one table under their kinds, in the table's order.
fn kinds(binary: &Path, name: &str) -> Result<String, Failure> {
    by_kind(&serde_json::from_str(&said(binary, &["list", name, "--json"])?)?)
}

fn by_kind(list: &Value) -> Result<String, Failure> {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for row in list.as_array().ok_or("hinton list --json printed no list")? {
        let kind = row["about"].as_str().unwrap_or_default();
        let name = format!("`{}`", row["name"].as_str().unwrap_or_default());
        match groups.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, names)) => names.push(name),
            None => groups.push((kind, vec![name])),
        }
    }
    let groups = groups.iter().map(|(kind, names)| format!("## {kind}\n\n{}\n", names.join(", ")));
    Ok(groups.collect::<Vec<_>>().join("\n"))
}

/// The help of `hinton` and of each command.
fn helps(binary: &Path, name: &str) -> Result<String, Failure> {
    let list: Value = serde_json::from_str(&said(binary, &["list", name, "--json"])?)?;
    let rows = list.as_array().ok_or("hinton list --json printed no list")?;
    let mut text = help(&said(binary, &["--help"])?, "hinton");
    for row in rows {
        let command = row["name"].as_str().unwrap_or_default();
        text.push('\n');
        text.push_str(&help(&said(binary, &[command, "--help"])?, &format!("hinton {command}")));
    }
    Ok(text)
}

fn help(said: &str, title: &str) -> String {
    let lines: Vec<&str> = said.trim_end().lines().map(str::trim_end).collect();
    format!("## {title}\n\n```text\n{}\n```\n", lines.join("\n"))
}

/// What the binary prints where there is neither a terminal nor a setting for one.
fn said(binary: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let mut command = shell::program(&binary.to_string_lossy());
    command.args(arguments).env_remove("COLUMNS").env_remove("CLICOLOR_FORCE");
    shell::output(&mut command)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_are_unique_and_the_index_links_each() {
        for (at, page) in PAGES.iter().enumerate() {
            assert!(PAGES[..at].iter().all(|other| other.name != page.name), "{}", page.name);
            assert!(index().contains(&format!("({})", page.file)));
        }
    }

    #[test]
    fn names_stand_under_their_kind_in_the_order_of_the_table() {
        let row = |name: &str, about: &str| json!({"name": name, "about": about});
        let list = json!([row("a", "one"), row("b", "two"), row("c", "one")]);
        assert_eq!(by_kind(&list).unwrap(), "## one\n\n`a`, `c`\n\n## two\n\n`b`\n");
        assert!(by_kind(&json!({})).is_err());
    }

    #[test]
    fn help_has_no_blanks_at_line_ends() {
        assert_eq!(help("a  \n\n  b\n\n", "hinton"), "## hinton\n\n```text\na\n\n  b\n```\n");
    }
}
