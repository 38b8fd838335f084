//! Reassembly against simple models: octets by offset for overlap policies, and "the stream is the stream" for segmentation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::Pipe;
use proptest::prelude::*;
use sidewire_tcp::{HostOsPolicies, OverlapPolicy, StreamConsumer, StreamEvent, StreamPiece, TcpConfig};

const POLICIES: [OverlapPolicy; 15] = [
    OverlapPolicy::Bsd,
    OverlapPolicy::BsdRight,
    OverlapPolicy::OldLinux,
    OverlapPolicy::Linux,
    OverlapPolicy::OldSolaris,
    OverlapPolicy::Solaris,
    OverlapPolicy::HpUx10,
    OverlapPolicy::HpUx11,
    OverlapPolicy::Irix,
    OverlapPolicy::MacOs,
    OverlapPolicy::Windows,
    OverlapPolicy::Vista,
    OverlapPolicy::Windows2k3,
    OverlapPolicy::First,
    OverlapPolicy::Last,
];

/// What a receiver keeps where two segments overlap, after Novak and Sturges, "Target-Based TCP Stream Reassembly" (2007),
/// in the reading Suricata gives it.
fn model_prefers_new(policy: OverlapPolicy, new: (usize, usize), old: (usize, usize)) -> bool {
    let begins_before = new.0 < old.0;
    let begins_with = new.0 == old.0;
    let ends_after = new.1 > old.1;
    let ends_with = new.1 == old.1;
    match policy {
        OverlapPolicy::First | OverlapPolicy::Vista => false,
        OverlapPolicy::Last => true,
        OverlapPolicy::Linux => begins_before || begins_with && ends_after,
        OverlapPolicy::OldLinux => begins_before || begins_with && (ends_after || ends_with),
        OverlapPolicy::Solaris | OverlapPolicy::OldSolaris | OverlapPolicy::HpUx11 => {
            ends_after || ends_with && (begins_before || begins_with)
        }
        _ => begins_before,
    }
}

/// Octets by offset and the segments they came in.
#[derive(Default)]
struct Model {
    octets: Vec<Option<u8>>,
    segments: Vec<(usize, usize)>,
}

impl Model {
    fn insert(&mut self, policy: OverlapPolicy, start: usize, payload: &[u8]) {
        let end = start + payload.len();
        if self.octets.len() < end {
            self.octets.resize(end, None);
        }
        for (at, &octet) in (start..end).zip(payload) {
            let keeps_old = self
                .segments
                .iter()
                .any(|&old| (old.0..old.1).contains(&at) && !model_prefers_new(policy, (start, end), old));
            if self.octets[at].is_none() || !keeps_old {
                self.octets[at] = Some(octet);
            }
        }
        self.segments.push((start, end));
    }
}

/// No single octets: just before what is expected next, one is a keep-alive.
fn segments() -> impl Strategy<Value = Vec<(usize, Vec<u8>)>> {
    prop::collection::vec((0usize..60, prop::collection::vec(b'a'..=b'z', 2..24)), 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn overlaps_resolve_as_the_policy_says(segments in segments(), which in 0..POLICIES.len(), isn: u32) {
        let policy = POLICIES[which];
        let mut pipe = Pipe::new(TcpConfig { policies: HostOsPolicies::all(policy), ..TcpConfig::default() }, isn);
        let mut model = Model::default();
        for (start, payload) in &segments {
            pipe.send(*start as u32, payload);
            model.insert(policy, *start, payload);
        }
        pipe.close();
        let read = pipe.read_all(StreamConsumer::App);
        let end = model.octets.len();
        for at in 0..end {
            prop_assert_eq!(read.get(at).copied().flatten(), model.octets[at], "{:?} at {}", policy, at);
        }
        prop_assert_eq!(read.len(), end);
        prop_assert_eq!(pipe.read_all(StreamConsumer::Raw), read);
    }

    #[test]
    fn any_segmentation_and_order_gives_the_same_stream(
        stream in prop::collection::vec(any::<u8>(), 1..3000),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
        order in prop::collection::vec(any::<u32>(), 31),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        acks in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        isn: u32,
        which in 0..POLICIES.len(),
        consume in 1u64..500,
    ) {
        let mut edges: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).chain([0, stream.len()]).collect();
        edges.sort_unstable();
        edges.dedup();
        let mut pieces: Vec<(usize, usize)> = edges.windows(2).map(|edge| (edge[0], edge[1])).collect();
        let again: Vec<(usize, usize)> = again.iter().map(|index| pieces[index.index(pieces.len())]).collect();
        pieces.extend(again);
        let mut keyed: Vec<_> = pieces.into_iter().enumerate().map(|(at, piece)| (order[at % order.len()], piece)).collect();
        keyed.sort_unstable();
        let mut pipe = Pipe::new(TcpConfig { policies: HostOsPolicies::all(POLICIES[which]), ..TcpConfig::default() }, isn);
        let mut app = Vec::new();
        let mut raw = Vec::new();
        let mut seen = vec![false; stream.len()];
        for (at, (_, (from, to))) in keyed.iter().enumerate() {
            let outcome = pipe.send(*from as u32, &stream[*from..*to]);
            prop_assert!(!outcome.events.contains(StreamEvent::ReassemblyOverlapDifferentData));
            seen[*from..*to].fill(true);
            // The peer acknowledges no more than it has in order.
            let in_order = seen.iter().take_while(|&&seen| seen).count();
            if let Some(ack) = acks.get(at) {
                pipe.acknowledge(ack.index(in_order + 1) as u32);
            }
            pipe.drain(StreamConsumer::App, consume, &mut app);
            pipe.drain(StreamConsumer::Raw, u64::MAX, &mut raw);
            pipe.release();
        }
        pipe.acknowledge(stream.len() as u32);
        pipe.drain(StreamConsumer::App, u64::MAX, &mut app);
        pipe.drain(StreamConsumer::Raw, u64::MAX, &mut raw);
        prop_assert!(app.iter().eq(stream.iter()), "app");
        prop_assert!(raw.iter().eq(stream.iter()), "raw");
        pipe.finish();
    }

    #[test]
    fn whatever_arrives_no_invariant_breaks(data in prop::collection::vec(any::<u8>(), 0..2000)) {
        sidewire_tcp::fuzz::session(&data);
    }
}

#[test]
fn overlap_lets_a_match_span_pieces() {
    let mut pipe = Pipe::new(TcpConfig::default(), u32::MAX - 3);
    pipe.send(0, b"abcdef");
    pipe.acknowledge(6);
    pipe.drain(StreamConsumer::Raw, u64::MAX, &mut Vec::new());
    pipe.release();
    pipe.send(6, b"ghi");
    pipe.acknowledge(9);
    let chunk = pipe.stream().available_with_overlap(StreamConsumer::Raw, 4);
    assert_eq!(chunk, Some(StreamPiece::Data { offset: 2, bytes: b"cdefghi", seen: 4, last: false, gap: false }));
}
