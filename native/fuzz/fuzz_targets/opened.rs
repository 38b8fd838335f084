//! Sealed calls under keys that are known: NTLM, and Kerberos with AES and RC4.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_msrpc::fuzz::opened(data));
