//! Parses weights that are given explicitly.

use hinton_net::Network;
use hinton_weights::Error;
use serde_json::Value;

/// What a matrix looks like.
const HELP: &str = "write the step and its matrix, row by row: `weights='0=[[3,0],[0,3],[6,6]]'`, or \
                    name a file: JSON {\"0\": [[3, 0], …]} or a checkpoint with 0.weight";

/// Gives steps of a network the weights of `0=[[3,0],[0,3]]`, several parted by `;`, or of a file.
pub(crate) fn set(network: &mut Network<f64>, text: &str) -> Result<(), Error> {
    let is_written =
        text.split_once('=').is_some_and(|(_, rest)| rest.trim_start().starts_with('['));
    if !is_written {
        return set_file(network, text);
    }
    for part in text.split(';').filter(|part| !part.trim().is_empty()) {
        let (step, matrix) = part
            .split_once('=')
            .ok_or_else(|| Error::request(format!("`weights` {part:?}: no step is named"), HELP))?;
        let matrix: Value = serde_json::from_str(matrix.trim())
            .map_err(|error| Error::request(format!("`weights` {part:?}: {error}"), HELP))?;
        set_step(network, step.trim(), &matrix)?;
    }
    Ok(())
}

fn set_file(network: &mut Network<f64>, path: &str) -> Result<(), Error> {
    let checkpoint = hinton_weights::open(path)?;
    let mut found = 0;
    for step in linear_steps(network) {
        for name in ["weight", "bias"] {
            let wanted = format!("{step}.{name}");
            let tensor = checkpoint.tensors.iter().find(|tensor| {
                tensor.name() == wanted || (name == "weight" && tensor.name() == step)
            });
            if let Some(tensor) = tensor {
                network.set(&wanted, tensor.shape(), &tensor.to_f64()?)?;
                found += 1;
            }
        }
    }
    if found == 0 {
        let steps = linear_steps(network);
        return Err(Error::unfit(
            format!(
                "{path}: expected {}, found {}",
                steps.iter().map(|step| format!("{step}.weight")).collect::<Vec<_>>().join(" or "),
                checkpoint.tensors.iter().take(4).map(|t| t.name()).collect::<Vec<_>>().join(", ")
            ),
            HELP,
        ));
    }
    Ok(())
}

/// The names of the steps that are linear maps.
fn linear_steps(network: &Network<f64>) -> Vec<String> {
    let linear = network.steps().iter().filter(|step| step.layer.row().name == "linear");
    linear.map(|step| step.name.clone()).collect()
}

fn set_step(network: &mut Network<f64>, step: &str, matrix: &Value) -> Result<(), Error> {
    let linear = linear_steps(network);
    if !linear.iter().any(|name| name == step) {
        let label = network.steps().iter().find(|own| own.name == step);
        let found = label.map_or_else(
            || "there is no such step".to_owned(),
            |own| format!("it is {}, which has no matrix", own.layer.label()),
        );
        return Err(Error::request(
            format!("`weights`: step {step}: {found}; linear maps are {}", linear.join(", ")),
            HELP,
        ));
    }
    let fault = |why: String| Error::request(format!("`weights`: step {step}: {why}"), HELP);
    let rows = matrix.as_array().filter(|rows| !rows.is_empty());
    let rows = rows.ok_or_else(|| fault("expected a list of rows".to_owned()))?;
    let mut values = Vec::new();
    let mut columns = None;
    for (at, row) in rows.iter().enumerate() {
        let row = row.as_array().ok_or_else(|| fault(format!("row {at} is not a list")))?;
        if *columns.get_or_insert(row.len()) != row.len() {
            let first = columns.unwrap_or(0);
            return Err(fault(format!("row {at} has {} numbers, row 0 has {first}", row.len())));
        }
        for value in row {
            let number = value.as_f64().filter(|number| number.is_finite());
            values.push(number.ok_or_else(|| fault(format!("row {at}: {value} is not a number")))?);
        }
    }
    let shape = [rows.len(), columns.unwrap_or(0)];
    let own = network.steps().iter().find(|own| own.name == step);
    if let Some(own) = own {
        let wanted = [own.output.width(), own.input.width()];
        if wanted != shape {
            return Err(fault(format!(
                "{} expects a matrix of {} rows (out) and {} columns (in), found {} x {}",
                own.layer.label(),
                wanted[0],
                wanted[1],
                shape[0],
                shape[1]
            )));
        }
    }
    Ok(network.set(&format!("{step}.weight"), &shape, &values)?)
}

#[cfg(test)]
mod tests {
    use hinton_net::{Init, Spec};

    use super::*;

    fn network() -> Network<f64> {
        let spec = Spec::parse("2-3-tanh-2").unwrap().without_bias();
        Network::build(&spec, &Init::default(), 1).unwrap()
    }

    #[test]
    fn matrices_are_read_row_by_row() {
        let mut network = network();
        set(&mut network, "0=[[3,0],[0,3],[6,6]]; 2 = [[1,0,0],[0,1,-0.5]]").unwrap();
        let arrays = network.arrays();
        assert_eq!(arrays[0].values, [3.0, 0.0, 0.0, 3.0, 6.0, 6.0]);
        assert_eq!(arrays[1].values, [1.0, 0.0, 0.0, 0.0, 1.0, -0.5]);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let fault = |text: &str| set(&mut network(), text).unwrap_err().to_string();
        assert_eq!(
            fault("0=[[3,0],[0,3]]"),
            "`weights`: step 0: Linear Layer (2D → 3D) expects a matrix of 3 rows (out) and 2 \
             columns (in), found 2 x 2"
        );
        assert!(fault("1=[[1]]").contains("it is Tanh, which has no matrix; linear maps are 0, 2"));
        assert!(fault("7=[[1]]").contains("there is no such step"));
        assert!(fault("0=[[1,2],[3]]").contains("row 1 has 1 numbers, row 0 has 2"));
        assert!(fault("0=[[1,null]]").contains("null is not a number"));
        assert!(fault("0=[1,2]").contains("row 0 is not a list"));
        assert!(fault("0=[[1,").contains("weights"));
    }
}
