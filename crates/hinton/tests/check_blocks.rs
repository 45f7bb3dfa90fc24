//! Blocks of quantised tensors that are empty, broken or full are found; ordinary ones are not.

use crate::common;

use std::path::PathBuf;

use common::Folder;
use hinton::Work;
use hinton::check::{CheckReport, check_path};

const NONE: &[&str] = &[];

/// Kind, tensor and message of each finding on blocks.
fn blocks(report: &CheckReport) -> Vec<String> {
    let found = report.findings.iter().filter(|finding| finding.kind.name.ends_with("-blocks"));
    found.map(|one| format!("{} {}: {}", one.kind.name, one.tensor, one.message)).collect()
}

fn checked(name: &str, bytes: &[u8]) -> CheckReport {
    let folder = Folder::new();
    let path = folder.path(name);
    std::fs::write(&path, bytes).unwrap();
    check_path(&path, NONE, Work::on(2)).unwrap()
}

/// A GGUF file of one tensor `w` of that type, its axes in numpy's order.
fn gguf(kind: u32, shape: &[u64], blocks: &[u8]) -> Vec<u8> {
    let mut file = b"GGUF\x03\0\0\0".to_vec();
    file.extend(1u64.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.extend(1u64.to_le_bytes());
    file.push(b'w');
    file.extend((shape.len() as u32).to_le_bytes());
    shape.iter().rev().for_each(|len| file.extend(len.to_le_bytes()));
    file.extend(kind.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.resize(file.len().next_multiple_of(32), 0);
    file.extend(blocks);
    file
}

/// A block of Q4_0 with that scale, whose codes go up from `first` or are all one byte.
fn q4_0(scale: u16, codes: [u8; 16]) -> Vec<u8> {
    [scale.to_le_bytes().to_vec(), codes.to_vec()].concat()
}

const ORDINARY: [u8; 16] = [
    0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
];

#[test]
fn empty_broken_and_full_blocks_are_counted_with_their_first_places() {
    // 4 rows of 3 blocks.
    let mut all: Vec<Vec<u8>> = vec![q4_0(0x3c00, ORDINARY); 12];
    all[1] = q4_0(0, ORDINARY);
    all[11] = q4_0(0x8000, ORDINARY);
    all[5] = q4_0(0x7c00, ORDINARY);
    all[6] = q4_0(0x3c00, [0xf0; 16]);
    let report = checked("w.gguf", &gguf(2, &[4, 96], &all.concat()));
    assert_eq!(
        blocks(&report),
        [
            "broken-blocks w: 1 of 12 blocks have a scale that is infinite or not a number, the \
             first at [1, 64]",
            "empty-blocks w: 2 of 12 blocks have a scale of zero, the first at [0, 32]",
            "saturated-blocks w: 1 of 12 blocks have every code at an end of its range, the first \
             at [2, 0]",
        ]
    );
    let empty = report.findings.iter().find(|one| one.kind.name == "empty-blocks").unwrap();
    assert_eq!((empty.count, &empty.places), (2, &vec![vec![0, 32], vec![3, 64]]));
    assert!(report.faults().any(|one| one.kind.name == "broken-blocks"));
}

#[test]
fn ordinary_blocks_have_nothing_and_zeros_throughout_are_told_once() {
    let report = checked("w.gguf", &gguf(2, &[2, 64], &q4_0(0x3c00, ORDINARY).repeat(4)));
    assert_eq!(blocks(&report), [""; 0]);
    let report = checked("w.gguf", &gguf(2, &[2, 64], &q4_0(0, ORDINARY).repeat(4)));
    let kinds: Vec<&str> = report.findings.iter().map(|one| one.kind.name).collect();
    assert_eq!(kinds, ["zero"]);
    // Blocks of random bytes of every type, and weights quantised by the original libraries.
    let fixtures =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../hinton-format/tests/fixtures");
    for name in [
        "gguf/every_type.gguf",
        "gguf/big_endian.gguf",
        "quantised/gptq.safetensors",
        "quantised/awq.safetensors",
        "quantised/nf4.safetensors",
        "quantised/mlx",
        "quantised/mxfp4.safetensors",
        "quantised/nvfp4_modelopt.safetensors",
        "quantised/nvfp4_packed.safetensors",
        "quantised/ct.safetensors",
        "quantised/mxfp4_ct.safetensors",
        "quantised/nvfp4_mlx.safetensors",
    ] {
        let report = check_path(&fixtures.join(name), NONE, Work::on(2)).unwrap();
        assert_eq!(blocks(&report), [""; 0], "{name}");
    }
}

#[test]
fn many_blocks_are_shared_out_and_none_is_missed() {
    // 1024 rows of 1024 values: 8 stripes, 32,768 blocks.
    let mut all = q4_0(0x3c00, ORDINARY).repeat(32768);
    for block in (0..32768).filter(|block| block % 1000 == 999) {
        all[block * 18..block * 18 + 2].fill(0);
    }
    let report = checked("w.gguf", &gguf(2, &[1024, 1024], &all));
    let found = report.findings.iter().find(|one| one.kind.name == "empty-blocks").unwrap();
    let place = |block: usize| vec![block / 32, block % 32 * 32];
    let places: Vec<Vec<usize>> = (0..8).map(|at| place(at * 1000 + 999)).collect();
    assert_eq!((found.count, &found.places), (32, &places));
}

/// A safetensors file of these tensors.
fn safetensors(tensors: &[(&str, &str, &[usize], Vec<u8>)]) -> Vec<u8> {
    let mut at = 0;
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            let begin = at;
            at += bytes.len();
            format!(
                "\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{begin},{at}]}}"
            )
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    tensors.iter().for_each(|(_, _, _, bytes)| file.extend(bytes));
    file
}

fn words(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// 64 rows (inputs) in 2 groups of 32, 8 columns (outputs): the scales of column 1 of group 0 and
/// of column 2 of group 1 are zero and NaN, and the codes of column 3 of group 1 are at their ends.
#[test]
fn groups_of_gptq_and_awq() {
    let mut scales = vec![0.5f32; 16];
    (scales[1], scales[8 + 2]) = (0.0, f32::NAN);
    let expected = [
        "broken-blocks a.weight: 1 of 16 blocks have a scale that is infinite or not a number, the \
         first at [2, 32]",
        "empty-blocks a.weight: 1 of 16 blocks have a scale of zero, the first at [1, 0]",
        "saturated-blocks a.weight: 1 of 16 blocks have every code at an end of its range, the \
         first at [3, 32]",
    ];
    // GPTQ: 8 codes down a word, so that 32 rows are 4 words.
    let gptq = words((0..8 * 8).map(|at| match (at / 8, at % 8) {
        (4.., 3) => 0xf00f_f0ff,
        _ => 0x7654_3210 + at,
    }));
    let zeros = words([0x7777_7777; 2]);
    let file = |codes: &Vec<u8>, shape: &[usize], groups: Option<Vec<u8>>| {
        let mut tensors = vec![
            ("a.qweight", "I32", shape, codes.clone()),
            ("a.qzeros", "I32", &[2, 1][..], zeros.clone()),
            ("a.scales", "F32", &[2, 8][..], floats(&scales)),
        ];
        tensors.extend(groups.map(|groups| ("a.g_idx", "I32", &[64][..], groups)));
        safetensors(&tensors)
    };
    let report = checked("w.safetensors", &file(&gptq, &[8, 8], None));
    assert_eq!(blocks(&report), expected);
    let in_order = words((0..64).map(|row| row / 32));
    let report = checked("w.safetensors", &file(&gptq, &[8, 8], Some(in_order)));
    assert_eq!(blocks(&report), expected);
    // Every second row is of the other group: the first row of group 1 is row 1, and no column is
    // at its ends in all of them.
    let mixed = words((0..64).map(|row| row % 2));
    let report = checked("w.safetensors", &file(&gptq, &[8, 8], Some(mixed)));
    let found = blocks(&report);
    assert!(found[0].ends_with("the first at [2, 1]") && found.len() == 2, "{found:?}");
    // AWQ: 8 columns along a word; column 3 lies in the code 5.
    let awq = words((0..64).map(|row| match row {
        32.. => 0x8765_4321 & !(0xf << 20) | (row % 2 * 15) << 20,
        _ => 0x8765_4321 + row,
    }));
    let report = checked("w.safetensors", &file(&awq, &[64, 1], None));
    assert_eq!(blocks(&report), expected);
}

#[test]
fn groups_of_mlx_and_blocks_of_mxfp4() {
    // 2 rows of 2 groups of 64 codes of 4 bits: 8 words a group.
    let codes = words((0..32).map(|at| if at / 8 == 3 { 0xf0f0_f00f } else { 0x7654_3210 }));
    let file = safetensors(&[
        ("a.weight", "U32", &[2, 16], codes),
        ("a.scales", "F32", &[2, 2], floats(&[1.0, 0.0, 0.0, 1.0])),
        ("a.biases", "F32", &[2, 2], floats(&[0.0, 0.0, 2.0, 1.0])),
    ]);
    let report = checked("w.safetensors", &file);
    let found = blocks(&report);
    assert_eq!(
        found,
        [
            "empty-blocks a.weight (dequantised): 1 of 4 blocks have a scale of zero, the first at \
             [0, 64]",
            "saturated-blocks a.weight (dequantised): 1 of 4 blocks have every code at an end of \
             its range, the first at [1, 64]",
        ]
    );
    let mut codes = vec![0x21; 4 * 16];
    codes[16..32].fill(0x7f);
    let file = safetensors(&[
        ("mlp_blocks", "U8", &[2, 2, 16], codes),
        ("mlp_scales", "U8", &[2, 2], vec![127, 127, 255, 127]),
    ]);
    let found = blocks(&checked("w.safetensors", &file));
    assert_eq!(
        found,
        [
            "broken-blocks mlp: 1 of 4 blocks have a scale that is infinite or not a number, the \
             first at [1, 0]",
            "saturated-blocks mlp: 1 of 4 blocks have every code at an end of its range, the first \
             at [0, 32]",
        ]
    );
}
