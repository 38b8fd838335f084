//! DCE/RPC over streams, pipes and datagrams.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_msrpc::fuzz::connection(data));
