//! Files of `shared/hostile` beside the repository, small ones that stand for gigabytes or that a
//! killed writer left: the program is run on each within limits of memory, and ends well.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Folder, said};

/// Memory that the program may have in all, KiB.
const MEMORY: &str = "2500000";
/// Seconds after which it counts as hanging; what is asserted is that it ends, not how fast.
const SECONDS: &str = "100";

/// A file, what is done with it (`@` stands for it, `$` for a copy of it, `%NAME` for another file), and
/// what is said.
const ROWS: &[(&str, &str, &str)] = &[
    ("B01_metadata_list.safetensors.gz", "inspect @", "the limit is 17821608"),
    ("B03_pickle_append.pkl.gz", "draw @ -o x.png", "must be unpacked to memory"),
    ("B03_pickle_tuplekey.pkl.gz", "draw @ -o x.png", "must be unpacked to memory"),
    ("B04_pickle_wide_dict_shared.pkl.gz", "draw @ -o x.png", "settings"),
    ("B05_csv_header_128MB.csv.gz", "inspect @", "limit"),
    ("B06_onnx_subgraph_prefix.onnx.gz", "inspect @", "the limit for a path"),
    ("B06b_onnx_40_levels_of_1MB_names.onnx.gz", "draw @ -o x.png", "the limit for a path"),
    ("B07_onnx_empty_nodes.onnx.gz", "draw @ -o x.png", "too many fields"),
    ("B07b_coreml_empty_layers.mlmodel.gz", "inspect @", "too many fields"),
    ("B08_onnx_sparse_8x1GiB.onnx.gz", "inspect --stats @", "too large to be filled in"),
    ("B10_npz_100x60MB.npz", "draw @ -t w1? -o x.png", ""),
    ("B10c_npz_fortran_6x900MB.npz", "draw @ -o x.png", ""),
    ("B10c_npz_fortran_6x900MB.npz", "space @", ""),
    ("B11_matlab_field_names.mat", "inspect @", ""),
    ("B12_flax_4000B_prefix.msgpack.gz", "check @", ""),
    ("B13_npy_header_dict.npy.gz", "inspect @", ""),
    ("B14_index_metadata.zip", "inspect @", ""),
    ("D01_leftover_run_json", "train --resume $", "ended before its first step"),
    ("D01_leftover_run_json", "train digits --epochs 1 --record $", "the run is in"),
    ("D02_no_step_yet", "inspect @", "there are no steps yet"),
    ("D02_no_step_yet", "train --resume $ --epochs 1", "epoch 1/1"),
    ("D03_last_step_cut", "train --resume $ --epochs 1", "step 100 was cut"),
    // Its kind is in ffmpeg.rs, with a program in the place of ffmpeg.
    ("D04_ffmpeg_disk_full.sh", "inspect @", ""),
    ("E01_names_with_escapes.onnx", "inspect @", "\\u{1b}"),
    ("E01_names_with_escapes.safetensors", "space @", "\\u{1b}"),
    ("E02_run_json", "inspect @", ""),
    ("E02_run_json", "inspect --json @", "\\u202e"),
    ("R02_metrics_many_names", "draw @ -o x.png", ""),
    ("S01_space_wide_layer.safetensors.gz", "space @", "the limit is"),
    (
        "S02_space_5000_layers.safetensors.gz",
        "space @",
        "9999 steps, the limit of what is shown is",
    ),
    ("S04_onnx_constant_broadcast.onnx", "space @", "the limit is 16777216"),
    ("S06_onnx_moving_conv_pads.onnx", "space @", "the limit is 16777216"),
    // Against themselves and one another.
    ("B01_metadata_list.safetensors.gz", "diff @ @", "the limit is 17821608"),
    ("B03_pickle_append.pkl.gz", "diff @ @", "must be unpacked to memory"),
    ("B07_onnx_empty_nodes.onnx.gz", "diff @ @", "too many fields"),
    ("B08_onnx_sparse_8x1GiB.onnx.gz", "diff @ @", "too large to be filled in"),
    ("B12_flax_4000B_prefix.msgpack.gz", "diff @ %E01_names_with_escapes.onnx", "the limit"),
    ("E01_names_with_escapes.safetensors", "diff @ @", "identical: 44 tensors"),
    ("E01_names_with_escapes.safetensors", "diff @ %E01_names_with_escapes.onnx", "\\u{1b}"),
    ("E02_run_json", "diff @", ""),
    ("S01_space_wide_layer.safetensors.gz", "diff @ @", "identical: 1 tensor"),
    (
        "S02_space_5000_layers.safetensors.gz",
        "diff @ %S01_space_wide_layer.safetensors.gz",
        "only in",
    ),
    ("S04_onnx_constant_broadcast.onnx", "diff @ %S01_space_wide_layer.safetensors.gz", "only in"),
    ("T01_zarr_2e50_no_chunks", "draw @ -o x.png", "never written"),
];

/// What every file goes through.
const COMMANDS: [&str; 7] = [
    "inspect @",
    "inspect --stats @",
    "draw @ -o x.png",
    "check @",
    "export @ -o x.npz",
    "animate @ -o x.gif",
    "space @",
];

/// Files that keep a machine busy for seconds, because gigabytes are in them or millions of parts: all
/// commands run on them by hand.
const BUSY: [&str; 6] = ["B04_", "B07_", "B07b_", "B10_", "B10c_", "T01_"];

fn hostile() -> Option<PathBuf> {
    hinton_testing::shared("hostile")
}

#[test]
fn every_file_ends_well() {
    let Some(root) = hostile() else { return };
    let faults: Vec<String> =
        ROWS.iter().filter_map(|(name, words, told)| fault(&root, name, words, told)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_goes_through_every_command() {
    through_all(|name| !BUSY.iter().any(|busy| name.starts_with(busy)));
}

#[test]
#[ignore = "minutes of work, run by hand: cargo test --release -p hinton-cli --test it hostile -- --ignored"]
fn busy_files_go_through_every_command() {
    through_all(|name| BUSY.iter().any(|busy| name.starts_with(busy)));
}

fn through_all(is_wanted: impl Fn(&str) -> bool) {
    let Some(root) = hostile() else { return };
    let mut names: Vec<&str> =
        ROWS.iter().map(|row| row.0).filter(|name| is_wanted(name)).collect();
    names.dedup();
    let pairs = names.iter().flat_map(|name| COMMANDS.map(|words| (name, words)));
    let faults: Vec<String> =
        pairs.filter_map(|(name, words)| fault(&root, name, words, "")).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Runs the program within limits; what is wrong with how it ends.
fn fault(root: &Path, name: &str, words: &str, told: &str) -> Option<String> {
    let folder = Folder::new();
    let file = root.join(name).display().to_string();
    let copy = folder.path().join("copy");
    if words.contains('$') {
        copy_folder(&root.join(name), &copy);
    }
    let copy = copy.display().to_string();
    let other = |name: &str| root.join(name).display().to_string();
    let words = words.split(' ').map(|word| match (word, word.strip_prefix('%')) {
        ("@", _) => file.clone(),
        ("$", _) => copy.clone(),
        (_, Some(name)) => other(name),
        (word, None) => word.to_owned(),
    });
    let words: Vec<String> = words.collect();
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -v $0; exec timeout \"$@\"", MEMORY, SECONDS])
        .arg(env!("CARGO_BIN_EXE_hinton"))
        .args(&words)
        .current_dir(folder.path());
    let said = said(limited.output().unwrap());
    let all = format!("{}{}", said.out, said.err);
    let start: String = all.chars().take(500).collect();
    let is_raw = |c: char| c.is_control() && c != '\n';
    // What is drawn in the terminal has its colours.
    let is_picture = words[0] == "space" && told.is_empty();
    let fault = if !(0..=2).contains(&said.code) {
        format!("ended with {}", said.code)
    } else if all.contains("memory allocation") || all.contains("panicked") {
        "aborted".to_owned()
    } else if !all.contains(told) {
        format!("{told:?} is not in")
    } else if !is_picture && (all.contains(is_raw) || all.contains('\u{202e}')) {
        "not escaped".to_owned()
    } else {
        return None;
    };
    Some(format!("{words:?}: {fault}: {start}"))
}

#[test]
fn every_file_has_a_row() {
    let Some(root) = hostile() else { return };
    for entry in std::fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_known = name == "HOSTILE.md" || ROWS.iter().any(|row| row.0 == name);
        assert!(is_known, "there is no row for {name}");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_folder(&entry.path(), &target),
            // Read and written, because what is shared may only be read.
            false => std::fs::write(target, std::fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}
