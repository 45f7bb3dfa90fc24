//! JSON with keys in the file's order, and with the `NaN` and `Infinity` that Python writes.
//!
//! serde_json parses and writes it. Its own `Value` sorts the keys of objects, unless every crate of
//! the program is built otherwise, and metrics are shown in the order of their file; and it refuses
//! `NaN`, which is what the logs of a training that went wrong hold.

use std::borrow::Cow;
use std::fmt;

use hinton_format::json_fault;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Parses a document. Nesting is bounded by serde_json (128).
pub(crate) fn parse(text: &[u8]) -> Result<Json, String> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    serde_json::from_slice(&quote_python(text)).map_err(|error| json_fault(&error))
}

/// Python's `json` writes numbers that are not finite as bare words, which are no JSON: they are
/// put in quotes.
fn quote_python(text: &[u8]) -> Cow<'_, [u8]> {
    const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    let mut out: Option<Vec<u8>> = None;
    let (mut at, mut in_text) = (0, false);
    while at < text.len() {
        let rest = &text[at..];
        let word = WORDS.iter().find(|word| !in_text && rest.starts_with(word));
        let mut taken = word.map_or(1, |word| word.len());
        match rest[0] {
            b'"' => in_text = !in_text,
            b'\\' if in_text => taken = rest.len().min(2),
            _ => {}
        }
        if word.is_some() {
            let out = out.get_or_insert_with(|| text[..at].to_vec());
            out.push(b'"');
            out.extend_from_slice(&rest[..taken]);
            out.push(b'"');
        } else if let Some(out) = &mut out {
            out.extend_from_slice(&rest[..taken]);
        }
        at += taken;
    }
    out.map_or(Cow::Borrowed(text), Cow::Owned)
}

impl Json {
    /// A number, also one that is not finite; `None` for everything else.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Json::Number(number) => number.as_f64(),
            Json::Text(text) => match text.as_str() {
                "NaN" => Some(f64::NAN),
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                _ => None,
            },
            _ => None,
        }
    }

    /// A whole number that is not negative, also one written as `3.0`.
    pub(crate) fn whole(&self) -> Option<u64> {
        match self {
            Json::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key of an object; the first, where it stands twice.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(pairs) => pairs.iter().find(|pair| pair.0 == key).map(|pair| &pair.1),
            _ => None,
        }
    }
}

/// A float that is a whole number and can be counted to exactly.
pub(crate) fn whole(value: f64) -> Option<u64> {
    let exact = (0.0..=9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0;
    exact.then_some(value as u64)
}

/// A number as JSON: those that are not finite as the texts `"NaN"`, `"Infinity"`, `"-Infinity"`.
pub(crate) fn of_f64(value: f64) -> Json {
    Number::from_f64(value).map_or_else(
        || {
            let text = match value {
                f64::INFINITY => "Infinity",
                f64::NEG_INFINITY => "-Infinity",
                _ => "NaN",
            };
            Json::Text(text.to_owned())
        },
        Json::Number,
    )
}

impl fmt::Display for Json {
    /// As JSON on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(number) => number.serialize(serializer),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(items) => items.serialize(serializer),
            Json::Object(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (key, value) in pairs {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Builder)
    }
}

struct Builder;

impl<'de> Visitor<'de> for Builder {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(of_f64(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Json::Object(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_python_is_understood() {
        let json = parse(br#"{"z": NaN, "a": [-Infinity, 2, 3.0], "NaN": "NaN \" NaN"}"#).unwrap();
        assert_eq!(json.to_string(), r#"{"z":"NaN","a":["-Infinity",2,3.0],"NaN":"NaN \" NaN"}"#);
        assert!(json.get("z").unwrap().number().unwrap().is_nan());
        let Some(Json::List(list)) = json.get("a") else { panic!("{json}") };
        assert_eq!(list[0].number(), Some(f64::NEG_INFINITY));
        assert_eq!(list[1].whole(), Some(2));
        assert_eq!(list[2].whole(), Some(3));
        assert_eq!(whole(0.5), None);
        assert_eq!(whole(-1.0), None);
    }

    #[test]
    fn numbers_are_exact() {
        for text in ["0.45658645033836365", "0.1", "1e-7", "18446744073709551615", "-5"] {
            assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn deep_nesting_and_cut_texts_are_errors() {
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(b"{\"a\": \"x\\").is_err());
        assert!(parse(b"").is_err());
    }
}
