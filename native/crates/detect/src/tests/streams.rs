//! Rules on streams.

use crate::ir::{Check, Content, Pcre, Rule};
use proptest::prelude::*;
use sidewire_base::Direction::ToServer;

use crate::tests::harness::*;
use crate::{CompileOptions, MatcherBackend, StreamInput};

/// Feeds a stream in pieces, each with everything before it as overlap.
fn stream(bench: &mut Bench, data: &[u8], cuts: &[usize]) -> Vec<u32> {
    let mut sids = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([data.len()]) {
        if to <= from {
            continue;
        }
        let input = StreamInput {
            data: &data[..to],
            offset: 0,
            fresh: to - from,
            flush: true,
            last: to == data.len(),
            behind: &[],
        };
        let packet = tcp(&data[from..to], ToServer);
        sids.extend(bench.run(Some(&packet), ToServer, Some(input), false));
        from = to;
    }
    sids
}

#[test]
fn stream_rules_alert_once_for_what_they_saw() {
    let mut bench = Bench::new(compile(vec![with(1, "tcp", vec![payload(vec![has(b"abc")])])]));
    assert_eq!(stream(&mut bench, b"xxabcxxxx", &[4, 6, 7]), [1]);
    let mut bench = Bench::new(compile(vec![with(1, "tcp", vec![payload(vec![has(b"abc")])])]));
    assert_eq!(stream(&mut bench, b"abc--abc", &[3, 5]), [1, 1]);
    // Anchored: packets are looked at as well, and the stream counts from its beginning.
    let mut bench = Bench::new(compile(vec![with(1, "tcp-stream", vec![payload(vec![at(b"b", Some(1), Some(1))])])]));
    assert_eq!(stream(&mut bench, b"abcdb", &[1, 3]), [1]);
}

#[test]
fn what_a_gap_divides_is_looked_at_at_once_each_piece_by_itself() {
    let rules = compile(vec![
        with(1, "tcp", vec![payload(vec![has(b"abc")])]),
        with(2, "tcp", vec![payload(vec![has(b"bcx")])]),
        with(3, "tcp-stream", vec![payload(vec![at(b"ab", Some(0), Some(2))])]),
        with(4, "tcp", vec![payload(vec![has(b"x"), has(b"abc")])]),
    ]);
    let piece = |data: &'static [u8], offset, behind| StreamInput {
        data,
        offset,
        fresh: data.len(),
        flush: true,
        last: false,
        behind,
    };
    let mut bench = Bench::new(rules);
    let behind = [piece(b"x--", 100, &[]), piece(b"abc", 200, &[])];
    let input = piece(b"---bc", 0, &behind);
    assert_eq!(bench.run(Some(&tcp(b"", ToServer)), ToServer, Some(input), false), [1, 3]);
    assert_eq!(bench.run(Some(&tcp(b"", ToServer)), ToServer, Some(piece(b"abc", 300, &[])), false), [1, 3]);
}

proptest! {
    #[test]
    fn any_segmentation_gives_the_same_stream_rules(
        data in prop::collection::vec(prop::sample::select(b"abc".to_vec()), 1..60),
        cuts in prop::collection::btree_set(0usize..60, 0..8),
    ) {
        let rules = || {
            compile(vec![
                with(1, "tcp", vec![payload(vec![has(b"abc")])]),
                with(2, "tcp", vec![payload(vec![has(b"ab"), after(b"ca", 0, Some(4))])]),
                with(3, "tcp", vec![payload(vec![has(b"aa"), has(b"cc")])]),
                with(4, "tcp", vec![payload(vec![has(b"b"), Check::Pcre(Pcre { relative: true, ..pcre("^ca+b", "") })])]),
                with(5, "tcp-stream", vec![payload(vec![Check::Pcre(pcre("c.a.b", ""))])]),
            ])
        };
        let cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < data.len()).collect();
        let distinct = |mut sids: Vec<u32>| { sids.sort_unstable(); sids.dedup(); sids };
        let whole = distinct(stream(&mut Bench::new(rules()), &data, &[]));
        let cut = distinct(stream(&mut Bench::new(rules()), &data, &cuts));
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn both_matchers_give_the_same_matches(
        patterns in prop::collection::vec(prop::collection::vec(prop::sample::select(b"aAb\0".to_vec()), 1..5), 1..20),
        payload_ in prop::collection::vec(prop::sample::select(b"aAbB\0".to_vec()), 0..80),
    ) {
        let make = |(sid, pattern): (u32, &Vec<u8>)| {
            let content = Content { nocase: sid % 2 == 0, ..content(pattern) };
            let port = u32::from(sid % 3 == 0);
            Rule { destination_port: port, ..with(sid, "tcp", vec![payload(vec![Check::Content(content)])]) }
        };
        let rules: Vec<Rule> = (1..).zip(&patterns).map(make).collect();
        let run = |backend| {
            let options = CompileOptions { backend, alerts_per_packet: 1000, ..CompileOptions::default() };
            Bench::new(compile_with(rules.clone(), &options).0).packet(&payload_)
        };
        let automaton = run(MatcherBackend::AhoCorasick);
        prop_assert_eq!(run(MatcherBackend::Auto), automaton.clone());
        let expected: Vec<u32> = (1..).zip(&patterns).filter(|(sid, pattern)| {
            payload_.windows(pattern.len()).any(|window| {
                if sid % 2 == 0 { window.eq_ignore_ascii_case(pattern) } else { window == &pattern[..] }
            })
        }).map(|(sid, _)| sid).collect();
        prop_assert_eq!(automaton, expected);
    }
}
