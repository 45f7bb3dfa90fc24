//! Containers that know nothing of tensors: zip, pickle.

pub mod pickle;
pub mod zip;
