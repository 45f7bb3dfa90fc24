//! `--preset space-stretching`: the pictures of the notebooks.

use clap::{ArgMatches, Command};
use hinton::space::presets::{NETWORKS, PresetNetwork, PresetRequest, look, preset_model, title};
use hinton::space::{PointRequest, PointSource, Show, points};
use hinton::{make_folder, output_named, render, write_bytes};

use super::{value, words};
use crate::failure::{Failure, note};
use crate::out;
use crate::progress::Bar;

/// The one preset there is.
const NAME: &str = "space-stretching";

pub(super) fn args(command: Command) -> Command {
    command
        .arg(
            value("preset", "NAME", "space-stretching: the pictures of the notebooks", "Network")
                .value_parser([NAME])
                .long_help(
                    "space-stretching: the networks L, L-NL, L-NL-L, L-NL-H, L-NL-H-NL, L-NL-H-NL-L over the \
                     plane (L: 2 to 3 dimensions and back, H: within 3, NL: tanh or another --activation) \
                     and L, L-NL, L-NL-L over a line, all with the same weights and no bias: --weights manual \
                     (3 on the diagonal, 6 in the third row) or random; --points mesh or cloud. A black page, \
                     viridis by the first input, one picture a network, its weights printed before it.",
                ),
        )
        .arg(
            value("networks", "WHICH", "With --preset: all, 2d, 1d, or names such as 2d-3", "Network")
                .requires("preset"),
        )
}

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
        let set = points(&point_request(matches)?, row.inputs)?;
        let mut show = words::show(matches, super::work(matches, bar))?;
        look(&mut show, row.inputs);
        words::apply(matches, &mut show)?;
        let show = Show::new(&model, set, show)?.renamed_last(&title(row));
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

fn save(show: &Show<'_>, step: usize, folder: &std::path::Path, name: &str) -> Result<(), Failure> {
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
    request.seed = matches.get_one::<u64>("seed").copied().unwrap_or(0);
    Ok(request)
}

fn point_request(matches: &ArgMatches) -> Result<PointRequest, Failure> {
    let request = words::points(matches)?;
    match request.source {
        PointSource::Mesh | PointSource::Cloud => Ok(request),
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
