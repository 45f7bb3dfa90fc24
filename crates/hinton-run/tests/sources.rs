//! Every source of a run that is no run folder.

use crate::common;

use std::path::PathBuf;

use common::{Folder, npy, numbers, one, open_in, safetensors, said, says, values, zip};
use hinton_run::{RunError, RunKind, RunOptions, open_run, open_run_watched};

/// A pickle (protocol 0) of a list of lists of numbers, which is read as arrays.
fn pickled_list(rows: &[&[f32]]) -> Vec<u8> {
    let mut text = String::from("(l");
    for row in rows {
        text += "(l";
        row.iter().for_each(|value| text += &format!("F{value}\na"));
        text += "a";
    }
    (text + ".").into_bytes()
}

#[test]
fn a_list_of_arrays_in_an_npz() {
    let folder = Folder::new();
    let items: Vec<(String, Vec<u8>)> =
        (0..12).map(|at| (format!("arr_{at}.npy"), npy(&[2, 2], &[at as f32; 4]))).collect();
    let items: Vec<(&str, Vec<u8>)> =
        items.iter().map(|(name, data)| (name.as_str(), data.clone())).collect();
    folder.put("weights.npz", zip(&items));
    let run = open_in(&folder, &["weights.npz"]).unwrap();
    assert_eq!(run.kind, RunKind::List);
    assert_eq!(numbers(&run), (0..12).collect::<Vec<u64>>());
    assert_eq!(run.tensor_names().len(), 1);
    assert_eq!(run.tensor_names()[0].name, "weights");
    assert_eq!(values(&run, 10, "weights"), [10.0; 4]);
    assert_eq!(run.checkpoint(3).unwrap().tensors.len(), 1);
    assert!(run.tensor(3, "other").unwrap().is_none());
    assert!(run.checkpoint(12).is_err());
    assert_eq!(said(&run), "");
}

#[test]
fn a_pickled_list_of_arrays() {
    let folder = Folder::new();
    // Rows of different lengths are several arrays to numpy, of which most are alike here.
    let (a, b): (&[f32], &[f32]) = (&[1.0, 2.0], &[3.0]);
    folder.put("list.pkl", pickled_list(&[a, a, a, b]));
    let run = open_in(&folder, &["list.pkl"]).unwrap();
    assert_eq!((run.kind, run.steps.len()), (RunKind::List, 4), "{}", said(&run));
    assert!(says(&run, "not all items of the list have the same shapes"));
    assert!(says(&run, "its shape changes from [2] to [1] in step 3"), "{}", said(&run));
    assert!(run.tensor_names()[0].changes_shape());
}

#[test]
fn a_list_of_states_has_a_step_each() {
    let folder = Folder::new();
    let file = zip(&[
        ("epoch_10.w.npy", npy(&[2], &[10.0; 2])),
        ("epoch_10.b.npy", npy(&[1], &[0.1])),
        ("epoch_9.w.npy", npy(&[2], &[9.0; 2])),
        ("epoch_9.b.npy", npy(&[1], &[0.2])),
    ]);
    folder.put("states.npz", file);
    let run = open_in(&folder, &["states.npz"]).unwrap();
    assert_eq!(numbers(&run), [9, 10]);
    assert_eq!(values(&run, 1, "w"), [10.0; 2]);
    assert_eq!(values(&run, 0, "b"), [0.2]);
}

#[test]
fn layers_are_no_list() {
    let folder = Folder::new();
    // A model of numbered layers, not steps: the shapes differ.
    let file = zip(&[("0.npy", npy(&[2, 3], &[0.0; 6])), ("1.npy", npy(&[3, 1], &[0.0; 3]))]);
    folder.put("layers.npz", file);
    let run = open_in(&folder, &["layers.npz"]).unwrap();
    assert_eq!((run.kind, run.steps.len()), (RunKind::Checkpoints, 1));
    assert!(says(&run, "the file holds one step"));
    // Sequential of PyTorch numbers its layers; only lists of numpy are lists.
    folder.put(
        "sequential.safetensors",
        safetensors(&[("0", &[1], &[0.0]), ("1", &[1], &[1.0])], ""),
    );
    assert_eq!(open_in(&folder, &["sequential.safetensors"]).unwrap().steps.len(), 1);
}

#[test]
fn an_axis_is_time() {
    let folder = Folder::new();
    let counting: Vec<f32> = (0..24).map(|value| value as f32).collect();
    folder.put("film.npy", npy(&[4, 2, 3], &counting));
    let run = open_in(&folder, &["film.npy"]).unwrap();
    assert_eq!((run.kind, run.steps.len()), (RunKind::Axis, 4));
    assert_eq!(run.tensor_names()[0].shape(), [2, 3]);
    assert_eq!(values(&run, 3, "film"), &counting[18..]);
    assert_eq!(run.steps[3].name, "[3]");

    let at = |axis| RunOptions { steps_axis: Some(axis), ..RunOptions::default() };
    let last = open_run(&[folder.path("film.npy")], &at(2)).unwrap();
    assert_eq!(last.steps.len(), 3);
    assert_eq!(values(&last, 1, "film"), [1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0, 22.0]);
    let error = open_run(&[folder.path("film.npy")], &at(3)).unwrap_err();
    assert!(error.to_string().contains("no tensor has steps along axis 3"), "{error}");
    let error = open_run(&[folder.path("")], &at(0)).unwrap_err();
    assert!(matches!(error, RunError::Request { .. }), "{error}");
}

#[test]
fn numbers_beside_an_array_over_time_are_its_steps_and_metrics() {
    let folder = Folder::new();
    let file = zip(&[
        ("w.npy", npy(&[3, 2], &[0.0, 0.0, 1.0, 1.0, 2.0, 2.0])),
        ("step.npy", npy(&[3], &[0.0, 50.0, 100.0])),
        ("loss.npy", npy(&[3], &[3.0, 2.0, 1.0])),
        ("short.npy", npy(&[2, 2], &[5.0; 4])),
        ("lr.npy", npy(&[], &[0.1])),
    ]);
    folder.put("run.npz", file);
    let options = RunOptions { steps_axis: Some(0), ..RunOptions::default() };
    let run = open_run(&[folder.path("run.npz")], &options).unwrap();
    assert_eq!(numbers(&run), [0, 50, 100]);
    assert_eq!(run.steps[1].metric("loss"), Some(2.0));
    assert_eq!(values(&run, 2, "w"), [2.0, 2.0]);
    assert!(says(&run, "\"lr\": left out"), "{}", said(&run));
    assert!(says(&run, "\"short\": it is missing in step 100"), "{}", said(&run));
}

#[test]
fn an_empty_array_of_any_length_is_no_bomb() {
    let folder = Folder::new();
    folder.put("bomb.npy", npy(&[1_000_000_000_000, 0, 2], &[]));
    let error = open_in(&folder, &["bomb.npy"]).unwrap_err();
    assert!(error.to_string().contains("steps are the limit"), "{error}");
}

#[test]
fn a_folder_plays_in_natural_order_and_tells_of_the_rest() {
    let folder = Folder::new();
    for number in [1, 2, 9, 10, 11] {
        folder.put(&format!("run/model_epoch_{number}.safetensors"), one(number as f32));
    }
    folder.put("run/best.safetensors", one(0.0));
    folder.put("run/README.md", "# A run\n");
    folder.put("run/events.out.tfevents.1", [7, 0, 0, 1]);
    folder.put("run/optim_1.safetensors", one(0.0));
    folder.put("run/optim_2.safetensors", one(0.0));
    folder.put("run/plots/1.png", "x");
    let run = open_in(&folder, &["run"]).unwrap();
    assert_eq!(run.kind, RunKind::Checkpoints);
    assert_eq!(numbers(&run), [1, 2, 9, 10, 11]);
    assert_eq!(values(&run, 2, "w"), [9.0; 6]);
    assert!(says(&run, "not part of the run: \"README.md\", \"events.out.tfevents.1\", \"plots\""));
    assert!(says(&run, "left out") && says(&run, "\"best.safetensors\""), "{}", said(&run));
    assert!(says(&run, "\"optim_1.safetensors\", \"optim_2.safetensors\""), "{}", said(&run));

    let pattern = open_in(&folder, &["run/model_epoch_1?.safetensors"]).unwrap();
    assert_eq!(numbers(&pattern), [10, 11]);
    let all = open_in(&folder, &["run/*.safetensors"]).unwrap();
    assert_eq!(all.steps.len(), 8);
    assert!(
        open_in(&folder, &["run/none_*.npz"])
            .unwrap_err()
            .to_string()
            .contains("fits this pattern")
    );
    assert!(open_in(&folder, &["run/none.npz"]).is_err());
    assert!(open_run(&[], &RunOptions::default()).is_err());
}

#[test]
fn the_files_of_tensorflow_checkpoints_are_no_strangers() {
    let Some(data) = hinton_testing::shared("data") else { return };
    let folder = Folder::new();
    for file in std::fs::read_dir(data.join("tensorflow/crafted_softmax_ckpts")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        folder.put(&format!("run/{name}"), std::fs::read(&path).unwrap());
    }
    folder.put("run/checkpoint", "model_checkpoint_path: \"ckpt-11\"\n");
    let run = open_in(&folder, &["run"]).unwrap();
    assert_eq!(numbers(&run), [0, 1, 2, 4, 7, 11]);
    assert_eq!(values(&run, 4, "step/.ATTRIBUTES/VARIABLE_VALUE"), [7.0]);
    assert_eq!(said(&run), "");
    // Values without an index are.
    folder.put("run/lost.data-00000-of-00001", "values");
    assert!(says(&open_in(&folder, &["run"]).unwrap(), "\"lost.data-00000-of-00001\""));
}

#[test]
fn folders_of_checkpoints_and_the_state_of_the_trainer() {
    let folder = Folder::new();
    for step in [500, 1000, 1500] {
        folder.put(&format!("out/checkpoint-{step}/model.safetensors"), one(step as f32));
        folder.put(&format!("out/checkpoint-{step}/optimizer.safetensors"), one(0.0));
        folder.put(&format!("out/checkpoint-{step}/config.json"), "{\"a\": 1}");
    }
    let state = r#"{"best_metric": null, "log_history": [
        {"epoch": 0.5, "loss": 3.0, "step": 250}, {"epoch": 1.0, "loss": 2.0, "step": 500},
        {"epoch": 2.0, "loss": 1.5, "step": 1000}, {"epoch": 3.0, "loss": NaN, "step": 1500},
        {"epoch": 3.0, "eval_loss": 1.0, "step": 1500}]}"#;
    folder.put("out/checkpoint-1500/trainer_state.json", state);
    folder.put("out/model.safetensors", one(9.0));
    let run = open_in(&folder, &["out"]).unwrap();
    assert_eq!(numbers(&run), [500, 1000, 1500], "{}", said(&run));
    assert_eq!(values(&run, 1, "w"), [1000.0; 6]);
    assert_eq!(run.steps[1].metric("loss"), Some(1.5));
    assert!(run.steps[2].metric("loss").unwrap().is_nan());
    assert_eq!(run.steps[2].metric("eval_loss"), Some(1.0));
    assert_eq!(run.logs, ["checkpoint-1500/trainer_state.json (by step)"]);
    // The log knows more than the steps.
    assert_eq!(run.series("loss").len(), 4);
    assert!(says(&run, "left out"), "{}", said(&run));
}

#[test]
fn the_number_comes_from_metadata_or_the_place() {
    let folder = Folder::new();
    let with = |step: &str| safetensors(&[("w", &[1], &[0.0])], step);
    folder
        .put("a/alpha.safetensors", with(r#"{"global_step":"700","epoch":"7","val_loss":"0.5"}"#));
    folder.put("a/beta.safetensors", with(r#"{"global_step":"30","epoch":"3"}"#));
    let run = open_in(&folder, &["a"]).unwrap();
    assert_eq!(numbers(&run), [30, 700]);
    assert_eq!(run.steps[1].metric("val_loss"), Some(0.5));
    assert_eq!(run.steps[1].metric("epoch"), Some(7.0));

    folder.put("b/x.safetensors", one(0.0));
    folder.put("b/y.safetensors", one(1.0));
    let error = open_in(&folder, &["b"]).unwrap_err().to_string();
    assert!(error.contains("not taken for steps of a run: \"x.safetensors\""), "{error}");
    let run = open_in(&folder, &["b/x.safetensors", "b/y.safetensors"]).unwrap();
    assert_eq!(numbers(&run), [0, 1]);
    assert!(says(&run, "numbered from 0 in natural order"));

    let run = open_in(&folder, &["b/x.safetensors", "a/beta.safetensors"]).unwrap();
    assert_eq!(numbers(&run), [30, 31]);
    assert!(says(&run, "no step number in \"b/x.safetensors\": placed last, numbered from 31"));
}

#[test]
fn broken_steps_are_listed_and_hide_nothing() {
    let folder = Folder::new();
    for number in 1..=6 {
        folder.put(&format!("e_{number}.safetensors"), one(number as f32));
    }
    let whole = one(3.0);
    folder.put("e_3.safetensors", &whole[..whole.len() - 5]);
    folder.put("e_4.safetensors", "");
    folder.put("e_5.safetensors", "<!doctype html><p>Not found");
    let run = open_in(&folder, &["."]).unwrap();
    assert_eq!(numbers(&run), [1, 2, 3, 4, 5, 6]);
    let broken: Vec<bool> = run.steps.iter().map(|step| step.broken.is_some()).collect();
    assert_eq!(broken, [false, false, true, true, true, false]);
    assert!(says(&run, "step 3 cannot be read"), "{}", said(&run));
    assert!(run.tensor(2, "w").is_err());
    assert_eq!(values(&run, 5, "w"), [6.0; 6]);
    assert_eq!(run.find_tensor("w").unwrap().steps().collect::<Vec<_>>(), [0, 1, 5]);

    for number in 1..=6 {
        folder.put(&format!("all/e_{number}.safetensors"), &whole[..20]);
    }
    assert!(open_in(&folder, &["all"]).is_err(), "no step can be read");
    folder.put("none/README", "nothing");
    let error = open_in(&folder, &["none"]).unwrap_err().to_string();
    assert!(error.contains("holds no weights"), "{error}");
}

#[test]
fn tensors_that_change_are_told() {
    let folder = Folder::new();
    folder.put("step1.safetensors", safetensors(&[("a", &[2], &[0.; 2]), ("b", &[1], &[0.])], ""));
    folder.put("step2.safetensors", safetensors(&[("a", &[3], &[0.; 3]), ("c", &[1], &[0.])], ""));
    let run = open_in(&folder, &["."]).unwrap();
    let names: Vec<&str> = run.tensor_names().iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(says(&run, "\"a\": its shape changes from [2] to [3] in step 2 (step2.safetensors)"));
    assert!(says(&run, "\"b\": it is missing in step 2"));
    assert!(says(&run, "\"c\": it appears late, in step 2"));
    assert!(run.tensor(0, "c").unwrap().is_none());
}

#[test]
fn ties_and_gaps_are_told() {
    let folder = Folder::new();
    for name in ["01", "1", "2", "3", "4", "5", "7", "8"] {
        folder.put(&format!("e{name}.safetensors"), one(0.0));
    }
    let run = open_in(&folder, &["."]).unwrap();
    assert_eq!(numbers(&run), [1, 1, 2, 3, 4, 5, 7, 8]);
    assert!(says(&run, "several steps have the number 1: \"e01.safetensors\", \"e1.safetensors\""));
    assert!(says(&run, "step 6 not there"), "{}", said(&run));
}

#[test]
fn guesses_are_no_facts() {
    let folder = Folder::new();
    for (place, names, why) in [
        ("dates", ["m_2023-01-01", "m_2023-01-02", "m_2023-12-31"], "a date, no step"),
        ("sizes", ["llama-7b", "llama-13b", "llama-70b"], "a size, no step"),
        ("folds", ["fold_1", "fold_2", "fold_3"], "a fold or a seed, no step"),
        ("versions", ["sd-v1-4", "sd-v1-5", "sd-v2-1"], "a version, no step"),
        ("best", ["best", "last", "swa"], "nothing in their names"),
    ] {
        for name in names {
            folder.put(&format!("{place}/{name}.safetensors"), one(1.0));
        }
        let error = open_in(&folder, &[place]).unwrap_err().to_string();
        assert!(error.contains("not taken for steps of a run") && error.contains(why), "{error}");
        let all = open_in(&folder, &[&format!("{place}/*.safetensors")]).unwrap();
        assert_eq!(all.steps.len(), 3, "named one by one they are steps");
        assert!(all.metric_names().is_empty(), "{:?}", all.metric_names());
    }
    // Numbers without a word are steps where the same tensors are in all.
    folder.put("bare/a_1.safetensors", one(1.0));
    folder.put("bare/a_2.safetensors", one(1.0));
    assert_eq!(numbers(&open_in(&folder, &["bare"]).unwrap()), [1, 2]);
    folder.put("bare/a_2.safetensors", safetensors(&[("w", &[1], &[0.])], ""));
    assert!(open_in(&folder, &["bare"]).is_err());
    // A file without a number ends the series.
    folder.put("kohya/lora-000002.safetensors", one(2.0));
    folder.put("kohya/lora-000004.safetensors", one(4.0));
    folder.put("kohya/lora.safetensors", one(5.0));
    let run = open_in(&folder, &["kohya"]).unwrap();
    assert_eq!(numbers(&run), [2, 4, 5]);
    assert_eq!(values(&run, 2, "w"), [5.0; 6]);
    // Steps lie where trainers keep them, the log beside is theirs.
    for epoch in 1..=3 {
        folder.put(&format!("log/checkpoints/epoch={epoch}.safetensors"), one(1.0));
    }
    folder.put("log/metrics.csv", "epoch,loss\n1,3\n2,2\n3,1\n");
    folder.put("log/hparams.yaml", "lr: 0.1\n");
    let run = open_in(&folder, &["log"]).unwrap();
    assert_eq!(numbers(&run), [1, 2, 3], "{}", said(&run));
    assert_eq!(run.series("loss"), [(1, 3.0), (2, 2.0), (3, 1.0)], "{}", said(&run));
    assert!(says(&run, "the steps are those of the folder \"checkpoints\""));
}

/// `lightning_logs` has a folder for each version: the only one with steps is the run.
#[test]
fn the_only_run_in_a_folder_is_its_run() {
    let folder = Folder::new();
    for epoch in 1..=3 {
        folder.put(&format!("logs/version_0/checkpoints/epoch={epoch}.safetensors"), one(1.0));
    }
    folder.put("logs/version_0/metrics.csv", "epoch,loss\n1,3\n2,2\n3,1\n");
    let run = open_in(&folder, &["logs"]).unwrap();
    assert_eq!(numbers(&run), [1, 2, 3], "{}", said(&run));
    assert_eq!(run.series("loss"), [(1, 3.0), (2, 2.0), (3, 1.0)], "{}", said(&run));
    assert!(says(&run, "the run is that of the folder \"version_0\""), "{}", said(&run));
    // Of two nobody can say which is meant.
    for epoch in 1..=2 {
        folder.put(&format!("logs/version_1/checkpoints/epoch={epoch}.safetensors"), one(1.0));
    }
    assert!(open_in(&folder, &["logs"]).is_err());
}

/// Files of one array each, which is called after its file: one tensor over the steps.
#[test]
fn lone_arrays_are_one_tensor_over_the_steps() {
    let folder = Folder::new();
    for step in 0..3 {
        folder.put(&format!("n/step{step}.csv"), format!("{step}.5,2\n3,4\n"));
    }
    let run = open_in(&folder, &["n"]).unwrap();
    let names: Vec<&str> = run.tensor_names().iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names, numbers(&run)), (vec!["values"], vec![0, 1, 2]), "{}", said(&run));
    assert!(!says(&run, "appears late"), "{}", said(&run));
    assert_eq!(values(&run, 1, "values"), [1.5, 2.0, 3.0, 4.0]);
    assert_eq!(run.checkpoint(2).unwrap().tensors[0].name(), "values");
}

#[test]
fn shared_folders_are_what_they_are() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/field/folder-taken-for-a-run");
    if !root.is_dir() {
        println!("skipped: there is no {}", root.display());
        return;
    }
    let opened = |name: &str| open_run(&[root.join(name)], &RunOptions::default());
    for name in ["dates", "ggufs", "bestlast", "megatron", "megatron/iter_0000100"] {
        let error = opened(name).map(|run| run.steps.len()).unwrap_err().to_string();
        println!("{name}: {error}");
    }
    for name in ["unet", "keras_shards"] {
        let run = opened(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(run.steps.len(), 1, "{name}: {}", said(&run));
    }
    assert_eq!(numbers(&opened("kohya").unwrap()), [2, 4, 5]);
}

#[test]
fn one_checkpoint_in_shards_is_one_step() {
    let folder = Folder::new();
    folder.put("m/model-00001-of-00002.safetensors", one(1.0));
    let second = safetensors(&[("v", &[1], &[2.0])], "");
    folder.put("m/model-00002-of-00002.safetensors", second);
    let run = open_in(&folder, &["m"]).unwrap();
    assert_eq!(run.steps.len(), 1);
    assert_eq!(run.tensor_names().len(), 2);
    assert!(says(&run, "one checkpoint in several files"));
}

#[test]
fn logs_beside_the_steps_are_used_where_they_match() {
    let folder = Folder::new();
    for number in 1..=4 {
        folder.put(&format!("k/weights.{number:02}-0.{number}5.safetensors"), one(0.0));
    }
    folder.put("k/training.csv", "epoch,loss,val_loss\n1,4,5\n2,3,4\n3,2,3\n4,1,nan\n");
    folder.put("k/other.csv", "epoch,x\n0,1\n1,2\n2,3\n3,4\n");
    folder.put("k/config.json", "{\"lr\": 0.1}");
    let run = open_in(&folder, &["k"]).unwrap();
    assert_eq!(numbers(&run), [1, 2, 3, 4], "{}", said(&run));
    assert_eq!(run.metric_names(), ["metric", "loss", "val_loss"]);
    assert_eq!(run.steps[1].metrics[0], ("metric".to_owned(), 0.25));
    assert_eq!(run.series("loss"), [(1, 4.0), (2, 3.0), (3, 2.0), (4, 1.0)]);
    assert!(says(&run, "\"other.csv\": its metrics are not used: its epochs run from 0 to 3"));
    assert!(says(&run, "not part of the run: \"config.json\""), "{}", said(&run));
    // The same files named one by one find the log too, and say nothing of other files.
    let run = open_in(&folder, &["k/weights.*"]).unwrap();
    assert_eq!(run.logs, ["training.csv (by epoch)"]);
    assert!(!says(&run, "config.json"));
}

/// Keras's CSVLogger counts epochs from 0, its ModelCheckpoint from 1; the log is often `training.log`.
#[test]
fn a_log_of_keras_fits_its_checkpoints() {
    for log in ["training.csv", "training.log"] {
        let folder = Folder::new();
        for number in 1..=3 {
            folder.put(&format!("k/model_{number:02}.safetensors"), one(0.0));
        }
        folder.put(&format!("k/{log}"), "epoch,loss,val_loss\n0,4,5\n1,3,4\n2,2,3\n");
        let run = open_in(&folder, &["k"]).unwrap();
        assert_eq!(numbers(&run), [1, 2, 3], "{}", said(&run));
        assert_eq!(run.logs, [format!("{log} (by epoch)")], "{}", said(&run));
        assert_eq!(run.series("loss"), [(1, 4.0), (2, 3.0), (3, 2.0)]);
        assert_eq!(run.steps[2].metric("val_loss"), Some(3.0));
        assert!(says(&run, "its epochs count from 0, those of the checkpoints from 1"));
    }
}

#[test]
fn opening_can_be_watched_and_stopped() {
    let folder = Folder::new();
    for number in 1..=5 {
        folder.put(&format!("e{number}.safetensors"), one(0.0));
    }
    let mut seen = Vec::new();
    let stopped =
        open_run_watched(&[folder.path("")], &RunOptions::default(), &mut |done, total| {
            seen.push((done, total));
            if done == 3 {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        });
    assert!(matches!(stopped, Err(RunError::Cancelled)));
    assert_eq!(seen, [(1, 5), (2, 5), (3, 5)]);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_followed_and_told() {
    let folder = Folder::new();
    let store = folder.put("store/blob", one(7.0));
    folder.put("run/e1.safetensors", one(1.0));
    std::os::unix::fs::symlink(&store, folder.path("run/e2.safetensors")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path("run/e3.safetensors")).unwrap();
    let run = open_in(&folder, &["run"]).unwrap();
    assert_eq!(numbers(&run), [1, 2, 3]);
    assert!(says(&run, "links that lead out of the folder: \"e2.safetensors\""), "{}", said(&run));
    assert!(run.steps[2].broken.is_some());
    assert_eq!(values(&run, 1, "w"), [7.0; 6]);
}

fn shared(path: &str) -> Option<Vec<PathBuf>> {
    Some(vec![hinton_testing::shared("data")?.join(path)])
}

#[test]
fn shared_softmax_has_steps_and_accuracy() {
    let Some(paths) = shared("sequences/crafted_mnist_softmax") else { return };
    let run = open_run(&paths, &RunOptions::default()).unwrap();
    assert_eq!(numbers(&run), (0..12).collect::<Vec<u64>>());
    assert_eq!(run.logs, ["log.json (by epoch)"]);
    assert_eq!(run.steps[0].metric("test_accuracy"), Some(0.098));
    assert_eq!(run.steps[11].metric("test_accuracy"), Some(0.9179));
    let w = run.find_tensor("W").unwrap();
    assert_eq!((w.shape(), w.steps().count(), w.changes_shape()), (&[784, 10][..], 12, false));
    let last = values(&run, 11, "W");
    let most = last.iter().copied().fold(f32::MIN, f32::max);
    assert!((f64::from(most) - run.steps[11].metric("w_max").unwrap()).abs() < 1e-6);
    assert_eq!(said(&run), "");
}

#[test]
fn shared_mnist_epochs_are_in_natural_order() {
    let Some(paths) = shared("sequences/mnist_pth_epochs") else { return };
    let run = open_run(&paths, &RunOptions::default()).unwrap();
    assert_eq!(numbers(&run), (1..=10).collect::<Vec<u64>>());
    assert_eq!(run.steps[9].name, "model_epoch_10.pth");
    assert!(run.tensor_names().iter().all(|one| one.steps().count() == 10 && !one.changes_shape()));
    assert_eq!(said(&run), "");
}

#[test]
fn shared_keras_epochs_carry_their_accuracy() {
    let Some(paths) = shared("sequences/fer2013_mini_XCEPTION") else { return };
    let run = match open_run(&paths, &RunOptions::default()) {
        Ok(run) => run,
        Err(error) if error.to_string().contains("does not read yet") => {
            println!("skipped: {error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(run.steps.len(), 15);
    assert_eq!(run.steps[14].number, 110);
    assert_eq!(run.steps[14].metric("metric"), Some(0.65));
}

#[test]
fn shared_animation_data_is_a_list_of_41() {
    let Some(paths) = shared("pickle/crafted_animation_data.obj") else { return };
    let run = open_run(&paths, &RunOptions::default()).unwrap();
    assert_eq!((run.kind, run.steps.len()), (RunKind::List, 41));
    assert_eq!(run.tensor_names()[0].name, "crafted_animation_data");
    assert_eq!(run.tensor_names()[0].shape(), [8, 10]);
    assert_eq!(values(&run, 40, "crafted_animation_data").len(), 80);
    assert_eq!(said(&run), "");
}

/// A fixture of Orbax that hinton-format reads.
fn orbax(name: &str) -> PathBuf {
    let fixtures =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../hinton-format/tests/fixtures");
    fixtures.join("orbax").join(name)
}

#[test]
fn the_steps_of_orbaxs_manager_are_a_run() {
    let run = open_run(&[orbax("manager")], &RunOptions::default()).unwrap();
    assert_eq!((run.kind, numbers(&run)), (RunKind::Checkpoints, vec![2, 10]));
    assert_eq!(values(&run, 0, "w"), [2.0; 4]);
    assert_eq!(values(&run, 1, "w"), [10.0; 4]);
    assert_eq!(run.steps[0].metric("lr"), Some(0.1));
    // One checkpoint is one step, whatever numbered folders are in it.
    let one = open_run(&[orbax("manager/10")], &RunOptions::default()).unwrap();
    assert_eq!(one.steps.len(), 1);
    let item = open_run(&[orbax("zarr3")], &RunOptions::default()).unwrap();
    assert_eq!(item.tensor_names().len(), 3);
    assert!(says(&item, "one checkpoint in several files"), "{}", said(&item));
    let unfinished = orbax("manager/20.orbax-checkpoint-tmp-1700000000");
    let error = open_run(&[unfinished], &RunOptions::default()).unwrap_err();
    assert!(error.to_string().contains("did not finish this save"), "{error}");
}
