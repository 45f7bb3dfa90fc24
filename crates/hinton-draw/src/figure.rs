//! Figures: several charts in one picture.

use std::str::FromStr;

use hinton_chart::{
    ChartRow, Panel, Sheet, SheetPart, Span, charts, letters, share_cells, short_count,
};
use hinton_picture::Picture;
use hinton_picture::fonts::noted;
use hinton_tensor::{Summary, Work};
use hinton_weights::{Error, Selected};

use crate::DrawRequest;
use crate::arrange::{Arrangement, arrange};
use crate::draw::{options_of, panels_of};

/// Most panels of a figure.
const MOST: usize = 48;
/// Narrowest panel that stands beside another, points at the designed size of type.
const NARROWEST: f64 = 150.0;
/// Panels share one scale by themselves where the largest of one are at most this many times those of another.
const ALIKE: f64 = 4.0;

/// Whether the panels of a figure share one scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PanelScale {
    /// They share one if all have the same chart and their values are of similar size.
    #[default]
    Fitting,
    /// All share one scale.
    Shared,
    /// Each has its own scale.
    Own,
}

impl FromStr for PanelScale {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" | "auto" => Ok(PanelScale::Fitting),
            "shared" => Ok(PanelScale::Shared),
            "own" => Ok(PanelScale::Own),
            _ => Err(Error::request(
                format!("`panels` {text:?}: expected shared or own, or nothing"),
                "`panels=shared` gives all panels one scale, `panels=own` each its own",
            )),
        }
    }
}

/// Draws several panels as one picture: each group of tensors as it would be drawn by itself, side
/// by side, with letters above.
///
/// Heat maps (or Hinton diagrams) with values of similar size share one scale and one legend; a
/// note says whether they do.
///
/// # Errors
/// Returns the errors of [`draw`](crate::draw()); and an error if there are too many panels.
pub fn draw_panels(groups: &[Vec<Selected>], request: &DrawRequest) -> Result<Picture, Error> {
    draw_panels_with(groups, request, Work::on_all())
}

/// As [`draw_panels`], with this number of threads, reporting to a
/// [`Progress`](hinton_tensor::Progress), which may cancel the work.
///
/// # Errors
/// Returns the errors of [`draw_panels`], and an error if the work was cancelled.
pub fn draw_panels_with(
    groups: &[Vec<Selected>],
    request: &DrawRequest,
    work: Work<'_>,
) -> Result<Picture, Error> {
    if groups.len() > MOST {
        let message = format!("`panels`: {} panels are more than {MOST}", groups.len());
        return Err(Error::request(message, "choose some of them with -t"));
    }
    let options = &request.options;
    let sheet = Sheet::new(options);
    let columns = columns(groups.len(), sheet.whole(), options.columns);
    let width = sheet.share(columns);
    let first = request.label_of_first().to_owned();
    let mut request = DrawRequest { given: Vec::new(), label: None, ..request.clone() };
    request.options = sheet.panel(options, width);
    request.options.columns = None;
    let arranged: Vec<Arrangement> =
        groups.iter().map(|group| arrange(group, &request)).collect::<Result<_, _>>()?;
    let mut figure = Vec::new();
    for arrangement in &arranged {
        let options = options_of(arrangement, &request.options);
        let panels = panels_of(arrangement, &options, &request, work)?;
        figure.push(panels);
    }
    let chart = shared_chart(&arranged, &figure);
    let shared = chart.and_then(|chart| share(chart, &figure, &mut request));
    let mut notes = Vec::new();
    match (&shared, chart) {
        (Some(_), _) => notes.push("all panels have one scale".to_owned()),
        (None, Some(_)) => notes.push("each panel has a scale of its own".to_owned()),
        (None, None) => {}
    }
    let mut scenes = Vec::new();
    let names: Vec<String> = figure.iter().filter_map(|panels| only_name(panels)).collect();
    let (pattern, names) = if names.len() == groups.len() { apart(&names) } else { (None, names) };
    let said = letters(&first, groups.len());
    let mut own_notes = Vec::new();
    for (index, (arrangement, panels)) in arranged.iter().zip(&figure).enumerate() {
        let letter = &said[index];
        let mut options = options_of(arrangement, &request.options);
        if pattern.is_some() {
            options.title = options.title.or_else(|| names.get(index).cloned());
        }
        let built = charts::draw(arrangement.chart, panels, &options)?;
        let all = arrangement.notes.iter().chain(&built.notes);
        own_notes.extend(all.map(|note| format!("{letter}: {note}")));
        scenes.push(hinton_chart::lettered(built.scene, letter, &options));
    }
    let mut parts = vec![SheetPart { heading: String::new(), scenes }];
    parts.extend(shared.map(|legend| SheetPart { heading: String::new(), scenes: vec![legend] }));
    let title = options.title.clone().or(pattern).unwrap_or_default();
    let mut scene = sheet.page(&title, &[], &parts, &notes);
    if title.is_empty() {
        scene.title = format!("{} panels", short_count(groups.len() as u64));
    }
    notes.extend(own_notes);
    Ok(noted(Picture { scene, notes, dpi: options.dpi }))
}

/// The name of a panel that stands alone.
fn only_name(panels: &[Panel]) -> Option<String> {
    let [panel] = panels else { return None };
    Some(panel.label())
}

/// Names without what all begin and end with, in whole parts between dots, and what that is, with a star
/// for the rest. Names that are no longer without are left as they are.
fn apart(names: &[String]) -> (Option<String>, Vec<String>) {
    let split: Vec<Vec<&str>> = names.iter().map(|name| name.split('.').collect()).collect();
    let Some(first) = split.first() else { return (None, Vec::new()) };
    let shortest = split.iter().map(Vec::len).min().unwrap_or(0);
    // One part stays of each.
    let agree = |of: &dyn Fn(&Vec<&str>, usize) -> String, most: usize| {
        let has_all = |place: &usize| split.iter().all(|one| of(one, *place) == of(first, *place));
        (0..most).take_while(has_all).count()
    };
    let most = shortest.saturating_sub(1);
    let before = agree(&|parts, place| parts[place].to_owned(), most);
    let after = agree(&|parts, place| parts[parts.len() - 1 - place].to_owned(), most - before);
    let is_one = names.iter().all(|name| *name == names[0]);
    if is_one || before + after == 0 {
        return (None, names.to_vec());
    }
    let kept = |parts: &Vec<&str>| parts[before..parts.len() - after].join(".");
    let around = [&first[..before], &["*"], &first[first.len() - after..]].concat();
    (Some(around.join(".")), split.iter().map(kept).collect())
}

/// Panels side by side: as asked, or so many that each can be read, in rows of one length.
fn columns(count: usize, width: f64, asked: Option<usize>) -> usize {
    if let Some(asked) = asked {
        return asked.clamp(1, count.max(1));
    }
    let most = ((width / NARROWEST) as usize).clamp(1, count.max(1));
    let rows = count.div_ceil(most).max(1);
    count.div_ceil(rows).max(1)
}

/// The chart of all panels, where it is one that has a scale, each is of one matrix, and all are pictures of
/// bytes or none is.
fn shared_chart(arranged: &[Arrangement], figure: &[Vec<Panel>]) -> Option<&'static ChartRow> {
    let first = arranged.first()?.chart;
    let is_picture = |panels: &Vec<Panel>| panels.iter().all(Panel::is_picture);
    let pictures = figure.iter().filter(|panels| is_picture(panels)).count();
    let fits = arranged.len() > 1
        && first.has_legend_alone()
        && arranged.iter().all(|one| one.chart.name == first.name)
        && figure.iter().all(|panels| panels.len() == 1)
        && (pictures == 0 || pictures == figure.len());
    fits.then_some(first)
}

/// Gives the panels one scale where they may have one: the options say it, and this is its legend.
fn share(
    chart: &'static ChartRow,
    figure: &[Vec<Panel>],
    request: &mut DrawRequest,
) -> Option<hinton_scene::Scene> {
    let largest = |panel: &Panel| panel.summary.max_abs().filter(|largest| *largest > 0.0);
    let sizes: Vec<f64> = figure.iter().flatten().filter_map(largest).collect();
    let most = sizes.iter().copied().fold(0.0, f64::max);
    let least = sizes.iter().copied().fold(f64::INFINITY, f64::min);
    let is_one = match request.panels.unwrap_or_default() {
        PanelScale::Own => false,
        PanelScale::Shared => true,
        PanelScale::Fitting => most <= ALIKE * least,
    };
    if !is_one {
        return None;
    }
    let all: Vec<Panel> = figure.iter().flatten().cloned().collect();
    let options = &mut request.options;
    let span = Span::of_panels(&all, options);
    share_cells(options, span);
    if options.max_weight.is_none() {
        let mut summary = Summary::empty();
        all.iter().for_each(|panel| summary.merge(&panel.summary));
        options.max_weight = Some(charts::weight_that_fills(summary.max_abs().unwrap_or(0.0)));
    }
    let legend = charts::legend_alone(chart, &all, options)?;
    if options.legend != Some(false) {
        options.legend = Some(false);
        return Some(legend);
    }
    Some(hinton_scene::Scene { height: 0.0, items: Vec::new(), ..legend })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_what_tells_them_apart() {
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            let (pattern, kept) = apart(&names);
            (pattern.unwrap_or_default(), kept.join(" "))
        };
        let (pattern, kept) =
            of(&["layer.0.attention.query.weight", "layer.0.attention.key.weight"]);
        assert_eq!((pattern.as_str(), kept.as_str()), ("layer.0.attention.*.weight", "query key"));
        let (pattern, kept) = of(&["layer.0.fc.weight", "layer.1.fc.weight"]);
        assert_eq!((pattern.as_str(), kept.as_str()), ("layer.*.fc.weight", "0 1"));
        // One tensor of several files keeps its name, and nothing is taken from names that share nothing.
        assert_eq!(of(&["a.b", "a.b"]), (String::new(), "a.b a.b".to_owned()));
        assert_eq!(of(&["a", "b"]), (String::new(), "a b".to_owned()));
        assert_eq!(of(&["x.weight"]), (String::new(), "x.weight".to_owned()));
    }
}
