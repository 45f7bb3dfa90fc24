//! Exports what a viewer shows as a single file that needs no server.
//!
//! The page is built from `web/viewer/export` (`cargo xtask web`). It contains answers of the
//! [`Viewer`], and looks them up instead of asking a server.

mod ladder;

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use hinton::Progress;
use hinton_render::base64;
use serde_json::{Value, json};

use crate::placed::Placed;
use crate::{Refusal, Viewer};
use ladder::chosen;

/// The built page with marks where title and data go.
const TEMPLATE: &str = include_str!("../../assets/export.html");
/// The default size of the data in an exported page, in bytes.
pub const BUDGET: u64 = 1_000_000;
/// Most steps of a run that go into a page; of more some are chosen evenly.
const MOST_STEPS: usize = 64;
/// The window in which the whole map is shown at first.
const WINDOW: (f64, f64) = (760.0, 700.0);
/// Tiles of a question.
const BATCH: usize = 64;
/// Parts of the budget: for statistics of all tensors, for those of each, for colours, for the map.
const SHARES: [f64; 4] = [0.12, 0.15, 0.2, 0.6];
/// About how many bytes, packed, the statistics of a tensor take in the list and on their own, and the
/// colours of a group.
const PACKED: [u64; 3] = [200, 2_000, 7_000];
/// How often a page that is too large or much too small is made again.
const TRIES: usize = 4;

/// An exported page.
pub struct Exported {
    /// The bytes of the file: HTML.
    pub page: Vec<u8>,
    /// How much of the data it contains, in one sentence.
    pub note: String,
}

impl Viewer {
    /// Exports what this viewer shows as a page with about `budget` bytes of data. Every tensor is
    /// read completely, so nothing in the page is based on a sample.
    ///
    /// # Errors
    /// Returns an error if the map alone needs more than the budget, values cannot be read, or the
    /// work was cancelled.
    pub fn export(&self, budget: u64, progress: &dyn Progress) -> Result<Exported, Refusal> {
        let book = Book::of(self, budget, progress)?;
        let mut room = budget;
        let mut best: Option<(Vec<u8>, String)> = None;
        for _ in 0..TRIES {
            let (packed, note, is_whole) = book.packed(room, progress)?;
            let size = packed.len() as u64 * 4 / 3;
            if size > budget {
                room = (room as f64 * 0.95 * budget as f64 / size as f64) as u64;
                continue;
            }
            let is_larger = best.as_ref().is_none_or(|(best, _)| best.len() < packed.len());
            if is_larger {
                best = Some((packed, note));
            }
            // Values that repeat take less than was thought.
            if is_whole || size as f64 > 0.8 * budget as f64 {
                break;
            }
            room = (room as f64 * (0.92 * budget as f64 / size.max(1) as f64).min(8.0)) as u64;
        }
        let Some((packed, note)) = best else {
            let least = book.packed(0, progress)?.0.len() as u64 * 4 / 3;
            let message = format!(
                "budget: the map of {} tensors alone takes about {least} bytes",
                book.placed.len()
            );
            return Err(Refusal::question(message));
        };
        Ok(Exported { page: page(book.title(), &packed), note })
    }
}

/// The page with its data.
fn page(title: &str, packed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(TEMPLATE.len() + packed.len() * 4 / 3 + 64);
    let mut rest = TEMPLATE;
    while let Some(start) = rest.find("{{hinton:") {
        out.extend_from_slice(&rest.as_bytes()[..start]);
        let end = rest[start..].find("}}").map_or(rest.len(), |end| start + end + 2);
        match &rest[start..end] {
            "{{hinton:title}}" => escape(&mut out, title),
            "{{hinton:data}}" => base64::push(&mut out, packed),
            other => out.extend_from_slice(other.as_bytes()),
        }
        rest = &rest[end..];
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

fn escape(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            byte => out.push(byte),
        }
    }
}

/// Everything but the cells, and what is known of them.
struct Book<'v> {
    viewer: &'v Viewer,
    catalogue: Value,
    steps: Vec<Option<u64>>,
    /// Answers by the words that the page looks them up with.
    answers: Vec<(String, Vec<u8>)>,
    placed: Vec<Placed>,
    /// The tensors of `placed`.
    tensors: Vec<usize>,
    /// What was left out besides cells.
    lacks: Vec<String>,
}

impl<'v> Book<'v> {
    fn of(viewer: &'v Viewer, budget: u64, progress: &dyn Progress) -> Result<Self, Refusal> {
        let catalogue = ask(viewer, "catalogue", "", progress)?;
        let mut book = Book {
            viewer,
            catalogue,
            steps: Vec::new(),
            answers: Vec::new(),
            placed: Vec::new(),
            tensors: Vec::new(),
            lacks: Vec::new(),
        };
        book.choose_steps();
        book.place();
        let room = |share: usize| (budget as f64 * SHARES[share]) as u64;
        book.statistics(room(0), room(1), progress)?;
        book.colours(room(2), progress)?;
        let series = viewer.answer("series", "", progress)?;
        book.answers.push(("series".to_owned(), series.bytes));
        Ok(book)
    }

    fn title(&self) -> &str {
        self.catalogue["title"].as_str().unwrap_or("hinton")
    }

    /// The steps of all sources, evenly fewer where they are too many.
    fn choose_steps(&mut self) {
        let mut all: Vec<u64> = Vec::new();
        for source in array(&self.catalogue["sources"]) {
            all.extend(array(&source["steps"]).iter().filter_map(|step| step["number"].as_u64()));
        }
        if all.is_empty() {
            self.steps = vec![None];
            return;
        }
        let last = all.len() - 1;
        let count = all.len().min(MOST_STEPS);
        let index = |place: usize| if count > 1 { place * last / (count - 1) } else { last };
        let kept: Vec<u64> = (0..count).map(|place| all[index(place)]).collect();
        if kept.len() < all.len() {
            self.lacks.push(format!("{} of {} steps", kept.len(), all.len()));
        }
        if let Some(sources) = self.catalogue["sources"].as_array_mut() {
            for source in sources {
                source["live"] = json!(false);
                if let Some(steps) = source["steps"].as_array_mut() {
                    steps.retain(|step| step["number"].as_u64().is_some_and(|n| kept.contains(&n)));
                }
            }
        }
        self.steps = kept.into_iter().map(Some).collect();
    }

    /// The tensors that can be drawn, with those that are made of them in their place.
    fn place(&mut self) {
        let mut places: Vec<(usize, f64, f64)> = Vec::new();
        for tile in array(&self.catalogue["layout"]["tiles"]) {
            let number = |name: &str| tile[name].as_f64().unwrap_or(1.0);
            let id = tile["tensor"].as_u64().unwrap_or_default() as usize;
            places.push((id, number("w"), number("h")));
        }
        let size: std::collections::BTreeMap<usize, (f64, f64)> =
            places.iter().map(|&(id, w, h)| (id, (w, h))).collect();
        for pair in array(&self.catalogue["pairs"]) {
            let id = |name: &str| pair[name].as_u64().unwrap_or_default() as usize;
            let Some(&(w, h)) = size.get(&id("a")) else { continue };
            for made in [id("b"), id("difference")] {
                if !size.contains_key(&made) {
                    places.push((made, w, h));
                }
            }
        }
        for (id, w, h) in places {
            let tensor = &self.catalogue["tensors"][id];
            let extent = |name: &str| tensor[name].as_u64().unwrap_or_default() as usize;
            let (rows, cols) = (extent("rows"), extent("cols"));
            if rows > 0 && cols > 0 && tensor["skipped"].is_null() {
                self.placed.push(Placed { rows, cols, w, h });
                self.tensors.push(id);
            }
        }
    }

    /// Statistics of every step; and those of each tensor, of the last step.
    fn statistics(
        &mut self,
        room: u64,
        room_of_each: u64,
        progress: &dyn Progress,
    ) -> Result<(), Refusal> {
        let count = array(&self.catalogue["tensors"]).len() as u64;
        let has_rows = count * PACKED[0] * self.steps.len() as u64 <= room;
        if !has_rows {
            self.lacks.push("no statistics in the list".to_owned());
        }
        for &step in &self.steps {
            let query = step.map_or(String::new(), |step| format!("s={step}"));
            ask(self.viewer, "statistics", &query, progress)?;
            while self.viewer.work_ahead(progress) {}
            let mut all = ask(self.viewer, "statistics", &query, progress)?;
            if all["done"] != all["of"] {
                return Err(Refusal::Work("the work was stopped".to_owned()));
            }
            if !has_rows {
                all["rows"] = json!([]);
            }
            self.answers.push((format!("statistics {}", word(step)), all.to_string().into()));
        }
        let last = self.steps.last().copied().flatten();
        let mut largest: Vec<usize> = (0..self.tensors.len()).collect();
        let values = |&at: &usize| self.placed[at].rows.saturating_mul(self.placed[at].cols);
        largest.sort_by_key(|at| std::cmp::Reverse(values(at)));
        for at in largest.into_iter().take((room_of_each / PACKED[1]) as usize) {
            let id = self.tensors[at];
            let step = last.map_or(String::new(), |step| format!("s={step}&"));
            // What cannot be read has none.
            if let Ok(stats) = self.viewer.answer("stats", &format!("{step}t={id}"), progress) {
                self.answers.push((format!("stats {id}"), stats.bytes));
            }
        }
        Ok(())
    }

    /// Colours of light and dark, of the groups that there is room for.
    fn colours(&mut self, room: u64, progress: &dyn Progress) -> Result<(), Refusal> {
        let groups = self.catalogue["groups"].as_u64().unwrap_or(1);
        let kept = (room / (2 * PACKED[2])).clamp(1, BATCH as u64).min(groups);
        if kept < groups {
            self.lacks.push("some vectors in the range of the matrices".to_owned());
        }
        let names: Vec<String> = (0..kept).map(|group| format!("g{group}")).collect();
        let last = self.steps.last().copied().flatten();
        let step = last.map_or(String::new(), |step| format!("s={step}&"));
        for (theme, dark) in [("light", 0), ("dark", 1)] {
            let map = self.catalogue["defaultMap"][theme].as_str().unwrap_or("auto");
            let query = format!("{step}t={}&map={map}&dark={dark}", names.join(","));
            let found = ask(self.viewer, "colours", &query, progress)?;
            let list = match &found["list"] {
                Value::Array(list) => list.clone(),
                _ => vec![found],
            };
            self.answers.push((format!("colours {dark}"), json!(list).to_string().into()));
        }
        Ok(())
    }

    /// All of it with cells of about this many bytes, packed; what it holds; and whether that is all.
    fn packed(
        &self,
        room: u64,
        progress: &dyn Progress,
    ) -> Result<(Vec<u8>, String, bool), Refusal> {
        let answers: u64 = self.answers.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        // Text packs to about a third, cells hardly; the page writes three bytes as four letters.
        let cells = (room * 3 / 4).saturating_sub(answers / 3);
        let layout = &self.catalogue["layout"];
        let extent = |name: &str| layout[name].as_f64().unwrap_or(1.0).max(1.0);
        let zoom = (WINDOW.0 / extent("width")).min(WINDOW.1 / extent("height"));
        let ladders = chosen(&self.placed, zoom, cells, self.steps.len() as u64);
        let whole = ladders.iter().filter(|ladder| ladder.first() == Some(&(0, 0))).count();
        let is_whole = whole == ladders.len();
        let mut words = vec![match is_whole {
            true => "every value, rounded to 16 bits".to_owned(),
            false => format!(
                "{whole} of {} tensors to the last value, the others as coarser cells",
                ladders.len()
            ),
        }];
        words.extend(self.lacks.iter().cloned());
        let note = format!("this page holds {}; the viewer shows all", words.join(", "));
        let mut catalogue = self.catalogue.clone();
        catalogue["exported"] = json!({ "note": note });
        for (&tensor, ladder) in self.tensors.iter().zip(&ladders) {
            catalogue["tensors"][tensor]["levels"] = json!(ladder);
        }
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
        let mut put = |key: &str, bytes: &[u8]| {
            let lengths = [key.len() as u32, bytes.len() as u32].map(u32::to_le_bytes);
            let parts: [&[u8]; 4] = [&lengths[0], &lengths[1], key.as_bytes(), bytes];
            parts.iter().try_for_each(|part| packer.write_all(part))
        };
        let failed = |error: std::io::Error| Refusal::Work(error.to_string());
        put("catalogue", catalogue.to_string().as_bytes()).map_err(failed)?;
        for (key, bytes) in &self.answers {
            put(key, bytes).map_err(failed)?;
        }
        for &step in &self.steps {
            let mut names = Vec::new();
            for ((&tensor, ladder), placed) in self.tensors.iter().zip(&ladders).zip(&self.placed) {
                let tiling = hinton_tensor::Tiling::new(placed.rows, placed.cols);
                for &(rows, cols) in ladder {
                    let (down, across) = tiling.tiles((rows, cols));
                    let each = (0..down).flat_map(|row| (0..across).map(move |col| (row, col)));
                    names.extend(
                        each.map(|(row, col)| format!("{tensor}.r.{rows}:{cols}.{row}.{col}")),
                    );
                }
            }
            for names in names.chunks(BATCH) {
                let s = step.map_or(String::new(), |step| format!("s={step}&"));
                let query = format!("{s}q={}", names.join(","));
                let body = self.viewer.answer("tiles", &query, progress)?.bytes;
                let mut rest = body.as_slice();
                for name in names {
                    let tile = first_tile(&mut rest);
                    if let Some(tile) = tile {
                        put(&format!("{} {name}", word(step)), tile).map_err(failed)?;
                    }
                }
            }
        }
        let packed = packer.finish().map_err(failed)?;
        Ok((packed, note, is_whole))
    }
}

/// Takes the first tile off a body of tiles; none where it could not be read.
fn first_tile<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let mut number = || {
        let (bytes, after) = rest.split_first_chunk::<4>()?;
        *rest = after;
        Some(u32::from_le_bytes(*bytes) as usize)
    };
    match number()? {
        0 => {
            let length = number()?.min(rest.len());
            *rest = &rest[length..];
            None
        }
        length => {
            let (tile, after) = rest.split_at_checked(length)?;
            *rest = after;
            Some(tile)
        }
    }
}

fn word(step: Option<u64>) -> String {
    step.map_or("-".to_owned(), |step| step.to_string())
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn ask(
    viewer: &Viewer,
    route: &str,
    query: &str,
    progress: &dyn Progress,
) -> Result<Value, Refusal> {
    let answer = viewer.answer(route, query, progress)?;
    serde_json::from_slice(&answer.bytes).map_err(|error| Refusal::Work(error.to_string()))
}
