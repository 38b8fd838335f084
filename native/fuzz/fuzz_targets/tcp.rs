//! Segments of a TCP session.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_tcp::fuzz::session(data));
