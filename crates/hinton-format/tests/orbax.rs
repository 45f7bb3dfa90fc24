//! Orbax and its database: fixtures against what Orbax reads in them, what folders are, and
//! databases that are damaged or lie.

use crate::common;
use crate::ocdbt_support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use common::{check_truth, fixture, fixtures, metadata, warnings};
use hinton_format::container::ocdbt;
use hinton_format::source::{Disk, InMemory};
use hinton_format::{Checkpoint, Error, ErrorKind, Limits, open, open_folder};
use ocdbt_support::{Database, MANIFEST, NODE, block, copied, leaf, varint};

#[test]
fn fixtures_hold_what_orbax_restores_from_them() {
    check_truth("orbax");
}

#[test]
fn names_and_words_are_those_of_the_tree() {
    let checkpoint = fixture("orbax");
    assert_eq!((checkpoint.format, warnings(&checkpoint)), ("orbax", vec![]));
    let names: Vec<&str> = checkpoint.tensors.iter().map(|tensor| tensor.name()).collect();
    assert!(names.contains(&"params/a.b/c") && names.contains(&"opt_state/0/mu/w"), "{names:?}");
    for kind in ["zarr2", "zarr3"] {
        assert_eq!(metadata(&fixture(&format!("orbax/{kind}")), "word"), Some("hello"), "{kind}");
    }
    let said = warnings(&fixture("orbax/many"));
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("there is no _METADATA: names are made of the keys"), "{said:?}");
    assert_eq!(warnings(&fixture("orbax/aged")), Vec::<String>::new());
    assert_eq!(metadata(&fixture("orbax/aged"), "step"), Some("9"));
}

#[test]
fn what_else_a_step_holds_is_metadata() {
    let step = fixture("orbax/items/5");
    assert_eq!(metadata(&step, "loss"), Some("0.25"));
    assert_eq!(metadata(&step, "notes"), Some("{\"seed\":7}"));
    assert_eq!(metadata(&fixture("orbax/manager/10"), "lr"), Some("0.1"));
}

#[test]
fn a_folder_of_steps_lists_them_and_an_unfinished_save_is_told() {
    let error = open(&fixtures().join("orbax/manager"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unrecognised);
    assert!(error.message().ends_with("has 2 steps of a run: \"2\", \"10\""), "{error}");
    assert!(error.cure_text().unwrap().contains("manager/10; together they are a run"));
    let unfinished = fixtures().join("orbax/manager/20.orbax-checkpoint-tmp-1700000000");
    let error = open(&unfinished, &Limits::default()).unwrap_err();
    assert!(error.message().starts_with("Orbax did not finish this save"), "{error}");
    // A file of a checkpoint stands for its folder.
    for file in ["_METADATA", "manifest.ocdbt", "_CHECKPOINT_METADATA"] {
        assert_eq!(fixture(&format!("orbax/{file}")).tensors.len(), fixture("orbax").tensors.len());
    }
}

/// The files of a fixture, to be changed.
fn files(name: &str) -> InMemory {
    let mut files = BTreeMap::new();
    copied(&fixtures().join("orbax").join(name), "", &mut files);
    InMemory(files)
}

fn opened(files: &InMemory) -> Result<Checkpoint, Error> {
    open_folder("here", Arc::new(files.clone()), &Limits::default()).map(Option::unwrap)
}

#[test]
fn files_that_are_missing_or_damaged_are_named() {
    let whole = files("zarr3");
    for name in whole.0.keys().filter(|name| *name == "manifest.ocdbt" || name.starts_with("d/")) {
        let mut gone = whole.clone();
        gone.0.remove(name);
        let error = opened(&gone).unwrap_err();
        assert_eq!((error.kind(), error.file()), (ErrorKind::Io, &**name), "{error}");
        assert!(error.cure_text().unwrap().contains(&**name), "{error}");
        let bytes = whole.0[name].clone();
        for at in 0..bytes.len() {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 0x10;
            let mut damaged = whole.clone();
            damaged.0.insert(name.clone(), flipped.into());
            let error = opened(&damaged).unwrap_err();
            assert_eq!(error.file(), name, "byte {at}: {error}");
            let mut cut = whole.clone();
            cut.0.insert(name.clone(), bytes[..at].into());
            assert!(opened(&cut).is_err(), "{name} cut at {at}");
        }
    }
}

#[test]
fn values_out_of_line_lie_inside_their_files() {
    let mut database = Database::default();
    database.files.insert("d/values".to_owned(), vec![7; 10]);
    let key = b"key".as_slice();
    for (start, len, fits) in [(0, 10, true), (4, 6, true), (4, 7, false), (u64::MAX, 2, false)] {
        let node = leaf(&["d/values"], &[(key, Some((0, start)), len, b"")]);
        let read = database.with_root(0, &node).read();
        match read {
            Ok(found) => assert!(fits && found.entries[key].data.len() == len),
            Err(error) => {
                assert!(!fits && error.message().contains("the file has 10 in all"), "{error}");
                assert_eq!((error.file(), error.tensor()), ("d/values", Some("key")));
            }
        }
    }
    let node = leaf(&["d/values"], &[(key, Some((1, 0)), 1, b"")]);
    let error = database.with_root(0, &node).read().unwrap_err();
    assert!(error.message().contains("it names data file 1, its table has 1"), "{error}");
}

#[test]
fn data_files_outside_the_folder_are_refused() {
    for path in ["../secret", "/etc/passwd", "d/../../secret", "c:\\secret", ""] {
        let node = leaf(&[path], &[(b"key", Some((0, 0)), 1, b"")]);
        let error = Database::default().with_root(0, &node).read().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{path}: {error}");
        assert!(error.message().contains("is not in its folder"), "{error}");
    }
}

#[test]
fn nodes_that_lead_back_end() {
    // A node that is its own child: its height cannot be right twice.
    let mut database = Database::default();
    let inner = |offset: u64, len: u64| -> Vec<u8> {
        let table = [vec![1, 6, 0], b"d/tree".to_vec()].concat();
        let place = [varint(0), varint(offset), varint(len)].concat();
        [vec![5], table, vec![1, 1, 0, b'k'], place, vec![0, 0, 0]].concat()
    };
    let len = block(NODE, &inner(0, 0)).len() as u64;
    database.files.insert("d/tree".to_owned(), block(NODE, &inner(0, len)));
    let error = database.with_root_at(5, "d/tree", 0, len).read().unwrap_err();
    assert!(error.message().contains("its height is 5, its parent says 4"), "{error}");
    // One that is there twice gives its keys twice.
    let low = block(NODE, &leaf(&[], &[(b"", None, 1, b"v")]));
    let high = [
        vec![1, 1, 5, 0],
        b"d/low".to_vec(),
        // Two children, "a" and "ab", whose keys all begin with "a".
        vec![2, 1, 1, 1, 1, 1, b'a', b'b', 0, 0, 0, 0],
        varint(low.len() as u64),
        varint(low.len() as u64),
        vec![0; 6],
    ]
    .concat();
    database.files.insert("d/low".to_owned(), low);
    let error = database.with_root(1, &high).read().unwrap_err();
    assert!(error.message().contains("two nodes of the tree have the same key"), "{error}");
}

#[test]
fn lengths_and_counts_are_not_believed() {
    let huge = varint(u64::MAX);
    let mut bodies: Vec<Vec<u8>> = vec![
        [vec![0], huge.clone()].concat(),
        [vec![0, 0], huge.clone()].concat(),
        [vec![0, 1, 0], huge.clone()].concat(),
        [vec![0, 0, 1], huge.clone(), vec![0; 8]].concat(),
        [vec![0, 0, 1, 1, b'k'], huge.clone(), vec![0; 8]].concat(),
        [vec![0, 0, 0]].concat(),
        vec![],
        // A key that shares more than there is; keys that do not rise; a kind that is none.
        vec![0, 0, 2, 9, 1, 1, b'a', b'b', 0, 0, 0, 0],
        vec![0, 0, 2, 0, 1, 1, b'b', b'a', 0, 0, 0, 0],
        vec![0, 0, 1, 1, b'a', 0, 2],
        // Something behind the end.
        vec![0, 0, 1, 1, b'a', 0, 0, 9],
    ];
    bodies.push([vec![0; 3], vec![0xff; 64]].concat());
    for body in bodies {
        let error = Database::default().with_root(0, &body).read();
        assert!(error.is_err(), "{body:?}");
    }
    let body = leaf(&[], &[(b"", None, 3, b"abc")]);
    assert_eq!(Database::default().with_root(0, &body).read().unwrap().entries.len(), 1);
    // Keys may take no more than the limit, however well they are packed.
    let mut limits = Limits::default();
    limits.header_bytes = 100_000;
    let long = vec![b'k'; 60_000];
    let many = leaf(&[], &[(&long, None, 0, b""), (&[&long[..], b"a"].concat(), None, 0, b"")]);
    let error =
        ocdbt::read(&Database::default().with_root(0, &many).folder(), &limits).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn manifests_are_checked() {
    let read = |name: &str, body: &[u8]| {
        let manifest = block(MANIFEST, body);
        let files = [(name.to_owned(), Arc::from(manifest))].into();
        ocdbt::read(&InMemory(files), &Limits::default())
    };
    let config = |kind: u8| [vec![7; 16], vec![kind, 100, 100, 4, 0]].concat();
    assert!(read("else", &config(0)).err().unwrap().message().contains("is missing"));
    let error = read("manifest.ocdbt", &config(1)).err().unwrap();
    assert!(error.message().contains("numbered manifests are next to it"), "{error}");
    assert_eq!(read("manifest.ocdbt", &config(2)).err().unwrap().kind(), ErrorKind::Unsupported);
    let none = [config(0), vec![0, 0]].concat();
    assert!(read("manifest.ocdbt", &none).err().unwrap().message().contains("lists no version"));
    // A version without keys: neither file nor place.
    let missing = varint(u64::MAX);
    let version = [vec![1, 0, 0, 1, 1, 0, 0], missing.clone(), missing, vec![0; 12]].concat();
    let empty = read("manifest.ocdbt", &[config(0), version].concat()).unwrap();
    assert_eq!(empty.entries.len(), 0);
    let other = block(MANIFEST, &[vec![8; 16], vec![0, 100, 100, 4, 0]].concat());
    let mut files = files("many");
    files.0.insert("manifest.000000000000ffff".to_owned(), other.into());
    let error = opened(&files).unwrap_err();
    assert!(error.file().ends_with("ffff"), "{error}");
}

#[test]
fn the_oldest_versions_are_not_shown() {
    // Both numbered manifests are whole; the lower one has fewer keys.
    let mut files = files("many");
    let last = files.0.keys().rfind(|name| name.starts_with("manifest.0")).unwrap().clone();
    assert_eq!(opened(&files).unwrap().tensors.len(), 3);
    files.0.remove(&last);
    assert!(opened(&files).unwrap().tensors.len() <= 3);
}

#[test]
fn a_linked_or_foreign_folder_is_none_of_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // Weights beside the steps are what the folder is opened for.
    let mut beside = files("manager");
    beside.0.insert("notes.json".to_owned(), Arc::from(&b"{}"[..]));
    assert!(open_folder("here", Arc::new(beside.clone()), &Limits::default()).is_err());
    beside.0.insert("model.safetensors".to_owned(), Arc::from(&b"x"[..]));
    assert!(open_folder("here", Arc::new(beside), &Limits::default()).unwrap().is_none());
    let opened = open_folder("src", Arc::new(Disk(folder)), &Limits::default()).unwrap();
    assert!(opened.is_none());
}

/// An array of two values in a folder of its own.
const ARRAY: &str = r#"{"zarr_format": 2, "shape": [2], "chunks": [2], "dtype": "<f4",
    "order": "C", "compressor": null, "filters": null, "fill_value": 0}"#;

/// `_METADATA` with leaves of those keys and types.
fn tree(leaves: &[(&[&str], &str)]) -> String {
    let leaf = |(keys, kind): &(&[&str], &str)| {
        let parts: Vec<_> = keys.iter().map(|key| serde_json::json!({"key": key})).collect();
        let value = serde_json::json!({"value_type": kind, "skip_deserialize": false});
        let leaf = serde_json::json!({"key_metadata": parts, "value_metadata": value});
        format!("{:?}: {leaf}", keys.join("|"))
    };
    let leaves: Vec<String> = leaves.iter().map(leaf).collect();
    format!("{{\"use_ocdbt\": false, \"tree_metadata\": {{{}}}}}", leaves.join(", "))
}

fn in_memory(files: &[(&str, &str)]) -> InMemory {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes())));
    InMemory(files.collect())
}

#[test]
fn leaves_that_share_a_key_and_texts_that_are_missing_are_told() {
    let leaves: [(&[&str], &str); 5] = [
        (&["a.b"], "jax.Array"),
        (&["a", "b"], "jax.Array"),
        (&["word"], "string"),
        (&["lost"], "string"),
        (&["word"], "string"),
    ];
    let tree = tree(&leaves);
    let strings = r#"{"word": "hello"}"#;
    let files = [("_METADATA", &*tree), ("_strings.json", strings), ("a.b/.zarray", ARRAY)];
    let checkpoint = opened(&in_memory(&files)).unwrap();
    let names: Vec<&str> = checkpoint.tensors.iter().map(|tensor| tensor.name()).collect();
    assert_eq!(names, ["a.b"]);
    assert_eq!(checkpoint.metadata, [("word".to_owned(), "hello".to_owned())]);
    let shared = |key| {
        format!(
            "its values would be under the key {key:?}, as those of an earlier name are: left out"
        )
    };
    let said = [
        format!("\"a/b\": {}", shared("a.b")),
        "\"lost\": the tree lists it as a text, but it is missing".to_owned(),
        format!("\"word\": {}", shared("word")),
    ];
    assert_eq!(warnings(&checkpoint), said);
    assert!(checkpoint.warnings.iter().all(|warning| warning.is_fault));
}

#[test]
fn metadata_that_many_keys_share_has_a_limit() {
    let array =
        ARRAY.replace('{', &format!("{{\"attributes\": {{\"a\": {:?}}},", "x".repeat(2000)));
    let mut database = Database::default();
    database.files.insert("d/values".to_owned(), array.clone().into_bytes());
    let keys: Vec<String> = (0..9).map(|number| format!("a{number}/.zarray")).collect();
    let place = (Some((0, 0)), array.len() as u64);
    let entries: Vec<_> =
        keys.iter().map(|key| (key.as_bytes(), place.0, place.1, &b""[..])).collect();
    let folder = Arc::new(database.with_root(0, &leaf(&["d/values"], &entries)).folder());
    let mut limits = Limits::default();
    assert_eq!(open_folder("here", folder.clone(), &limits).unwrap().unwrap().tensors.len(), 9);
    limits.header_bytes = 20_000;
    let error = open_folder("here", folder, &limits).unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::Limit, "d/values"), "{error}");
    assert!(error.message().contains("more bytes than the limit of 20000"), "{error}");
}

#[test]
fn items_that_are_left_out_are_told() {
    let tree = tree(&[(&["w"], "jax.Array")]);
    let long = format!("{:?}", "x".repeat(70_000));
    let files = in_memory(&[
        ("_CHECKPOINT_METADATA", "{}"),
        ("cut/metadata", "{\"seed\":"),
        ("descriptor/descriptor.pbtxt", "x"),
        ("long/metadata", &long),
        ("metrics/metrics", "{\"loss\": 0.5}"),
        ("state/_METADATA", &tree),
        ("state/w/.zarray", ARRAY),
    ]);
    let checkpoint = opened(&files).unwrap();
    assert_eq!(checkpoint.tensors.len(), 1);
    assert_eq!(metadata(&checkpoint, "loss"), Some("0.5"));
    let said = warnings(&checkpoint);
    let left = "this item of the step is left out:";
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with(&format!("\"cut\": {left} this is not JSON: it ends")), "{said:?}");
    let other = format!("\"descriptor\": {left} it has neither arrays nor JSON of Orbax");
    assert_eq!(said[1], other);
    let long = format!("\"long\": {left} its JSON has 70002 bytes, the limit is 65536");
    assert_eq!(said[2], long);
    let faults: Vec<bool> = checkpoint.warnings.iter().map(|warning| warning.is_fault).collect();
    assert_eq!(faults, [true, false, false]);
}
