//! Networks of Stockfish, made here as its own code writes them.

use std::sync::Arc;

use hinton_format::{Checkpoint, Error, ErrorKind, Input, Limits, open_input};
use hinton_tensor::{Dtype, Memory};

const PACKED: &[u8] = b"COMPRESSED_LEB128";

/// Numbers that come again after a while, negative ones and large ones among them.
fn number(index: usize, most: i64) -> i64 {
    (index as i64 * 37) % (2 * most + 1) - most
}

fn plain(out: &mut Vec<u8>, count: usize, most: i64, width: usize) {
    (0..count).for_each(|index| out.extend(&number(index, most).to_le_bytes()[..width]));
}

/// The same as numbers of variable length (DWARF 5, section 7.6).
fn packed(out: &mut Vec<u8>, count: usize, most: i64) {
    let mut bytes = Vec::new();
    for index in 0..count {
        let mut value = number(index, most);
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            let is_last = (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0);
            bytes.push(if is_last { low } else { low | 0x80 });
            if is_last {
                break;
            }
        }
    }
    out.extend(PACKED);
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
}

struct Kind {
    version: u32,
    hash: u32,
    inputs: usize,
    width: usize,
    buckets: usize,
    /// `[out, in]`, and what a row is padded to.
    layers: [(usize, usize, usize); 3],
    packed: bool,
}

/// Stockfish 12: HalfKP; 14.1 and 15: HalfKAv2_hm as it is; 16: the same, packed.
const KINDS: [Kind; 3] = [
    Kind {
        version: 0x7af3_2f16,
        hash: 0x5d69_d5b8,
        inputs: 41_024,
        width: 1,
        buckets: 1,
        layers: [(32, 2, 32), (32, 32, 32), (1, 32, 32)],
        packed: false,
    },
    Kind {
        version: 0x7af3_2f20,
        hash: 0x7f23_4cb8,
        inputs: 22_528,
        width: 64,
        buckets: 8,
        layers: [(8, 128, 128), (32, 8, 32), (1, 32, 32)],
        packed: false,
    },
    Kind {
        version: 0x7af3_2f20,
        hash: 0x7f23_4cb8,
        inputs: 22_528,
        width: 3,
        buckets: 8,
        layers: [(16, 3, 32), (32, 30, 32), (1, 32, 32)],
        packed: true,
    },
];

fn network(kind: &Kind) -> Vec<u8> {
    let mut out = Vec::new();
    let about = b"made by a test";
    for word in [kind.version, 1, about.len() as u32] {
        out.extend(word.to_le_bytes());
    }
    out.extend(about);
    out.extend((kind.hash ^ (2 * kind.width as u32)).to_le_bytes());
    let mut list = |count, most, width| match kind.packed {
        true => packed(&mut out, count, most),
        false => plain(&mut out, count, most, width),
    };
    list(kind.width, 700, 2);
    list(kind.inputs * kind.width, 300, 2);
    if kind.buckets > 1 {
        list(kind.inputs * 8, 70_000, 4);
    }
    for _ in 0..kind.buckets {
        out.extend([9; 4]);
        for (rows, _, padded) in kind.layers {
            plain(&mut out, rows, 9000, 4);
            plain(&mut out, rows * padded, 127, 1);
        }
    }
    out
}

fn read(bytes: &[u8]) -> Result<Checkpoint, Error> {
    let data = Arc::new(Memory::new(bytes.to_vec()));
    open_input(&Input { name: "nn.nnue".into(), path: None, data }, &Limits::default())
}

fn assert_holds(file: &Checkpoint, name: &str, dtype: Dtype, shape: &[usize], most: i64) {
    let tensor = file.tensors.iter().find(|tensor| tensor.name() == name).unwrap();
    assert_eq!((tensor.dtype(), tensor.shape()), (dtype, shape), "{name}");
    let expected = (0..tensor.elements() as usize).map(|index| number(index, most) as f64);
    assert!(tensor.to_f64().unwrap().into_iter().eq(expected), "{name}");
}

#[test]
fn networks_of_stockfish_hold_what_made_them() {
    for kind in &KINDS {
        let file = read(&network(kind)).unwrap();
        assert_eq!(file.warnings, []);
        assert_eq!(file.tensors.len(), 2 + usize::from(kind.buckets > 1) + kind.buckets * 6);
        let first = |part: &str| format!("feature_transformer.{part}");
        assert_holds(&file, &first("bias"), Dtype::I16, &[kind.width], 700);
        assert_holds(&file, &first("weight"), Dtype::I16, &[kind.inputs, kind.width], 300);
        if kind.buckets > 1 {
            assert_holds(&file, &first("psqt"), Dtype::I32, &[kind.inputs, 8], 70_000);
        }
        for (layer, (rows, columns, padded)) in kind.layers.into_iter().enumerate() {
            let name = format!("layer_stacks.{}.fc_{layer}", kind.buckets - 1);
            assert_holds(&file, &format!("{name}.bias"), Dtype::I32, &[rows], 9000);
            let name = format!("{name}.weight");
            let weight = file.tensors.iter().find(|tensor| tensor.name() == name).unwrap();
            assert_eq!((weight.dtype(), weight.shape()), (Dtype::I8, &[rows, columns][..]));
            let values = (0..rows * columns)
                .map(|index| number(index / columns * padded + index % columns, 127) as f64);
            assert!(weight.to_f64().unwrap().into_iter().eq(values), "{name}");
        }
    }
}

#[test]
fn a_cut_network_of_stockfish_is_an_error_or_says_so() {
    let whole = network(&KINDS[2]);
    for len in (0..whole.len()).step_by(whole.len() / 60).chain(whole.len() - 300..whole.len()) {
        match read(&whole[..len]) {
            Ok(file) => assert!(file.warnings.iter().any(|warning| warning.is_fault), "{len}"),
            Err(error) => assert!(!error.message().is_empty()),
        }
    }
    // Numbers that go on, are too few, or too large.
    let block = whole.windows(PACKED.len()).position(|part| part == PACKED).unwrap();
    for byte in [0x80, 0xff] {
        let mut bytes = whole.clone();
        bytes[block + PACKED.len() + 4..][..4].fill(byte);
        let file = read(&bytes).unwrap();
        assert!(file.tensors[0].to_f64().is_err());
    }
}

#[test]
fn features_that_are_not_read_are_named() {
    let mut bytes = network(&KINDS[0]);
    bytes[12 + 14..][..4].fill(0x11);
    let error = read(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.message().contains("features other than HalfKP, HalfKAv2, HalfKAv2_hm"),
        "{error}"
    );
}
