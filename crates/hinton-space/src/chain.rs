//! Networks from checkpoints whose tensors form a chain of layers.

use hinton_chart::shape_text;
use hinton_format::Checkpoint;
use hinton_net::layers::Linear;
use hinton_net::{Init, NetError, Network, Shape, Spec};
use hinton_run::natural_cmp;
use hinton_tensor::Tensor;
use hinton_weights::Error;

/// A matrix and what is added after it.
#[derive(Clone, Copy)]
struct Link<'a> {
    weight: &'a Tensor,
    bias: Option<&'a Tensor>,
}

/// How the axes of matrices lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// `[out, in]`, as PyTorch has them.
    OutIn,
    /// `[in, out]`, as Keras and Flax have them.
    InOut,
}

/// What stands for a matrix at the end of a name, and for what is added.
const NAMES: [(&str, &str); 5] =
    [("weight", "bias"), ("kernel", "bias"), ("W", "b"), ("w", "b"), ("weights", "biases")];

/// The network of a checkpoint, and what was assumed.
pub(crate) fn network(
    checkpoint: &Checkpoint,
    spec: Option<&str>,
    activation: Option<&str>,
) -> Result<(Network<f64>, Vec<String>), Error> {
    match spec {
        Some(spec) => of_spec(checkpoint, spec),
        None => of_tensors(checkpoint, activation),
    }
}

/// The tensors that may belong to a network: not those of an optimiser, nor counts.
fn own(checkpoint: &Checkpoint) -> impl Iterator<Item = &Tensor> {
    let own = |name: &str| !name.starts_with("optimizer.") && name != "confusion";
    checkpoint.tensors.iter().filter(move |tensor| own(tensor.name()))
}

/// The matrices, each with what is added, in the order of the file.
fn links(checkpoint: &Checkpoint) -> Vec<Link<'_>> {
    let matrices = own(checkpoint).filter(|tensor| tensor.shape().len() == 2);
    let matrices: Vec<&Tensor> = matrices.filter(|tensor| tensor.elements() > 0).collect();
    let vectors: Vec<&Tensor> =
        own(checkpoint).filter(|tensor| tensor.shape().len() == 1).collect();
    let bias = |weight: &Tensor| {
        let named = NAMES.iter().find_map(|(matrix, vector)| {
            let wanted = format!("{}{vector}", weight.name().strip_suffix(matrix)?);
            vectors.iter().copied().find(|tensor| tensor.name() == wanted)
        });
        let lone = || match (matrices.as_slice(), vectors.as_slice()) {
            ([_], [vector]) => Some(*vector),
            _ => None,
        };
        named.or_else(lone)
    };
    matrices.iter().map(|&weight| Link { weight, bias: bias(weight) }).collect()
}

impl Link<'_> {
    /// Values that come in and that go out.
    fn sides(&self, order: Order) -> (usize, usize) {
        let (rows, columns) = (self.weight.shape()[0], self.weight.shape()[1]);
        if order == Order::OutIn { (columns, rows) } else { (rows, columns) }
    }

    fn fits(&self, order: Order) -> bool {
        self.bias.is_none_or(|bias| bias.shape()[0] == self.sides(order).1)
    }
}

/// The first pair that does not chain.
fn broken(links: &[Link<'_>], order: Order) -> Option<usize> {
    let chains = |pair: &[Link<'_>]| pair[0].sides(order).1 == pair[1].sides(order).0;
    links.windows(2).position(|pair| !chains(pair))
}

fn of_tensors(
    checkpoint: &Checkpoint,
    activation: Option<&str>,
) -> Result<(Network<f64>, Vec<String>), Error> {
    let mut links = links(checkpoint);
    let path = &checkpoint.path;
    if links.is_empty() {
        return Err(Error::unfit(
            format!("{path}: expected matrices that form a network, found none"),
            "say what it is with `model`, such as `model=1x28x28-conv:6:5-relu-10`",
        ));
    }
    let other = own(checkpoint).find(|tensor| tensor.shape().len() > 2);
    if let Some(other) = other {
        return Err(Error::unfit(
            format!(
                "{path}: {} has shape {}: a chain of matrices cannot hold it",
                other.name(),
                shape_text(other.shape())
            ),
            "say what it is with `model`, such as `model=1x28x28-conv:6:5-relu-10`",
        ));
    }
    let mut notes = Vec::new();
    let order = chain_order(&mut links, &mut notes);
    let Some(order) = order else { return Err(no_chain(path, &links)) };
    let ambiguous = links.iter().all(|link| link.weight.shape()[0] == link.weight.shape()[1])
        || links.len() == 1 && links[0].bias.is_none();
    if order == Order::InOut || ambiguous {
        let axes = if order == Order::OutIn { "[out, in]" } else { "[in, out]" };
        notes.push(format!("matrices are taken as {axes}"));
    }
    let word = activation.unwrap_or("relu");
    if links.len() > 1 {
        let assumed = if activation.is_some() { "" } else { " is assumed" };
        let cure =
            if activation.is_some() { "" } else { " (a checkpoint does not say; `activation`)" };
        notes.push(format!("{word}{assumed} between the linear maps, none after the last{cure}"));
    }
    let names: Vec<&str> = links.iter().map(|link| link.weight.name()).collect();
    notes.insert(0, format!("{path}: the chain is {}", shortened(&names)));
    Ok((build(&links, order, word)?, notes))
}

/// The names in a row; of many the first and the last.
fn shortened(names: &[&str]) -> String {
    const MOST: usize = 24;
    match names {
        [first @ .., last] if names.len() > MOST => {
            let more = names.len() - MOST;
            format!("{} → … {more} more … → {last}", first[..MOST - 1].join(" → "))
        }
        _ => names.join(" → "),
    }
}

/// The order of the axes with which the matrices chain, in the file's order or in that of their names.
fn chain_order(links: &mut [Link<'_>], notes: &mut Vec<String>) -> Option<Order> {
    // Kernels and W are written [in, out], weights [out, in]; what does not chain is tried turned.
    let is_turned = links.iter().any(|link| {
        let name = link.weight.name();
        name.ends_with("kernel") || name.ends_with('W') || name.ends_with('w')
    });
    let orders = match is_turned {
        true => [Order::InOut, Order::OutIn],
        false => [Order::OutIn, Order::InOut],
    };
    let as_stored: Vec<Link<'_>> = links.to_vec();
    for order in orders {
        links.clone_from_slice(&as_stored);
        if chains(links, order) {
            return Some(order);
        }
        links.sort_by(|a, b| natural_cmp(a.weight.name(), b.weight.name()));
        if chains(links, order) {
            notes.push("the matrices are taken in the order of their names".to_owned());
            return Some(order);
        }
    }
    links.clone_from_slice(&as_stored);
    None
}

fn chains(links: &[Link<'_>], order: Order) -> bool {
    links.iter().all(|link| link.fits(order)) && broken(links, order).is_none()
}

fn no_chain(path: &str, links: &[Link<'_>]) -> Error {
    let order = Order::OutIn;
    let at = broken(links, order).unwrap_or(0);
    let told =
        |link: &Link<'_>| format!("{} {}", link.weight.name(), shape_text(link.weight.shape()));
    let (one, two) = (&links[at], links.get(at + 1).unwrap_or(&links[at]));
    Error::unfit(
        format!(
            "{path}: the matrices form no chain: {} gives {} values, and {} takes {}",
            told(one),
            one.sides(order).1,
            told(two),
            two.sides(order).0
        ),
        "say what it is with `model`, such as `model=784-128-relu-10`, or choose another file",
    )
}

fn build(links: &[Link<'_>], order: Order, activation: &str) -> Result<Network<f64>, Error> {
    let mut network = Network::new(Shape::Flat(links[0].sides(order).0));
    for (at, link) in links.iter().enumerate() {
        let (inputs, outputs) = link.sides(order);
        let name = link.weight.name();
        let step = NAMES.iter().find_map(|(end, _)| name.strip_suffix(end)).unwrap_or(name);
        let step = step.trim_end_matches(['.', '/', '_']);
        let step = if step.is_empty() { at.to_string() } else { step.to_owned() };
        let layer = Linear { inputs, outputs, has_bias: link.bias.is_some() };
        network.push(Some(&step), Box::new(layer))?;
        let matrix = match order {
            Order::OutIn => link.weight.clone(),
            Order::InOut => link.weight.transpose()?,
        };
        network.set(&format!("{step}.weight"), &[outputs, inputs], &matrix.to_f64()?)?;
        if let Some(bias) = link.bias {
            network.set(&format!("{step}.bias"), &[outputs], &bias.to_f64()?)?;
        }
        if at + 1 < links.len() {
            push_word(&mut network, activation, &format!("{step}.{activation}"))?;
        }
    }
    Ok(network)
}

/// Adds a layer by its word.
fn push_word(network: &mut Network<f64>, word: &str, name: &str) -> Result<(), Error> {
    let spec = format!("{}-{word}", network.output());
    let mut layers = Network::<f64>::from_spec(&spec, &Init::default(), 0)?;
    let takes_values = layers.values_mut().is_empty();
    match (layers.steps(), takes_values) {
        ([step], true) => Ok(network.push(Some(name), step.layer.boxed())?),
        _ => Err(Error::request(
            format!("`activation={word}`: expected a layer without weights"),
            "such as tanh, relu, sigmoid, gelu or silu",
        )),
    }
}

/// A network whose layers are known, with the values of the checkpoint.
fn of_spec(checkpoint: &Checkpoint, text: &str) -> Result<(Network<f64>, Vec<String>), Error> {
    let mut spec = Spec::parse(text)?;
    let mut links = links(checkpoint);
    let order = chain_order(&mut links, &mut Vec::new());
    if spec.input.is_none() {
        // `10` alone: as wide as the matrices are.
        if let Some(order) = order.filter(|_| !links.is_empty()) {
            spec = spec.for_points(Shape::Flat(links[0].sides(order).0));
        }
    }
    let mut network = Network::<f64>::build(&spec, &Init::named("zeros")?, 0)?;
    let parameters = network.parameters();
    let linear: Vec<String> = network
        .steps()
        .iter()
        .filter(|step| step.layer.row().name == "linear")
        .map(|step| step.name.clone())
        .collect();
    let mut notes = Vec::new();
    for (name, shape, _) in parameters {
        let (step, part) = name.rsplit_once('.').unwrap_or(("", &name));
        let same = own(checkpoint).find(|tensor| tensor.name() == name);
        let by_order = || {
            let at = linear.iter().position(|linear| linear == step)?;
            let link = links.get(at).filter(|_| links.len() == linear.len())?;
            if part == "weight" { Some(link.weight) } else { link.bias }
        };
        let Some(tensor) = same.or_else(by_order) else {
            if part == "bias" {
                notes.push(format!("{}: there is no {name}: zero is taken", checkpoint.path));
                continue;
            }
            let names: Vec<&str> = own(checkpoint).take(6).map(Tensor::name).collect();
            return Err(NetError::Parameter {
                name: name.clone(),
                expected: format!("a tensor of shape {:?} in {}", shape.shape, checkpoint.path),
                found: format!("none; there are {}", names.join(", ")),
            }
            .into());
        };
        let reversed: Vec<usize> = shape.shape.iter().rev().copied().collect();
        let is_square = reversed == shape.shape;
        let turned = tensor.shape() == reversed && (!is_square || tensor.name() == "weight");
        let tensor =
            if turned && shape.shape.len() == 2 { tensor.transpose()? } else { tensor.clone() };
        network.set(&name, tensor.shape(), &tensor.to_f64()?)?;
    }
    Ok((network, notes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(tensors: &[(&str, &[usize])]) -> Checkpoint {
        let tensor = |(name, shape): &(&str, &[usize])| {
            let count: usize = shape.iter().product();
            let values: Vec<f32> = (0..count).map(|at| at as f32 * 0.01).collect();
            Tensor::from_f32(*name, shape, &values).unwrap()
        };
        Checkpoint {
            path: "net.pt".to_owned(),
            format: "pytorch",
            metadata: Vec::new(),
            tensors: tensors.iter().map(tensor).collect(),
            files: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn spec(tensors: &[(&str, &[usize])], activation: Option<&str>) -> (String, Vec<String>) {
        let (network, notes) = network(&checkpoint(tensors), None, activation).unwrap();
        (network.spec(), notes)
    }

    #[test]
    fn chains_are_found_whatever_they_are_called() {
        let torch: &[(&str, &[usize])] =
            &[("0.weight", &[3, 2]), ("0.bias", &[3]), ("2.weight", &[4, 3]), ("2.bias", &[4])];
        let (text, notes) = spec(torch, Some("tanh"));
        assert_eq!(text, "2-3-tanh-4");
        assert_eq!(notes[0], "net.pt: the chain is 0.weight → 2.weight");
        let (text, notes) = spec(&[("b", &[10]), ("W", &[784, 10])], None);
        assert_eq!(text, "784-10");
        assert!(notes[1].contains("[in, out]"), "{notes:?}");
        let names: &[(&str, &[usize])] = &[
            ("fc10.weight", &[5, 4]),
            ("fc2.weight", &[4, 3]),
            ("optimizer.exp_avg.fc2.weight", &[4, 3]),
        ];
        let (text, notes) = spec(names, None);
        assert_eq!(text, "3-linear:4:nobias-relu-linear:5:nobias");
        assert!(notes.iter().any(|note| note.contains("relu is assumed")), "{notes:?}");
        assert!(notes.iter().any(|note| note.contains("order of their names")), "{notes:?}");
    }

    #[test]
    fn what_is_no_chain_is_told_with_both_steps() {
        let fault = |tensors: &[(&str, &[usize])]| {
            network(&checkpoint(tensors), None, None).unwrap_err().to_string()
        };
        assert_eq!(
            fault(&[("a.weight", &[128, 784]), ("b.weight", &[10, 64])]),
            "net.pt: the matrices form no chain: a.weight 128 × 784 gives 128 values, and b.weight \
             10 × 64 takes 64"
        );
        assert!(fault(&[("c.weight", &[6, 1, 5, 5]), ("f.weight", &[10, 6])]).contains("c.weight"));
        assert!(fault(&[("b", &[3])]).contains("found none"));
    }

    #[test]
    fn a_spec_takes_the_values_by_name_or_by_order() {
        let softmax = checkpoint(&[("bias", &[3]), ("weight", &[2, 3])]);
        let (network, _) = super::network(&softmax, Some("2-3"), None).unwrap();
        // Stored [in, out]: what goes out first has the first column.
        assert_eq!(network.arrays()[0].values[..2], [0.0, f64::from(0.03f32)]);
        let fault = super::network(&softmax, Some("2-3-tanh-5"), None).unwrap_err().to_string();
        assert!(fault.contains("0.weight") && fault.contains("there are bias, weight"), "{fault}");
    }
}
