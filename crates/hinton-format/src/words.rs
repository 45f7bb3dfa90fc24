//! Rewords error messages of libraries: theirs mention Rust's types and their own internals, and
//! change with their versions.

use std::error::Error;
use std::fmt;
use std::io;

use hinton_tensor::{ReadError, ReadErrorKind};

/// What is wrong with some JSON, without the position.
pub fn json_fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    if let Some((_, ours)) = JSON.iter().find(|(theirs, _)| *theirs == text) {
        return (*ours).to_owned();
    }
    let quoted = |rest: &str| rest.trim_matches('`').to_owned();
    if let Some(rest) = text.strip_prefix("missing field ") {
        return format!("{:?} is missing", quoted(rest));
    }
    if let Some(rest) = text.strip_prefix("duplicate field ") {
        return format!("{:?} is there twice", quoted(rest));
    }
    let kinds = ["invalid type: ", "invalid value: ", "invalid length "];
    let rest = kinds.iter().find_map(|kind| text.strip_prefix(kind));
    match rest.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((found, wanted)) => {
            format!("expected {}, found {}", wanted_json(wanted), found_json(found))
        }
        // Said by a reader of ours.
        None => text.to_owned(),
    }
}

/// Faults of JSON's grammar, as serde_json and as we say them.
const JSON: &[(&str, &str)] = &[
    ("EOF while parsing a list", "it ends inside a list"),
    ("EOF while parsing an object", "it ends inside an object"),
    ("EOF while parsing a string", "it ends inside a text"),
    ("EOF while parsing a value", "it ends where a value is expected"),
    ("expected `:`", "expected a colon after a key"),
    ("expected `,` or `]`", "expected a comma or the end of a list"),
    ("expected `,` or `}`", "expected a comma or the end of an object"),
    ("expected ident", "expected true, false or null"),
    ("expected value", "expected a value"),
    ("expected `\"`", "expected a text in quotes"),
    ("invalid escape", "a text holds a backslash before what it cannot stand before"),
    ("invalid number", "a number is not written as JSON writes numbers"),
    ("number out of range", "a number is too large"),
    ("invalid unicode code point", "a text is not valid UTF-8"),
    (
        "control character (\\u0000-\\u001F) found while parsing a string",
        "a text holds a control character or a line break",
    ),
    ("key must be a string", "a key is not a quoted text"),
    ("lone leading surrogate in hex escape", "a text holds half of a character"),
    ("unexpected end of hex escape", "a text holds half of a character"),
    ("trailing comma", "a comma comes before an end"),
    ("trailing characters", "more follows after its end"),
    ("recursion limit exceeded", "it is nested deeper than 128 levels"),
];

/// What a reader wanted, where it says no more than a type of Rust's.
fn wanted_json(wanted: &str) -> &str {
    match wanted {
        "a string" | "a borrowed string" => "a text",
        "a sequence" => "a list",
        "a map" => "an object",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        _ if wanted.starts_with("struct ") => "an object",
        _ => wanted,
    }
}

/// What stood there, as serde names it: `string "abc"`, `` integer `5` ``.
fn found_json(found: &str) -> String {
    let bare = |text: &str| text.trim_matches('`').to_owned();
    match found {
        "null" => return "null".to_owned(),
        "sequence" => return "a list".to_owned(),
        "map" => return "an object".to_owned(),
        _ => {}
    }
    let kinds =
        [("integer ", ""), ("floating point ", ""), ("boolean ", ""), ("string ", "the text ")];
    match kinds.iter().find_map(|(kind, ours)| Some((found.strip_prefix(kind)?, ours))) {
        Some((value, ours)) => format!("{ours}{}", bare(value)),
        None => found.to_owned(),
    }
}

/// An error of our own inside an [`io::Error`]: what it says is for the user.
#[derive(Debug)]
struct Said(String, ReadErrorKind);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Said {}

/// An error of reading that says this, through whatever library reads.
pub(crate) fn said(why: impl Into<String>) -> io::Error {
    io::Error::other(Said(why.into(), ReadErrorKind::Damaged))
}

/// The error of a reader, through whatever library reads.
pub(crate) fn carried(error: &ReadError) -> io::Error {
    io::Error::other(Said(error.to_string(), error.kind))
}

/// What kind of fault stopped a reader: that of [`carried`], the system's, or what it read.
pub(crate) fn fault_kind(error: &io::Error) -> ReadErrorKind {
    let carried = causes(error).find_map(|cause| cause.downcast_ref::<Said>());
    match carried {
        Some(said) => said.1,
        None if error.kind() == io::ErrorKind::OutOfMemory => ReadErrorKind::Memory,
        None if error.raw_os_error().is_some() => ReadErrorKind::System,
        None => ReadErrorKind::Damaged,
    }
}

/// Why something could not be read or written: the system's message without Rust's "(os error 2)",
/// or hinton's own.
pub fn io_fault(error: &io::Error) -> String {
    let text = error.to_string();
    own(error).unwrap_or_else(|| text.split(" (os error").next().unwrap_or(&text).to_lowercase())
}

/// Why something could not be unpacked: our own words, the system's, or what can be said of a decoder's.
pub(crate) fn packed_fault(error: &io::Error) -> String {
    let text = error.to_string();
    if own(error).is_some() || error.raw_os_error().is_some() || text.contains(" (os error") {
        return io_fault(error);
    }
    let lower = text.to_lowercase();
    match error.kind() {
        _ if lower.contains("checksum") || lower.contains("crc") => {
            "its checksum is not that of what came out".to_owned()
        }
        _ if ends(error) => "it ends too early".to_owned(),
        io::ErrorKind::OutOfMemory => "there is no memory for it".to_owned(),
        _ => "what comes next is not packed as it should be".to_owned(),
    }
}

/// Whether that it ends is what is wrong.
fn ends(error: &io::Error) -> bool {
    let is_end = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
    is_end(error) || causes(error).filter_map(|cause| cause.downcast_ref()).any(is_end)
}

/// The words of ours in an error or in what caused it.
fn own(error: &io::Error) -> Option<String> {
    causes(error).find_map(|cause| cause.downcast_ref::<Said>()).map(|said| said.0.clone())
}

/// What an error has inside, from the outermost on.
fn causes(error: &io::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(inner(error), |&cause| match cause.downcast_ref::<io::Error>() {
        Some(deeper) => inner(deeper),
        None => cause.source(),
    })
}

/// What an error of reading was made of.
fn inner(error: &io::Error) -> Option<&(dyn Error + 'static)> {
    error.get_ref().map(|inner| inner as _)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault<T: serde::de::DeserializeOwned>(text: &str) -> String {
        json_fault(&serde_json::from_str::<T>(text).err().expect("a fault"))
    }

    #[test]
    fn json_is_spoken_of_in_our_words() {
        type Any = serde_json::Value;
        let deep = "[".repeat(200);
        for (text, ours) in [
            ("[1,", "it ends where a value is expected"),
            ("[1", "it ends inside a list"),
            ("{\"a\":1", "it ends inside an object"),
            ("{\"a", "it ends inside a text"),
            ("{\"a\" 1}", "expected a colon after a key"),
            ("[1 2]", "expected a comma or the end of a list"),
            ("{\"a\":1 2}", "expected a comma or the end of an object"),
            ("[nul]", "expected true, false or null"),
            ("[NaN]", "expected a value"),
            ("[\"\\q\"]", "a text holds a backslash before what it cannot stand before"),
            ("[01]", "a number is not written as JSON writes numbers"),
            ("[1e999]", "a number is too large"),
            ("[\"\n\"]", "a text holds a control character or a line break"),
            ("{a:1}", "a key is not a quoted text"),
            ("[\"\\ud800\"]", "a text holds half of a character"),
            ("[1,]", "a comma comes before an end"),
            ("1 2", "more follows after its end"),
            (&deep, "it is nested deeper than 128 levels"),
        ] {
            assert_eq!(fault::<Any>(text), ours, "{text}");
        }
        assert_eq!(fault::<Vec<u64>>("5"), "expected a list, found 5");
        assert_eq!(fault::<Vec<String>>("[1.5]"), "expected a text, found 1.5");
        assert_eq!(
            fault::<u64>("[1]"),
            "expected a whole number that is not negative, found a list"
        );
        assert_eq!(fault::<u64>("-1"), "expected a whole number that is not negative, found -1");
        assert_eq!(
            fault::<f64>("\"an, expected b\""),
            "expected a number, found the text \"an, expected b\""
        );
        assert_eq!(fault::<bool>("{}"), "expected true or false, found an object");
        assert_eq!(fault::<String>("null"), "expected a text, found null");
    }

    #[test]
    fn what_cannot_be_read_is_said_in_the_systems_words_or_ours() {
        let missing = std::fs::read("/no/such/file").expect_err("there is none");
        assert!(!io_fault(&missing).contains("os error"), "{missing}");
        let ours = io::Error::other(io::Error::other(said("the disk is gone")));
        assert_eq!(io_fault(&ours), "the disk is gone");
        assert_eq!(packed_fault(&ours), "the disk is gone");
        assert_eq!(packed_fault(&missing), io_fault(&missing));
        let theirs = io::Error::new(io::ErrorKind::InvalidData, "DecodeBufferError: { .. }");
        assert_eq!(packed_fault(&theirs), "what comes next is not packed as it should be");
        let sum = io::Error::new(io::ErrorKind::InvalidData, "Block checksum mismatch");
        assert_eq!(packed_fault(&sum), "its checksum is not that of what came out");
        assert_eq!(packed_fault(&io::ErrorKind::UnexpectedEof.into()), "it ends too early");
    }
}
