//! `cargo xtask new format|chart|output NAME`: the file, its `mod` line and its row.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, shell};

/// A kind of thing that is one file and one row.
struct Kind {
    /// What `cargo xtask new` calls it.
    name: &'static str,
    /// The package that holds it.
    package: &'static str,
    /// The folder of the files; its mod.rs holds the table.
    folder: &'static str,
    /// The table.
    table: &'static str,
    /// A whole small example, `__name__` in it stands for the name.
    template: &'static str,
    /// The files it wants besides, and what is in them: under the root, for the name.
    besides: fn(&Path, &str) -> Result<Files, Failure>,
    /// What is left to do.
    next: &'static str,
}

/// Files to be written, each whole.
type Files = Vec<(PathBuf, String)>;

const KINDS: &[Kind] = &[
    Kind {
        name: "format",
        package: "hinton-format",
        folder: "crates/hinton-format/src/formats",
        table: "FORMATS",
        template: include_str!("format.rs.txt"),
        besides: fuzz_target,
        next: "\
1. Change sniff and open to the format's; name its specification in the first lines and in help.
2. Make a small fixture, with the script that made it beside it, and a test that reads it.
3. Keep the test that cuts a file at every length.",
    },
    Kind {
        name: "chart",
        package: "hinton-chart",
        folder: "crates/hinton-chart/src/charts",
        table: "CHARTS",
        template: include_str!("chart.rs.txt"),
        besides: |_, _| Ok(Files::new()),
        next: "\
1. Say in need what the chart wants to know of each panel; draw it in build.
2. Add golden pictures to the tests, run cargo xtask bless, and look at each: light, dark, paper.
3. Try it: cargo run --release -- draw PATH --as __name__ -o x.png",
    },
    Kind {
        name: "output",
        package: "hinton-render",
        folder: "crates/hinton-render/src/outputs",
        table: "OUTPUTS",
        template: include_str!("output.rs.txt"),
        besides: |_, _| Ok(Files::new()),
        next: "\
1. Draw every kind of item in write; lay nothing out.
2. Add it to the golden tests, run cargo xtask bless, and look at what it wrote.
3. Try it: cargo run --release -- demo",
    },
];

/// What every new thing wants besides.
const NEXT: &str = "\
4. Print the reference pages anew: cargo xtask reference
5. A line in CHANGELOG.md, then cargo xtask test.";

const USAGE: &str = "it is cargo xtask new format|chart|output NAME, or cargo xtask new --check";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if arguments == ["--check"] {
        return check();
    }
    let [kind, name] = arguments else { return Err(USAGE.into()) };
    let kind = KINDS.iter().find(|row| row.name == kind).ok_or(USAGE)?;
    let written = write(&shell::root(), kind, name)?;
    for path in &written {
        println!("wrote {}", shell::shown(path));
    }
    // Only for order and line breaks; without rustfmt the files compile all the same.
    shell::works(shell::cargo().args(["fmt", "--package", kind.package]));
    println!(
        "\nIt compiles and its tests pass. Next:\n{}\n{NEXT}",
        kind.next.replace("__name__", name)
    );
    Ok(())
}

/// The name of what is made to be tried.
const TRIED: &str = "sample";

/// Tests that use one of each kind as people would; in the copy they stand in the place of the
/// library's own.
const USES: (&str, &str) = ("crates/hinton/tests/it.rs", include_str!("made.rs.txt"));

/// Writes one of each kind into a copy of the tree, runs the tests that come with them, and then
/// opens a file of the new format, draws it with the new chart and saves it as the new output.
pub(crate) fn check() -> Result<(), Failure> {
    let target = shell::target_dir()?;
    let tree = target.join("new-check");
    if tree.exists() {
        std::fs::remove_dir_all(&tree)?;
    }
    copy_tree(&shell::root(), &tree)?;
    std::fs::write(tree.join(USES.0), filled(USES.1, TRIED))?;
    for kind in KINDS {
        write(&tree, kind, TRIED)?;
    }
    let mut own = in_copy(&tree, &target);
    own.arg("--lib");
    for kind in KINDS {
        own.args(["--package", kind.package]);
    }
    let said = shell::output(own.args(["--", &format!("{TRIED}::")]))?;
    all_ran(&said, KINDS.len())?;
    let mut uses = in_copy(&tree, &target);
    let said = shell::output(uses.args(["--package", "hinton", "--test", "it"]))?;
    all_ran(&said, 1)?;
    std::fs::remove_dir_all(&tree)?;
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    println!("a new {} compiles, its tests pass, and it is used", names.join(", a new "));
    Ok(())
}

/// `cargo test` in the copy. Its crates are compiled as quickly as they can be, for the tests are few and
/// small; other crates are those of all builds.
fn in_copy(tree: &Path, target: &Path) -> Command {
    let mut test = shell::cargo();
    test.current_dir(tree).env("CARGO_TARGET_DIR", target);
    test.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
    test.env("CARGO_INCREMENTAL", "0").args(["test", "--quiet"]);
    test
}

/// Whether that many programs of tests ran, none without a test.
fn all_ran(said: &str, programs: usize) -> Result<(), Failure> {
    let ran = said.lines().filter(|line| line.starts_with("running ")).count();
    let none = said.lines().filter(|line| line.starts_with("running 0 ")).count();
    if ran == programs && none == 0 {
        return Ok(());
    }
    Err(format!("a template's tests did not run:\n{said}").into())
}

/// Writes the file, its `mod` line, its row and what it wants besides; returns what was written.
fn write(root: &Path, kind: &Kind, name: &str) -> Result<Vec<PathBuf>, Failure> {
    check_name(name)?;
    let folder = root.join(kind.folder);
    let (file, table) = (folder.join(format!("{name}.rs")), folder.join("mod.rs"));
    if file.exists() || folder.join(name).exists() {
        return Err(format!("there is a {} named {name} already", kind.name).into());
    }
    let changed = with_row(&shell::read(&table)?, kind.table, name)
        .map_err(|failure| format!("{}: {failure}", shell::shown(&table)))?;
    let mut files = vec![(file, filled(kind.template, name)), (table, changed)];
    files.extend((kind.besides)(root, name)?);
    for (path, text) in &files {
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// A fuzz target for a format, and its lines in the manifest.
fn fuzz_target(root: &Path, name: &str) -> Result<Files, Failure> {
    let folder = root.join("fuzz");
    let manifest = folder.join("Cargo.toml");
    let text = shell::read(&manifest)?;
    let end = text.find("\n[workspace]").ok_or("fuzz/Cargo.toml has no [workspace] at its end")?;
    let (before, after) = text.split_at(end);
    let lines = format!(
        "\n[[bin]]\nname = \"open_{name}\"\npath = \"fuzz_targets/open_{name}.rs\"\ntest = false\n\
         doc = false\nbench = false\n"
    );
    let target = format!(
        "#![no_main]\n\nlibfuzzer_sys::fuzz_target!(|bytes: &[u8]| hinton_fuzz::open({name:?}, bytes));\n"
    );
    Ok(vec![
        (folder.join(format!("fuzz_targets/open_{name}.rs")), target),
        (manifest, format!("{before}{lines}{after}")),
    ])
}

/// A name is a module's and a word of the command line.
fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let taken =
        ["mod", "tests", "type", "match", "box", "move", "static", "const", "super", "self"];
    if name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(plain)
        && !taken.contains(&name)
    {
        return Ok(());
    }
    Err(format!("{name:?} can't be a module: a lower-case word such as gguf is wanted").into())
}

fn filled(template: &str, name: &str) -> String {
    let magic: String = name.to_ascii_uppercase().chars().chain("____".chars()).take(4).collect();
    template.replace("__name__", name).replace("__magic__", &magic)
}

/// The text of a table's file with `mod name;` after the other modules and `name::ROW` as last row.
fn with_row(text: &str, table: &str, name: &str) -> Result<String, Failure> {
    let lines: Vec<&str> = text.lines().collect();
    let is_mod = |line: &&str| {
        let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        line.starts_with("mod ") && line.ends_with(';')
    };
    let last = lines.iter().rposition(is_mod).ok_or("no `mod` line to stand beside")?;
    // A module is as visible as its neighbours.
    let visible = if lines[last].starts_with("pub(crate)") { "pub(crate) " } else { "" };
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        text.push_str(line);
        text.push('\n');
        if index == last {
            text.push_str(&format!("{visible}mod {name};\n"));
        }
    }
    let start = text.find(&format!("const {table}: ")).ok_or(format!("no table {table}"))?;
    let end = start + text[start..].find("];").ok_or(format!("the table {table} has no end"))?;
    let rows = text[..end].trim_end();
    let comma = if rows.ends_with(['[', ',']) { "" } else { "," };
    Ok(format!("{rows}{comma} {name}::ROW{}", &text[end..]))
}

/// Copies what the packages are built from.
fn copy_tree(from: &Path, to: &Path) -> Result<(), Failure> {
    for path in shell::files_under(from)? {
        let inside = path.strip_prefix(from)?;
        let first = inside.iter().next().unwrap_or_default().to_string_lossy().into_owned();
        if matches!(first.as_str(), "crates" | "fuzz" | "xtask" | "Cargo.toml" | "Cargo.lock") {
            let copy = to.join(inside);
            std::fs::create_dir_all(copy.parent().unwrap_or(to))?;
            std::fs::copy(&path, &copy).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "//! T.\n\nuse a;\n\npub(crate) mod npy;\n\n/// All.\npub const FORMATS: &[Row] =\n    &[npy::ROW, npz::ROW];\n\nfn f() {}\n";

    #[test]
    fn the_row_comes_last_and_the_module_beside_the_others() {
        let text = with_row(TABLE, "FORMATS", "gguf").unwrap();
        assert!(text.contains("pub(crate) mod npy;\npub(crate) mod gguf;\n"), "{text}");
        assert!(text.contains("&[npy::ROW, npz::ROW, gguf::ROW];"), "{text}");
        assert!(text.ends_with("fn f() {}\n"), "{text}");
        let twice = with_row(&text, "FORMATS", "onnx").unwrap();
        assert!(twice.contains("gguf::ROW, onnx::ROW];"), "{twice}");
    }

    #[test]
    fn a_row_on_its_own_line_keeps_its_comma() {
        let text = "mod png;\npub const OUTPUTS: &[Row] = &[\n    png::ROW,\n];\n";
        assert!(with_row(text, "OUTPUTS", "gif").unwrap().contains("png::ROW, gif::ROW];"));
    }

    #[test]
    fn a_file_without_modules_or_table_is_told() {
        assert!(with_row("fn f() {}\n", "FORMATS", "x").is_err());
        assert!(with_row("mod a;\n", "FORMATS", "x").is_err());
    }

    #[test]
    fn the_tables_of_the_house_take_a_row() {
        for kind in KINDS {
            let path = shell::root().join(kind.folder).join("mod.rs");
            let text = with_row(&shell::read(&path).unwrap(), kind.table, "sample").unwrap();
            assert!(text.contains("mod sample;"), "{}", kind.name);
            assert!(text.contains(" sample::ROW"), "{}", kind.name);
        }
    }

    #[test]
    fn a_format_gets_a_fuzz_target_before_the_end_of_the_manifest() {
        let files = fuzz_target(&shell::root(), "sample").unwrap();
        assert!(files[0].1.contains("hinton_fuzz::open(\"sample\", bytes)"));
        let manifest = &files[1].1;
        assert!(manifest.contains("bench = false\n\n[[bin]]\nname = \"open_sample\"\n"));
        assert!(manifest.ends_with("bench = false\n\n[workspace]\n"), "{manifest}");
    }

    #[test]
    fn templates_are_filled_whole() {
        for kind in KINDS {
            let text = filled(kind.template, "gguf");
            assert!(text.contains("name: \"gguf\""), "{}", kind.name);
            assert!(!text.contains("__"), "{}", kind.name);
        }
        assert!(filled(KINDS[0].template, "gguf").contains("*b\"GGUF\""));
        assert!(filled(KINDS[0].template, "np").contains("*b\"NP__\""));
    }

    #[test]
    fn only_words_that_can_be_modules_are_names() {
        for good in ["gguf", "npy2", "keras_h5"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "GGUF", "2d", "a-b", "../x", "type", "mod"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
