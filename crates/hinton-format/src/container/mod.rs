//! Containers that know nothing of tensors: zip, pickle, protocol buffers.

pub mod pickle;
pub mod protobuf;
pub mod zip;
