//! Pixels: small kernels, each tested against a plain version.
