//! What a network has learned, as a picture.

use hinton_net::Shape;

use super::Session;
use crate::arrange::Each;
use crate::{DrawRequest, Error, Picture, Selected, draw, tensor_of};

pub(super) fn picture(session: &Session<'_>, request: &DrawRequest<'_>) -> Result<Picture, Error> {
    let mut request = request.clone();
    let network = session.network();
    let arrays = network.arrays();
    let mut selected = Vec::new();
    let has_preset = request.given.contains(&"preset");
    if request.options.title.is_none() && !has_preset {
        request.options.title = Some(title(session));
    }
    match (session.is_softmax(), session.data().input, arrays.first()) {
        (true, Shape::Image { channels: 1, height, width }, Some(weight)) => {
            let (classes, pixels) = (weight.shape[0], weight.shape[1]);
            let values = hinton_net::product::transposed(&weight.values, classes, pixels);
            selected.push(Selected::from(tensor_of("weight", &[pixels, classes], &values)?));
            request.each = request.each.or(Some(Each::Column));
            if request.reshape.is_none() {
                request.reshape = Some(format!("{height}x{width}").parse()?);
            }
            if request.options.columns.is_none() && !has_preset {
                request.options.columns = Some(classes.min(5));
            }
        }
        _ => {
            for array in &arrays {
                let tensor = tensor_of(array.name.as_str(), &array.shape, &array.values)?;
                selected.push(Selected::from(tensor));
            }
        }
    }
    draw(selected, &request)
}

fn title(session: &Session<'_>) -> String {
    let model = match session.is_softmax() {
        true => "Softmax regression".to_owned(),
        false => session.network().spec(),
    };
    let (done, step) = (session.epochs_done(), session.steps());
    let when = match step == done * session.steps_per_epoch() {
        true => format!("epoch {done}"),
        false => format!("step {step}"),
    };
    format!("{model} on {}, {when}", session.data().name)
}
