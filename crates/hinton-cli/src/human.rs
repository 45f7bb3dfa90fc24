//! Numbers as people read them in a terminal.

/// `1.23 MB`: three digits, in steps of a thousand.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    let decimals = match value {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

/// A number in few characters, with the minus sign of keyboards, so that it can be copied.
pub(crate) fn number(value: Option<f64>) -> String {
    match value {
        Some(value) => hinton::text::short(value).replace('−', "-").replace('∞', "inf"),
        None => "-".to_owned(),
    }
}

/// `1,234,567`.
pub(crate) fn count(count: u64) -> String {
    hinton::text::short_count(count)
}

/// `28 × 28`.
pub(crate) fn shape(shape: &[usize]) -> String {
    match shape {
        [] => "scalar".to_owned(),
        shape => hinton::text::shape_text(shape),
    }
}

/// `1 tensor`, `2 tensors`.
pub(crate) fn several(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Counts as a row of blocks, the largest full.
pub(crate) fn blocks(counts: &[u64]) -> String {
    const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = counts.iter().copied().max().unwrap_or(0);
    counts
        .iter()
        .map(|&count| match count {
            0 => BLOCKS[0],
            // Whatever is there can be seen.
            count => BLOCKS[((count as f64 / most as f64 * 8.0).round() as usize).clamp(1, 8)],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (9_999, "10.0 kB"),
            (999_999, "1.00 MB"),
            (102_400_000_000, "102 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn lone_values_stay_visible() {
        assert_eq!(blocks(&[0, 1, 1000, 500]), " ▁█▄");
        assert_eq!(blocks(&[0, 0]), "  ");
    }

    #[test]
    fn numbers_can_be_copied() {
        assert_eq!(number(Some(-0.5)), "-0.5");
        assert_eq!(number(Some(3.4e-5)), "3.4e-5");
        assert_eq!(number(None), "-");
    }
}
