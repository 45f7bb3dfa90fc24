//! The laws of ARCHITECTURE.md that types can't keep: who may touch the world outside, who may
//! speak, who may be unsafe. Checked in the text of the crates; tests and comments are free.

use std::path::Path;

use crate::{Failure, shell, shell_words};

/// What only some files may use.
struct Law {
    /// Words whose presence is use.
    words: &'static [&'static str],
    /// Where it is allowed: a file, or a folder when it ends in a slash.
    allowed: &'static [&'static str],
    /// Why.
    reason: &'static str,
}

const LAWS: &[Law] = &[
    Law {
        words: &["std::fs", "fs::File", "File::open", "File::create"],
        allowed: &[
            "crates/hinton-format/src/source/file.rs",
            "crates/hinton-run/src/disk.rs",
            "crates/hinton-weights/src/write.rs",
            // Looks at the pictures of an earlier film.
            "crates/hinton-picture/src/save.rs",
            "crates/hinton-cli/",
        ],
        reason: "files are opened in one place and written in one place",
    },
    Law {
        // `is_file` and `is_dir` of a place (`Location`) are of any source: only a path's own are named.
        words: &[
            ".exists()",
            ".try_exists()",
            ".canonicalize()",
            ".read_dir()",
            ".read_link()",
            ".symlink_metadata()",
            "Path::exists",
            "Path::is_file",
            "Path::is_dir",
        ],
        allowed: &[
            "crates/hinton-format/src/source/file.rs",
            "crates/hinton-run/src/disk.rs",
            "crates/hinton-weights/src/write.rs",
            "crates/hinton-cli/",
            // Whether a file that was not read is gone.
            "crates/hinton-py/src/errors.rs",
        ],
        reason: "what is on the disk is asked where files are opened: is_file, is_folder",
    },
    Law {
        words: &["std::env", "env::var", "env::args"],
        allowed: &["crates/hinton-cli/"],
        reason: "a library is told what to do by its caller",
    },
    Law {
        words: &["std::time", "Instant::now", "SystemTime::now"],
        allowed: &[
            "crates/hinton-cli/",
            "crates/hinton-py/src/work.rs",
            "crates/hinton-serve/src/server.rs",
            // Lengths of time for the web library; no clock.
            "crates/hinton-remote/src/agent.rs",
        ],
        reason: "the same input gives the same bytes at any hour",
    },
    Law {
        words: &["process::exit", "process::abort", "process::Command"],
        allowed: &["crates/hinton-cli/"],
        reason: "a library starts nothing and ends nothing",
    },
    Law {
        words: &["thread::spawn", "thread::scope", "thread::Builder", "thread::*"],
        allowed: &[
            "crates/hinton-tensor/src/read/stripes.rs",
            "crates/hinton-render/src/films/pipeline.rs",
            "crates/hinton/src/demo/mod.rs",
            "crates/hinton-cli/",
            "crates/hinton-py/src/work.rs",
        ],
        reason: "work is split in one place, where the number of threads changes no result",
    },
    Law {
        words: &["ureq::", "TcpStream", "TcpListener", "UdpSocket", "UnixStream"],
        allowed: &[
            "crates/hinton-cli/src/viewing.rs",
            "crates/hinton-cli/src/download.rs",
            "crates/hinton-cli/src/remote.rs",
            "crates/hinton-serve/",
            "crates/hinton-remote/src/agent.rs",
            // The proxy that the caller chose.
            "crates/hinton-remote/src/settings.rs",
        ],
        reason: "the network is asked in two places and answered in one",
    },
    Law {
        words: &["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code)"],
        allowed: &[
            "crates/hinton-format/src/source/file.rs",
            "crates/hinton-tensor/src/simd.rs",
            "crates/hinton-py/src/lent.rs",
            "crates/hinton-wasm/src/abi.rs",
        ],
        reason: "a memory map, a choice of vector instructions, Python's arrays and the calls between a page \
                 and its module are all that needs it",
    },
    Law {
        words: &[
            "println!",
            "eprintln!",
            "print!",
            "eprint!",
            "io::stdout",
            "io::stderr",
            "io::stdin",
        ],
        allowed: &["crates/hinton-cli/"],
        reason: "libraries are silent; warnings are values",
    },
];

/// Every breach, as `file:line: what, and why not`.
pub(crate) fn broken() -> Result<Vec<String>, Failure> {
    let mut faults = Vec::new();
    for path in shell::files_under(&shell::root().join("crates"))? {
        let shown = shell::shown(&path);
        if is_source(&path, &shown) {
            faults.extend(breaches(&shown, &shell::read(&path)?));
        }
        if is_root_of_tests(&shown) {
            let beside = shell::files_under(path.parent().unwrap_or(&path))?;
            let beside: Vec<String> = beside.iter().map(|path| shell::shown(path)).collect();
            faults.extend(tests_left_out(&shown, &shell::read(&path)?, &beside));
        }
    }
    Ok(faults)
}

fn is_root_of_tests(shown: &str) -> bool {
    shown.ends_with("/tests/it.rs")
}

/// Files beside `tests/it.rs` that it does not have as a module: cargo would not run their tests.
/// One binary for all tests of a crate links once, where one a file took minutes and gigabytes.
fn tests_left_out(root: &str, text: &str, beside: &[String]) -> Vec<String> {
    let folder = root.trim_end_matches("it.rs");
    let names = beside.iter().filter_map(|file| file.strip_prefix(folder)?.strip_suffix(".rs"));
    let left_out = names.filter(|name| {
        let module = format!("mod {name};");
        *name != "it" && !name.contains('/') && !text.lines().any(|line| line == module)
    });
    left_out.map(|name| format!("{root}: {name}.rs is not run: add `mod {name};`")).collect()
}

/// Whether it is part of a crate rather than of its tests.
fn is_source(path: &Path, shown: &str) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.extension().is_some_and(|extension| extension == "rs")
        && shown.contains("/src/")
        // Tests alone use it.
        && !shown.starts_with("crates/hinton-testing/")
        && !shown.contains("/tests/")
        && stem != "tests"
        && !stem.ends_with("_tests")
}

fn breaches(shown: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let speaks_no_shell = shell_words::applies(shown);
    for (number, line) in own_lines(text) {
        if let Some(word) = shell_words::found(&line).filter(|_| speaks_no_shell) {
            faults.push(format!(
                "{shown}:{number}: {word} is not for here: a library names the setting, `range`"
            ));
        }
        for law in LAWS {
            if law.allowed.iter().any(|place| allows(place, shown)) {
                continue;
            }
            if let Some(word) = law.words.iter().find(|word| uses(&line, word)) {
                faults.push(format!("{shown}:{number}: {word} is not for here: {}", law.reason));
            }
        }
    }
    faults
}

fn allows(place: &str, shown: &str) -> bool {
    if place.ends_with('/') { shown.starts_with(place) } else { shown == place }
}

/// The lines of the file that are code, numbered from 1: no comments, and no item at the margin under
/// `#[cfg(test)]`. A `use` is one line whatever its length, with each of its names in full.
fn own_lines(text: &str) -> Vec<(usize, String)> {
    let mut own = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if line == "#[cfg(test)]" {
            // To the end of the item: a brace or a semicolon at the margin.
            lines.by_ref().map(|(_, line)| line).find(|line| ends_item(line));
            continue;
        }
        if line.trim_start().starts_with("//") {
            continue;
        }
        let used = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        let Some(used) = used.strip_prefix("use ") else {
            own.push((index + 1, line.to_owned()));
            continue;
        };
        let mut whole = used.to_owned();
        while !whole.contains(';') {
            let Some((_, more)) = lines.next() else { break };
            whole.push_str(more.split("//").next().unwrap_or_default().trim());
        }
        let whole = whole.split(';').next().unwrap_or_default();
        own.extend(in_full("", whole).into_iter().map(|path| (index + 1, path)));
    }
    own
}

/// Whether an item that begins at the margin ends with this line.
fn ends_item(line: &str) -> bool {
    line.starts_with('}') || (line.ends_with(';') && !line.starts_with(' '))
}

/// The names of a `use`, each in full: of `std::{fs, io::{self, Write}}` there are `std::fs`, `std::io`
/// and `std::io::Write`.
fn in_full(before: &str, used: &str) -> Vec<String> {
    let used = used.trim();
    let Some((path, names)) = used.split_once('{') else {
        let path = format!("{before}{used}");
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let names = names.trim_end().strip_suffix('}').unwrap_or(names);
    let before = format!("{before}{path}");
    let (mut depth, mut start, mut all) = (0usize, 0, Vec::new());
    for (at, letter) in names.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                all.extend(in_full(&before, &names[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    if !names[start..].trim().is_empty() {
        all.extend(in_full(&before, &names[start..]));
    }
    all
}

/// Whether the line has the word, not as the end of a longer one.
fn uses(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        // A method comes after a name.
        if word.starts_with('.') {
            return true;
        }
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = "crates/hinton-chart/src/charts/hinton.rs";

    #[test]
    fn a_breach_is_told_with_file_and_line() {
        let faults = breaches(LIBRARY, "fn a() {\n    let t = std::time::Instant::now();\n}\n");
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("crates/hinton-chart/src/charts/hinton.rs:2: std::time"));
    }

    #[test]
    fn every_law_can_be_broken() {
        for law in LAWS {
            for word in law.words {
                let faults = breaches(LIBRARY, &format!("    {word}();\n"));
                assert!(!faults.is_empty(), "{word}");
            }
        }
    }

    #[test]
    fn every_way_of_a_use_is_seen() {
        for (used, word) in [
            ("use std::{fs, io};\n", "std::fs"),
            ("use std::{\n    cmp::Ordering,\n    fs::{self, File},\n};\n", "std::fs"),
            ("use std::thread::{Builder, ScopedJoinHandle};\n", "thread::Builder"),
            ("use std::thread::*;\n", "thread::*"),
            ("use std::process::{\n    Command,\n    Stdio,\n};\n", "process::Command"),
            ("pub(crate) use std::time::{Duration, Instant};\n", "std::time"),
            ("use std::io::{Write as _, stdout};\n", "io::stdout"),
            ("    use std::env::args;\n", "std::env"),
        ] {
            let faults = breaches(LIBRARY, used);
            let told = format!("{LIBRARY}:1: {word} is not for here");
            assert!(faults.iter().any(|fault| fault.starts_with(&told)), "{used}: {faults:?}");
        }
        assert!(
            breaches(LIBRARY, "use std::{\n    cmp::Ordering,\n    io::{self, Write},\n};\n")
                .is_empty()
        );
    }

    #[test]
    fn the_world_is_touched_in_no_room_that_may_not() {
        let breach = [
            "std::thread::spawn(|| 1);",
            "let now = std::time::Instant::now();",
            "let now = SystemTime::now();",
            "let text = std::fs::read(path)?;",
            "let there = path.exists();",
            "let home = std::env::var(\"HOME\");",
            "println!(\"done\");",
            "std::process::exit(1);",
        ];
        let crates = shell::files_under(&shell::root().join("crates")).unwrap();
        let roots = crates.iter().map(|path| shell::shown(path));
        let roots = roots.filter(|path| path.ends_with("/src/lib.rs"));
        let below = |path: &String| {
            !["hinton-cli", "hinton-testing"].iter().any(|name| path.contains(name))
        };
        let mut count = 0;
        for root in roots.filter(below) {
            assert!(is_source(Path::new(&root), &root), "{root}");
            for line in breach {
                let text = format!("fn f() {{\n    {line}\n}}\n");
                assert!(!breaches(&root, &text).is_empty(), "{root}: {line}");
            }
            count += 1;
        }
        assert!(count >= 20, "{count}");
    }

    #[test]
    fn what_follows_an_item_for_tests_is_no_test() {
        let after = "fn f() {\n    std::fs::read(path)\n}\n";
        for item in ["mod tests {\n    use std::fs;\n}\n", "mod tests;\n", "use std::fs;\n"] {
            let faults = breaches(LIBRARY, &format!("#[cfg(test)]\n{item}{after}"));
            assert_eq!(faults.len(), 1, "{item}: {faults:?}");
        }
    }

    #[test]
    fn tests_comments_and_allowed_places_are_free() {
        assert!(breaches(LIBRARY, "// std::fs\n/// std::env\n").is_empty());
        assert!(breaches(LIBRARY, "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n").is_empty());
        assert!(breaches("crates/hinton-cli/src/main.rs", "println!();\n").is_empty());
        assert!(breaches("crates/hinton-format/src/source/file.rs", "use std::fs;\n").is_empty());
        assert!(!is_source(Path::new("a/tests.rs"), "crates/a/src/tests.rs"));
        assert!(is_source(Path::new("a/table.rs"), "crates/a/src/table.rs"));
    }

    #[test]
    fn a_file_of_tests_that_is_not_run_is_told() {
        let beside =
            ["it.rs", "a.rs", "b.rs", "data/c.rs"].map(|file| format!("crates/x/tests/{file}"));
        let left_out = tests_left_out("crates/x/tests/it.rs", "mod a;\n", &beside);
        assert_eq!(left_out, ["crates/x/tests/it.rs: b.rs is not run: add `mod b;`"]);
    }

    #[test]
    fn a_longer_word_is_another_word() {
        assert!(!uses("    eprintln!()", "println!"));
        assert!(uses("    println!()", "println!"));
    }
}
