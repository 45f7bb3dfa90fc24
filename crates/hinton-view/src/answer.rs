//! The responses of routes.

use serde::Serialize;
use serde_json::{Value, json};

/// A successful response: bytes and their media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The media type, such as `application/json`.
    pub media_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// A JSON value.
    pub(crate) fn json(value: &Value) -> Self {
        Answer { media_type: "application/json; charset=utf-8", bytes: value.to_string().into() }
    }

    /// JSON that is written already.
    pub(crate) fn text(bytes: Vec<u8>) -> Self {
        Answer { media_type: "application/json; charset=utf-8", bytes }
    }

    /// Numbers for a program.
    pub(crate) fn binary(bytes: Vec<u8>) -> Self {
        Answer { media_type: "application/octet-stream", bytes }
    }
}

/// Why a question could not be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such route.
    NoRoute,
    /// The question makes no sense, or asks for something that does not exist; the text explains it
    /// to the user.
    Question(String),
    /// The question could not be answered, for example because a file cannot be read.
    Work(String),
}

impl Refusal {
    pub(crate) fn question(message: impl Into<String>) -> Self {
        Refusal::Question(message.into())
    }

    /// The message for the user, as JSON: `{"error": "…"}`.
    pub fn as_json(&self) -> Vec<u8> {
        let message = match self {
            Refusal::NoRoute => "there is nothing at this address",
            Refusal::Question(message) | Refusal::Work(message) => message,
        };
        json!({ "error": message }).to_string().into()
    }
}

impl From<hinton::Error> for Refusal {
    fn from(error: hinton::Error) -> Self {
        let message = match error.help() {
            Some(help) => format!("{error}; {help}"),
            None => error.to_string(),
        };
        match error.fault() {
            hinton::Fault::Request => Refusal::Question(message),
            hinton::Fault::Work => Refusal::Work(message),
        }
    }
}

impl From<hinton::errors::TensorError> for Refusal {
    fn from(error: hinton::errors::TensorError) -> Self {
        hinton::Error::from(error).into()
    }
}

/// A number in JSON, which has no word for those that are not finite: they are strings.
pub(crate) fn number(value: f64) -> Value {
    match value {
        _ if value.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        value => json!(value),
    }
}

/// A number that may be unknown.
pub(crate) fn number_or_null(value: Option<f64>) -> Value {
    value.map_or(Value::Null, number)
}

/// A JSON object, written member by member: of tens of thousands of them, building each as a [`Value`]
/// takes longer than everything else.
pub(crate) struct Members<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl<'a> Members<'a> {
    /// Begins the object.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Members { out, is_first: true }
    }

    /// Adds a member. Numbers must be finite.
    pub(crate) fn add(&mut self, name: &str, value: impl Serialize) -> &mut Self {
        let written = serde_json::to_writer(self.begun(name), &value);
        debug_assert!(written.is_ok(), "memory takes all that is written");
        self
    }

    /// Adds a member where there is something to tell.
    pub(crate) fn tell(&mut self, name: &str, value: Option<impl Serialize>) -> &mut Self {
        match value {
            Some(value) => self.add(name, value),
            None => self,
        }
    }

    /// Adds a list whose items write themselves.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Vec<u8>, T),
    ) -> &mut Self {
        let out = self.begun(name);
        out.push(b'[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write(out, item);
        }
        out.push(b']');
        self
    }

    /// Adds a member that writes itself.
    pub(crate) fn with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        write(self.begun(name));
        self
    }

    /// Ends the object.
    pub(crate) fn end(&mut self) {
        self.out.push(b'}');
    }

    fn begun(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend(name.bytes());
        self.out.extend(b"\":");
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_json() {
        let mut out = Vec::new();
        let mut members = Members::new(&mut out);
        members.add("a", "\"b\\\n").tell("none", None::<u8>).tell("one", Some(1.5));
        members.list("list", [1, 2].iter(), |out, &item| Members::new(out).add("n", item).end());
        members.with("inner", |out| Members::new(out).end()).end();
        let read: Value = serde_json::from_slice(&out).unwrap();
        let expected = json!({
            "a": "\"b\\\n", "one": 1.5, "list": [{ "n": 1 }, { "n": 2 }], "inner": {},
        });
        assert_eq!(read, expected);
    }
}
