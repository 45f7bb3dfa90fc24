//! PMML, the Predictive Model Markup Language: models of statistics programs and of small networks as XML.
//!
//! Layout: the specification of the Data Mining Group, version 4.4, <https://dmg.org/pmml/v4-4-1/>; versions
//! from 3 on have the same elements.

mod models;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Memory, Tensor, View};

use self::models::{MODELS, READ};
use self::table::{Array, Budget, matrix, numbers, word};
use super::FormatRow;
use super::notes::{check_path, distinct};
use crate::container::xml::{Document, Element};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "pmml",
    about: "models of the Predictive Model Markup Language (.pmml)",
    help: "Read, as f64: of a NeuralNetwork `layers.N.weight`, [neurons, inputs], and `.bias`; of a RegressionModel \
           or GeneralRegressionModel `coefficients`, a row for each table or category, and `intercept`; of a \
           SupportVectorMachineModel `vectors`, and `.coefficients` and the numbers of its `.vectors` of each machine; of \
           a ClusteringModel `centres`; in any model every Array of numbers and every Matrix, named by the elements \
           around it. A connection or cell that is not written is 0. Models in a MiningModel stand below \
           `segments.ID`. Fields and categories name columns and rows where there is one matrix. Skipped with a \
           warning: trees, rules and other models without arrays. Layout: PMML 4.4 of the Data Mining Group",
    quantised: "",
    extensions: &["pmml"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    match lookalike::text(head).and_then(lookalike::xml_root) {
        Some("PMML") => Sniff::Certain,
        _ => Sniff::No,
    }
}

/// Whether an element is a model, by the names that PMML has for them.
fn is_model(name: &str) -> bool {
    name.ends_with("Model") || matches!(name, "NeuralNetwork" | "Scorecard" | "BayesianNetwork")
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let text = input.whole("model", limits.text_bytes)?;
    let document = Document::parse(&text, limits)?;
    let root = document.root();
    if root.name() != "PMML" {
        let message = format!("expected <PMML>, found <{}>", root.name());
        return Err(Error::new(ErrorKind::Unrecognised, message).at_byte(root.at()));
    }
    let mut metadata = vec![("version".to_owned(), word(root, "version"))];
    let application = root.child("Header").and_then(|header| header.child("Application"));
    if let Some(application) = application {
        let told = format!("{} {}", word(application, "name"), word(application, "version"));
        metadata.push(("application".to_owned(), told.trim().to_owned()));
    }
    let mut reader =
        Reader { budget: Budget::new(limits), limits, arrays: Vec::new(), empty: BTreeMap::new() };
    let models: Vec<Element<'_>> = root.children().filter(|child| is_model(child.name())).collect();
    for (index, model) in models.iter().enumerate() {
        let name =
            model.get("modelName").map_or_else(|| index.to_string(), |name| name.into_owned());
        metadata.push(("model".to_owned(), format!("{} {name}", model.name())));
        let place = if models.len() > 1 { name } else { String::new() };
        reader.model(*model, &place)?;
    }
    let mut warnings: Vec<Warning> = reader.empty.iter().map(without_arrays).collect();
    if models.is_empty() {
        warnings.push(Warning::file("the file has no model, only descriptions of data"));
    }
    name_axes(&reader.arrays, &mut metadata);
    let mut tensors = Vec::new();
    for Array { name, shape, values, .. } in reader.arrays {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let (view, data) = (View::packed(&shape), Arc::new(Memory::new(bytes)));
        let file = input.name.as_str();
        tensors.push(Tensor::new(name, file, Dtype::F64, Endian::Little, view, 0, data)?);
    }
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

fn without_arrays((kind, count): (&String, &usize)) -> Warning {
    let many = if *count == 1 { "one".to_owned() } else { count.to_string() };
    let is_known = MODELS.iter().any(|(name, _)| name == kind);
    let why = if is_known {
        "without numbers"
    } else {
        "a kind of model that holds no arrays of numbers"
    };
    Warning::file(format!("skipped: {many} {kind}, {why}"))
}

/// Keeps what columns and rows are called where that is true of every matrix in the file; else the names of
/// what comes in first.
fn name_axes(arrays: &[Array], metadata: &mut Vec<(String, String)>) {
    let mut matrices = arrays.iter().filter(|array| array.shape.len() == 2);
    let Some(first) = matrices.next() else { return };
    let (mut columns, mut rows) = ("columns", "rows");
    for other in matrices {
        columns = if other.columns == first.columns { columns } else { "inputs" };
        rows = if other.rows == first.rows { rows } else { "" };
    }
    for (key, names) in [(columns, &first.columns), (rows, &first.rows)] {
        if !key.is_empty() && !names.is_empty() && names.len() <= super::csv::MOST_LABELS {
            metadata.push((key.to_owned(), serde_json::Value::from(names.clone()).to_string()));
        }
    }
}

struct Reader<'a> {
    budget: Budget,
    limits: &'a Limits,
    arrays: Vec<Array>,
    /// Kinds of models that had no arrays, and how many of each.
    empty: BTreeMap<String, usize>,
}

impl Reader<'_> {
    /// Reads a model, whose arrays stand below a place.
    fn model(&mut self, model: Element<'_>, place: &str) -> Result<(), Error> {
        let before = self.arrays.len();
        if let Some((_, read)) = MODELS.iter().find(|(name, _)| *name == model.name()) {
            for array in read(model, &mut self.budget)? {
                self.keep(place, "", array)?;
            }
        }
        let has_models = self.others(model, place, "")?;
        if self.arrays.len() == before && !has_models {
            *self.empty.entry(model.name().to_owned()).or_default() += 1;
        }
        Ok(())
    }

    fn keep(&mut self, place: &str, path: &str, array: Array) -> Result<(), Error> {
        let parts = [place, path, &array.name].into_iter().filter(|part| !part.is_empty());
        let name = parts.collect::<Vec<_>>().join(".");
        check_path(&name)?;
        if self.arrays.len() >= self.limits.tensors {
            let message = format!("more than {} arrays, the limit", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        self.arrays.push(Array { name, ..array });
        Ok(())
    }

    /// Arrays, matrices and models anywhere in an element; whether there are models.
    fn others(&mut self, element: Element<'_>, place: &str, path: &str) -> Result<bool, Error> {
        check_path(path)?;
        let mut has_models = false;
        for child in element.children() {
            let name = child.name();
            let below = || if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            match name {
                _ if path.is_empty() && READ.contains(&name) => {}
                "Matrix" => {
                    if let Some(array) = matrix(child, &mut self.budget)? {
                        let path = if path.is_empty() { name } else { path };
                        self.keep(place, path, array)?;
                    }
                }
                "Array" | "REAL-SparseArray" | "INT-SparseArray" => {
                    // Sets of values in conditions are no weights.
                    let is_condition = element.name().ends_with("Predicate");
                    if !is_condition && let Some(values) = numbers(child, &mut self.budget)? {
                        let path = if path.is_empty() { name } else { path };
                        self.keep(place, path, Array::vector("", values))?;
                    }
                }
                "Segmentation" => {
                    for (index, segment) in child.children().enumerate() {
                        let id = segment
                            .get("id")
                            .map_or_else(|| index.to_string(), |id| id.into_owned());
                        let below =
                            if place.is_empty() { String::new() } else { format!("{place}.") };
                        let below = format!("{below}segments.{id}");
                        check_path(&below)?;
                        for model in segment.children().filter(|child| is_model(child.name())) {
                            has_models = true;
                            self.model(model, &below)?;
                        }
                    }
                }
                _ if is_model(name) => {
                    has_models = true;
                    self.model(child, place)?;
                }
                _ => has_models |= self.others(child, place, &below())?,
            }
        }
        Ok(has_models)
    }
}
