//! Reassembly against a byte map, in any order, with every policy, and within its limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use proptest::prelude::*;
use sidewire_base::Time;
use sidewire_decode::{DecodeOptions, DefragOptions, DefragPolicy, FrameDecoder, LinkFrame, NetworkPrefix};

/// A fragment: offset in units of 8 octets, its octets, and whether more follow.
#[derive(Clone, Debug)]
struct Part {
    offset: u16,
    data: Vec<u8>,
    more: bool,
}

fn frame_of(v6: bool, id: u8, part: &Part) -> Vec<u8> {
    if v6 {
        let length = (8 + part.data.len()) as u16;
        let field = part.offset << 3 | u16::from(part.more);
        let mut frame = vec![0x60, 0, 0, 0];
        frame.extend(length.to_be_bytes());
        frame.extend([44, 64]);
        frame.extend([0xfd; 16]);
        frame.extend([0xfe; 16]);
        frame.extend([253, 0]);
        frame.extend(field.to_be_bytes());
        frame.extend([0, 0, 0, id]);
        frame.extend(&part.data);
        frame
    } else {
        let length = (20 + part.data.len()) as u16;
        let field = part.offset | u16::from(part.more) << 13;
        let mut frame = vec![0x45, 0];
        frame.extend(length.to_be_bytes());
        frame.extend([0, id]);
        frame.extend(field.to_be_bytes());
        frame.extend([64, 253, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend(&part.data);
        frame
    }
}

struct Run {
    decoder: FrameDecoder,
    seconds: i64,
    whole: Vec<Vec<u8>>,
    events: Vec<&'static str>,
    fragments: usize,
}

impl Run {
    fn new(defrag: DefragOptions) -> Self {
        let decoder = FrameDecoder::new(DecodeOptions { defrag, ..DecodeOptions::default() });
        Self { decoder, seconds: 1000, whole: Vec::new(), events: Vec::new(), fragments: 0 }
    }

    fn push(&mut self, v6: bool, id: u8, part: &Part) {
        let data = frame_of(v6, id, part);
        let frame = LinkFrame {
            time: Time::new(self.seconds, 0),
            ordinal: 1,
            link_type: 101,
            data: &data,
            wire_length: 0,
            interface: 0,
            checksums_pending: false,
        };
        self.decoder.decode(&frame, &mut |packet| {
            self.events.extend(packet.events.iter().map(|event| event.name()));
            self.fragments += usize::from(packet.fragment);
            if packet.reassembled {
                assert!(!packet.fragment);
                let ip = packet.ip.as_ref().unwrap();
                assert_eq!((ip.protocol, ip.fragment_offset), (253, 0));
                self.whole.push(ip.payload.to_vec());
            }
        });
    }

    fn stat(&self, name: &str) -> u64 {
        self.decoder.stats().values().find(|(known, _)| *known == name).unwrap().1
    }
}

fn part(offset: u16, data: &[u8], more: bool) -> Part {
    Part { offset, data: data.to_vec(), more }
}

/// Two fragments, the second arriving over the first, as letters of 8 octets; a third completes the datagram.
fn settle(policy: DefragPolicy, old: (u16, usize), new: (u16, usize)) -> String {
    let mut run = Run::new(DefragOptions { policy, ..DefragOptions::default() });
    run.push(false, 1, &part(old.0, &vec![b'o'; old.1 * 8], true));
    run.push(false, 1, &part(new.0, &vec![b'n'; new.1 * 8], true));
    let from = old.0.min(new.0);
    if from > 0 {
        run.push(false, 1, &part(0, &vec![b'.'; usize::from(from) * 8], true));
    }
    let end = (usize::from(old.0) + old.1).max(usize::from(new.0) + new.1);
    run.push(false, 1, &part(end as u16, b"!", false));
    assert!(run.events.contains(&"ipv4.frag_overlap"));
    let whole = run.whole.pop().expect("complete");
    whole.chunks(8).map(|unit| char::from(unit[0])).filter(|c| "on".contains(*c)).collect()
}

#[test]
fn policies_decide_as_their_systems_do() {
    use DefragPolicy::{Bsd, BsdRight, First, Last, Linux, Solaris, Windows};
    // (begins, length) of the old and the new fragment, and who wins the octets from the leftmost on.
    type Case = ((u16, usize), (u16, usize), [(DefragPolicy, &'static str); 7]);
    let cases: [Case; 5] = [
        // The new one begins later and ends later.
        (
            (1, 3),
            (2, 3),
            [
                (First, "ooon"),
                (Last, "onnn"),
                (Bsd, "ooon"),
                (BsdRight, "onnn"),
                (Linux, "ooon"),
                (Windows, "ooon"),
                (Solaris, "ooon"),
            ],
        ),
        // It begins before and ends inside.
        (
            (2, 3),
            (1, 3),
            [
                (First, "nooo"),
                (Last, "nnno"),
                (Bsd, "nnno"),
                (BsdRight, "nooo"),
                (Linux, "nnno"),
                (Windows, "nooo"),
                (Solaris, "nooo"),
            ],
        ),
        // It covers the old one on both sides.
        (
            (2, 1),
            (1, 3),
            [
                (First, "non"),
                (Last, "nnn"),
                (Bsd, "nnn"),
                (BsdRight, "non"),
                (Linux, "nnn"),
                (Windows, "nnn"),
                (Solaris, "nnn"),
            ],
        ),
        // The same octets again.
        (
            (1, 2),
            (1, 2),
            [
                (First, "oo"),
                (Last, "nn"),
                (Bsd, "oo"),
                (BsdRight, "nn"),
                (Linux, "nn"),
                (Windows, "oo"),
                (Solaris, "oo"),
            ],
        ),
        // It begins before and ends with the old one.
        (
            (2, 1),
            (1, 2),
            [
                (First, "no"),
                (Last, "nn"),
                (Bsd, "nn"),
                (BsdRight, "no"),
                (Linux, "nn"),
                (Windows, "no"),
                (Solaris, "nn"),
            ],
        ),
    ];
    for (old, new, expected) in cases {
        for (policy, letters) in expected {
            assert_eq!(settle(policy, old, new), letters, "{policy:?} {old:?} {new:?}");
        }
    }
}

#[test]
fn a_policy_belongs_to_the_destination() {
    let network = |prefix| NetworkPrefix { address: [10, 0, 0, 0].into(), prefix };
    let policies = vec![(network(8), DefragPolicy::Last), (network(24), DefragPolicy::First)];
    let mut run = Run::new(DefragOptions { policy: DefragPolicy::Last, policies, ..DefragOptions::default() });
    run.push(false, 1, &part(0, &[b'o'; 8], true));
    run.push(false, 1, &part(0, &[b'n'; 8], true));
    run.push(false, 1, &part(1, b"!", false));
    assert_eq!(run.whole, [b"oooooooo!"]);
    assert_eq!(DefragPolicy::from_host_os("old-linux"), Some(DefragPolicy::Linux));
    assert_eq!(DefragPolicy::from_host_os("amiga"), None);
}

#[test]
fn a_datagram_that_is_too_long_is_an_event() {
    for (v6, event) in [(false, "ipv4.frag_pkt_too_large"), (true, "ipv6.frag_pkt_too_large")] {
        let mut run = Run::new(DefragOptions::default());
        run.push(v6, 1, &part(8190, &[0; 64], false));
        assert_eq!(run.events, [event]);
        run.push(v6, 1, &part(0, &[0; 8], true));
        assert!(run.whole.is_empty());
    }
}

#[test]
fn what_waits_too_long_is_given_up() {
    let mut run = Run::new(DefragOptions::default());
    run.push(true, 1, &part(0, &[1; 8], true));
    run.seconds += 61;
    run.push(true, 1, &part(1, &[2; 8], false));
    assert!(run.whole.is_empty());
    assert_eq!(run.stat("defrag.wrk.tracker_timeout"), 1);
    run.push(true, 1, &part(0, &[1; 8], true));
    assert_eq!(run.whole.len(), 1, "the late half waits in turn");
    assert_eq!((run.stat("defrag.ipv6.fragments"), run.stat("defrag.ipv6.reassembled")), (3, 1));
    assert_eq!(run.decoder.defrag_memory(), 0);
}

#[test]
fn limits_evict_the_oldest_and_are_counted() {
    let limits = DefragOptions { max_trackers: 2, ..DefragOptions::default() };
    let mut run = Run::new(limits);
    (1..=3).for_each(|id| run.push(false, id, &part(0, &[id; 8], true)));
    assert_eq!(run.stat("defrag.max_trackers_reached"), 1);
    (1..=3).rev().for_each(|id| run.push(false, id, &part(1, b"!", false)));
    assert_eq!(run.whole.len(), 2, "the first was evicted");

    let mut run = Run::new(DefragOptions { max_fragments: 3, ..DefragOptions::default() });
    (0..9).for_each(|n| run.push(false, 1, &part(n * 2, &[0; 8], true)));
    assert_eq!(run.events, ["ipv4.frag_ignored"; 6]);

    let mut run = Run::new(DefragOptions { memory: 4096, ..DefragOptions::default() });
    (0..200u8).for_each(|id| run.push(id % 2 == 0, id, &part(0, &[0; 400], true)));
    assert!(run.decoder.defrag_memory() <= 4096);
    assert!(run.stat("defrag.memcap_reached") > 100);
}

#[test]
fn a_tunnel_inside_a_reassembled_datagram_is_followed() {
    let inner = frame_of(false, 9, &part(0, b"payload!", false));
    let mut outer = vec![0x45, 0, 0, 0, 0, 1, 0x20, 0, 64, 4, 0, 0, 10, 0, 0, 3, 10, 0, 0, 4];
    let mut decoder = FrameDecoder::new(DecodeOptions::default());
    let mut levels = Vec::new();
    for (at, field) in [(0..16, 0x2000u16), (16..inner.len(), 2)] {
        let body = &inner[at];
        outer.truncate(20);
        outer[2..4].copy_from_slice(&((20 + body.len()) as u16).to_be_bytes());
        outer[6..8].copy_from_slice(&field.to_be_bytes());
        outer.extend(body);
        let frame = LinkFrame {
            time: Time(0),
            ordinal: 1,
            link_type: 101,
            data: &outer,
            wire_length: 0,
            interface: 0,
            checksums_pending: false,
        };
        decoder.decode(&frame, &mut |packet| {
            let payload = packet.ip.as_ref().unwrap().payload.to_vec();
            levels.push((packet.level, packet.fragment, payload, packet.root.map(|root| root.protocol)));
        });
    }
    assert_eq!(levels.len(), 4);
    assert_eq!((levels[1].1, levels[1].3), (true, None));
    assert_eq!(levels[2], (0, false, inner, Some(4)));
    assert_eq!(levels[3], (1, false, b"payload!".to_vec(), Some(4)));
}

/// Cuts `0..length` at random places, in units of 8 octets.
fn cut(data: &[u8], places: &[usize]) -> Vec<Part> {
    let units = data.len().div_ceil(8);
    let mut at: Vec<usize> = places.iter().map(|place| place % units).chain([0, units]).collect();
    at.sort_unstable();
    at.dedup();
    at.windows(2)
        .map(|pair| {
            let end = (pair[1] * 8).min(data.len());
            part(pair[0] as u16, &data[pair[0] * 8..end], end < data.len())
        })
        .collect()
}

/// The byte map: who owns each octet after fragments arrived in order.
fn model(policy: DefragPolicy, parts: &[Part]) -> Option<Vec<u8>> {
    let span = |part: &Part| (usize::from(part.offset) * 8, usize::from(part.offset) * 8 + part.data.len());
    let end = parts.iter().map(|part| span(part).1).max()?;
    let mut owner: Vec<Option<usize>> = vec![None; end];
    for (n, new) in parts.iter().enumerate() {
        let (start, stop) = span(new);
        for slot in &mut owner[start..stop] {
            let wins = slot.is_none_or(|old| {
                let (from, to) = span(&parts[old]);
                match policy {
                    DefragPolicy::First => false,
                    DefragPolicy::Last => true,
                    DefragPolicy::Bsd => start < from,
                    DefragPolicy::BsdRight => start >= from,
                    DefragPolicy::Linux => start <= from,
                    DefragPolicy::Windows => start < from && stop > to,
                    DefragPolicy::Solaris => start < from && stop >= to,
                }
            });
            if wins {
                *slot = Some(n);
            }
        }
    }
    let octet = |(at, n): (usize, &Option<usize>)| n.map(|n| parts[n].data[at - span(&parts[n]).0]);
    owner.iter().enumerate().map(octet).collect()
}

proptest! {
    #[test]
    fn any_order_gives_the_datagram(
        data in proptest::collection::vec(any::<u8>(), 9..900),
        places in proptest::collection::vec(any::<usize>(), 1..20),
        order in any::<u64>(),
        v6 in any::<bool>(),
    ) {
        let mut parts = cut(&data, &places);
        let mut seed = order;
        for n in (1..parts.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            parts.swap(n, (seed >> 33) as usize % (n + 1));
        }
        let mut run = Run::new(DefragOptions::default());
        parts.iter().for_each(|part| run.push(v6, 1, part));
        if parts.len() > 1 {
            prop_assert_eq!(&run.whole, &[data]);
            prop_assert!(!run.events.iter().any(|event| event.contains("frag")));
            prop_assert_eq!(run.decoder.defrag_memory(), 0);
        }
    }

    #[test]
    fn overlaps_settle_as_in_a_byte_map(
        spans in proptest::collection::vec((0u16..12, 1usize..6), 2..12),
        policy in 0usize..7,
        v6 in any::<bool>(),
    ) {
        use DefragPolicy::{Bsd, BsdRight, First, Last, Linux, Solaris, Windows};
        let policy = [First, Last, Bsd, BsdRight, Linux, Windows, Solaris][policy];
        let mut parts: Vec<Part> = spans
            .iter()
            .enumerate()
            .map(|(n, (offset, units))| part(*offset, &vec![n as u8; units * 8], true))
            .collect();
        // The last to arrive closes the datagram, so that nothing is complete before.
        let end = spans.iter().map(|(offset, units)| offset + *units as u16).max().unwrap();
        parts.push(part(end, b"end", false));
        let mut run = Run::new(DefragOptions { policy, ..DefragOptions::default() });
        parts.iter().for_each(|part| run.push(v6, 1, part));
        prop_assert_eq!(run.whole.pop(), model(policy, &parts));
    }
}
