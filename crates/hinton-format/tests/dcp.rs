//! Folders of torch.distributed.checkpoint: against what torch itself loads, and broken in many ways.

use crate::common;
use crate::python_support;

use std::path::{Path, PathBuf};

use hinton_format::{Checkpoint, Error, ErrorKind, Limits, open};
use hinton_testing::Outcomes;
use python_support::{Numbers, compare_fixtures, fixture, open_bytes, read_all};

fn folder(name: &str) -> PathBuf {
    fixture("dcp", name)
}

fn opened(path: &Path) -> Checkpoint {
    open(path, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn failed(path: &Path) -> Error {
    open(path, &Limits::default()).expect_err("it should not open")
}

fn warnings(checkpoint: &Checkpoint) -> String {
    common::warnings(checkpoint).join("\n")
}

/// A copy of a folder that may be damaged; gone at the end of the test.
struct Copy(PathBuf);

impl Copy {
    fn of(name: &str, test: &str) -> Copy {
        let from = folder(name);
        let to = std::env::temp_dir().join(format!("hinton-dcp-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&to);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
        Copy(to)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Replaces bytes of the same number in a file, everywhere.
    fn replace(&self, file: &str, old: &[u8], new: &[u8]) {
        let mut bytes = std::fs::read(self.path(file)).unwrap();
        let mut count = 0;
        for at in 0..=bytes.len() - old.len() {
            if bytes[at..].starts_with(old) {
                bytes[at..at + new.len()].copy_from_slice(new);
                count += 1;
            }
        }
        assert!(count > 0 && old.len() == new.len());
        std::fs::write(self.path(file), bytes).unwrap();
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn folders_hold_what_torch_loads() {
    assert_eq!(compare_fixtures("dcp"), 6);
}

#[test]
fn every_file_of_a_folder_opens_all_of_it() {
    let whole = opened(&folder(""));
    assert_eq!(whole.format, "dcp");
    assert_eq!(warnings(&whole), "");
    assert_eq!(whole.files.len(), 5);
    assert!(whole.files[0].ends_with(".metadata"));
    for file in [".metadata", "__0_0.distcp", "__3_0.distcp"] {
        let path = folder(file);
        let one = opened(&path);
        assert_eq!(one.path, path.display().to_string());
        assert_eq!(one.tensors.len(), whole.tensors.len());
    }
    for file in ["__0.metadata", "__2.metadata", "__1_0.distcp", ""] {
        let rows = opened(&folder("ranks").join(file));
        assert_eq!(rows.tensors[0].shape(), [6, 2], "{file}");
        assert_eq!(rows.files.iter().filter(|file| file.ends_with(".metadata")).count(), 4);
    }
}

#[test]
fn values_are_read_by_range() {
    let whole = opened(&folder(""));
    let both = whole.tensors.iter().find(|tensor| tensor.name() == "both").unwrap();
    let all = both.to_f64().unwrap();
    for at in 0..30u64 {
        let mut value = [0; 4];
        both.data().read_at(at * 4, &mut value).unwrap();
        assert_eq!(f64::from(f32::from_le_bytes(value)), all[at as usize]);
    }
    // A row of a tensor whose chunks are columns, each stored column by column.
    let turned = whole.tensors.iter().find(|tensor| tensor.name() == "turned").unwrap();
    let row = turned.index_axis(0, 1).unwrap().to_f64().unwrap();
    assert_eq!(row, [-0.5, 1.0, 99.5, 101.0, 199.5, 201.0, 299.5, 301.0]);
    // One chunk is that chunk, without a copy.
    let copies = whole.tensors.iter().find(|tensor| tensor.name() == "copies").unwrap();
    assert!(copies.data().slice(0..24).is_some());
    assert!(copies.file().ends_with(".distcp"));
}

#[test]
fn plain_objects_are_metadata_and_others_are_named() {
    let training = opened(&folder("training"));
    let has = |name: &str, value: &str| {
        assert_eq!(common::metadata(&training, name), Some(value), "{:?}", training.metadata);
    };
    has("dcp_version", "1.0.0");
    has("epoch", "3");
    has("name", "linear");
    has("args.sizes", "[3,2]");
    has("optim.param_groups.0.lr", "0.01");
    has("optim.param_groups.0.params", "[0,1]");
    assert_eq!(warnings(&training), "1 Python object is not shown: \"odd\"");
}

#[test]
fn an_optimizer_alone_is_said_to_be_one() {
    let optimizer = warnings(&opened(&folder("optimizer")));
    assert!(optimizer.contains("state of an optimizer and no weights"), "{optimizer}");
    assert!(!warnings(&opened(&folder("training"))).contains("no weights"));
}

#[test]
fn what_is_not_read_is_said() {
    let zstd = opened(&folder("zstd"));
    assert_eq!(
        common::warnings(&zstd),
        ["\"a\": its chunks were written with the extension \"stream.zstd/1\": not read"]
    );
    assert_eq!(zstd.tensors.len(), 1);
}

#[test]
fn chunks_without_metadata_say_what_is_missing() {
    let copy = Copy::of("dtypes", "lone");
    std::fs::remove_file(copy.path(".metadata")).unwrap();
    for path in [copy.path("__0_0.distcp"), copy.0.clone()] {
        let error = failed(&path);
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.message().contains("the file .metadata, which does, is missing"));
        assert!(error.cure_text().unwrap().contains("copy .metadata into"), "{error}");
    }
    let bytes = std::fs::read(copy.path("__0_0.distcp")).unwrap();
    let error = open_bytes("__0_0.distcp", &bytes).unwrap_err();
    assert_eq!(error.cure_text(), Some("open it as a file"));
}

#[test]
fn chunks_of_safetensors_open_alone_where_the_metadata_is_missing() {
    let copy = Copy::of("safe", "alone");
    assert_eq!(opened(&copy.path("__0_0.distcp")).tensors[0].shape(), [6, 2]);
    std::fs::remove_file(copy.path(".metadata")).unwrap();
    let alone = opened(&copy.path("__0_0.distcp"));
    assert_eq!(alone.tensors[0].shape(), [2, 2]);
    let said = warnings(&alone);
    assert!(said.contains("only this file's chunks are shown, each as a tensor"), "{said}");
    assert!(alone.warnings[0].is_fault);
}

#[test]
fn a_missing_file_hides_only_its_own() {
    let copy = Copy::of("", "missing");
    std::fs::remove_file(copy.path("__3_0.distcp")).unwrap();
    let rest = opened(&copy.0);
    let names: Vec<&str> = rest.tensors.iter().map(|tensor| tensor.name()).collect();
    assert!(names.contains(&"few") && !names.contains(&"both"), "{names:?}");
    let said = warnings(&rest);
    assert!(
        said.contains("\"both\": its values are in \"__3_0.distcp\", which is missing"),
        "{said}"
    );
    assert!(rest.warnings.iter().all(|warning| warning.is_fault));
    for rank in 0..3 {
        std::fs::remove_file(copy.path(&format!("__{rank}_0.distcp"))).unwrap();
    }
    let error = failed(&copy.0);
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.tensor().is_some() && error.cure_text().is_some());
}

#[test]
fn a_short_file_hides_only_what_is_behind_its_end() {
    let copy = Copy::of("", "short");
    let bytes = std::fs::read(copy.path("__1_0.distcp")).unwrap();
    std::fs::write(copy.path("__1_0.distcp"), &bytes[..bytes.len() - 10]).unwrap();
    let rest = opened(&copy.0);
    let said = warnings(&rest);
    assert!(said.contains("of \"__1_0.distcp\", which has"), "{said}");
    assert!(!rest.tensors.is_empty());
}

#[test]
fn chunks_that_overlap_or_leave_holes_are_named() {
    // The second chunk of `rows` starts at [2, 0]: K 2 K 0, in the list of chunks and in the key.
    for (new, wanted) in
        [(b"K\x01K\x00\x86", "overlap"), (b"K\x05K\x00\x86", "leaves its shape [6, 2]")]
    {
        let copy = Copy::of("ranks", "overlap");
        copy.replace("__1.metadata", b"K\x02K\x00\x86", new);
        let error = failed(&copy.path("__0.metadata"));
        assert!(error.message().contains(wanted), "{error}");
        assert_eq!(error.tensor(), Some("rows"));
    }
    let copy = Copy::of("ranks", "hole");
    std::fs::remove_file(copy.path("__1.metadata")).unwrap();
    let error = failed(&copy.path("__0.metadata"));
    assert!(error.message().contains("its chunks together 8: there are holes"), "{error}");
}

#[test]
fn files_outside_the_folder_are_refused() {
    let copy = Copy::of("zstd", "outside");
    copy.replace(".metadata", b"__0_0.distcp", b"../0_0.distc");
    let error = failed(&copy.0);
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.message().contains("outside the folder"), "{error}");
}

#[test]
fn what_runs_code_is_refused() {
    let copy = Copy::of("training", "code");
    // In the pickle of `odd`, torch.device becomes posix.system.
    copy.replace("__0_0.distcp", b"ctorch\ndevice\n", b"cposix\nsystem\n");
    let error = failed(&copy.0);
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.tensor(), Some("odd"));
    assert!(error.message().contains("posix.system"), "{error}");
}

#[test]
fn broken_metadata_never_panics() {
    for name in ["", "dtypes", "training"] {
        let path = folder(name).join(".metadata");
        let bytes = std::fs::read(&path).unwrap();
        let outcomes = Outcomes::default();
        let try_open = |bytes: &[u8]| {
            let data = std::sync::Arc::new(hinton_tensor::Memory::new(bytes));
            let (name, path) = (path.display().to_string(), Some(path.clone()));
            let input = hinton_format::Input { name, path: path.map(Into::into), data };
            outcomes.count(read_all(hinton_format::open_input(&input, &Limits::default())));
        };
        for len in 0..bytes.len() {
            try_open(&bytes[..len]);
        }
        let mut broken = bytes.clone();
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, bytes[at]] {
                broken[at] = bytes[at] ^ change;
                try_open(&broken);
            }
            broken[at] = bytes[at];
        }
        outcomes.at_least(bytes.len() / 8, bytes.len());
    }
}

#[test]
fn broken_chunks_never_panic() {
    for name in ["", "safe", "training"] {
        let copy = Copy::of(name, "broken");
        let file = copy.path("__0_0.distcp");
        let bytes = std::fs::read(&file).unwrap();
        let (mut numbers, outcomes) = (Numbers(7), Outcomes::default());
        for round in 0..500 {
            let mut broken = bytes.clone();
            for _ in 0..=numbers.below(3) {
                let at = numbers.below(broken.len());
                broken[at] = numbers.next() as u8;
            }
            if round % 5 == 0 {
                broken.truncate(1 + numbers.below(bytes.len()));
            }
            std::fs::write(&file, broken).unwrap();
            outcomes.count(read_all(open(&copy.0, &Limits::default())));
        }
        // Values are read later, and may be anything.
        outcomes.at_least(400, 0);
    }
}
