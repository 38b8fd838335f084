//! The dcerpc protocol over TCP, with its buffers and events.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_protocols::fuzz::flow("dcerpc", sidewire_app_layer::Transport::Tcp, data));
