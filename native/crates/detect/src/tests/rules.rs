//! Headers, types, order and what rules keep.

use crate::ir;
use crate::ir::{
    Action, Check, Condition, FlagCompare, FlowBitAction, FlowIntAction, FlowRequirement, Operand, Rule, StreamSide,
    XbitScope,
};
use sidewire_base::Direction::{ToClient, ToServer};
use sidewire_base::{RuleId, Time};
use sidewire_decode::DecodeEvent;

use crate::RuleType;
use crate::tests::harness::*;

#[test]
fn header_fields() {
    for (name, value) in [
        ("ttl", 64),
        ("id", 7),
        ("ip_proto", 6),
        ("tcp.window", 512),
        ("dsize", 3),
        ("flow.age", 5),
        ("flow.pkts_toserver", 3),
        ("flow.bytes_toclient", 200),
        ("flow.pkts", 2),
        ("vlan.layers", 0),
        ("fragoffset", 0),
    ] {
        let mut bench = Bench::new(compile(vec![
            with(1, "tcp", vec![field(name, value)]),
            with(2, "tcp", vec![field(name, value + 1)]),
        ]));
        let expected: &[u32] = if name == "flow.pkts" { &[1, 2] } else { &[1] };
        assert_eq!(bench.packet(b"abc"), expected, "{name}");
    }
    let flags =
        |compare, value, mask| Condition::Flags { field: "tcp.flags".into(), compare, value, mask, negated: false };
    for (condition, expected) in [
        (flags(FlagCompare::Exactly, 0x18, 0xff), true),
        (flags(FlagCompare::Exactly, 0x10, 0xff), false),
        (flags(FlagCompare::All, 0x10, 0xff), true),
        (flags(FlagCompare::Any, 0x12, 0xff), true),
        (flags(FlagCompare::None, 0x02, 0xff), true),
        (flags(FlagCompare::Exactly, 0x10, 0xf7), true),
    ] {
        let mut bench = Bench::new(compile(vec![with(1, "tcp", vec![condition.clone()])]));
        assert_eq!(bench.packet(b"").len(), usize::from(expected), "{condition:?}");
    }
    let header = buffer("ipv4.hdr", vec![at(b"\x45", None, Some(1)), Check::Bsize(ir::Bsize { test: equals(20) })]);
    assert_eq!(Bench::new(compile(vec![with(1, "tcp", vec![header])])).packet(b""), [1]);
    let source = buffer("ip.src", vec![has(&[10, 0, 0, 1])]);
    assert_eq!(Bench::new(compile(vec![with(1, "tcp", vec![source])])).packet(b""), [1]);
    let size = |side, value| Condition::Packet {
        test: ir::PacketTest::StreamSize(ir::StreamSize { side, test: equals(value) }),
    };
    for (side, value, expected) in [
        (StreamSide::Server, 1000, 1),
        (StreamSide::Client, 1000, 0),
        (StreamSide::Either, 10, 1),
        (StreamSide::Both, 10, 0),
    ] {
        assert_eq!(Bench::new(compile(vec![with(1, "tcp", vec![size(side, value)])])).packet(b"").len(), expected);
    }
    assert_eq!(
        Bench::new(compile(vec![with(
            1,
            "tcp",
            vec![Condition::Packet { test: ir::PacketTest::SameIp(ir::SameIp { negated: false }) }]
        )]))
        .packet(b""),
        NONE
    );
}

#[test]
fn headers_by_address_port_and_direction() {
    let to_web =
        Rule { source: 1, destination: 2, destination_port: 1, ..with(1, "tcp", vec![payload(vec![has(b"a")])]) };
    let to_other = Rule { destination_port: 2, sid: 2, ..to_web.clone() };
    let from_web = Rule { source: 2, source_port: 1, destination: 1, destination_port: 0, sid: 3, ..to_web.clone() };
    let either = Rule { direction: ir::RuleDirection::Both, sid: 4, ..from_web.clone() };
    let client = Rule { flow: FlowRequirement { to_client: true, ..Default::default() }, sid: 5, ..rule(5, "tcp") };
    let client = Rule { conditions: to_web.conditions.clone(), ..client };
    let mut bench = Bench::new(compile(vec![to_web, to_other, from_web, either, client]));
    assert_eq!(bench.packet(b"a"), [1, 4]);
    assert_eq!(bench.run(Some(&tcp(b"a", ToClient)), ToClient, None, false), [3, 4, 5]);
}

#[test]
fn types_are_suricatas() {
    let anchored = at(b"a", None, Some(3));
    let event = Condition::DecodeEvent { event: DecodeEvent::NAMES[0].into(), negated: false };
    let app = Condition::AppLayerProtocol {
        part: ir::AppLayerPart::Packet,
        protocols: vec!["toy".into()],
        failed: false,
        unknown: false,
        negated: false,
    };
    for (rule, kind) in [
        (rule(1, "ip"), RuleType::IpOnly),
        (rule(1, "tcp"), RuleType::IpOnly),
        (Rule { source: 2, ..rule(1, "ip") }, RuleType::LikeIpOnly),
        (Rule { source_port: 1, ..rule(1, "tcp") }, RuleType::IpOnly),
        (rule(1, "tcp-pkt"), RuleType::IpOnly),
        (with(1, "tcp", vec![bits(FlowBitAction::Set, "a")]), RuleType::IpOnly),
        (with(1, "tcp", vec![bits(FlowBitAction::Unset, "a")]), RuleType::Packet),
        (with(1, "tcp", vec![app.clone(), bits(FlowBitAction::Set, "a")]), RuleType::ProtocolOnly),
        (with(1, "tcp", vec![app.clone(), bits(FlowBitAction::IsSet, "a")]), RuleType::Packet),
        (with(1, "tcp", vec![payload(vec![has(b"a")])]), RuleType::Stream),
        (with(1, "tcp", vec![payload(vec![anchored])]), RuleType::PacketStream),
        (with(1, "tcp-pkt", vec![payload(vec![has(b"a")])]), RuleType::Packet),
        (with(1, "udp", vec![payload(vec![has(b"a")])]), RuleType::Packet),
        (with(1, "tcp", vec![field("dsize", 3), payload(vec![has(b"a")])]), RuleType::Packet),
        (with(1, "pkthdr", vec![event]), RuleType::DecoderEvent),
        (with(1, "tcp", vec![app]), RuleType::ProtocolOnly),
        (rule(1, "toy"), RuleType::AppLayer),
        (with(1, "toy", vec![buffer("toy.line", vec![has(b"a")])]), RuleType::AppTx),
        (with(1, "tcp", vec![buffer("toy.line", vec![has(b"a")])]), RuleType::AppTx),
        (with(1, "toy", vec![payload(vec![has(b"a")])]), RuleType::Stream),
    ] {
        let set = compile(vec![rule.clone()]);
        assert_eq!(set.rule(RuleId(0)).kind, kind, "{rule:?}");
    }
}

#[test]
fn address_rules_fire_once_for_a_flow_and_direction_unless_they_negate() {
    let mut bench = Bench::new(compile(vec![Rule { source: 1, ..rule(1, "ip") }, Rule { source: 2, ..rule(2, "ip") }]));
    assert_eq!(bench.packet(b""), [1]);
    assert_eq!(bench.packet(b""), NONE);
    for _ in 0..2 {
        assert_eq!(bench.run(Some(&tcp(b"", ToClient)), ToClient, None, false), [2]);
    }
}

#[test]
fn decoder_events() {
    let event = |name: &str| Condition::DecodeEvent { event: name.into(), negated: false };
    let names = DecodeEvent::NAMES;
    let mut bench =
        Bench::new(compile(vec![with(1, "pkthdr", vec![event(names[0])]), with(2, "pkthdr", vec![event(names[1])])]));
    let mut packet = tcp(b"", ToServer);
    packet.events.push(DecodeEvent(1));
    assert_eq!(bench.run(Some(&packet), ToServer, None, false), [2]);
    assert_eq!(bench.packet(b""), NONE);
}

#[test]
fn state_setters_run_before_readers() {
    let has_a = || payload(vec![has(b"a")]);
    let read = with(1, "tcp", vec![has_a(), bits(FlowBitAction::IsSet, "t.y")]);
    let middle = with(2, "tcp", vec![has_a(), bits(FlowBitAction::IsSet, "t.x"), bits(FlowBitAction::Set, "t.y")]);
    let set = Rule { noalert: true, ..with(3, "tcp", vec![has_a(), bits(FlowBitAction::Set, "t.x")]) };
    let never = with(4, "tcp", vec![has_a(), bits(FlowBitAction::IsNotSet, "t.x")]);
    let mut bench = Bench::new(compile(vec![read, middle, set, never]));
    assert_eq!(bench.packet(b"a"), [2, 1]);
    assert_eq!(bench.state.flowbits().collect::<Vec<_>>(), ["t.x", "t.y"]);
    // Bits survive a change of rules.
    let other = std::sync::Arc::new(compile(vec![with(7, "tcp", vec![has_a(), bits(FlowBitAction::IsSet, "t.x")])]));
    bench.detector.swap(std::sync::Arc::clone(&other));
    bench.rules = other;
    assert_eq!(bench.packet(b"a"), [7]);
}

#[test]
fn flow_integers_count() {
    let int = |action, value: Option<i64>| Condition::FlowInt {
        name: "t.n".into(),
        action,
        value: value.map(Operand::Number),
    };
    let has_a = || payload(vec![has(b"a")]);
    let add = Rule { noalert: true, ..with(1, "tcp", vec![has_a(), int(FlowIntAction::Add, Some(1))]) };
    let three = with(2, "tcp", vec![has_a(), int(FlowIntAction::Equal, Some(3))]);
    let unset = with(3, "tcp", vec![payload(vec![has(b"z")]), int(FlowIntAction::NotSet, None)]);
    let mut bench = Bench::new(compile(vec![add, three, unset]));
    assert_eq!(bench.packet(b"z"), [3]);
    assert_eq!(
        [bench.packet(b"a"), bench.packet(b"a"), bench.packet(b"a"), bench.packet(b"a")],
        [vec![], vec![], vec![2], vec![]]
    );
    assert_eq!(bench.packet(b"z"), NONE);
}

#[test]
fn xbits_expire_on_packet_time() {
    for scope in [XbitScope::Source, XbitScope::Pair, XbitScope::Flow] {
        let xbit = |action| Condition::XBits { action, name: "t.b".into(), scope, expire: 10 };
        let set = Rule { noalert: true, ..with(1, "tcp", vec![payload(vec![has(b"s")]), xbit(FlowBitAction::Set)]) };
        let read = with(2, "tcp", vec![payload(vec![has(b"r")]), xbit(FlowBitAction::IsSet)]);
        let set = compile(vec![set, read]);
        assert_eq!(set.uses_host_state(), scope == XbitScope::Source);
        let mut bench = Bench::new(set);
        assert_eq!(bench.packet(b"r"), NONE);
        bench.packet(b"s");
        assert_eq!(bench.packet(b"r"), [2]);
        bench.time = Time::new(109, 0);
        assert_eq!(bench.packet(b"r"), [2]);
        bench.time = Time::new(110, 0);
        assert_eq!(bench.packet(b"r"), NONE, "{scope:?}");
    }
}

#[test]
fn pass_cuts_the_rest_and_alerts_are_bounded() {
    let has_a = || payload(vec![has(b"a")]);
    let pass = Rule { action: Action::Pass, ..with(9, "tcp-pkt", vec![payload(vec![has(b"p")])]) };
    let mut rules: Vec<_> = (1..=20).map(|sid| with(sid, "tcp-pkt", vec![has_a()])).collect();
    rules.push(pass);
    let mut bench = Bench::new(compile(rules));
    assert_eq!(bench.packet(b"a").len(), 15);
    assert_eq!(bench.packet(b"ap"), NONE);
    assert_eq!(bench.packet(b"a").len(), 15, "a packet rule passes its packet only");
    let pass = Rule { action: Action::Pass, source: 1, ..rule(9, "ip") };
    let mut bench = Bench::new(compile(vec![with(1, "tcp-pkt", vec![has_a()]), pass]));
    assert_eq!([bench.packet(b"a"), bench.packet(b"a")], [[0u32; 0], []]);
    assert!(bench.state.passed());
}

#[test]
fn order_is_action_then_priority_then_sid() {
    let make = |sid, priority, action| Rule { priority, action, ..with(sid, "tcp", vec![payload(vec![has(b"a")])]) };
    let mut bench = Bench::new(compile(vec![
        make(1, 3, Action::Alert),
        make(2, 1, Action::Alert),
        make(4, 3, Action::Drop),
        make(3, 1, Action::Alert),
    ]));
    assert_eq!(bench.packet(b"a"), [4, 2, 3, 1]);
}
