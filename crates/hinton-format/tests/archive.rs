//! Archives with checkpoints inside, made by Python's zipfile and tarfile, and folders.

use crate::common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{files, fixture, fixtures, read_all, warnings};
use hinton_format::{Checkpoint, Error, ErrorKind, Input, Limits, open, open_input};
use hinton_tensor::Memory;
use hinton_testing::Outcomes;

/// A fixture by its name, and what may come behind it.
fn path(name: &str) -> PathBuf {
    let archive = name.split('/').next().unwrap();
    let is_tar = archive.contains(".tar") || archive.ends_with(".tgz");
    fixtures().join(if is_tar { "tar" } else { "zip" }).join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

fn opened(name: &str) -> Checkpoint {
    open(&path(name), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn fails(name: &str) -> Error {
    open(&path(name), &Limits::default()).map(|_| ()).expect_err(name)
}

fn streaming() -> Limits {
    let mut limits = Limits::default();
    limits.inflate_bytes = 64;
    limits
}

fn names(checkpoint: &Checkpoint) -> Vec<&str> {
    checkpoint.tensors.iter().map(|tensor| tensor.name()).collect()
}

#[test]
fn one_checkpoint_in_an_archive_is_opened_as_it_is_alone() {
    let plain = read_all("p.safetensors", &bytes("plain.safetensors"), &Limits::default()).unwrap();
    let archives = [
        "one.zip",
        "stored.zip",
        "one.tar",
        "one.tar.gz",
        "one.tgz",
        "one.tar.zst",
        "one.tar.xz",
        "config_first.zip",
        "wrapped_member.zip",
    ];
    for name in archives {
        for limits in [Limits::default(), streaming()] {
            // From memory, under any name, and from disk.
            for called in [name, "download"] {
                let found = read_all(called, &bytes(name), &limits).unwrap();
                assert_eq!(found, plain, "{name} called {called}");
            }
            let checkpoint = open(&path(name), &limits).unwrap();
            assert_eq!(checkpoint.format, "safetensors");
            assert_eq!(checkpoint.path, path(name).display().to_string());
            let member = Path::new(&checkpoint.files[0]).strip_prefix(path(name)).unwrap();
            assert!(member.display().to_string().starts_with("model.safetensors"), "{member:?}");
        }
    }
}

#[test]
fn what_lies_beside_it_is_said_to_be_left_out() {
    assert_eq!(
        warnings(&opened("one.zip")),
        ["of the archive these members are left out: \"README.md\""]
    );
    assert!(warnings(&opened("mac.zip")).is_empty(), "what the Finder adds is nothing");
    let warnings = warnings(&opened("links.tar.gz"));
    assert!(warnings[1].contains("(links or special files): \"passwd\""), "{warnings:?}");
}

#[test]
fn models_in_shards_and_onnx_open_as_in_a_folder() {
    for name in ["sharded.zip", "sharded.tar.gz"] {
        for limits in [Limits::default(), streaming()] {
            let checkpoint = open(&path(name), &limits).unwrap();
            assert_eq!(names(&checkpoint), ["first.w", "second.w"]);
            assert_eq!(checkpoint.files.len(), 3);
            assert_eq!(checkpoint.tensors[1].to_f64().unwrap().len(), 12);
            let noted = warnings(&checkpoint);
            assert_eq!(noted.len(), 1, "{noted:?}");
            assert!(noted[0].contains("\"net/tokenizer.json\""), "{noted:?}");
        }
        // By its path inside: the folder, and a shard alone.
        let folder = opened(&format!("{name}/net"));
        assert_eq!(names(&folder), ["first.w", "second.w"]);
        let shard = opened(&format!("{name}/net/model-00002-of-00002.safetensors"));
        assert_eq!(names(&shard), ["second.w"]);
    }
    let onnx = opened("onnx.zip");
    assert_eq!((onnx.format, names(&onnx)), ("onnx", vec!["w"]));
}

#[test]
fn several_checkpoints_are_listed_and_one_can_be_named() {
    for name in ["several.zip", "several.tar.xz"] {
        let error = fails(name);
        let said = "holds several checkpoints: \"a/first.safetensors\", \"b/second.safetensors\"";
        assert!(error.message().contains(said), "{error}");
        assert!(error.cure_text().unwrap().ends_with(&format!("{name}/a")), "{error:?}");
        assert_eq!(error.file(), path(name).display().to_string());
        let first = opened(&format!("{name}/a"));
        assert_eq!(first.tensors[1].shape(), [4, 5]);
        let second = opened(&format!("{name}/b/second.safetensors"));
        assert_eq!(second.tensors[1].shape(), [6, 5]);
        let error = fails(&format!("{name}/b/secnod.safetensors"));
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.message().contains("no such file or folder in the archive"), "{error}");
        assert!(error.cure_text().unwrap().contains("\"second.safetensors\""));
        let error = fails(&format!("{name}/notes.txt"));
        assert!(error.to_string().contains("notes.txt: this is text"), "{error}");
    }
    let error = fails("plain.safetensors/w");
    assert!(error.message().contains("not a folder and not an archive"), "{error}");
    let error = fails("one.zip/../../plain.safetensors");
    assert!(matches!(error.kind(), ErrorKind::Io), "{error}");
}

#[test]
fn long_names_of_every_dialect_are_read() {
    for name in ["long_gnu.tar.gz", "long_pax.tar.gz", "prefix.tar.gz"] {
        let checkpoint = opened(name);
        assert_eq!(checkpoint.tensors[0].shape(), [20]);
        assert!(checkpoint.files[0].ends_with("/w.npy"));
        assert!(checkpoint.files[0].len() > path(name).as_os_str().len() + 150);
    }
}

#[test]
fn names_that_lead_out_are_names_and_nothing_else() {
    let checkpoint = opened("slip.zip");
    assert_eq!(names(&checkpoint), ["b", "w"]);
    let noted = warnings(&checkpoint);
    let said =
        "(their names lead out of the archive): \"../../escaped\\u{1b}[31m\", \"/etc/w.npy\"";
    assert!(noted.iter().any(|warning| warning.contains(said)), "{noted:?}");
}

#[test]
fn archives_in_archives_and_without_weights_are_refused() {
    for name in ["nested.zip", "nested.tar.gz"] {
        let error = fails(name);
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.message().contains("an archive inside the archive"), "{error}");
        let inner = if name.ends_with("zip") { "inner.zip" } else { "inner.tar.gz" };
        let error = fails(&format!("{name}/{inner}"));
        assert!(error.message().contains("an archive inside an archive"), "{error}");
    }
    let error = fails("nothing.zip");
    assert!(error.message().contains("it has \"README.md\", \"config.json\""), "{error}");
    assert!(fails("empty.zip").message().contains("no file in it"));
}

#[test]
fn cut_and_flipped_archives_are_errors_and_no_panics() {
    for name in ["one.zip", "sharded.zip", "one.tar", "sharded.tar.gz", "one.tar.zst"] {
        let whole = bytes(name);
        for limits in [Limits::default(), streaming()] {
            for cut in (0..whole.len()).step_by(1 + whole.len() / 600) {
                let found = read_all(name, &whole[..cut], &limits);
                // Behind the last member of a tar there are only zeros.
                assert!(found.is_err() || name == "one.tar" && cut > 1751, "{name} cut at {cut}");
            }
            let (mut bytes, outcomes) = (whole.clone(), Outcomes::default());
            for at in 0..bytes.len().min(4096) {
                bytes[at] ^= 1 << (at % 8);
                outcomes.count(read_all(name, &bytes, &limits).is_ok());
                bytes[at] ^= 1 << (at % 8);
            }
            outcomes.at_least(5, 100);
        }
    }
}

#[test]
fn every_fixture_in_an_archive_gives_the_same() {
    let mut count = 0;
    for folder in std::fs::read_dir(fixtures()).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() || ["zip", "tar", "packed"].iter().any(|name| folder.ends_with(name)) {
            continue;
        }
        for path in files(&folder) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            let Ok(plain) = read_all(&name, &bytes, &Limits::default()) else { continue };
            let packed = zipped(&[(&name, &bytes), ("README.md", b"# words\n")]);
            let found = read_all("packed.zip", &packed, &Limits::default());
            assert_eq!(found.as_ref(), Ok(&plain), "{name}");
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::DEFLATE);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A folder of fixtures in a zip archive.
fn zipped_folder(folder: &str) -> Vec<u8> {
    let mut members = Vec::new();
    let mut left = vec![fixtures().join(folder)];
    while let Some(place) = left.pop() {
        for entry in std::fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(fixtures().join(folder)).unwrap();
                let name = name.display().to_string();
                members.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    members.sort();
    let members: Vec<(&str, &[u8])> =
        members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    zipped(&members)
}

#[test]
fn folders_of_zarr_and_orbax_open_in_an_archive() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("folders-in-archives");
    std::fs::create_dir_all(&scratch).unwrap();
    let described = |checkpoint: &Checkpoint| -> Vec<String> {
        let tensors = checkpoint.tensors.iter();
        tensors
            .map(|tensor| {
                let bits: Vec<u64> =
                    tensor.to_f64().unwrap().into_iter().map(f64::to_bits).collect();
                format!("{} {:?} {bits:?}", tensor.name(), tensor.shape())
            })
            .collect()
    };
    for (folder, file) in [
        ("zarr/v2", ".zgroup"),
        ("zarr/v3", "zarr.json"),
        ("orbax/zarr3", "_METADATA"),
        ("orbax/zarr3_files", "_METADATA"),
        ("orbax/items/5", "_CHECKPOINT_METADATA"),
    ] {
        let plain = fixture(folder);
        let archive = scratch.join(format!("{}.zip", folder.replace('/', "-")));
        std::fs::write(&archive, zipped_folder(folder)).unwrap();
        for path in [archive.clone(), archive.join(file)] {
            let found = open(&path, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((found.format, described(&found)), (plain.format, described(&plain)));
            assert_eq!(warnings(&found), warnings(&plain), "{folder}");
        }
    }
    // The working folder is nothing to an archive in memory, whatever it is called.
    let lone = zipped(&[("zarr.json", ARRAY.as_bytes()), ("c/0", &[1, 2]), ("c/1", &[3, 4])]);
    for name in ["", "w.zip"] {
        let found = read_all(name, &lone, &Limits::default()).unwrap();
        assert_eq!(found[0].2, [1.0, 2.0, 3.0, 4.0].map(f64::to_bits));
    }
    let alone = zipped(&[("words.json", ARRAY.as_bytes()), ("c/0", &[1, 2])]);
    let error = read_all("w.zip", &alone, &Limits::default()).unwrap_err();
    assert!(error.contains("the folder holds no zarr"), "{error}");
}

const ARRAY: &str = r#"{"zarr_format": 3, "node_type": "array", "shape": [4],
    "data_type": "uint8", "fill_value": 7, "chunk_key_encoding": {"name": "default"},
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}},
    "codecs": [{"name": "bytes"}]}"#;

/// The same archive, in which a member claims to be encrypted.
fn encrypted(mut bytes: Vec<u8>, name: &str) -> Vec<u8> {
    let is_header = |at: usize| {
        bytes[at..].starts_with(b"PK\x01\x02") && bytes[at + 46..].starts_with(name.as_bytes())
    };
    let header = (0..bytes.len() - 46).find(|at| is_header(*at)).unwrap();
    bytes[header + 8] |= 1;
    bytes
}

#[test]
fn a_member_that_cannot_be_read_is_neither_missing_nor_empty() {
    let store = zipped(&[("zarr.json", ARRAY.as_bytes()), ("c/0", &[1, 2]), ("c/1", &[3, 4])]);
    let error = read_all("w.zip", &encrypted(store, "c/1"), &Limits::default()).unwrap_err();
    assert!(error.contains("its chunk \"c/1\": the zip member is encrypted"), "{error}");
    let shard = "model-00002-of-00002.safetensors";
    let model = encrypted(zipped_folder("sharded"), shard);
    let error = read_all("m.zip", &model, &Limits::default()).unwrap_err();
    assert!(error.contains("the zip member is encrypted"), "{error}");
}

/// A tar archive of files, of which those without bytes are links.
fn tarred(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in members {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[148..156].copy_from_slice(b"        ");
        header[156] = if bytes.is_empty() { b'2' } else { b'0' };
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(*bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

#[test]
fn a_link_in_an_archive_is_no_fill_value() {
    for links in [&["c/1"][..], &["c/1/"], &["./c"]] {
        let mut members: Vec<(&str, &[u8])> = vec![("./zarr.json", ARRAY.as_bytes())];
        members.extend(links.iter().map(|link| (*link, &b""[..])));
        let found = read_all("w.tar", &tarred(&members), &Limits::default());
        let error = found.unwrap_err();
        assert!(error.contains("is a link in the archive"), "{error}");
    }
    let whole = tarred(&[("zarr.json", ARRAY.as_bytes()), ("c/1", &[3, 4])]);
    let found = read_all("w.tar", &whole, &Limits::default()).unwrap();
    assert_eq!(found[0].2, [7.0, 7.0, 3.0, 4.0].map(f64::to_bits));
}

#[test]
fn tables_and_copies_beside_a_model_are_no_checkpoints() {
    let model = bytes("plain.safetensors");
    let onnx = std::fs::read(fixtures().join("folders/hub/onnx/model.onnx")).unwrap();
    let packed = zipped(&[
        ("data/labels.csv", b"1,2\n3,4\n"),
        ("net/model.safetensors", &model),
        ("net/onnx/model.onnx", &onnx),
    ]);
    let plain = read_all("p.safetensors", &model, &Limits::default()).unwrap();
    assert_eq!(read_all("p.zip", &packed, &Limits::default()), Ok(plain));
    let packed = zipped(&[("data/labels.csv", b"1,2\n3,4\n"), ("notes.md", b"# words\n")]);
    assert_eq!(read_all("p.zip", &packed, &Limits::default()).unwrap()[0].1, [2, 2]);
}

#[test]
fn a_member_can_be_no_bomb() {
    let zeros = vec![0; 64 << 20];
    let mut limits = streaming();
    limits.held_bytes = 1 << 20;
    let packed = zipped(&[("zeros", &zeros)]);
    let input = Input { name: "z.zip".to_owned(), path: None, data: Arc::new(Memory::new(packed)) };
    let error = open_input(&input, &limits).map(|_| ()).unwrap_err();
    assert!(error.message().contains("holds no weights that hinton reads"), "{error}");
}

#[test]
fn folders_of_hugging_face_open_as_the_model_in_them() {
    let hub = fixture("folders/hub");
    assert_eq!((hub.format, names(&hub)), ("safetensors", vec!["b", "w"]));
    assert_eq!(common::metadata(&hub, hinton_format::CONFIGURED), Some("LlamaForCausalLM"));
    let onnx = fixture("folders/onnx_only");
    assert_eq!(onnx.format, "onnx");
    assert_eq!(warnings(&onnx), ["the weights are those of the folder \"onnx\""]);
}

#[test]
fn what_a_trainer_leaves_beside_the_model_is_left_out() {
    let trained = fixture("folders/trained");
    assert_eq!((trained.format, names(&trained)), ("safetensors", vec!["b", "w"]));
    assert_eq!(
        warnings(&trained),
        [
            "left out, the state of training beside the model: \"training_args.bin\"",
            "left out, the same model in another file: \"pytorch_model.bin\"",
        ]
    );
    let folder = fixtures().join("folders/trained");
    let alone = |name: &str| open(&folder.join(name), &Limits::default()).map(|_| ()).unwrap_err();
    let error = alone("training_args.bin");
    assert!(error.message().contains("these are the settings of a training"), "{error}");
    assert!(error.message().contains("nothing was executed"), "{error}");
    assert_eq!(error.cure_text(), Some("choose the weights file beside it"));
    assert!(alone("events.out.tfevents.1700000000.host.1.0").message().contains("TensorBoard"));
}

/// A fresh folder for a test.
#[cfg(unix)]
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A model's folder in Hugging Face's cache, as `hf download` leaves it.
#[cfg(unix)]
fn cached(name: &str, commits: &[&str], main: Option<&str>) -> PathBuf {
    use std::os::unix::fs::symlink;

    let model = fresh(name).join("models--org--net");
    std::fs::create_dir_all(model.join("blobs")).unwrap();
    std::fs::create_dir_all(model.join("refs")).unwrap();
    let files = [
        "model.safetensors.index.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "config.json",
    ];
    for (number, commit) in commits.iter().enumerate() {
        let snapshot = model.join("snapshots").join(commit);
        std::fs::create_dir_all(&snapshot).unwrap();
        for (place, file) in files.into_iter().enumerate() {
            let blob = format!("{number}{place}");
            let member = open_member(&format!("net/{file}"));
            std::fs::write(model.join("blobs").join(&blob), member).unwrap();
            symlink(format!("../../blobs/{blob}"), snapshot.join(file)).unwrap();
        }
    }
    if let Some(main) = main {
        std::fs::write(model.join("refs/main"), main).unwrap();
    }
    model
}

/// A member of the archive with a model in shards.
#[cfg(unix)]
fn open_member(name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes("sharded.zip"))).unwrap();
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name(name).unwrap(), &mut content).unwrap();
    content
}

#[cfg(unix)]
#[test]
fn the_cache_of_hugging_face_opens_by_its_links() {
    let model = cached("cache-main", &["aaa", "bbb"], Some("bbb\n"));
    let checkpoint = open(&model, &Limits::default()).unwrap();
    assert_eq!(names(&checkpoint), ["first.w", "second.w"]);
    assert!(checkpoint.files[0].contains("snapshots/bbb/"));
    let snapshot = open(&model.join("snapshots/aaa"), &Limits::default()).unwrap();
    assert_eq!(snapshot.tensors.len(), 2);
    let one = cached("cache-one", &["aaa"], None);
    assert_eq!(open(&one, &Limits::default()).unwrap().tensors.len(), 2);
    let two = cached("cache-two", &["aaa", "bbb"], Some("ccc"));
    let error = open(&two, &Limits::default()).unwrap_err();
    assert!(error.message().contains("with 2 snapshots"), "{error}");
    assert!(error.cure_text().unwrap().ends_with("snapshots/aaa"));
    let none = cached("cache-none", &[], None);
    std::fs::create_dir_all(none.join("snapshots")).unwrap();
    assert!(open(&none, &Limits::default()).unwrap_err().message().contains("without a snapshot"));
    // The folder of all models.
    let hub = one.parent().unwrap();
    let error = open(hub, &Limits::default()).unwrap_err();
    assert!(error.message().contains("models--org--net/model.safetensors.index.json"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_shard_that_links_elsewhere_is_refused() {
    use std::os::unix::fs::symlink;

    let folder = fresh("links");
    let elsewhere = fresh("links-elsewhere").join("w.safetensors");
    std::fs::write(&elsewhere, open_member("net/model-00002-of-00002.safetensors")).unwrap();
    for name in ["model.safetensors.index.json", "model-00001-of-00002.safetensors"] {
        std::fs::write(folder.join(name), open_member(&format!("net/{name}"))).unwrap();
    }
    symlink(&elsewhere, folder.join("model-00002-of-00002.safetensors")).unwrap();
    let error = open(&folder, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.message().contains("leads out of the folder"), "{error}");
}
