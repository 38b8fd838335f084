//! Security blobs of binds and session setups: SPNEGO, NTLMSSP, Kerberos.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_msrpc::fuzz::security_blob(data));
