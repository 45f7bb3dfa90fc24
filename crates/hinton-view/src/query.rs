//! Parses the query of a question: `s=40&t=3&row=12`.

use std::str::FromStr;

use crate::Refusal;

/// Longest query that is looked at, bytes.
const LONGEST: usize = 16 << 10;

/// Names and values, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query as a form sends it: `%20` and `+` are spaces.
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        if text.len() > LONGEST {
            return Err(Refusal::question(format!("the query is longer than {LONGEST} bytes")));
        }
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if pairs.iter().any(|pair| pair.0 == name) {
                return Err(Refusal::question(format!("{name:?} is there twice")));
            }
            pairs.push((name, value));
        }
        Ok(Query(pairs))
    }

    /// Refuses what is none of these names.
    pub(crate) fn check(&self, names: &[&str]) -> Result<(), Refusal> {
        match self.0.iter().find(|pair| !names.contains(&pair.0.as_str())) {
            Some((name, _)) => Err(Refusal::question(format!(
                "{name:?} is not understood here, expected {}",
                names.join(", ")
            ))),
            None => Ok(()),
        }
    }

    /// The value of that name; none where it is missing or empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|pair| pair.0 == name)?;
        Some(pair.1.as_str()).filter(|value| !value.is_empty())
    }

    /// The value of that name as a number or word; none where it is missing.
    pub(crate) fn get<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let read = |value: &str| {
            value.parse().map_err(|_| Refusal::question(format!("{name}={value:?} makes no sense")))
        };
        self.text(name).map(read).transpose()
    }

    /// The value of that name, which must be there.
    pub(crate) fn need<T: FromStr>(&self, name: &str) -> Result<T, Refusal> {
        self.get(name)?.ok_or_else(|| Refusal::question(format!("{name}= is missing")))
    }

    /// Whether a switch is on: `1` or `0`.
    pub(crate) fn switch(&self, name: &str, default: bool) -> Result<bool, Refusal> {
        match self.text(name) {
            None => Ok(default),
            Some("1") => Ok(true),
            Some("0") => Ok(false),
            Some(other) => Err(Refusal::question(format!("{name}={other:?}: expected 0 or 1"))),
        }
    }
}

fn decoded(text: &str) -> Result<String, Refusal> {
    let wrong = || Refusal::question("the query is not encoded as an address should be");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    rest.next().and_then(|digit| char::from(digit).to_digit(16)).ok_or_else(wrong)
                };
                (digit()? * 16 + digit()?) as u8
            }
            byte => byte,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let query = Query::read("s=40&v=%5B0%2C%3A%5D&map=RdBu+r&e=&dark=1").unwrap();
        assert_eq!(query.need::<u64>("s").unwrap(), 40);
        assert_eq!(query.text("v"), Some("[0,:]"));
        assert_eq!(query.text("map"), Some("RdBu r"));
        assert_eq!(query.text("e"), None);
        assert!(query.switch("dark", false).unwrap() && !query.switch("share", false).unwrap());
        assert!(query.check(&["s", "v", "map", "e", "dark"]).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in
            [("a=%", "encoded"), ("a=%f", "encoded"), ("a=%ff", "encoded"), ("a=1&a=2", "twice")]
        {
            let Err(Refusal::Question(message)) = Query::read(text) else { panic!("{text}") };
            assert!(message.contains(why), "{message}");
        }
        assert!(Query::read(&"a".repeat(LONGEST + 1)).is_err());
        let query = Query::read("s=x&dark=2").unwrap();
        assert!(query.need::<u64>("s").is_err() && query.need::<u64>("t").is_err());
        assert!(query.switch("dark", false).is_err() && query.check(&["s"]).is_err());
    }
}
