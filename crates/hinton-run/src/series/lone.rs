//! Steps that are single arrays in files such as `w_0.npy`, `w_1.npy`: such an array is named after
//! its file, and is one tensor over the steps.

use hinton_tensor::Tensor;

use crate::name;

/// Whether the tensors of a file are one that is called after it.
pub(super) fn is_one(label: &str, tensors: &[Tensor]) -> bool {
    let file = label.rsplit(['/', '\\']).next().unwrap_or_default();
    let [tensor] = tensors else { return false };
    let behind = file.strip_prefix(tensor.name());
    behind.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What such a tensor is called in all steps: what their names share before the number, without words
/// for the number; `values` where that is nothing.
pub(super) fn name<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    let files = labels.map(|label| label.rsplit(['/', '\\']).next().unwrap_or_default());
    let both = |one: &'a str, other: &'a str| {
        let same = one.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
        let end = same.map_or(one.len().min(other.len()), |((end, _), _)| end);
        &one[..end]
    };
    let shared = files.reduce(both).unwrap_or_default();
    let before = name::without_word(shared.trim_end_matches(|c: char| c.is_ascii_digit()));
    match before {
        "" => "values".to_owned(),
        before => before.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_all_share() {
        for (labels, expected) in [
            (&["w_0.npy", "w_1.npy"][..], "w"),
            (&["step0.npy", "step1.npy"], "values"),
            (&["fc1.weight_epoch_01.npy", "fc1.weight_epoch_02.npy"], "fc1.weight"),
            (&["w_9.npy", "w_10.npy"], "w"),
            (&["kernel-step-100.csv", "kernel-step-200.csv"], "kernel"),
            (&["a.npy", "b.npy"], "values"),
            (&["0001.npy", "0002.npy"], "values"),
        ] {
            assert_eq!(name(labels.iter().copied()), expected, "{labels:?}");
        }
        let tensor = Tensor::from_f32("w_0", &[1], &[0.0]).unwrap();
        assert!(is_one("run/w_0.npy.gz", std::slice::from_ref(&tensor)));
        assert!(!is_one("w_01.npy", std::slice::from_ref(&tensor)));
        assert!(!is_one("w_0.npy", &[tensor.clone(), tensor]));
    }
}
