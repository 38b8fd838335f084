//! Files of one transaction: open, grow, have gaps, are stored, end.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_files::fuzz::files(data));
