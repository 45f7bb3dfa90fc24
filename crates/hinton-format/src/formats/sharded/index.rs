//! The index file: which tensor lies in which shard.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::words::json_fault;
use crate::{Error, Limits};

/// What the index says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// `metadata`; what are no texts is JSON text.
    pub(super) metadata: Vec<(String, String)>,
    /// The shards, sorted by name.
    pub(super) files: Vec<String>,
    /// Tensor and position of its shard in `files`, sorted by tensor. Empty where the index names
    /// groups and all shards that a group lies in, as Keras' does.
    pub(super) tensors: Vec<(String, usize)>,
}

/// Reads the index.
pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Index, Error> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = IndexReader { limits, metadata: Vec::new(), weight_map: None };
    let mut json = serde_json::Deserializer::from_slice(text);
    json.deserialize_map(&mut reader).and_then(|()| json.end()).map_err(|error| {
        Error::malformed(format!("the index is not as expected: {}", json_fault(&error)))
            .at_byte(super::super::json_byte(text, &error))
    })?;
    let Some(weight_map) = reader.weight_map.filter(|map| !map.is_empty()) else {
        return Err(Error::malformed("the index lists no tensors: it has no weight_map")
            .cure("choose the weights file beside it"));
    };
    let mut files: Vec<String> = weight_map.values().flat_map(Shards::names).cloned().collect();
    files.sort_unstable();
    files.dedup();
    let place = |file: &String| files.binary_search(file).unwrap_or(0);
    let of_groups = weight_map.values().any(|shards| matches!(shards, Shards::Several(_)));
    let tensor = |(name, shards): (&String, &Shards)| match shards {
        Shards::One(file) if !of_groups => Some((name.clone(), place(file))),
        _ => None,
    };
    let tensors = weight_map.iter().filter_map(tensor).collect();
    Ok(Index { metadata: reader.metadata, files, tensors })
}

/// Where a tensor or a group of them lies.
#[derive(Debug, PartialEq)]
enum Shards {
    One(String),
    Several(Vec<String>),
}

impl<'de> Deserialize<'de> for Shards {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Shards;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Shards, E> {
                Ok(Shards::One(name.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shards, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Shards::Several(names))
            }
        }
        json.deserialize_any(Names)
    }
}

impl Shards {
    fn names(&self) -> &[String] {
        match self {
            Shards::One(name) => std::slice::from_ref(name),
            Shards::Several(names) => names,
        }
    }
}

struct IndexReader<'a> {
    limits: &'a Limits,
    metadata: Vec<(String, String)>,
    weight_map: Option<BTreeMap<String, Shards>>,
}

impl<'de> Visitor<'de> for &mut IndexReader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with a weight_map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "weight_map" => {
                    if self.weight_map.is_some() {
                        return Err(A::Error::custom("weight_map is there twice"));
                    }
                    self.weight_map = Some(map.next_value_seed(WeightMap(self.limits.tensors))?);
                }
                "metadata" => {
                    // What is no text is never built: a list takes many times its bytes.
                    let metadata: Option<BTreeMap<String, &RawValue>> = map.next_value()?;
                    let text = |value: &RawValue| {
                        let text = serde_json::from_str::<String>(value.get());
                        text.unwrap_or_else(|_| value.get().to_owned())
                    };
                    let metadata = metadata.unwrap_or_default().into_iter();
                    self.metadata.extend(metadata.map(|(key, value)| (key, text(value))));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Reads `weight_map`; holds the most tensors that it may have.
struct WeightMap(usize);

impl<'de> DeserializeSeed<'de> for WeightMap {
    type Value = BTreeMap<String, Shards>;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for WeightMap {
    type Value = BTreeMap<String, Shards>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from tensors to files")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut files = BTreeMap::new();
        while let Some((tensor, file)) = map.next_entry::<String, Shards>()? {
            if files.len() >= self.0 {
                let limit = self.0;
                return Err(A::Error::custom(format!("more tensors than the limit of {limit}")));
            }
            if let Some(other) = files.insert(tensor.clone(), file)
                && other != files[&tensor]
            {
                return Err(A::Error::custom(format!("tensor {tensor:?} has two shards")));
            }
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(text: &str) -> Result<Index, String> {
        parse(text.as_bytes(), &Limits::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn shards_are_sorted_and_tensors_point_to_them() {
        let index = index(
            r#"{"metadata": {"total_size": 9}, "x": [1], "weight_map": {"w": "2", "b": "1"}}"#,
        );
        let index = index.unwrap();
        assert_eq!(index.metadata, [("total_size".to_owned(), "9".to_owned())]);
        assert_eq!(index.files, ["1", "2"]);
        assert_eq!(index.tensors, [("b".to_owned(), 0), ("w".to_owned(), 1)]);
    }

    #[test]
    fn keras_names_all_shards_of_a_group() {
        let index = index(r#"{"metadata": null, "weight_map": {"/a": ["1", "2"], "/b": ["2"]}}"#);
        let index = index.unwrap();
        assert_eq!((index.files, index.tensors), (vec!["1".to_owned(), "2".to_owned()], vec![]));
    }

    #[test]
    fn mistakes_are_told() {
        assert!(index("{}").unwrap_err().contains("no weight_map"));
        assert!(index(r#"{"weight_map": {}}"#).unwrap_err().contains("lists no tensors"));
        assert!(
            index(r#"{"weight_map": {"a": "1", "a": "2"}}"#).unwrap_err().contains("two shards")
        );
        assert!(index(r#"{"weight_map": {"a": 1}}"#).unwrap_err().contains("a string or a list"));
        assert!(index(r#"{"weight_map""#).is_err());
    }
}
