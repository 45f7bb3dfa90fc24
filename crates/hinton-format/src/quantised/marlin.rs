//! Marlin: codes of four bits and scales in the order in which its kernel for GPUs reads them.
//!
//! Layout: `Layer.pack` in `marlin/__init__.py` of <https://github.com/IST-DASLab/marlin>. The matrix, inputs
//! down and outputs right, is cut into tiles of 16 × 16. Of four tiles side by side the 1024 codes are put in
//! another order and packed eight to a word, from its lowest bits on; a code stands for its number less 8.
//! Scales are put in another order 64 by 64, or 32 by 32 where a column has one. The layouts that vLLM makes of
//! GPTQ while it runs are not those of files.

use hinton_tensor::{Dtype, ReadError};

use super::parts::{Rows, Values};
use super::{Found, Weight};

const WORDS: &[Dtype] = &[Dtype::I32, Dtype::U32];
/// Rows and columns of a tile.
const TILE: usize = 16;
/// Columns of four tiles, and the words of their codes.
const COLUMNS: usize = 4 * TILE;
const CHUNK: u64 = (COLUMNS * TILE / 8) as u64;
/// The order of the eight codes of a word.
const INTERLEAVED: [usize; 8] = [0, 2, 4, 6, 1, 3, 5, 7];
/// The order of scales where each column has one: eight at these distances from each second column.
const PAIRS: [usize; 8] = [0, 1, 8, 9, 16, 17, 24, 25];

struct Marlin {
    codes: Values,
    scales: Values,
    rows: u64,
    width: u64,
    /// Rows that share a scale.
    group: u64,
    /// For each row of a tile and each of its 64 columns the place of the code among the 1024.
    places: Vec<[u16; COLUMNS]>,
    /// Where the scale of each of this many columns lies.
    scale_places: Vec<usize>,
}

/// Where the kernel has the code of each row and column of four tiles.
fn places() -> Vec<[u16; COLUMNS]> {
    let mut places = vec![[0; COLUMNS]; TILE];
    for thread in 0..32 {
        for tile in 0..4 {
            for (slot, from) in INTERLEAVED.iter().enumerate() {
                // Eight codes of a thread: four rows of one column, then of the column eight further on.
                let pair = 2 * (thread % 4);
                let row = pair + [0, 1, 8, 9][from % 4];
                let column = tile * TILE + thread / 4 + 8 * (from / 4);
                places[row][column] = (thread * 32 + tile * 8 + slot) as u16;
            }
        }
    }
    places
}

/// Where the scale of each column of a stretch lies, where a column has several or one.
fn scale_places(is_single: bool) -> Vec<usize> {
    let order: Vec<usize> = match is_single {
        true => (0..4).flat_map(|pair| PAIRS.map(|step| 2 * pair + step)).collect(),
        false => (0..8).flat_map(|first| (0..8).map(move |step| first + 8 * step)).collect(),
    };
    let mut places = vec![0; order.len()];
    order.into_iter().enumerate().for_each(|(place, column)| places[column] = place);
    places
}

impl Rows for Marlin {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn width(&self) -> u64 {
        self.width
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let line = row / TILE as u64 * (self.width / COLUMNS as u64) * CHUNK;
        let places = &self.places[(row % TILE as u64) as usize];
        let stretch = self.scale_places.len();
        let mut scales = [0.0; COLUMNS];
        let mut column = first;
        let mut rest = out;
        while !rest.is_empty() {
            let chunk = column / COLUMNS as u64;
            let start = (column % COLUMNS as u64) as usize;
            let (now, later) = rest.split_at_mut(rest.len().min(COLUMNS - start));
            let words = self.codes.u32(line + chunk * CHUNK, CHUNK as usize)?;
            let of_group = row / self.group * self.width + chunk * COLUMNS as u64;
            self.scales.f32(of_group, &mut scales)?;
            for (column, out) in (start..).zip(now.iter_mut()) {
                let place = usize::from(places[column]);
                let code = words[place / 8] >> (4 * (place % 8)) & 15;
                let scale = column / stretch * stretch + self.scale_places[column % stretch];
                *out = (code as f32 - 8.0) * scales[scale];
            }
            column += now.len() as u64;
            rest = later;
        }
        Ok(())
    }
}

/// The matrix of a `B` beside its `s`.
pub(super) fn find(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let Some(scales) = found.part(".s").filter(|scales| scales.dtype() == Dtype::F16) else {
        return Ok(None);
    };
    let (&[tiles, words], &[count, width]) = (found.tensor.shape(), scales.shape()) else {
        return Ok(None);
    };
    let fits = width > 0 && width.is_multiple_of(COLUMNS) && width.checked_mul(2) == Some(words);
    let rows = tiles.checked_mul(TILE).filter(|rows| *rows > 0 && fits);
    let Some(rows) = rows.filter(|_| WORDS.contains(&found.tensor.dtype())) else {
        return Ok(None);
    };
    if count == 0 || !rows.is_multiple_of(count) {
        return Err(format!("{count} groups of scales do not fit {rows} rows"));
    }
    let group = rows / count;
    let marlin = Marlin {
        codes: Values::fitting(Some(found.tensor), "codes", &[tiles, words], WORDS)?,
        scales: Values::fitting(Some(scales), "scales", &[count, width], &[Dtype::F16])?,
        rows: rows as u64,
        width: width as u64,
        group: group as u64,
        places: places(),
        scale_places: scale_places(count == 1),
    };
    Ok(Some(Weight {
        kind: "from Marlin",
        name: format!("{}.weight", found.stem),
        shape: vec![rows, width],
        turned: true,
        rows: Box::new(marlin),
        words: format!("4 bits in groups of {group}"),
        guess: None,
    }))
}
