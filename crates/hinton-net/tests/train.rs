//! Training: gradients of whole networks, the optimisers at work, going on where it stopped, the same
//! bits with any number of threads, and the published MNIST run.

use hinton_net::data::{self, DataSet, Inputs, Rows, TOYS};
use hinton_net::random::Random;
use hinton_net::sparse::SparseRows;
use hinton_net::train::{NativeTrainer, OPTIMIZERS, OptimizerRow, Trainer, gradients};
use hinton_net::{Init, Network, Shape};

fn trainer(data: &DataSet, spec: &str, optimizer: &str, threads: usize) -> NativeTrainer {
    let network = Network::from_spec(spec, &Init::default(), 1).unwrap();
    let row = OptimizerRow::named(optimizer).unwrap();
    NativeTrainer::new(data, network, row, row.rate, threads).unwrap()
}

fn epoch(trainer: &mut NativeTrainer, points: u32, batch: usize) {
    let order: Vec<u32> = (0..points).collect();
    for batch in order.chunks(batch) {
        assert_eq!(trainer.step(batch).diverged, None);
    }
}

#[test]
fn the_gradient_of_a_whole_network_is_that_of_finite_differences() {
    for spec in [
        "1x6x6-conv:3:3-relu-maxpool:2-flatten-5-tanh-4-softmax",
        "36-7-gelu-layernorm-5-sigmoid-4",
        "36-4",
        "36-batchnorm-6-silu-4",
    ] {
        let mut network = Network::<f64>::from_spec(spec, &Init::default(), 2).unwrap();
        let mut random = Random::new(4);
        let pixel = |random: &mut Random| if random.below(4) == 0 { random.normal() } else { 0.0 };
        let input: Vec<f64> = (0..3 * 36).map(|_| pixel(&mut random)).collect();
        let labels = [2u32, 0, 3];
        let mut ours = vec![0.0; network.values().len()];
        let score = gradients(&network, Rows::Dense(&input), &labels, 1.0, &mut ours);
        assert_eq!(score.points, 3);
        let sparse = SparseRows::new(&input, 36, |x| x == 0.0, |x| x).unwrap();
        let mut same = vec![0.0; network.values().len()];
        let rows = Rows::Sparse(&sparse, &[0, 1, 2]);
        assert_eq!(gradients(&network, rows, &labels, 1.0, &mut same), score);
        assert_eq!(ours, same, "{spec}");
        let frozen = |at: usize| {
            let parameters = network.parameters();
            parameters.iter().any(|(_, shape, range)| range.contains(&at) && !shape.is_trained)
        };
        let frozen: Vec<bool> = (0..ours.len()).map(frozen).collect();
        for at in 0..ours.len() {
            let mut loss = |moved: f64| {
                let before = network.values()[at];
                network.values_mut()[at] = before + moved;
                let mut unused = vec![0.0; ours.len()];
                let rows = Rows::Dense(&input[..]);
                let score = gradients(&network, rows, &labels, 1.0, &mut unused);
                network.values_mut()[at] = before;
                score.loss
            };
            let truth = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            let truth = if frozen[at] { 0.0 } else { truth };
            assert!((ours[at] - truth).abs() < 1e-7, "{spec} {at}: {} not {truth}", ours[at]);
        }
    }
}

#[test]
fn every_optimiser_learns() {
    let toy = TOYS.iter().find(|row| row.name == "moons").unwrap().points(400, 3);
    for row in OPTIMIZERS {
        let mut trainer = trainer(&toy, "2-16-tanh-2", row.name, 1);
        let before = trainer.evaluate(&(0..400).collect::<Vec<_>>()).score;
        (0..60).for_each(|_| epoch(&mut trainer, 400, 16));
        let after = trainer.evaluate(&(0..400).collect::<Vec<_>>());
        assert!(after.score.loss < before.loss * 0.7, "{} {before:?} {after:?}", row.name);
        assert_eq!(after.confusion.iter().sum::<u32>(), 400);
        let right = u64::from(after.confusion[0] + after.confusion[3]);
        assert_eq!(right, after.score.correct);
    }
}

#[test]
fn going_on_is_not_stopping() {
    let digits = data::digits();
    for row in OPTIMIZERS {
        let mut whole = trainer(&digits, "64-12-relu-10", row.name, 1);
        (0..3).for_each(|_| epoch(&mut whole, 1500, 64));
        let mut first = trainer(&digits, "64-12-relu-10", row.name, 1);
        epoch(&mut first, 1500, 64);
        let mut second = trainer(&digits, "64-12-relu-10", row.name, 1);
        second.restore(first.steps(), &first.network().arrays(), &first.memory()).unwrap();
        (0..2).for_each(|_| epoch(&mut second, 1500, 64));
        assert_eq!(whole.network().values(), second.network().values(), "{}", row.name);
        assert_eq!((whole.memory(), whole.steps()), (second.memory(), second.steps()));
        let fault = second.restore(1, &[], &[]).unwrap_err().to_string();
        assert!(fault.contains("0.weight"), "{fault}");
    }
}

#[test]
fn threads_change_no_bit() {
    let digits = data::digits();
    let spec = "1x8x8-conv:24:3:1:1-relu-maxpool:2-conv:48:3:1:1-relu-maxpool:2-64-relu-10";
    let values = |threads: usize| {
        let mut trainer = trainer(&digits, spec, "adam", threads);
        epoch(&mut trainer, 256, 128);
        let evaluation = trainer.evaluate(&(0..500).collect::<Vec<_>>());
        (trainer.network().values().to_vec(), evaluation)
    };
    let one = values(1);
    assert_eq!(one, values(2));
    assert_eq!(one, values(5));
}

#[test]
fn what_is_not_finite_stops_and_is_named() {
    let mut data = TOYS[0].points(64, 1);
    let mut values = data.inputs.gather(&(0..64).collect::<Vec<_>>());
    values[6] = f32::NAN;
    data.inputs = Inputs::new(2, values);
    let mut trainer = trainer(&data, "2-4-tanh-2", "sgd", 1);
    let before = trainer.network().values().to_vec();
    let report = trainer.step(&[1, 2, 3]);
    let diverged = report.diverged.unwrap();
    assert_eq!(diverged.what, "the gradient of 0.weight");
    assert_eq!((trainer.network().values(), trainer.steps()), (&before[..], 0));
    assert_eq!(trainer.step(&[4, 5]).diverged, None);
}

#[test]
fn networks_that_do_not_fit_the_data_are_told() {
    let digits = data::digits();
    let fault = |spec: &str| {
        let network = Network::from_spec(spec, &Init::default(), 1).unwrap();
        let row = &OPTIMIZERS[0];
        NativeTrainer::new(&digits, network, row, 0.1, 1).map(|_| ()).unwrap_err().to_string()
    };
    assert!(fault("63-10").contains("digits, pictures of 1x8x8"), "{}", fault("63-10"));
    assert!(fault("64-9").contains("9 scores, but digits has 10 classes"));
}

/// MNIST among the shared test files; `None`, and the test counts as skipped, where it is not there.
fn mnist() -> Option<DataSet> {
    let folder = hinton_testing::shared("data/mnist")?;
    let read = |name: &str, head: usize| {
        use std::io::Read;
        let file = std::fs::File::open(folder.join(name)).unwrap();
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        bytes.split_off(head)
    };
    let pixels = read("train-images-idx3-ubyte.gz", 16);
    let labels = read("train-labels-idx1-ubyte.gz", 8);
    Some(DataSet {
        name: "mnist".to_owned(),
        input: Shape::Image { channels: 1, height: 28, width: 28 },
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        inputs: Inputs::of_bytes(784, &pixels, 255.0),
        labels: labels.into_iter().map(u32::from).collect(),
    })
}

#[test]
fn the_published_mnist_run() {
    let Some(data) = mnist() else { return };
    let network = Network::from_spec("784-10", &Init::named("zeros").unwrap(), 0).unwrap();
    let row = OptimizerRow::named("adam").unwrap();
    let mut trainer = NativeTrainer::new(&data, network, row, 0.001, 2).unwrap();
    // As TensorFlow's tutorials part it: the first 5,000 images validate.
    let held_out: Vec<u32> = (0..5_000).collect();
    let trained: Vec<u32> = (5_000..60_000).collect();
    let range = |trainer: &NativeTrainer| {
        let weights = &trainer.network().values()[..7840];
        let fold = |f: fn(f32, f32) -> f32| weights.iter().copied().fold(0.0, f);
        (fold(f32::min), fold(f32::max))
    };
    let near = |(low, high): (f32, f32), truth: (f32, f32)| {
        println!("weights {low} {high}");
        assert!((low - truth.0).abs() < 1e-4 && (high - truth.1).abs() < 1e-4, "{low} {high}");
    };
    let published =
        [0.897, 0.9104, 0.9158, 0.9184, 0.9204, 0.9226, 0.924, 0.9248, 0.9264, 0.926, 0.926];
    for (index, accuracy) in published.into_iter().enumerate() {
        trained.chunks(128).for_each(|batch| assert_eq!(trainer.step(batch).diverged, None));
        let ours = trainer.evaluate(&held_out).score.accuracy();
        println!("{ours} {accuracy}");
        assert!((ours - accuracy).abs() < 1.5 / 5000.0, "epoch {}: {ours}", index + 1);
        if index == 0 {
            near(range(&trainer), (-0.245477, 0.206278));
        }
    }
    near(range(&trainer), (-1.1957, 1.07317));
}
