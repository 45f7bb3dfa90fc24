//! A folder that goes away, and questions to a viewer.

use std::path::{Path, PathBuf};

use hinton_view::{Answer, Quiet, Refusal, Viewer};
use serde_json::Value;

pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("hinton-view-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    pub(crate) fn model(&self, name: &str, shift: f32) -> PathBuf {
        let path = self.0.join(name);
        let wave = |count: usize| -> Vec<f32> {
            (0..count).map(|at| ((at * 37 % 101) as f32 - 50.0) / 70.0 + shift).collect()
        };
        let mut broken = wave(600 * 300);
        broken[5 * 300 + 7] = f32::NAN;
        let mut tensors = vec![
            hinton::tensor_of("embed.weight", &[600, 300], &broken).unwrap(),
            hinton::tensor_of("step", &[], &[3.0f32]).unwrap(),
            hinton::tensor_of("empty", &[0, 4], &[] as &[f32]).unwrap(),
            hinton::tensor_of("conv.weight", &[8, 3, 5, 5], &wave(600)).unwrap(),
            hinton::tensor_of("optimizer.state.0.exp_avg", &[4, 4], &wave(16)).unwrap(),
        ];
        for layer in 0..3 {
            for kind in ["attn.weight", "mlp.weight"] {
                let name = format!("layers.{layer}.{kind}");
                tensors.push(hinton::tensor_of(name, &[40, 30], &wave(1200)).unwrap());
            }
        }
        hinton::export(tensors, &path).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn open(paths: &[&Path]) -> Viewer {
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    Viewer::open(&paths, 2).unwrap()
}

pub(crate) fn json(viewer: &Viewer, route: &str, query: &str) -> Value {
    let Answer { bytes, .. } = viewer.answer(route, query, &Quiet).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub(crate) fn refusal(viewer: &Viewer, route: &str, query: &str) -> String {
    match viewer.answer(route, query, &Quiet) {
        Err(Refusal::Question(message)) => message,
        other => panic!("{route}?{query}: {other:?}"),
    }
}

pub(crate) fn id(viewer: &Viewer, name: &str) -> usize {
    let catalogue = json(viewer, "catalogue", "");
    let tensors = catalogue["tensors"].as_array().unwrap();
    tensors.iter().position(|tensor| tensor["name"] == name).unwrap()
}
