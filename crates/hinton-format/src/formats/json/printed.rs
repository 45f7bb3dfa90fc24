//! Arrays as Python prints them: `[[1. 2.]\n [3. 4.]]` of numpy, `array([[1., 2.]], dtype=float32)`,
//! `tensor([[1., 2.]], device='cuda:0')` of PyTorch, `Array(…)` of JAX, one after another.

use super::{Array, DEEPEST};
use crate::ErrorKind;

/// What may stand before the brackets.
const CALLS: [&str; 5] = ["array(", "tensor(", "Array(", "np.array(", "torch.tensor("];

/// Whether a text begins as a printed array, with a number behind all brackets.
pub(super) fn begins(text: &str) -> bool {
    let (text, _) = behind_call(text.trim_start());
    let inside = text.trim_start_matches(['[', ' ', '\n', '\r', '\t']);
    let end = inside.find([' ', '\t', '\n', '\r', ',', ']']).unwrap_or(inside.len());
    text.starts_with('[') && number(&inside[..end]).is_some()
}

/// The number that a word is.
fn number(word: &str) -> Option<f64> {
    match word {
        "True" => Some(1.0),
        "False" => Some(0.0),
        word => word.parse().ok(),
    }
}

fn behind_call(text: &str) -> (&str, bool) {
    let call = CALLS.iter().find_map(|call| text.strip_prefix(call));
    call.map_or((text, false), |rest| (rest, true))
}

/// What a text is not.
pub(super) struct Wrong {
    /// Its byte.
    pub(super) byte: usize,
    pub(super) why: String,
    pub(super) kind: ErrorKind,
}

/// Every array of a text, which are no more than `most`.
pub(super) fn read(text: &str, most: usize) -> Result<Vec<Array>, Wrong> {
    let mut reader = Reader { text, rest: text };
    let mut found = Vec::new();
    loop {
        reader.skip();
        if reader.rest.is_empty() {
            return Ok(found);
        }
        if found.len() >= most {
            let why = format!("it has more than {most} arrays, the limit");
            return Err(Wrong { why, kind: ErrorKind::Limit, ..reader.wrong("") });
        }
        let (rest, is_call) = behind_call(reader.rest);
        reader.rest = rest;
        reader.skip();
        let mut values = Vec::new();
        let shape = reader.list(&mut values, 0)?;
        found.push(Array { shape, values });
        if is_call {
            // dtype, device and what computes its gradient.
            let end =
                reader.rest.find([')', '[']).filter(|end| reader.rest[*end..].starts_with(')'));
            let end = end.ok_or_else(|| reader.wrong("a closing parenthesis"))?;
            reader.rest = reader.rest[end + 1..].trim_start_matches([')', '>']);
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
    }

    fn wrong(&self, expected: &str) -> Wrong {
        let found: String = self.rest.chars().take(16).collect();
        let why = match found.is_empty() {
            true => format!("expected {expected}, found the end"),
            false => format!("expected {expected}, found {found:?}"),
        };
        Wrong { byte: self.text.len() - self.rest.len(), why, kind: ErrorKind::Malformed }
    }

    /// A list and its shape.
    fn list(&mut self, values: &mut Vec<f64>, depth: usize) -> Result<Vec<usize>, Wrong> {
        if depth >= DEEPEST {
            let why = format!("lists nest more than {DEEPEST} deep");
            return Err(Wrong { why, ..self.wrong("") });
        }
        self.rest = self.rest.strip_prefix('[').ok_or_else(|| self.wrong("an array"))?;
        let mut item: Option<Vec<usize>> = None;
        let mut count = 0;
        loop {
            self.skip();
            if let Some(rest) = self.rest.strip_prefix(']') {
                self.rest = rest;
                let shape = std::iter::once(count).chain(item.unwrap_or_default());
                return Ok(shape.collect());
            }
            let shape = match self.rest.starts_with('[') {
                true => self.list(values, depth + 1)?,
                false => {
                    values.push(self.number()?);
                    Vec::new()
                }
            };
            count += 1;
            match &item {
                Some(first) if *first != shape => {
                    let why = format!("its rows differ: {first:?} and {shape:?} values");
                    return Err(Wrong { why, ..self.wrong("") });
                }
                Some(_) => {}
                None => item = Some(shape),
            }
        }
    }

    fn number(&mut self) -> Result<f64, Wrong> {
        let end = self.rest.find([' ', '\t', '\n', '\r', ',', '[', ']']).unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        if word == "..." {
            let why = "the print leaves values out, with ... for them".to_owned();
            return Err(Wrong { why, ..self.wrong("") });
        }
        let value = number(word);
        let value = value.ok_or_else(|| self.wrong("a number"))?;
        self.rest = &self.rest[end..];
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(text: &str) -> Vec<Vec<usize>> {
        match read(text, 9) {
            Ok(arrays) => arrays.into_iter().map(|array| array.shape).collect(),
            Err(Wrong { byte, why, .. }) => panic!("{text}: {byte}: {why}"),
        }
    }

    #[test]
    fn prints_of_every_library() {
        assert_eq!(shapes("[[1. 2.]\n [3. 4.]]\n"), [[2, 2]]);
        assert_eq!(
            shapes("array([[ 1.e+00, -2.5e-05],\n       [nan, inf]], dtype=float32)"),
            [[2, 2]]
        );
        assert_eq!(
            shapes("tensor([[0.1, 0.2]], device='cuda:0', grad_fn=<AddBackward0>)"),
            [[1, 2]]
        );
        assert_eq!(shapes("Array([1, 2, 3], dtype=int32)\nArray([True, False])"), [[3], [2]]);
        assert_eq!(shapes("[[[1 2]\n  [3 4]]\n\n [[5 6]\n  [7 8]]]"), [[2, 2, 2]]);
        assert_eq!(read("[-0.5 .25 1.]", 9).ok().unwrap()[0].values, [-0.5, 0.25, 1.0]);
    }

    #[test]
    fn arrays_are_no_more_than_the_limit() {
        let wrong = read(&"[1.]\n".repeat(10), 9).err().unwrap();
        assert_eq!((wrong.byte, wrong.kind), (45, ErrorKind::Limit));
        assert_eq!(wrong.why, "it has more than 9 arrays, the limit");
        assert!(read(&"[1.]\n".repeat(9), 9).is_ok());
    }

    #[test]
    fn what_is_no_print_is_told_with_its_byte() {
        for (text, byte, why) in [
            ("[[1. 2.]\n ...\n [3. 4.]]", 10, "leaves values out"),
            ("[[1. 2.] [3.]]", 13, "its rows differ: [2] and [1]"),
            ("[1. 2.", 6, "expected a number, found the end"),
            ("[1. x]", 4, "expected a number, found \"x]\""),
            ("array([1.] dtype", 10, "closing parenthesis"),
        ] {
            let wrong = read(text, 9).err().unwrap();
            assert!(
                wrong.byte == byte && wrong.why.contains(why),
                "{text}: {}: {}",
                wrong.byte,
                wrong.why
            );
        }
        assert!(read(&"[".repeat(100), 9).is_err());
        assert!(begins("array([[ 1., 2.]])") && begins("[[-1 2]]") && !begins("[\"a\"]"));
        assert!(!begins("[net]\nbatch=32\n") && !begins("[info] 12 [") && begins("[nan 1.]"));
    }
}
