//! Rules on frames of a stream, however its octets arrive.

use crate::ir::{Check, Condition, Content, Operand, Window};
use proptest::prelude::*;
use sidewire_app_layer::{FrameKind, FrameKinds, StreamFrames};
use sidewire_base::Direction::ToServer;
use sidewire_base::Time;
use sidewire_decode::{TcpHeader, TransportLayer};
use sidewire_tcp::{TcpConfig, TcpContext, TcpSession};

use crate::tests::harness::*;
use crate::{CompileOptions, FrameSource, FramesInput};

const PART: FrameKind = FrameKind(1);

/// What one side sends, with its frames, before the rules.
struct Sent {
    bench: Bench,
    config: TcpConfig,
    shared: TcpContext,
    session: TcpSession,
    frames: StreamFrames,
    octets: usize,
}

impl Sent {
    fn new(conditions: Vec<Condition>) -> Self {
        let rules = (1..).zip(conditions).map(|(sid, condition)| with(sid, "tcp", vec![condition])).collect();
        let config = TcpConfig { inline: true, midstream: true, ..TcpConfig::default() };
        let mut frames = StreamFrames::default();
        frames.want(FrameKinds::ALL);
        let [client, server] = ["10.0.0.1", "192.0.2.1"].map(|text| text.parse().unwrap());
        Self {
            bench: Bench::new(compile(rules)),
            shared: TcpContext::new(&config, 1),
            session: TcpSession::new(&config, client, server),
            config,
            frames,
            octets: 0,
        }
    }

    fn packet(&mut self, payload: &[u8]) -> Vec<u32> {
        let packet = tcp(payload, ToServer);
        let TransportLayer::Tcp(header) = &packet.transport else { unreachable!("it was built so") };
        let header = TcpHeader { sequence: 1 + self.octets as u32, window: u16::MAX, ..*header };
        self.session.packet(&header, payload, ToServer, Time::new(100, 0), &self.config, &mut self.shared);
        self.octets += payload.len();
        self.inspect(false)
    }

    fn inspect(&mut self, last: bool) -> Vec<u32> {
        let input =
            FramesInput { frames: &mut self.frames, source: FrameSource::Stream(self.session.stream(ToServer)) };
        self.bench.framed(input, last)
    }

    /// Sends octets cut in pieces; what matched, and once more at the end.
    fn send(&mut self, octets: &[u8], cuts: &[usize]) -> Vec<u32> {
        let mut found = Vec::new();
        let mut from = 0;
        for to in cuts.iter().copied().chain([octets.len()]) {
            if to > from && to <= octets.len() {
                found.extend(self.packet(&octets[from..to]));
                from = to;
            }
        }
        found.extend(self.inspect(true));
        found
    }
}

fn ends_with(octets: &[u8]) -> Check {
    Check::Content(Content { ends_with: true, ..content(octets) })
}

fn at(octets: &[u8], offset: i64) -> Check {
    let window = Window { relative: false, start: Some(Operand::Number(offset)), end: None };
    Check::Content(Content { window, ..content(octets) })
}

#[test]
fn a_rule_is_told_of_a_frame_once_and_of_a_stream_for_what_is_new() {
    let mut sent = Sent::new(vec![frame("toy.part", vec![has(b"x")]), frame("toy.stream", vec![has(b"x")])]);
    sent.frames.begin_stream(0);
    sent.frames.begin(PART, 0, Some(9000), None);
    let quiet = [b'-'; 2999];
    assert_eq!(sent.packet(&[b"x", &quiet[..]].concat()), [1, 2]);
    assert_eq!(sent.packet(&[b'-'; 3000]), [0_u32; 0]);
    assert_eq!(sent.packet(&[&quiet[..], b"x"].concat()), [2]);
    assert_eq!(sent.inspect(true), [0_u32; 0]);
}

#[test]
fn an_unfinished_frame_waits_for_more() {
    let mut sent = Sent::new(vec![frame("toy.part", vec![has(b"ab")])]);
    sent.frames.begin(PART, 1, Some(5), None);
    assert_eq!(sent.packet(b"-ab"), [0_u32; 0]);
    assert_eq!(sent.packet(b"---ab"), [1], "it is complete");
    sent.frames.begin(PART, 20, Some(5), None);
    assert_eq!(sent.inspect(true), [0_u32; 0], "nothing of it was sent");
}

#[test]
fn frames_go_with_nothing_else() {
    let wrong = vec![
        with(1, "toy", vec![frame("toy.part", vec![has(b"a")]), frame("toy.other", vec![has(b"a")])]),
        with(2, "toy", vec![frame("toy.part", vec![has(b"a")]), buffer("toy.line", vec![has(b"a")])]),
        with(3, "toy", vec![frame("toy.part", vec![has(b"a")]), payload(vec![has(b"a")])]),
        with(4, "toy", vec![frame("toy.nothing", vec![has(b"a")])]),
    ];
    let (rules, problems) = compile_with(wrong, &CompileOptions::default());
    assert!(rules.is_empty());
    let reasons: Vec<_> = problems.iter().map(|problem| problem.reason.to_string()).collect();
    assert_eq!(
        reasons,
        [
            "it looks into two kinds of frames",
            "frames go with no other buffer, nor with the payload",
            "frames go with no other buffer, nor with the payload",
            "frame `toy.nothing` is not known",
        ]
    );
}

proptest! {
    #[test]
    fn no_cut_hides_or_makes_a_match(
        before in 0_usize..9000,
        between in prop::sample::select(vec!["", "....", "........"]),
        behind in 0_usize..9000,
        cuts in prop::collection::vec(0_usize..18_000, 0..8),
        into in 0_usize..6,
        start in 0_usize..50,
    ) {
        let rules = || vec![
            frame("toy.part", vec![has(b"needle")]),
            frame("toy.part", vec![lacks(b"needle")]),
            frame("toy.part", vec![ends_with(b"end")]),
            frame("toy.part", vec![has(b"needle"), after(b"end", 5, None)]),
            frame("toy.part", vec![at(b"needle", 3000)]),
            frame("toy.part", vec![Check::Bsize(crate::ir::Bsize { test: equals(9000) })]),
        ];
        let octets = [&vec![b'.'; before][..], b"needle", between.as_bytes(), b"end", &vec![b'.'; behind]].concat();
        // One cut goes through the needle.
        let mut cuts = [&cuts[..], &[before + into]].concat();
        cuts.sort_unstable();
        let run = |cuts: &[usize]| {
            let mut sent = Sent::new(rules());
            let length = octets.len().saturating_sub(start + behind % 3);
            sent.frames.begin(PART, start as u64, Some(length as u64), None);
            let mut found = sent.send(&octets, cuts);
            found.sort_unstable();
            found
        };
        prop_assert_eq!(run(&cuts), run(&[]));
    }
}
