#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hinton_fuzz::open("zarr", bytes);
    // Metadata of either version, with the same bytes as its first chunk.
    for (name, chunk) in [(".zarray", "0"), ("zarr.json", "c/0")] {
        let (metadata, values) = hinton_fuzz::halves(bytes);
        hinton_fuzz::open_files(&[
            (name, metadata),
            (chunk, values),
            ("0.0", values),
            ("c/0/0", values),
        ]);
    }
});
