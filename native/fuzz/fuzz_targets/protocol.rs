//! A protocol of the list, named by `SIDEWIRE_PROTOCOL`, with its buffers and events.
#![no_main]

use std::sync::LazyLock;

static NAME: LazyLock<String> =
    LazyLock::new(|| std::env::var("SIDEWIRE_PROTOCOL").expect("SIDEWIRE_PROTOCOL names a protocol"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_protocols::fuzz::protocol(&NAME, data));
