//! RPC over HTTP: the two connections of a virtual connection, from their HTTP heads on.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_protocols::fuzz::rpc_http(data));
