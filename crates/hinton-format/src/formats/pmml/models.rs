//! The numbers of each kind of model.

use std::collections::BTreeMap;

use super::table::{Array, Budget, Table, matrix, number, numbers, word};
use crate::Error;
use crate::container::xml::Element;

type Arrays = Result<Vec<Array>, Error>;

/// What reads a kind of model.
pub(super) type Read = fn(Element<'_>, &mut Budget) -> Arrays;

/// The kinds whose layout is known, by their element.
pub(super) const MODELS: &[(&str, Read)] = &[
    ("NeuralNetwork", network),
    ("RegressionModel", regression),
    ("GeneralRegressionModel", general_regression),
    ("SupportVectorMachineModel", support_vectors),
    ("ClusteringModel", clusters),
];

/// The elements that hold the numbers which the functions above read: nothing else is looked for in them.
pub(super) const READ: &[&str] = &[
    "NeuralInputs",
    "NeuralLayer",
    "RegressionTable",
    "ParamMatrix",
    "VectorDictionary",
    "SupportVectorMachine",
    "Cluster",
];

fn all<'d>(element: Element<'d>, name: &'static str) -> impl Iterator<Item = Element<'d>> {
    element.children().filter(move |child| child.name() == name)
}

/// The field that an input takes its value from, and of which value where it tells whether it has that.
fn field(element: Element<'_>) -> Option<String> {
    element.children().find_map(|child| {
        let own = child.get("field").map(|name| match child.get("value") {
            Some(value) => format!("{name}={value}"),
            None => name.into_owned(),
        });
        own.or_else(|| field(child))
    })
}

/// Layers of neurons: a row of weights for each, a column for each neuron of the layer before.
fn network(model: Element<'_>, budget: &mut Budget) -> Arrays {
    let mut arrays = Vec::new();
    let (mut before, mut titles) = (Vec::new(), Vec::new());
    for input in all(model, "NeuralInputs").flat_map(|inputs| all(inputs, "NeuralInput")) {
        let id = word(input, "id");
        titles.push(field(input).unwrap_or_else(|| id.clone()));
        before.push(id);
    }
    for (index, layer) in all(model, "NeuralLayer").enumerate() {
        let mut table = Table::with_columns(before.iter().cloned());
        let width = table.columns.len();
        let mut vectors: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let (mut ids, mut is_beyond) = (Vec::new(), false);
        for neuron in all(layer, "Neuron") {
            let id = word(neuron, "id");
            ids.push(id.clone());
            table.row(id);
            for name in ["bias", "width", "altitude"] {
                if let Some(value) = number(neuron, name)? {
                    let vector = vectors.entry(name).or_default();
                    vector.resize(ids.len() - 1, 0.0);
                    vector.push(value);
                }
            }
            for connection in all(neuron, "Con") {
                let from = word(connection, "from");
                is_beyond |= !table.knows(&from);
                let column = table.column(from);
                table.set(column, number(connection, "weight")?.unwrap_or(0.0));
            }
        }
        // Inputs that are neurons of earlier layers stand behind those of the last.
        if titles.len() == width && !is_beyond {
            table.columns = titles;
        }
        let place = format!("layers.{index}");
        let count = ids.len();
        arrays.push(table.array(format!("{place}.weight"), layer, budget)?);
        for (name, mut values) in vectors {
            values.resize(budget.take(&[count], layer)?, 0.0);
            arrays.push(Array::vector(format!("{place}.{name}"), values));
        }
        titles = ids.clone();
        before = ids;
    }
    Ok(arrays)
}

/// Tables of coefficients: one row each, a column for each predictor.
fn regression(model: Element<'_>, budget: &mut Budget) -> Arrays {
    let mut table = Table::default();
    let mut intercepts = Vec::new();
    for (index, one) in all(model, "RegressionTable").enumerate() {
        intercepts.push(number(one, "intercept")?.unwrap_or(0.0));
        table.row(
            one.get("targetCategory").map_or_else(|| index.to_string(), |name| name.into_owned()),
        );
        for predictor in one.children() {
            let name = match predictor.name() {
                "NumericPredictor" => {
                    let power = number(predictor, "exponent")?.filter(|power| *power != 1.0);
                    word(predictor, "name")
                        + &power.map(|power| format!("^{power}")).unwrap_or_default()
                }
                "CategoricalPredictor" => {
                    format!("{}={}", word(predictor, "name"), word(predictor, "value"))
                }
                "PredictorTerm" => {
                    let fields = all(predictor, "FieldRef").map(|field| word(field, "field"));
                    fields.collect::<Vec<_>>().join("*")
                }
                _ => continue,
            };
            let value = number(predictor, "coefficient")?.unwrap_or(0.0);
            let column = table.column(name);
            table.set(column, value);
        }
    }
    if intercepts.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![table.array("coefficients", model, budget)?, Array::vector("intercept", intercepts)])
}

/// Coefficients by the category that they speak for and by parameter.
fn general_regression(model: Element<'_>, budget: &mut Budget) -> Arrays {
    let label = |parameter: Element<'_>| {
        let name = word(parameter, "name");
        let label = parameter.get("label").map_or_else(|| name.clone(), |label| label.into_owned());
        (name, label)
    };
    let parameters: Vec<_> =
        all(model, "ParameterList").flat_map(|list| all(list, "Parameter")).map(label).collect();
    let mut table = Table::with_columns(parameters.iter().map(|(name, _)| name.clone()));
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for cell in all(model, "ParamMatrix").flat_map(|matrix| all(matrix, "PCell")) {
        let target = word(cell, "targetCategory");
        let row = *rows.entry(target.clone()).or_insert_with(|| {
            table.row(target);
            table.rows.len() - 1
        });
        let column = table.column(word(cell, "parameterName"));
        table.set_at(row, column, number(cell, "beta")?.unwrap_or(0.0));
    }
    if table.rows.is_empty() {
        return Ok(Vec::new());
    }
    if table.columns.len() == parameters.len() {
        table.columns = parameters.into_iter().map(|(_, label)| label).collect();
    }
    Ok(vec![table.array("coefficients", model, budget)?])
}

/// Rows that are numbers of one length as a matrix; else each by itself.
fn rows(
    name: &str,
    element: Element<'_>,
    lists: Vec<(String, Vec<f64>)>,
    columns: Vec<String>,
    budget: &mut Budget,
) -> Arrays {
    let width = lists.first().map_or(0, |(_, list)| list.len());
    if lists.iter().any(|(_, list)| list.len() != width) {
        let apart = lists.into_iter().map(|(id, list)| Array::vector(format!("{name}.{id}"), list));
        return Ok(apart.collect());
    }
    if width == 0 {
        return Ok(Vec::new());
    }
    budget.take(&[lists.len(), width], element)?;
    let (rows, lists): (Vec<String>, Vec<Vec<f64>>) = lists.into_iter().unzip();
    let shape = vec![rows.len(), width];
    Ok(vec![Array { name: name.to_owned(), shape, values: lists.concat(), rows, columns }])
}

/// The first list of numbers in an element.
fn list(element: Element<'_>, budget: &mut Budget) -> Result<Option<Vec<f64>>, Error> {
    let found = element.children().find(|child| child.name().ends_with("Array"));
    found.map_or(Ok(None), |found| numbers(found, budget))
}

/// The vectors of the dictionary, and of each machine its coefficients and which vectors they belong to.
fn support_vectors(model: Element<'_>, budget: &mut Budget) -> Arrays {
    let mut arrays = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for dictionary in all(model, "VectorDictionary") {
        let fields = all(dictionary, "VectorFields").flat_map(|fields| fields.children());
        let fields = fields.map(|field| match field.get("value") {
            Some(value) => format!("{}={value}", word(field, "field")),
            None => word(field, "field"),
        });
        let mut vectors = Vec::new();
        for instance in all(dictionary, "VectorInstance") {
            let id = word(instance, "id");
            places.insert(id.clone(), vectors.len());
            vectors.push((id, list(instance, budget)?.unwrap_or_default()));
        }
        arrays.extend(rows("vectors", dictionary, vectors, fields.collect(), budget)?);
    }
    let mut intercepts = Vec::new();
    for (index, machine) in all(model, "SupportVectorMachine").enumerate() {
        let mut values = Vec::new();
        let mut intercept = 0.0;
        for coefficients in all(machine, "Coefficients") {
            intercept = number(coefficients, "absoluteValue")?.unwrap_or(0.0);
            for one in all(coefficients, "Coefficient") {
                values.push(number(one, "value")?.unwrap_or(0.0));
            }
        }
        let used = all(machine, "SupportVectors").flat_map(|vectors| all(vectors, "SupportVector"));
        let used: Option<Vec<f64>> =
            used.map(|one| places.get(&word(one, "vectorId")).map(|index| *index as f64)).collect();
        intercepts.push(intercept);
        arrays.push(Array::vector(format!("machines.{index}.coefficients"), values));
        let used = used.filter(|used| !used.is_empty());
        arrays.extend(used.map(|used| Array::vector(format!("machines.{index}.vectors"), used)));
    }
    if !intercepts.is_empty() {
        arrays.push(Array::vector("machines.intercept", intercepts));
    }
    Ok(arrays)
}

/// The centre of each cluster.
fn clusters(model: Element<'_>, budget: &mut Budget) -> Arrays {
    let fields = all(model, "ClusteringField").map(|field| word(field, "field")).collect();
    let (mut centres, mut spreads) = (Vec::new(), Vec::new());
    for (index, cluster) in all(model, "Cluster").enumerate() {
        let name = cluster.get("name").or_else(|| cluster.get("id"));
        let name = name.map_or_else(|| index.to_string(), |name| name.into_owned());
        centres.push((name, list(cluster, budget)?.unwrap_or_default()));
        for spread in all(cluster, "Covariances").flat_map(|found| all(found, "Matrix")) {
            if let Some(array) = matrix(spread, budget)? {
                spreads.push(Array { name: format!("covariances.{index}"), ..array });
            }
        }
    }
    let mut arrays = rows("centres", model, centres, fields, budget)?;
    arrays.extend(spreads);
    Ok(arrays)
}
