//! Keras writes the order of layers and weights into attributes, because HDF5 sorts names.

use std::collections::BTreeMap;

use hinton_tensor::Tensor;

use super::attribute::Attribute;

/// The order that a group's attributes give: names of layers, or of weights, to their place.
/// Long lists are cut into `layer_names0`, `layer_names1` …
pub(super) fn of(attributes: &[Attribute]) -> BTreeMap<String, usize> {
    let mut order = BTreeMap::new();
    for key in ["layer_names", "weight_names"] {
        let mut parts: Vec<(usize, &Attribute)> = attributes
            .iter()
            .filter_map(|attribute| {
                let rest = attribute.name.strip_prefix(key)?;
                let part = if rest.is_empty() { 0 } else { rest.parse().ok()? };
                Some((part, attribute))
            })
            .collect();
        parts.sort_by_key(|(part, _)| *part);
        for name in parts.iter().flat_map(|(_, attribute)| attribute.texts()) {
            let place = order.len();
            order.entry(name).or_insert(place);
        }
    }
    order
}

/// Whether the attribute says an order and nothing else.
pub(super) fn is_order(name: &str) -> bool {
    let rest = name.strip_prefix("layer_names").or_else(|| name.strip_prefix("weight_names"));
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Puts the tensors of a group, whose names start with `path`, in that order; the others stay
/// behind them.
pub(super) fn sort(tensors: &mut [Tensor], path: &str, order: &BTreeMap<String, usize>) {
    if order.is_empty() {
        return;
    }
    tensors.sort_by_cached_key(|tensor| {
        let name = tensor.name().strip_prefix(path).unwrap_or_default();
        // The weight itself, or the layer that it belongs to; names of layers may have slashes.
        let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
        ends.filter_map(|end| order.get(&name[..end])).next_back().copied().unwrap_or(usize::MAX)
    });
}
