//! Stubs of calls: arguments, object references, automation values, WMI objects, activation properties.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sidewire_msrpc::fuzz::stubs(data));
