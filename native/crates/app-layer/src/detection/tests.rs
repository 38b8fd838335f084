//! Protocols told from octets, ports and looks, however the octets are cut.

use proptest::prelude::*;

use super::*;
use crate::{ProbeVerdict, ProtocolInfo, ProtocolPattern};

const fn pattern(direction: Direction, octets: &'static [u8], offset: u16, depth: u16) -> ProtocolPattern {
    ProtocolPattern { transport: Transport::Tcp, direction, octets, nocase: false, offset, depth, confirm: None }
}

const fn protocol(info: ProtocolInfo) -> ProtocolDef {
    ProtocolDef { info, ..crate::def::<Silent>() }
}

/// A protocol that does nothing: detection is asked about its declaration only.
struct Silent;

impl crate::Protocol for Silent {
    type Tx = ();
    type Config = ();
    type EveOptions = ();
    const INFO: ProtocolInfo = ProtocolInfo::DEFAULT;
    const BUFFERS: &'static [crate::Buffer<()>] = &[];
    const LOGGERS: &'static [crate::TxLogger<()>] = &[];

    fn begin(_: &std::sync::Arc<()>) -> Self {
        Self
    }

    fn parse(
        &mut self,
        _: Direction,
        input: crate::ParseInput<'_>,
        _: &mut crate::Transactions<()>,
        _: &mut crate::ParseContext<'_>,
    ) -> Result<crate::AppLayerResult, crate::ParseFailed> {
        Ok(crate::AppLayerResult::all(&input))
    }
}

const INFO: ProtocolInfo = ProtocolInfo { transports: &[Transport::Tcp], ..ProtocolInfo::DEFAULT };

const WEB: ProtocolId = ProtocolId(0);
const MAIL: ProtocolId = ProtocolId(1);
const COUNTED: ProtocolId = ProtocolId(2);
const ANYWHERE: ProtocolId = ProtocolId(3);
const NAMES: ProtocolId = ProtocolId(4);

/// Two octets of length, then as many octets as they say: too weak for any port but its own.
fn counted(_: Direction, data: &[u8]) -> ProbeVerdict {
    match data {
        [high, low, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if !(2..=64).contains(&length) {
                ProbeVerdict::No
            } else if rest.len() < length {
                ProbeVerdict::More
            } else {
                ProbeVerdict::Yes
            }
        }
        _ => ProbeVerdict::More,
    }
}

fn magic(_: Direction, data: &[u8]) -> ProbeVerdict {
    match (data, b"\x7fMAGIC".starts_with(data)) {
        ([0x7f, b'M', b'A', b'G', b'I', b'C', ..], _) => ProbeVerdict::Yes,
        (_, true) => ProbeVerdict::More,
        _ => ProbeVerdict::No,
    }
}

fn names(_: Direction, data: &[u8]) -> ProbeVerdict {
    match data {
        [b'?', ..] => ProbeVerdict::Yes,
        [b'!', ..] => ProbeVerdict::Reversed,
        _ => ProbeVerdict::No,
    }
}

static PROTOCOLS: &[ProtocolDef] = &[
    protocol(ProtocolInfo {
        name: "web",
        patterns: &[
            pattern(Direction::ToServer, b"GET ", 0, 4),
            pattern(Direction::ToServer, b"POST ", 0, 5),
            pattern(Direction::ToClient, b"WEB/1.", 0, 6),
        ],
        client_first: true,
        ..INFO
    }),
    protocol(ProtocolInfo {
        name: "mail",
        aliases: &["post"],
        patterns: &[
            ProtocolPattern { nocase: true, ..pattern(Direction::ToServer, b"ehlo ", 0, 20) },
            pattern(Direction::ToClient, b"220 ", 0, 4),
        ],
        ..INFO
    }),
    protocol(ProtocolInfo {
        name: "counted",
        probes: &[crate::ProbingParser { transport: Transport::Tcp, ports: &[99], check: counted, depth: 128 }],
        client_first: true,
        ..INFO
    }),
    protocol(ProtocolInfo {
        name: "anywhere",
        probes: &[crate::ProbingParser { transport: Transport::Tcp, ports: &[], check: magic, depth: 16 }],
        ..INFO
    }),
    protocol(ProtocolInfo {
        name: "names",
        transports: &[Transport::Udp],
        probes: &[crate::ProbingParser { transport: Transport::Udp, ports: &[53], check: names, depth: 16 }],
        ..INFO
    }),
];

fn detection() -> Detection {
    Detection::new(PROTOCOLS, &[]).unwrap()
}

const TO_SERVER: Direction = Direction::ToServer;
const TO_CLIENT: Direction = Direction::ToClient;

fn found(protocol: ProtocolId) -> DetectionOutcome {
    DetectionOutcome::Found { protocol, reversed: false }
}

fn tcp(state: &mut DetectionState, direction: Direction, data: &[u8], port: u16) -> DetectionOutcome {
    detection().identify(state, Transport::Tcp, direction, data, (40_000, port), false)
}

#[test]
fn tells_each_direction_by_its_own_octets() {
    let mut state = DetectionState::default();
    assert_eq!(tcp(&mut state, TO_SERVER, b"GE", 80), DetectionOutcome::More);
    assert_eq!(tcp(&mut state, TO_SERVER, b"GET /", 80), found(WEB));
    assert_eq!(tcp(&mut state, TO_CLIENT, b"WEB/1.0", 80), found(WEB));
    assert!(state.take_events().is_empty());
    assert!(state.is_decided(TO_CLIENT));
}

#[test]
fn compares_letters_with_case_unless_told_otherwise() {
    assert_eq!(
        tcp(&mut DetectionState::default(), TO_SERVER, b"get / and more than any pattern needs", 80),
        DetectionOutcome::Failed
    );
    assert_eq!(tcp(&mut DetectionState::default(), TO_SERVER, b"\r\nEHLO me", 80), found(MAIL));
    assert_eq!(
        tcp(&mut DetectionState::default(), TO_SERVER, b"too far behind for EHLO me", 80),
        DetectionOutcome::Failed
    );
}

#[test]
fn asks_by_port_before_it_asks_everywhere() {
    assert_eq!(
        tcp(&mut DetectionState::default(), TO_SERVER, b"\0\x02ab and much longer than that", 99),
        found(COUNTED)
    );
    assert_eq!(
        tcp(&mut DetectionState::default(), TO_SERVER, b"\0\x02ab and much longer than that", 98),
        DetectionOutcome::Failed
    );
    assert_eq!(tcp(&mut DetectionState::default(), TO_SERVER, b"\x7fMAGIC and so on", 99), found(ANYWHERE));
}

#[test]
fn what_was_announced_is_looked_for_on_any_port() {
    let octets = b"\0\x02ab and much longer than that";
    let state = |protocol| {
        let mut state = DetectionState::default();
        state.announce(protocol);
        state
    };
    assert_eq!(tcp(&mut state(Some(COUNTED)), TO_SERVER, octets, 98), found(COUNTED));
    assert_eq!(tcp(&mut state(Some(WEB)), TO_SERVER, octets, 98), DetectionOutcome::Failed);
    assert_eq!(tcp(&mut state(Some(COUNTED)), TO_SERVER, b"GET / is none the less", 98), found(WEB));
}

#[test]
fn reports_directions_that_contradict_each_other() {
    let mut state = DetectionState::default();
    assert_eq!(tcp(&mut state, TO_SERVER, b"GET /", 80), found(WEB));
    assert_eq!(tcp(&mut state, TO_CLIENT, b"220 hello", 80), found(WEB), "the flow keeps its protocol");
    assert_eq!(state.take_events().as_slice(), [DetectionEvent::MismatchBothDirections]);
    assert_eq!(state.protocol_of(TO_CLIENT), Some(MAIL));
}

#[test]
fn reports_a_direction_that_tells_nothing() {
    let mut state = DetectionState::default();
    assert_eq!(tcp(&mut state, TO_SERVER, b"GET /", 80), found(WEB));
    assert_eq!(tcp(&mut state, TO_CLIENT, b"what is this", 80), found(WEB));
    assert_eq!(state.take_events().as_slice(), [DetectionEvent::OnlyOneDirection]);
    let mut state = DetectionState::default();
    assert_eq!(tcp(&mut state, TO_SERVER, b"nothing that anybody would know", 80), DetectionOutcome::Failed);
    assert_eq!(tcp(&mut state, TO_CLIENT, b"nothing either", 80), DetectionOutcome::Failed);
    assert!(state.take_events().is_empty());
    let mut state = DetectionState::default();
    assert_eq!(tcp(&mut state, TO_SERVER, &vec![1; MAX_WAIT + 1], 80), DetectionOutcome::Failed);
    assert_eq!(state.take_events().as_slice(), [DetectionEvent::Skipped]);
    assert!(state.is_decided(TO_CLIENT), "the other direction is not waited for");
}

#[test]
fn reports_a_server_that_speaks_out_of_turn() {
    let mut state = DetectionState::default();
    assert_eq!(tcp(&mut state, TO_CLIENT, b"WEB/1.1 200", 80), found(WEB));
    assert_eq!(state.take_events().as_slice(), [DetectionEvent::WrongDirectionFirstData]);
    let mut state = DetectionState::default();
    assert_eq!(tcp(&mut state, TO_CLIENT, b"220 hello", 25), found(MAIL));
    assert!(state.take_events().is_empty());
}

/// Octets that either side may send.
fn either(_: &[u8]) -> ProbeVerdict {
    ProbeVerdict::Either
}

/// Octets that say the other side sent them.
fn contradicts(_: &[u8]) -> ProbeVerdict {
    ProbeVerdict::Reversed
}

#[test]
fn octets_turn_no_flow_whose_handshake_was_seen() {
    static LIES: &[ProtocolDef] = &[protocol(ProtocolInfo {
        name: "lies",
        patterns: &[
            ProtocolPattern { confirm: Some(contradicts), ..pattern(Direction::ToServer, b"LIE", 0, 3) },
            ProtocolPattern { confirm: Some(contradicts), ..pattern(Direction::ToClient, b"LIE", 0, 3) },
        ],
        ..INFO
    })];
    let detection = Detection::new(LIES, &[]).unwrap();
    for first in Direction::BOTH {
        for midstream in [false, true] {
            let mut state = DetectionState::new(midstream);
            let mut identify =
                |direction| detection.identify(&mut state, Transport::Tcp, direction, b"LIE", (1000, 2000), false);
            assert_eq!(identify(first), DetectionOutcome::Found { protocol: WEB, reversed: midstream });
            assert_eq!(identify(first), found(WEB), "and not twice");
        }
    }
}

#[test]
fn ports_tell_the_sides_of_what_either_may_send() {
    static SEALED: &[ProtocolDef] = &[protocol(ProtocolInfo {
        name: "sealed",
        patterns: &[ProtocolPattern { confirm: Some(either), ..pattern(Direction::ToClient, b"SEAL", 0, 4) }],
        probes: &[crate::ProbingParser { transport: Transport::Tcp, ports: &[99], check: counted, depth: 128 }],
        ..INFO
    })];
    let detection = Detection::new(SEALED, &[]).unwrap();
    let identify = |state: &mut DetectionState, direction, ports| {
        detection.identify(state, Transport::Tcp, direction, b"SEAL", ports, false)
    };
    let (straight, turned) = (found(WEB), DetectionOutcome::Found { protocol: WEB, reversed: true });
    for first in Direction::BOTH {
        for (ports, outcome) in [((40_000, 99), straight), ((40_000, 50), straight), ((99, 40_000), turned)] {
            let mut state = DetectionState::new(true);
            assert_eq!(identify(&mut state, first, ports), outcome, "{first:?} {ports:?}");
            let other = if outcome == turned { first } else { first.flip() };
            assert_eq!(identify(&mut state, other, ports), straight, "{first:?} {ports:?}");
            assert_eq!(Direction::BOTH.map(|side| state.protocol_of(side)), [Some(WEB); 2]);
            assert!(state.take_events().is_empty());
        }
    }
    let mut state = DetectionState::new(false);
    assert_eq!(identify(&mut state, TO_SERVER, (40_000, 99)), DetectionOutcome::Failed, "the beginning was seen");
    assert_eq!(identify(&mut state, TO_CLIENT, (40_000, 99)), straight);
}

#[test]
fn turns_a_flow_round_that_was_picked_up_in_the_middle() {
    let mut state = DetectionState::new(true);
    let answer = DetectionOutcome::Found { protocol: WEB, reversed: true };
    assert_eq!(tcp(&mut state, TO_SERVER, b"WEB/1.1 200", 40_001), answer);
    assert_eq!(state.protocol_of(TO_CLIENT), Some(WEB), "the side it was, after the turn");
    assert!(state.take_events().is_empty());
    assert_eq!(
        tcp(&mut DetectionState::new(false), TO_SERVER, b"WEB/1.1 200 and so on, and on", 80),
        DetectionOutcome::Failed
    );
    let udp =
        |data| detection().identify(&mut DetectionState::default(), Transport::Udp, TO_SERVER, data, (53, 4000), true);
    assert_eq!(udp(b"?"), found(NAMES));
    assert_eq!(udp(b"!"), DetectionOutcome::Found { protocol: NAMES, reversed: true });
    assert_eq!(udp(b"."), DetectionOutcome::Failed);
}

#[test]
fn starts_over_when_the_protocol_changes() {
    let mut state = DetectionState::default();
    assert_eq!(tcp(&mut state, TO_SERVER, b"EHLO me", 25), found(MAIL));
    state.restart(Some(ANYWHERE));
    assert_eq!(tcp(&mut state, TO_SERVER, b"GET /", 25), found(WEB));
    assert_eq!(state.take_events().as_slice(), [DetectionEvent::UnexpectedProtocol]);
}

#[test]
fn does_as_configured() {
    let mut options = vec![DetectionOptions::default(); PROTOCOLS.len()];
    options[WEB.index()].tcp.detect = false;
    options[COUNTED.index()].tcp.ports = Some(vec![7..=9]);
    options[MAIL.index()].parse = false;
    let detection = Detection::new(PROTOCOLS, &options).unwrap();
    let look = |data, port| {
        detection.identify(&mut DetectionState::default(), Transport::Tcp, TO_SERVER, data, (40_000, port), true)
    };
    assert_eq!(look(b"GET /", 80), DetectionOutcome::Failed);
    assert_eq!(look(b"\0\x02ab", 99), DetectionOutcome::Failed);
    assert_eq!(look(b"\0\x02ab", 8), found(COUNTED));
    assert!(!detection.parses(MAIL) && detection.parses(WEB));
    assert_eq!(detection.position("post"), Some(MAIL));
}

#[test]
fn gives_up_after_its_depth() {
    let mut state = DetectionState::default();
    // Nothing can rule a floating pattern out but its depth; nothing rules a look out but its own.
    let endless = vec![0_u8; MAX_DEPTH];
    assert_eq!(tcp(&mut state, TO_SERVER, &endless, 80), DetectionOutcome::Failed);
    assert!(state.is_decided(TO_SERVER));
}

fn beginnings() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        &b"GET / HTTP"[..],
        b"POST /",
        b"GOT",
        b"EHLO me",
        b"..EHLO",
        b"\0\x05abcdefgh",
        b"\0\x40abc",
        b"\x7fMAGIC!",
        b"\x7fMAGI?",
        b"WEB/1.1",
        b"220 hi",
    ]);
    (known, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(known, tail)| [known, &tail].concat())
}

proptest! {
    #[test]
    fn the_verdict_does_not_depend_on_segments(
        data in beginnings(),
        cuts in prop::collection::vec(0_usize..60, 0..12),
        port in prop::sample::select(vec![80_u16, 99]),
        midstream in any::<bool>(),
    ) {
        let detection = detection();
        let whole = detection.identify(
            &mut DetectionState::new(midstream), Transport::Tcp, TO_SERVER, &data, (40_000, port), true,
        );
        let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < data.len()).collect();
        cuts.sort_unstable();
        let mut state = DetectionState::new(midstream);
        let mut verdict = DetectionOutcome::More;
        for end in cuts {
            verdict = detection.identify(&mut state, Transport::Tcp, TO_SERVER, &data[..end], (40_000, port), false);
            if verdict != DetectionOutcome::More {
                break;
            }
        }
        if verdict == DetectionOutcome::More {
            verdict = detection.identify(&mut state, Transport::Tcp, TO_SERVER, &data, (40_000, port), true);
        }
        prop_assert_eq!(verdict, whole);
    }

    #[test]
    fn any_octets_are_survived(data in prop::collection::vec(any::<u8>(), 0..300), port in any::<u16>()) {
        let mut state = DetectionState::new(true);
        for end in 0..=data.len() {
            for direction in Direction::BOTH {
                detection().identify(&mut state, Transport::Tcp, direction, &data[..end], (port, 99), false);
            }
        }
    }
}

#[test]
fn looks_again_behind_a_gap() {
    fn inside(_: Direction, data: &[u8]) -> crate::ProbeVerdict {
        if data.windows(4).any(|octets| octets == b"LATE") { crate::ProbeVerdict::Yes } else { crate::ProbeVerdict::No }
    }
    static LATE: &[ProtocolDef] = &[protocol(ProtocolInfo {
        name: "late",
        late_probes: &[crate::ProbingParser { transport: Transport::Tcp, ports: &[], check: inside, depth: 128 }],
        ..INFO
    })];
    let detection = Detection::new(LATE, &[]).unwrap();
    let identify = |state: &mut DetectionState| {
        detection.identify(state, Transport::Tcp, TO_SERVER, b"..LATE", (40_000, 50), false)
    };
    let mut state = DetectionState::new(false);
    assert_eq!(identify(&mut state), DetectionOutcome::Failed, "the beginning was seen, and is another's");
    state.reopen(TO_SERVER);
    assert_eq!(identify(&mut state), found(WEB));
    assert_eq!(identify(&mut DetectionState::new(true)), found(WEB), "the beginning was before the capture");
}
