//! Finds which tensors a run has, in which steps and shapes, and what is unusual about them.

use std::collections::HashMap;

use hinton_format::Warning;
use hinton_tensor::Tensor;

use crate::{RunTensor, Span, Step};

/// Most warnings of one kind; the rest is counted.
const MOST_WARNINGS: usize = 20;

/// The tensors seen so far, step by step.
#[derive(Default)]
pub(crate) struct Scan {
    tensors: Vec<RunTensor>,
    /// Where a name stands in `tensors`; only looked up, never walked.
    places: HashMap<String, usize>,
}

impl Scan {
    /// Adds the tensors of the next step. A name that the step has twice counts once.
    pub(crate) fn add<'a>(&mut self, step: usize, tensors: impl Iterator<Item = &'a Tensor>) {
        for tensor in tensors {
            let place = match self.places.get(tensor.name()) {
                Some(place) => *place,
                None => {
                    let name = tensor.name().to_owned();
                    self.places.insert(name.clone(), self.tensors.len());
                    self.tensors.push(RunTensor { name, spans: Vec::new() });
                    self.tensors.len() - 1
                }
            };
            add_to(&mut self.tensors[place].spans, step, tensor);
        }
    }

    pub(crate) fn finish(self) -> Vec<RunTensor> {
        self.tensors
    }
}

fn add_to(spans: &mut Vec<Span>, step: usize, tensor: &Tensor) {
    if let Some(last) = spans.last_mut() {
        if last.last == step {
            return;
        }
        let same = last.dtype == tensor.dtype() && last.shape == tensor.shape();
        if last.last + 1 == step && same {
            last.last = step;
            return;
        }
    }
    let (dtype, shape) = (tensor.dtype(), tensor.shape().to_vec());
    spans.push(Span { first: step, last: step, dtype, shape });
}

/// What is odd about the tensors: those that appear late, are missing in a step, or change their
/// shape or dtype. Steps that cannot be read count for nothing.
pub(crate) fn oddities(tensors: &[RunTensor], steps: &[Step]) -> Vec<Warning> {
    let good: Vec<usize> = (0..steps.len()).filter(|&at| steps[at].broken.is_none()).collect();
    let (mut late, mut missing, mut shapes, mut dtypes) = (vec![], vec![], vec![], vec![]);
    for tensor in tensors {
        let name = tensor.name.as_str();
        let first = tensor.spans.first().map_or(0, |span| span.first);
        if good.first().is_some_and(|&start| first > start) {
            late.push(Warning::about(
                name,
                format!("it appears late, in step {} ({})", steps[first].number, steps[first].name),
            ));
        }
        let gone: Vec<u64> = good
            .iter()
            .filter(|&&step| step > first && tensor.at(step).is_none())
            .map(|&step| steps[step].number)
            .collect();
        if !gone.is_empty() {
            missing.push(Warning::about(name, format!("it is missing in {}", numbered(&gone))));
        }
        for pair in tensor.spans.windows(2) {
            let at = &steps[pair[1].first];
            if pair[0].shape != pair[1].shape {
                let (from, to) = (&pair[0].shape, &pair[1].shape);
                let message = format!(
                    "its shape changes from {from:?} to {to:?} in step {} ({})",
                    at.number, at.name
                );
                shapes.push(Warning::about(name, message));
            } else if pair[0].dtype != pair[1].dtype {
                let (from, to) = (pair[0].dtype, pair[1].dtype);
                let message =
                    format!("its dtype changes from {from} to {to} in step {}", at.number);
                dtypes.push(Warning::about(name, message));
            }
        }
    }
    let kinds = [
        (late, "tensors that appear late"),
        (missing, "tensors that are missing in steps"),
        (shapes, "changes of shape"),
        (dtypes, "changes of dtype"),
    ];
    kinds.into_iter().flat_map(|(warnings, what)| capped(warnings, what)).collect()
}

/// The first warnings of a kind, and how many more there are.
pub(crate) fn capped(mut warnings: Vec<Warning>, what: &str) -> Vec<Warning> {
    let more = warnings.len().saturating_sub(MOST_WARNINGS);
    if more > 0 {
        warnings.truncate(MOST_WARNINGS);
        warnings.push(Warning::file(format!("there are {more} more {what}")));
    }
    warnings
}

/// `step 3`, `steps 3, 4 and 9`, `steps 1, 2, … and 20 more`.
pub(crate) fn numbered(numbers: &[u64]) -> String {
    const MOST: usize = 10;
    let shown: Vec<String> = numbers.iter().take(MOST).map(u64::to_string).collect();
    match (shown.as_slice(), numbers.len().saturating_sub(MOST)) {
        ([only], _) => format!("step {only}"),
        ([before @ .., last], 0) => format!("steps {} and {last}", before.join(", ")),
        (shown, more) => format!("steps {} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(count: u64) -> Vec<Step> {
        let step = |number| Step {
            number,
            name: format!("s{number}"),
            time: None,
            metrics: Vec::new(),
            broken: None,
        };
        (0..count).map(step).collect()
    }

    fn tensor(name: &str, shape: &[usize]) -> Tensor {
        let count = shape.iter().product();
        Tensor::from_f32(name, shape, &vec![0.0; count]).unwrap()
    }

    #[test]
    fn spans_join_equal_neighbours() {
        let mut scan = Scan::default();
        let (w, b, wide) = (tensor("w", &[2]), tensor("b", &[1]), tensor("w", &[3]));
        scan.add(0, [&w].into_iter());
        scan.add(1, [&w, &w].into_iter());
        scan.add(2, [&b].into_iter());
        scan.add(3, [&b, &wide].into_iter());
        let tensors = scan.finish();
        let w = &tensors[0];
        assert_eq!(w.spans.len(), 2);
        assert_eq!(w.steps().collect::<Vec<_>>(), [0, 1, 3]);
        assert!(w.at(2).is_none() && w.at(1).is_some() && w.at(4).is_none());
        assert!(w.changes_shape() && !tensors[1].changes_shape());

        let said: Vec<String> =
            oddities(&tensors, &steps(4)).iter().map(Warning::to_string).collect();
        assert_eq!(
            said,
            [
                "\"b\": it appears late, in step 2 (s2)",
                "\"w\": it is missing in step 2",
                "\"w\": its shape changes from [2] to [3] in step 3 (s3)",
            ]
        );
    }

    #[test]
    fn broken_steps_are_no_oddity_of_a_tensor() {
        let mut scan = Scan::default();
        let w = tensor("w", &[2]);
        scan.add(1, [&w].into_iter());
        scan.add(3, [&w].into_iter());
        let mut steps = steps(4);
        for broken in [0, 2] {
            steps[broken].broken = Some(hinton_format::Error::malformed("cut"));
        }
        assert_eq!(oddities(&scan.finish(), &steps), []);
    }

    #[test]
    fn many_warnings_are_counted() {
        let warnings = vec![Warning::file("x"); 50];
        let capped = capped(warnings, "things");
        assert_eq!(capped.len(), MOST_WARNINGS + 1);
        assert!(capped[MOST_WARNINGS].message.contains("30 more things"));
        assert_eq!(numbered(&[3]), "step 3");
        assert_eq!(numbered(&[3, 4, 9]), "steps 3, 4 and 9");
        assert!(numbered(&(0..30).collect::<Vec<_>>()).ends_with("9 and 20 more"));
    }
}
