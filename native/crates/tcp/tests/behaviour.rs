//! What a session does, case by case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::{Pipe, Rig, tcp};
use sidewire_base::Direction::{ToClient, ToServer};
use sidewire_base::PerDirection;
use sidewire_decode::TcpHeader;
use sidewire_tcp::{
    HostOsPolicies, OverlapPolicy, ReassemblyConfig, StreamConsumer, StreamEvent, StreamPiece, TcpConfig, TcpState,
    UrgentPolicy,
};

fn data(offset: u64, bytes: &[u8], last: bool) -> Option<StreamPiece<'_>> {
    Some(StreamPiece::Data { offset, bytes, seen: 0, last, gap: false })
}

#[test]
fn octets_are_visible_once_acknowledged() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    assert_eq!(pipe.send(0, b"GET /").visible, PerDirection::new(false, false));
    assert_eq!(pipe.stream().available(StreamConsumer::App), None);
    assert_eq!(pipe.acknowledge(3).visible, PerDirection::new(true, false));
    assert_eq!(pipe.stream().available(StreamConsumer::App), data(0, b"GET", false));
    pipe.acknowledge(5);
    assert_eq!(pipe.stream().available(StreamConsumer::App), data(0, b"GET /", false), "what is not consumed stays");
    pipe.stream().consume(StreamConsumer::App, 4);
    assert_eq!(pipe.stream().available(StreamConsumer::App), data(4, b"/", false));
    assert_eq!(pipe.stream().available(StreamConsumer::Raw), data(0, b"GET /", false), "each has its own progress");
    pipe.finish();
}

#[test]
fn inline_shows_octets_at_once() {
    let mut pipe = Pipe::new(TcpConfig { inline: true, ..TcpConfig::default() }, 7);
    assert_eq!(pipe.send(0, b"abc").visible, PerDirection::new(true, false));
    pipe.send(0, b"xyz");
    assert_eq!(pipe.stream().available(StreamConsumer::App), data(0, b"abc", false), "what was shown stays");
}

#[test]
fn a_hole_that_no_protocol_would_have_read_is_no_gap() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    pipe.stream().disable(StreamConsumer::App);
    pipe.send(8, b"three");
    let outcome = pipe.acknowledge(13);
    assert!(!outcome.events.contains(StreamEvent::ReassemblySequenceGap));
    assert!(!pipe.stream().has_gaps());
    assert_eq!(pipe.stream().available(StreamConsumer::Raw), Some(StreamPiece::Gap { offset: 0, length: 8 }));
    pipe.rig.session.discard(&mut pipe.rig.shared);
    let counters = &pipe.rig.shared.counters;
    assert_eq!((counters.reassembly_gap, counters.end_established, counters.end_liberal), (0, 1, 0));
}

#[test]
fn pinned_octets_stay_and_are_handed_out_in_pieces() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    pipe.send(0, b"one");
    pipe.send(8, b"three");
    pipe.acknowledge(13);
    pipe.read_all(StreamConsumer::App);
    for consumer in [StreamConsumer::App, StreamConsumer::Raw] {
        pipe.stream().disable(consumer);
    }
    let pieces = |pipe: &mut Pipe, from, to| -> Vec<_> {
        pipe.stream().within(from, to).map(|(at, piece)| (at, piece.to_vec())).collect()
    };
    pipe.rig.session.release(&pipe.rig.config, PerDirection::new(1, u64::MAX), &mut pipe.rig.shared);
    assert_eq!(pieces(&mut pipe, 0, 20), [(1, b"ne".to_vec()), (8, b"three".to_vec())]);
    assert_eq!(pieces(&mut pipe, 2, 10), [(2, b"e".to_vec()), (8, b"th".to_vec())]);
    assert_eq!(pieces(&mut pipe, 3, 8), []);
    pipe.release();
    assert_eq!(pieces(&mut pipe, 0, 20), []);
    pipe.finish();
}

#[test]
fn octets_before_a_hole_are_settled_once_what_follows_is_here() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    pipe.send(0, b"one");
    pipe.acknowledge(8);
    assert_eq!((pipe.stream().visible(), pipe.stream().settled()), (3, 3));
    pipe.send(8, b"three");
    assert_eq!((pipe.stream().visible(), pipe.stream().settled()), (3, 8), "what lies between will not come");
    pipe.acknowledge(13);
    assert_eq!((pipe.stream().visible(), pipe.stream().settled()), (13, 13));
    pipe.finish();
}

#[test]
fn a_hole_is_a_gap_once_the_peer_acknowledged_beyond() {
    let mut pipe = Pipe::new(TcpConfig::default(), u32::MAX - 4);
    pipe.send(0, b"one");
    pipe.send(8, b"three");
    assert!(!pipe.acknowledge(3).events.contains(StreamEvent::ReassemblySequenceGap));
    let outcome = pipe.acknowledge(13);
    assert!(outcome.events.contains(StreamEvent::ReassemblySequenceGap));
    assert_eq!(pipe.rig.shared.counters.reassembly_gap, 1);
    let before = StreamPiece::Data { offset: 0, bytes: b"one", seen: 0, last: false, gap: true };
    assert_eq!(pipe.stream().available(StreamConsumer::App), Some(before), "nothing completes what it begins");
    pipe.stream().consume(StreamConsumer::App, 3);
    assert_eq!(pipe.stream().available(StreamConsumer::App), Some(StreamPiece::Gap { offset: 3, length: 5 }));
    pipe.stream().consume(StreamConsumer::App, 5);
    assert_eq!(pipe.stream().available(StreamConsumer::App), data(8, b"three", false));
    assert!(pipe.stream().has_gaps());
    pipe.send(3, b"late!");
    pipe.stream().consume(StreamConsumer::App, 5);
    assert_eq!(pipe.stream().available(StreamConsumer::App), None, "what comes after its gap is too late");
    pipe.rig.session.discard(&mut pipe.rig.shared);
    assert_eq!(pipe.rig.shared.counters.end_liberal, 1);
}

#[test]
fn data_may_come_after_its_acknowledgement() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    pipe.acknowledge(5);
    assert_eq!(pipe.rig.shared.counters.ack_unseen_data, 1);
    assert_eq!(pipe.send(0, b"hello").visible, PerDirection::new(false, false), "the other side has the next word");
    assert_eq!(pipe.acknowledge(5).visible, PerDirection::new(true, false));
    assert_eq!(pipe.stream().available(StreamConsumer::App), data(0, b"hello", false));
}

#[test]
fn the_stream_ends_with_its_acknowledged_fin() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    let fin = tcp(TcpHeader::ACK | TcpHeader::FIN, pipe.sequence(0), 5001);
    pipe.rig.play(ToServer, &fin, b"bye");
    assert_eq!(pipe.rig.session.state(), TcpState::CloseWait);
    assert!(!pipe.stream().ended());
    pipe.acknowledge(4);
    assert!(pipe.stream().ended());
    assert_eq!(pipe.stream().available(StreamConsumer::App), data(0, b"bye", true));
}

#[test]
fn close_shows_what_nobody_acknowledged() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    pipe.send(4, b"efgh");
    pipe.close();
    assert_eq!(pipe.stream().available(StreamConsumer::Raw), Some(StreamPiece::Gap { offset: 0, length: 4 }));
    pipe.stream().consume(StreamConsumer::Raw, 4);
    assert_eq!(pipe.stream().available(StreamConsumer::Raw), data(4, b"efgh", true));
    assert_eq!(pipe.rig.shared.counters.reassembly_gap, 0, "nobody acknowledged the hole");
    pipe.finish();
}

#[test]
fn depth_ends_reassembly() {
    let mut config = TcpConfig::default();
    config.reassembly.depth = 4;
    let mut pipe = Pipe::new(config, 7);
    let outcome = pipe.send(0, b"abcdef");
    assert!(outcome.events.contains(StreamEvent::ReassemblyDepthReached));
    assert_eq!(outcome.depth_reached, PerDirection::new(true, false));
    assert!(!pipe.send(6, b"ghi").events.contains(StreamEvent::ReassemblyDepthReached), "once per direction");
    pipe.acknowledge(9);
    assert_eq!(pipe.read_all(StreamConsumer::App), b"abcd".map(Some));
    assert_eq!(pipe.rig.shared.counters.stream_depth_reached, 1);
    pipe.finish();
}

#[test]
fn memory_is_bounded_and_given_back() {
    let mut config = TcpConfig::default();
    config.reassembly.memcap = 8192;
    config.reassembly.depth = 0;
    let mut pipe = Pipe::new(config, 7);
    let mut refused = false;
    for at in 0..100 {
        refused |= pipe.send(at * 500, &[0x41; 500]).events.contains(StreamEvent::ReassemblyInsertMemcap);
    }
    assert!(refused);
    assert!(pipe.rig.shared.counters.reassembly_memuse <= 8192);
    assert!(pipe.rig.shared.counters.segment_memcap_drop > 0);
    pipe.finish();
}

#[test]
fn a_million_tiny_segments_out_of_order_stay_small_and_quick() {
    let mut config = TcpConfig::default();
    config.reassembly.depth = 0;
    config.reassembly.unacknowledged_limit = u32::MAX;
    let mut pipe = Pipe::new(config, 7);
    let started = std::time::Instant::now();
    let mut limited = 0u32;
    // A large one in front makes every search look far back; then single octets with holes between, in a scattered order.
    pipe.send(2, &[0x41; 20_000]);
    for n in 0..1_000_000u32 {
        let offset = 2 + 2 * (n.wrapping_mul(7919) % 15_000);
        limited += u32::from(pipe.send(offset, b"xy").events.contains(StreamEvent::ReassemblyInsertLimit));
    }
    assert!(limited > 0, "the limit of segments holds");
    assert!(pipe.rig.shared.counters.reassembly_memuse < 2 << 20, "{}", pipe.rig.shared.counters.reassembly_memuse);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    pipe.finish();
}

#[test]
fn without_acknowledgements_the_limit_decides() {
    let mut config = TcpConfig::default();
    config.reassembly.unacknowledged_limit = 1000;
    let mut pipe = Pipe::new(config, 7);
    assert_eq!(pipe.send(0, &[1; 600]).visible, PerDirection::new(false, false));
    assert_eq!(pipe.send(600, &[2; 600]).visible, PerDirection::new(true, false));
    assert_eq!(pipe.stream().visible(), 1200);
}

#[test]
fn one_sided_sessions_are_followed_when_configured() {
    let config = TcpConfig { async_oneside: true, ..TcpConfig::default() };
    let mut rig = Rig::new(config);
    rig.play(ToServer, &tcp(TcpHeader::SYN, 99, 0), b"");
    let outcome = rig.play(ToServer, &tcp(TcpHeader::ACK, 100, 500), b"GET");
    assert!(outcome.established && rig.session.one_sided());
    let outcome = rig.play(ToServer, &tcp(TcpHeader::ACK, 103, 600), b" / ");
    assert_eq!(outcome.visible, PerDirection::new(true, false));
    assert_eq!(rig.session.stream(ToServer).visible(), 6);
}

#[test]
fn a_session_is_picked_up_in_the_middle() {
    let mut rig = Rig::new(TcpConfig { midstream: true, ..TcpConfig::default() });
    let outcome = rig.play(ToServer, &tcp(TcpHeader::ACK, 100, 500), b"abc");
    assert!(outcome.began && outcome.established && rig.session.midstream());
    let outcome = rig.play(ToClient, &tcp(TcpHeader::ACK, 500, 103), b"xy");
    assert_eq!(outcome.visible, PerDirection::new(true, false));
    assert_eq!(rig.session.stream(ToServer).available(StreamConsumer::App), data(0, b"abc", false));
    assert_eq!(rig.shared.counters.midstream_pickups, 1);
}

#[test]
fn what_was_picked_up_from_the_server_goes_on_once_the_flow_is_turned() {
    let mut rig = Rig::new(TcpConfig { midstream: true, async_oneside: true, ..TcpConfig::default() });
    // The server's answer comes first, and is taken for the client's.
    assert_eq!(rig.play(ToServer, &tcp(TcpHeader::ACK, 900, 100), b"answer").visible, PerDirection::new(true, false));
    rig.session.swap_direction();
    assert!(rig.play(ToServer, &tcp(TcpHeader::ACK, 100, 906), b"request").valid);
    let outcome = rig.play(ToClient, &tcp(TcpHeader::ACK, 906, 107), b"answer");
    assert!(outcome.valid && outcome.in_stream && outcome.events.is_empty());
    assert_eq!(outcome.visible, PerDirection::new(true, false), "what the client said is acknowledged");
}

#[test]
fn the_last_segment_of_a_handshake_may_carry_data() {
    let open = || {
        let mut rig = Rig::new(TcpConfig::default());
        rig.play(ToServer, &tcp(TcpHeader::SYN, 100, 0), b"");
        rig.play(ToClient, &tcp(TcpHeader::SYN | TcpHeader::ACK, 500, 101), b"");
        rig
    };
    for (payload, with_data) in [(&b""[..], false), (b"abc", true)] {
        let mut rig = open();
        let outcome = rig.play(ToServer, &tcp(TcpHeader::ACK, 101, 501), payload);
        assert_eq!((outcome.established, outcome.confirmed_with_data), (true, with_data));
        let outcome = rig.play(ToServer, &tcp(TcpHeader::ACK, 101 + payload.len() as u32, 501), b"def");
        assert!(!outcome.established && !outcome.confirmed_with_data);
    }
    // The client's ACK was missed: what completes the handshake in its place does not count.
    let outcome = open().play(ToClient, &tcp(TcpHeader::ACK, 501, 101), b"abc");
    assert!(outcome.established && !outcome.confirmed_with_data);
}

#[test]
fn without_midstream_nothing_is_picked_up() {
    let mut rig = Rig::new(TcpConfig::default());
    let outcome = rig.play(ToServer, &tcp(TcpHeader::ACK, 100, 500), b"abc");
    assert!(!outcome.valid && !outcome.began);
    assert_eq!(rig.session.state(), TcpState::None);
    assert_eq!(rig.shared.counters.sessions, 0);
}

#[test]
fn a_pick_up_at_the_syn_ack_turns_the_flow() {
    let mut rig = Rig::new(TcpConfig { midstream: true, ..TcpConfig::default() });
    let outcome = rig.play(ToServer, &tcp(TcpHeader::SYN | TcpHeader::ACK, 499, 100), b"");
    assert!(outcome.swap && outcome.began);
    assert_eq!(rig.session.stream(ToClient).tcp_flags(), TcpHeader::SYN | TcpHeader::ACK);
    let outcome = rig.play(ToServer, &tcp(TcpHeader::ACK, 100, 500), b"");
    assert!(outcome.established);
}

#[test]
fn fast_open_data_belongs_to_the_stream() {
    let mut rig = Rig::new(TcpConfig::default());
    let mut syn = tcp(TcpHeader::SYN, 99, 0);
    syn.options.fast_open = true;
    rig.play(ToServer, &syn, b"early");
    let outcome = rig.play(ToClient, &tcp(TcpHeader::SYN | TcpHeader::ACK, 499, 105), b"");
    assert_eq!((outcome.events.is_empty(), outcome.visible), (true, PerDirection::new(true, false)));
    rig.play(ToServer, &tcp(TcpHeader::ACK, 105, 500), b"");
    assert_eq!(rig.session.state(), TcpState::Established);
    assert_eq!(rig.session.stream(ToServer).available(StreamConsumer::App), data(0, b"early", false));
}

#[test]
fn fast_open_data_may_be_ignored() {
    let mut rig = Rig::new(TcpConfig::default());
    let mut syn = tcp(TcpHeader::SYN, 99, 0);
    syn.options.fast_open = true;
    rig.play(ToServer, &syn, b"early");
    let outcome = rig.play(ToClient, &tcp(TcpHeader::SYN | TcpHeader::ACK, 499, 100), b"");
    assert!(outcome.events.contains(StreamEvent::ThreeWaySynAckTfoDataIgnored));
    assert!(rig.session.reused_by(&tcp(TcpHeader::SYN, 99, 0), ToServer, &rig.config), "the client may begin anew");
    rig.play(ToServer, &tcp(TcpHeader::ACK, 100, 500), b"early");
    assert_eq!(rig.session.state(), TcpState::Established);
    rig.play(ToClient, &tcp(TcpHeader::ACK, 500, 105), b"");
    assert_eq!(rig.session.stream(ToServer).available(StreamConsumer::App), data(0, b"early", false));
}

#[test]
fn urgent_octets_leave_the_stream() {
    for (policy, expected) in [
        (UrgentPolicy::Oob, vec![Some(b'a'), Some(b'c'), Some(b'd')]),
        (UrgentPolicy::Inline, vec![Some(b'a'), Some(b'b'), Some(b'c'), Some(b'd')]),
        (UrgentPolicy::Gap, vec![Some(b'a'), None, Some(b'c'), Some(b'd')]),
    ] {
        let mut pipe = Pipe::new(
            TcpConfig {
                reassembly: ReassemblyConfig { urgent: policy, ..ReassemblyConfig::default() },
                ..TcpConfig::default()
            },
            7,
        );
        let mut urgent = tcp(TcpHeader::ACK | TcpHeader::URG, pipe.sequence(0), 5001);
        urgent.urgent = 2;
        pipe.rig.play(ToServer, &urgent, b"ab");
        pipe.send(2, b"cd");
        pipe.send(0, b"abcd");
        pipe.acknowledge(4);
        let read = pipe.read_all(StreamConsumer::App);
        if policy == UrgentPolicy::Gap {
            assert_eq!(read.len(), 4, "the retransmission without the mark fills the hole");
        } else {
            assert_eq!(read, expected, "{policy:?}");
        }
    }
}

#[test]
fn a_zero_window_may_be_probed() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    let mut closed = tcp(TcpHeader::ACK, 5001, pipe.sequence(0));
    closed.window = 0;
    pipe.rig.play(ToClient, &closed, b"");
    let outcome = pipe.send(0, b"p");
    assert!(outcome.events.is_empty() && outcome.valid);
    let outcome = pipe.rig.play(ToClient, &closed, b"");
    assert!(outcome.events.is_empty() && outcome.valid, "it stays closed");
    pipe.send(0, b"p");
    let outcome = pipe.acknowledge(1);
    assert!(outcome.events.contains(StreamEvent::EstablishedAckZeroWindowProbe), "it opened");
    assert_eq!(pipe.read_all(StreamConsumer::App), b"p".map(Some));
}

#[test]
fn keep_alives_change_nothing() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    pipe.send(0, b"abc");
    pipe.acknowledge(3);
    let outcome = pipe.send(2, b"?");
    assert!(outcome.keep_alive && outcome.events.is_empty());
    assert!(pipe.acknowledge(3).keep_alive);
    assert_eq!(pipe.read_all(StreamConsumer::App), b"abc".map(Some));
}

#[test]
fn resets_are_judged_by_policy() {
    for (policy, obeyed) in [
        (OverlapPolicy::Bsd, false),
        (OverlapPolicy::Linux, true),
        (OverlapPolicy::HpUx11, true),
        (OverlapPolicy::Windows, false),
    ] {
        let mut pipe = Pipe::new(TcpConfig { policies: HostOsPolicies::all(policy), ..TcpConfig::default() }, 7);
        let reset = tcp(TcpHeader::RST, pipe.sequence(10), 0);
        let outcome = pipe.rig.play(ToServer, &reset, b"");
        assert_eq!(outcome.closed, obeyed, "{policy:?} in the window");
        assert_eq!(outcome.valid, obeyed);
    }
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    let outcome = pipe.rig.play(ToServer, &tcp(TcpHeader::RST, pipe.sequence(0), 0), b"no");
    assert!(outcome.closed && outcome.events.contains(StreamEvent::RstWithData));
    assert_eq!(pipe.read_all(StreamConsumer::Raw), vec![], "what an RST carries is not part of the stream");
}

#[test]
fn data_after_an_injected_reset_goes_on() {
    let mut rig = Rig::new(TcpConfig::default());
    rig.play(ToServer, &tcp(TcpHeader::SYN, 99, 0), b"");
    rig.play(ToClient, &tcp(TcpHeader::RST | TcpHeader::ACK, 0, 100), b"");
    assert_eq!(rig.session.state(), TcpState::Closed);
    let outcome = rig.play(ToClient, &tcp(TcpHeader::SYN | TcpHeader::ACK, 499, 100), b"");
    assert!(outcome.events.contains(StreamEvent::SuspectedRstInject));
    assert_eq!(rig.session.state(), TcpState::SynRecv);
}

#[test]
fn retransmission_of_an_answered_syn_is_recognised() {
    let mut rig = Rig::new(TcpConfig::default());
    rig.play(ToServer, &tcp(TcpHeader::SYN, 99, 0), b"");
    rig.play(ToServer, &tcp(TcpHeader::SYN, 199, 0), b"");
    let mut answer = tcp(TcpHeader::SYN | TcpHeader::ACK, 499, 100);
    answer.window = 1000;
    let outcome = rig.play(ToClient, &answer, b"");
    assert!(outcome.events.is_empty(), "the first SYN is the one that is answered");
    assert!(rig.play(ToServer, &tcp(TcpHeader::ACK, 100, 500), b"").established);
}

#[test]
fn a_syn_on_a_closed_session_is_a_new_one() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    let syn = tcp(TcpHeader::SYN, 1 << 20, 0);
    assert!(!pipe.rig.session.reused_by(&syn, ToServer, &pipe.rig.config));
    let reset = tcp(TcpHeader::RST, pipe.sequence(0), 0);
    pipe.rig.play(ToServer, &reset, b"");
    assert!(pipe.rig.session.reused_by(&syn, ToServer, &pipe.rig.config));
    assert!(
        !pipe.rig.session.reused_by(&tcp(TcpHeader::SYN, 7, 0), ToServer, &pipe.rig.config),
        "the same SYN again is not"
    );
}

#[test]
fn a_disabled_consumer_holds_nothing_back() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    pipe.stream().disable(StreamConsumer::App);
    pipe.send(0, b"abc");
    pipe.acknowledge(3);
    assert_eq!(pipe.stream().available(StreamConsumer::App), None);
    assert_eq!(pipe.read_all(StreamConsumer::Raw), b"abc".map(Some));
    pipe.stream().disable(StreamConsumer::Raw);
    pipe.release();
    pipe.send(3, b"def");
    assert_eq!(pipe.stream().pieces().count(), 0);
    assert_eq!(pipe.rig.shared.counters.reassembly_memuse, 0);
}

#[test]
fn names_are_unique_and_old_spellings_are_known() {
    let mut names: Vec<&str> = StreamEvent::ALL.iter().map(|event| event.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), StreamEvent::ALL.len());
    assert!(StreamEvent::ALL.iter().all(|&event| StreamEvent::from_name(event.name()) == Some(event)));
    assert_eq!(
        StreamEvent::from_name("est_synack_resend_with_different_ack"),
        Some(StreamEvent::EstablishedSynAckResendWithDifferentAck)
    );
}

#[test]
fn the_longest_prefix_chooses_the_policy() {
    let mut policies = HostOsPolicies::all(OverlapPolicy::Bsd);
    policies.add("0.0.0.0".parse().unwrap(), 0, OverlapPolicy::Windows);
    policies.add("10.0.0.0".parse().unwrap(), 8, OverlapPolicy::Linux);
    policies.add("10.1.2.3".parse().unwrap(), 32, OverlapPolicy::Last);
    let of = |host: &str| policies.of(host.parse().unwrap());
    assert_eq!(
        (of("192.168.0.1"), of("10.1.2.4"), of("10.1.2.3"), of("::1")),
        (OverlapPolicy::Windows, OverlapPolicy::Linux, OverlapPolicy::Last, OverlapPolicy::Bsd)
    );
}

#[test]
fn no_number_of_strays_ends_a_direction() {
    let limit = ReassemblyConfig::default().max_segments;
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    let mut said = 0;
    for n in 0..2 * limit {
        said += u32::from(pipe.send(1000 + 2 * n, b"x").events.contains(StreamEvent::ReassemblyInsertLimit));
    }
    assert!(said > 0, "what is dropped is said");
    // A nearer one takes the place of the farthest; what comes next in order never waits for a place.
    assert!(
        !pipe.send(900, b"near").in_stream
            || pipe.stream().pieces().any(|(start, piece)| (start, piece) == (900, b"near"))
    );
    let mut at = 0;
    for piece in [&b"ATT"[..], b"ACK", b" in pieces"] {
        pipe.send(at, piece);
        at += piece.len() as u32;
    }
    pipe.acknowledge(at);
    let seen: Vec<u8> = pipe.read_all(StreamConsumer::App).into_iter().flatten().collect();
    assert_eq!(seen, b"ATTACK in pieces");
    pipe.finish();
}

#[test]
fn no_number_of_overlapping_segments_grows_without_bound() {
    let mut config = TcpConfig::default();
    config.reassembly.max_segments = 16;
    let mut pipe = Pipe::new(config, 7);
    pipe.send(0, &[b'a'; 1000]);
    for n in 0..900 {
        pipe.send(n, &[b'b'; 20]);
    }
    assert!(pipe.send(950, &[b'c'; 20]).events.contains(StreamEvent::ReassemblyInsertLimit), "said");
    pipe.send(1000, b"next");
    pipe.acknowledge(1004);
    let seen: Vec<u8> = pipe.read_all(StreamConsumer::App).into_iter().flatten().collect();
    assert_eq!(seen.get(1000..), Some(&b"next"[..]));
    pipe.finish();
}

#[test]
fn urgent_octets_are_taken_out_however_many_there_were() {
    let mut pipe = Pipe::new(TcpConfig::default(), 7);
    let (mut at, mut seen) = (0, Vec::new());
    for n in 0..20_000u32 {
        let mut header = tcp(TcpHeader::ACK | TcpHeader::URG, pipe.sequence(at), 5001);
        header.urgent = 2;
        let outcome = pipe.rig.play(ToServer, &header, &[b'A' + (n % 26) as u8, b'!']);
        assert!(outcome.events.is_empty(), "{n}: {:?}", outcome.events);
        at += 2;
        pipe.acknowledge(at);
        pipe.drain(StreamConsumer::App, u64::MAX, &mut seen);
        pipe.drain(StreamConsumer::Raw, u64::MAX, &mut Vec::new());
        pipe.release();
    }
    assert_eq!(seen.len(), 20_000);
    assert!(!seen.contains(&b'!'));
    assert_eq!(pipe.stream().urgent_octets(), 20_000);
    pipe.finish();
}

#[test]
fn a_handshake_replaces_what_was_picked_up_before_it() {
    let config = TcpConfig { midstream: true, async_oneside: true, ..TcpConfig::default() };
    for (way, sequence) in [(ToServer, 9000), (ToServer, 3_000_000_000), (ToClient, 77)] {
        let mut rig = Rig::new(config.clone());
        rig.play(way, &tcp(TcpHeader::ACK, sequence, 4242), b"zzzz");
        assert!(rig.session.midstream());
        let answer = tcp(TcpHeader::SYN | TcpHeader::ACK, 5000, 100);
        assert!(!rig.session.reused_by(&answer, ToClient, &rig.config), "an answer to nothing ends nothing");
        for decoy in 0..3 {
            rig.play(ToServer, &tcp(TcpHeader::SYN, 700 + decoy, 0), b"");
        }
        let syn = tcp(TcpHeader::SYN, 99, 0);
        assert!(!rig.session.reused_by(&syn, ToServer, &rig.config), "a SYN alone ends nothing");
        rig.play(ToServer, &syn, b"");
        assert!(rig.session.reused_by(&answer, ToClient, &rig.config));
    }
    // A session whose handshake was seen is not replaced.
    let mut pipe = Pipe::new(config, 7);
    pipe.rig.play(ToServer, &tcp(TcpHeader::SYN, 99, 0), b"");
    let answer = tcp(TcpHeader::SYN | TcpHeader::ACK, 5000, 100);
    assert!(!pipe.rig.session.reused_by(&answer, ToClient, &pipe.rig.config));
}
