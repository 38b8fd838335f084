//! TLS conversations.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_protocols::fuzz::flow("tls", sidewire_app_layer::Transport::Tcp, data));
