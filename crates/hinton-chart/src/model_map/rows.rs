//! The rows of a stack on the map: single layers or groups of layers, and the text next to each.

use hinton_scene::{TextStyle, fit, measure};
use hinton_tensor::outline::Stack;

use crate::distinct::distinct;

/// Modules that share a row, at most.
const TOGETHER: usize = 3;

/// Between the names of modules that share a row.
const COMMA: &str = ", ";

/// A row: its layers, and what it is called: one name, or those of the modules that share it.
pub(super) struct Row {
    pub(super) layers: Vec<usize>,
    names: Vec<String>,
}

impl Row {
    /// Its name in no more than a width. Each module has its share of it: what a name loses is its own middle.
    pub(super) fn name(&self, style: TextStyle, width: f64) -> String {
        let count = self.names.len().max(1) as f64;
        let share = (width - (count - 1.0) * measure(COMMA, style)) / count;
        let shorter = self.names.iter().map(|name| measure(name, style)).filter(|&own| own < share);
        let (spared, short) =
            shorter.fold((0.0, 0.0), |(all, n), own| (all + share - own, n + 1.0));
        let share = share + spared / (count - short).max(1.0);
        let names: Vec<String> = self.names.iter().map(|name| fit(name, style, share)).collect();
        names.join(COMMA)
    }
}

/// The rows of a stack with this many layers to a row.
///
/// Modules that nothing repeats share a row where they follow one another and hold different kinds
/// of tensor, as a convolution and the normalisation behind it do: each alone would leave most of
/// its row empty.
pub(super) fn rows(stack: &Stack, bin: usize) -> Vec<Row> {
    if stack.pattern.is_empty() && bin == 1 {
        return modules(stack);
    }
    let layers: Vec<usize> = (0..stack.layers.len()).collect();
    let row = |layers: &[usize]| {
        let label = |layer: usize| &stack.layers[layer].label;
        let name = match layers {
            [] => String::new(),
            [one] => label(*one).clone(),
            [first, .., last] => format!("{}–{}", label(*first), label(*last)),
        };
        Row { layers: layers.to_vec(), names: vec![name] }
    };
    layers.chunks(bin).map(row).collect()
}

fn modules(stack: &Stack) -> Vec<Row> {
    let labels: Vec<String> = stack.layers.iter().map(|layer| once(&layer.label)).collect();
    let names = distinct(&labels);
    let columns = |layer: usize| -> Vec<usize> {
        (0..stack.kinds.len()).filter(|&kind| !stack.cell(layer, kind).is_empty()).collect()
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut last = None;
    for (layer, name) in names.into_iter().enumerate() {
        let own = columns(layer);
        let end = own.last().copied();
        match rows.last_mut() {
            // From left to right a row is in the order of the file.
            Some(row) if own.first() > last.as_ref() && row.layers.len() < TOGETHER => {
                row.layers.push(layer);
                row.names.push(name);
            }
            _ => rows.push(Row { layers: vec![layer], names: vec![name] }),
        }
        last = end.or(last);
    }
    rows
}

/// A name without a part that only repeats the one before it, as Keras writes them: `conv2d_1/conv2d_1`.
fn once(name: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.dedup();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::outline::{Named, modules};

    fn of(names: &[&str]) -> Vec<String> {
        let named: Vec<Named<'_>> =
            names.iter().map(|name| Named { name, shape: &[3, 4] }).collect();
        let rows = rows(&modules(&named), 1);
        rows.into_iter().map(|row| row.names.join(COMMA)).collect()
    }

    #[test]
    fn each_name_has_its_share_of_the_room() {
        let style = TextStyle { size: 6.5, ..crate::Theme::named(crate::ThemeName::Light).label() };
        let names = ["conv2d_1", "batch_normalization_1"].map(str::to_owned);
        let row = Row { layers: vec![0, 1], names: names.to_vec() };
        let short = row.name(style, 80.0);
        assert!(measure(&short, style) <= 80.0, "{short}");
        assert!(short.starts_with("conv2d_1, batch_") && short.ends_with("_1"), "{short}");
        assert_eq!(row.name(style, 300.0), "conv2d_1, batch_normalization_1");
    }

    #[test]
    fn modules_of_different_kinds_share_a_row() {
        let keras = [
            "model_weights/conv2d_1/conv2d_1/kernel:0",
            "model_weights/batch_normalization_1/batch_normalization_1/gamma:0",
            "model_weights/batch_normalization_1/batch_normalization_1/beta:0",
            "model_weights/conv2d_2/conv2d_2/kernel:0",
            "model_weights/batch_normalization_2/batch_normalization_2/gamma:0",
        ];
        assert_eq!(
            of(&keras),
            ["conv2d_1, batch_normalization_1", "conv2d_2, batch_normalization_2"]
        );
        let torch = ["encoder.first.weight", "encoder.first.bias", "encoder.second.weight"];
        assert_eq!(of(&torch), ["encoder.first", "encoder.second"]);
    }
}
