//! Tiles for the page: the cells of a window, as 16-bit numbers.

use hinton_tensor::reduce::Mark;
use hinton_tensor::{Fold, Grid, Levels, TileRequest, Tiling, Window, Work, share_out, tile};

use crate::background::{Ahead, is_sampled};
use crate::half::{HAS_NAN, is_exact, upper_half};
use crate::sources::Sources;
use crate::view::Views;
use crate::{Answer, Refusal};

/// Most tiles of a request.
const MOST: usize = 256;
/// Windows of more bytes than this are read in part, and about how much of them.
const READ_WHOLE: u64 = 48 << 20;
const SAMPLE: u64 = 8 << 20;
/// Checkpoints of more values than this are too large to be read whole before anything is seen: until
/// its pyramid is there, a tile of a few cells is a sample.
const MANY_VALUES: u64 = 1 << 29;
/// How much is read of a window of such a checkpoint: at least, and for each cell.
const GLANCE: (u64, u64) = (16 << 10, 256);
/// Highest level that is understood.
const HIGHEST: u32 = 40;

/// The fold of that letter.
pub(crate) fn fold_named(letter: &str) -> Result<Fold, Refusal> {
    match letter {
        "r" => Ok(Fold::Rms),
        "m" => Ok(Fold::Mean),
        "e" => Ok(Fold::Extreme),
        "i" => Ok(Fold::Ink),
        _ => Err(Refusal::question(format!("there is no fold {letter:?}, expected r, m, e or i"))),
    }
}

/// Which tile: `ID.FOLD.LEVEL.ROW.COL`, where LEVEL is one number or `ROWS:COLUMNS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) tensor: usize,
    pub(crate) fold: Fold,
    pub(crate) levels: Levels,
    pub(crate) row: usize,
    pub(crate) col: usize,
}

impl Name {
    fn read(text: &str) -> Result<Self, Refusal> {
        let wrong = || {
            let expected = "expected TENSOR.FOLD.LEVEL.ROW.COLUMN";
            Refusal::question(format!("the tile {text:?} makes no sense, {expected}"))
        };
        let parts: Vec<&str> = text.split('.').collect();
        let [tensor, fold, level, row, col] = parts[..] else { return Err(wrong()) };
        let index = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        let level_of = |text: &str| {
            text.parse::<u32>().ok().filter(|&level| level <= HIGHEST).ok_or_else(wrong)
        };
        let levels = match level.split_once(':') {
            Some((rows, cols)) => (level_of(rows)?, level_of(cols)?),
            None => (level_of(level)?, level_of(level)?),
        };
        Ok(Name {
            tensor: index(tensor)?,
            fold: fold_named(fold)?,
            levels,
            row: index(row)?,
            col: index(col)?,
        })
    }
}

/// The tiles of a request, one behind the other; what cannot be read has a message in its place.
pub(crate) fn tiles(
    sources: &Sources,
    ahead: &Ahead,
    step: Option<u64>,
    (names, views): (&str, &Views),
    work: Work<'_>,
) -> Result<Answer, Refusal> {
    let names: Vec<Name> = names.split(',').map(Name::read).collect::<Result<_, _>>()?;
    if names.len() > MOST {
        return Err(Refusal::question(format!("more than {MOST} tiles are asked for at once")));
    }
    let alone = Work { threads: 1, ..work };
    let one = |name: Name| one((sources, ahead), step, (&name, views), MANY_VALUES, alone);
    let mut bytes = Vec::new();
    for tile in share_out(names, work.threads, one) {
        match tile {
            Ok(tile) => {
                bytes.extend((tile.len() as u32).to_le_bytes());
                bytes.extend(tile);
            }
            Err(Refusal::Question(message) | Refusal::Work(message)) => {
                bytes.extend(0u32.to_le_bytes());
                bytes.extend((message.len() as u32).to_le_bytes());
                bytes.extend(message.into_bytes());
            }
            Err(other) => return Err(other),
        }
    }
    Ok(Answer::binary(bytes))
}

/// A tile in the form that the page reads. Where there are more than `many_values` in all, it is a sample
/// until more is known.
pub(crate) fn one(
    (sources, ahead): (&Sources, &Ahead),
    step: Option<u64>,
    (name, views): (&Name, &Views),
    many_values: u64,
    work: Work<'_>,
) -> Result<Vec<u8>, Refusal> {
    let source = sources.entry(name.tensor)?.source;
    let view = views.of(name.tensor);
    // What is kept is of the usual view.
    let kept = match view {
        Some(_) => None,
        None => ahead.pyramid(sources.step(source, step)?, name.tensor),
    };
    let kept = kept.and_then(|kept| kept.tile(name.levels, name.row, name.col, name.fold));
    if let Some(grid) = kept {
        return Ok(encoded(&grid, false));
    }
    let tensor = sources.viewed(name.tensor, step, view)?;
    let &[rows, cols] = tensor.shape() else {
        return Err(Refusal::Work("the tensor is not a matrix".to_owned()));
    };
    let tiling = Tiling::new(rows, cols);
    let window = tiling.tile(name.levels, name.row, name.col).ok_or_else(|| {
        let (down, across) = tiling.tiles(name.levels);
        Refusal::question(format!("there are {down} x {across} tiles at this level"))
    })?;
    let bytes = tensor.dtype().bytes_of(window.values()).unwrap_or(u64::MAX);
    // A view is of one tensor that someone looks at; no better tile of it comes later.
    let are_many = view.is_none() && sources.elements() > many_values;
    let sample_bytes = sample_of(are_many, &window, bytes);
    let request = TileRequest { window, fold: name.fold, sample_bytes };
    Ok(encoded(&tile(&tensor, &request, work)?, view.is_some() || is_sampled(sources)))
}

/// How many bytes of a window are read; `None` for all. A map of 20,000 thumbnails shows something
/// soon only if each costs what it shows.
fn sample_of(are_many: bool, window: &Window, bytes: u64) -> Option<u64> {
    let (rows, cols) = window.cells();
    let enough = GLANCE.0.max(rows as u64 * cols as u64 * GLANCE.1);
    let most = if bytes > READ_WHOLE { SAMPLE } else { u64::MAX };
    let glance = if are_many && bytes > 2 * enough { enough } else { u64::MAX };
    Some(most.min(glance)).filter(|&bytes| bytes < u64::MAX)
}

/// A grid in the form that the page reads; whether a sample stays one, because no values are read ahead.
fn encoded(grid: &Grid, stays: bool) -> Vec<u8> {
    let second = if grid.negative.is_empty() { &grid.balance } else { &grid.negative };
    let is_single = grid.block == (1, 1);
    // The ink of a single value is the value.
    let planes = if is_single || second.is_empty() { 1 } else { 2 };
    let all = grid.shape.0 as u64 * grid.shape.1 as u64;
    let read = (grid.read.0 as u64 * grid.read.1 as u64).max(1);
    let exact = is_single && grid.values.iter().all(|&value| is_exact(value));
    let flags = u16::from(grid.is_sampled()) | u16::from(exact) << 1 | u16::from(stays) << 2;
    let mut bytes = Vec::with_capacity(12 + grid.values.len() * 2 * planes as usize);
    for number in [grid.rows as u16, grid.cols as u16, planes, flags] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend((all.div_ceil(read) as u32).to_le_bytes());
    for index in 0..grid.values.len() {
        let half = match grid.marks.get(index).copied().unwrap_or_default() {
            Mark::None if is_single => upper_half(grid.value(index) as f32),
            Mark::None => upper_half(grid.values[index]),
            Mark::Nan => HAS_NAN,
            Mark::PosInf | Mark::BothInf => upper_half(f32::INFINITY),
            Mark::NegInf => upper_half(f32::NEG_INFINITY),
        };
        bytes.extend(half.to_le_bytes());
    }
    if planes == 2 {
        bytes.extend(second.iter().flat_map(|&value| upper_half(value).to_le_bytes()));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tiles_are_read() {
        let name = Name::read("12.r.3.4.5").unwrap();
        assert_eq!(name, Name { tensor: 12, fold: Fold::Rms, levels: (3, 3), row: 4, col: 5 });
        assert_eq!(Name::read("0.e.7:1.0.0").unwrap().levels, (7, 1));
        for wrong in
            ["", "1.r.0.0", "1.x.0.0.0", "1.r.41.0.0", "1.r.0.-1.0", "1.r.0.0.0.0", "1.r.1:2:3.0.0"]
        {
            assert!(matches!(Name::read(wrong), Err(Refusal::Question(_))), "{wrong}");
        }
    }
}
