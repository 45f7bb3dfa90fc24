#![no_main]

use hinton_fuzz::{block, halves, open_files};

/// First bytes of a manifest and of a node of the database.
const MANIFEST: u32 = 0x0cdb_3a2a;
const NODE: u32 = 0x0cdb_20de;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hinton_fuzz::open("orbax", bytes);
    // A tree of names, and a manifest, by itself.
    open_files(&[("_METADATA", bytes)]);
    open_files(&[("manifest.ocdbt", &block(MANIFEST, bytes))]);
    // A manifest that is right, and two nodes of any content, the first of which is the root.
    let (height, bodies) = bytes.split_first().unwrap_or((&0, &[]));
    let (root, other) = halves(bodies);
    let (root, other) = (block(NODE, root), block(NODE, other));
    let mut version = vec![7; 16];
    version.extend([0, 100, 100, 4, 0, 1, 1, 0, b'r', 1, 1, height & 3, 0, 0]);
    version.extend([root.len() as u8 | 0x80, (root.len() >> 7) as u8 & 0x7f]);
    version.extend([0; 3 + 8 + 1]);
    open_files(&[("manifest.ocdbt", &block(MANIFEST, &version)), ("r", &root), ("o", &other)]);
});
