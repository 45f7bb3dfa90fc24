//! Containers, independent of tensors: zip, tar, pickle, protocol buffers, FlatBuffers, sorted
//! tables, B+trees in log files, XML.

pub mod flatbuffer;
pub mod ocdbt;
pub mod pickle;
pub mod protobuf;
pub mod table;
pub mod tar;
pub(crate) mod xml;
pub mod zip;
