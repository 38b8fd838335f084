//! Arbitrary octets, and octets that begin like real frames, through every link type.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use proptest::prelude::*;
use sidewire_base::Time;
use sidewire_decode::{DecodeOptions, FrameDecoder, FrameSharder, LinkFrame, TunnelPorts, link_type_is_known};

/// Beginnings that lead deep into the decoder.
const HEADS: &[&[u8]] = &[
    b"",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45\0\0\x50\0\0\0\0\x40\x2f\0\0\x0a\0\0\x01\x0a\0\0\x02",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x4f\0\0\x50\0\0\0\0\x40\x06\0\0\x0a\0\0\x01\x0a\0\0\x02",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45\0\0\x50\0\0\x20\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45\0\0\x50\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02\x12\xb5\x12\xb5\0\x3c\0\0\x08",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\x81\0\0\x01\x88\x47\0\x3e\x81\xff",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\x86\xdd\x60\0\0\0\0\x20\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\x88\x64\x11\0\0\x01\0\x40",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_octets_are_decoded(
        head in 0..HEADS.len(),
        tail in proptest::collection::vec(any::<u8>(), 0..160),
        checksums in any::<bool>(),
        offload_length in any::<bool>(),
    ) {
        let data = [HEADS[head], &tail].concat();
        let options = DecodeOptions { checksums, offload_length, teredo: TunnelPorts::Any, ..DecodeOptions::default() };
        let mut decoder = FrameDecoder::new(options.clone());
        let mut sharder = FrameSharder::new(&options);
        for link_type in (0..=300).filter(|n| link_type_is_known(*n)).chain([9999]) {
            let frame = LinkFrame { time: Time(1), ordinal: 1, link_type, data: &data, wire_length: 0, interface: 0, checksums_pending: false };
            let (mut count, mut innermost) = (0u8, None);
            decoder.decode(&frame, &mut |packet| {
                count += 1;
                assert!(packet.payload.len() <= packet.frame.len() && packet.events.len() <= 16);
                if let Some(ip) = packet.ip.as_ref().filter(|_| !packet.reassembled) {
                    innermost = Some((ip.source.min(ip.destination), ip.source.max(ip.destination)));
                }
            });
            prop_assert!((1..32).contains(&count));
            prop_assert_eq!(sharder.key(&frame).map(|key| (key.pair.low, key.pair.high)), innermost);
        }
        sidewire_decode::fuzz::decode(&data);
    }
}
