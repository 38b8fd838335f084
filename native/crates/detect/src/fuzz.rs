//! Entry for fuzzing: any batch of the IR may be rules, any octets a packet they are applied to.

use std::sync::Arc;

use crate::ir::RuleBatch;
use sidewire_base::Time;
use sidewire_decode::{DecodeOptions, FrameDecoder, LinkFrame};

use crate::{CompileOptions, DetectEngine, InspectInput, MatcherBackend, RuleSet, SilentObserver};

/// Raw IPv4 (`LINKTYPE_RAW`).
const RAW: u32 = 101;
/// An IPv4 header without total length, with UDP in it.
const HEADER: [u8; 28] = *b"\x45\0\0\0\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\xc0\xa8\0\x01\xc0\0\0\x50\0\0\0\0";

/// Compiles a batch of rules, and applies them to a datagram.
pub fn rules(batch: RuleBatch, payload: &[u8]) {
    let options = CompileOptions {
        backend: MatcherBackend::AhoCorasick,
        threads: 1,
        pcre_match_limit: 1000,
        pcre_recursion_limit: 1000,
        ..CompileOptions::default()
    };
    let Ok((set, problems)) = RuleSet::compile(vec![batch], &options, &[]) else { return };
    std::hint::black_box(problems);
    let mut detector = DetectEngine::new(&Arc::new(set));
    let payload = payload.get(..payload.len().min(1400)).unwrap_or_default();
    let mut frame = HEADER.to_vec();
    frame.extend_from_slice(payload);
    let length = |octets: usize| u16::try_from(octets).unwrap_or(u16::MAX).to_be_bytes();
    for (at, [high, low]) in [(2, length(frame.len())), (24, length(frame.len() - 20))] {
        if let Some([a, b]) = frame.get_mut(at..at + 2) {
            (*a, *b) = (high, low);
        }
    }
    let frame = LinkFrame {
        time: Time(1),
        ordinal: 1,
        link_type: RAW,
        data: &frame,
        wire_length: 0,
        interface: 0,
        checksums_pending: false,
    };
    let mut matches = Vec::new();
    FrameDecoder::new(DecodeOptions { checksums: false, ..DecodeOptions::default() }).decode(&frame, &mut |packet| {
        let input = InspectInput {
            time: Time(1),
            ordinal: 1,
            packet: Some(packet),
            source: packet.source(),
            destination: packet.destination(),
            flow: None,
            stream_events: &[],
            last: false,
        };
        detector.inspect(input, &mut SilentObserver, &mut matches);
    });
    std::hint::black_box(matches);
}
