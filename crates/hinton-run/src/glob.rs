//! Globs: `*` matches any characters, `?` matches one, and `[a-c]` one of a set where brackets mean
//! sets.

mod expand;

pub(crate) use expand::expand;

/// What `[` means in a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brackets {
    /// The start of a set such as `[a-c]` or `[!0-9]`, as in the names of files.
    Set,
    /// Itself, as in the names of tensors: `layers.[0].w`.
    Literal,
}

/// A pattern for whole names. Folders are not special: a path is matched part by part.
#[derive(Debug, Clone)]
pub struct Glob {
    tokens: Vec<Token>,
}

/// One element of a pattern.
#[derive(Debug, Clone)]
enum Token {
    Star,
    One,
    Char(char),
    Set { chars: Vec<char>, negated: bool },
}

impl Glob {
    /// The pattern that a text is. Every text is one: a set that is not closed stands for itself.
    pub fn new(text: &str, brackets: Brackets) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut rest = chars.as_slice();
        let mut tokens = Vec::new();
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            tokens.push(match first {
                '*' => Token::Star,
                '?' => Token::One,
                '[' if brackets == Brackets::Set => match set(after) {
                    Some((set, behind)) => {
                        rest = behind;
                        set
                    }
                    None => Token::Char('['),
                },
                other => Token::Char(other),
            });
        }
        Glob { tokens }
    }

    /// Whether it can match anything but its own text.
    pub fn has_wildcard(&self) -> bool {
        self.tokens.iter().any(|token| !matches!(token, Token::Char(_)))
    }

    /// Whether the whole name fits. Takes at most pattern × name steps.
    pub fn fits(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut token, mut letter) = (0, 0);
        // Where to continue when a guess for the last star was too short.
        let mut retry: Option<(usize, usize)> = None;
        while letter < name.len() {
            match self.tokens.get(token) {
                Some(Token::Star) => {
                    token += 1;
                    retry = Some((token, letter));
                }
                Some(one) if one.fits(name[letter]) => {
                    token += 1;
                    letter += 1;
                }
                _ => match retry {
                    Some((after_star, start)) => {
                        retry = Some((after_star, start + 1));
                        (token, letter) = (after_star, start + 1);
                    }
                    None => return false,
                },
            }
        }
        self.tokens[token..].iter().all(|token| matches!(token, Token::Star))
    }
}

impl Token {
    fn fits(&self, letter: char) -> bool {
        match self {
            Token::Star => false,
            Token::One => true,
            Token::Char(own) => *own == letter,
            Token::Set { chars, negated } => in_set(chars, letter) != *negated,
        }
    }
}

/// The set that begins behind a `[`, and what follows it; `None` if it is not closed. A `]` right
/// at its start belongs to it.
fn set(text: &[char]) -> Option<(Token, &[char])> {
    let end = text.iter().skip(1).position(|&end| end == ']')? + 1;
    let (chars, negated) = match &text[..end] {
        ['!' | '^', chars @ ..] if !chars.is_empty() => (chars, true),
        chars => (chars, false),
    };
    Some((Token::Set { chars: chars.to_vec(), negated }, &text[end + 1..]))
}

fn in_set(set: &[char], letter: char) -> bool {
    let mut rest = set;
    loop {
        rest = match rest {
            [low, '-', high, ..] if (*low..=*high).contains(&letter) => return true,
            [_, '-', _, rest @ ..] => rest,
            [one, ..] if *one == letter => return true,
            [_, rest @ ..] => rest,
            [] => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns that mean the same whatever brackets mean.
    const BOTH: &[(&str, &str, bool)] = &[
        ("*", "", true),
        ("*", "a.b", true),
        ("*.weight", "conv1.weight", true),
        ("*.weight", "conv1.weights", false),
        ("fc?.bias", "fc1.bias", true),
        ("fc?.bias", "fc10.bias", false),
        ("epoch_*.npz", "epoch_10.npz", true),
        ("epoch_*.npz", "epoch_10.npz.bak", false),
        ("epoch_?.npz", "epoch_10.npz", false),
        ("a*b*c", "axxbyyc", true),
        ("a*b*c", "axxbyy", false),
        ("**w**", "w", true),
        ("?", "é", true),
        ("", "", true),
        ("", "a", false),
        ("e[", "e[", true),
    ];
    const SETS: &[(&str, &str, bool)] = &[
        ("e[0-9]", "e7", true),
        ("e[!0-9]", "e7", false),
        ("e[^0-9]", "ex", true),
        ("e[!]", "e!", true),
        ("e[ab]c", "ebc", true),
        ("e[a-c-]", "e-", true),
        ("e[a-", "e[a-", true),
        ("e[]x]", "e]", true),
        ("e[]", "e[]", true),
        ("layers.[0].*", "layers.[0].w", false),
    ];
    const LITERAL: &[(&str, &str, bool)] = &[
        ("layers.[0].*", "layers.[0].w", true),
        ("e[0-9]", "e7", false),
        ("e[0-9]", "e[0-9]", true),
    ];

    #[test]
    fn globs_match_whole_names() {
        for (tables, brackets) in
            [([BOTH, SETS], Brackets::Set), ([BOTH, LITERAL], Brackets::Literal)]
        {
            for &(pattern, name, fits) in tables.into_iter().flatten() {
                let glob = Glob::new(pattern, brackets);
                assert_eq!(glob.fits(name), fits, "{pattern} {name} {brackets:?}");
            }
        }
    }

    #[test]
    fn only_some_texts_are_patterns() {
        let has = |text, brackets| Glob::new(text, brackets).has_wildcard();
        for brackets in [Brackets::Set, Brackets::Literal] {
            assert!(has("a*", brackets) && has("a?", brackets) && !has("a", brackets));
        }
        assert!(has("a[1]", Brackets::Set) && !has("a[1]", Brackets::Literal));
    }

    #[test]
    fn many_stars_and_sets_do_not_explode() {
        let name = "a".repeat(5000);
        for brackets in [Brackets::Set, Brackets::Literal] {
            assert!(!Glob::new(&format!("{}b", "a*".repeat(60)), brackets).fits(&name));
            assert!(!Glob::new(&format!("{}b", "[a]*".repeat(60)), brackets).fits(&name));
            assert!(!Glob::new(&format!("{}b", "[a*".repeat(60)), brackets).fits(&name));
        }
    }
}
