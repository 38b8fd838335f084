//! Sessions whose outcome Suricata 8.0.8 and this crate agree on: events of each segment, final state, flags seen.
//!
//! `data/sessions.txt` was made by playing random sessions through both and keeping, for every event and state, the shortest
//! that agreed. Lines: `config` (options, overlap policy); `session STATE FLAGS-TO-SERVER FLAGS-TO-CLIENT`; then a line a
//! segment: sender (client or server), flags, sequence, acknowledgement, window, payload length, timestamp, echo, window
//! scale (each -1 when absent), selective acknowledgement permitted, events.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{Rig, tcp};
use sidewire_base::Direction;
use sidewire_decode::TcpOptions;
use sidewire_tcp::{HostOsPolicies, OverlapPolicy, StreamConsumer, StreamEvent, StreamPiece, TcpConfig, TcpSession};

const SESSIONS: &str = include_str!("data/sessions.txt");

#[test]
fn sessions_end_as_in_suricata() {
    let mut config = TcpConfig::default();
    let mut expected = String::new();
    let mut playing: Option<(Rig, bool)> = None;
    let mut events = BTreeSet::new();
    let mut sessions = 0;
    let finish = |playing: &mut Option<(Rig, bool)>, expected: &str, line: usize| {
        let Some((rig, _)) = playing.take() else { return };
        let flags = Direction::BOTH.map(|direction| rig.session.stream(direction).tcp_flags());
        let state = rig.session.state().name();
        assert_eq!(format!("{state} {:02x} {:02x}", flags[0], flags[1]), expected, "session before line {line}");
    };
    for (number, line) in SESSIONS.lines().enumerate().map(|(number, line)| (number + 1, line)) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[0] {
            "config" => {
                finish(&mut playing, &expected, number);
                config = TcpConfig {
                    midstream: words.contains(&"midstream"),
                    async_oneside: words.contains(&"async"),
                    policies: HostOsPolicies::all(OverlapPolicy::from_name(words[words.len() - 1]).unwrap()),
                    ..TcpConfig::default()
                };
            }
            "session" => {
                finish(&mut playing, &expected, number);
                expected = words[1..].join(" ");
                playing = Some((Rig::new(config.clone()), false));
                sessions += 1;
            }
            sender => {
                let (rig, swapped) = playing.as_mut().unwrap();
                let field: Vec<i64> = words[1..words.len() - 1].iter().map(|word| word.parse().unwrap()).collect();
                let [flags, sequence, ack, window, length, timestamp, echo, scale, sack] = field[..] else { panic!() };
                let mut header = tcp(flags as u8, sequence as u32, ack as u32);
                header.window = window as u16;
                header.options = TcpOptions {
                    timestamps: (timestamp >= 0).then_some((timestamp as u32, echo as u32)),
                    window_scale: (scale >= 0).then_some(scale as u8),
                    sack_permitted: sack != 0,
                    ..TcpOptions::default()
                };
                // An octet depends on its place only, so that retransmissions agree.
                let payload: Vec<u8> = (0..length).map(|at| 0x80 | ((sequence + at) % 251) as u8).collect();
                if rig.session.tcp_flags() == 0 {
                    *swapped = sender == "S";
                }
                let direction = if (sender == "S") == *swapped { Direction::ToServer } else { Direction::ToClient };
                let outcome = rig.play(direction, &header, &payload);
                if outcome.swap {
                    *swapped = !*swapped;
                }
                let mut names: Vec<&str> = outcome.events.iter().map(StreamEvent::name).collect();
                names.sort_unstable();
                let got = if names.is_empty() { "-".to_owned() } else { names.join(",") };
                assert_eq!(got, words[words.len() - 1], "line {number}");
                events.extend(outcome.events.iter().map(StreamEvent::name));
                read(rig);
            }
        }
    }
    finish(&mut playing, &expected, 0);
    assert!(sessions > 150, "{sessions}");
    assert!(events.len() >= 50, "{} events", events.len());
}

fn read(rig: &mut Rig) {
    for direction in Direction::BOTH {
        let stream = rig.session.stream_mut(direction);
        for consumer in [StreamConsumer::App, StreamConsumer::Raw] {
            while let Some(chunk) = stream.available(consumer) {
                let length = match chunk {
                    StreamPiece::Data { bytes, .. } => bytes.len() as u64,
                    StreamPiece::Gap { length, .. } => length,
                };
                stream.consume(consumer, length);
            }
        }
    }
    rig.session.release(&rig.config, TcpSession::NO_PINS, &mut rig.shared);
}

/// A session reads the answer before it is acknowledged and frees it; the acknowledgement still moves the window on.
#[test]
fn octets_read_early_leave_the_window_alone() {
    const SEGMENT: u32 = 20_000;
    let mut rig = Rig::new(TcpConfig::default());
    rig.play(Direction::ToServer, &tcp(0x02, 999, 0), b"");
    rig.play(Direction::ToClient, &tcp(0x12, 4_999, 1_000), b"");
    rig.play(Direction::ToServer, &tcp(0x10, 1_000, 5_000), b"");
    let octets = vec![7; SEGMENT as usize];
    for round in 0..20 {
        let sequence = 5_000 + round * SEGMENT;
        let sent = rig.play(Direction::ToClient, &tcp(0x18, sequence, 1_000), &octets);
        assert!(rig.session.reveal_unacknowledged(Direction::ToClient, &mut rig.shared));
        let stream = rig.session.stream_mut(Direction::ToClient);
        stream.disable(StreamConsumer::Raw);
        assert!(
            matches!(stream.available(StreamConsumer::App), Some(StreamPiece::Data { bytes, .. }) if bytes.len() == octets.len())
        );
        read(&mut rig);
        let answered = rig.play(Direction::ToServer, &tcp(0x10, 1_000, sequence + SEGMENT), b"");
        assert_eq!((sent.events.iter().next(), answered.events.iter().next()), (None, None), "round {round}");
    }
}
