//! Step numbers and metrics in the names of checkpoints: `model_epoch_9.pth`,
//! `epoch=3-step=1000.ckpt`, `checkpoint-500`, `fer2013_mini_XCEPTION.110-0.65.hdf5`.
//!
//! The names of one series differ only in their numbers, so the numbers form columns. The column
//! after a word such as `step` or `epoch` is the step. Without such a word, it is the first integer
//! that varies, unless it has another meaning: a precision (`fp16`), a version (`v1`), a size
//! (`7b`), a rank, a fold of cross-validation, a date. Fractions, and numbers after `=` or after
//! the name of a metric, are metrics.

mod meaning;

pub(crate) use meaning::Sign;

/// What a name says.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Named {
    /// The step's number.
    pub(crate) number: Option<u64>,
    /// The word before it, in lower case: `epoch`, `step`; may be empty.
    pub(crate) word: String,
    /// Other numbers that change from name to name.
    pub(crate) metrics: Vec<(String, f64)>,
}

/// A number in a name.
#[derive(Debug, Clone, PartialEq)]
struct Slot {
    /// Where it starts and ends in the name.
    start: usize,
    end: usize,
    /// Its value as a step; `None` for fractions and numbers past 64 bits.
    whole: Option<u64>,
    value: f64,
    /// The last letters before it, in lower case.
    word: String,
    /// All that names it where `=` stands before it: `val_loss`.
    key: Option<String>,
    /// What it is, where it is certainly no step.
    other: Option<&'static str>,
}

impl Slot {
    /// Whether it may be the number of a step.
    fn may_be_step(&self) -> bool {
        self.whole.is_some() && (self.other.is_none() || self.has_step_word())
    }

    fn has_step_word(&self) -> bool {
        WORDS.iter().any(|words| words.contains(&self.word.as_str()))
    }

    /// Whether it is a metric, where it is not the step.
    fn may_be_metric(&self) -> bool {
        let named = self.has_step_word() || METRICS.contains(&self.word.as_str());
        self.key.is_some() || named || (self.other.is_none() && self.whole.is_none())
    }
}

/// Words before numbers that are metrics.
const METRICS: [&str; 22] = [
    "loss",
    "acc",
    "accuracy",
    "score",
    "error",
    "err",
    "lr",
    "auc",
    "map",
    "psnr",
    "ssim",
    "bleu",
    "wer",
    "cer",
    "iou",
    "miou",
    "dice",
    "reward",
    "fid",
    "ppl",
    "perplexity",
    "top",
];

/// Words before a step number, the strongest first.
const WORDS: [&[&str]; 3] = [
    &["step", "steps", "iter", "iters", "iteration", "iterations", "it", "update", "updates"],
    &["epoch", "epochs", "ep", "e"],
    &["checkpoint", "ckpt", "chkpt", "cp", "snapshot", "save", "frame", "t"],
];

/// The name with every number replaced by `#`: names of one series have the same pattern.
pub(crate) fn pattern(name: &str) -> String {
    let mut pattern = String::new();
    let mut from = 0;
    for slot in slots(name) {
        pattern.push_str(&name[from..slot.start]);
        pattern.push('#');
        from = slot.end;
    }
    pattern + &name[from..]
}

/// What stands before a number, without the word for it: `kernel` of `kernel-step-`.
pub(crate) fn without_word(before: &str) -> &str {
    let before = before.trim_end_matches(SEPARATORS);
    let lower = before.to_ascii_lowercase();
    let words = WORDS.iter().copied().flatten();
    let rests = words.filter_map(|word| lower.strip_suffix(word));
    let rest = rests
        .filter(|rest| rest.is_empty() || rest.ends_with(SEPARATORS))
        .min_by_key(|rest| rest.len());
    rest.map_or(before, |rest| before[..rest.len()].trim_end_matches(SEPARATORS))
}

/// What parts the words of a name.
const SEPARATORS: [char; 5] = ['_', '-', '.', '=', ' '];

/// Whether it is a part of a checkpoint in several files: `model-00001-of-00003.safetensors`, or
/// `__0_0.distcp` and `.metadata` of PyTorch's distributed checkpoints.
pub(crate) fn is_shard(name: &str) -> bool {
    if name.ends_with(".distcp") || name.ends_with(".metadata") {
        return true;
    }
    let stem = stem(name);
    stem.rsplit_once("-of-").is_some_and(|(before, total)| {
        let number = before.rsplit_once('-').map_or("", |(_, number)| number);
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits(number) && digits(total)
    })
}

/// Reads the names of a series, in order. Names of different patterns are read one by one.
pub(crate) fn read(names: &[&str]) -> Vec<Named> {
    let rows: Vec<Vec<Slot>> = names.iter().map(|name| slots(name)).collect();
    // A name may have a `#` of its own, so equal patterns need not have as many numbers.
    let same = names.windows(2).all(|pair| pattern(pair[0]) == pattern(pair[1]))
        && rows.windows(2).all(|pair| pair[0].len() == pair[1].len());
    if names.len() < 2 || !same {
        return rows.iter().map(|row| read_one(row)).collect();
    }
    let columns = rows.first().map_or(0, Vec::len);
    let varies = |column: usize| rows.iter().any(|row| row[column].value != rows[0][column].value);
    let varying: Vec<usize> = (0..columns).filter(|&column| varies(column)).collect();
    let whole = |column: &&usize| rows.iter().any(|row| row[**column].may_be_step());
    let candidates: Vec<usize> = varying.iter().filter(whole).copied().collect();
    let step = strongest(&candidates, |column| &rows[0][column].word)
        .or_else(|| candidates.first().copied());
    rows.iter()
        .map(|row| Named {
            number: step.and_then(|step| row[step].whole),
            word: step.map_or(String::new(), |step| row[step].word.clone()),
            metrics: metrics(row, varying.iter().copied().filter(|&at| Some(at) != step)),
        })
        .collect()
}

/// Reads a name that stands alone: a number behind a known word, else the last whole one.
fn read_one(row: &[Slot]) -> Named {
    let candidates: Vec<usize> = (0..row.len()).filter(|&at| row[at].may_be_step()).collect();
    let step = strongest(&candidates, |at| &row[at].word).or_else(|| candidates.last().copied());
    let Some(step) = step else { return Named::default() };
    let named = (0..row.len()).filter(|&at| at != step && row[at].key.is_some());
    Named { number: row[step].whole, word: row[step].word.clone(), metrics: metrics(row, named) }
}

/// The first of the candidates whose word is of the strongest kind.
fn strongest<'a>(candidates: &[usize], word: impl Fn(usize) -> &'a String) -> Option<usize> {
    let with =
        |words: &[&str]| candidates.iter().copied().find(|&at| words.contains(&word(at).as_str()));
    WORDS.iter().find_map(|words| with(words))
}

fn metrics(row: &[Slot], columns: impl Iterator<Item = usize>) -> Vec<(String, f64)> {
    let mut metrics: Vec<(String, f64)> = Vec::new();
    for slot in columns.filter_map(|at| row.get(at)).filter(|slot| slot.may_be_metric()) {
        let name = match &slot.key {
            Some(key) => key.clone(),
            None if slot.word.is_empty() => "metric".to_owned(),
            None => slot.word.clone(),
        };
        let taken = |name: &str| metrics.iter().any(|metric| metric.0 == name);
        let mut unique = name.clone();
        let mut next = 2;
        while taken(&unique) {
            unique = format!("{name}_{next}");
            next += 1;
        }
        metrics.push((unique, slot.value));
    }
    metrics
}

/// The name without its extension: `.pth`, `.hdf5`, `.npz.gz`; `.110` and `.ckpt-1000` are none.
fn stem(name: &str) -> &str {
    let without = |name: &'_ str| -> Option<usize> {
        let (stem, extension) = name.rsplit_once('.')?;
        let digits = extension.bytes().filter(u8::is_ascii_digit).count();
        let fits = extension.len() <= 11
            && digits <= 1
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && extension.starts_with(|first: char| first.is_ascii_alphabetic());
        (fits && !stem.is_empty()).then_some(stem.len())
    };
    let name = hinton_format::unwrapped_name(name);
    without(name).map_or(name, |end| &name[..end])
}

/// Every number in the name but those of the extension.
fn slots(name: &str) -> Vec<Slot> {
    let name = stem(name);
    let bytes = name.as_bytes();
    let digits_from =
        |at: usize| at + bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut slots = Vec::new();
    let (mut at, mut before) = (0, 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        let mut end = digits_from(at);
        let mut fraction = false;
        if bytes.get(end) == Some(&b'.') && digits_from(end + 1) > end + 1 {
            fraction = true;
            end = digits_from(end + 1);
        }
        // An exponent, as in 1e-05; a letter must not follow.
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let from = (end + 1 + sign).min(bytes.len());
            let to = digits_from(from);
            let follows = bytes.get(to).is_some_and(u8::is_ascii_alphabetic);
            if to > from && !follows && (sign == 1 || fraction) {
                fraction = true;
                end = to;
            }
        }
        let text = &name[start..end];
        let (word, key) = words(&name[before..start]);
        slots.push(Slot {
            start,
            end,
            whole: if fraction { None } else { text.parse().ok() },
            value: text.parse().unwrap_or(f64::INFINITY),
            word,
            key,
            other: None,
        });
        at = end;
        before = end;
    }
    meaning::tell(name, &mut slots);
    slots
}

/// The last letters of the text before a number, and its whole name where `=` stands between.
fn words(before: &str) -> (String, Option<String>) {
    let letters = before.trim_end_matches(|c: char| !c.is_alphabetic());
    let word = letters.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let key = before.strip_suffix('=').map(|before| {
        let name = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
        name.unwrap_or_default().trim_matches('_').to_owned()
    });
    (word.to_lowercase(), key.filter(|key| !key.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(names: &[&str]) -> Vec<Option<u64>> {
        read(names).into_iter().map(|named| named.number).collect()
    }

    #[test]
    fn patterns_join_a_series() {
        assert_eq!(pattern("model_epoch_9.pth"), "model_epoch_#.pth");
        assert_eq!(pattern("fer2013_XC.110-0.65.hdf5"), pattern("fer2013_XC.04-0.5.hdf5"));
        assert_eq!(pattern("lr=1e-05-e3.npz"), "lr=#-e#.npz");
        assert_eq!(pattern("log.json"), "log.json");
        assert_eq!(pattern("ckpt-10.npz.gz"), "ckpt-#.npz.gz");
        assert!(is_shard("model-00001-of-00003.safetensors"));
        assert!(!is_shard("part-of-3.safetensors"));
        assert!(is_shard("__3_0.distcp") && is_shard(".metadata") && !is_shard("metadata"));
    }

    #[test]
    fn steps_are_read_from_the_names_of_the_field() {
        assert_eq!(numbers(&["model_epoch_9.pth", "model_epoch_10.pth"]), [Some(9), Some(10)]);
        assert_eq!(numbers(&["checkpoint-500", "checkpoint-1000"]), [Some(500), Some(1000)]);
        assert_eq!(numbers(&["ckpt_0001.npz", "ckpt_0002.npz"]), [Some(1), Some(2)]);
        assert_eq!(numbers(&["model.ckpt-1000", "model.ckpt-2000"]), [Some(1000), Some(2000)]);
        assert_eq!(numbers(&["1.npy", "2.npy"]), [Some(1), Some(2)]);
        assert_eq!(numbers(&["e1/model.npz", "e2/model.npz"]), [Some(1), Some(2)]);
        assert_eq!(numbers(&["weights.h5"]), [None]);
        assert_eq!(numbers(&["resnet18_epoch_3.pth"]), [Some(3)]);
        assert_eq!(numbers(&["final.pth", "epoch_3.pth"]), [None, Some(3)]);
        assert_eq!(numbers(&["a_99999999999999999999999.npy", "a_1.npy"]), [None, Some(1)]);
        assert_eq!(numbers(&["m7b_step_10.pt", "m7b_step_20.pt"]), [Some(10), Some(20)]);
        assert_eq!(numbers(&["2024-01-15_epoch_3.pt"]), [Some(3)]);
    }

    #[test]
    fn lightning_names_give_step_and_epoch() {
        let named = read(&["epoch=3-step=1000.ckpt", "epoch=4-step=1250-v1.ckpt"]);
        assert_eq!((named[0].number, named[0].word.as_str()), (Some(1000), "step"));
        assert_eq!(named[0].metrics, [("epoch".to_owned(), 3.0)]);
        let named = read(&["epoch=3-val_loss=0.25.ckpt", "epoch=10-val_loss=0.20.ckpt"]);
        assert_eq!((named[1].number, named[1].word.as_str()), (Some(10), "epoch"));
        assert_eq!(named[1].metrics, [("val_loss".to_owned(), 0.2)]);
    }

    #[test]
    fn keras_names_give_epoch_and_metric() {
        let named =
            read(&["fer2013_mini_XCEPTION.04-0.55.hdf5", "fer2013_mini_XCEPTION.110-0.65.hdf5"]);
        assert_eq!(named[1].number, Some(110));
        assert_eq!(named[1].metrics, [("metric".to_owned(), 0.65)]);
    }

    proptest::proptest! {
        #[test]
        fn any_names_can_be_read(names in proptest::collection::vec("[a-z#=._0-9eE+-]{0,12}|.*", 0..5)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let named = read(&names);
            proptest::prop_assert_eq!(named.len(), names.len());
            names.iter().for_each(|name| { is_shard(name); });
        }
    }

    #[test]
    fn strange_names_do_no_harm() {
        assert_eq!(numbers(&["a#c", "a1c"]), [None, Some(1)]);
        for name in ["", ".", "a#b", "é9é", "1e", "1e+", "9.", "=5", "...1.2.3...", "0.0e-5x"] {
            let _ = (pattern(name), read(&[name]), is_shard(name));
        }
    }
}
