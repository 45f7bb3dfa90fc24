//! Links, and what cannot be reached: read where it stays with the model, named where it does not,
//! and never taken for what was never written.

#![cfg(unix)]

use crate::common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use common::{fixtures, warnings};
use hinton_format::{Error, ErrorKind, Limits, open};

/// A folder of a test's own.
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("links").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Gives every file of a fixture to `put`, with its place in `to`.
fn each(from: &Path, to: &Path, put: &mut dyn FnMut(&Path, &Path)) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            each(&path, &to.join(name), put);
        } else {
            put(&path, &to.join(name));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    each(from, to, &mut |from, to| {
        fs::copy(from, to).unwrap();
    });
}

/// A store of two chunks of two bytes; what is missing is 7.
fn store(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder.join("c")).unwrap();
    let text = r#"{"zarr_format": 3, "node_type": "array", "shape": [4], "data_type": "uint8",
        "fill_value": 7, "chunk_key_encoding": {"name": "default"},
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}},
        "codecs": [{"name": "bytes"}]}"#;
    fs::write(folder.join("zarr.json"), text).unwrap();
    fs::write(folder.join("c/0"), [1, 2]).unwrap();
    fs::write(folder.join("c/1"), [3, 4]).unwrap();
    folder.to_owned()
}

/// The values of every tensor, one behind the other.
fn values(path: &Path) -> Result<Vec<f64>, String> {
    let checkpoint = open(path, &Limits::default()).map_err(|error| error.to_string())?;
    let mut values = Vec::new();
    for tensor in &checkpoint.tensors {
        values.extend(tensor.to_f64().map_err(|error| error.to_string())?);
    }
    Ok(values)
}

fn says(path: &Path, what: &str) {
    let error = values(path).unwrap_err();
    assert!(error.contains(what), "{error}");
}

fn refused(path: &Path) -> Error {
    let error = open(path, &Limits::default()).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert!(error.message().contains("leads out of the folder"), "{error}");
    assert!(error.cure_text().is_some());
    error
}

#[test]
fn a_chunk_that_cannot_be_reached_is_no_fill_value() {
    let w = store(&fresh("unreached"));
    fs::remove_file(w.join("c/0")).unwrap();
    assert_eq!(values(&w), Ok(vec![7.0, 7.0, 3.0, 4.0]), "what was never written");
    symlink("../.git/annex/objects/x", w.join("c/0")).unwrap();
    says(&w, "\"c/0\": it is a link that leads nowhere: to \"../.git/annex/objects/x\"");
    fs::remove_file(w.join("c/0")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(w.join("c/0"));
    if w.join("c/0").exists() {
        says(&w, "it is a pipe or a device");
    }
    let closed = |mode| fs::set_permissions(w.join("c"), fs::Permissions::from_mode(mode)).unwrap();
    closed(0);
    // Nothing is closed to root.
    if fs::read_dir(w.join("c")).is_err() {
        says(&w, "permission denied");
    }
    closed(0o755);
    fs::remove_dir_all(w.join("c")).unwrap();
    symlink("elsewhere", w.join("c")).unwrap();
    says(&w, "it is a link that leads nowhere: to \"elsewhere\"");
}

#[test]
fn chunks_do_not_lead_out_of_their_folder() {
    let folder = fresh("out");
    let w = store(&folder.join("w"));
    fs::write(folder.join("secret"), [8, 9]).unwrap();
    fs::remove_file(w.join("c/0")).unwrap();
    symlink("../../secret", w.join("c/0")).unwrap();
    says(&w, "c/0\" is a link that leads out of the folder");
    says(&w.join("zarr.json"), "c/0\" is a link that leads out of the folder");
    fs::remove_file(w.join("c/0")).unwrap();
    symlink("1", w.join("c/0")).unwrap();
    assert_eq!(values(&w), Ok(vec![3.0, 4.0, 3.0, 4.0]), "a link inside");
    symlink(&w, folder.join("linked")).unwrap();
    assert_eq!(values(&folder.join("linked")), values(&w), "a link to the whole");
    // The folder of all chunks elsewhere.
    let other = store(&folder.join("other"));
    fs::remove_dir_all(w.join("c")).unwrap();
    symlink(other.join("c"), w.join("c")).unwrap();
    says(&w, "c\" is a link that leads out of the folder");
}

#[test]
fn a_group_opens_without_what_its_links_lead_to() {
    let folder = fresh("group");
    let group = folder.join("group");
    store(&group.join("w"));
    fs::write(group.join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
    symlink(store(&folder.join("other")), group.join("v")).unwrap();
    let opened = open(&group, &Limits::default()).unwrap();
    assert_eq!((opened.tensors.len(), opened.tensors[0].name()), (1, "w"));
    let said = warnings(&opened);
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("\"v\": skipped: ") && said[0].contains("leads out"), "{said:?}");
}

/// A copy of a fixture in Hugging Face's cache, as `hf download` leaves it: links to blobs.
fn cached(fixture: &str, to: &str) -> PathBuf {
    let model = fresh(to).join("models--org--net");
    fs::create_dir_all(model.join("blobs")).unwrap();
    let snapshot = model.join("snapshots/abc");
    let mut count = 0;
    each(&fixtures().join(fixture), &snapshot, &mut |from, to| {
        count += 1;
        let blob = model.join(format!("blobs/{count}"));
        fs::copy(from, &blob).unwrap();
        let depth = to.strip_prefix(&snapshot).unwrap().components().count();
        symlink(format!("{}../blobs/{count}", "../".repeat(depth)), to).unwrap();
    });
    snapshot
}

#[test]
fn links_of_hugging_face_and_git_annex_are_followed() {
    for fixture in ["zarr", "zarr/v3", "orbax", "orbax/zarr3_files", "dcp/ranks", "gguf/split"] {
        let snapshot = cached(fixture, &format!("cache-{}", fixture.replace('/', "-")));
        let whole = values(&fixtures().join(fixture)).unwrap_or_else(|error| panic!("{error}"));
        let same =
            |found: &[f64]| found.iter().map(|v| v.to_bits()).eq(whole.iter().map(|v| v.to_bits()));
        let found = values(&snapshot).unwrap_or_else(|error| panic!("{fixture}: {error}"));
        assert!(same(&found) && !whole.is_empty(), "{fixture}");
        symlink(&snapshot, snapshot.join("../../linked")).unwrap();
        assert!(same(&values(&snapshot.join("../../linked")).unwrap()), "{fixture}");
    }
    let repository = fresh("annex");
    let w = store(&repository.join("data/w"));
    fs::create_dir_all(repository.join(".git/annex/objects/aa")).unwrap();
    fs::rename(w.join("c/0"), repository.join(".git/annex/objects/aa/key")).unwrap();
    symlink("../../../.git/annex/objects/aa/key", w.join("c/0")).unwrap();
    assert_eq!(values(&w), Ok(vec![1.0, 2.0, 3.0, 4.0]));
}

/// Puts a file elsewhere, and a link in its place.
fn moved(file: &Path) {
    let name = format!("{}-elsewhere", file.file_name().unwrap().display());
    let elsewhere = fresh(&name).join("file");
    fs::rename(file, &elsewhere).unwrap();
    symlink(elsewhere, file).unwrap();
}

#[test]
fn what_a_file_names_does_not_lead_out() {
    let database = fresh("ocdbt");
    copy(&fixtures().join("orbax/zarr3"), &database);
    let data = fs::read_dir(database.join("d")).unwrap().next().unwrap().unwrap().path();
    moved(&data);
    assert_eq!(refused(&database).file(), data.display().to_string());

    let split = fresh("gguf");
    copy(&fixtures().join("gguf/split"), &split);
    moved(&split.join("made-00002-of-00003.gguf"));
    let first = refused(&split.join("made-00001-of-00003.gguf"));
    assert!(first.file().ends_with("made-00002-of-00003.gguf"), "{first}");

    let ranks = fresh("ranks");
    copy(&fixtures().join("dcp/ranks"), &ranks);
    moved(&ranks.join("__1.metadata"));
    refused(&ranks.join("__0.metadata"));

    let chunks = fresh("chunks");
    copy(&fixtures().join("dcp/dtypes"), &chunks);
    moved(&chunks.join(".metadata"));
    refused(&chunks.join("__0_0.distcp"));
}

#[test]
fn a_shard_behind_a_link_that_leads_nowhere_is_not_missing() {
    let folder = fresh("shards");
    copy(&fixtures().join("sharded"), &folder);
    let shard = folder.join("model-00002-of-00002.safetensors");
    fs::remove_file(&shard).unwrap();
    symlink("../.git/annex/objects/x", &shard).unwrap();
    let error = open(&folder, &Limits::default()).map(|_| ()).unwrap_err();
    assert!(error.message().contains("it is a link that leads nowhere"), "{error}");
    assert!(error.cure_text().unwrap().contains("git annex get"));
}
