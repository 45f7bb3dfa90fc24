//! What a person sees in a real terminal: tmux draws it, and says what is on its screen.
#![cfg(unix)]

use crate::support;

use std::process::Command;

use support::Folder;

const MLP: &str = "digits_mlp.safetensors";

/// A tmux server of this test's own.
struct Screen {
    socket: String,
    folder: Folder,
}

impl Screen {
    /// `None`, and the test counts as skipped, where there is no tmux.
    fn new(columns: usize, rows: usize) -> Option<Screen> {
        if Command::new("tmux").arg("-V").output().is_err() {
            hinton_testing::skip("tmux", "there is no tmux");
            return None;
        }
        let folder = Folder::new();
        let socket = folder.path().join("tmux").to_str().unwrap().to_owned();
        let screen = Screen { socket, folder };
        let (width, height) = (columns.to_string(), rows.to_string());
        let size = ["-x", &width, "-y", &height];
        let mut args = vec!["-f", "/dev/null", "new-session", "-d"];
        args.extend(size);
        args.push("PS1= exec /bin/sh");
        screen.tmux(&args);
        Some(screen)
    }

    fn tmux(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-S", &self.socket])
            .args(args)
            .current_dir(self.folder.path())
            .env("LC_ALL", "C.UTF-8")
            .env_remove("NO_COLOR")
            .env_remove("TMUX")
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command line and waits for its end; what is on the screen then, colours included.
    fn shows(&self, before: &str, args: &str) -> String {
        let binary = env!("CARGO_BIN_EXE_hinton");
        let socket = &self.socket;
        let line =
            format!("clear; {before} '{binary}' {args}; tmux -S '{socket}' wait-for -S done");
        self.tmux(&["send-keys", &line, "Enter"]);
        self.tmux(&["wait-for", "done"]);
        self.tmux(&["capture-pane", "-e", "-p"])
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-S", &self.socket, "kill-server"]).output();
    }
}

/// The text without colours.
fn plain(screen: &str) -> String {
    let mut text = String::new();
    let mut rest = screen;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        text.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    text + rest
}

#[test]
fn pictures_are_blocks_in_the_windows_colours() {
    let Some(screen) = Screen::new(90, 40) else { return };
    let shown = screen.shows("COLORTERM=truecolor", &format!("draw {MLP} -t 2.weight"));
    assert!(shown.contains("38;2;"), "24-bit colours");
    assert!(plain(&shown).contains("2.weight") && plain(&shown).contains('▀'));
    assert!(plain(&shown).contains("rows ↓ axis 0 (10)"));
    let shown = screen.shows("COLORTERM= TERM=tmux-256color", &format!("draw {MLP} -t 2.weight"));
    assert!(shown.contains("38;5;") && !shown.contains("38;2;"), "256 colours");
    let shown = screen.shows("NO_COLOR=1", &format!("draw {MLP} -t 2.weight"));
    assert!(!shown.contains('\u{1b}') && shown.contains("2.weight"), "{shown}");
    // No pictures that tmux would not pass on.
    let shown = screen.shows("KITTY_WINDOW_ID=1", &format!("draw {MLP} -t 2.weight"));
    assert!(plain(&shown).contains('▀'));
}

#[test]
fn tables_fit_the_window() {
    for columns in [130, 80, 40] {
        let Some(screen) = Screen::new(columns, 50) else { return };
        for args in
            ["inspect *.safetensors", "inspect *.safetensors --stats -t '*.weight' -t weight"]
        {
            // Of files without such a tensor an error is shown, too.
            let shown = plain(&screen.shows("", args));
            assert!(shown.contains("f32"), "{shown}");
            // A line that wrapped would begin with the end of another.
            let first = |line: &&str| !line.is_empty();
            let names = ["digits", "optim", "weight", "conv", "fc", "0.", "2.", "bias", "NAME"];
            for line in shown.lines().filter(first).filter(|line| line.contains("f32")) {
                assert!(names.iter().any(|name| line.starts_with(name)), "{columns}: {line:?}");
            }
        }
    }
}

#[test]
fn colour_maps_show_their_colours() {
    let Some(screen) = Screen::new(80, 150) else { return };
    let shown = screen.shows("COLORTERM=truecolor", "list colormaps");
    assert!(shown.contains("48;2;"));
    let text = plain(&shown);
    assert!(text.lines().any(|line| line.starts_with("viridis")), "{text}");
}

/// A full disk under standard output is told, for help as for everything else.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_standard_output_is_told() {
    let folder = Folder::new();
    for args in [&["--help"][..], &["draw", "--help"], &["list", "formats"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let said = support::said(folder.command(args).stdout(full).output().unwrap());
        assert_eq!(said.code, 1, "{args:?}");
        assert!(
            said.err.contains("cannot write to standard output: no space left"),
            "{}",
            said.err
        );
    }
}
