//! Containers that know nothing of tensors: zip, pickle, protocol buffers, FlatBuffers,
//! sorted tables.

pub mod flatbuffer;
pub mod pickle;
pub mod protobuf;
pub mod table;
pub mod zip;
