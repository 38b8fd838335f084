//! Any octets as an event log: .evtx, JSON, XML, compressed or in an archive.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_hostlog::fuzz_log(data));
