//! Names of rows and columns, from files next to a model or from the model itself: the tokens of
//! its tokenizer, the classes of its settings, the headers of a table.

use std::path::Path;

use hinton_format::source::read_head;
use hinton_format::{Checkpoint, Limits, locate, tokens_inside};
use serde_json::{Map, Value};

/// Larger files are not read for names.
const MOST_BYTES: u64 = 64 << 20;
/// Most names; a file may claim a token of any number.
const MOST_NAMES: usize = 4 << 20;
/// Parts of the names of tensors whose rows are tokens. They may have more rows than there are tokens.
const OF_TOKENS: [&str; 10] = [
    "embed",
    "token_embd",
    "wte",
    "lm_head",
    "vocab",
    "shared",
    "decoder",
    "output",
    "tok_",
    "predictions",
];
/// Parts of the names of tensors that are no table of tokens, whatever else is in their names.
const OF_POSITIONS: [&str; 3] = ["position", "token_type", "wpe"];

/// What the names are names of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamesOf {
    /// Tokens of a tokenizer.
    Tokens,
    /// Classes of a classifier.
    Classes,
    /// Rows of a table, as its file names them.
    Rows,
    /// Columns of a table.
    Columns,
}

impl NamesOf {
    /// The singular form in one word.
    pub fn word(self) -> &'static str {
        match self {
            NamesOf::Tokens => "token",
            NamesOf::Classes => "class",
            NamesOf::Rows | NamesOf::Columns => "named",
        }
    }
}

/// Names of the indices of an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AxisNames {
    /// What they are names of.
    pub of: NamesOf,
    /// The name of the file that they come from.
    pub file: &'static str,
    /// The names; empty where a position has none.
    names: Vec<String>,
}

impl AxisNames {
    /// The name of an index on an axis of the tensor with the given name and shape; `None` if these
    /// are not names of that axis.
    pub fn name(
        &self,
        tensor: &str,
        shape: &[usize],
        axis: usize,
        position: usize,
    ) -> Option<&str> {
        let length = *shape.get(axis)?;
        let count = self.names.len();
        let has = |parts: &[&str]| parts.iter().any(|part| tensor.contains(part));
        let fits = match self.of {
            NamesOf::Rows => axis == 0 && shape.len() == 2 && length == count,
            NamesOf::Columns => axis == 1 && shape.len() == 2 && length == count,
            _ if has(&OF_POSITIONS) => false,
            // Tables are padded to a round number of rows.
            NamesOf::Tokens => {
                length == count && count > 256
                    || has(&OF_TOKENS) && length >= count && length - count <= count / 16 + 128
            }
            NamesOf::Classes => length == count && has(&["classifier", "score", "logits", "head"]),
        };
        let name = self.names.get(position).filter(|_| fits)?;
        (!name.is_empty()).then_some(name.as_str())
    }
}

/// The names that a table's file gives to its rows and columns.
pub fn names_of_table(checkpoint: &Checkpoint) -> Vec<AxisNames> {
    let of = |(of, file): (NamesOf, &'static str)| {
        let (_, json) = checkpoint.metadata.iter().find(|(key, _)| key == file)?;
        let names: Vec<String> = serde_json::from_str(json).ok()?;
        Some(AxisNames { of, file, names })
    };
    [(NamesOf::Rows, "rows"), (NamesOf::Columns, "columns")].into_iter().filter_map(of).collect()
}

/// Reads names from files next to a model, on disk or in an archive, or in its folder: `vocab.txt`,
/// `tokenizer.json` or `vocab.json`, and `config.json`.
///
/// A tokenizer inside the file (GGUF) takes precedence. Files that cannot be read are ignored.
pub fn names_beside(path: &Path, limits: &Limits) -> Vec<AxisNames> {
    let Ok(place) = locate(path, limits) else { return Vec::new() };
    let inside = match place.is_dir() {
        true => None,
        false => place.open().ok().and_then(|data| tokens_inside(&*data, MOST_NAMES, limits)),
    };
    let inside = inside.map(|names| {
        let file = "tokenizer.ggml.tokens";
        AxisNames { of: NamesOf::Tokens, file, names }
    });
    let folder = if place.is_dir() { place } else { place.folder() };
    let read = |file: &str| -> Option<Vec<u8>> {
        let bytes = folder.join(file).open().ok()?;
        if bytes.len() > MOST_BYTES { None } else { read_head(&*bytes, bytes.len()).ok() }
    };
    let json = |file: &str| serde_json::from_slice::<Value>(&read(file)?).ok();
    let words = |file: &str| {
        let text = String::from_utf8(read(file)?).ok()?;
        Some(text.lines().take(MOST_NAMES).map(str::to_owned).collect())
    };
    let of_file = |file: &'static str| {
        let names: Vec<String> = match file {
            "vocab.txt" => words(file),
            "vocab.json" => Some(by_number(json(file)?.as_object()?)),
            _ => of_tokenizer(&json(file)?),
        }?;
        (!names.is_empty()).then_some(AxisNames { of: NamesOf::Tokens, file, names })
    };
    let files = ["tokenizer.json", "vocab.json", "vocab.txt"];
    let tokens = inside.or_else(|| files.into_iter().find_map(of_file));
    let classes = json("config.json").and_then(|config| {
        let names = of_classes(&config)?;
        Some(AxisNames { of: NamesOf::Classes, file: "config.json", names })
    });
    tokens.into_iter().chain(classes).collect()
}

/// The tokens of a file of the library `tokenizers`: `model.vocab` is an object of numbers, or a list of
/// tokens with their scores; `added_tokens` may replace and follow them.
fn of_tokenizer(file: &Value) -> Option<Vec<String>> {
    let mut names = match file.get("model")?.get("vocab")? {
        Value::Object(vocab) => by_number(vocab),
        Value::Array(list) => {
            let token = |item: &Value| item.get(0)?.as_str().map(str::to_owned);
            list.iter().take(MOST_NAMES).map(|item| token(item).unwrap_or_default()).collect()
        }
        _ => return None,
    };
    for added in file.get("added_tokens").and_then(Value::as_array).into_iter().flatten() {
        let token = added.get("content").and_then(Value::as_str);
        let number = added.get("id").and_then(Value::as_u64);
        if let (Some(token), Some(number)) = (token, number) {
            put(&mut names, number, token);
        }
    }
    Some(names)
}

fn by_number(vocab: &Map<String, Value>) -> Vec<String> {
    let mut names = Vec::new();
    for (token, number) in vocab {
        if let Some(number) = number.as_u64() {
            put(&mut names, number, token);
        }
    }
    names
}

fn put(names: &mut Vec<String>, number: u64, name: &str) {
    let Some(number) = usize::try_from(number).ok().filter(|&number| number < MOST_NAMES) else {
        return;
    };
    if names.len() <= number {
        names.resize(number + 1, String::new());
    }
    name.clone_into(&mut names[number]);
}

/// `id2label` of transformers' settings; `LABEL_0` says nothing.
fn of_classes(config: &Value) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for (number, name) in config.get("id2label")?.as_object()? {
        put(&mut names, number.parse().ok()?, name.as_str()?);
    }
    (!names.iter().all(|name| name.starts_with("LABEL_"))).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tokens(names: Vec<String>) -> AxisNames {
        AxisNames { of: NamesOf::Tokens, file: "tokenizer.json", names }
    }

    #[test]
    fn tokens_stand_at_their_numbers() {
        let words = json!({
            "model": { "vocab": { "b": 1, "a": 0, "far": 99_999_999_999u64, "odd": "x" } },
            "added_tokens": [{ "id": 3, "content": "<end>" }, { "id": 1, "content": "B" }],
        });
        assert_eq!(of_tokenizer(&words).unwrap(), ["a", "B", "", "<end>"]);
        let unigram = json!({ "model": { "vocab": [["<unk>", 0.0], ["▁the", -3.5]] } });
        assert_eq!(of_tokenizer(&unigram).unwrap(), ["<unk>", "▁the"]);
        assert_eq!(of_tokenizer(&json!({ "model": {} })), None);
    }

    #[test]
    fn a_model_in_an_archive_has_the_names_beside_it_there() {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in [("a/m.csv", "1,2"), ("a/vocab.txt", "x\ny"), ("vocab.txt", "z")] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
        }
        let folder = hinton_testing::Folder::new();
        let archive = folder.put("m.zip", zip.finish().unwrap().into_inner());
        folder.put("vocab.txt", "on disk");
        for below in ["a/m.csv", "a"] {
            let found = names_beside(&archive.join(below), &Limits::default());
            assert_eq!(found[0].names, ["x", "y"], "{below}");
        }
    }

    #[test]
    fn names_are_of_axes_that_they_fit() {
        let names = tokens((0..1000).map(|number| format!("t{number}")).collect());
        assert_eq!(names.name("model.embed_tokens.weight", &[1000, 8], 0, 7), Some("t7"));
        assert_eq!(names.name("embed.weight", &[1024, 8], 0, 999), Some("t999"));
        assert_eq!(names.name("embed.weight", &[1024, 8], 0, 1003), None, "padding");
        assert_eq!(names.name("anything", &[1000, 8], 0, 7), Some("t7"));
        assert_eq!(names.name("anything", &[1024, 8], 0, 7), None);
        assert_eq!(names.name("embeddings.position_embeddings.weight", &[1000, 8], 0, 7), None);
        assert_eq!(names.name("embed.weight", &[384, 8], 0, 7), None);
    }

    #[test]
    fn rows_and_columns_of_a_table_are_named_on_their_own_axis() {
        let file = Checkpoint {
            path: "table.csv".to_owned(),
            format: "csv",
            metadata: vec![("columns".to_owned(), r#"["age","weight"]"#.to_owned())],
            tensors: Vec::new(),
            files: Vec::new(),
            warnings: Vec::new(),
        };
        let names = names_of_table(&file);
        assert_eq!(names.len(), 1);
        assert_eq!(names[0].name("table", &[2, 2], 1, 1), Some("weight"));
        assert_eq!(names[0].name("table", &[2, 2], 0, 1), None);
        assert_eq!(names[0].name("table", &[2, 3], 1, 1), None);
        assert_eq!(names[0].name("table", &[2, 2, 1], 1, 1), None);
    }

    #[test]
    fn classes_have_names_where_someone_gave_them() {
        let config = json!({ "id2label": { "1": "dog", "0": "cat" } });
        assert_eq!(of_classes(&config).unwrap(), ["cat", "dog"]);
        assert_eq!(of_classes(&json!({ "id2label": { "0": "LABEL_0", "1": "LABEL_1" } })), None);
        assert_eq!(of_classes(&json!({ "id2label": { "x": "cat" } })), None);
    }
}
