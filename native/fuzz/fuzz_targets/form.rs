//! Forms in HTTP requests, in pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_protocols::fuzz::form(data));
