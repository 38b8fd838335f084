//! Rules on transactions, and what they tell.

use crate::ir;
use crate::ir::{
    ByteExtract, Check, Condition, Content, FlowBitAction, Operand, Pcre, PcreCapture, PcreScope, Rule, Window,
};
use sidewire_base::Direction::{ToClient, ToServer};
use sidewire_base::{RuleId, TxId};

use crate::tests::harness::*;
use crate::{CompileOptions, FailureStage, InspectRecorder, InspectUnit, StreamInput};

#[test]
fn a_transaction_rule_fires_once_for_each_transaction() {
    let mut bench = Bench::new(compile(vec![
        with(1, "toy", vec![buffer("toy.line", vec![has(b"evil")])]),
        with(2, "toy", vec![buffer("toy.line", vec![has(b"evil")]), buffer("toy.body", vec![has(b"x")])]),
        with(3, "toy", vec![field("toy.length", 4)]),
        with(4, "toy", vec![buffer("toy.answer", vec![has(b"ok")])]),
    ]));
    assert_eq!(bench.toy(b"n", ToServer), NONE);
    assert_eq!(bench.toy(b"v evil", ToServer), [1, 3]);
    assert_eq!(bench.toy(b"", ToServer), NONE);
    assert_eq!(bench.toy(b"b ab", ToServer), NONE);
    assert_eq!(bench.toy(b"b xy", ToServer), [2]);
    assert_eq!(bench.toy(b"b x", ToServer), NONE);
    assert_eq!(bench.toy(b".", ToServer), NONE);
    assert_eq!(bench.toy(b"r ok", ToClient), [4]);
    assert_eq!(bench.toy(b"n\nv evil\nn\nv good", ToServer), [1, 3, 3]);
}

#[test]
fn growing_bodies_hide_no_pattern_at_a_seam() {
    let mut bench = Bench::new(compile(vec![
        with(1, "toy", vec![buffer("toy.body", vec![has(b"needle")])]),
        with(2, "toy", vec![buffer("toy.body", vec![has(b"hay"), lacks(b"needle")])]),
        with(3, "toy", vec![buffer("toy.body", vec![Check::Bsize(ir::Bsize { test: equals(9) })])]),
    ]));
    bench.toy(b"n\nv x", ToServer);
    assert_eq!(bench.toy(b"b haynee", ToServer), NONE);
    assert_eq!(bench.toy(b"b dle", ToServer), [1]);
    assert_eq!(bench.toy(b".", ToServer), [3], "absence and size are known at the end");
    bench.toy(b"n\nv x", ToServer);
    assert_eq!(bench.toy(b"b haystack\n.", ToServer), [2]);
}

#[test]
fn an_unfinished_rule_goes_on_with_what_it_took() {
    let take = |offset| Check::ByteExtract(ByteExtract { offset, ..extract("n") });
    let at_taken = Check::Content(Content {
        window: Window { relative: false, start: Some(Operand::Variable("n".into())), end: Some(number(1)) },
        ..content(b"X")
    });
    let rule = |sid, offset| {
        with(
            sid,
            "toy",
            vec![buffer("toy.line", vec![has(b"taken"), take(offset)]), buffer("toy.body", vec![at_taken.clone()])],
        )
    };
    let mut bench = Bench::new(compile(vec![rule(1, 0), rule(2, 1)]));
    assert_eq!(bench.toy(b"n\nv \x01\x03taken", ToServer), NONE);
    assert_eq!(bench.toy(b"b aXb", ToServer), [1], "what the other rule took is not its own");
    assert_eq!(bench.toy(b"b X", ToServer), [2]);
}

#[test]
fn a_buffer_that_is_there_a_second_time_is_asked_anew() {
    let mut bench = Bench::new(compile(vec![
        with(1, "toy", vec![buffer("toy.line", vec![has(b"evil")])]),
        with(2, "toy", vec![buffer("toy.line", vec![has(b"late")])]),
        with(3, "toy", vec![buffer("toy.line", vec![has(b"evil"), lacks(b"late")])]),
        with(4, "toy", vec![buffer("toy.line", vec![lacks(b"late")])]),
        with(5, "toy", vec![buffer("toy.line", vec![has(b"evil")]), buffer("toy.body", vec![has(b"late")])]),
    ]));
    assert_eq!(bench.toy(b"n\nv evil", ToServer), [1, 3, 4]);
    assert_eq!(bench.toy(b"b x", ToServer), NONE);
    assert_eq!(bench.toy(b"t , late\n.", ToServer), [1, 2], "again, and for the first time");
    assert_eq!(bench.toy(b"n\nv evil\nt , late\n.", ToServer), [1, 2], "once when it comes at once");
    assert_eq!(bench.toy(b"n\nv evil", ToServer), [1, 3, 4]);
    assert_eq!(bench.toy(b".", ToServer), NONE, "nothing has changed");
}

#[test]
fn rules_on_packets_do_not_hold_where_a_flow_ends() {
    let app = Condition::AppLayerProtocol {
        part: ir::AppLayerPart::Packet,
        protocols: vec!["toy".into()],
        failed: false,
        unknown: false,
        negated: false,
    };
    let established = |sid| {
        let flow = ir::FlowRequirement { established: true, ..Default::default() };
        Rule { flow, ..rule(sid, "toy") }
    };
    let rules = || {
        compile(vec![
            rule(1, "toy"),
            established(2),
            with(3, "tcp", vec![app.clone()]),
            with(4, "tcp", vec![field("flow.pkts_toserver", 3)]),
            with(5, "tcp", vec![payload(vec![lacks(b"x")])]),
            with(6, "tcp", vec![bits(FlowBitAction::IsNotSet, "a")]),
        ])
    };
    let stream = || StreamInput { data: b"abc", offset: 0, fresh: 3, flush: true, last: true, behind: &[] };
    let mut bench = Bench::new(rules());
    bench.toy(b"", ToServer);
    assert_eq!(bench.run(None, ToServer, Some(stream()), true), [1, 5]);
    let mut bench = Bench::new(rules());
    assert_eq!(bench.run(None, ToServer, None, true), NONE);
}

#[test]
fn lists_absence_events_hooks() {
    let absent = |or_else| Check::Absent(ir::Absent { or_else });
    let event = Condition::AppLayerEvent { protocol: Some("toy".into()), event: "odd".into(), negated: false };
    let hook = Rule { hook: Some(ir::RuleHook { stage: "body".into() }), ..rule(5, "toy") };
    let mut bench = Bench::new(compile(vec![
        with(1, "toy", vec![buffer("toy.items", vec![has(b"a"), has(b"b")])]),
        with(2, "toy", vec![buffer("toy.line", vec![absent(false)])]),
        with(3, "toy", vec![buffer("toy.line", vec![absent(true), has(b"q")])]),
        with(4, "toy", vec![event]),
        hook,
    ]));
    assert_eq!(bench.toy(b"n\nv x\ni a\ni b", ToServer), NONE, "no one item has both");
    assert_eq!(bench.toy(b"i ab", ToServer), [1]);
    assert_eq!(bench.toy(b"e", ToServer), [4]);
    assert_eq!(bench.toy(b"b z", ToServer), [5]);
    assert_eq!(bench.toy(b".", ToServer), NONE);
    assert_eq!(bench.toy(b"n\n.", ToServer), [2, 3, 5]);
    assert_eq!(bench.toy(b"n\nv q\n.", ToServer), [3, 5]);
}

#[test]
fn a_rule_on_both_halves_of_a_transaction() {
    let both = Rule {
        direction: ir::RuleDirection::Transaction,
        source: 1,
        ..with(1, "toy", vec![buffer("toy.line", vec![has(b"ask")]), buffer("toy.answer", vec![has(b"yes")])])
    };
    let late = Rule {
        direction: ir::RuleDirection::Transaction,
        ..with(2, "toy", vec![buffer("toy.answer", vec![has(b"yes, longer")]), buffer("toy.line", vec![has(b"a")])])
    };
    let mut bench = Bench::new(compile(vec![both, late]));
    assert_eq!(bench.toy(b"n\nv ask\n.", ToServer), NONE);
    assert_eq!(bench.toy(b"r yes, longer", ToClient), [1, 2]);
    assert_eq!(bench.toy(b"n\nv ask\n.", ToServer), NONE);
    assert_eq!(bench.toy(b"r no", ToClient), NONE);
}

#[test]
fn transforms_come_before_the_prefilter() {
    let condition = Condition::Buffer {
        buffer: "toy.line".into(),
        transforms: vec![ir::Transform::StripWhitespace, ir::Transform::ToUppercase],
        checks: vec![has(b"EVIL")],
    };
    let mut bench = Bench::new(compile(vec![with(1, "toy", vec![condition])]));
    assert_eq!(bench.toy(b"n\nv e v i l", ToServer), [1]);
}

#[test]
fn captures_reach_flow_and_match() {
    let capture = |scope, name: &str| PcreCapture { scope, name: name.into() };
    let pcre = Pcre {
        captures: vec![capture(PcreScope::Flow, "user"), capture(PcreScope::Alert, "word")],
        ..pcre("u=([a-z]+) w=([a-z]+)", "")
    };
    let mut bench = Bench::new(compile(vec![with(1, "tcp-pkt", vec![payload(vec![Check::Pcre(pcre)])])]));
    let found = bench.observe(Some(&tcp(b"u=me w=hi", ToServer)), ToServer, None, false, &mut crate::SilentObserver);
    assert_eq!(found[0].alert_variables, [("word".to_owned(), b"hi".to_vec())]);
    assert_eq!(bench.state.variables().collect::<Vec<_>>(), [("user", &b"me"[..])]);
}

#[test]
fn explains_the_first_check_that_fails() {
    let set = compile(vec![
        with(1, "tcp-pkt", vec![payload(vec![has(b"abc"), after(b"X", 0, Some(2))])]),
        Rule { destination_port: 2, ..with(2, "tcp-pkt", vec![payload(vec![has(b"abc")])]) },
        with(3, "toy", vec![buffer("toy.line", vec![has(b"evil")])]),
    ]);
    let mut bench = Bench::new(set);
    let mut recorder = InspectRecorder::new(vec![RuleId(0), RuleId(1), RuleId(2)]);
    bench.observe(Some(&tcp(b"--abc--X", ToServer)), ToServer, None, false, &mut recorder);
    let records = recorder.take();
    let failure =
        |rule| records.iter().find(|record| record.rule == RuleId(rule)).and_then(|record| record.failure.clone());
    assert_eq!(failure(0), Some(FailureStage::Check { condition: 0, check: 1, offset: 5, found: b"--X".to_vec() }));
    assert_eq!(failure(1), Some(FailureStage::Port));
    bench.toy(b"n\nv good", ToServer);
    bench.observe(Some(&tcp(b"", ToServer)), ToServer, None, false, &mut recorder);
    let records = recorder.take();
    let of_tx = records.iter().find(|record| record.unit == InspectUnit::Transaction(TxId(0))).unwrap();
    let expected = FailureStage::Check { condition: 0, check: 0, offset: 0, found: b"good".to_vec() };
    assert_eq!((of_tx.rule, of_tx.failure.clone()), (RuleId(2), Some(expected)));
}

#[test]
fn problems_name_the_rule_and_lose_only_it() {
    let (set, problems) = compile_with(
        vec![
            with(1, "tcp", vec![payload(vec![Check::Pcre(pcre("a(", ""))])]),
            with(2, "tcp", vec![payload(vec![has(b"a")])]),
            with(3, "tcp", vec![field("no.such", 1)]),
            rule(4, "nosuch"),
            Rule { source: 99, ..rule(5, "tcp") },
        ],
        &CompileOptions::default(),
    );
    assert_eq!(set.len(), 1);
    assert_eq!(problems.iter().map(|problem| problem.sid).collect::<Vec<_>>(), [1, 3, 4, 5], "{problems:?}");
}

#[test]
fn every_row_is_in_the_catalog() {
    let catalog = crate::catalog(PROTOCOLS);
    assert!(catalog.fields.iter().any(|row| row.name == "ttl"));
    assert!(catalog.fields.iter().any(|row| row.name == "toy.length" && row.protocols == ["toy"]));
    let body = catalog.buffers.iter().find(|row| row.name == "toy.body").unwrap();
    assert!(body.to_server && !body.to_client && !body.multi);
    assert!(catalog.events.iter().any(|family| family.protocol == "toy" && family.names == ["odd"]));
    assert!(catalog.transforms.iter().any(|name| name == "to_sha256"));
}

/// A rule that names no protocol is inspected in each as that protocol has its buffers: progress, second time, kind and
/// direction of one do not touch those of another.
#[test]
fn a_buffer_of_several_protocols_is_there_when_its_own_says() {
    let line = |protocol: &str, sid| with(sid, protocol, vec![buffer("toy.line", vec![has(b"pass")])]);
    let answer = |protocol: &str, sid| with(sid, protocol, vec![buffer("toy.answer", vec![has(b"ok")])]);
    let items = |protocol: &str, sid| with(sid, protocol, vec![buffer("toy.items", vec![has(b"one")])]);
    let plain = |sid| with(sid, "tcp", vec![buffer("toy.line", vec![lacks(b"quit")])]);
    let mut bench = Bench::new(compile(vec![
        line("toy", 1),
        line("tcp", 2),
        answer("toy", 3),
        answer("tcp", 4),
        items("toy", 5),
        items("tcp", 6),
        plain(7),
        with(8, "tcp", vec![field("toy.length", 4)]),
        with(9, "slow", vec![buffer("toy.length", vec![has(b"a")])]),
        Rule { hook: Some(ir::RuleHook { stage: "line".into() }), ..with(10, "toys", vec![]) },
    ]));
    assert_eq!(bench.toy(b"n\nv pass\ni one", ToServer), [1, 2, 5, 6, 7, 8, 10]);
    assert_eq!(bench.toy(b"r ok", ToClient), [3, 4]);
    assert_eq!(bench.toy(b"t es\n.", ToServer), [1, 2], "the line is there a second time, as the toy has it");
}
