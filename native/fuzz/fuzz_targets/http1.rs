//! HTTP/1 conversations.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_protocols::fuzz::flow("http", sidewire_app_layer::Transport::Tcp, data));
