//! Containers that know nothing of tensors: zip, tar, pickle, protocol buffers, FlatBuffers,
//! sorted tables.

pub mod flatbuffer;
pub mod pickle;
pub mod protobuf;
pub mod table;
pub mod tar;
pub mod zip;
