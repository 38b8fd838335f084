//! Frames of any link type, with fragments.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_decode::fuzz::decode(data));
