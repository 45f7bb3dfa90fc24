//! Files that hold an optimizer's state and nothing else, which users take for weights.

use hinton_tensor::Tensor;

use crate::Warning;
use crate::container::pickle::{Id, Node, Pickle};

/// Most parts of the outermost dict that are looked at.
const MOST_PARTS: usize = 1000;

/// What is said of such a file.
pub(super) fn note() -> Warning {
    Warning::file(
        "it holds the state of an optimizer and no weights; those are in another file of the same \
         training",
    )
}

/// Whether a pickle is an optimizer's state dict (`state` and `param_groups`), or a dict in which
/// nothing but those holds tensors.
pub(super) fn is_alone(pickle: &Pickle<'_>, tensors: &[Tensor]) -> bool {
    let root = pickle.root();
    if is_state_dict(pickle, root) {
        return tensors.iter().all(|tensor| tensor.name().starts_with("state."));
    }
    let prefixes: Vec<String> = pairs(pickle, root)
        .iter()
        .take(MOST_PARTS)
        .filter(|(_, value)| is_state_dict(pickle, *value))
        .filter_map(|(key, _)| Some(format!("{}.state.", pickle.text_start(*key, 200)?.0)))
        .collect();
    let below = |tensor: &Tensor| prefixes.iter().any(|prefix| tensor.name().starts_with(prefix));
    !tensors.is_empty() && !prefixes.is_empty() && tensors.iter().all(below)
}

fn is_state_dict(pickle: &Pickle<'_>, id: Id) -> bool {
    let has = |name: &str| {
        let mut keys = pairs(pickle, id).iter().take(16);
        keys.any(|(key, _)| pickle.text_start(*key, 64).is_some_and(|(key, _)| key == name))
    };
    has("state") && has("param_groups")
}

fn pairs<'p>(pickle: &'p Pickle<'_>, id: Id) -> &'p [(Id, Id)] {
    match pickle.node(id) {
        Node::Dict(pairs) => pairs,
        Node::Object(object) => &object.pairs,
        _ => &[],
    }
}

/// The same by flat names: every tensor is in a `state`, beside which there is a `param_groups`.
pub(super) fn is_alone_by_names<'n>(
    tensors: impl Iterator<Item = &'n str>,
    objects: impl Iterator<Item = &'n str>,
) -> bool {
    let before = |name: &'n str, part: &str| {
        let whole = format!(".{name}");
        whole.find(&format!(".{part}.")).map(|at| name.get(..at).unwrap_or_default())
    };
    let mut groups: Vec<&str> = objects.filter_map(|name| before(name, "param_groups")).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut some = false;
    for name in tensors {
        some = true;
        let prefix = before(name, "state");
        if prefix.is_none_or(|prefix| groups.binary_search(&prefix).is_err()) {
            return false;
        }
    }
    some
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_names_tell_an_optimizer() {
        let alone = |tensors: &[&'static str], objects: &[&'static str]| {
            is_alone_by_names(tensors.iter().copied(), objects.iter().copied())
        };
        assert!(alone(&["state.0.step"], &["param_groups.0.lr"]));
        assert!(alone(&["optim.state.w.exp_avg"], &["optim.param_groups.w.lr", "epoch"]));
        assert!(!alone(&["optim.state.w.exp_avg", "model.w"], &["optim.param_groups.w.lr"]));
        assert!(!alone(&["state.w"], &["epoch"]));
        assert!(!alone(&["ssm.state.w"], &["optim.param_groups.0.lr"]));
        assert!(!alone(&[], &["param_groups.0.lr"]));
    }
}
