//! Speed of training and of moving points, in memory: `cargo bench -p hinton-net`.
//! A word after `--` runs only the cases whose name holds it.
#![allow(missing_docs)]

use std::time::Instant;

use hinton_net::data::{DataSet, Inputs};
use hinton_net::random::Random;
use hinton_net::train::{NativeTrainer, OptimizerRow, Trainer};
use hinton_net::{Init, Network, Real, Shape, Spec};

const POINTS: usize = 55_000;

fn main() {
    let only = std::env::args().nth(1).filter(|word| !word.starts_with("--"));
    let only = only.as_deref().unwrap_or("");
    let pictures = pictures();
    for (spec, optimizer, points) in [
        ("784-10", "adam", POINTS),
        ("784-10", "sgd", POINTS),
        ("784-128-relu-64-relu-10", "adam", POINTS),
        (
            "1x28x28-conv:6:5:1:2-relu-maxpool:2-conv:16:5-relu-maxpool:2-120-relu-84-relu-10",
            "adam",
            6_000,
        ),
    ] {
        for threads in [1, 2] {
            let name = format!("epoch of {points}, {spec}, {optimizer}, {threads} threads");
            let network = Network::from_spec(spec, &Init::default(), 1).unwrap();
            let row = OptimizerRow::named(optimizer).unwrap();
            let mut trainer = NativeTrainer::new(&pictures, network, row, 0.001, threads).unwrap();
            let order: Vec<u32> = (0..points as u32).collect();
            case(only, &name, points, || {
                order.chunks(128).for_each(|batch| drop(trainer.step(batch)));
            });
            case(only, &format!("evaluate {name}"), points, || {
                trainer.evaluate(&order);
            });
        }
    }
    space::<f32>(only, "f32");
    space::<f64>(only, "f64");
}

/// The six small networks of the space pictures over 10^6 points.
fn space<R: Real>(only: &str, name: &str) {
    let specs =
        ["2-3", "2-3-tanh", "2-3-tanh-2", "2-3-tanh-3", "2-3-tanh-3-tanh", "2-3-tanh-3-tanh-2"];
    let networks: Vec<Network<R>> = specs
        .iter()
        .map(|spec| {
            let spec = Spec::parse(spec).unwrap().without_bias();
            Network::build(&spec, &Init::default(), 1).unwrap()
        })
        .collect();
    let mut random = Random::new(1);
    let points: Vec<R> = (0..2_000_000).map(|_| R::of(random.between(-5.0, 5.0))).collect();
    case(only, &format!("six networks, {name}"), 6_000_000, || {
        for network in &networks {
            for stripe in points.chunks(8192) {
                std::hint::black_box(network.forward(stripe).unwrap());
            }
        }
    });
}

/// Pictures as MNIST has them: a fifth of the pixels is not zero, most of them near the middle.
fn pictures() -> DataSet {
    let mut random = Random::new(2);
    let mut bytes = vec![0u8; POINTS * 784];
    for picture in bytes.chunks_exact_mut(784) {
        for _ in 0..160 {
            let near = |random: &mut Random| 4 + random.below(10) + random.below(11);
            picture[near(&mut random) * 28 + near(&mut random)] = 1 + random.below(255) as u8;
        }
    }
    let labels: Vec<u32> = (0..POINTS).map(|_| random.below(10) as u32).collect();
    DataSet {
        name: "pictures".to_owned(),
        input: Shape::Image { channels: 1, height: 28, width: 28 },
        classes: (0..10).map(|class| class.to_string()).collect(),
        inputs: Inputs::of_bytes(784, &bytes, 255.0),
        labels,
    }
}

/// The best of several runs.
fn case(only: &str, name: &str, points: usize, mut todo: impl FnMut()) {
    if !name.contains(only) {
        return;
    }
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begun = Instant::now();
        todo();
        best = best.min(begun.elapsed().as_secs_f64());
    }
    println!("{name:<110} {:8.2} ms  {:7.1} ns a point", best * 1e3, best * 1e9 / points as f64);
}
