//! Specs: networks in one line, such as `784-128-relu-64-relu-10`.

use std::fmt;

use crate::layers::{LAYERS, LayerRow, MOST};
use crate::{NetError, Shape};

/// The description of a network in one line: words separated by dashes.
///
/// A number is a width: the first is that of the points, and every other is a linear map to that
/// width. A word is a layer of [`LAYERS`], with its arguments after colons: `conv:6:5`. Networks
/// for pictures begin with their shape, `1x28x28` (or `28x28`); a width after a picture flattens it
/// first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The shape of a point, if the spec states it.
    pub input: Option<Shape>,
    /// The layers' words.
    words: Vec<String>,
    /// Widths are linear maps without a bias.
    without_bias: bool,
}

impl Spec {
    /// Parses a spec.
    ///
    /// Only the form is checked here; the words are checked when a network is built.
    ///
    /// # Errors
    /// Returns an error if it is empty, or has an empty word.
    pub fn parse(text: &str) -> Result<Self, NetError> {
        let wrong = |why: String| Err(fault(text, why));
        let mut words: Vec<String> =
            text.trim().split('-').map(|word| word.trim().to_lowercase()).collect();
        if words.iter().all(String::is_empty) {
            return wrong("it is empty".to_owned());
        }
        if let Some(at) = words.iter().position(String::is_empty) {
            return wrong(format!("nothing stands between two dashes at word {}", at + 1));
        }
        let input = match shape(&words[0]) {
            Some(Ok(shape)) => {
                words.remove(0);
                Some(shape)
            }
            Some(Err(why)) => return wrong(why),
            None => None,
        };
        Ok(Spec { input, words, without_bias: false })
    }

    /// The same spec, with linear maps that have no bias.
    pub fn without_bias(mut self) -> Self {
        self.without_bias = true;
        self
    }

    /// The same spec for points of this shape.
    ///
    /// If the first width equals that of the points, it is their width rather than a linear map.
    pub fn for_points(mut self, shape: Shape) -> Self {
        self.input = Some(shape);
        self
    }

    /// The words of the layers.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Each word's layer, and what follows the word.
    pub(crate) fn layers(&self) -> Result<Vec<(&'static LayerRow, Vec<&str>)>, NetError> {
        self.words.iter().map(|word| self.layer(word)).collect()
    }

    fn layer<'a>(&self, word: &'a str) -> Result<(&'static LayerRow, Vec<&'a str>), NetError> {
        let linear = &LAYERS[0];
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            if word.contains('x') {
                let why = format!("{word}: a picture's shape stands only at the beginning");
                return Err(self.fault(why));
            }
            let parts = match self.without_bias {
                true => vec![word, crate::layers::NO_BIAS],
                false => vec![word],
            };
            return Ok((linear, parts));
        }
        let mut parts = word.split(':');
        let name = parts.next().unwrap_or_default();
        // leaky_relu and LeakyReLU are the same word.
        let plain: String = name.chars().filter(|c| *c != '_').collect();
        match LAYERS.iter().find(|row| row.name == plain) {
            Some(row) => Ok((row, parts.collect())),
            None => {
                let why = format!("there is no layer {name:?}{}", meant(&plain));
                Err(self.fault(why))
            }
        }
    }

    /// An error that quotes this model as it was written.
    pub(crate) fn fault(&self, why: String) -> NetError {
        let written = Spec { without_bias: false, ..self.clone() };
        fault(&written.to_string(), why)
    }
}

/// As it is written; without bias, linear maps say so.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = self.input.iter().map(Shape::to_string).collect();
        words.extend(self.words.iter().map(|word| {
            match self.without_bias && word.starts_with(|c: char| c.is_ascii_digit()) {
                true => format!("linear:{word}:{}", crate::layers::NO_BIAS),
                false => word.clone(),
            }
        }));
        f.write_str(&words.join("-"))
    }
}

fn fault(spec: &str, why: String) -> NetError {
    let names: Vec<&str> = LAYERS.iter().map(|row| row.name).collect();
    NetError::Spec {
        spec: spec.to_owned(),
        why,
        help: format!(
            "write widths and layers between dashes, such as 2-16-tanh-2; layers: {}",
            names.join(", ")
        ),
    }
}

/// `784`, `28x28` or `1x28x28` as a shape; nothing if it is a word.
fn shape(word: &str) -> Option<Result<Shape, String>> {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let sizes: Option<Vec<usize>> = word
        .split('x')
        .map(|size| size.parse().ok().filter(|size| (1..=MOST).contains(size)))
        .collect();
    let Some(sizes) = sizes else {
        return Some(Err(format!("{word}: widths are whole numbers from 1 to {MOST}")));
    };
    let shape = match sizes[..] {
        [width] => Shape::Flat(width),
        [height, width] => Shape::Image { channels: 1, height, width },
        [channels, height, width] => Shape::Image { channels, height, width },
        _ => return Some(Err(format!("{word}: a picture is CHANNELSxHEIGHTxWIDTH"))),
    };
    let values = sizes.iter().try_fold(1usize, |all, size| all.checked_mul(*size));
    match values {
        Some(values) if values <= MOST => Some(Ok(shape)),
        _ => Some(Err(format!("{word}: a point has at most {MOST} values"))),
    }
}

/// `; did you mean tanh?`, where a layer's name is near.
fn meant(word: &str) -> String {
    // No name is longer than this, and a longer word is near none.
    let short: String = word.chars().take(64).collect();
    let nearest = LAYERS.iter().map(|row| (strsim::levenshtein(&short, row.name), row.name)).min();
    match nearest {
        Some((far, name)) if far <= 1 + word.len() / 3 => format!("; did you mean {name}?"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_written_as_it_was_read() {
        for text in ["2-3-tanh-2", "1x28x28-conv:6:5-relu-maxpool:2-10", "tanh", "784-10"] {
            assert_eq!(Spec::parse(text).unwrap().to_string(), text);
        }
        let spec = Spec::parse(" 2-3-Tanh-2 ").unwrap().without_bias();
        assert_eq!(spec.to_string(), "2-linear:3:nobias-tanh-linear:2:nobias");
        assert_eq!(Spec::parse("28x28-10").unwrap().to_string(), "1x28x28-10");
    }

    #[test]
    fn what_is_wrong_is_told() {
        let fault = |text: &str| {
            Spec::parse(text).and_then(|spec| spec.layers().map(|_| ())).unwrap_err().to_string()
        };
        assert!(fault("").contains("empty"));
        assert!(fault("2--3").contains("word 2"));
        assert!(fault("2-tanhh").contains("did you mean tanh?"));
        assert!(fault("2-leeky_relu").contains("did you mean leakyrelu?"));
        assert!(fault("2-qqqqqqqq").ends_with("there is no layer \"qqqqqqqq\""));
        assert!(fault("0-3").contains("from 1"));
        assert!(fault("9999999999999999999999").contains("from 1"));
        assert!(fault("1000x1000x1000-3").contains("at most"));
        assert!(fault("2-3x4").contains("beginning"));
    }
}
