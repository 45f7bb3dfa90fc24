//! Codes, scales and offsets of blocks: `value = scale × code + offset`.
//!
//! Each is what the decoder computes from a block in which the others are replaced: with scales of
//! one and no minimums it gives codes, with codes of one and no minimums scales, and with codes of
//! zero offsets. So there is no second description of a layout that could disagree with the
//! decoder.

use std::sync::Arc;

use hinton_tensor::{Bytes, Component, Components, Computed, Decode, ReadError};

use super::InBlocks;

/// How to get at the components of a type's blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inside {
    /// Values that share a scale.
    pub(super) sub: usize,
    /// Sets the scales to one and the minimums to zero.
    pub(super) unit_scales: fn(&mut [u8]),
    /// Sets every code to the same number, and the minimums to zero.
    pub(super) equal_codes: fn(&mut [u8]),
    /// What those codes stand for; so few bits that dividing by it rounds nothing.
    pub(super) code: f32,
    /// Sets every code to zero, where there are minimums.
    pub(super) no_codes: Option<fn(&mut [u8])>,
}

/// The binary16 number one.
const ONE: [u8; 2] = [0x00, 0x3c];

/// Bytes 0 and 1 are a scale of one.
fn one_first(block: &mut [u8]) {
    block[..2].copy_from_slice(&ONE);
}

/// Bytes 0 to 3 are a scale of one and a minimum of zero.
fn one_and_zero(block: &mut [u8]) {
    block[..4].copy_from_slice(&[ONE[0], ONE[1], 0, 0]);
}

/// Likewise, and twelve bytes of eight scales of one.
fn one_and_sixes(block: &mut [u8]) {
    one_and_zero(block);
    block[4..16].copy_from_slice(&[1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]);
}

/// Codes with a scale.
const fn plain(
    sub: usize,
    unit_scales: fn(&mut [u8]),
    equal_codes: fn(&mut [u8]),
    code: f32,
) -> Inside {
    Inside { sub, unit_scales, equal_codes, code, no_codes: None }
}

pub(super) const Q4_0: Inside = plain(32, one_first, |block| block[2..].fill(0x99), 1.0);
pub(super) const Q4_1: Inside = Inside {
    sub: 32,
    unit_scales: one_and_zero,
    equal_codes: |block| {
        block[2..4].fill(0);
        block[4..].fill(0x11);
    },
    code: 1.0,
    no_codes: Some(|block| block[4..].fill(0)),
};
/// 17 of 16 and 1.
pub(super) const Q5_0: Inside = plain(
    32,
    one_first,
    |block| {
        block[2..6].fill(0xff);
        block[6..].fill(0x11);
    },
    1.0,
);
pub(super) const Q5_1: Inside = Inside {
    sub: 32,
    unit_scales: one_and_zero,
    equal_codes: |block| {
        block[2..8].fill(0);
        block[8..].fill(0x11);
    },
    code: 1.0,
    no_codes: Some(|block| block[4..].fill(0)),
};
pub(super) const Q8_0: Inside = plain(32, one_first, |block| block[2..].fill(1), 1.0);
pub(super) const Q8_1: Inside = plain(32, one_first, |block| block[4..].fill(1), 1.0);
pub(super) const Q2_K: Inside = Inside {
    sub: 16,
    unit_scales: |block| {
        block[..16].fill(1);
        block[80..].copy_from_slice(&[ONE[0], ONE[1], 0, 0]);
    },
    equal_codes: |block| {
        block[16..80].fill(0x55);
        block[82..].fill(0);
    },
    code: 1.0,
    no_codes: Some(|block| block[16..80].fill(0)),
};
/// Scales are numbers less 32: 33.
pub(super) const Q3_K: Inside = plain(
    16,
    |block| {
        block[96..104].fill(0x11);
        block[104..108].fill(0xaa);
        block[108..].copy_from_slice(&ONE);
    },
    |block| {
        block[..32].fill(0xff);
        block[32..96].fill(0x55);
    },
    1.0,
);
pub(super) const Q4_K: Inside = Inside {
    sub: 32,
    unit_scales: one_and_sixes,
    equal_codes: |block| {
        block[2..4].fill(0);
        block[16..].fill(0x11);
    },
    code: 1.0,
    no_codes: Some(|block| block[16..].fill(0)),
};
pub(super) const Q5_K: Inside = Inside {
    sub: 32,
    unit_scales: one_and_sixes,
    equal_codes: |block| {
        block[2..4].fill(0);
        block[16..48].fill(0);
        block[48..].fill(0x11);
    },
    code: 1.0,
    no_codes: Some(|block| block[16..].fill(0)),
};
/// Codes are numbers less 32: 33.
pub(super) const Q6_K: Inside = plain(
    16,
    |block| {
        block[192..208].fill(1);
        block[208..].copy_from_slice(&ONE);
    },
    |block| {
        block[..128].fill(0x11);
        block[128..192].fill(0xaa);
    },
    1.0,
);
pub(super) const Q8_K: Inside = plain(
    256,
    |block| block[..4].copy_from_slice(&1f32.to_le_bytes()),
    |block| block[4..260].fill(1),
    1.0,
);

pub(super) const Q1_0: Inside = plain(128, one_first, |block| block[2..].fill(0xff), 1.0);
pub(super) const TQ1_0: Inside =
    plain(256, |block| block[52..].copy_from_slice(&ONE), |block| block[..52].fill(0xff), 1.0);
pub(super) const TQ2_0: Inside =
    plain(256, |block| block[64..].copy_from_slice(&ONE), |block| block[..64].fill(0xaa), 1.0);

/// Half of the power of two is taken of numbers that are twice the code's.
pub(super) const MXFP4: Inside =
    plain(32, |block| block[0] = 127, |block| block[1..].fill(0x22), 1.0);
/// The scale of one in E4M3 is 0x38.
pub(super) const NVFP4: Inside =
    plain(16, |block| block[..4].fill(0x38), |block| block[4..].fill(0x22), 1.0);

pub(super) const IQ4_NL: Inside = plain(32, one_first, |block| block[2..].fill(0x88), 1.0);
/// Scales are numbers less 32: 33.
pub(super) const IQ4_XS: Inside = plain(
    32,
    |block| {
        one_first(block);
        block[2..4].fill(0xaa);
        block[4..8].fill(0x11);
    },
    |block| block[8..].fill(0x88),
    1.0,
);

/// d of eight and four: scales are an eighth and a quarter of d where their own bits are zero.
const EIGHT: [u8; 2] = [0x00, 0x48];
const FOUR: [u8; 2] = [0x00, 0x44];

/// Point 0 of its grid is eight throughout.
pub(super) const IQ2_XXS: Inside = plain(
    32,
    |block| {
        block[..2].copy_from_slice(&EIGHT);
        block[2..].iter_mut().skip(7).step_by(8).for_each(|byte| *byte &= 0x0f);
    },
    |block| {
        for codes in block[2..].as_chunks_mut::<8>().0 {
            codes[..7].fill(0);
            codes[7] &= 0xf0;
        }
    },
    8.0,
);
pub(super) const IQ2_XS: Inside = plain(
    16,
    |block| {
        block[..2].copy_from_slice(&EIGHT);
        block[66..].fill(0);
    },
    |block| block[2..66].fill(0),
    8.0,
);
pub(super) const IQ2_S: Inside = plain(
    16,
    |block| {
        block[..2].copy_from_slice(&EIGHT);
        block[74..].fill(0);
    },
    |block| block[2..74].fill(0),
    8.0,
);
/// Point 0 of its grid is four throughout.
pub(super) const IQ3_XXS: Inside = plain(
    32,
    |block| {
        block[..2].copy_from_slice(&FOUR);
        block[66..].iter_mut().skip(3).step_by(4).for_each(|byte| *byte &= 0x0f);
    },
    |block| {
        block[2..66].fill(0);
        for word in block[66..].as_chunks_mut::<4>().0 {
            word[..3].fill(0);
            word[3] &= 0xf0;
        }
    },
    4.0,
);
/// Point 0 of its grid is one throughout.
pub(super) const IQ3_S: Inside = plain(
    32,
    |block| {
        one_first(block);
        block[106..].fill(0);
    },
    |block| block[2..106].fill(0),
    1.0,
);
/// Point 0 of its grid is -1 throughout, moved up by an eighth or down.
pub(super) const IQ1_S: Inside = plain(
    32,
    |block| {
        one_first(block);
        block[35..].iter_mut().step_by(2).for_each(|byte| *byte &= 0x8f);
    },
    |block| {
        block[2..34].fill(0);
        for word in block[34..].as_chunks_mut::<2>().0 {
            word[0] = 0;
            word[1] = word[1] & 0x70 | 0x80;
        }
    },
    -1.125,
);
/// The upper halves of the last eight bytes are d: one, with scales of one.
pub(super) const IQ1_M: Inside = plain(
    16,
    |block| {
        for (word, part) in
            block[48..].as_chunks_mut::<2>().0.iter_mut().zip([0x00, 0x00, 0xc0, 0x30])
        {
            *word = [0, part];
        }
    },
    |block| {
        block[..32].fill(0);
        block[32..48].fill(0x88);
    },
    -1.125,
);

impl Components for InBlocks {
    fn block(&self) -> usize {
        self.blocks.inside.sub
    }

    fn component(&self, component: Component) -> Option<Arc<dyn Bytes>> {
        let inside = self.blocks.inside;
        let (replace, every, by) = match component {
            Component::Codes => (inside.unit_scales, 1, 1.0),
            Component::Scales => (inside.equal_codes, inside.sub, inside.code),
            Component::Offsets => (inside.no_codes?, inside.sub, 1.0),
        };
        let blocks = self.clone();
        Some(Arc::new(Computed::new(Replaced { blocks, replace, every, by })))
    }
}

/// Blocks in which something is replaced before they are decoded.
struct Replaced {
    blocks: InBlocks,
    replace: fn(&mut [u8]),
    /// Of this many values the first is taken, divided by `by`.
    every: usize,
    by: f32,
}

impl Decode for Replaced {
    fn values(&self) -> u64 {
        self.blocks.elements / self.every as u64
    }

    fn unit(&self) -> usize {
        self.blocks.blocks.values / self.every
    }

    fn decode(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let super::Blocks { values, bytes, decode, .. } = self.blocks.blocks;
        let (first, count) = (first / self.unit() as u64, out.len() / self.unit());
        self.blocks.with_blocks(first, count, |raw| {
            let (mut block, mut decoded) = (vec![0; bytes], vec![0.0; values]);
            for (raw, out) in raw.chunks_exact(bytes).zip(out.chunks_exact_mut(self.unit())) {
                block.copy_from_slice(raw);
                (self.replace)(&mut block);
                decode(&block, &mut decoded);
                for (out, value) in out.iter_mut().zip(decoded.iter().step_by(self.every)) {
                    *out = value / self.by;
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layout, TYPES};
    use super::*;
    use hinton_tensor::{Endian, Memory};

    /// Blocks of any bytes, with scales that are neither infinite nor so small that they vanish.
    fn any_blocks(blocks: super::super::Blocks, count: usize) -> Vec<u8> {
        let mut state = 1u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut bytes = Vec::new();
        while bytes.len() < count * blocks.bytes {
            let block: Vec<u8> = (0..blocks.bytes).map(|_| byte()).collect();
            let mut out = vec![0.0; blocks.values];
            (blocks.decode)(&block, &mut out);
            if out.iter().all(|value: &f32| value.is_finite()) {
                bytes.extend(block);
            }
        }
        bytes
    }

    fn values(data: &dyn Bytes) -> Vec<f32> {
        let mut bytes = vec![0; data.len() as usize];
        data.read_at(0, &mut bytes).unwrap();
        bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    #[test]
    fn every_value_is_its_scale_times_its_code_and_the_offset() {
        let mut seen = 0;
        for row in TYPES {
            let Layout::Blocks(blocks) = row.layout else { continue };
            let raw = Arc::new(Memory::new(any_blocks(blocks, 40)));
            let elements = 40 * blocks.values as u64;
            let own = InBlocks { raw, blocks, endian: Endian::Little, elements };
            let decoded = values(&Computed::new(own.clone()));
            let part = |component| own.component(component).map(|data| values(&*data));
            let (codes, scales) = (part(Component::Codes), part(Component::Scales));
            let (codes, scales) = (codes.unwrap(), scales.unwrap());
            let offsets = part(Component::Offsets).unwrap_or(vec![0.0; scales.len()]);
            assert_eq!((codes.len(), scales.len() * own.block()), (decoded.len(), decoded.len()));
            for (at, value) in decoded.iter().enumerate() {
                let block = at / own.block();
                let made = scales[block] * codes[at] + offsets[block];
                assert_eq!(*value, made, "{}: value {at}", row.name);
            }
            // Codes do not follow the scales: few numbers, each of them often.
            let mut different = codes.clone();
            different.sort_by(f32::total_cmp);
            different.dedup();
            assert!(different.len() <= 256 && different.len() > 1, "{}", row.name);
            let whole = codes.iter().all(|code| code.fract() == 0.0);
            let is_float = matches!(row.name, "MXFP4" | "NVFP4" | "IQ1_S" | "IQ1_M");
            assert_ne!(whole, is_float, "{}", row.name);
            seen += 1;
        }
        assert_eq!(seen, 26);
    }
}
