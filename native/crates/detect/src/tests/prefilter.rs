//! What spares evaluations changes no result.

use proptest::prelude::*;
use sidewire_base::Direction::{self, ToClient, ToServer};
use sidewire_base::RuleId;
use sidewire_ir::FlowRequirement;

use crate::InspectRecorder;
use crate::ir::{self, Rule};
use crate::tests::harness::*;

/// Rules whose headers and `flow` differ in everything.
fn headers() -> impl Strategy<Value = Vec<Rule>> {
    let sets = (0u32..3, 0u32..3, 0u32..3, 0u32..3);
    let flow = (any::<[bool; 4]>(), prop::sample::select(vec!["ip", "tcp", "udp", "toy", "tcp-pkt"]));
    let one = (sets, flow, any::<[bool; 3]>()).prop_map(|(sets, (flow, protocol), [both, pattern, negated])| {
        let [to_server, to_client, established, not_established] = flow;
        let flow = FlowRequirement {
            to_server: to_server && !to_client,
            to_client: to_client && !to_server,
            established,
            not_established: not_established && !established,
            ..Default::default()
        };
        let direction = if both { ir::RuleDirection::Both } else { ir::RuleDirection::OneWay };
        let checks = vec![if negated { lacks(b"x") } else { has(b"a") }];
        Rule {
            source: sets.0,
            destination: sets.1,
            source_port: sets.2,
            destination_port: sets.3,
            direction,
            flow,
            conditions: if pattern { vec![payload(checks)] } else { vec![] },
            ..rule(1, protocol)
        }
    });
    let numbered = |rules: Vec<Rule>| (1..).zip(rules).map(|(sid, rule)| Rule { sid, ..rule }).collect();
    prop::collection::vec(one, 1..40).prop_map(numbered)
}

/// Do contents, each some octets after the one before it and ending within some more, stand in `data`? Every place is tried.
fn stand(contents: &[(Vec<u8>, usize, Option<usize>)], data: &[u8], at: usize) -> bool {
    let Some(((octets, distance, within), rest)) = contents.split_first() else { return true };
    let (from, to) = (at + distance, within.map_or(data.len(), |within| (at + distance + within).min(data.len())));
    (from..=to.saturating_sub(octets.len()))
        .filter(|&place| place + octets.len() <= to && data[place..].starts_with(octets))
        .any(|place| stand(rest, data, place + octets.len()))
}

proptest! {
    #[test]
    fn what_is_not_tried_again_would_not_hold(
        contents in prop::collection::vec(
            (prop::collection::vec(prop::sample::select(b"ab".to_vec()), 1..3), 0usize..3, prop::option::of(1usize..5)), 1..5),
        data in prop::collection::vec(prop::sample::select(b"abc".to_vec()), 1..24),
    ) {
        let mut chain = contents;
        (chain[0].1, chain[0].2) = (0, None);
        let check = |(place, (octets, distance, within)): (usize, &(Vec<u8>, usize, Option<usize>))| match place {
            0 => has(octets),
            _ => after(octets, *distance as i64, within.map(|within| within as i64)),
        };
        let checks = chain.iter().enumerate().map(check).collect();
        let mut bench = Bench::new(compile(vec![with(1, "tcp", vec![payload(checks)])]));
        prop_assert_eq!(!bench.packet(&data).is_empty(), stand(&chain, &data, 0));
    }

    #[test]
    fn gates_hold_back_no_rule_that_holds(
        rules in headers(),
        established: bool,
        packets in prop::collection::vec((prop::sample::select(vec!["", "a", "xa"]), any::<bool>()), 1..6),
    ) {
        let mut gated = Bench::new(compile(rules.clone()));
        let mut open = Bench::new(compile(rules));
        (gated.established, open.established) = (established, established);
        let every = (0..u32::try_from(open.rules.len()).unwrap()).map(RuleId).collect();
        let mut watched = InspectRecorder::new(every);
        for (text, back) in packets {
            let direction: Direction = if back { ToClient } else { ToServer };
            let packet = tcp(text.as_bytes(), direction);
            let found = gated.run(Some(&packet), direction, None, false);
            let all = open.observe(Some(&packet), direction, None, false, &mut watched);
            let all: Vec<u32> = all.iter().map(|found| open.sid(found)).collect();
            prop_assert_eq!(found, all);
        }
    }

    #[test]
    fn pieces_of_a_growing_body_hide_nothing(
        pieces in prop::collection::vec(prop::collection::vec(prop::sample::select(b"abc".to_vec()), 0..4), 1..9),
    ) {
        let rules = || compile(vec![
            with(1, "toy", vec![buffer("toy.body", vec![has(b"ab"), has(b"ccb")])]),
            with(2, "toy", vec![buffer("toy.body", vec![has(b"a"), after(b"cb", 0, None)])]),
            with(3, "toy", vec![buffer("toy.body", vec![has(b"a"), after(b"b", 1, Some(2)), after(b"ca", 0, None)])]),
            with(4, "toy", vec![buffer("toy.body", vec![has(b"c"), at(b"bb", Some(2), Some(4))])]),
            with(5, "toy", vec![buffer("toy.line", vec![has(b"v")]), buffer("toy.body", vec![has(b"acab")])]),
            with(6, "toy", vec![buffer("toy.body", vec![has(b"a"), after(b"b", 0, None), after(b"c", 1, Some(1))])]),
            with(7, "toy", vec![buffer("toy.body", vec![has(b"b"), after(b"a", -2, Some(3)), after(b"cc", 0, None)])]),
        ]);
        let body = |piece: &[u8]| [b"b ".as_slice(), piece].concat();
        let mut whole = Bench::new(rules());
        whole.toy(b"n\nv v", ToServer);
        let mut at_once = whole.toy(&body(&pieces.concat()), ToServer);
        let mut bench = Bench::new(rules());
        bench.toy(b"n\nv v", ToServer);
        let mut one_by_one: Vec<u32> =
            pieces.iter().flat_map(|piece| bench.toy(&body(piece), ToServer)).collect();
        one_by_one.extend(bench.toy(b".", ToServer));
        at_once.extend(whole.toy(b".", ToServer));
        at_once.sort_unstable();
        one_by_one.sort_unstable();
        prop_assert_eq!(one_by_one, at_once);
    }
}
