//! Runs as pictures: curves of metrics, distributions, one step, confusion matrices, the page.

use crate::common;

use common::Folder;
use hinton::films::{AnimateRequest, FrameSource, animate};
use hinton::runs::{Run, RunOptions, RunRequest, draw_runs, open_run};
use hinton::tensors::select_from;
use hinton::{DrawRequest, Error, Picture, draw, open, select};
use hinton_run::{NewStep, NewTensor, RunWriter};
use hinton_scene::Item;
use hinton_tensor::Dtype;

const SETTINGS: &str =
    r#"{"data": "toy", "lr": 0.5, "classes": ["ant", "bee", "cow"], "image": [2, 3]}"#;

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Weights of 6 pixels by 3 classes at a step; NaN in the last.
fn weights(step: u64, last: u64) -> Vec<f32> {
    let mut values: Vec<f32> = (0..18).map(|at| (at as f32 - 8.5) * step as f32 / 100.0).collect();
    if step == last {
        values[0] = f32::NAN;
    }
    values
}

/// Six steps, 0 to 50, with metrics between them and a confusion matrix every other step.
fn run(folder: &Folder, name: &str, settings: &str) -> Run {
    let path = folder.path(name);
    let mut writer = RunWriter::create(&path, "a toy", settings).unwrap();
    for step in 0..=50u64 {
        let loss = 2.0 / (1.0 + step as f64);
        if !step.is_multiple_of(10) {
            writer.log(step, None, &[("loss", loss), ("accuracy", 0.5)]).unwrap();
            continue;
        }
        let weight = bytes(&weights(step, 50));
        let bias = bytes(&[0.5, 0.25, step as f32]);
        let counts: Vec<u8> = [9u32, 1, 0, 2, 8, 0, 0, 0, 10 + step as u32]
            .iter()
            .flat_map(|count| count.to_le_bytes())
            .collect();
        let mut tensors = vec![
            NewTensor { name: "weight", dtype: Dtype::F32, shape: &[6, 3], bytes: &weight },
            NewTensor { name: "bias", dtype: Dtype::F32, shape: &[3], bytes: &bias },
            NewTensor {
                name: "optimizer.exp_avg.weight",
                dtype: Dtype::F32,
                shape: &[6, 3],
                bytes: &weight,
            },
        ];
        if step.is_multiple_of(20) {
            let shape = &[3, 3];
            tensors.push(NewTensor { name: "confusion", dtype: Dtype::U32, shape, bytes: &counts });
        }
        let metrics =
            [("loss", loss), ("accuracy", 0.5), ("validation_loss", loss + 0.1), ("epoch", 1.0)];
        writer
            .append(&NewStep { number: step, time: None, tensors: &tensors, metrics: &metrics })
            .unwrap();
    }
    open_run(&[path], &RunOptions::default()).unwrap()
}

fn none() -> [&'static str; 0] {
    []
}

fn chart(name: &str) -> RunRequest {
    RunRequest::of(DrawRequest::chart(name))
}

fn words(picture: &Picture) -> String {
    fn walk(items: &[Item], all: &mut String) {
        for item in items {
            match item {
                Item::Text(text) => *all += &format!("{}\n", text.content),
                Item::Group(group) => walk(&group.items, all),
                _ => {}
            }
        }
    }
    let mut all = String::new();
    walk(&picture.scene.items, &mut all);
    all
}

fn says(picture: &Picture, wanted: &[&str]) {
    let words = words(picture);
    for one in wanted {
        assert!(words.contains(one), "no {one:?} in\n{words}");
    }
}

fn error(runs: &[Run], patterns: &[&str], request: &RunRequest) -> (String, String) {
    let error: Error = draw_runs(runs, patterns, request).unwrap_err();
    (error.to_string(), error.help().unwrap_or_default().to_owned())
}

#[test]
fn a_page_shows_all_that_the_run_has() {
    let folder = Folder::new();
    let runs = [run(&folder, "toy", SETTINGS)];
    let page = draw_runs(&runs, &none(), &RunRequest::default()).unwrap();
    says(
        &page,
        &[
            "toy",
            "a toy",
            "data toy",
            "6 recorded steps, 0 … 50",
            "Learning",
            "loss, validation_loss",
            "accuracy",
            "How values spread",
            "weight, bias",
            "NaN in 1 step (1 value), the first at step 50",
            "At the last step",
            "confusion: accuracy 0.9571",
            "step 40, 5 of 6",
            "3 pictures, each 2 × 3",
            "step 50, the last of 6",
        ],
    );
    assert!(!words(&page).contains("optimizer"));
    assert!(page.notes.iter().any(|note| note.contains("NaN")), "{:?}", page.notes);
    // Narrow pages have one column, pages of given size hold all.
    let mut narrow = RunRequest::default();
    narrow.draw.options.size = "300pt".parse().ok();
    let narrow = draw_runs(&runs, &none(), &narrow).unwrap();
    assert!(narrow.scene.width == 300.0 && narrow.scene.height > page.scene.height);
    let mut fixed = RunRequest::default();
    fixed.draw.options.size = "600x400pt".parse().ok();
    let fixed = draw_runs(&runs, &none(), &fixed).unwrap();
    assert_eq!((fixed.scene.width, fixed.scene.height), (600.0, 400.0));
}

#[test]
fn what_a_run_lacks_is_left_out_and_said() {
    let folder = Folder::new();
    let path = folder.path("bare");
    let mut writer = RunWriter::create(&path, "", "").unwrap();
    for step in [1, 2] {
        let weight = bytes(&[1.0, step as f32]);
        let tensors = [NewTensor { name: "w", dtype: Dtype::F32, shape: &[1, 2], bytes: &weight }];
        writer
            .append(&NewStep { number: step, time: None, tensors: &tensors, metrics: &[] })
            .unwrap();
    }
    let runs = [open_run(&[path], &RunOptions::default()).unwrap()];
    let page = draw_runs(&runs, &none(), &RunRequest::default()).unwrap();
    says(&page, &["no curves: the run has no metrics", "no confusion matrix", "How values spread"]);
    assert!(!words(&page).contains("Learning"));
    let (message, help) = error(&runs, &[], &chart("curve"));
    assert!(message.contains("no metrics") && help.contains("`as=distribution`"), "{help}");
    assert!(draw_runs(&[], &none(), &RunRequest::default()).is_err());
}

#[test]
fn metrics_of_several_runs_share_a_plot() {
    let folder = Folder::new();
    let runs = [run(&folder, "a", ""), run(&folder, "b", "")];
    let mut request = chart("curve");
    request.metrics = vec!["validation_loss".to_owned()];
    let picture = draw_runs(&runs, &none(), &request).unwrap();
    says(&picture, &["validation_loss", "2 lines", "6 points", "a: lowest", "b: lowest"]);
    request.metrics = vec!["*loss".to_owned(), "accuracy".to_owned()];
    let both = draw_runs(&runs, &none(), &request).unwrap();
    says(&both, &["loss, validation_loss", "accuracy", "a loss", "b validation_loss"]);
    // Without a chart metrics are curves too.
    let mut plain = RunRequest::default();
    plain.metrics.clone_from(&request.metrics);
    assert_eq!(draw_runs(&runs, &none(), &plain).unwrap().scene, both.scene);
    request.metrics = vec!["los".to_owned()];
    let (message, help) = error(&runs, &[], &request);
    assert!(message.contains("\"los\"") && help.contains("\"loss\""), "{message} {help}");
}

#[test]
fn distributions_are_of_every_step() {
    let folder = Folder::new();
    let runs = [run(&folder, "toy", "")];
    let picture = draw_runs(&runs, &["weight"], &chart("distribution")).unwrap();
    says(&picture, &["weight", "6 steps, 0 … 50", "6 × 3 f32", "NaN in 1 step"]);
    let rare = draw_runs(&runs, &["confusion"], &chart("distribution")).unwrap();
    says(&rare, &["missing in 3 steps, the first is 10"]);
    let both = draw_runs(&runs, &["weight", "bias[0]"], &chart("distribution")).unwrap();
    says(&both, &["weight, bias[0]"]);
    let (message, _) = error(&runs, &["wieght"], &chart("distribution"));
    assert!(message.contains("no tensor \"wieght\""), "{message}");
}

#[test]
fn a_step_is_drawn_as_a_checkpoint_is() {
    let folder = Folder::new();
    let runs = [run(&folder, "toy", "")];
    let mut request = RunRequest::default();
    request.step = Some(20);
    let picture = draw_runs(&runs, &["weight"], &request).unwrap();
    says(&picture, &["step 20, 3 of 6"]);
    let file = open(folder.path("toy/steps/20.safetensors")).unwrap();
    let alone = draw(select(&file, &["weight"]).unwrap(), &DrawRequest::default()).unwrap();
    let is_square = |item: &&Item| matches!(item, Item::Marks(_));
    let squares = |picture: &Picture| -> Vec<Item> {
        picture.scene.items.iter().filter(is_square).cloned().collect()
    };
    assert_eq!(squares(&picture), squares(&alone));
    request.step = Some(25);
    let (message, help) = error(&runs, &["weight"], &request);
    assert!(message.contains("`step=25`") && help.contains("20 and 30"), "{help}");
    // The last that has it.
    says(&draw_runs(&runs, &["confusion"], &RunRequest::default()).unwrap(), &["step 40, 5 of 6"]);
    let two = [run(&folder, "a", ""), run(&folder, "b", "")];
    let beside = draw_runs(&two, &["bias"], &RunRequest::default()).unwrap();
    says(&beside, &["a bias", "b bias", "a: step 50", "b: step 50"]);
}

#[test]
fn settings_name_classes_and_the_shape_of_pictures() {
    let folder = Folder::new();
    let runs = [run(&folder, "toy", SETTINGS)];
    says(&draw_runs(&runs, &none(), &chart("confusion")).unwrap(), &["ant", "bee", "cow"]);
    let pictures = draw_runs(&runs, &["weight"], &RunRequest::default()).unwrap();
    says(&pictures, &["3 pictures, each 2 × 3"]);
    let asked = draw_runs(&runs, &["weight"], &chart("heatmap")).unwrap();
    says(&asked, &["6 × 3 f32"]);
}

#[test]
fn confusion_matrices_play_and_charts_of_all_steps_do_not() {
    let folder = Folder::new();
    let runs = [run(&folder, "toy", SETTINGS)];
    let request = AnimateRequest::of(DrawRequest::chart("confusion"));
    let film = animate(&runs, &none(), &request).unwrap();
    assert_eq!(film.steps(), [0, 20, 40]);
    let sizes: Vec<(f64, f64)> = (0..film.len())
        .map(|at| film.picture(at).unwrap().scene)
        .map(|scene| (scene.width, scene.height))
        .collect();
    assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
    says(&film.picture(0).unwrap(), &["accuracy 0.9000", "ant"]);
    for name in ["curve", "distribution"] {
        let request = AnimateRequest::of(DrawRequest::chart(name));
        let error = animate(&runs, &none(), &request).unwrap_err();
        assert!(error.help().unwrap().contains("draw the run with `as="), "{error}");
    }
}

#[test]
fn a_profile_of_a_run_runs_over_its_steps() {
    let folder = Folder::new();
    let runs = [run(&folder, "toy", SETTINGS)];
    let picture = draw_runs(&runs, &none(), &chart("profile")).unwrap();
    says(
        &picture,
        &["2 tensors over steps", "steps 0 … 50", "update / weight", "root mean square"],
    );
    assert!(!words(&picture).contains("exp_avg"));
    let bias = draw_runs(&runs, &["bias"], &chart("profile")).unwrap();
    says(&bias, &["bias", "update / weight"]);
    // A step is a checkpoint: its layers run right.
    let mut request = chart("profile");
    request.step = Some(20);
    let step = draw_runs(&runs, &none(), &request).unwrap();
    assert!(!words(&step).contains("update / weight"));
    let (message, _) = error(&runs, &["wieght"], &chart("profile"));
    assert!(message.contains("wieght"), "{message}");
    let film = animate(&runs, &none(), &AnimateRequest::of(DrawRequest::chart("profile")));
    assert!(film.unwrap_err().help().unwrap().contains("draw the run with `as=profile`"));
}

#[test]
fn a_log_alone_is_a_plot_for_each_quantity() {
    let folder = Folder::new();
    let log = |name: &str, text: &str| {
        std::fs::write(folder.path(name), text).unwrap();
        hinton::runs::open_log(folder.path(name), false).unwrap()
    };
    let keras = "epoch,accuracy,loss,val_loss,lr\n0,0.5,3,4,0.1\n1,0.6,2,3,0.1\n4,0.7,1,2,0.1\n";
    let lightning = "epoch,step,train_loss,val_loss\n0,9,0.5,\n0,10,,0.45\n1,19,0.3,\n1,20,,0.35\n";
    let keras = log("keras.csv", keras).unwrap();
    let lightning = log("lightning.csv", lightning).unwrap();
    let page = draw_runs(&[keras], &none(), &RunRequest::default()).unwrap();
    says(&page, &["keras.csv", "loss, val_loss", "accuracy", "lr", "epochs 0 … 4"]);
    // One quantity is one plot; empty cells are no points, and nothing is NaN.
    let picture =
        draw_runs(std::slice::from_ref(&lightning), &none(), &RunRequest::default()).unwrap();
    says(&picture, &["train_loss, val_loss", "2 points", "steps 9 … 20"]);
    assert!(!words(&picture).contains("NaN"));
    let mut named = RunRequest::default();
    named.metrics = vec!["val*".to_owned()];
    says(&draw_runs(&[lightning], &none(), &named).unwrap(), &["lowest 0.35 at step 20"]);
    assert!(log("points.csv", "x,y,label\n1,2,0\n3,4,1\n").is_none());
    assert!(log("words.txt", "nothing that counts\n").is_none());
}

#[test]
fn tables_and_vectors_are_curves() {
    let folder = Folder::new();
    let table = |name: &str, text: &str| {
        std::fs::write(folder.path(name), text).unwrap();
        open(folder.path(name)).unwrap()
    };
    let log = table("log.csv", "epoch,loss,val_loss\n1,3,4\n2,2,3\n5,1,2\n");
    let none: [&str; 0] = [];
    let curve = DrawRequest::chart("curve");
    let picture = draw(select(&log, &none).unwrap(), &curve).unwrap();
    says(&picture, &["loss, val_loss", "epochs 1 … 5", "lowest 1 at epoch 5"]);
    let other = table("other.csv", "epoch,loss,val_loss\n1,6,7\n2,5,6\n");
    let both = draw(select_from(&[log, other], &none).unwrap(), &curve).unwrap();
    says(&both, &["log.csv loss", "other.csv val_loss", "4 lines"]);
    let falling = table("falling.csv", "3,1\n2,5\n1,2\n4,4\n");
    let picture = draw(select(&falling, &none).unwrap(), &curve).unwrap();
    says(&picture, &["column 0, column 1", "positions 0 … 3"]);
    let vector = hinton::tensor_of("v", &[5], &[1.0f32, 2.0, f32::NAN, 4.0, 5.0]).unwrap();
    let sliced = hinton::Selected::sliced(&vector, &"[1:]".parse().unwrap()).unwrap();
    says(&draw([sliced], &curve).unwrap(), &["v[1:]", "positions 1 … 4", "1 value is NaN, at 2"]);
}

#[test]
fn a_long_vector_keeps_its_extremes() {
    let mut values = vec![0.0f32; 5_000_000];
    values[1_234_567] = 50.0;
    values[4_000_000] = f32::NAN;
    let vector = hinton::tensor_of("v", &[values.len()], &values).unwrap();
    let picture = draw([vector], &DrawRequest::chart("curve")).unwrap();
    says(&picture, &["highest 50"]);
    assert!(picture.notes.iter().any(|note| note.contains("NaN")), "{:?}", picture.notes);
}
