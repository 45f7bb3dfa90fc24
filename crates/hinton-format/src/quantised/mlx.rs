//! MLX: codes of 2 to 8 bits without gaps in words of 32, a scale and a bias for each group of a row.
//!
//! `mlx.core.quantize`: the value is scale times code plus bias. In its modes mxfp4, mxfp8 and nvfp4 the
//! scales are bytes and there is no bias.

use hinton_tensor::examine::Odd;
use hinton_tensor::{Dtype, ReadError};

use super::microscaled::{self, Scale};
use super::parts::{Rows, Values, code, odd_scale};
use super::{Found, Weight, scaled};

const FLOATS: &[Dtype] = &[Dtype::F16, Dtype::Bf16, Dtype::F32];
const BITS: [u64; 6] = [2, 3, 4, 5, 6, 8];
/// Group sizes of MLX, its default first.
const GROUPS: [u64; 3] = [64, 32, 128];

struct Affine {
    codes: Values,
    scales: Values,
    biases: Values,
    rows: u64,
    width: u64,
    bits: u32,
    group: u64,
}

impl Rows for Affine {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn width(&self) -> u64 {
        self.width
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let bits = u64::from(self.bits);
        let words = self.width * bits / 32;
        let groups = self.width / self.group;
        let mut at = first;
        let mut out = out;
        while !out.is_empty() {
            let group = at / self.group;
            let left = ((group + 1) * self.group - at) as usize;
            let (now, later) = out.split_at_mut(left.min(out.len()));
            let scale = self.scales.one(row * groups + group)?;
            let bias = self.biases.one(row * groups + group)?;
            // A group fills whole words: 32 codes of any width do.
            let begin = group * self.group;
            let from = row * words + begin * bits / 32;
            let codes = self.codes.u32(from, (self.group * bits / 32) as usize)?;
            for (index, out) in now.iter_mut().enumerate() {
                let stored = code(&codes, self.bits, at - begin + index as u64);
                *out = scale * stored as f32 + bias;
            }
            at += now.len() as u64;
            out = later;
        }
        Ok(())
    }

    fn blocks(&self) -> u64 {
        self.rows * (self.width / self.group)
    }

    fn turns(&self) -> u64 {
        self.rows
    }

    fn look(&self, row: u64, tell: &mut dyn FnMut(u64, Odd)) -> Result<(), ReadError> {
        let groups = (self.width / self.group) as usize;
        let (mut scales, mut biases) = (vec![0.0; groups], vec![0.0; groups]);
        self.scales.f32(row * groups as u64, &mut scales)?;
        self.biases.f32(row * groups as u64, &mut biases)?;
        let each = (self.group * u64::from(self.bits) / 32) as usize;
        let codes = self.codes.u32(row * (groups * each) as u64, groups * each)?;
        let end = (1 << self.bits) - 1;
        for (at, (scale, bias)) in scales.into_iter().zip(biases).enumerate() {
            let own = &codes[at * each..(at + 1) * each];
            let is_full = || (0..self.group).all(|k| [0, end].contains(&code(own, self.bits, k)));
            let odd = match (odd_scale(scale), odd_scale(bias)) {
                (Some(Odd::Broken), _) | (_, Some(Odd::Broken)) => Some(Odd::Broken),
                // A bias alone is a constant.
                (Some(odd), bias) => bias.map(|_| odd),
                (None, _) => is_full().then_some(Odd::Full),
            };
            if let Some(odd) = odd {
                tell(row * self.width + at as u64 * self.group, odd);
            }
        }
        Ok(())
    }
}

/// The weight of `biases`, with `weight` and `scales` beside them.
pub(super) fn find(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let (Some(codes), Some(scales)) = (found.part(".weight"), found.part(".scales")) else {
        return Ok(None);
    };
    if codes.dtype() != Dtype::U32 {
        return Ok(None);
    }
    let (&[ref lead @ .., words], &[ref own @ .., groups]) = (codes.shape(), scales.shape()) else {
        return Ok(None);
    };
    if lead != own || groups == 0 || words == 0 {
        return Err(format!("scales of shape {own:?} do not fit codes of {lead:?}"));
    }
    let scales = Values::fitting(Some(scales), "scales", scales.shape(), FLOATS)?;
    let mut grouped = lead.to_vec();
    grouped.push(groups);
    let biases = Values::fitting(Some(found.tensor), "biases", &grouped, FLOATS)?;
    let (bits, group, guess) = sizes(found, words as u64, groups as u64)?;
    let width = groups as u64 * group;
    let mut shape = lead.to_vec();
    shape.push(usize::try_from(width).map_err(|error| error.to_string())?);
    let rows = lead.iter().product::<usize>() as u64;
    let codes = Values::of(codes)?;
    let affine = Affine { codes, scales, biases, rows, width, bits: bits as u32, group };
    Ok(Some(Weight {
        kind: "from MLX",
        name: format!("{}.weight", found.stem),
        shape,
        turned: false,
        rows: Box::new(affine),
        words: format!("{bits} bits in groups of {group}"),
        guess,
    }))
}

/// The weight of `scales` that are bytes, with `weight` beside them: words of one group tell the mode.
pub(super) fn find_floats(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let scales = found.tensor;
    let Some(codes) = found.part(".weight").filter(|codes| codes.dtype() == Dtype::U32) else {
        return Ok(None);
    };
    if scales.dtype() != Dtype::U8 || found.part(".biases").is_some() {
        return Ok(None);
    }
    let (&[ref lead @ .., words], &[ref own @ .., groups]) = (codes.shape(), scales.shape()) else {
        return Ok(None);
    };
    if lead != own || lead.is_empty() || groups == 0 || words % groups != 0 {
        let (scales, codes) = (scales.shape(), codes.shape());
        return Err(format!("scales of shape {scales:?} do not fit codes of {codes:?}"));
    }
    let name = format!("{}.weight", found.stem);
    let weight = match words / groups {
        2 => microscaled::weight(("from NVFP4", name), codes, scales, 16, Scale::Times(1.0))?,
        4 => microscaled::weight(("from MXFP4", name), codes, scales, 32, Scale::Power)?,
        8 => scaled::mlx(found, codes, name)?,
        words => return Err(format!("{words} words per group do not match a known mode of MLX")),
    };
    Ok(Some(weight))
}

/// Bits and group size: as the settings say, else as the shapes allow, which is a guess.
fn sizes(found: &Found<'_>, words: u64, groups: u64) -> Result<(u64, u64, Option<String>), String> {
    let fits = |bits: u64, group: u64| {
        BITS.contains(&bits)
            && group > 0
            && group.is_multiple_of(32)
            && groups.checked_mul(group).and_then(|width| width.checked_mul(bits))
                == words.checked_mul(32)
    };
    if let Some((bits, group)) = found.config.mlx(found.stem).filter(|&(b, g)| fits(b, g)) {
        return Ok((bits, group, None));
    }
    let pairs = GROUPS.iter().flat_map(|&group| BITS.map(|bits| (bits, group)));
    let able: Vec<(u64, u64)> = pairs.filter(|&(bits, group)| fits(bits, group)).collect();
    let Some(&(bits, group)) = able.first() else {
        return Err(format!("{words} words a row and {groups} groups fit no size of codes"));
    };
    let guess = (able.len() > 1).then(|| {
        let others: Vec<String> =
            able[1..].iter().map(|(bits, group)| format!("{bits} bits in groups of {group}")).collect();
        format!(
            "no config.json says how, so {bits} bits in groups of {group} are guessed; {} would fit too",
            others.join(", ")
        )
    });
    Ok((bits, group, guess))
}
