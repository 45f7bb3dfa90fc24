//! The chores of the house: `cargo xtask help`. One file a chore, one row each in [`COMMANDS`].

mod arrows;
mod bench;
mod bless;
mod changed;
mod demo;
mod dist;
mod facade;
mod laws;
mod licences;
mod new;
mod python;
mod reference;
mod shell;
mod shell_words;
mod skips;
mod test;
mod wasm;
mod web;

use std::process::ExitCode;

/// What a chore says when it fails.
type Failure = Box<dyn std::error::Error>;

/// A chore.
struct Command {
    /// The word after `cargo xtask`.
    name: &'static str,
    /// Its arguments, as help shows them.
    arguments: &'static str,
    /// One line.
    about: &'static str,
    /// Does it; gets what follows the name.
    run: fn(&[String]) -> Result<(), Failure>,
}

/// Every chore.
const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        arguments: "[STEP…] [--fast] [--may-skip=NEED,…]",
        about: "everything a change must pass, in order, stopping at the first failure, and the count of what was skipped; \
                --fast: the crates that a change touches; --may-skip: a skip for lack of anything else is a failure",
        run: test::run,
    },
    Command {
        name: "arrows",
        arguments: "",
        about: "compares ARCHITECTURE.md's arrows with the crates, and who touches the world",
        run: arrows::run,
    },
    Command {
        name: "licences",
        arguments: "[--install|--wheel]",
        about: "checks the licences of all dependencies; --install builds cargo-deny first where it is not installed, for all \
                of deny.toml; --wheel writes the texts that a wheel takes along",
        run: licences::run,
    },
    Command {
        name: "demo",
        arguments: "",
        about: "builds the binary, runs `hinton demo` and checks what it wrote",
        run: demo::run,
    },
    Command {
        name: "bless",
        arguments: "",
        about: "makes the golden pictures anew, names those that changed, and leaves target/golden.html: before, after, difference",
        run: bless::run,
    },
    Command {
        name: "new",
        arguments: "format|chart|output NAME",
        about: "writes the file, the `mod` line and the row of a new one, and says what is next",
        run: new::run,
    },
    Command {
        name: "reference",
        arguments: "[--check]",
        about: "prints docs/reference/ and docs/formats.md anew from the tables; --check only compares",
        run: reference::run,
    },
    Command {
        name: "web",
        arguments: "[--check|--test [FOLDER]]",
        about: "builds web/ into the pages that Rust ships; compares them; drives them in Chromium, with screenshots to FOLDER",
        run: web::run,
    },
    Command {
        name: "wasm",
        arguments: "[--check]",
        about: "builds the viewer as one page that needs no server, target/pages/hinton.html; --check only compiles its module",
        run: wasm::run,
    },
    Command {
        name: "python",
        arguments: "[large|bench [--write]]",
        about: "builds the wheel of python/ and runs its tests, in an environment under the target folder; large: with torch, \
                JAX, Keras, Lightning, transformers; bench: measures a release build there, --write for docs/benchmarks.md",
        run: python::run,
    },
    Command {
        name: "dist",
        arguments: "[--profile NAME] [--check] [--no-wheel]",
        about: "makes what people install, in target/dist: archive, .deb, wheel, page, checksums; --check uses it in a clean folder",
        run: dist::run,
    },
    Command {
        name: "bench",
        arguments: "[CASE…|tiles] [--slow] [--write]",
        about: "times hinton beside the Python way; --slow runs the slowest peers too; tiles: tiles and pyramids",
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("help", String::as_str);
    if matches!(name, "help" | "-h" | "--help") {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("cargo xtask: there is no chore named {name}\n\n{}", help());
        return ExitCode::from(2);
    };
    match (command.run)(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("cargo xtask {name}: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let mut text = String::from("The chores of the house.\n\n");
    for Command { name, arguments, about, .. } in COMMANDS {
        let usage = format!("cargo xtask {name} {arguments}");
        text.push_str(&format!("  {usage:<44}{about}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_each_says_what_it_does() {
        for (index, command) in COMMANDS.iter().enumerate() {
            assert!(!command.about.is_empty(), "{}", command.name);
            assert!(COMMANDS[..index].iter().all(|other| other.name != command.name));
        }
    }

    #[test]
    fn help_names_every_chore() {
        let text = help();
        for command in COMMANDS {
            assert!(text.contains(&format!("cargo xtask {} ", command.name)));
        }
    }
}
