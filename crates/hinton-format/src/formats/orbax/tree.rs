//! `_METADATA`: the tree of names that Orbax writes beside the arrays.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::super::notes::check_path;
use crate::words::json_fault;
use crate::{Error, Limits};

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// In the order of the file.
    pub(super) leaves: Vec<Leaf>,
    /// Whether it says that the arrays are in a database.
    pub(super) in_database: bool,
    /// What the user added.
    pub(super) custom: Value,
}

/// A value of the tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Its path, with `/` between the keys.
    pub(super) name: String,
    /// What Orbax calls its array: the keys with `.` between them.
    pub(super) key: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// An array or a number.
    Array,
    Text,
    /// An empty list or dictionary, or nothing.
    Empty,
}

/// Reads `_METADATA`.
///
/// # Errors
/// Returns an error if it is not as expected, or has more leaves than the limit.
pub(super) fn parse(text: &[u8], limits: &Limits) -> Result<Tree, Error> {
    let mut reader = Reader { limits, tree: Tree::default() };
    let mut json = serde_json::Deserializer::from_slice(text);
    json.deserialize_map(&mut reader).and_then(|()| json.end()).map_err(|error| {
        let at = super::super::json_byte(text, &error);
        Error::malformed(format!("the tree is not as expected: {}", json_fault(&error))).at_byte(at)
    })?;
    Ok(reader.tree)
}

struct Reader<'a> {
    limits: &'a Limits,
    tree: Tree,
}

impl<'de> Visitor<'de> for &mut Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a tree_metadata")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "tree_metadata" => map.next_value_seed(Leaves(self))?,
                "use_ocdbt" => {
                    self.tree.in_database = map.next_value::<Value>()? == Value::Bool(true);
                }
                "custom_metadata" => self.tree.custom = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Reads the leaves, of which `tree_metadata` is an object.
struct Leaves<'a, 'b>(&'a mut Reader<'b>);

impl<'de> DeserializeSeed<'de> for Leaves<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Leaves<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of leaves")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Leaves(reader) = self;
        while let Some((tuple, json)) = map.next_entry::<String, Value>()? {
            if reader.tree.leaves.len() >= reader.limits.tensors {
                let limit = reader.limits.tensors;
                return Err(A::Error::custom(format!("there are more than {limit} leaves")));
            }
            let leaf = leaf(&json).ok_or_else(|| {
                A::Error::custom(format!("{tuple:?} has no list of keys, or no type"))
            })?;
            check_path(&leaf.name).map_err(|error| A::Error::custom(error.message()))?;
            reader.tree.leaves.push(leaf);
        }
        Ok(())
    }
}

fn leaf(json: &Value) -> Option<Leaf> {
    let keys = json.get("key_metadata")?.as_array()?.iter();
    let keys: Option<Vec<&str>> = keys.map(|key| key.get("key")?.as_str()).collect();
    let keys = keys?;
    let value = json.get("value_metadata")?;
    let skipped = value.get("skip_deserialize").and_then(Value::as_bool).unwrap_or(false);
    let kind = match value.get("value_type")?.as_str()? {
        "None" | "Dict" | "List" | "Tuple" | "NamedTuple" => Kind::Empty,
        _ if skipped => Kind::Empty,
        "string" => Kind::Text,
        _ => Kind::Array,
    };
    Some(Leaf { name: keys.join("/"), key: keys.join("."), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_keep_their_order_and_their_dots() {
        let text = br#"{"use_zarr3": false, "tree_metadata": {
            "('b', 'x.y')": {"key_metadata": [{"key": "b", "key_type": 2},
                {"key": "x.y", "key_type": 2}],
                "value_metadata": {"value_type": "jax.Array", "skip_deserialize": false}},
            "('a',)": {"key_metadata": [{"key": "a", "key_type": 2}],
                "value_metadata": {"value_type": "None", "skip_deserialize": true}}},
            "custom_metadata": {"lr": 1}}"#;
        let tree = parse(text, &Limits::default()).unwrap();
        let leaf = |name: &str, key: &str, kind| Leaf { name: name.into(), key: key.into(), kind };
        assert_eq!(tree.leaves, [leaf("b/x.y", "b.x.y", Kind::Array), leaf("a", "a", Kind::Empty)]);
        assert_eq!(tree.custom["lr"], 1);
        let wrong = parse(br#"{"tree_metadata": {"('a',)": {}}}"#, &Limits::default());
        assert!(wrong.unwrap_err().message().contains("no list of keys"));
        let limits = Limits { tensors: 1, ..Limits::default() };
        assert!(parse(text, &limits).unwrap_err().message().contains("more than 1 leaves"));
    }
}
