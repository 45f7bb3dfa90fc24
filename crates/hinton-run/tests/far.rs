//! Runs whose files lie at addresses are the runs that they are on disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::common;

use common::{Folder, append, numbers, open_in, safetensors, said, values};
use hinton_format::source::{Folder as Files, InMemory, Location, Places, open_addresses_with};
use hinton_format::{Error, ErrorKind};
use hinton_run::{Run, RunKind, RunOptions, RunWriter, is_run_folder, open_run};

/// The folders of these tests by their names, each at `memory://NAME`.
static FOLDERS: Mutex<Vec<(String, Arc<dyn Files>)>> = Mutex::new(Vec::new());

struct Memory;

impl Places for Memory {
    fn find(&self, address: &str) -> Result<Location, Error> {
        let rest = address.strip_prefix("memory://").unwrap_or_default();
        let (name, below) = rest.split_once('/').unwrap_or((rest, ""));
        let folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        match folders.iter().find(|folder| folder.0 == name) {
            Some((_, files)) => {
                Ok(Location::remote(format!("memory://{name}"), files.clone()).join(below))
            }
            None => Err(Error::new(ErrorKind::Io, "there is no such folder").in_file(address)),
        }
    }
}

/// Puts everything in a folder at `memory://NAME`.
fn move_away(folder: &Folder, name: &str) -> PathBuf {
    fn walk(root: &Path, below: &Path, found: &mut Vec<(String, Arc<[u8]>)>) {
        for entry in std::fs::read_dir(below).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            found.push((name, std::fs::read(&path).unwrap().into()));
        }
    }
    open_addresses_with(Arc::new(Memory));
    let mut found = Vec::new();
    walk(folder.root(), folder.root(), &mut found);
    let files: Arc<dyn Files> = Arc::new(InMemory(found.into_iter().collect()));
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), files));
    format!("memory://{name}").into()
}

fn far(address: &Path) -> Run {
    open_run(&[address.to_owned()], &RunOptions::default()).unwrap()
}

/// Both have the same steps, tensors, metrics and warnings.
fn assert_same(far: &Run, near: &Run) {
    assert_eq!((far.kind, numbers(far)), (near.kind, numbers(near)));
    let names =
        |run: &Run| run.tensor_names().iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(far), names(near));
    assert_eq!(far.metric_names(), near.metric_names());
    for name in near.metric_names() {
        assert_eq!(far.series(name), near.series(name), "{name}");
    }
    assert_eq!(said(far), said(near));
}

#[test]
fn a_run_folder_at_an_address() {
    let folder = Folder::new();
    let mut writer = RunWriter::create(folder.root(), "softmax on MNIST", r#"{"lr":0.1}"#).unwrap();
    [0, 5, 10].iter().for_each(|step| append(&mut writer, *step, 2).unwrap());
    writer.log(12, None, &[("loss", 0.25)]).unwrap();
    let address = move_away(&folder, "written");
    assert!(is_run_folder(&address));
    let run = far(&address);
    assert_eq!(run.kind, RunKind::RunFolder);
    assert_eq!(run.path, "memory://written");
    assert_eq!(run.settings.as_deref(), Some(r#"{"lr":0.1}"#));
    assert_eq!(values(&run, 2, "w"), [10.0; 6]);
    assert_same(&run, &open_in(&folder, &["."]).unwrap());
}

#[test]
fn a_folder_of_checkpoints_with_its_log_at_an_address() {
    let folder = Folder::new();
    for step in [1usize, 2, 10] {
        let bytes = safetensors(&[("w", &[2], &[step as f32, -1.0])], "");
        folder.put(&format!("logs/checkpoints/epoch_{step}.safetensors"), bytes);
    }
    folder.put("logs/metrics.csv", "epoch,loss\n1,0.5\n2,0.25\n10,0.125\n");
    let address = move_away(&folder, "trained");
    let run = far(&address.join("logs"));
    assert_eq!(numbers(&run), [1, 2, 10]);
    assert_eq!(values(&run, 2, "w"), [10.0, -1.0]);
    assert_same(&run, &open_in(&folder, &["logs"]).unwrap());
    // A log alone is its curves.
    let log = far(&address.join("logs/metrics.csv"));
    assert_same(&log, &open_in(&folder, &["logs/metrics.csv"]).unwrap());
}

#[test]
fn what_is_not_at_an_address_is_said_with_it() {
    let folder = Folder::new();
    folder.put("a.txt", "no weights");
    let address = move_away(&folder, "empty");
    for missing in ["memory://empty/none.safetensors", "memory://nowhere"] {
        let error = open_run(&[PathBuf::from(missing)], &RunOptions::default()).unwrap_err();
        assert!(error.to_string().contains(missing), "{error}");
    }
    let error = open_run(&[address], &RunOptions::default()).unwrap_err();
    assert!(error.to_string().contains("memory://empty"), "{error}");
}
