//! The whole map in one response: every tensor in as many cells as it has pixels on the map. A map
//! of tens of thousands of tensors would otherwise need hundreds of requests.

use hinton_tensor::{Tiling, Work, share_out};

use crate::map::{Layout, Tile};
use crate::placed::Placed;
use crate::query::Query;
use crate::tiles::{Name, fold_named, one};
use crate::view::Views;
use crate::{Answer, Refusal, State};

/// Of models of more values than this a sample is seen first: the map should be there at once.
const MANY_VALUES: u64 = 1 << 24;
/// Tiles that a thread makes at a time.
const PART: usize = 64;

/// The tiles of the whole map where it has `w` x `h` pixels of which `ratio` of the device are one: for
/// each its tensor and levels (u32, u8, u8, two bytes of nothing), and then as in `tiles`. Tensors that
/// are too large on the map for one tile, or cannot be read, are left out.
pub(crate) fn overview(
    state: &State,
    layout: &Layout,
    query: &Query,
    work: Work<'_>,
) -> Result<Answer, Refusal> {
    let step = query.get("s")?;
    let fold = fold_named(query.text("fold").unwrap_or("r"))?;
    let (width, height, ratio) =
        (length(query, "w")?, length(query, "h")?, length(query, "ratio")?);
    let zoom = (width / layout.width).min(height / layout.height) * ratio;
    let alone = Work { threads: 1, ..work };
    let of = (&state.sources, &*state.ahead);
    let part = |tiles: &[Tile]| -> Result<Vec<u8>, Refusal> {
        if work.progress.advance(0).is_break() {
            return Err(Refusal::Work("the work was stopped".to_owned()));
        }
        let mut bytes = Vec::new();
        for tile in tiles {
            let [rows, cols] = state.sources.entry(tile.tensor)?.matrix;
            if rows == 0 || cols == 0 {
                continue;
            }
            let levels = Placed { rows, cols, w: tile.w, h: tile.h }.levels_at(zoom);
            if Tiling::new(rows, cols).tiles(levels) != (1, 1) {
                continue;
            }
            let name = Name { tensor: tile.tensor, fold, levels, row: 0, col: 0 };
            // What cannot be read is reported when the page requests it by itself.
            let asked = (&name, &Views::default());
            let Ok(body) = one(of, step, asked, MANY_VALUES, alone) else { continue };
            bytes.extend((tile.tensor as u32).to_le_bytes());
            bytes.extend([levels.0 as u8, levels.1 as u8, 0, 0]);
            bytes.extend((body.len() as u32).to_le_bytes());
            bytes.extend(body);
        }
        Ok(bytes)
    };
    let parts = share_out(layout.tiles.chunks(PART).collect(), work.threads, part);
    Ok(Answer::binary(parts.into_iter().collect::<Result<Vec<_>, _>>()?.concat()))
}

/// A length that must be said, in pixels.
fn length(query: &Query, name: &str) -> Result<f64, Refusal> {
    let value: f64 = query.need(name)?;
    match value.is_finite() && value > 0.0 {
        true => Ok(value),
        false => Err(Refusal::question(format!("{name}= takes a length above 0"))),
    }
}
