//! Runs a batch through a network and back.

use crate::data::Rows;
use crate::layers::{Backward, softmax_rows};
use crate::{Network, NetworkStep, Real, product, sparse};

/// The results of a batch: sums over its points.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// The loss: the cross-entropy in nats, summed over the points.
    pub loss: f64,
    /// Number of points whose class has the highest score.
    pub correct: u64,
    /// Number of points.
    pub points: u64,
}

impl Score {
    /// The sum of both.
    pub fn and(self, other: Score) -> Score {
        Score {
            loss: self.loss + other.loss,
            correct: self.correct + other.correct,
            points: self.points + other.points,
        }
    }

    /// The mean loss per point.
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.points.max(1) as f64
    }

    /// The share of points that are predicted correctly, 0 to 1.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.points.max(1) as f64
    }
}

/// The output of the network for each point, row after row. A softmax at the end is skipped, since
/// the loss includes it.
pub fn scores<R: Real>(network: &Network<R>, rows: Rows<'_, R>, points: usize) -> Vec<R> {
    let steps = trained_steps(network);
    let mut outputs = forward(network, steps, rows, points);
    outputs.pop().unwrap_or_else(|| dense(rows))
}

/// Adds the gradient of the loss, summed over the points and multiplied by `share`, to `by_values`,
/// and returns the loss.
///
/// The loss of a point is the cross-entropy of the softmax of its scores: minus the logarithm of
/// the share of its class.
///
/// # Panics
/// Panics if lengths do not match, or a class has no score.
pub fn gradients<R: Real>(
    network: &Network<R>,
    rows: Rows<'_, R>,
    labels: &[u32],
    share: R,
    by_values: &mut [R],
) -> Score {
    let steps = trained_steps(network);
    let mut outputs = forward(network, steps, rows, labels.len());
    let Some(mut by_output) = outputs.last().cloned() else { return Score::default() };
    let score = score(&mut by_output, labels);
    let classes = by_output.len() / labels.len().max(1);
    for (row, label) in by_output.chunks_exact_mut(classes.max(1)).zip(labels) {
        row[*label as usize] -= R::ONE;
        row.iter_mut().for_each(|value| *value *= share);
    }
    backward(network, steps, rows, &mut outputs, by_output, by_values);
    score
}

/// The steps whose output the loss takes.
fn trained_steps<R: Real>(network: &Network<R>) -> &[NetworkStep<R>] {
    match network.steps() {
        [steps @ .., last] if last.layer.row().name == "softmax" => steps,
        steps => steps,
    }
}

/// What goes out of each step.
fn forward<R: Real>(
    network: &Network<R>,
    steps: &[NetworkStep<R>],
    rows: Rows<'_, R>,
    points: usize,
) -> Vec<Vec<R>> {
    assert_eq!(rows.values(), points * network.input().width(), "points of the network's width");
    let mut outputs: Vec<Vec<R>> = Vec::with_capacity(steps.len());
    for step in steps {
        let mut output = vec![R::ZERO; points * step.output.width()];
        match (outputs.last(), rows, step.layer.linear()) {
            (None, Rows::Sparse(rows, which), Some(linear)) => {
                let values = &network.values()[step.at.clone()];
                let (weight, bias) = values.split_at(linear.inputs * linear.outputs);
                sparse::product(rows, which, weight, &mut output, linear.outputs);
                product::add_to_rows(&mut output, bias);
            }
            (None, ..) => network.step(step, &dense(rows), points, &mut output),
            (Some(input), ..) => network.step(step, input, points, &mut output),
        }
        outputs.push(output);
    }
    outputs
}

/// Goes back through the steps; `outputs` is used up.
fn backward<R: Real>(
    network: &Network<R>,
    steps: &[NetworkStep<R>],
    rows: Rows<'_, R>,
    outputs: &mut Vec<Vec<R>>,
    mut by_output: Vec<R>,
    by_values: &mut [R],
) {
    for (index, step) in steps.iter().enumerate().rev() {
        let Some(output) = outputs.pop() else { return };
        let points = output.len() / step.output.width().max(1);
        let values = &network.values()[step.at.clone()];
        let by_own = &mut by_values[step.at.clone()];
        if let (0, Rows::Sparse(rows, which), Some(linear)) = (index, rows, step.layer.linear()) {
            let (by_weight, by_bias) = by_own.split_at_mut(linear.inputs * linear.outputs);
            sparse::add_transposed_product(rows, which, &by_output, by_weight, linear.outputs);
            product::add_rows(&by_output, by_bias);
            return;
        }
        let first;
        let input: &[R] = match outputs.last() {
            Some(input) => input,
            None => {
                first = dense(rows);
                &first
            }
        };
        // Nobody asks for gradients before the first parameters.
        let is_asked = steps[..index].iter().any(|before| !before.at.is_empty());
        let mut by_input = vec![R::ZERO; if is_asked { input.len() } else { 0 }];
        step.layer.backward(Backward {
            values,
            input,
            output: &output,
            points,
            by_output: &by_output,
            by_values: by_own,
            by_input: is_asked.then_some(&mut by_input[..]),
        });
        if !is_asked {
            return;
        }
        by_output = by_input;
    }
}

fn dense<R: Real>(rows: Rows<'_, R>) -> Vec<R> {
    match rows {
        Rows::Dense(values) => values.to_vec(),
        Rows::Sparse(rows, which) => {
            let mut values = vec![R::ZERO; which.len() * rows.width()];
            for (row, out) in which.iter().zip(values.chunks_exact_mut(rows.width())) {
                rows.write(*row as usize, out);
            }
            values
        }
    }
}

/// Scores become shares in place; tells the loss.
pub(super) fn score<R: Real>(scores: &mut [R], labels: &[u32]) -> Score {
    let points = labels.len();
    let classes = scores.len() / points.max(1);
    let mut score = Score { points: points as u64, ..Score::default() };
    if classes == 0 {
        return score;
    }
    // How far below the highest score that of its class is: exact however small its share gets.
    let mut below = Vec::with_capacity(points);
    let mut places = Vec::with_capacity(points);
    for (row, label) in scores.chunks_exact(classes).zip(labels) {
        let place = best(row);
        below.push(row[place] - row[*label as usize]);
        places.push(place);
        score.correct += u64::from(place == *label as usize);
    }
    softmax_rows(scores, points);
    for ((row, place), below) in scores.chunks_exact(classes).zip(places).zip(below) {
        score.loss += below.f64() - row[place].ln().f64();
    }
    score
}

/// The first of the highest scores.
pub(super) fn best<R: Real>(row: &[R]) -> usize {
    let mut best = 0;
    for (index, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = index;
        }
    }
    best
}
