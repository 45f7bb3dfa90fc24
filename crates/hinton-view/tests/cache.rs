//! What was computed about a checkpoint comes back from the cache, as long as its files do not change.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hinton_view::{Cache, Quiet, Viewer};
use serde_json::Value;

use crate::common::{Folder, json};

/// A cache in memory.
#[derive(Default)]
struct InMemory(Mutex<BTreeMap<String, Vec<u8>>>);

impl Cache for InMemory {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(key).cloned()
    }

    fn store(&self, key: &str, bytes: &[u8]) {
        self.0.lock().unwrap().insert(key.to_owned(), bytes.to_vec());
    }
}

/// A checkpoint large enough to be cached, with a NaN.
fn model(path: &Path, last: f32) {
    let mut values: Vec<f32> =
        (0..4000 * 2200).map(|index| (index % 997) as f32 * 0.01 - 5.0).collect();
    values[12_345] = f32::NAN;
    *values.last_mut().unwrap() = last;
    let tensors = [
        hinton::tensor_of("big", &[4000, 2200], &values).unwrap(),
        hinton::tensor_of("small", &[30], &values[..30]).unwrap(),
        hinton::tensor_of("empty", &[0, 3], &[] as &[f32]).unwrap(),
    ];
    hinton::export(tensors.to_vec(), path).unwrap();
}

/// Statistics, and tiles of every kind, after all work; and the bytes that were read ahead.
fn answers(paths: &[&Path], cache: &Arc<InMemory>) -> (Vec<Value>, u64) {
    let paths: Vec<_> = paths.iter().map(|path| path.to_path_buf()).collect();
    let viewer = Viewer::open(&paths, 2).unwrap().with_cache(cache.clone());
    // A page asks first, and again while the work is done.
    json(&viewer, "statistics", "");
    let read = AtomicU64::new(0);
    let count = |bytes: u64| {
        read.fetch_add(bytes, Ordering::SeqCst);
        std::ops::ControlFlow::Continue(())
    };
    while viewer.work_ahead(&count) {}
    let statistics = json(&viewer, "statistics", "");
    assert_eq!(
        (&statistics["done"], &statistics["checked"]),
        (&statistics["of"], &statistics["of"])
    );
    let tiles = viewer.answer("tiles", "q=0.r.5.0.0,0.e.7.0.0,0.i.4.0.0", &Quiet).unwrap().bytes;
    (vec![statistics, tiles.into()], read.load(Ordering::SeqCst))
}

#[test]
fn a_checkpoint_is_read_once_and_again_when_its_file_changes() {
    let folder = Folder::new("cache");
    let path = folder.0.join("m.safetensors");
    model(&path, 1.0);
    let cache = Arc::new(InMemory::default());
    let (first, read) = answers(&[&path], &cache);
    assert!(read >= 2 * 4000 * 2200 * 4, "statistics and faults: {read}");
    assert_eq!(cache.0.lock().unwrap().len(), 1);
    let faults = first[0]["faults"].as_array().unwrap();
    assert!(faults.iter().any(|fault| fault["code"] == "nan" && fault["places"][0][0] == 5));

    let (again, read) = answers(&[&path], &cache);
    assert_eq!((&again, read), (&first, 0), "nothing is read");

    // Beside another checkpoint the cells of each are coarser: what does not fit is read again.
    let other = folder.0.join("n.safetensors");
    model(&other, 2.0);
    let (both, _) = answers(&[&path, &other], &cache);
    assert_eq!(both[0]["rows"][0], first[0]["rows"][0]);

    // Damage is no fault that anyone sees: what does not come back is read again.
    for cut in [0, 5, 100, 3000] {
        for bytes in cache.0.lock().unwrap().values_mut() {
            bytes.truncate(cut);
        }
        assert_eq!(answers(&[&path], &cache).0, first);
    }

    model(&path, 9.0);
    let (changed, read) = answers(&[&path], &cache);
    assert!(read > 0 && changed != first);
    assert_eq!(changed[0]["rows"][0]["max"], 9.0);
}

#[test]
fn small_checkpoints_and_interrupted_work_store_nothing() {
    let folder = Folder::new("cache-small");
    let small = folder.model("s.safetensors", 0.0);
    let cache = Arc::new(InMemory::default());
    answers(&[&small], &cache);
    let path = folder.0.join("m.safetensors");
    model(&path, 1.0);
    let viewer = Viewer::open(&[path], 1).unwrap().with_cache(cache.clone());
    json(&viewer, "statistics", "");
    let stop = |_: u64| std::ops::ControlFlow::Break(());
    assert!(!viewer.work_ahead(&stop));
    assert!(cache.0.lock().unwrap().is_empty());
}
