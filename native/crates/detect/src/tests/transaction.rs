//! Which transactions are looked at: as many as are needed, and no more.

use std::sync::Arc;

use crate::ir;
use crate::ir::{Condition, FlowBitAction, Rule};
use proptest::prelude::*;
use sidewire_app_layer::TxConsumer;
use sidewire_base::Direction::{self, ToClient, ToServer};

use crate::tests::harness::*;
use crate::{CompileOptions, RuleSet};

fn bit(action: FlowBitAction) -> Condition {
    Condition::FlowBits { action, names: vec!["t.x".into()] }
}

fn length() -> Condition {
    Condition::Number { field: "toy.length".into(), test: equals(4) }
}

fn silent(rule: Rule) -> Rule {
    Rule { noalert: true, ..rule }
}

/// Rules of all kinds: with and without a pattern, on what packets and the flow may bring later, on whole transactions.
fn rules(generation: u32) -> RuleSet {
    let line = |text: &[u8]| buffer("toy.line", vec![has(text)]);
    let both = |sid, conditions| Rule { direction: ir::RuleDirection::Transaction, ..with(sid, "toy", conditions) };
    let event = Condition::AppLayerEvent { protocol: Some("toy".into()), event: "odd".into(), negated: false };
    let options = CompileOptions { generation, alerts_per_packet: 1000, ..CompileOptions::default() };
    let rules = vec![
        with(1, "toy", vec![line(b"evil")]),
        with(2, "toy", vec![length(), bit(FlowBitAction::IsSet)]),
        with(3, "toy", vec![length(), bit(FlowBitAction::IsNotSet)]),
        silent(with(4, "tcp", vec![payload(vec![has(b"+")]), bit(FlowBitAction::Set)])),
        silent(with(5, "tcp", vec![payload(vec![has(b"-")]), bit(FlowBitAction::Unset)])),
        with(6, "toy", vec![line(b"evil"), payload(vec![has(b"pay")])]),
        both(7, vec![line(b"e"), buffer("toy.answer", vec![has(b"yes")])]),
        both(8, vec![length(), buffer("toy.answer", vec![has(b"y")])]),
        with(9, "toy", vec![event]),
        with(10, "toy", vec![line(b"evil"), bit(FlowBitAction::IsSet)]),
        with(11, "toy", vec![buffer("toy.body", vec![has(b"xa")]), bit(FlowBitAction::IsNotSet)]),
        with(12, "toy", vec![buffer("toy.body", vec![lacks(b"x")])]),
        with(13, "toy", vec![buffer("toy.items", vec![has(b"a"), has(b"b")]), bit(FlowBitAction::IsSet)]),
        silent(with(14, "toy", vec![buffer("toy.answer", vec![has(b"yes")]), bit(FlowBitAction::Toggle)])),
    ];
    compile_with(rules, &options).0
}

/// What happens to a flow.
#[derive(Clone, Debug)]
enum Step {
    /// The protocol is given commands.
    Bytes(Vec<&'static str>, Direction),
    /// A packet that changes no transaction.
    Packet(&'static str, Direction),
    /// Other rules.
    Swap,
}

fn step() -> impl Strategy<Value = Step> {
    const COMMANDS: &[&str] = &[
        "n", "n", "v evil", "v good", "v e", "b x", "b a", "t evil", "i a", "i ab", "e", ".", "r yes", "r no", "s 0",
        "s 1", "s 2",
    ];
    let direction = || prop::sample::select(vec![ToServer, ToClient]);
    prop_oneof![
        6 => (prop::collection::vec(prop::sample::select(COMMANDS), 1..5), direction())
            .prop_map(|(commands, direction)| Step::Bytes(commands, direction)),
        4 => (prop::sample::select(&["", "+", "-", "pay", "+pay"][..]), direction())
            .prop_map(|(payload, direction)| Step::Packet(payload, direction)),
        1 => Just(Step::Swap),
    ]
}

/// What matched in each step; with `all`, every transaction is looked at in each.
fn run(steps: &[Step], all: bool) -> Vec<Vec<u32>> {
    let mut bench = Bench::new(rules(1));
    let mut seen = Vec::new();
    for (generation, step) in (2..).zip(steps) {
        if let Some(session) = bench.session.as_mut().filter(|_| all) {
            session.transactions_mut().touch_all();
        }
        seen.push(match step {
            Step::Bytes(commands, direction) => bench.toy(commands.join("\n").as_bytes(), *direction),
            Step::Packet(payload, direction) => {
                bench.run(Some(&tcp(payload.as_bytes(), *direction)), *direction, None, false)
            }
            Step::Swap => {
                bench.rules = Arc::new(rules(generation));
                bench.detector.swap(Arc::clone(&bench.rules));
                vec![]
            }
        });
    }
    seen.push(bench.run(None, ToServer, None, true));
    seen.push(bench.run(None, ToClient, None, true));
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn looking_at_what_changed_finds_what_looking_at_all_finds(steps in prop::collection::vec(step(), 1..24)) {
        prop_assert_eq!(run(&steps, false), run(&steps, true));
    }
}

#[test]
fn a_transaction_as_it_is_matches_once_the_flow_or_a_packet_brings_the_rest() {
    let mut bench = Bench::new(rules(1));
    assert_eq!(bench.toy(b"n\nv evil", ToServer), [3, 1]);
    assert_eq!(bench.packet(b"+"), [2]);
    assert_eq!(bench.packet(b"pay"), [6]);
    assert_eq!(bench.packet(b"pay"), NONE);
}

#[test]
fn nobody_looks_again_where_nothing_can_change() {
    let rules = compile(vec![
        with(1, "toy", vec![buffer("toy.body", vec![has(b"evil")])]),
        with(2, "toy", vec![length()]),
        Rule { source: 2, ..with(3, "toy", vec![length(), bit(FlowBitAction::IsSet)]) },
    ]);
    let mut bench = Bench::new(rules);
    bench.toy(b"n\nv x\nn\nv y", ToServer);
    let is_due = |bench: &Bench| {
        bench.session.as_ref().is_some_and(|session| session.transactions().is_due(TxConsumer::Rules(ToServer)))
    };
    assert!(!is_due(&bench), "pending rules wait for the transaction, and its addresses stay");
    let mut bench = Bench::new(self::rules(1));
    bench.toy(b"n\nv x", ToServer);
    assert!(is_due(&bench), "a bit may be set");
}
