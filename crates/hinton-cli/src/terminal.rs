//! What the terminal can show. Only this file, `download.rs` and `remote.rs` look at the
//! environment.

use std::io::IsTerminal;

use hinton::outputs::{Graphics, TerminalOptions};
use terminal_size::{Height, Width};

/// The words for what a terminal can show.
pub(crate) const GRAPHICS: [(&str, Graphics); 6] = [
    ("kitty", Graphics::Kitty),
    ("iterm2", Graphics::Iterm2),
    ("sixel", Graphics::Sixel),
    ("truecolor", Graphics::TrueColor),
    ("256", Graphics::Colors256),
    ("ascii", Graphics::Ascii),
];

/// The variable that overrides what is found out.
const OVERRIDE: &str = "HINTON_GRAPHICS";

/// The terminal that standard output goes to, or a plain one where it goes elsewhere.
pub(crate) struct Terminal {
    /// What it can show, and its size.
    pub(crate) options: TerminalOptions,
    /// Whether its background is light, as far as it says.
    pub(crate) is_light: bool,
    /// Whether standard output is a terminal at all.
    pub(crate) is_there: bool,
}

impl Terminal {
    /// Finds out; `asked` is what was asked for instead.
    pub(crate) fn detect(asked: Option<Graphics>) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let is_there = std::io::stdout().is_terminal();
        let mut options = TerminalOptions::default();
        let told = variable(OVERRIDE).and_then(|word| graphics_named(&word));
        options.graphics = asked.or(told).unwrap_or_else(|| graphics(is_there, &variable));
        let (columns, rows) = size(&variable);
        options.columns = columns.unwrap_or(options.columns);
        options.rows = rows.unwrap_or(options.rows);
        Terminal { options, is_light: is_light(&variable), is_there }
    }

    /// Columns to fit text into; `None` where it goes to a file or pipe.
    pub(crate) fn text_width(&self) -> Option<usize> {
        self.is_there.then_some(self.options.columns)
    }

    /// Whether text may be coloured.
    pub(crate) fn has_color(&self) -> bool {
        self.options.graphics != Graphics::Ascii
    }
}

/// Detects what the terminal of this process's standard output can show.
pub fn terminal_options() -> TerminalOptions {
    Terminal::detect(None).options
}

/// What that word means.
pub(crate) fn graphics_named(word: &str) -> Option<Graphics> {
    let word = word.to_ascii_lowercase();
    GRAPHICS.iter().find(|(name, _)| *name == word).map(|(_, graphics)| *graphics)
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// COLUMNS and LINES, where they are exported, are what the user wants; else the window's size.
fn size(variable: Variables<'_>) -> (Option<usize>, Option<usize>) {
    let number =
        |name: &str| variable(name)?.parse().ok().filter(|&n: &usize| (1..=1000).contains(&n));
    let window = terminal_size::terminal_size();
    let columns = window.map(|(Width(columns), _)| usize::from(columns));
    let rows = window.map(|(_, Height(rows))| usize::from(rows));
    let there = |size: &usize| *size > 0;
    (number("COLUMNS").or(columns).filter(there), number("LINES").or(rows).filter(there))
}

/// What a terminal with these variables can show.
fn graphics(is_terminal: bool, variable: Variables<'_>) -> Graphics {
    let term = variable("TERM").unwrap_or_default();
    if !is_terminal || variable("NO_COLOR").is_some() || matches!(&*term, "dumb" | "linux") {
        return Graphics::Ascii;
    }
    // A multiplexer passes no pictures on.
    let inside = variable("TMUX").is_some()
        || variable("STY").is_some()
        || ["screen", "tmux"].iter().any(|name| term.starts_with(name));
    if let Some(pictures) = pictures(&term, variable).filter(|_| !inside) {
        return pictures;
    }
    let depth = variable("COLORTERM").unwrap_or_default();
    if ["truecolor", "24bit"].contains(&&*depth) || variable("WT_SESSION").is_some() {
        return Graphics::TrueColor;
    }
    if term.ends_with("-direct")
        || ["kitty", "ghostty", "foot", "alacritty"].iter().any(|t| term.contains(t))
    {
        return Graphics::TrueColor;
    }
    match term.contains("256color") {
        true => Graphics::Colors256,
        false => Graphics::Ascii,
    }
}

/// The protocol for pictures that a terminal is known to have.
fn pictures(term: &str, variable: Variables<'_>) -> Option<Graphics> {
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    if variable("KITTY_WINDOW_ID").is_some() || term == "xterm-kitty" {
        return Some(Graphics::Kitty);
    }
    if term == "xterm-ghostty" || program == "ghostty" {
        return Some(Graphics::Kitty);
    }
    if ["iTerm.app", "WezTerm"].contains(&&*program)
        || variable("LC_TERMINAL").is_some_and(|name| name == "iTerm2")
    {
        return Some(Graphics::Iterm2);
    }
    let konsole = variable("KONSOLE_VERSION").and_then(|version| version.parse::<u32>().ok());
    if konsole.is_some_and(|version| version >= 220_400) {
        return Some(Graphics::Sixel);
    }
    let has_sixel = ["foot", "foot-extra", "mlterm", "yaft-256color", "contour"].contains(&term);
    has_sixel.then_some(Graphics::Sixel)
}

/// COLORFGBG is `foreground;background`; most terminals that do not say are dark.
fn is_light(variable: Variables<'_>) -> bool {
    let background = variable("COLORFGBG")
        .and_then(|colors| colors.rsplit(';').next().and_then(|last| last.parse::<u8>().ok()));
    matches!(background, Some(7 | 9..=15))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn terminals_are_known_by_their_variables() {
        let table: &[(&[(&str, &str)], Graphics)] = &[
            (&[("TERM", "xterm-kitty")], Graphics::Kitty),
            (&[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")], Graphics::Kitty),
            (&[("TERM", "tmux-256color"), ("KITTY_WINDOW_ID", "1")], Graphics::Colors256),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")], Graphics::Iterm2),
            (
                &[("TERM", "screen-256color"), ("TMUX", "/tmp/x"), ("COLORTERM", "truecolor")],
                Graphics::TrueColor,
            ),
            (&[("TERM", "foot")], Graphics::Sixel),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Graphics::TrueColor),
            (&[("TERM", "xterm-256color"), ("WT_SESSION", "a")], Graphics::TrueColor),
            (&[("TERM", "xterm-256color"), ("KONSOLE_VERSION", "230401")], Graphics::Sixel),
            (&[("TERM", "xterm-256color")], Graphics::Colors256),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "1")], Graphics::Ascii),
            (&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")], Graphics::Ascii),
            (&[("TERM", "dumb")], Graphics::Ascii),
            (&[], Graphics::Ascii),
        ];
        for (set, expected) in table {
            assert_eq!(graphics(true, &with(set)), *expected, "{set:?}");
            assert_eq!(graphics(false, &with(set)), Graphics::Ascii, "{set:?}");
        }
    }

    #[test]
    fn light_backgrounds_say_so() {
        assert!(is_light(&with(&[("COLORFGBG", "0;15")])));
        assert!(is_light(&with(&[("COLORFGBG", "0;default;7")])));
        assert!(!is_light(&with(&[("COLORFGBG", "15;0")])));
        assert!(!is_light(&with(&[])));
    }

    #[test]
    fn every_kind_has_a_word() {
        for (word, graphics) in GRAPHICS {
            assert_eq!(graphics_named(&word.to_uppercase()), Some(graphics));
        }
        assert_eq!(graphics_named("vga"), None);
    }
}
