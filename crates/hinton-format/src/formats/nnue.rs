//! Networks of Stockfish and of engines that use its code (NNUE): a wide first layer over the pieces on
//! the board, and small layers behind it.
//!
//! Layout: `src/nnue/` of <https://github.com/official-stockfish/Stockfish> (`network.cpp`,
//! `nnue_feature_transformer.h`, `nnue_common.h`), and `serialize.py` of
//! <https://github.com/official-stockfish/nnue-pytorch>.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, ReadError, Tensor, View, element_count};

use super::FormatRow;
use crate::source::{Cursor, Lazy, made, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "nnue",
    about: "networks of the chess engine Stockfish (.nnue)",
    help: "Read: the integers that are stored: feature_transformer.weight [features, width], .bias and .psqt; \
           of each stack of layers fc_0, fc_1 and fc_2, .weight [out, in] and .bias. Features HalfKP, HalfKAv2 \
           and HalfKAv2_hm (Stockfish 12 to 17), as they are or packed in LEB128. The scale of weights is 64 \
           behind the first layer, 127 in it. Layout: src/nnue of Stockfish",
    quantised: "8 and 16-bit integers as stored",
    extensions: &["nnue"],
    sniff,
    open,
};

/// `Version` of Stockfish 12 and 13, and from 14 on.
const VERSIONS: [u32; 2] = [0x7af3_2f16, 0x7af3_2f20];
/// What precedes a list of numbers of variable length.
const PACKED: &[u8] = b"COMPRESSED_LEB128";
/// Longest description.
const LONGEST: u32 = 1 << 16;
/// Buckets of the piece-square tables, and stacks of layers, where there are any.
const BUCKETS: usize = 8;

/// What the first layer sees of the board.
struct Features {
    name: &'static str,
    /// `FeatureSet::HashValue`.
    hash: u32,
    inputs: usize,
    /// Whether there are piece-square tables, and a stack of layers for each bucket.
    buckets: bool,
}

/// `Features::HalfKP`, `HalfKAv2` and `HalfKAv2_hm` of Stockfish.
const FEATURES: [Features; 3] = [
    Features { name: "HalfKP", hash: 0x5d69_d5b8, inputs: 64 * 641, buckets: false },
    Features { name: "HalfKAv2", hash: 0x5f23_4cb8, inputs: 64 * 704, buckets: true },
    Features { name: "HalfKAv2_hm", hash: 0x7f23_4cb8, inputs: 32 * 704, buckets: true },
];

/// Widest first layer that a hash is taken for.
const WIDEST: u32 = 1 << 13;

fn sniff(head: &Head<'_>) -> Sniff {
    let version = head.bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    match version {
        Some(version) if VERSIONS.contains(&version) => Sniff::Certain,
        _ => Sniff::No,
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut reader = Reader {
        cursor: Cursor::whole(&*input.data, Endian::Little),
        input,
        limits,
        tensors: Vec::new(),
    };
    let version = reader.cursor.u32("the version")?;
    reader.cursor.skip(4, "the hash of the network")?;
    let len = reader.cursor.u32("the length of the description")?;
    if len > LONGEST {
        let message = format!("a description of {len} bytes, the limit is {LONGEST}");
        return Err(Error::malformed(message).at_byte(8));
    }
    let about = reader.cursor.take(u64::from(len), "the description")?;
    let about = String::from_utf8_lossy(&about).trim_end_matches('\0').to_owned();
    let (features, width) = reader.features()?;
    reader.first_layer(features, width)?;
    let mut warnings = Vec::new();
    let stacks = if features.buckets { BUCKETS } else { 1 };
    match Stack::find(
        reader.cursor.left() / stacks as u64,
        reader.cursor.left() % stacks as u64,
        width,
    ) {
        Some(stack) => (0..stacks).try_for_each(|index| reader.stack(&stack, index))?,
        None => {
            let message = format!(
                "the layers after the first, {} bytes, are laid out in a way that is not read",
                reader.cursor.left()
            );
            warnings.push(Warning::file(message).as_fault());
        }
    }
    let metadata = [
        ("version", format!("{version:#x}")),
        ("description", about),
        ("features", features.name.to_owned()),
        ("width", width.to_string()),
    ];
    Ok(Checkpoint::of_file(
        input,
        ROW.name,
        metadata.map(|(key, value)| (key.to_owned(), value)).into(),
        reader.tensors,
        warnings,
    ))
}

/// The layers of one stack: `[out, in]` of each, and what a row is padded to.
#[derive(Debug, PartialEq, Eq)]
struct Stack([(usize, usize); 3]);

/// What rows of weights are padded to: `MaxSimdWidth`.
const PADDED: usize = 32;

impl Stack {
    /// The stack that has exactly this many bytes, its hash included. Networks whose first layer is
    /// multiplied in pairs (Stockfish 15 and later) hand `width` values on, and one output of their
    /// first small layer goes past the others, which are seen twice: as they are and squared.
    fn find(bytes: u64, rest: u64, width: usize) -> Option<Stack> {
        let pairs = [(width, true), (2 * width, false)];
        let sizes = pairs.iter().flat_map(|pair| [8, 16, 32, 64].map(|out| (*pair, out)));
        let stacks = sizes.flat_map(|((inputs, paired), out)| {
            [32, 64].map(|last| {
                let between = if paired { 2 * (out - 1) } else { out };
                Stack([(out, inputs), (last, between), (1, last)])
            })
        });
        (rest == 0).then(|| stacks.into_iter().find(|stack| stack.bytes() == bytes)).flatten()
    }

    fn bytes(&self) -> u64 {
        let layer = |(out, inputs): &(usize, usize)| out * (4 + inputs.next_multiple_of(PADDED));
        4 + self.0.iter().map(layer).sum::<usize>() as u64
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    input: &'a Input,
    limits: &'a Limits,
    tensors: Vec<Tensor>,
}

impl Reader<'_> {
    /// What comes in, and the width of the first layer: its hash is made of both.
    fn features(&mut self) -> Result<(&'static Features, usize), Error> {
        let at = self.cursor.at();
        let hash = self.cursor.u32("the hash of the first layer")?;
        let width = |features: &Features| {
            let twice = hash ^ features.hash;
            (twice.is_multiple_of(2) && (2..=2 * WIDEST).contains(&twice))
                .then_some(twice as usize / 2)
        };
        let found = FEATURES.iter().find_map(|features| Some((features, width(features)?)));
        found.ok_or_else(|| {
            let names = FEATURES.map(|features| features.name).join(", ");
            let message =
                format!("its first layer (hash {hash:#010x}) sees features other than {names}");
            Error::new(ErrorKind::Unsupported, message).at_byte(at)
        })
    }

    fn first_layer(&mut self, features: &Features, width: usize) -> Result<(), Error> {
        let name = |part: &str| format!("feature_transformer.{part}");
        self.numbers(&name("bias"), &[width], Dtype::I16)?;
        self.numbers(&name("weight"), &[features.inputs, width], Dtype::I16)?;
        if features.buckets {
            self.numbers(&name("psqt"), &[features.inputs, BUCKETS], Dtype::I32)?;
        }
        Ok(())
    }

    /// Integers as they are, or behind the mark of those of variable length.
    fn numbers(&mut self, name: &str, shape: &[usize], dtype: Dtype) -> Result<(), Error> {
        let count = element_count(shape).unwrap_or(u64::MAX);
        let width = dtype.bits() / 8;
        let at = self.cursor.at();
        let named = |error: Error| error.for_tensor(name).at_byte(at);
        let mark = (PACKED.len() as u64).min(self.cursor.left());
        if read_vec(&*self.input.data, at, mark)? != PACKED {
            self.cursor.skip(count * width, "its values").map_err(named)?;
            return self.push(name, shape, shape, dtype, at, self.input.data.clone());
        }
        self.cursor.skip(mark, "a mark").map_err(named)?;
        let len = u64::from(self.cursor.u32("the number of bytes").map_err(named)?);
        let start = self.cursor.at();
        self.cursor.skip(len, "its values").map_err(named)?;
        let decoded = count * width;
        // A number takes a byte at least.
        if count > len || decoded > self.limits.held_bytes {
            let message = format!("{count} numbers in {len} bytes, {decoded} decoded");
            return Err(named(Error::malformed(message)));
        }
        let source = self.input.data.clone();
        let lazy =
            Lazy::new(decoded, move || unpacked(&*source, start, len, decoded, width as usize));
        self.push(name, shape, shape, dtype, 0, Arc::new(lazy))
    }

    fn stack(&mut self, stack: &Stack, index: usize) -> Result<(), Error> {
        self.cursor.skip(4, "the hash of a stack")?;
        for (layer, (out, inputs)) in stack.0.iter().enumerate() {
            let name = |part: &str| format!("layer_stacks.{index}.fc_{layer}.{part}");
            let data = self.input.data.clone();
            let at = self.cursor.at();
            self.cursor.skip(*out as u64 * 4, "biases")?;
            self.push(&name("bias"), &[*out], &[*out], Dtype::I32, at, data.clone())?;
            let (at, padded) = (self.cursor.at(), inputs.next_multiple_of(PADDED));
            self.cursor.skip((out * padded) as u64, "weights")?;
            self.push(&name("weight"), &[*out, *inputs], &[*out, padded], Dtype::I8, at, data)?;
        }
        Ok(())
    }

    /// A tensor whose rows may be longer in the file than they are.
    fn push(
        &mut self,
        name: &str,
        shape: &[usize],
        stored: &[usize],
        dtype: Dtype,
        start: u64,
        data: Arc<dyn Bytes>,
    ) -> Result<(), Error> {
        let view = View { shape: shape.to_vec(), ..View::packed(stored) };
        let file = self.input.name.as_str();
        self.tensors.push(Tensor::new(name, file, dtype, Endian::Little, view, start, data)?);
        Ok(())
    }
}

/// Signed numbers of variable length (LEB128), as little-endian integers of `width` bytes.
fn unpacked(
    source: &dyn Bytes,
    start: u64,
    len: u64,
    decoded: u64,
    width: usize,
) -> Result<Vec<u8>, ReadError> {
    const WINDOW: u64 = 1 << 16;
    let mut out = made::zeros(decoded)?;
    let mut values = out.chunks_exact_mut(width);
    let (mut value, mut shift, mut offset) = (0i64, 0u32, 0);
    let fail = |why: &str| ReadError::damaged(start, len, why.to_owned());
    while offset < len {
        let bytes = read_vec(source, start + offset, (len - offset).min(WINDOW))?;
        for byte in &bytes {
            if shift > 28 {
                return Err(fail("a number of more than 32 bits"));
            }
            value |= i64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 != 0 {
                continue;
            }
            if byte & 0x40 != 0 {
                value -= 1 << shift;
            }
            let next = values.next().ok_or_else(|| fail("more numbers than its shape has"))?;
            next.copy_from_slice(&value.to_le_bytes()[..width]);
            (value, shift) = (0, 0);
        }
        offset += bytes.len() as u64;
    }
    if shift > 0 || values.next().is_some() {
        return Err(fail("fewer numbers than its shape has"));
    }
    Ok(out)
}
