//! The shape of a layer, of which most files keep the number of values alone.

use std::collections::BTreeMap;

use hinton_tensor::element_count;

use super::Layer;

/// Planes that come in, of every input format.
const PLANES: u64 = 112;
/// Squares of the board, whose pairs attention weighs.
const SQUARES: u64 = 64;
/// Pieces that a pawn may become.
const PROMOTIONS: u64 = 4;

/// A shape that has as many values as the layer: that of the file, else what follows from the
/// layers beside it, else one axis.
pub(super) fn shape(layer: &Layer, sizes: &BTreeMap<&str, u64>) -> Vec<usize> {
    let flat = || vec![usize::try_from(layer.values).unwrap_or(usize::MAX)];
    let told: Option<Vec<usize>> =
        layer.dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
    let derived = || {
        let dims = derived(&layer.name, layer.values, sizes)?;
        dims.iter().map(|dim| usize::try_from(*dim).ok()).collect()
    };
    let fits = |shape: &Vec<usize>| element_count(shape) == Some(layer.values);
    told.filter(|shape| !shape.is_empty())
        .filter(fits)
        .or_else(derived)
        .filter(fits)
        .unwrap_or_else(flat)
}

fn derived(name: &str, values: u64, sizes: &BTreeMap<&str, u64>) -> Option<Vec<u64>> {
    let size = |name: &str| sizes.get(name).copied().filter(|size| *size > 0);
    let (path, last) = name.rsplit_once('.').unwrap_or(("", name));
    let beside = |last: &str| match path {
        "" => size(last),
        path => size(&format!("{path}.{last}")),
    };
    if last == "weights" {
        let out = beside("biases").or_else(|| beside("bn_means"))?;
        return convolution(path, values, out, &size);
    }
    let out = match last {
        // Without a bias.
        "smolgen_w" => SQUARES * SQUARES,
        "ip4_pol_w" => PROMOTIONS,
        "compress" => {
            // `encoder.N.mha.smolgen`: the width is that of the encoder.
            let encoder = path.strip_suffix(".mha.smolgen")?;
            values / size(&format!("{encoder}.ln1_gammas"))?
        }
        "w1" => beside("b1")?,
        "w2" => beside("b2")?,
        _ => beside(&format!("{}_b", last.strip_suffix("_w")?))?,
    };
    (out > 0).then(|| vec![out, values / out])
}

/// The channels that come in are those of the layer before; what is left is a square of 1 or 3.
fn convolution(
    path: &str,
    values: u64,
    out: u64,
    size: &dyn Fn(&str) -> Option<u64>,
) -> Option<Vec<u64>> {
    let channels =
        |path: &str| size(&format!("{path}.biases")).or_else(|| size(&format!("{path}.bn_means")));
    let before = match (path, path.strip_suffix("policy")) {
        ("input", _) => Some(PLANES),
        (_, Some(head)) => channels(&format!("{head}policy1")),
        _ => None,
    };
    let inner = before.or_else(|| channels("input"))?;
    [3, 1]
        .into_iter()
        .find(|side| out.checked_mul(inner * side * side) == Some(values))
        .map(|side| vec![out, inner, side, side])
}
