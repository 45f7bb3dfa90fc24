//! Containers that know nothing of tensors: zip, pickle.

pub mod zip;
