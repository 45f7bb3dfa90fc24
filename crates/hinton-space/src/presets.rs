//! The networks of `space-stretching`: six over the plane, three over a line.
//!
//! L is a linear map to three dimensions, H one within them, NL an activation; the last L goes back
//! to the plane. All networks share the same weights. Source: the notebooks on space stretching of
//! the deep learning course at New York University.

use hinton_chart::space::{SpaceOptions, SpaceStyle};
use hinton_chart::{Length, PageSize};
use hinton_net::layers::Linear;
use hinton_net::random::Random;
use hinton_net::{Init, Network, Shape};
use hinton_weights::Error;

use super::model::{Kind, Model};
use super::{ColorBy, Guides, ShowRequest};

/// One of the networks.
#[derive(Debug)]
pub struct PresetNetwork {
    /// Its name, as used for its file.
    pub name: &'static str,
    /// Its steps: `L`, `NL`, `H`.
    pub steps: &'static [&'static str],
    /// Number of dimensions of the input.
    pub inputs: usize,
}

const fn network(
    name: &'static str,
    inputs: usize,
    steps: &'static [&'static str],
) -> PresetNetwork {
    PresetNetwork { name, steps, inputs }
}

/// Every network, in the order of the notebooks.
pub const NETWORKS: &[PresetNetwork] = &[
    network("2d-1-l", 2, &["L"]),
    network("2d-2-l-nl", 2, &["L", "NL"]),
    network("2d-3-l-nl-l", 2, &["L", "NL", "L"]),
    network("2d-4-l-nl-h", 2, &["L", "NL", "H"]),
    network("2d-5-l-nl-h-nl", 2, &["L", "NL", "H", "NL"]),
    network("2d-6-l-nl-h-nl-l", 2, &["L", "NL", "H", "NL", "L"]),
    network("1d-1-l", 1, &["L"]),
    network("1d-2-l-nl", 1, &["L", "NL"]),
    network("1d-3-l-nl-l", 1, &["L", "NL", "L"]),
];

/// The choices that a preset leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetRequest {
    /// The activation for NL: the name of a layer without weights.
    pub activation: String,
    /// Whether the first map is random too, uniform within ±1/sqrt(fan_in); if not, it has fixed
    /// weights.
    pub random: bool,
    /// The seed of the random maps.
    pub seed: u64,
}

impl Default for PresetRequest {
    fn default() -> Self {
        PresetRequest { activation: "tanh".to_owned(), random: false, seed: 0 }
    }
}

/// The first map by hand: 3 times the identity, and rows of sixes below it.
fn by_hand(outputs: usize, inputs: usize) -> Vec<f64> {
    let value = |at: usize| match (at / inputs, at % inputs) {
        (row, column) if row == column => 3.0,
        (row, _) if row >= inputs => 6.0,
        _ => 0.0,
    };
    (0..outputs * inputs).map(value).collect()
}

/// Makes one of the networks, with the weights that all of them share.
///
/// # Errors
/// Returns an error if the activation is not a layer without weights.
pub fn preset_model(row: &PresetNetwork, request: &PresetRequest) -> Result<Model, Error> {
    let hidden = row.inputs + 1;
    let mut random = Random::of(request.seed, "space-stretching");
    let mut drawn = |outputs: usize, inputs: usize| -> Vec<f64> {
        let within = 1.0 / (inputs as f64).sqrt();
        (0..outputs * inputs).map(|_| random.between(-within, within)).collect()
    };
    // Drawn in this order whatever is used, so that all networks share them.
    let mut first = drawn(hidden, row.inputs);
    let within = drawn(hidden, hidden);
    let last = drawn(row.inputs.max(1), hidden);
    if !request.random {
        first = by_hand(hidden, row.inputs);
    }
    let mut network = Network::<f64>::new(Shape::Flat(row.inputs));
    for (at, &step) in row.steps.iter().enumerate() {
        let (outputs, inputs, weights) = match (step, at) {
            ("L", 0) => (hidden, row.inputs, &first),
            ("H", _) => (hidden, hidden, &within),
            ("L", _) => (row.inputs, hidden, &last),
            _ => {
                push_activation(&mut network, &request.activation)?;
                continue;
            }
        };
        let name = network.len().to_string();
        network.push(None, Box::new(Linear { inputs, outputs, has_bias: false }))?;
        network.set(&format!("{name}.weight"), &[outputs, inputs], weights)?;
    }
    Ok(Model {
        title: title(row),
        notes: Vec::new(),
        is_trained: false,
        kind: Kind::Chain(network),
    })
}

fn push_activation(network: &mut Network<f64>, word: &str) -> Result<(), Error> {
    let spec = format!("{}-{word}", network.output());
    let layers = Network::<f64>::from_spec(&spec, &Init::default(), 0)?;
    match layers.steps() {
        [step] if layers.values().is_empty() => Ok(network.push(None, step.layer.boxed())?),
        _ => Err(Error::request(
            format!("`activation={word}`: expected a layer without weights"),
            "such as tanh or relu",
        )),
    }
}

/// The title of the picture, as in the notebooks.
pub fn title(row: &PresetNetwork) -> String {
    let hidden = row.inputs + 1;
    let word = |(at, step): (usize, &&str)| match (*step, at) {
        ("L", 0) => format!("After Linear Layer ({}D -> {hidden}D)", row.inputs),
        ("H", _) => format!("Hidden Layer ({hidden}D -> {hidden}D)"),
        ("L", _) => format!("Linear Layer ({hidden}D -> {}D)", row.inputs),
        _ => "NL".to_owned(),
    };
    row.steps.iter().enumerate().map(word).collect::<Vec<_>>().join(" + ")
}

/// Sets the look of the notebooks: a black page of 12 inches, with large points and nothing else.
pub fn look(options: &mut ShowRequest, inputs: usize) {
    let pixels = Length::Pixels(1200.0);
    let set = &mut options.options;
    *set = SpaceOptions {
        style: SpaceStyle::Black,
        dpi: 100.0,
        size: Some(PageSize { width: pixels, height: Some(pixels) }),
        legend: false,
        parts: hinton_chart::space::Parts::Points,
        point_size: Some(5.0),
        ..set.clone()
    };
    options.color = if inputs == 1 { ColorBy::Halves } else { ColorBy::Coordinate(0) };
    options.guides = Guides::Off;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_networks_share_their_weights() {
        let request = PresetRequest::default();
        let of = |at: usize| match preset_model(&NETWORKS[at], &request).unwrap().kind {
            Kind::Chain(network) => network,
            #[allow(unreachable_patterns)]
            _ => unreachable!(),
        };
        let (first, last) = (of(0), of(5));
        assert_eq!(first.arrays()[0].values, [3.0, 0.0, 0.0, 3.0, 6.0, 6.0]);
        assert_eq!(first.arrays()[0].values, last.arrays()[0].values);
        assert_eq!(of(3).arrays()[1].values, last.arrays()[1].values);
        assert_eq!(of(2).arrays()[1].values, last.arrays()[2].values);
        assert_eq!(last.spec(), "2-linear:3:nobias-tanh-linear:3:nobias-tanh-linear:2:nobias");
        assert_eq!(of(8).spec(), "1-linear:2:nobias-tanh-linear:1:nobias");
        assert_eq!(by_hand(2, 2), [3.0, 0.0, 0.0, 3.0]);
        assert_eq!(by_hand(4, 2)[4..], [6.0; 4]);
        assert_eq!(
            title(&NETWORKS[5]),
            "After Linear Layer (2D -> 3D) + NL + Hidden Layer (3D -> 3D) + NL + Linear Layer (3D -> 2D)"
        );
    }
}
