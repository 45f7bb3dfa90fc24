//! Every layer of the table: gradients against finite differences, labels, specs, the same bits in any
//! batch.

use hinton_net::layers::{Backward, Forward};
use hinton_net::random::Random;
use hinton_net::{Init, LAYERS, Network, NetworkStep};

const POINTS: usize = 5;

/// Random values, away from the kinks of relu and from ties of pooling.
fn random(source: &mut Random, count: usize) -> Vec<f64> {
    let away = |x: f64| x + 0.05 * x.signum();
    (0..count).map(|_| away(source.normal())).collect()
}

fn forward(step: &NetworkStep<f64>, values: &[f64], input: &[f64]) -> Vec<f64> {
    let mut output = vec![f64::NAN; POINTS * step.output.width()];
    step.layer.forward(Forward { values, input, points: POINTS, output: &mut output });
    output
}

/// The loss: a fixed random weight for each value that goes out.
fn loss(step: &NetworkStep<f64>, values: &[f64], input: &[f64], by_output: &[f64]) -> f64 {
    forward(step, values, input).iter().zip(by_output).map(|(y, by_y)| y * by_y).sum()
}

/// The slope of `f` at `x`, by differences of fourth order.
fn slope(x: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let h = 1e-3;
    (8.0 * (f(x + h) - f(x - h)) - (f(x + 2.0 * h) - f(x - 2.0 * h))) / (12.0 * h)
}

fn near(name: &str, what: &str, ours: &[f64], truth: &[f64]) {
    for (index, (ours, truth)) in ours.iter().zip(truth).enumerate() {
        let off = (ours - truth).abs();
        assert!(off <= 1e-7 * (1.0 + truth.abs()), "{name}: {what} {index}: {ours}, not {truth}");
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for row in LAYERS {
        let mut source = Random::of(7, row.name);
        let network = Network::<f64>::from_spec(row.example, &Init::default(), 3).unwrap();
        let step = network.steps().iter().find(|step| step.layer.row().name == row.name);
        let step = step.unwrap_or_else(|| panic!("{}: not in its own example", row.name));
        // Not as they begin: ones and zeros hide mistakes. Variances are positive.
        let values: Vec<f64> =
            random(&mut source, step.at.len()).iter().map(|x| x.abs() + 0.1).collect();
        let input = random(&mut source, POINTS * step.input.width());
        let by_output = random(&mut source, POINTS * step.output.width());
        let output = forward(step, &values, &input);
        assert!(output.iter().all(|y| y.is_finite()), "{}: not all is written", row.name);

        let before = random(&mut source, values.len());
        let mut by_values = before.clone();
        let mut by_input = vec![f64::NAN; input.len()];
        step.layer.backward(Backward {
            values: &values,
            input: &input,
            output: &output,
            points: POINTS,
            by_output: &by_output,
            by_values: &mut by_values,
            by_input: Some(&mut by_input),
        });
        let truth: Vec<f64> = (0..input.len())
            .map(|at| {
                slope(input[at], |x| {
                    let mut moved = input.clone();
                    moved[at] = x;
                    loss(step, &values, &moved, &by_output)
                })
            })
            .collect();
        near(row.name, "input", &by_input, &truth);

        let mut start = 0;
        for parameter in step.layer.parameters() {
            let at = start..start + parameter.count();
            start = at.end;
            let found: Vec<f64> = at.clone().map(|at| by_values[at] - before[at]).collect();
            let truth: Vec<f64> = at
                .map(|at| {
                    if !parameter.is_trained {
                        return 0.0;
                    }
                    slope(values[at], |x| {
                        let mut moved = values.clone();
                        moved[at] = x;
                        loss(step, &moved, &input, &by_output)
                    })
                })
                .collect();
            near(row.name, parameter.name, &found, &truth);
        }
        assert_eq!(start, step.at.len(), "{}", row.name);

        // Gradients of parameters do not depend on whether those of the input are asked for.
        let mut again = before.clone();
        step.layer.backward(Backward {
            values: &values,
            input: &input,
            output: &output,
            points: POINTS,
            by_output: &by_output,
            by_values: &mut again,
            by_input: None,
        });
        assert_eq!(by_values, again, "{}", row.name);
    }
}

#[test]
fn rows_are_whole() {
    for row in LAYERS {
        assert!(!row.about.is_empty() && !row.help.is_empty() && !row.title.is_empty());
        assert!(row.name.chars().all(|c| c.is_ascii_lowercase()), "{}", row.name);
        assert_eq!(LAYERS.iter().filter(|other| other.name == row.name).count(), 1);
        // A network is written as it can be read again.
        let network = Network::<f32>::from_spec(row.example, &Init::default(), 1).unwrap();
        let again = Network::<f32>::from_spec(&network.spec(), &Init::default(), 1).unwrap();
        assert_eq!(network.spec(), again.spec());
        assert_eq!(network.values(), again.values());
        for step in network.steps() {
            assert!(step.layer.label().starts_with(step.layer.row().title), "{}", row.name);
        }
    }
}

#[test]
fn a_point_is_the_same_in_any_batch() {
    for row in LAYERS {
        let network = Network::<f32>::from_spec(row.example, &Init::default(), 1).unwrap();
        let width = network.input().width();
        let mut source = Random::new(9);
        let points: Vec<f32> = (0..37 * width).map(|_| source.normal() as f32).collect();
        let together = network.forward(&points).unwrap();
        let alone: Vec<f32> =
            points.chunks(width).flat_map(|point| network.forward(point).unwrap()).collect();
        assert_eq!(together, alone, "{}", row.name);
    }
}

#[test]
fn nan_stays_in_its_point() {
    for row in LAYERS {
        let network = Network::<f32>::from_spec(row.example, &Init::default(), 1).unwrap();
        let (width, out) = (network.input().width(), network.output().width());
        let mut points = vec![0.5f32; 3 * width];
        points[width..2 * width].fill(f32::NAN);
        let rows = network.forward(&points).unwrap();
        for (point, row_values) in rows.chunks(out).enumerate() {
            let is_nan = row_values.iter().all(|value| value.is_nan());
            assert_eq!(is_nan, point == 1, "{} {point}: {row_values:?}", row.name);
        }
    }
}
