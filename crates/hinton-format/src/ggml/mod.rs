//! The tensor types of ggml: plain arrays, and blocks of codes with scales.
//!
//! Layouts follow `ggml-common.h` in <https://github.com/ggml-org/llama.cpp>. Values equal those of
//! its reference functions (`ggml-quants.c`) and of the Python package `gguf` to the last bit. One
//! file per family; every type is compared with the package in tests/gguf.rs.

mod components;
mod four_bit_float;
mod grids;
mod importance;
mod k_quants;
mod legacy;
mod odd;
mod ternary;

use std::sync::Arc;

use hinton_tensor::examine::{Look, Odd};
use hinton_tensor::{
    Blocks as StoredBlocks, Bytes, Computed, Decode, Dtype, Endian, ReadError, Stored, Tensor,
    TensorError, View, element_count,
};

use self::components::Inside;
use crate::source::Part;

/// One type of ggml's enumeration.
#[derive(Debug)]
pub(crate) struct GgmlType {
    /// Its number in files.
    pub(crate) id: u32,
    /// Its name, as ggml writes it.
    pub(crate) name: &'static str,
    /// How its values lie.
    pub(crate) layout: Layout,
}

/// How values lie.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layout {
    /// One behind another.
    Plain(Dtype),
    /// In blocks.
    Blocks(Blocks),
}

/// Blocks of codes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocks {
    /// Values of a block.
    pub(crate) values: usize,
    /// Bytes of a block.
    pub(crate) bytes: usize,
    /// Decodes as many whole blocks as both hold.
    decode: fn(&[u8], &mut [f32]),
    /// What is odd about a block.
    odd: fn(&[u8]) -> Option<Odd>,
    /// Numbers of several bytes in a block: first byte, width, count. They have the file's byte
    /// order.
    words: &'static [(usize, usize, usize)],
    /// How to get at its codes and scales.
    inside: Inside,
    /// Whether llama.cpp's own converter writes big-endian blocks of the type.
    big_endian: bool,
}

const fn plain(id: u32, name: &'static str, dtype: Dtype) -> GgmlType {
    GgmlType { id, name, layout: Layout::Plain(dtype) }
}

const fn blocks(
    id: u32,
    name: &'static str,
    (values, bytes): (usize, usize),
    decode: fn(&[u8], &mut [f32]),
    odd: fn(&[u8]) -> Option<Odd>,
    words: &'static [(usize, usize, usize)],
    inside: Inside,
) -> GgmlType {
    let big_endian = matches!(id, 2 | 8 | 12 | 14 | 39 | 40);
    GgmlType {
        id,
        name,
        layout: Layout::Blocks(Blocks { values, bytes, decode, odd, words, inside, big_endian }),
    }
}

/// A number at the start of the block.
const SCALE: &[(usize, usize, usize)] = &[(0, 2, 1)];
/// Two numbers at the start of the block.
const SCALES: &[(usize, usize, usize)] = &[(0, 2, 2)];

/// Every type that files have; `enum ggml_type` of `ggml.h`.
pub(crate) const TYPES: &[GgmlType] = &[
    plain(0, "F32", Dtype::F32),
    plain(1, "F16", Dtype::F16),
    blocks(2, "Q4_0", (32, 18), legacy::q4_0, odd::q4_0, SCALE, components::Q4_0),
    blocks(3, "Q4_1", (32, 20), legacy::q4_1, odd::q4_1, SCALES, components::Q4_1),
    blocks(6, "Q5_0", (32, 22), legacy::q5_0, odd::q5_0, &[(0, 2, 1), (2, 4, 1)], components::Q5_0),
    blocks(7, "Q5_1", (32, 24), legacy::q5_1, odd::q5_1, &[(0, 2, 2), (4, 4, 1)], components::Q5_1),
    blocks(8, "Q8_0", (32, 34), legacy::q8_0, odd::q8_0, SCALE, components::Q8_0),
    blocks(9, "Q8_1", (32, 36), legacy::q8_1, odd::q8_1, SCALES, components::Q8_1),
    blocks(10, "Q2_K", (256, 84), k_quants::q2_k, odd::q2_k, &[(80, 2, 2)], components::Q2_K),
    blocks(11, "Q3_K", (256, 110), k_quants::q3_k, odd::q3_k, &[(108, 2, 1)], components::Q3_K),
    blocks(12, "Q4_K", (256, 144), k_quants::q4_k, odd::q4_k, SCALES, components::Q4_K),
    blocks(13, "Q5_K", (256, 176), k_quants::q5_k, odd::q5_k, SCALES, components::Q5_K),
    blocks(14, "Q6_K", (256, 210), k_quants::q6_k, odd::q6_k, &[(208, 2, 1)], components::Q6_K),
    blocks(
        15,
        "Q8_K",
        (256, 292),
        k_quants::q8_k,
        odd::q8_k,
        &[(0, 4, 1), (260, 2, 16)],
        components::Q8_K,
    ),
    blocks(
        16,
        "IQ2_XXS",
        (256, 66),
        importance::iq2_xxs,
        odd::only_scale,
        &[(0, 2, 33)],
        components::IQ2_XXS,
    ),
    blocks(
        17,
        "IQ2_XS",
        (256, 74),
        importance::iq2_xs,
        odd::only_scale,
        &[(0, 2, 33)],
        components::IQ2_XS,
    ),
    blocks(
        18,
        "IQ3_XXS",
        (256, 98),
        importance::iq3_xxs,
        odd::only_scale,
        &[(0, 2, 1), (66, 4, 8)],
        components::IQ3_XXS,
    ),
    blocks(
        19,
        "IQ1_S",
        (256, 50),
        importance::iq1_s,
        odd::only_scale,
        &[(0, 2, 1), (34, 2, 8)],
        components::IQ1_S,
    ),
    blocks(20, "IQ4_NL", (32, 18), importance::iq4_nl, odd::iq4_nl, SCALE, components::IQ4_NL),
    blocks(21, "IQ3_S", (256, 110), importance::iq3_s, odd::only_scale, SCALE, components::IQ3_S),
    blocks(22, "IQ2_S", (256, 82), importance::iq2_s, odd::only_scale, SCALE, components::IQ2_S),
    blocks(23, "IQ4_XS", (256, 136), importance::iq4_xs, odd::iq4_xs, SCALES, components::IQ4_XS),
    plain(24, "I8", Dtype::I8),
    plain(25, "I16", Dtype::I16),
    plain(26, "I32", Dtype::I32),
    plain(27, "I64", Dtype::I64),
    plain(28, "F64", Dtype::F64),
    blocks(29, "IQ1_M", (256, 56), importance::iq1_m, odd::iq1_m, &[(48, 2, 4)], components::IQ1_M),
    plain(30, "BF16", Dtype::Bf16),
    blocks(34, "TQ1_0", (256, 54), ternary::tq1_0, odd::tq1_0, &[(52, 2, 1)], components::TQ1_0),
    blocks(35, "TQ2_0", (256, 66), ternary::tq2_0, odd::tq2_0, &[(64, 2, 1)], components::TQ2_0),
    blocks(39, "MXFP4", (32, 17), four_bit_float::mxfp4, odd::mxfp4, &[], components::MXFP4),
    blocks(40, "NVFP4", (64, 36), four_bit_float::nvfp4, odd::nvfp4, &[], components::NVFP4),
    blocks(41, "Q1_0", (128, 18), ternary::q1_0, odd::only_scale, SCALE, components::Q1_0),
];

/// Numbers that ggml has given up, and what they were.
const GONE: &[(u32, &str)] = &[
    (4, "Q4_2"),
    (5, "Q4_3"),
    (31, "Q4_0_4_4"),
    (32, "Q4_0_4_8"),
    (33, "Q4_0_8_8"),
    (36, "IQ4_NL_4_4"),
    (37, "IQ4_NL_4_8"),
    (38, "IQ4_NL_8_8"),
];

/// The type of that number.
pub(crate) fn type_of(id: u32) -> Option<&'static GgmlType> {
    TYPES.iter().find(|row| row.id == id)
}

/// Why a tensor of that number is left out.
pub(crate) fn unknown(id: u32) -> String {
    match GONE.iter().find(|(gone, _)| *gone == id) {
        Some((_, name)) => {
            format!("skipped: its type {id} ({name}) was given up by ggml and is not read")
        }
        None => format!("skipped: its type {id} is not a ggml type that hinton knows"),
    }
}

impl GgmlType {
    /// Bytes of a tensor of that shape (in numpy's order); `None` where it passes 64 bits.
    ///
    /// # Errors
    /// Why the shape does not fit the type: a row that is not a whole number of blocks.
    pub(crate) fn bytes_of(&self, shape: &[usize]) -> Result<Option<u64>, String> {
        let count = element_count(shape);
        match self.layout {
            Layout::Plain(dtype) => Ok(count.and_then(|count| dtype.bytes_of(count))),
            Layout::Blocks(Blocks { values, bytes, .. }) => {
                let row = shape.last().copied().unwrap_or(1);
                if !row.is_multiple_of(values) {
                    return Err(format!(
                        "its rows have {row} values, which is not a multiple of the {values} of a \
                         block of {}",
                        self.name
                    ));
                }
                Ok(count.and_then(|count| (count / values as u64).checked_mul(bytes as u64)))
            }
        }
    }

    /// Whether blocks of a big-endian file are read by what the layout says alone, because
    /// llama.cpp's converter writes no such file.
    pub(crate) fn is_guess(&self, endian: Endian) -> bool {
        matches!(self.layout, Layout::Blocks(blocks) if endian == Endian::Big && !blocks.big_endian)
    }
}

/// Where a tensor's bytes lie.
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    pub(crate) data: Arc<dyn Bytes>,
    pub(crate) start: u64,
    pub(crate) len: u64,
    pub(crate) endian: Endian,
}

/// The tensor of that type at `place`; blocks are decoded when they are read.
///
/// # Errors
/// Returns the errors of [`Tensor::new`]; and an error if the place leaves the data.
pub(crate) fn tensor(
    name: &str,
    kind: &'static GgmlType,
    shape: &[usize],
    place: Place,
) -> Result<Tensor, TensorError> {
    let Place { file, data, start, len, endian } = place;
    let view = View::packed(shape);
    let blocks = match kind.layout {
        Layout::Plain(dtype) => {
            return Tensor::new(name, file, dtype, endian, view, start, data);
        }
        Layout::Blocks(blocks) => blocks,
    };
    let failed =
        |source| TensorError::Read { name: name.to_owned(), file: file.to_string(), source };
    let raw: Arc<dyn Bytes> = Arc::new(Part::new(data, start, len).map_err(failed)?);
    let elements = element_count(shape).unwrap_or(0);
    let own = Arc::new(InBlocks { raw: raw.clone(), blocks, endian, elements });
    let (values, bytes) = (blocks.values as u64, blocks.bytes as u64);
    let stored = StoredBlocks { raw, elements, values, bytes, endian };
    let stored = Stored::in_blocks(kind.name, stored).looked_at(own.clone()).made_of(own.clone());
    let data = Arc::new(Computed::new(own));
    Ok(Tensor::new(name, file, Dtype::F32, Endian::Little, view, 0, data)?.stored_as(stored))
}

/// A tensor's blocks, to be decoded.
#[derive(Clone)]
struct InBlocks {
    raw: Arc<dyn Bytes>,
    blocks: Blocks,
    endian: Endian,
    elements: u64,
}

impl Decode for InBlocks {
    fn values(&self) -> u64 {
        self.elements
    }

    fn unit(&self) -> usize {
        self.blocks.values
    }

    fn decode(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let Blocks { values, decode, .. } = self.blocks;
        self.with_blocks(first / values as u64, out.len() / values, |raw| decode(raw, out))
    }
}

impl InBlocks {
    /// The bytes of whole blocks, little-endian.
    fn with_blocks(
        &self,
        first: u64,
        count: usize,
        with: impl FnOnce(&[u8]),
    ) -> Result<(), ReadError> {
        let bytes = self.blocks.bytes;
        let (from, len) = (first * bytes as u64, count * bytes);
        if self.endian == Endian::Little
            && let Some(raw) = self.raw.slice(from..from + len as u64)
        {
            with(raw);
            return Ok(());
        }
        let mut raw = vec![0; len];
        self.raw.read_at(from, &mut raw)?;
        if self.endian == Endian::Big {
            raw.chunks_exact_mut(bytes).for_each(|block| turn(block, self.blocks.words));
        }
        with(&raw);
        Ok(())
    }
}

/// Blocks that are looked at together.
const TOGETHER: u64 = 256;

impl Look for InBlocks {
    fn blocks(&self) -> u64 {
        self.elements / self.blocks.values as u64
    }

    fn turns(&self) -> u64 {
        self.blocks().div_ceil(TOGETHER)
    }

    fn look(&self, turn: u64, tell: &mut dyn FnMut(u64, Odd)) -> Result<(), ReadError> {
        let Blocks { values, bytes, odd, .. } = self.blocks;
        let first = turn * TOGETHER;
        let count = TOGETHER.min(self.blocks().saturating_sub(first)) as usize;
        self.with_blocks(first, count, |raw| {
            for (block, number) in raw.chunks_exact(bytes).zip(first..) {
                if let Some(odd) = odd(block) {
                    tell(number * values as u64, odd);
                }
            }
        })
    }
}

/// Turns a block's numbers of several bytes around.
fn turn(block: &mut [u8], words: &[(usize, usize, usize)]) {
    for &(first, width, count) in words {
        for word in block[first..first + width * count].chunks_exact_mut(width) {
            word.reverse();
        }
    }
}

/// Decodes blocks of `B` bytes and `V` values, as many as both hold.
#[inline(always)]
fn each<const B: usize, const V: usize>(
    bytes: &[u8],
    out: &mut [f32],
    one: impl Fn(&[u8; B], &mut [f32; V]),
) {
    for (block, out) in bytes.as_chunks::<B>().0.iter().zip(out.as_chunks_mut::<V>().0) {
        one(block, out);
    }
}

/// The binary16 number at byte `at`.
#[inline(always)]
fn half(block: &[u8], at: usize) -> f32 {
    hinton_tensor::f16_to_f32(u16_at(block, at))
}

#[inline(always)]
fn u16_at(block: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([block[at], block[at + 1]])
}

#[inline(always)]
fn u32_at(block: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_unique_and_their_words_lie_inside() {
        for (index, row) in TYPES.iter().enumerate() {
            let before = &TYPES[..index];
            assert!(before.iter().all(|other| other.id != row.id && other.name != row.name));
            assert!(GONE.iter().all(|(id, _)| *id != row.id));
            if let Layout::Blocks(blocks) = row.layout {
                let inside = |&(first, width, count): &(usize, usize, usize)| {
                    first + width * count <= blocks.bytes
                };
                assert!(blocks.words.iter().all(inside), "{}", row.name);
            }
        }
    }

    #[test]
    fn every_kernel_takes_any_bytes_and_fills_its_values() {
        for row in TYPES {
            let Layout::Blocks(Blocks { values, bytes, decode, .. }) = row.layout else { continue };
            for byte in [0x00, 0x3c, 0x7f, 0xff] {
                let mut out = vec![f32::MIN_POSITIVE; 3 * values];
                decode(&vec![byte; 3 * bytes], &mut out);
                assert!(out.iter().all(|value| *value != f32::MIN_POSITIVE), "{}", row.name);
                assert_eq!(out[0].to_bits(), out[values].to_bits(), "{}", row.name);
            }
        }
    }

    #[test]
    fn every_look_takes_any_bytes() {
        for row in TYPES {
            let Layout::Blocks(Blocks { bytes, odd, .. }) = row.layout else { continue };
            // Scales of zero; E8M0 has none.
            let zero = odd(&vec![0; bytes]);
            assert_eq!(zero, (row.name != "MXFP4").then_some(Odd::Empty), "{}", row.name);
            for byte in [0x7f, 0x80, 0xff] {
                odd(&vec![byte; bytes]);
            }
        }
    }

    #[test]
    fn a_big_endian_block_is_its_words_turned() {
        let mut block: Vec<u8> = (0..22).collect();
        turn(&mut block, &[(0, 2, 1), (2, 4, 1)]);
        assert_eq!(block[..8], [1, 0, 5, 4, 3, 2, 6, 7]);
    }
}
