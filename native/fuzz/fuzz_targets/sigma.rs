//! Sigma rules in the IR, as JSON up to the first NUL octet, held against the event log behind it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |octet| *octet == 0);
    let (text, log) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if let Ok(batch) = serde_json::from_slice(text) {
        sidewire_sigma::fuzz_sigma(batch, log);
    }
});
