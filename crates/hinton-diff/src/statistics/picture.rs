//! Draws a comparison of statistics: the histograms of both files, overlaid.

use hinton_chart::{CHARTS, Course, Extent, Options, Panel, Sheet, SheetPart, charts};
use hinton_picture::Picture;
use hinton_picture::fonts::noted;
use hinton_tensor::{Summary, Tensor};
use hinton_weights::Error;

use super::{StatisticsDiff, StatisticsPair, words};
use crate::picture::page_title;

/// The maximum number of tensors whose histograms are shown on one page.
pub const MOST_HISTOGRAMS: usize = 8;

impl StatisticsDiff {
    /// Draws the histograms of both files, overlaid, for the [`MOST_HISTOGRAMS`] tensors that
    /// changed most; if no tensor changed, for unchanged ones. There is nothing to draw before
    /// [`read`](StatisticsDiff::read).
    ///
    /// # Errors
    /// Returns an error if no tensor of both files has a finite value, or the page is too small.
    pub fn draw(&self, options: &Options) -> Result<Picture, Error> {
        let ordered = self.by_change();
        let is_drawn = |pair: &&StatisticsPair| {
            let mut sides = pair.found.iter().flat_map(|found| &found.summaries);
            pair.found.is_some() && sides.all(|one| one.finite() > 0)
        };
        let drawn: Vec<&StatisticsPair> = ordered.into_iter().filter(is_drawn).collect();
        let differ = drawn.iter().filter(|pair| !pair.is_same()).count();
        let shown = if differ > 0 { &drawn[..differ] } else { drawn.as_slice() };
        if shown.is_empty() {
            return Err(Error::unfit(
                "there is nothing to draw: no tensor of both files has a finite value that is known",
                "",
            ));
        }
        let mut sheet = Sheet::new(options);
        let (alarm, said): (Vec<String>, Vec<String>) = self
            .summary()
            .into_iter()
            .partition(|line| words::ODD.iter().any(|odd| line.starts_with(odd)));
        sheet.set_alarm((!alarm.is_empty()).then(|| alarm.join("; ")));
        let chart = CHARTS.iter().find(|row| row.name == "histogram");
        let chart = chart.ok_or_else(|| Error::unfit("there is no chart of histograms", ""))?;
        let width = if shown.len() == 1 { sheet.whole() } else { sheet.half() };
        let mut notes = options.notes.clone();
        let mut scenes = Vec::new();
        for pair in shown.iter().take(MOST_HISTOGRAMS) {
            let mut sized = Sheet::options(options, width);
            let changed = if pair.is_changed() { " changed" } else { "" };
            sized.title = Some(format!("{} · {}{changed}", pair.label(), pair.said()));
            sized.notes.clear();
            let picture = charts::draw(chart, &pair.panels(), &sized)?;
            scenes.push(picture.scene);
        }
        if shown.len() > MOST_HISTOGRAMS {
            let (first, all) = (MOST_HISTOGRAMS, shown.len());
            notes.push(format!("the {first} of {all} tensors that changed most; -t names others"));
        }
        let parts = [SheetPart { heading: "Values of both".to_owned(), scenes }];
        let title = options.title.clone();
        let title = title.unwrap_or_else(|| page_title(&self.path_a, &self.path_b));
        let scene = sheet.page(&title, &said, &parts, &notes);
        Ok(noted(Picture { scene, notes, dpi: options.dpi }))
    }
}

impl StatisticsPair {
    /// The statistics of both, for a chart.
    fn panels(&self) -> Vec<Panel> {
        let sides = self.found.iter().flat_map(|found| &found.summaries);
        let sides = sides.zip([(&self.a, "a"), (&self.b, "b")]);
        sides.map(|(summary, (tensor, side))| panel(tensor, side, summary)).collect()
    }
}

fn panel(tensor: &Tensor, side: &str, summary: &Summary) -> Panel {
    Panel {
        name: side.to_owned(),
        part: String::new(),
        shape: tensor.shape().to_vec(),
        dtype: tensor.dtype().name(),
        orientation: String::new(),
        number: None,
        extent: Extent::new(0, 0),
        grids: Vec::new(),
        summary: summary.clone(),
        over: None,
        course: Course::None,
    }
}
