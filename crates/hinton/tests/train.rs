//! Training through the facade: records that can be resumed bit by bit, data of the user's own,
//! and how it ends.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hinton::outputs::output_named;
use hinton::runs::RunOptions;
use hinton::train::{
    self, Columns, DATA, DataSet, EpochReport, Outcome, RecordEvery, Session, Settings,
    StepProgress, Unwatched, Watch,
};
use hinton::{DrawRequest, render};

/// A folder that goes away.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hinton-train-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn settings(data: &DataSet, model: &str, epochs: u64) -> Settings {
    let mut settings = Settings::of(data, model).unwrap();
    settings.epochs = epochs;
    settings
}

/// Trains and records.
fn recorded(folder: &Path, data: &DataSet, settings: Settings) {
    let mut session = Session::new(data, settings, 1).unwrap();
    session.record(folder).unwrap();
    assert_eq!(session.run(&mut Unwatched).unwrap(), Outcome::Finished);
}

/// The bytes of the steps of a run, by name.
fn steps(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder.join("steps"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Stops after a step.
struct StopAfter(u64);

impl Watch for StopAfter {
    fn step(&mut self, progress: &StepProgress, _: &Session) -> ControlFlow<()> {
        if progress.step == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn one_epoch_and_ten_more_are_eleven() {
    let folder = Folder::new("resume");
    for (index, (data, model)) in [
        (train::named("digits", 0).unwrap(), "softmax"),
        (train::named("moons", 3).unwrap(), "2-8-tanh-2"),
    ]
    .into_iter()
    .enumerate()
    {
        for every in [RecordEvery::Epoch, RecordEvery::Log, RecordEvery::Steps(7)] {
            let mut all = settings(&data, model, 11);
            all.record_every = every;
            all.order = train::Order::Epoch;
            let whole = folder.join(&format!("whole-{index}-{every:?}"));
            recorded(&whole, &data, all.clone());
            let parts = folder.join(&format!("parts-{index}-{every:?}"));
            all.epochs = 1;
            recorded(&parts, &data, all);
            let mut session = Session::resume(&parts, &data, 1).unwrap();
            session.set_epochs(11);
            session.run(&mut Unwatched).unwrap();
            let (whole, parts) = (steps(&whole), steps(&parts));
            let names = |steps: &[(String, Vec<u8>)]| -> Vec<String> {
                steps.iter().map(|(name, _)| name.clone()).collect()
            };
            // Where an epoch's end is not recorded anyway, the end of the first training is.
            assert!(names(&whole).iter().all(|name| names(&parts).contains(name)), "{every:?}");
            for (name, bytes) in &whole {
                let same = parts.iter().find(|(other, _)| other == name).unwrap();
                assert!(*bytes == same.1, "{model} {every:?} {name}");
            }
        }
    }
}

#[test]
fn stopping_in_the_middle_changes_nothing() {
    let folder = Folder::new("middle");
    let data = train::named("digits", 0).unwrap();
    let whole = folder.join("whole");
    recorded(&whole, &data, settings(&data, "64-8-relu-10", 3));
    let parts = folder.join("parts");
    let mut session = Session::new(&data, settings(&data, "64-8-relu-10", 3), 1).unwrap();
    session.record(&parts).unwrap();
    assert_eq!(session.run(&mut StopAfter(20)).unwrap(), Outcome::Stopped);
    drop(session);
    let mut session = Session::resume(&parts, &data, 1).unwrap();
    assert_eq!((session.steps(), session.epochs_done()), (20, 0));
    assert_eq!(session.run(&mut StopAfter(61)).unwrap(), Outcome::Stopped);
    // Going on in one program is the same as in another.
    assert_eq!(session.run(&mut Unwatched).unwrap(), Outcome::Finished);
    let parts = steps(&parts);
    for (name, bytes) in steps(&whole) {
        let same = parts.iter().find(|(other, _)| *other == name).unwrap();
        assert!(bytes == same.1, "{name}");
    }
}

#[test]
fn a_run_has_what_pictures_and_charts_need() {
    let folder = Folder::new("run");
    let data = train::named("digits", 0).unwrap();
    let path = folder.join("run");
    recorded(&path, &data, settings(&data, "softmax", 2));
    let run = hinton::runs::open_run(&[&path], &RunOptions::default()).unwrap();
    assert!(run.warnings.is_empty(), "{:?}", run.warnings);
    let numbers: Vec<u64> = run.steps.iter().map(|step| step.number).collect();
    assert_eq!(numbers, [0, 45, 90]);
    for (name, shape) in [
        ("weight", vec![64, 10]),
        ("bias", vec![10]),
        ("optimizer.exp_avg.weight", vec![64, 10]),
        ("optimizer.exp_avg_sq.bias", vec![10]),
        ("confusion", vec![10, 10]),
    ] {
        assert_eq!(run.find_tensor(name).unwrap().shape(), shape, "{name}");
    }
    let confusion = run.tensor(2, "confusion").unwrap().unwrap().to_f64().unwrap();
    assert_eq!(confusion.iter().sum::<f64>(), 359.0);
    let right: f64 = (0..10).map(|class| confusion[class * 11]).sum();
    assert_eq!(run.steps[2].metric("validation_accuracy").unwrap(), right / 359.0);
    assert_eq!(run.series("loss").len(), 90);
    assert_eq!(run.series("grad_norm").len(), 90);
    assert_eq!(run.series("epoch"), [(0, 0.0), (45, 1.0), (90, 2.0)]);
    let json: serde_json::Value = serde_json::from_str(run.settings.as_ref().unwrap()).unwrap();
    assert_eq!(json["model"], "64-10");
    assert_eq!(json["classes"][9], "9");
    assert_eq!(json["image"], serde_json::json!([8, 8]));

    let other = train::named("digits", 0).map(|mut data| {
        data.labels[0] = 1;
        data
    });
    let fault = Session::resume(&path, other.unwrap(), 1).unwrap_err().to_string();
    assert!(fault.contains("other data"), "{fault}");
    let mut again = Session::new(&data, settings(&data, "softmax", 1), 1).unwrap();
    assert!(again.record(&path).unwrap_err().to_string().contains("already"));
}

#[test]
fn names_of_a_deep_network_are_torchs() {
    let folder = Folder::new("names");
    let data = train::named("digits", 0).unwrap();
    let path = folder.join("run");
    let mut lenet = settings(&data, "lenet", 1);
    lenet.optimizer = train::OptimizerRow::named("momentum").unwrap();
    recorded(&path, &data, lenet);
    let run = hinton::runs::open_run(&[&path], &RunOptions::default()).unwrap();
    assert_eq!(run.find_tensor("0.weight").unwrap().shape(), [8, 1, 3, 3]);
    assert_eq!(run.find_tensor("9.weight").unwrap().shape(), [10, 32]);
    assert!(run.find_tensor("optimizer.momentum.0.weight").is_some());
    assert!(run.find_tensor("confusion").is_some());
}

#[test]
fn spirals_come_apart() {
    let data = train::named("spirals", 0).unwrap();
    let mut session =
        Session::new(&data, Settings::of(&data, "2-16-tanh-16-tanh-2").unwrap(), 1).unwrap();
    session.run(&mut Unwatched).unwrap();
    assert!(session.evaluate().score.accuracy() >= 0.99);
}

#[test]
fn diverging_stops_and_the_run_stays_readable() {
    let folder = Folder::new("diverged");
    let data = train::named("digits", 0).unwrap();
    let mut wild = settings(&data, "64-16-relu-16-relu-10", 5);
    wild.optimizer = train::OptimizerRow::named("sgd").unwrap();
    wild.rate = 1e20;
    let path = folder.join("run");
    let mut session = Session::new(&data, wild, 1).unwrap();
    session.record(&path).unwrap();
    let Outcome::Diverged { step, what, advice } = session.run(&mut Unwatched).unwrap() else {
        panic!("it did not diverge");
    };
    assert!(what.contains("0.weight") || what.contains("weight") || what == "the loss", "{what}");
    assert!(advice.contains("lr"), "{advice}");
    let run = hinton::runs::open_run(&[&path], &RunOptions::default()).unwrap();
    assert!(run.warnings.is_empty(), "{:?}", run.warnings);
    assert_eq!(run.steps.last().unwrap().number, step - 1);
    let losses = run.series("grad_norm");
    let (last, norm) = losses.last().unwrap();
    assert!(*last == step && !norm.is_finite(), "{last} {norm}");
}

struct Counts(Vec<u64>);

impl Watch for Counts {
    fn epoch(&mut self, report: &EpochReport, _: &Session) -> ControlFlow<()> {
        self.0.push(report.epoch);
        ControlFlow::Continue(())
    }
}

#[test]
fn patience_ends_a_training() {
    let data = train::named("gaussians", 0).unwrap();
    let mut patient = settings(&data, "2-64-relu-4", 500);
    patient.patience = 3;
    let mut session = Session::new(&data, patient, 1).unwrap();
    let mut counts = Counts(Vec::new());
    let Outcome::Patience { best } = session.run(&mut counts).unwrap() else { panic!() };
    assert_eq!(counts.0.last(), Some(&(best + 3)));
    assert_eq!(counts.0, (1..=best + 3).collect::<Vec<_>>());
}

#[test]
fn settings_that_make_no_sense_are_told() {
    let data = train::named("moons", 0).unwrap();
    let fault = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings(&data, "2-2", 1);
        change(&mut settings);
        Session::new(&data, settings, 1).unwrap_err().to_string()
    };
    assert!(fault(&|settings| settings.validation = 1000).contains("1000 points"));
    assert!(fault(&|settings| settings.batch = 0).contains("`batch=0`"));
    assert!(fault(&|settings| settings.rate = f64::NAN).contains("`lr=NaN`"));
    assert!(Settings::of(&data, "lenet").unwrap_err().to_string().contains("pictures"));
    let fault = Settings::of(&data, "3-2").and_then(|s| Session::new(&data, s, 1).map(|_| ()));
    assert!(fault.unwrap_err().to_string().contains("rows of 3 values"));
}

#[test]
fn points_of_the_plane_are_drawn_on_their_regions() {
    let data = train::named("moons", 0).unwrap();
    let mut settings = Settings::of(&data, "").unwrap();
    settings.epochs = 1;
    let mut session = Session::new(&data, settings, 1).unwrap();
    session.run(&mut Unwatched).unwrap();
    let plane = session.picture(&DrawRequest::default()).unwrap().scene;
    assert!(plane.title.ends_with("on moons, epoch 1"), "{}", plane.title);
    assert!(plane.description.contains("1,000 points") && plane.description.contains("% right"));
    let weights = session.picture(&DrawRequest::chart("heatmap")).unwrap().scene;
    assert!(weights.description != plane.description);
}

#[test]
fn weights_become_pictures() {
    for row in DATA.iter().filter(|row| row.files.is_empty()) {
        let data = train::named(row.name, 0).unwrap();
        for model in ["", "softmax", "lenet"] {
            let Ok(settings) = Settings::of(&data, model) else { continue };
            let session = Session::new(&data, settings, 1).unwrap();
            let picture = session.picture(&DrawRequest::default()).unwrap();
            let bytes =
                render(&picture, output_named("png").unwrap(), &picture.render_options()).unwrap();
            assert!(bytes.starts_with(b"\x89PNG"), "{} {model}", row.name);
        }
    }
    let digits = train::digits("softmax", 1).unwrap();
    assert_eq!(digits.tensors[0].shape(), [64, 10]);
    // The same bits on every machine: what one gave.
    let sum: f64 = digits.tensors[0].to_f64().unwrap().iter().sum();
    assert_eq!(sum, GOLDEN_SUM);
}

/// The sum of the weights after an epoch, to the last bit.
const GOLDEN_SUM: f64 = -40.018_294_082_372_45;

fn own(folder: &Folder, name: &str, text: &str, columns: &Columns) -> Result<train::Own, String> {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    train::own(&path, columns)
        .map_err(|error| format!("{error} [{}]", error.help().unwrap_or_default()))
}

fn columns(inputs: &str, labels: &str) -> Columns {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Columns { inputs: some(inputs), labels: some(labels) }
}

#[test]
fn tables_of_the_users_own() {
    let folder = Folder::new("csv");
    let table = "a,b,label,c\n1,2,0,9\n3,4,1,9\n5,6,0,9\n7,8,2,9\n";
    let own_of =
        |inputs: &str, labels: &str| own(&folder, "table.csv", table, &columns(inputs, labels));
    let found = own_of("", "").unwrap().data;
    assert_eq!((found.inputs.width(), found.labels.clone()), (3, vec![0, 1, 0, 2]));
    assert_eq!(found.inputs.gather(&[1]), [3.0, 4.0, 9.0]);
    let found = own_of("b,a", "c").unwrap_err();
    assert!(found.contains("1 classes"), "{found}");
    assert_eq!(own_of("b,a", "label").unwrap().data.inputs.gather(&[2]), [6.0, 5.0]);
    let found = own_of("b,x", "label").unwrap_err();
    assert!(found.contains("no column \"x\"") && found.contains("a, b, label, c"), "{found}");
    let plain = "1,2,0\n3,4,1\n";
    let found = own(&folder, "plain.csv", plain, &Columns::default()).unwrap();
    assert!(found.notes[0].contains("last column"), "{:?}", found.notes);
    let found = own(&folder, "half.csv", "a,y\n1,0.5\n2,1\n", &Columns::default()).unwrap_err();
    assert!(found.contains("label 0 is 0.5"), "{found}");
    let found = own(&folder, "nan.csv", "a,y\n1,0\nnan,1\n", &Columns::default()).unwrap_err();
    assert!(found.contains("point 1 has NaN in column a"), "{found}");
    let named = "name,a,b\ncat,1,2\ndog,3,4\ncat,5,6\n";
    let found = own(&folder, "named.csv", named, &Columns::default()).unwrap().data;
    assert_eq!((found.classes, found.labels), (vec!["cat".into(), "dog".into()], vec![0, 1, 0]));
}

/// A `.npy` of f32 or whole numbers.
fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes);
    file
}

#[test]
fn arrays_of_the_users_own() {
    let folder = Folder::new("npy");
    let pixels: Vec<u8> = (0..4 * 9).map(|byte| byte * 7).collect();
    std::fs::write(folder.join("x.npy"), npy("|u1", "(4, 3, 3)", &pixels)).unwrap();
    let labels: Vec<u8> = [3i64, 1, 3, 2].iter().flat_map(|label| label.to_le_bytes()).collect();
    let path = folder.join("y.npy");
    std::fs::write(&path, npy("<i8", "(4,)", &labels)).unwrap();
    let x = folder.join("x.npy");
    let found = train::own(&x, &columns("", path.to_str().unwrap())).unwrap();
    assert_eq!(found.data.input.to_string(), "1x3x3");
    assert_eq!(found.data.classes, ["1", "2", "3"]);
    assert_eq!(found.data.labels, [2, 0, 2, 1]);
    assert_eq!(found.data.inputs.gather(&[1])[0], 63.0 / 255.0);
    assert!(found.notes.iter().any(|note| note.contains("divided by 255")));
    let fault = train::own(&x, &Columns::default()).unwrap_err();
    assert!(fault.to_string().contains("which the labels? There are x [4, 3, 3]"), "{fault}");
    let fault = train::own(&x, &columns("", "nosuch.npy")).unwrap_err();
    assert!(fault.to_string().contains("nosuch.npy"), "{fault}");
    std::fs::write(&path, npy("<i8", "(3,)", &labels[..24])).unwrap();
    let fault = train::own(&x, &columns("", path.to_str().unwrap())).unwrap_err();
    assert!(fault.to_string().contains("4 points, but 3 labels"), "{fault}");
}
