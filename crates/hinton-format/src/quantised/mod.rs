//! Weights that a file stores as codes in one tensor and scales in others: FP8, GPTQ, AWQ,
//! bitsandbytes, compressed-tensors, Marlin, MLX, MXFP4, NVFP4 and others. The stored tensors are
//! listed unchanged; the weight that they encode is listed too, and decoded when it is read.
//!
//! Layouts are recognised by the names and shapes of tensors; one file per family and one row each.
//! Values are products in `f32`, without the rounding to half precision that a model applies.

mod bitnet;
mod bitsandbytes;
mod codes;
mod columns;
mod compressed;
mod config;
mod hqq;
mod keras;
mod marlin;
mod microscaled;
mod mlx;
mod parts;
mod scaled;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinton_tensor::{Computed, Dtype, Endian, Stored, Tensor, View};

use self::config::Config;
use self::parts::{Rows, Whole};
use crate::source::Location;
use crate::{Checkpoint, Limits, Warning};

/// The metadata key that lists the weights that hinton computed from codes and scales, where a file
/// has these in tensors of their own.
pub const DEQUANTISED: &str = "dequantised";

/// A way to store quantised weights.
struct Layout {
    /// The ending of a tensor's name that makes one look closer.
    ending: &'static str,
    /// The weight of the tensor with that ending; nothing where it is no such layout, and why where
    /// its parts do not fit.
    find: fn(&Found<'_>) -> Result<Option<Weight>, String>,
}

const LAYOUTS: &[Layout] = &[
    Layout { ending: ".qweight", find: columns::find },
    Layout { ending: ".absmax", find: bitsandbytes::find },
    Layout { ending: ".W_q", find: hqq::find },
    Layout { ending: ".B", find: marlin::find },
    Layout { ending: "/vars/1", find: keras::find },
    Layout { ending: "/vars/2", find: keras::find },
    Layout { ending: ".SCB", find: scaled::find_int8 },
    Layout { ending: ".weight_scale_inv", find: scaled::find },
    Layout { ending: ".weight_packed", find: compressed::find },
    Layout { ending: ".weight_scale", find: scaled::find },
    Layout { ending: ".scale", find: scaled::find },
    Layout { ending: "._scale", find: scaled::find_quanto },
    Layout { ending: ".scales", find: mlx::find_floats },
    Layout { ending: ".scale_weight", find: scaled::find },
    Layout { ending: ".biases", find: mlx::find },
    Layout { ending: "_blocks", find: microscaled::find },
    Layout { ending: ".weight_scale_2", find: microscaled::find_nvfp4 },
    Layout { ending: ".weight_global_scale", find: microscaled::find_nvfp4 },
];

/// Most warnings of weights that cannot be decoded; the rest is counted.
const MOST_WARNINGS: usize = 10;

/// A tensor whose name has a layout's ending, and the others around it.
struct Found<'c> {
    tensor: &'c Tensor,
    /// Its name without the ending.
    stem: &'c str,
    tensors: &'c [Tensor],
    by_name: &'c BTreeMap<&'c str, usize>,
    config: &'c Config,
    /// The tensors that were asked for: what the weight is computed from.
    used: RefCell<BTreeSet<usize>>,
}

impl<'c> Found<'c> {
    /// The tensor called stem and `ending`.
    fn part(&self, ending: &str) -> Option<&'c Tensor> {
        self.named(&format!("{}{ending}", self.stem))
    }

    fn named(&self, name: &str) -> Option<&'c Tensor> {
        let index = *self.by_name.get(name)?;
        self.used.borrow_mut().insert(index);
        self.tensors.get(index)
    }

    /// The tensors that were asked for so far, in the file's order.
    fn used(&self) -> Vec<Tensor> {
        self.used.borrow().iter().filter_map(|&index| self.tensors.get(index)).cloned().collect()
    }

    /// The tensors whose names begin with stem and `start`.
    fn starting(&self, start: &str) -> impl Iterator<Item = &'c Tensor> {
        let start = format!("{}{start}", self.stem);
        let tensors = self.tensors;
        let range = self.by_name.range(start.as_str()..);
        let names: Vec<usize> = range
            .take_while(|(name, _)| name.starts_with(&start))
            .map(|(_, &index)| index)
            .take(8)
            .collect();
        self.used.borrow_mut().extend(&names);
        names.into_iter().map(move |index| &tensors[index])
    }
}

/// A weight that was found.
struct Weight {
    /// What its dtype is called: `from GPTQ`.
    kind: &'static str,
    /// Its name in the model before it was quantised.
    name: String,
    /// Its shape, as the layout lists its values.
    shape: Vec<usize>,
    /// Whether the model has the last two axes the other way round.
    turned: bool,
    rows: Box<dyn Rows>,
    /// How it is stored, in words: `4 bits in groups of 128`.
    words: String,
    /// What was guessed, where something was.
    guess: Option<String>,
}

/// Adds the weights that tensors of the checkpoint stand for, each behind them, and remarks on the codes.
/// `folder` holds the model's `config.json`, where there is one.
pub(crate) fn add(checkpoint: &mut Checkpoint, folder: Option<&Location>, limits: &Limits) {
    // A reader that knows of codes itself has added the weights.
    if !checkpoint.tensors.iter().any(Tensor::is_derived) {
        add_weights(checkpoint, folder, limits);
    }
    codes::remark(checkpoint);
}

fn add_weights(checkpoint: &mut Checkpoint, folder: Option<&Location>, limits: &Limits) {
    let could = |tensor: &Tensor| LAYOUTS.iter().any(|row| tensor.name().ends_with(row.ending));
    if !checkpoint.tensors.iter().any(could) {
        return;
    }
    let config = config::read(folder, &checkpoint.metadata);
    let mut by_name = BTreeMap::new();
    for (index, tensor) in checkpoint.tensors.iter().enumerate() {
        by_name.entry(tensor.name()).or_insert(index);
    }
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut made: Vec<(usize, Tensor)> = Vec::new();
    let mut words: Vec<(String, usize)> = Vec::new();
    let mut guesses: BTreeSet<String> = BTreeSet::new();
    let mut failed: Vec<Warning> = Vec::new();
    for (index, tensor) in checkpoint.tensors.iter().enumerate() {
        if tensor.elements() == 0 {
            continue;
        }
        let Some((row, stem)) = LAYOUTS
            .iter()
            .find_map(|row| tensor.name().strip_suffix(row.ending).map(|stem| (row, stem)))
        else {
            continue;
        };
        let tensors = &checkpoint.tensors;
        let used = RefCell::new(BTreeSet::from([index]));
        let found = Found { tensor, stem, tensors, by_name: &by_name, config: &config, used };
        let weight = match (row.find)(&found) {
            Ok(Some(weight)) => weight,
            Ok(None) => continue,
            Err(why) => {
                let why = format!("the weight it belongs to is shown as stored only: {why}");
                failed.push(Warning::about(tensor.name(), why));
                continue;
            }
        };
        let free = !by_name.contains_key(weight.name.as_str());
        let name = match free {
            true => weight.name.clone(),
            false => format!("{} (dequantised)", weight.name),
        };
        if by_name.contains_key(name.as_str()) || !names.insert(name.clone()) {
            continue;
        }
        let said = format!("{}: {}", weight.kind, weight.words);
        guesses.extend(weight.guess.iter().map(|guess| format!("{}: {guess}", weight.kind)));
        match derived(tensor, name, weight, found.used()) {
            Ok(weight) => made.push((index, weight)),
            Err(error) => failed.push(Warning::about(tensor.name(), error.what())),
        }
        match words.iter_mut().find(|(known, _)| *known == said) {
            Some((_, count)) => *count += 1,
            None => words.push((said, 1)),
        }
    }
    put_in(checkpoint, made);
    let full = checkpoint.tensors.len() > limits.tensors;
    if full {
        checkpoint.tensors.retain(|tensor| !tensor.is_derived());
    }
    if !full && !words.is_empty() {
        let one = |(said, count): (String, usize)| match count {
            1 => format!("1 weight {said}"),
            count => format!("{count} weights {said}"),
        };
        let done: Vec<String> = words.into_iter().take(MOST_WARNINGS).map(one).collect();
        let text = format!("{}; shown beside what is stored", done.join("; "));
        checkpoint.metadata.push((DEQUANTISED.to_owned(), text));
    }
    checkpoint.warnings.extend(guesses.into_iter().take(MOST_WARNINGS).map(Warning::file));
    let more = failed.len().saturating_sub(MOST_WARNINGS);
    checkpoint.warnings.extend(failed.into_iter().take(MOST_WARNINGS));
    if more > 0 {
        let message = format!("{more} more weights are shown as stored only");
        checkpoint.warnings.push(Warning::file(message));
    }
}

/// The tensor of a weight that is stored in `parts`; `part` is one of them.
fn derived(
    part: &Tensor,
    name: String,
    weight: Weight,
    parts: Vec<Tensor>,
) -> Result<Tensor, hinton_tensor::TensorError> {
    let view = View::packed(&weight.shape);
    let rows = Arc::new(Whole(weight.rows.into()));
    let data = Arc::new(Computed::new(rows.clone()));
    let tensor = Tensor::new(name, part.file(), Dtype::F32, Endian::Little, view, 0, data)?;
    let tensor = if weight.turned { tensor.transpose()? } else { tensor };
    let stored = Stored::derived(weight.kind, parts);
    Ok(tensor.stored_as(if rows.0.blocks() > 0 { stored.looked_at(rows) } else { stored }))
}

/// Puts each tensor behind the one at its index.
fn put_in(checkpoint: &mut Checkpoint, made: Vec<(usize, Tensor)>) {
    if made.is_empty() {
        return;
    }
    let mut made = made.into_iter().peekable();
    let stored = std::mem::take(&mut checkpoint.tensors);
    for (index, tensor) in stored.into_iter().enumerate() {
        checkpoint.tensors.push(tensor);
        while let Some((_, tensor)) = made.next_if(|(after, _)| *after == index) {
            checkpoint.tensors.push(tensor);
        }
    }
}
