//! Space: values against numpy and onnxruntime, and what is said of what cannot be shown.

use crate::common;

use std::path::Path;

use hinton::films::Playable;
use hinton::space::{
    Model, NetworkRequest, PointRequest, PointSet, PointSource, Precision, Show, ShowRequest,
    Stage, Values, model, points,
};
use hinton::{Work, tensor_of};
use serde_json::Value;

fn truth(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

fn network(spec: &str, weights: &str) -> Model {
    let mut request = NetworkRequest::default();
    request.weights = vec![weights.to_owned()];
    model(spec, &request).unwrap()
}

fn trace(model: &Model, values: Vec<f64>) -> Vec<Stage> {
    model.trace(values, Precision::F64, Work::on(2)).unwrap()
}

fn values(stage: &Stage) -> Vec<f64> {
    (0..stage.values.len()).map(|at| stage.values.get(at)).collect()
}

/// Largest distance from the truth.
fn apart(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).map(|(got, want)| (got - want).abs()).fold(0.0, f64::max)
}

#[test]
fn the_six_networks_are_numpys() {
    let truth = truth("space_numpy.json");
    let input = numbers(&truth["points"]);
    let (w1, h, w3) = (&truth["W1"], &truth["H"], &truth["W3"]);
    for activation in ["tanh", "relu"] {
        // Each of the six is the beginning of one of these two.
        let long = network(
            &format!("2-3-{activation}-3-{activation}-2"),
            &format!("0={w1}; 2={h}; 4={w3}"),
        );
        let short = network(&format!("2-3-{activation}-2"), &format!("0={w1}; 2={w3}"));
        for (model, name) in [(long, "L-NL-H-NL-L"), (short, "L-NL-L")] {
            let stages = trace(&model, input.clone());
            let want = truth[activation][name].as_array().unwrap();
            assert_eq!(stages.len(), want.len() + 1);
            for (stage, want) in stages[1..].iter().zip(want) {
                let apart = apart(&values(stage), &numbers(want));
                assert!(apart < 1e-12, "{activation} {name} {}: {apart}", stage.label);
            }
            let single = model.trace(input.clone(), Precision::F32, Work::quiet()).unwrap();
            assert!(matches!(single[1].values, Values::F32(_)));
            for (single, double) in single.iter().zip(&stages) {
                let apart = apart(&values(single), &values(double));
                assert!(apart < 1e-4, "{name} {}: {apart}", double.label);
            }
        }
    }
    let long = network("2-3-tanh-3-tanh-2", &format!("0={w1}; 2={h}; 4={w3}"));
    let stages = trace(&long, input);
    for (at, name) in [(1, "W1"), (3, "H"), (5, "W3")] {
        let map = stages[at].map.as_ref().unwrap();
        let want = numbers(&truth["singular_values"][name]);
        assert!(apart(&map.stretches().unwrap(), &want) < 1e-12, "{name}");
    }
    let determinant = stages[3].map.as_ref().unwrap().determinant().unwrap();
    assert!((determinant - truth["determinant"].as_f64().unwrap()).abs() < 1e-14);
}

#[cfg(feature = "onnx")]
#[test]
fn onnx_files_are_onnxruntimes() {
    let Some(data) = common::data() else { return };
    let truth = truth("space_onnx.json");
    for (file, steps) in truth.as_object().unwrap() {
        let path = data.join("onnx").join(file);
        let model = model(&path.to_string_lossy(), &NetworkRequest::default()).unwrap();
        let input: Vec<f64> = (0..2 * 784)
            .map(|at| f64::from(((at % 784) * 37 + at / 784 * 11) % 101) / 100.0)
            .collect();
        let stages = trace(&model, input);
        let mut checked = 0;
        for (name, want) in steps.as_object().unwrap() {
            let stage = stages.iter().find(|stage| stage.name == *name).unwrap();
            let width = want["width"].as_u64().unwrap() as usize;
            assert_eq!(stage.width, width, "{file} {name}");
            let all = values(stage);
            for point in 0..2 {
                let row = &all[point * width..][..width];
                let first = numbers(&want["first"][point]);
                let scale = first.iter().map(|v| v.abs()).fold(1.0, f64::max);
                assert!(apart(&row[..first.len()], &first) < 1e-5 * scale, "{file} {name}");
                let (sum, want) = (row.iter().sum::<f64>(), want["sum"][point].as_f64().unwrap());
                let size: f64 = row.iter().map(|value| value.abs()).sum();
                assert!((sum - want).abs() < 1e-5 * size.max(1.0), "{file} {name} {sum} {want}");
                checked += 1;
            }
        }
        assert!(checked >= 2, "{file}");
    }
}

#[cfg(feature = "onnx")]
#[test]
fn onnx_files_that_are_hostile_or_no_chain_are_refused() {
    let Some(data) = common::data() else { return };
    let refused = |path: std::path::PathBuf| {
        let found = model(&path.to_string_lossy(), &NetworkRequest::default());
        found.map(|_| ()).unwrap_err().to_string()
    };
    let vad = refused(data.join("onnx/silero_vad.onnx"));
    assert!(vad.contains("is not known here") || vad.contains("no chain"), "{vad}");
    for bad in ["onnx_cut.onnx", "onnx_external_traversal.onnx"] {
        assert!(!refused(data.join("malformed").join(bad)).is_empty());
    }
    // Cut and changed at many places, it never panics.
    let whole = std::fs::read(data.join("onnx/crafted_mnist_softmax.onnx")).unwrap();
    let folder = common::Folder::new();
    let path = folder.path("cut.onnx");
    for at in (0..whole.len()).step_by(997).chain(0..160) {
        let mut bytes = whole[..at.max(1)].to_vec();
        std::fs::write(&path, &bytes).unwrap();
        let _ = model(&path.to_string_lossy(), &NetworkRequest::default());
        bytes = whole.clone();
        bytes[at] = bytes[at].wrapping_add(0x55);
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(model) = model(&path.to_string_lossy(), &NetworkRequest::default()) {
            let _ = model.trace(vec![0.5; model.input_width()], Precision::Auto, Work::quiet());
        }
    }
}

fn refused(source: &str, request: &NetworkRequest) -> String {
    model(source, request).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn what_is_no_network_is_told() {
    let request = NetworkRequest::default();
    assert_eq!(
        refused("nothing.pt", &request),
        "nothing.pt: there is no such file, and it is no network written as 2-3-tanh-2"
    );
    let unknown = refused("2-3-tahn-2", &request);
    assert!(unknown.contains("there is no layer \"tahn\"; did you mean tanh?"), "{unknown}");
    let mut odd = NetworkRequest::default();
    odd.init = "uniformly".to_owned();
    assert!(refused("2-3", &odd).contains("uniformly"));
    odd = NetworkRequest::default();
    odd.scale = f64::NAN;
    assert!(refused("2-3", &odd).contains("`scale=NaN`"));
    odd = NetworkRequest::default();
    odd.weights = vec!["0=[[1,2]]".to_owned()];
    assert!(refused("2-3", &odd).contains("expects a matrix of 3 rows (out) and 2 columns (in)"));
}

#[test]
fn weights_and_points_that_are_no_numbers_are_told() {
    let folder = common::Folder::new();
    let weight = tensor_of("0.weight", &[2, 2], &[1.0, 2.0, f64::NAN, 4.0]).unwrap();
    let path = folder.path("nan.safetensors");
    hinton::export([weight], &path).unwrap();
    let fault = refused(&path.to_string_lossy(), &NetworkRequest::default());
    assert!(fault.contains("0.weight[1, 0]: expected a finite weight, found NaN"), "{fault}");
    let rows = tensor_of("points", &[3, 2], &[1.0, 2.0, 3.0, f64::INFINITY, 5.0, 6.0]).unwrap();
    let path = folder.path("points.npy");
    hinton::export([rows], &path).unwrap();
    let mut request = PointRequest::default();
    request.source = PointSource::File(path);
    let fault = points(&request, 2).unwrap_err().to_string();
    assert!(
        fault.contains("point 1 (from 0), coordinate 1: expected a finite number, found inf"),
        "{fault}"
    );
    let fault = points(&request, 5).unwrap_err().to_string();
    assert!(fault.contains("points of the wrong width: the network takes 5 values"), "{fault}");
}

#[test]
fn labels_lie_in_the_last_column() {
    let folder = common::Folder::new();
    let path = folder.path("points.csv");
    std::fs::write(&path, "x,y,label\n0.5,1,3\n1.5,-1,7\n2.5,0,3\n").unwrap();
    let mut request = PointRequest::default();
    request.source = PointSource::File(path);
    let set = points(&request, 2).unwrap();
    assert_eq!(set.labels, Some((vec![0, 1, 0], vec!["3".to_owned(), "7".to_owned()])));
    assert_eq!(set.values.iter().collect::<Vec<_>>(), [0.5, 1.0, 1.5, -1.0, 2.5, 0.0]);
}

/// A file of bytes in the layout of MNIST's files.
fn idx(shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, shape.len() as u8];
    shape.iter().for_each(|side| bytes.extend(side.to_be_bytes()));
    bytes.extend(values);
    bytes
}

#[test]
fn images_have_the_labels_that_lie_beside_them() {
    let folder = common::Folder::new();
    let images = folder.path("t10k-images-idx3-ubyte");
    std::fs::write(&images, idx(&[4, 2, 2], &[0, 255, 51, 0, 1, 2, 3, 4, 9, 9, 9, 9, 0, 0, 0, 0]))
        .unwrap();
    let mut request = PointRequest::default();
    request.source = PointSource::File(images.clone());
    assert_eq!(points(&request, 4).unwrap().labels, None, "there are none yet");
    let labels = folder.path("t10k-labels-idx1-ubyte");
    std::fs::write(&labels, idx(&[3], &[2, 0, 2])).unwrap();
    assert_eq!(points(&request, 4).unwrap().labels, None, "three labels are not of four points");
    std::fs::write(&labels, idx(&[4], &[2, 0, 2, 5])).unwrap();
    request.count = Some(3);
    let set = points(&request, 4).unwrap();
    assert_eq!(set.labels.as_ref().unwrap().0, [1, 0, 1]);
    assert!(
        set.notes.contains(&"labels from t10k-labels-idx1-ubyte".to_owned()),
        "{:?}",
        set.notes
    );
    assert_eq!(set.values.iter().take(3).collect::<Vec<_>>(), [0.0, 1.0, 0.2]);
    // The network's outputs are counted as the labels are, though only two of its classes are there.
    let show = show("4-6", set);
    assert_eq!(show.points().labels.as_ref().unwrap().0, [2, 0, 2]);
    assert!(show.accuracy().is_some());
    request.normalize = "raw".parse().unwrap();
    let raw = points(&request, 4).unwrap();
    assert_eq!(raw.values.iter().take(3).collect::<Vec<_>>(), [0.0, 255.0, 51.0]);
    request.normalize = "0.5,0.25".parse().unwrap();
    assert_eq!(points(&request, 4).unwrap().values.iter().take(2).collect::<Vec<_>>(), [-2.0, 2.0]);
}

#[test]
fn words_and_arrays_of_whole_numbers_are_labels() {
    let folder = common::Folder::new();
    let path = folder.path("flowers.csv");
    let rows: String =
        (0..6).map(|at| format!("{at},{},{}\n", at * 2, ["b", "a"][at % 2])).collect();
    std::fs::write(&path, format!("width,height,kind\n{rows}")).unwrap();
    let mut request = PointRequest::default();
    request.source = PointSource::File(path);
    let (labels, names) = points(&request, 2).unwrap().labels.unwrap();
    assert_eq!((labels, names), (vec![1, 0, 1, 0, 1, 0], vec!["a".to_owned(), "b".to_owned()]));
    let path = folder.path("set.npz");
    let tensors = [
        tensor_of("x_train", &[3, 2], &[0.5f32; 6]).unwrap(),
        tensor_of("x_test", &[2, 2], &[1.5f32, 2.0, 3.0, 4.0]).unwrap(),
        tensor_of("y_train", &[3], &[0i64, 1, 2]).unwrap(),
        tensor_of("y_test", &[2], &[1i64, 0]).unwrap(),
    ];
    hinton::export(tensors, &path).unwrap();
    request.source = PointSource::File(path);
    let set = points(&request, 2).unwrap();
    assert_eq!(set.values.iter().collect::<Vec<_>>(), [1.5, 2.0, 3.0, 4.0]);
    assert_eq!(set.labels.unwrap().0, [1, 0]);
}

#[test]
fn a_network_near_chance_is_remarked_on_with_what_would_help() {
    // It goes by the sign of the first value, and bytes have none before they are normalised.
    let model = network("2-2", "0=[[-1,-0.0001],[1,0]]");
    let folder = common::Folder::new();
    let (images, labels) = (folder.path("images.idx"), folder.path("labels.idx"));
    let values: Vec<u8> = (0..200).flat_map(|at| [50 + (at % 2) * 150, 128]).collect();
    std::fs::write(&images, idx(&[200, 2], &values)).unwrap();
    std::fs::write(&labels, idx(&[200], &(0..200).map(|at| at % 2).collect::<Vec<u8>>())).unwrap();
    let mut request = PointRequest::default();
    request.source = PointSource::File(images);
    let remark = |request: &PointRequest| {
        let show = Show::new(&model, points(request, 2).unwrap(), ShowRequest::default()).unwrap();
        let found = show.notes().iter().find(|note| note.contains("near chance")).cloned();
        (show.accuracy().unwrap(), found)
    };
    let (right, said) = remark(&request);
    assert_eq!(right, 0.5, "all are of the second class");
    assert_eq!(
        said.unwrap(),
        "50 % right is near chance (50 % with 2 classes): with `normalize=0.5,0.5` it is right for \
         100 % of the first 200 points"
    );
    request.normalize = "0.5,0.5".parse().unwrap();
    assert_eq!(remark(&request), (1.0, None));
    request.normalize = "10,1".parse().unwrap();
    assert_eq!(remark(&request).1.unwrap(), "50 % right is near chance (50 % with 2 classes)");
}

fn show(spec: &str, set: PointSet) -> Show {
    let model = model(spec, &NetworkRequest::default()).unwrap();
    Show::new(&model, set, ShowRequest::default()).unwrap()
}

fn mesh() -> PointSet {
    let mut request = PointRequest::default();
    request.spacing = Some(1.0);
    points(&request, 2).unwrap()
}

#[test]
fn the_numbers_of_every_step_are_kept() {
    let show = show("2-5-tanh-2", mesh());
    let folder = common::Folder::new();
    let path = folder.path("steps.npz");
    hinton::export(show.tensors().unwrap(), &path).unwrap();
    let file = hinton::open(&path).unwrap();
    let names: Vec<(&str, Vec<usize>)> =
        file.tensors.iter().map(|tensor| (tensor.name(), tensor.shape().to_vec())).collect();
    assert_eq!(names[0], ("00-input", vec![100, 2]));
    assert_eq!(names[2], ("02-tanh", vec![100, 5]));
    assert_eq!(file.tensors[2].to_f64().unwrap(), values(&show.stages()[2]));
}

#[test]
fn threads_change_no_picture_and_wide_steps_say_what_they_kept() {
    let model = model("2-6-tanh-2", &NetworkRequest::default()).unwrap();
    let draw = |threads: usize| {
        let work = Work::on(threads);
        Show::new_with(&model, mesh(), ShowRequest::default(), work).unwrap().page().unwrap().scene
    };
    let one = draw(1);
    assert_eq!(draw(3), one);
    let text = format!("{one:?}");
    assert!(text.contains("6D by PCA, "), "the variance kept is written in the picture");
}

#[test]
fn a_film_is_the_same_whenever_a_frame_is_asked_for() {
    let film = show("2-3-tanh-2", mesh()).film(Default::default()).unwrap();
    let frames = film.durations().len();
    assert_eq!(film.picture(40).unwrap().scene, film.picture(40).unwrap().scene);
    assert_ne!(film.picture(40).unwrap().scene.items, film.picture(41).unwrap().scene.items);
    assert!(film.picture(frames).is_err());
    assert!(Playable::dpi(&film) > 0.0);
}

#[test]
fn digits_go_through_a_network_of_their_own() {
    let mut request = PointRequest::default();
    request.source = "digits".parse().unwrap();
    request.count = Some(100);
    let set = points(&request, 64).unwrap();
    let show = show("64-10", set);
    assert!(show.page().is_ok());
    assert!(show.accuracy().is_some_and(|right| (0.0..=1.0).contains(&right)));
    let page = show.html(None);
    assert!(page.len() < 3 << 20);
}

#[test]
fn a_page_of_many_points_is_a_sample_and_says_so() {
    let page = |count: usize, color: &str| {
        let mut request = PointRequest::default();
        request.source = PointSource::Cloud;
        request.count = Some(count);
        let model = model("2", &NetworkRequest::default()).unwrap();
        let mut show = ShowRequest::default();
        show.color = color.parse().unwrap();
        let show = Show::new(&model, points(&request, 2).unwrap(), show).unwrap();
        String::from_utf8(show.html(None)).unwrap()
    };
    let few = page(500, "wheel");
    assert!(few.contains("\"kind\":\"plane\"") && few.contains("input 2"), "the wheel has a key");
    let many = page(120_000, "first");
    assert!(many.contains("100000 of 120000 points, evenly chosen"));
    assert!(many.len() < 3_500_000, "{}", many.len());
}
