//! Core ML: a model as protocol buffers, with the weights of each layer of its networks.
//!
//! Layout: <https://apple.github.io/coremltools/mlmodel/index.html>.

mod bits;
mod constexpr;
mod layers;
mod program;
mod weights;

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::Tensor;

use self::layers::{LAYERS, Weight};
use self::weights::Weights;
use super::FormatRow;
use super::beside::Beside;
use super::notes::{Skipped, distinct};
use crate::container::protobuf::{Field, Message, Sketch, Wire, sketch, sketch_head};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "coreml",
    about: "a neural network or ML program for Core ML, by Apple",
    help: "Read: the weights of every layer of a neural network (NeuralNetwork, -Classifier, \
           -Regressor), of the networks in branches and loops, and of those in a pipeline; f32, f16, \
           i8, and codes of 1 to 8 bits. A weight is named LAYER.FIELD and has the shape that the \
           layer's parameters give it; where they do not tell, it is a list. Quantised weights are \
           listed as their codes, and once more as NAME.dequantised, f32, by scale and bias or by \
           lookup table. Of an ML program (.mlpackage, the folder) the constants in weights/ and those \
           of floats in the model; compressed weights (constexpr_: affine, block-wise, tables, sparse) \
           as stored, and once more by the name of their output, f32. Classic models (trees, support vectors) are not read. \
           Layout: Model.proto, NeuralNetwork.proto, MIL.proto and StorageFormat.hpp of coremltools",
    quantised: "codes of 1 to 8 bits, tables, sparse weights: as stored and dequantised",
    extensions: &["mlmodel"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    match sketch_head(head, ROW.extensions) {
        Some(fields) if is_model(&fields) => Sniff::Likely,
        _ => Sniff::No,
    }
}

/// There is no magic number: a version, a description that begins with the name of an input, and
/// one model.
fn is_model(fields: &[Sketch<'_>]) -> bool {
    let [version, description, rest @ ..] = fields else { return false };
    let model = |field: &Sketch<'_>| {
        (field.number == 10 && field.kind == 0) || (field.number >= 200 && field.kind == 2)
    };
    let input = sketch(description.content, None).unwrap_or_default();
    let named = input.first().is_some_and(|input| {
        let begins = sketch(input.content, Some(input.integer)).unwrap_or_default();
        input.number == 1 && begins.first().is_some_and(|name| name.number == 1 && name.is_text())
    });
    (version.number, version.kind) == (1, 0)
        && version.integer < 100
        && (description.number, description.kind) == (2, 2)
        && named
        && rest.iter().all(model)
}

/// Fields of `Model` that are a network, and those that are a list of models.
const NETWORKS: [u64; 3] = [303, 403, 500];
const PIPELINES: [u64; 3] = [200, 201, 202];

struct Reader<'a> {
    wire: Wire,
    limits: &'a Limits,
    file: Arc<str>,
    tensors: Vec<Tensor>,
    skipped: Skipped,
    metadata: Vec<(String, String)>,
    layers: u64,
    networks: u64,
    beside: Beside<'a>,
    /// Constants of an ML program by their names: what operations may be given.
    made: BTreeMap<String, Tensor>,
    /// Values of an ML program that are settings of its operations.
    settings: u64,
    /// The model's kind, where it is not supported.
    other: Option<u64>,
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut reader = Reader {
        wire: Wire::new(input.data.clone(), limits),
        limits,
        file: input.name.as_str().into(),
        tensors: Vec::new(),
        skipped: Skipped::default(),
        metadata: Vec::new(),
        layers: 0,
        networks: 0,
        beside: Beside::new(input),
        made: BTreeMap::new(),
        settings: 0,
        other: None,
    };
    reader.model(reader.wire.root(), "")?;
    if reader.networks == 0 {
        return Err(match reader.other {
            Some(number) => Error::new(
                ErrorKind::Unsupported,
                format!(
                    "it holds no neural network and no ML program, but a model of kind {number}"
                ),
            ),
            None => Error::malformed("it holds no model")
                .cure("the file is cut or no model of Core ML: get it again"),
        });
    }
    reader.metadata.push(("layers".to_owned(), reader.layers.to_string()));
    if reader.settings > 0 {
        let count = reader.settings.to_string();
        reader.metadata.push(("settings of operations, not listed".to_owned(), count));
    }
    let mut warnings = reader.skipped.warnings();
    distinct(&mut reader.tensors, &mut warnings);
    let mut files = vec![input.name.clone()];
    files.extend(reader.beside.files());
    Ok(Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata: reader.metadata,
        tensors: reader.tensors,
        files,
        warnings,
    })
}

impl Reader<'_> {
    /// `Model`.
    fn model(&mut self, message: Message, prefix: &str) -> Result<(), Error> {
        for field in self.fields(message)? {
            match field.number {
                1 if prefix.is_empty() => {
                    let version = field.integer()?.to_string();
                    self.metadata.push(("specification".to_owned(), version));
                }
                2 if prefix.is_empty() => self.description(&field)?,
                number if NETWORKS.contains(&number) => {
                    let network = self.wire.enter(&field)?;
                    self.network(network, prefix)?;
                }
                number if PIPELINES.contains(&number) => self.pipeline(&field, prefix)?,
                502 => {
                    let program = self.wire.enter(&field)?;
                    self.program(program, prefix)?;
                }
                number if number >= 200 => self.other = Some(number),
                _ => {}
            }
        }
        Ok(())
    }

    fn fields(&self, message: Message) -> Result<Vec<Field>, Error> {
        self.wire.fields(message).collect()
    }

    /// The texts of `Metadata` in a `ModelDescription`.
    fn description(&mut self, field: &Field) -> Result<(), Error> {
        for field in self.fields(self.wire.enter(field)?)? {
            if field.number != 100 {
                continue;
            }
            for field in self.fields(self.wire.enter(&field)?)? {
                let key = match field.number {
                    1 => "description",
                    2 => "version",
                    3 => "author",
                    4 => "license",
                    _ => continue,
                };
                let text = self.wire.text(&field)?;
                self.metadata.push((key.to_owned(), text));
            }
        }
        Ok(())
    }

    /// `Pipeline`, or one of the messages that hold one.
    fn pipeline(&mut self, field: &Field, prefix: &str) -> Result<(), Error> {
        let mut message = self.wire.enter(field)?;
        if field.number != 202 {
            let inner = self.fields(message)?;
            let Some(pipeline) = inner.iter().find(|field| field.number == 1) else {
                return Ok(());
            };
            message = self.wire.enter(pipeline)?;
        }
        let fields = self.fields(message)?;
        let mut names = Vec::new();
        for field in fields.iter().filter(|field| field.number == 2) {
            names.push(self.wire.text(field)?);
        }
        for (index, field) in fields.iter().filter(|field| field.number == 1).enumerate() {
            let name = names.get(index).cloned().unwrap_or_else(|| format!("model.{index}"));
            let model = self.wire.enter(field)?;
            self.model(model, &format!("{prefix}{name}/"))?;
        }
        Ok(())
    }

    /// `NeuralNetwork` and its like.
    fn network(&mut self, message: Message, prefix: &str) -> Result<(), Error> {
        self.networks += 1;
        for field in self.wire.fields(message).collect::<Result<Vec<_>, _>>()? {
            if field.number == 1 {
                self.layer(&field, prefix)?;
            }
        }
        Ok(())
    }

    /// `NeuralNetworkLayer`.
    fn layer(&mut self, field: &Field, prefix: &str) -> Result<(), Error> {
        self.layers += 1;
        let fields = self.fields(self.wire.enter(field)?)?;
        let mut name = String::new();
        for field in fields.iter().filter(|field| field.number == 1) {
            name = self.wire.text(field)?;
        }
        let name = format!("{prefix}{name}");
        for field in &fields {
            // Branch and loop: networks of their own.
            let inner: &[(u64, &str)] = match field.number {
                605 => &[(1, "ifBranch"), (2, "elseBranch")],
                615 => &[(3, "conditionNetwork"), (4, "bodyNetwork")],
                _ => &[],
            };
            if !inner.is_empty() {
                for part in self.fields(self.wire.enter(field)?)? {
                    if let Some((_, word)) = inner.iter().find(|(number, _)| *number == part.number)
                    {
                        let network = self.wire.enter(&part)?;
                        self.network(network, &format!("{name}/{word}/"))?;
                    }
                }
            }
            if let Some(layer) = LAYERS.iter().find(|layer| layer.number == field.number) {
                let message = self.wire.enter(field)?;
                self.weights(message, layer.weights, &name, layer)?;
            }
        }
        Ok(())
    }

    /// The weights of a layer's parameters, and of the messages among them.
    fn weights(
        &mut self,
        message: Message,
        weights: &[Weight],
        name: &str,
        layer: &layers::Layer,
    ) -> Result<(), Error> {
        let fields = self.fields(message)?;
        for field in &fields {
            let Some(weight) = weights.iter().find(|weight| weight.number == field.number) else {
                continue;
            };
            // Only what repeats needs a number of its own.
            let same = fields.iter().filter(|other| other.number == field.number);
            let before = same.clone().filter(|other| other.at < field.at).count();
            let name = match same.count() {
                1 => format!("{name}.{}", weight.name),
                _ => format!("{name}.{}.{before}", weight.name),
            };
            let inner = self.wire.enter(field)?;
            if !weight.inside.is_empty() {
                self.weights(inner, weight.inside, &name, layer)?;
                continue;
            }
            let shape = (layer.shape)(&self.wire, &fields, weight.name, self.limits)?;
            self.keep(inner, &name, shape)?;
        }
        Ok(())
    }

    fn keep(
        &mut self,
        message: Message,
        name: &str,
        shape: Option<Vec<usize>>,
    ) -> Result<(), Error> {
        let named = |error: Error| error.for_tensor(name).at_byte(message.start());
        let weights = Weights::read(&self.wire, message).map_err(named)?;
        match weights.tensors(&self.wire, name, &self.file, shape, self.limits).map_err(named)? {
            Ok(tensors) => self.tensors.extend(tensors),
            Err(why) => self.skipped.add(name, why),
        }
        if self.tensors.len() > self.limits.tensors {
            let message = format!("it has more tensors than {}", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        Ok(())
    }
}
