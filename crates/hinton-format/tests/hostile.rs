//! Small files that stand for gigabytes, in `shared/hostile` beside the repository: each opens, or
//! is refused, in bounded memory.
#![cfg(target_os = "linux")]

use hinton_format::{Limits, open};

/// Most memory that the process has had at once, KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn small_files_stay_cheap() {
    const FILES: [&str; 12] = [
        "B01_metadata_list.safetensors.gz",
        "B03_pickle_append.pkl.gz",
        "B03_pickle_tuplekey.pkl.gz",
        "B05_csv_header_128MB.csv.gz",
        "B06_onnx_subgraph_prefix.onnx.gz",
        "B06b_onnx_40_levels_of_1MB_names.onnx.gz",
        "B07_onnx_empty_nodes.onnx.gz",
        "B07b_coreml_empty_layers.mlmodel.gz",
        "B11_matlab_field_names.mat",
        "B12_flax_4000B_prefix.msgpack.gz",
        "B13_npy_header_dict.npy.gz",
        "B14_index_metadata.zip",
    ];
    let Some(root) = hinton_testing::shared("hostile") else { return };
    for name in FILES {
        let opened = open(&root.join(name), &Limits::default());
        let said = match &opened {
            Ok(file) => format!("{} tensors", file.tensors.len()),
            Err(error) => error.to_string().chars().take(200).collect(),
        };
        let mib = peak() >> 10;
        println!("{name}: {mib} MiB at most so far: {said}");
        assert!(mib < 1024, "{name}: {mib} MiB: {said}");
    }
}
