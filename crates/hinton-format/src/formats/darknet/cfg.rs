//! Darknet's `.cfg`: sections of options, one section a layer.

use std::collections::BTreeMap;

/// A section: `[convolutional]` and the lines below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section<'a> {
    pub(super) kind: &'a str,
    options: BTreeMap<&'a str, &'a str>,
}

impl Section<'_> {
    /// An option that is a number; `default` where it is not given.
    pub(super) fn number(&self, key: &str, default: i64) -> Result<i64, String> {
        match self.options.get(key) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| format!("{key} of [{}] is {text:?}, expected a number", self.kind)),
        }
    }

    /// An option that is a list of numbers.
    pub(super) fn numbers(&self, key: &str) -> Result<Vec<i64>, String> {
        let text = self.options.get(key).copied().unwrap_or_default();
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| {
                part.parse()
                    .map_err(|_| format!("{key} of [{}] holds {part:?}, no number", self.kind))
            })
            .collect()
    }
}

/// The sections of a file, in order. Darknet ignores white space anywhere in a line.
pub(super) fn parse(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(kind) = line.strip_prefix('[') {
            let kind = kind.trim_end_matches(']').trim();
            sections.push(Section { kind, options: BTreeMap::new() });
        } else if let (Some(section), Some((key, value))) =
            (sections.last_mut(), line.split_once('='))
        {
            section.options.insert(key.trim(), value.trim());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_hold_their_options() {
        let sections = parse("# a\n[net]\nwidth = 4\n\n[route]\nlayers=-1, 3\n;x\nsize=x\n");
        assert_eq!(sections.len(), 2);
        assert_eq!(sections[0].number("width", 0), Ok(4));
        assert_eq!(sections[0].number("height", 7), Ok(7));
        assert_eq!(sections[1].numbers("layers"), Ok(vec![-1, 3]));
        assert!(sections[1].number("size", 0).unwrap_err().contains("\"x\""));
    }
}
