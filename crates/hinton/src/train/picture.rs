//! Draws what a network has learned.

use hinton_chart::space::SpaceOptions;
use hinton_chart::{counted, short_count};
use hinton_net::Shape;
use hinton_tensor::Work;

use super::Session;
use crate::arrange::Each;
use crate::space::{Model, PointSet, Show, ShowRequest};
use crate::text::short;
use crate::{DrawRequest, Error, Picture, Selected, draw_with, tensor_of};

/// Settings that a picture of the plane has too; with any other the weights are drawn.
const OF_PLANES: [&str; 6] = ["title", "size", "dpi", "font-size", "theme", "no-legend"];
/// Most points of the plane that are drawn; of more an even choice.
const MOST_POINTS: usize = 4000;

pub(super) fn picture(
    session: &Session,
    request: &DrawRequest,
    work: Work<'_>,
) -> Result<Picture, Error> {
    let is_plane = session.data().inputs.width() == 2 && session.data().classes.len() <= 256;
    let is_of_matrices =
        request.chart.is_some() || request.each.is_some() || request.reshape.is_some();
    let is_only_page = request.given.iter().all(|name| OF_PLANES.contains(name));
    if is_plane && is_only_page && !is_of_matrices {
        return plane(session, request, work);
    }
    weights(session, request, work)
}

/// The points of the plane, on the class that the network gives each place.
fn plane(session: &Session, request: &DrawRequest, work: Work<'_>) -> Result<Picture, Error> {
    let data = session.data();
    let count = data.len().min(MOST_POINTS);
    let which: Vec<u32> = (0..count).map(|at| (at * data.len() / count.max(1)) as u32).collect();
    let values = data.inputs.gather(&which);
    let mut set = PointSet::new(data.name.clone(), 2, values);
    let labels = which.iter().map(|&at| data.labels[at as usize]).collect();
    set.labels = Some((labels, data.classes.clone()));
    let model = Model::of_network(session.network(), title(session))?;
    let drawn = &request.options;
    let options = SpaceOptions {
        title: drawn.title.clone().unwrap_or_else(|| title(session)),
        theme: drawn.theme,
        size: drawn.size,
        dpi: drawn.dpi,
        font_size: drawn.font_size,
        legend: drawn.legend.unwrap_or(true),
        ..SpaceOptions::default()
    };
    let mut request = ShowRequest::default();
    (request.options, request.regions) = (options, Some(true));
    let mut show = Show::new_with(&model, set, request, work)?.renamed_first("");
    let of = match count < data.len() {
        true => {
            format!("{} of {} points", short_count(count as u64), short_count(data.len() as u64))
        }
        false => counted(count, "point", "points"),
    };
    let right = show.accuracy().map(|right| format!("{} % right", short(right * 100.0)));
    show.add_to_subtitle(std::iter::once(of).chain(right));
    show.add_to_subtitle(["each place in the colour of its class".to_owned()]);
    show.page_of(&[0])
}

/// The weights: of softmax regression on pictures one picture for each class.
fn weights(session: &Session, request: &DrawRequest, work: Work<'_>) -> Result<Picture, Error> {
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
    draw_with(selected, &request, work)
}

fn title(session: &Session) -> String {
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
