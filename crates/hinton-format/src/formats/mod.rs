//! The formats: one file each, one row each.

mod affine;
pub(crate) mod archive;
mod beside;
pub(crate) mod caffe;
pub(crate) mod caffe2;
pub(crate) mod coreml;
pub(crate) mod csv;
pub(crate) mod darknet;
pub(crate) mod executorch;
pub(crate) mod fasttext;
pub(crate) mod flax;
pub(crate) mod ggjt;
pub(crate) mod ggml;
pub(crate) mod gguf;
pub(crate) mod hdf5;
pub(crate) mod idx;
pub(crate) mod imatrix;
pub(crate) mod json;
pub(crate) mod katago;
pub(crate) mod keras;
pub(crate) mod leela;
pub(crate) mod llama2c;
pub(crate) mod matlab;
pub(crate) mod mindspore;
pub(crate) mod mnn;
pub(crate) mod mxnet;
mod narrow;
pub(crate) mod ncnn;
pub(crate) mod nnue;
pub(crate) mod notes;
pub(crate) mod npy;
pub(crate) mod npz;
pub(crate) mod onnx;
pub(crate) mod opencv;
pub(crate) mod openvino;
pub(crate) mod orbax;
pub(crate) mod pdiparams;
pub(crate) mod pickle;
mod pieces;
pub(crate) mod pmml;
pub(crate) mod pt2;
pub(crate) mod pytorch;
mod row;
pub(crate) mod safetensors;
pub(crate) mod sharded;
pub(crate) mod summary;
pub(crate) mod tensorflow;
pub(crate) mod tfjs;
pub(crate) mod tflite;
pub(crate) mod thinc;
pub(crate) mod torch7;
mod unpickle;
pub(crate) mod word2vec;
pub(crate) mod zarr;

pub(crate) use row::{FolderRow, Holds};
pub use row::{FormatRow, open_as};

/// Every format, the most certain first.
pub const FORMATS: &[FormatRow] = &[
    safetensors::ROW,
    sharded::ROW,
    gguf::ROW,
    ggml::ROW,
    ggjt::ROW,
    pt2::ROW,
    pytorch::ROW,
    pytorch::dcp::ROW,
    npy::ROW,
    npz::ROW,
    matlab::ROW,
    hdf5::ROW,
    keras::ROW,
    flax::ROW,
    orbax::ROW,
    zarr::ROW,
    darknet::ROW,
    idx::ROW,
    onnx::ROW,
    onnx::ort::ROW,
    openvino::ROW,
    opencv::ROW,
    pmml::ROW,
    ncnn::ROW,
    mnn::ROW,
    executorch::ROW,
    tflite::ROW,
    tfjs::ROW,
    tensorflow::CHECKPOINT,
    tensorflow::GRAPH,
    coreml::ROW,
    caffe::ROW,
    caffe2::ROW,
    pdiparams::ROW,
    mindspore::ROW,
    mxnet::ROW,
    torch7::ROW,
    thinc::ROW,
    llama2c::ROW,
    imatrix::ROW,
    katago::ROW,
    leela::ROW,
    nnue::ROW,
    word2vec::ROW,
    fasttext::ROW,
    pickle::ROW,
    summary::ROW,
    csv::ROW,
    json::ROW,
    archive::ZIP,
    archive::TAR,
];

/// The formats of folders. They are asked before the files in a folder are looked at.
pub(crate) const FOLDERS: &[FolderRow] = &[orbax::FOLDER, zarr::FOLDER];

/// The byte of some JSON text at which its reader stopped.
fn json_byte(text: &[u8], error: &serde_json::Error) -> u64 {
    let lines = error.line().saturating_sub(1);
    let before: usize =
        text.split_inclusive(|byte| *byte == b'\n').take(lines).map(<[u8]>::len).sum();
    (before + error.column().saturating_sub(1)).min(text.len()) as u64
}
