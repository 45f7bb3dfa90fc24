//! Numbers in names that are not steps: a table with one row per meaning.

use super::{Slot, pattern, slots};

/// Words before a number that say what it is, and what that is called.
const MEANINGS: [(&str, &[&str]); 6] = [
    ("a precision", &["fp", "bf", "f", "float", "bfloat", "int", "uint", "nf", "mxfp", "nvfp"]),
    ("a quantisation", &["q", "iq", "tq", "gptq", "awq", "w"]),
    (VERSION, &["v", "ver", "version", "rev", "revision", "release"]),
    (
        "a rank or a part",
        &["rank", "tp", "pp", "dp", "shard", "part", "split", "worker", "device", "gpu", "node"],
    ),
    ("a fold or a seed", &["fold", "cv", "seed", "run", "trial", "member", "replica"]),
    (
        "a size",
        &["x", "dim", "d", "h", "width", "size", "hidden", "layer", "layers", "l", "block", "r"],
    ),
];
const VERSION: &str = "a version";
/// What stands behind a number that is a count of parameters, an extent or a precision.
const UNITS: [&str; 6] = ["b", "m", "k", "px", "bit", "-bit"];

/// What says that numbers of names are steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A word such as `epoch` stands before a number.
    Word,
    /// A number that could be anything: the content has to say.
    Bare,
    /// The numbers are something else.
    Other(&'static str),
    /// There is not a number that changes.
    Nothing,
}

impl Sign {
    /// The sign of names of one pattern; of a lone name, of its numbers.
    pub(crate) fn of(names: &[&str]) -> Sign {
        let rows: Vec<Vec<Slot>> = names.iter().map(|name| slots(name)).collect();
        let Some(first) = rows.first() else { return Sign::Nothing };
        let alike = names.windows(2).all(|pair| pattern(pair[0]) == pattern(pair[1]))
            && rows.iter().all(|row| row.len() == first.len());
        if !alike {
            return Sign::Nothing;
        }
        let varies = |column: &usize| {
            rows.len() == 1 || rows.iter().any(|row| row[*column].value != first[*column].value)
        };
        let varying: Vec<usize> = (0..first.len()).filter(varies).collect();
        let any = |test: fn(&Slot) -> bool| {
            varying.iter().any(|column| rows.iter().any(|row| test(&row[*column])))
        };
        if any(|slot| slot.whole.is_some() && slot.has_step_word()) {
            return Sign::Word;
        }
        if any(Slot::may_be_step) {
            return Sign::Bare;
        }
        let other = varying.iter().find_map(|column| first[*column].other);
        other.map_or(Sign::Nothing, Sign::Other)
    }
}

/// Marks the numbers of a name that are certainly no steps.
pub(super) fn tell(name: &str, slots: &mut [Slot]) {
    for at in 0..slots.len() {
        let behind = &name[slots[at].end..];
        let meant = MEANINGS.iter().find(|(_, words)| words.contains(&slots[at].word.as_str()));
        let has_unit = UNITS.iter().any(|unit| {
            let rest = behind.get(..unit.len()).filter(|start| start.eq_ignore_ascii_case(unit));
            let after = behind.as_bytes().get(unit.len());
            rest.is_some() && !after.is_some_and(u8::is_ascii_alphabetic)
        });
        let is_extent =
            behind.starts_with('x') && behind[1..].starts_with(|c: char| c.is_ascii_digit());
        // 1-5 of v1-5.
        let is_minor = at > 0
            && slots[at - 1].other == Some(VERSION)
            && matches!(&name[slots[at - 1].end..slots[at].start], "-" | "." | "_");
        slots[at].other = match meant {
            Some((meaning, _)) => Some(meaning),
            None if has_unit || is_extent => Some("a size"),
            None if is_minor => Some(VERSION),
            None => None,
        };
    }
    for first in 0..slots.len() {
        let Some(count) = date(name, &slots[first..]) else { continue };
        let mut end = first + count;
        // The time of the day.
        while let Some(next) = slots.get(end) {
            let gap = &name[slots[end - 1].end..next.start];
            let digits = next.end - next.start;
            if gap.len() > 1 || !matches!(digits, 2 | 4 | 6) {
                break;
            }
            end += 1;
        }
        slots[first..end].iter_mut().for_each(|slot| slot.other = Some("a date"));
    }
}

/// How many numbers from the first on are a date: `2024-01-15`, `20240115`.
fn date(name: &str, slots: &[Slot]) -> Option<usize> {
    let digits = |slot: &Slot| slot.end - slot.start;
    let is_day = |year: u64, month: u64, day: u64| {
        (1990..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    };
    let whole = |at: usize| slots.get(at).and_then(|slot| slot.whole);
    let first = slots.first()?;
    if digits(first) == 8 {
        let all = first.whole?;
        return is_day(all / 10_000, all / 100 % 100, all % 100).then_some(1);
    }
    let near = |at: usize| name[slots[at].end..slots[at + 1].start].len() == 1;
    let (year, month, day) = (whole(0)?, whole(1)?, whole(2)?);
    (digits(first) == 4 && near(0) && near(1) && is_day(year, month, day)).then_some(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_no_steps_are_told() {
        for (names, sign) in [
            (&["m.fp16", "m.fp32"][..], Sign::Other("a precision")),
            (&["m.Q4_K_M.gguf", "m.Q5_K_M.gguf"], Sign::Other("a quantisation")),
            (&["llama-7b.pt", "llama-13b.pt"], Sign::Other("a size")),
            (&["sd-v1-4.ckpt", "sd-v1-5.ckpt"], Sign::Other("a version")),
            (&["mp_rank_00", "mp_rank_01"], Sign::Other("a rank or a part")),
            (&["fold_1.pt", "fold_2.pt"], Sign::Other("a fold or a seed")),
            (&["m_2023-01-01.pt", "m_2023-12-31.pt"], Sign::Other("a date")),
            (&["m_20230101_120000.pt", "m_20231231_130000.pt"], Sign::Other("a date")),
            (&["unet_256x256.pt", "unet_512x512.pt"], Sign::Other("a size")),
            (&["lora-000002.safetensors", "lora-000004.safetensors"], Sign::Bare),
            (&["m7b_step_10.pt", "m7b_step_20.pt"], Sign::Word),
            (&["epoch=1-step=10.ckpt", "epoch=2-step=20.ckpt"], Sign::Word),
            (&["best.pt"], Sign::Nothing),
            (&["a_1.pt", "b.pt"], Sign::Nothing),
        ] {
            assert_eq!(Sign::of(names), sign, "{names:?}");
        }
    }

    #[test]
    fn what_is_no_step_is_no_metric_either() {
        let named = super::super::read(&["m_2023-01-01.pt", "m_2023-12-31.pt"]);
        assert!(
            named.iter().all(|one| one.number.is_none() && one.metrics.is_empty()),
            "{named:?}"
        );
    }
}
