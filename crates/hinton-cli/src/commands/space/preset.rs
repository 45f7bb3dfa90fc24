//! `--preset space-stretching`: the pictures of the notebooks.

use clap::ArgMatches;
use hinton::outputs::{make_folder, output_named, write_bytes};
use hinton::render;
use hinton::space::presets::{NETWORKS, PresetNetwork, PresetRequest, look, preset_model, title};
use hinton::space::{PointRequest, PointSource, Show, SpaceRequest, points};

use crate::failure::{Failure, note};
use crate::out;
use crate::progress::Bar;

/// The one preset there is.
pub(super) const NAME: &str = "space-stretching";

pub(super) fn run(matches: &ArgMatches, bar: &Bar) -> Result<(), Failure> {
    if let Some(network) = matches.get_one::<String>("network") {
        return Err(Failure::usage(
            format!("{network}: --preset {NAME} has networks of its own"),
            "choose among them with --networks",
        ));
    }
    let Some(folder) = super::file(matches) else {
        return Err(Failure::usage("the pictures need a folder", "add -o space/"));
    };
    let request = preset(matches)?;
    let chosen = chosen(matches)?;
    make_folder(folder)?;
    let mut inputs = Vec::new();
    for row in chosen {
        let model = preset_model(row, &request)?;
        let mut space = SpaceRequest::default();
        look(&mut space.show, row.inputs);
        let space = super::applied(matches, space)?;
        let set = points(point_request(&space)?, row.inputs)?;
        let show = Show::new_with(&model, set, space.show, super::work(matches, bar))?
            .renamed_last(&title(row));
        let mut text = format!("{}\n", title(row));
        for (heading, weights) in show.weights().iter().filter(|(_, text)| !text.is_empty()) {
            text.push_str(&format!("{heading}\n{weights}"));
        }
        out::emit(text.as_bytes())?;
        let last = show.stages().len() - 1;
        save(&show, last, folder, row.name)?;
        if !inputs.contains(&row.inputs) {
            inputs.push(row.inputs);
            save(&show, 0, folder, &format!("{}d-0-input", row.inputs))?;
        }
    }
    Ok(())
}

fn save(show: &Show, step: usize, folder: &std::path::Path, name: &str) -> Result<(), Failure> {
    let picture = show.page_of(&[step])?;
    picture.notes.iter().for_each(|text| note(text));
    let png = output_named("png")?;
    write_bytes(
        &folder.join(format!("{name}.png")),
        &render(&picture, png, &picture.render_options())?,
    )?;
    Ok(())
}

fn preset(matches: &ArgMatches) -> Result<PresetRequest, Failure> {
    let mut request = PresetRequest::default();
    if let Some(activation) = matches.get_one::<String>("activation") {
        request.activation.clone_from(activation);
    }
    match matches.get_one::<String>("weights").map(String::as_str) {
        None | Some("manual") => {}
        Some("random") => request.random = true,
        Some(other) => {
            return Err(Failure::usage(
                format!("--weights {other}: with --preset {NAME} weights are manual or random"),
                "",
            ));
        }
    }
    request.seed = super::applied(matches, SpaceRequest::default())?.network.seed;
    Ok(request)
}

fn point_request(request: &SpaceRequest) -> Result<&PointRequest, Failure> {
    match request.points.source {
        PointSource::Mesh | PointSource::Cloud => Ok(&request.points),
        _ => Err(Failure::usage(
            format!("with --preset {NAME} points are mesh or cloud"),
            "send other points through a network of your own: hinton space 2-3-tanh-2 --points …",
        )),
    }
}

fn chosen(matches: &ArgMatches) -> Result<Vec<&'static PresetNetwork>, Failure> {
    let words = matches.get_one::<String>("networks").map_or("all", String::as_str);
    let fits = |row: &PresetNetwork, word: &str| {
        word == "all"
            || row.name == word
            || row.name.strip_prefix(word).is_some_and(|rest| rest.starts_with('-'))
    };
    let mut rows = Vec::new();
    for word in words.split(',').map(str::trim) {
        let found: Vec<_> = NETWORKS.iter().filter(|row| fits(row, word)).collect();
        if found.is_empty() {
            let names: Vec<&str> = NETWORKS.iter().map(|row| row.name).collect();
            return Err(Failure::usage(
                format!("--networks {word}: there is no such network"),
                format!("there are all, 2d, 1d, {}", names.join(", ")),
            ));
        }
        rows.extend(found);
    }
    Ok(rows)
}
