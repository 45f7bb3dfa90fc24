#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hinton_fuzz::open("summary", &hinton_fuzz::with_checksum(bytes));
});
