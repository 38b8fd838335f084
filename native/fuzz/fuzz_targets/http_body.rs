//! Compressed HTTP bodies: encodings in layers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_protocols::fuzz::http_body(data));
