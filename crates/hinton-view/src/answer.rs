//! What a route gives back.

use serde_json::{Value, json};

/// An answer: bytes and what they are.
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

    /// Numbers for a program.
    pub(crate) fn binary(bytes: Vec<u8>) -> Self {
        Answer { media_type: "application/octet-stream", bytes }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such route.
    NoRoute,
    /// The question makes no sense, or asks for what is not there; in words for a person.
    Question(String),
    /// The answer could not be given: a file cannot be read, say.
    Work(String),
}

impl Refusal {
    pub(crate) fn question(message: impl Into<String>) -> Self {
        Refusal::Question(message.into())
    }

    /// What a person is told, as JSON: `{"error": "…"}`.
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

impl From<hinton::TensorError> for Refusal {
    fn from(error: hinton::TensorError) -> Self {
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
