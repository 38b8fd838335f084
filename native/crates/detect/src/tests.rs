//! Rules from the IR to matches.

use proptest::prelude::*;
use sidewire_base::Direction::{ToClient, ToServer};
use sidewire_base::Time;
use sidewire_decode::DecodeEvent;
use sidewire_ir as ir;
use sidewire_ir::{
    Action, ByteExtract, ByteJump, ByteMath, ByteTest, Check, Compare, Condition, Content, Endian, Entropy,
    FlagCompare, FlowBitAction, FlowIntAction, FlowRequirement, IsDataAt, MathOperator, Operand, Pcre, PcreCapture,
    PcreScope, Rule, StreamSide, TestOperator, Transform, Window, XbitScope,
};

use crate::testing::*;
use crate::{Backend, CompileOptions, Failure, Recorder, RuleType, StreamInput, Unit};

/// Which of some payloads satisfy the checks.
fn hits(checks: Vec<Check>, payloads: &[&[u8]]) -> Vec<bool> {
    let set = std::sync::Arc::new(compile(vec![with(1, "tcp", vec![payload(checks)])]));
    let fires = |payload: &&[u8]| {
        let mut bench = Bench::new(crate::RuleSet::empty());
        bench.rules = std::sync::Arc::clone(&set);
        bench.detector = crate::Detector::new(&set);
        !bench.packet(payload).is_empty()
    };
    payloads.iter().map(fires).collect()
}

#[track_caller]
fn check(checks: Vec<Check>, hit: &[&[u8]], miss: &[&[u8]]) {
    assert_eq!(hits(checks.clone(), hit), vec![true; hit.len()], "hits {hit:?}");
    assert_eq!(hits(checks, miss), vec![false; miss.len()], "misses {miss:?}");
}

fn at(octets: &[u8], start: Option<i64>, end: Option<i64>) -> Check {
    let window = Window { relative: false, start: start.map(Operand::Number), end: end.map(Operand::Number) };
    Check::Content(Content { window, ..content(octets) })
}

#[test]
fn content_in_its_window() {
    check(vec![has(b"abc")], &[b"abc", b"xabcx"], &[b"", b"ab", b"aBc"]);
    check(vec![Check::Content(Content { nocase: true, ..content(b"aBc") })], &[b"abc", b"xABCx"], &[b"ab"]);
    check(vec![at(b"b", Some(1), None)], &[b"ab", b"aab"], &[b"ba"]);
    check(vec![at(b"b", None, Some(2))], &[b"b", b"ab"], &[b"aab"]);
    check(vec![at(b"b", Some(1), Some(2))], &[b"ab", b"aab"], &[b"ba", b"aaab"]);
    check(vec![Check::Content(Content { ends_with: true, ..content(b"bc") })], &[b"abc", b"bcbc"], &[b"bca", b"c"]);
    check(vec![has(b"a"), lacks(b"b")], &[b"a", b"ac"], &[b"ab", b"ba"]);
}

#[test]
fn relative_content_tries_every_earlier_match() {
    check(vec![has(b"a"), after(b"b", 0, Some(1))], &[b"ab", b"aab", b"acab"], &[b"acb", b"ba"]);
    check(vec![has(b"a"), after(b"b", 1, None)], &[b"acb"], &[b"ab"]);
    check(vec![has(b"a"), after(b"b", 1, Some(1))], &[b"acb", b"abacb"], &[b"ab", b"accb"]);
    check(vec![has(b"bb"), after(b"a", -3, Some(1))], &[b"abb"], &[b"bba", b"aabbx".get(1..1).unwrap()]);
    check(
        vec![has(b"a"), after(b"b", 0, Some(2)), after(b"c", 0, Some(1))],
        &[b"abc", b"abbc", b"axbxabc"],
        &[b"abxc", b"axxbc"],
    );
    let not_after = Check::Content(Content {
        negated: true,
        window: Window { relative: true, start: Some(Operand::Number(0)), end: Some(Operand::Number(1)) },
        ..content(b"b")
    });
    check(vec![has(b"a"), not_after], &[b"ac", b"abac", b"a"], &[b"ab"]);
}

/// Asked of Suricata 8.0.8: `distance` moves what `within` counts from, and `isdataat` may point just behind the end.
#[test]
fn windows_are_suricatas() {
    check(vec![has(b"a"), after(b"b", 1, Some(1))], &[b"acb", b"a-b"], &[b"ab", b"accb", b"ab\0X"]);
    check(vec![has(b"a"), after(b"b", 0, Some(2))], &[b"acb", b"ab"], &[b"accb"]);
    let there = |offset, negated| Check::IsDataAt(IsDataAt { offset: number(offset), relative: true, negated });
    check(vec![has(b"hello"), there(6, false), there(7, true)], &[b"hello world"], &[b"hello worl", b"hello worlds"]);
    let begin = ByteJump { from_beginning: true, post_offset: number(2), ..jump() };
    check(vec![Check::ByteJump(begin), after(b"b", 0, Some(1))], &[b"\x01aXb"], &[b"\x01abX"]);
}

fn pcre(pattern: &str, flags: &str) -> Pcre {
    Pcre { pattern: pattern.into(), flags: flags.into(), negated: false, relative: false, captures: vec![] }
}

#[test]
fn expressions() {
    check(vec![Check::Pcre(pcre("^a+b", ""))], &[b"aab"], &[b"xab"]);
    check(vec![Check::Pcre(pcre("AB", "i"))], &[b"xab"], &[b"xac"]);
    check(vec![Check::Pcre(Pcre { negated: true, ..pcre("b", "") })], &[b"a"], &[b"ab"]);
    check(
        vec![has(b"x"), Check::Pcre(Pcre { relative: true, ..pcre("^[0-9]b", "") })],
        &[b"x1b", b"xx1b", b"x-x1b"],
        &[b"x-1b", b"1b"],
    );
    check(vec![Check::Pcre(pcre("a[0-9]", "")), after(b"b", 0, Some(1))], &[b"a1b", b"a1a2b"], &[b"a1-b"]);
}

fn number(number: i64) -> Operand {
    Operand::Number(number)
}

fn byte_test(operator: TestOperator, value: i64) -> ByteTest {
    ByteTest {
        bytes: number(2),
        negated: false,
        operator,
        value: number(value),
        offset: number(0),
        relative: false,
        endian: Endian::Big,
        string_base: 0,
        bitmask: 0,
    }
}

#[test]
fn numbers_in_the_payload() {
    let test = |operator, value| vec![Check::ByteTest(byte_test(operator, value))];
    check(test(TestOperator::Equal, 258), &[b"\x01\x02"], &[b"\x02\x01", b"\x01"]);
    check(test(TestOperator::Less, 258), &[b"\x01\x01"], &[b"\x01\x02"]);
    check(test(TestOperator::Greater, 258), &[b"\x01\x03"], &[b"\x01\x02"]);
    check(test(TestOperator::LessOrEqual, 258), &[b"\x01\x02"], &[b"\x01\x03"]);
    check(test(TestOperator::GreaterOrEqual, 258), &[b"\x01\x02"], &[b"\x01\x01"]);
    check(test(TestOperator::And, 0x0f00), &[b"\x01\x00"], &[b"\x10\x00"]);
    check(test(TestOperator::Or, 258), &[b"\x01\x03"], &[b"\x01\x02"]);
    let base = byte_test(TestOperator::Equal, 12);
    check(vec![Check::ByteTest(ByteTest { negated: true, ..base.clone() })], &[b"\x00\x0d"], &[b"\x00\x0c", b"\x00"]);
    check(vec![Check::ByteTest(ByteTest { endian: Endian::Little, ..base.clone() })], &[b"\x0c\x00"], &[b"\x00\x0c"]);
    check(vec![Check::ByteTest(ByteTest { string_base: 10, ..base.clone() })], &[b"12"], &[b"\x00\x0c", b"x2"]);
    check(vec![Check::ByteTest(ByteTest { bitmask: 0xff00, ..base.clone() })], &[b"\x0c\x01"], &[b"\x00\x0c"]);
    check(
        vec![has(b"a"), Check::ByteTest(ByteTest { relative: true, offset: number(1), ..base })],
        &[b"a-\x00\x0c", b"aa-\x00\x0c"],
        &[b"a\x00\x0c-", b"\x00\x0ca"],
    );
}

fn jump() -> ByteJump {
    ByteJump {
        bytes: number(1),
        offset: number(0),
        relative: false,
        endian: Endian::Big,
        string_base: 0,
        multiplier: 1,
        align: false,
        from_beginning: false,
        from_end: false,
        post_offset: number(0),
        bitmask: 0,
    }
}

#[test]
fn jumps() {
    let then_x = |jump| vec![Check::ByteJump(jump), after(b"X", 0, Some(1))];
    check(then_x(jump()), &[b"\x02abX", b"\x00X"], &[b"\x02aXb", b"\x01X", b"\x09X", b""]);
    check(then_x(ByteJump { multiplier: 2, ..jump() }), &[b"\x01abX"], &[b"\x01aX"]);
    check(then_x(ByteJump { align: true, ..jump() }), &[b"\x03abcdX"], &[b"\x03abcX"]);
    check(then_x(ByteJump { from_beginning: true, ..jump() }), &[b"\x02aX"], &[b"\x02abX"]);
    let from_end = ByteJump { from_end: true, post_offset: number(-2), ..jump() };
    check(then_x(from_end), &[b"\x00abXb"], &[b"\x00abX"]);
    check(then_x(ByteJump { post_offset: number(1), ..jump() }), &[b"\x01abX"], &[b"\x01aX"]);
    check(then_x(ByteJump { bitmask: 0xf0, ..jump() }), &[b"\x2fabX"], &[b"\x0fabX"]);
    check(then_x(ByteJump { post_offset: number(-9), ..jump() }), &[], &[b"\x01aX"]);
}

fn extract(name: &str) -> ByteExtract {
    ByteExtract {
        bytes: 1,
        offset: 0,
        name: name.into(),
        relative: false,
        endian: Endian::Big,
        string_base: 0,
        multiplier: 1,
        align: 0,
        bitmask: 0,
    }
}

#[test]
fn variables() {
    let variable = |name: &str| Operand::Variable(name.into());
    let within = Check::Content(Content {
        window: Window { relative: true, start: Some(number(0)), end: Some(variable("n")) },
        ..content(b"X")
    });
    check(vec![Check::ByteExtract(extract("n")), within], &[b"\x01X", b"\x03abX"], &[b"\x02abX", b"\x00X"]);
    let offset = Check::Content(Content {
        window: Window { relative: false, start: Some(variable("n")), end: Some(number(1)) },
        ..content(b"X")
    });
    check(vec![Check::ByteExtract(extract("n")), offset], &[b"\x03XaX"], &[b"\x03Xaa"]);
    let math = |operator, value| {
        let math = ByteMath {
            bytes: number(1),
            offset: number(0),
            operator,
            value: number(value),
            result: "n".into(),
            relative: false,
            endian: Endian::Big,
            string_base: 0,
            bitmask: 0,
        };
        let here = Check::IsDataAt(IsDataAt { offset: variable("n"), relative: false, negated: false });
        vec![Check::ByteMath(math), here]
    };
    check(math(MathOperator::Add, 2), &[b"\x01abc"], &[b"\x01ab"]);
    check(math(MathOperator::Subtract, 1), &[b"\x03ab"], &[b"\x03a"]);
    check(math(MathOperator::Multiply, 2), &[b"\x01ab"], &[b"\x01a"]);
    check(math(MathOperator::Divide, 2), &[b"\x04ab"], &[b"\x04a"]);
    check(math(MathOperator::Divide, 0), &[], &[b"\x04ab"]);
    check(math(MathOperator::ShiftLeft, 1), &[b"\x01ab"], &[b"\x01a"]);
    check(math(MathOperator::ShiftRight, 1), &[b"\x04ab"], &[b"\x04a"]);
    check(math(MathOperator::ShiftRight, 64), &[b"\x04"], &[]);
    let unset = Check::IsDataAt(IsDataAt { offset: variable("n"), relative: false, negated: false });
    let (_, problems) = compile_with(vec![with(9, "tcp", vec![payload(vec![unset])])], &CompileOptions::default());
    assert_eq!((problems.len(), problems[0].sid), (1, 9), "{problems:?}");
}

#[test]
fn sizes_and_places() {
    let there = |offset, relative, negated| Check::IsDataAt(IsDataAt { offset: number(offset), relative, negated });
    check(vec![there(2, false, false)], &[b"abc"], &[b"ab"]);
    check(vec![there(2, false, true)], &[b"ab"], &[b"abc"]);
    check(vec![has(b"a"), there(1, true, false)], &[b"ab", b"aab"], &[b"ba"]);
    check(vec![has(b"a"), there(1, true, true)], &[b"ba", b"aba"], &[b"ab"]);
    check(vec![Check::Size { test: equals(2) }], &[b"ab"], &[b"a", b"abc"]);
    let entropy = Check::Entropy(Entropy { bytes: 0, offset: 0, operator: Compare::Greater, value: 1.5 });
    check(vec![entropy], &[b"abcd"], &[b"aaaa", b"abab"]);
}

#[test]
fn base64_inside() {
    let decode = |bytes, offset, relative| Check::Base64Decode { bytes, offset, relative };
    let rule = |decode, checks| with(1, "tcp", vec![payload(vec![has(b"x="), decode]), buffer("base64_data", checks)]);
    let mut bench = Bench::new(compile(vec![rule(decode(0, 0, true), vec![has(b"Hello")])]));
    assert_eq!(bench.packet(b"x=SGVsbG8="), [1]);
    assert_eq!(bench.packet(b"x=SGVs"), []);
    let mut bench = Bench::new(compile(vec![rule(decode(4, 2, false), vec![has(b"Hel")])]));
    assert_eq!(bench.packet(b"x=SGVsbG8="), [1]);
    let orphan = with(1, "tcp", vec![buffer("base64_data", vec![has(b"a")])]);
    assert_eq!(compile_with(vec![orphan], &CompileOptions::default()).1.len(), 1);
}

#[test]
fn hostile_rules_and_payloads_end_soon() {
    let mut checks = vec![has(b"a")];
    checks.extend((0..12).map(|_| after(b"a", 0, None)));
    checks.push(after(b"b", 0, Some(1)));
    let payload = vec![b'a'; 60_000];
    let began = std::time::Instant::now();
    assert_eq!(hits(checks, &[&payload]), [false]);
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}

fn field(name: &str, value: u64) -> Condition {
    Condition::Number { field: name.into(), test: equals(value) }
}

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
    let header = buffer("ipv4.hdr", vec![at(b"\x45", None, Some(1)), Check::Size { test: equals(20) }]);
    assert_eq!(Bench::new(compile(vec![with(1, "tcp", vec![header])])).packet(b""), [1]);
    let source = buffer("ip.src", vec![has(&[10, 0, 0, 1])]);
    assert_eq!(Bench::new(compile(vec![with(1, "tcp", vec![source])])).packet(b""), [1]);
    let size = |side, value| Condition::StreamSize { side, test: equals(value) };
    for (side, value, expected) in [
        (StreamSide::Server, 1000, 1),
        (StreamSide::Client, 1000, 0),
        (StreamSide::Either, 10, 1),
        (StreamSide::Both, 10, 0),
    ] {
        assert_eq!(Bench::new(compile(vec![with(1, "tcp", vec![size(side, value)])])).packet(b"").len(), expected);
    }
    let presence = |field: &str| Condition::Presence { field: field.into(), value: String::new(), negated: false };
    assert_eq!(Bench::new(compile(vec![with(1, "tcp", vec![presence("sameip")])])).packet(b""), []);
}

#[test]
fn headers_by_address_port_and_direction() {
    let to_web =
        Rule { source: 1, destination: 2, destination_port: 1, ..with(1, "tcp", vec![payload(vec![has(b"a")])]) };
    let to_other = Rule { destination_port: 2, sid: 2, ..to_web.clone() };
    let from_web = Rule { source: 2, source_port: 1, destination: 1, destination_port: 0, sid: 3, ..to_web.clone() };
    let either = Rule { direction: ir::Direction::Both, sid: 4, ..from_web.clone() };
    let client = Rule { flow: FlowRequirement { to_client: true, ..Default::default() }, sid: 5, ..rule(5, "tcp") };
    let client = Rule { conditions: to_web.conditions.clone(), ..client };
    let mut bench = Bench::new(compile(vec![to_web, to_other, from_web, either, client]));
    assert_eq!(bench.packet(b"a"), [1, 4]);
    assert_eq!(bench.run(Some(&tcp(b"a", ToClient)), ToClient, None, false), [3, 4, 5]);
}

#[test]
fn types_are_suricatas() {
    let anchored = at(b"a", None, Some(3));
    let event =
        Condition::Presence { field: "decode-event".into(), value: DecodeEvent::NAMES[0].into(), negated: false };
    let app = Condition::Presence { field: "app-layer-protocol".into(), value: "toy".into(), negated: false };
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
        assert_eq!(set.rule(0).kind, kind, "{rule:?}");
    }
}

#[test]
fn address_rules_fire_once_for_a_flow_and_direction_unless_they_negate() {
    let mut bench = Bench::new(compile(vec![Rule { source: 1, ..rule(1, "ip") }, Rule { source: 2, ..rule(2, "ip") }]));
    assert_eq!(bench.packet(b""), [1]);
    assert_eq!(bench.packet(b""), []);
    for _ in 0..2 {
        assert_eq!(bench.run(Some(&tcp(b"", ToClient)), ToClient, None, false), [2]);
    }
}

#[test]
fn decoder_events() {
    let event = |name: &str| Condition::Presence { field: "decode-event".into(), value: name.into(), negated: false };
    let names = DecodeEvent::NAMES;
    let mut bench =
        Bench::new(compile(vec![with(1, "pkthdr", vec![event(names[0])]), with(2, "pkthdr", vec![event(names[1])])]));
    let mut packet = tcp(b"", ToServer);
    packet.events.push(DecodeEvent(1));
    assert_eq!(bench.run(Some(&packet), ToServer, None, false), [2]);
    assert_eq!(bench.packet(b""), []);
}

fn bits(action: FlowBitAction, name: &str) -> Condition {
    Condition::FlowBits { action, names: vec![name.into()] }
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
    assert_eq!(bench.packet(b"z"), []);
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
        assert_eq!(bench.packet(b"r"), []);
        bench.packet(b"s");
        assert_eq!(bench.packet(b"r"), [2]);
        bench.time = Time::new(109, 0);
        assert_eq!(bench.packet(b"r"), [2]);
        bench.time = Time::new(110, 0);
        assert_eq!(bench.packet(b"r"), [], "{scope:?}");
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
    assert_eq!(bench.packet(b"ap"), []);
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
        let automaton = run(Backend::AhoCorasick);
        prop_assert_eq!(run(Backend::Auto), automaton.clone());
        let expected: Vec<u32> = (1..).zip(&patterns).filter(|(sid, pattern)| {
            payload_.windows(pattern.len()).any(|window| {
                if sid % 2 == 0 { window.eq_ignore_ascii_case(pattern) } else { window == &pattern[..] }
            })
        }).map(|(sid, _)| sid).collect();
        prop_assert_eq!(automaton, expected);
    }
}

#[test]
fn a_transaction_rule_fires_once_for_each_transaction() {
    let mut bench = Bench::new(compile(vec![
        with(1, "toy", vec![buffer("toy.line", vec![has(b"evil")])]),
        with(2, "toy", vec![buffer("toy.line", vec![has(b"evil")]), buffer("toy.body", vec![has(b"x")])]),
        with(3, "toy", vec![field("toy.length", 4)]),
        with(4, "toy", vec![buffer("toy.answer", vec![has(b"ok")])]),
    ]));
    assert_eq!(bench.toy(b"n", ToServer), []);
    assert_eq!(bench.toy(b"v evil", ToServer), [1, 3]);
    assert_eq!(bench.toy(b"", ToServer), []);
    assert_eq!(bench.toy(b"b ab", ToServer), []);
    assert_eq!(bench.toy(b"b xy", ToServer), [2]);
    assert_eq!(bench.toy(b"b x", ToServer), []);
    assert_eq!(bench.toy(b".", ToServer), []);
    assert_eq!(bench.toy(b"r ok", ToClient), [4]);
    assert_eq!(bench.toy(b"n\nv evil\nn\nv good", ToServer), [1, 3, 3]);
}

#[test]
fn growing_bodies_hide_no_pattern_at_a_seam() {
    let mut bench = Bench::new(compile(vec![
        with(1, "toy", vec![buffer("toy.body", vec![has(b"needle")])]),
        with(2, "toy", vec![buffer("toy.body", vec![has(b"hay"), lacks(b"needle")])]),
        with(3, "toy", vec![buffer("toy.body", vec![Check::Size { test: equals(9) }])]),
    ]));
    bench.toy(b"n\nv x", ToServer);
    assert_eq!(bench.toy(b"b haynee", ToServer), []);
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
    assert_eq!(bench.toy(b"n\nv \x01\x03taken", ToServer), []);
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
    assert_eq!(bench.toy(b"b x", ToServer), []);
    assert_eq!(bench.toy(b"t , late\n.", ToServer), [1, 2], "again, and for the first time");
    assert_eq!(bench.toy(b"n\nv evil\nt , late\n.", ToServer), [1, 2], "once when it comes at once");
    assert_eq!(bench.toy(b"n\nv evil", ToServer), [1, 3, 4]);
    assert_eq!(bench.toy(b".", ToServer), [], "nothing has changed");
}

#[test]
fn rules_on_packets_do_not_hold_where_a_flow_ends() {
    let app = Condition::Presence { field: "app-layer-protocol".into(), value: "toy".into(), negated: false };
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
    assert_eq!(bench.run(None, ToServer, None, true), []);
}

#[test]
fn lists_absence_events_hooks() {
    let absent = |or_else| Check::Absent { or_else };
    let event = Condition::Presence { field: "app-layer-event".into(), value: "toy.odd".into(), negated: false };
    let hook = Rule { hook: Some(ir::Hook { stage: "body".into() }), ..rule(5, "toy") };
    let mut bench = Bench::new(compile(vec![
        with(1, "toy", vec![buffer("toy.items", vec![has(b"a"), has(b"b")])]),
        with(2, "toy", vec![buffer("toy.line", vec![absent(false)])]),
        with(3, "toy", vec![buffer("toy.line", vec![absent(true), has(b"q")])]),
        with(4, "toy", vec![event]),
        hook,
    ]));
    assert_eq!(bench.toy(b"n\nv x\ni a\ni b", ToServer), [], "no one item has both");
    assert_eq!(bench.toy(b"i ab", ToServer), [1]);
    assert_eq!(bench.toy(b"e", ToServer), [4]);
    assert_eq!(bench.toy(b"b z", ToServer), [5]);
    assert_eq!(bench.toy(b".", ToServer), []);
    assert_eq!(bench.toy(b"n\n.", ToServer), [2, 3, 5]);
    assert_eq!(bench.toy(b"n\nv q\n.", ToServer), [3, 5]);
}

#[test]
fn a_rule_on_both_halves_of_a_transaction() {
    let both = Rule {
        direction: ir::Direction::Transaction,
        source: 1,
        ..with(1, "toy", vec![buffer("toy.line", vec![has(b"ask")]), buffer("toy.answer", vec![has(b"yes")])])
    };
    let late = Rule {
        direction: ir::Direction::Transaction,
        ..with(2, "toy", vec![buffer("toy.answer", vec![has(b"yes, longer")]), buffer("toy.line", vec![has(b"a")])])
    };
    let mut bench = Bench::new(compile(vec![both, late]));
    assert_eq!(bench.toy(b"n\nv ask\n.", ToServer), []);
    assert_eq!(bench.toy(b"r yes, longer", ToClient), [1, 2]);
    assert_eq!(bench.toy(b"n\nv ask\n.", ToServer), []);
    assert_eq!(bench.toy(b"r no", ToClient), []);
}

#[test]
fn transforms_come_before_the_prefilter() {
    let condition = Condition::Buffer {
        buffer: "toy.line".into(),
        transforms: vec![
            Transform { name: "strip_whitespace".into(), argument: String::new() },
            Transform { name: "to_uppercase".into(), argument: String::new() },
        ],
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
    let found = bench.observe(Some(&tcp(b"u=me w=hi", ToServer)), ToServer, None, false, &mut crate::Silent);
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
    let mut recorder = Recorder::new(vec![0, 1, 2]);
    bench.observe(Some(&tcp(b"--abc--X", ToServer)), ToServer, None, false, &mut recorder);
    let records = recorder.take();
    let failure = |rule| records.iter().find(|record| record.rule == rule).and_then(|record| record.failure.clone());
    assert_eq!(failure(0), Some(Failure::Check { condition: 0, check: 1, offset: 5, found: b"--X".to_vec() }));
    assert_eq!(failure(1), Some(Failure::Port));
    bench.toy(b"n\nv good", ToServer);
    bench.observe(Some(&tcp(b"", ToServer)), ToServer, None, false, &mut recorder);
    let records = recorder.take();
    let of_tx = records.iter().find(|record| record.unit == Unit::Transaction(0)).unwrap();
    let expected = Failure::Check { condition: 0, check: 0, offset: 0, found: b"good".to_vec() };
    assert_eq!((of_tx.rule, of_tx.failure.clone()), (2, Some(expected)));
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
