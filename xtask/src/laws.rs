//! The laws of ARCHITECTURE.md that types can't keep: who may touch the world outside, who may
//! speak, who may be unsafe. Checked in the text of the crates; tests and comments are free.

use std::path::Path;

use crate::{Failure, shell, shell_words};

/// What only some files may use.
struct Law {
    /// Words whose presence is use.
    words: &'static [&'static str],
    /// The same as a name in a braced `use std::{…}`; empty if there is none.
    in_braces: &'static str,
    /// Where it is allowed: a file, or a folder when it ends in a slash.
    allowed: &'static [&'static str],
    /// Why.
    reason: &'static str,
}

const LAWS: &[Law] = &[
    Law {
        words: &["std::fs", "fs::File", "File::open", "File::create"],
        in_braces: "fs",
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
        words: &["std::env", "env::var", "env::args"],
        in_braces: "env",
        allowed: &["crates/hinton-cli/"],
        reason: "a library is told what to do by its caller",
    },
    Law {
        words: &["std::time", "Instant::now", "SystemTime::now"],
        in_braces: "time",
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
        in_braces: "",
        allowed: &["crates/hinton-cli/"],
        reason: "a library starts nothing and ends nothing",
    },
    Law {
        words: &["thread::spawn", "thread::scope", "thread::Builder"],
        in_braces: "thread",
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
        in_braces: "",
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
        in_braces: "",
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
        words: &["println!", "eprintln!", "print!", "eprint!", "io::stdout", "io::stderr"],
        in_braces: "",
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
        if let Some(word) = shell_words::found(line).filter(|_| speaks_no_shell) {
            faults.push(format!(
                "{shown}:{number}: {word} is not for here: a library names the setting, `range`"
            ));
        }
        for law in LAWS {
            if law.allowed.iter().any(|place| allows(place, shown)) {
                continue;
            }
            let word = law.words.iter().find(|word| uses(line, word)).copied();
            let word = word.or_else(|| braced(line, law.in_braces).then_some(law.in_braces));
            if let Some(word) = word {
                faults.push(format!("{shown}:{number}: {word} is not for here: {}", law.reason));
            }
        }
    }
    faults
}

fn allows(place: &str, shown: &str) -> bool {
    if place.ends_with('/') { shown.starts_with(place) } else { shown == place }
}

/// The lines of the file that are code, numbered from 1: no comments, and nothing from the first
/// `#[cfg(test)]` at the margin on, for the house puts tests last.
fn own_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let until_tests = numbered.take_while(|(_, line)| *line != "#[cfg(test)]");
    until_tests.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether the line has the word, not as the end of a longer one.
fn uses(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Whether the line is `use std::{…}` with this module among the names.
fn braced(line: &str, module: &str) -> bool {
    let Some(names) = line.trim_start().strip_prefix("use std::{") else {
        return false;
    };
    !module.is_empty()
        && names.split([',', '}', ' ']).any(|name| name.split("::").next() == Some(module))
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
            if !law.in_braces.is_empty() {
                let line = format!("use std::{{io, {}::Thing}};\n", law.in_braces);
                assert_eq!(breaches(LIBRARY, &line).len(), 1, "{line}");
            }
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
