//! Conditions under which a comparison fails: `rel>0.02,nan`.

use hinton_weights::Error;
use hinton_words::{short, visible};

use super::{Diff, Measures, Pair, StatisticsDiff};

/// A condition under which `hinton diff` fails.
pub struct ConditionRow {
    /// Its name.
    pub name: &'static str,
    /// What it means, in one line.
    pub about: &'static str,
    /// Which side of the number fails, `>` or `<`; `None` for conditions without a number.
    pub compares: Option<char>,
    find: Find,
    /// How many tensors meet it where summaries are compared; `None` where they cannot tell.
    of_statistics: Option<fn(&StatisticsDiff) -> usize>,
}

enum Find {
    /// A number of each pair.
    Pair(fn(&Pair, &Measures) -> Option<f64>),
    /// How much there is of something in the files.
    Files(fn(&Diff) -> usize),
}

/// Every condition.
pub const CONDITIONS: &[ConditionRow] = &[
    ConditionRow {
        name: "rel",
        about: "norm of the difference divided by that of the first: rel>0.02",
        compares: Some('>'),
        find: Find::Pair(|_, measures| measures.relative().or(Some(f64::INFINITY))),
        of_statistics: None,
    },
    ConditionRow {
        name: "max",
        about: "largest change of a value: max>1e-3",
        compares: Some('>'),
        find: Find::Pair(|_, measures| measures.largest.as_ref().map(|one| one.magnitude)),
        of_statistics: None,
    },
    ConditionRow {
        name: "changed",
        about: "share of the values of a tensor that changed: changed>0.5",
        compares: Some('>'),
        find: Find::Pair(|_, measures| Some(measures.changed_share())),
        of_statistics: None,
    },
    ConditionRow {
        name: "cos",
        about: "cosine of both: cos<0.99",
        compares: Some('<'),
        find: Find::Pair(|_, measures| measures.cosine()),
        of_statistics: None,
    },
    ConditionRow {
        name: "flips",
        about: "share of the values that changed their sign: flips>0.01",
        compares: Some('>'),
        find: Find::Pair(|_, measures| {
            Some(measures.sign_flips as f64 / measures.elements.max(1) as f64)
        }),
        of_statistics: None,
    },
    ConditionRow {
        name: "nan",
        about: "a NaN or infinity appeared or disappeared",
        compares: None,
        find: Find::Pair(|_, measures| Some(measures.odd.changed() as f64)),
        of_statistics: Some(|diff| diff.pairs.iter().filter(|pair| pair.is_odd()).count()),
    },
    ConditionRow {
        name: "dtype",
        about: "a dtype differs",
        compares: None,
        find: Find::Pair(|pair, _| Some(f64::from(u8::from(pair.is_cast())))),
        of_statistics: Some(|diff| diff.pairs.iter().filter(|pair| pair.is_cast()).count()),
    },
    ConditionRow {
        name: "missing",
        about: "a tensor is only in one file",
        compares: None,
        find: Find::Files(|diff| diff.only_a.len() + diff.only_b.len()),
        of_statistics: Some(|diff| diff.only_a.len() + diff.only_b.len()),
    },
    ConditionRow {
        name: "shape",
        about: "shapes differ",
        compares: None,
        find: Find::Files(|diff| diff.unlike.len()),
        of_statistics: Some(|diff| diff.unlike.len()),
    },
];

/// A condition with its number.
pub struct Condition {
    row: &'static ConditionRow,
    bound: f64,
}

/// Parses conditions separated by commas.
///
/// # Errors
/// Returns [`Error::Request`], which names the text that is not understood, and lists the
/// conditions.
pub fn conditions(text: &str) -> Result<Vec<Condition>, Error> {
    text.split(',').map(str::trim).map(condition).collect()
}

fn condition(text: &str) -> Result<Condition, Error> {
    let end = text.find(['<', '>']).unwrap_or(text.len());
    let (name, rest) = (text[..end].trim(), &text[end..]);
    let wrong = || {
        let forms: Vec<String> = CONDITIONS.iter().map(ConditionRow::form).collect();
        Error::request(
            format!("fail-on: {text:?} is not a condition"),
            format!("conditions are {}", forms.join(", ")),
        )
    };
    let row = CONDITIONS.iter().find(|row| row.name == name).ok_or_else(wrong)?;
    let bound = match row.compares {
        Some(sign) => rest.strip_prefix(sign).and_then(|number| number.trim().parse().ok()),
        None => rest.is_empty().then_some(0.0),
    };
    let bound = bound.filter(|bound: &f64| bound.is_finite()).ok_or_else(wrong)?;
    Ok(Condition { row, bound })
}

impl ConditionRow {
    /// The condition as it is written: `rel>N`, `nan`.
    pub fn form(&self) -> String {
        self.compares.map_or(self.name.to_owned(), |sign| format!("{}{sign}N", self.name))
    }
}

impl Condition {
    /// Why a comparison of statistics fails this condition, in one line; `None` if it does not.
    ///
    /// # Errors
    /// Returns an error if the condition needs values, which a summary does not have.
    pub fn failure_of_statistics(&self, diff: &StatisticsDiff) -> Result<Option<String>, Error> {
        let Condition { row, .. } = self;
        let count = row.of_statistics.ok_or_else(|| {
            let known = CONDITIONS.iter().filter(|row| row.of_statistics.is_some());
            let known: Vec<String> = known.map(ConditionRow::form).collect();
            Error::request(
                format!("fail-on: {:?} takes values, and a summary has none", row.form()),
                format!("of summaries {} can be told", known.join(", ")),
            )
        })?;
        let found = count(diff) as u64;
        let text = || format!("{}: {}", row.name, super::summary::several(found, "tensor"));
        Ok((found > 0).then(text))
    }

    /// Why a comparison fails this condition, in one line; `None` if it does not. The values must
    /// have been read.
    pub fn failure(&self, diff: &Diff) -> Option<String> {
        let Condition { row, bound } = self;
        let text = match row.compares {
            Some(sign) => format!("{}{sign}{}", row.name, short(*bound)),
            None => row.name.to_owned(),
        };
        let of = match row.find {
            Find::Files(count) => {
                return Some(count(diff)).filter(|count| *count > 0).map(|count| {
                    format!("{text}: {}", super::summary::several(count as u64, "tensor"))
                });
            }
            Find::Pair(of) => of,
        };
        let is_under = row.compares == Some('<');
        let breaks = |value: &f64| if is_under { value < bound } else { value > bound };
        let figures = diff.pairs.iter().filter_map(|pair| {
            let figure = of(pair, pair.measures.as_ref()?)?;
            breaks(&figure).then_some((pair, figure))
        });
        let mut broken: Vec<(&Pair, f64)> = figures.collect();
        broken.sort_by(|a, b| if is_under { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) });
        let (worst, figure) = broken.first()?;
        let name = visible(worst.a.name()).into_owned();
        let figure = row.compares.map_or(String::new(), |_| format!(" ({})", short(*figure)));
        let more = match broken.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("{text}: {name}{figure}{more}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_and_wrong_ones_told() {
        let found = conditions("rel>0.02, nan,cos<0.9").unwrap();
        let names: Vec<&str> = found.iter().map(|one| one.row.name).collect();
        assert_eq!(names, ["rel", "nan", "cos"]);
        assert_eq!(found[0].bound, 0.02);
        for wrong in ["", "rel", "rel<1", "rel>x", "nan>1", "cos>0.1", "best", "rel>nan"] {
            let error = conditions(wrong).err().unwrap();
            assert!(error.help().unwrap().contains("rel>N"), "{wrong}");
        }
    }
}
