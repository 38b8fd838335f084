//! SMB, one direction as it stands.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_protocols::fuzz::stream("smb", data));
