//! Checks on a payload.

use crate::ir::{
    ByteJump, ByteMath, ByteTest, Check, Compare, Content, Endian, Entropy, IsDataAt, MathOperator, Operand, Pcre,
    TestOperator, Window,
};

use crate::CompileOptions;
use crate::tests::harness::*;

/// Which of some payloads satisfy the checks.
fn hits(checks: Vec<Check>, payloads: &[&[u8]]) -> Vec<bool> {
    let set = std::sync::Arc::new(compile(vec![with(1, "tcp", vec![payload(checks)])]));
    let fires = |payload: &&[u8]| {
        let mut bench = Bench::new(crate::RuleSet::empty());
        bench.rules = std::sync::Arc::clone(&set);
        bench.detector = crate::DetectEngine::new(&set);
        !bench.packet(payload).is_empty()
    };
    payloads.iter().map(fires).collect()
}

#[track_caller]
fn check(checks: Vec<Check>, hit: &[&[u8]], miss: &[&[u8]]) {
    assert_eq!(hits(checks.clone(), hit), vec![true; hit.len()], "hits {hit:?}");
    assert_eq!(hits(checks, miss), vec![false; miss.len()], "misses {miss:?}");
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

/// Asked of Suricata 8.0.8: `distance` moves what `within` counts from, and `isdataat` may point just after the end.
#[test]
fn windows_are_suricatas() {
    check(vec![has(b"a"), after(b"b", 1, Some(1))], &[b"acb", b"a-b"], &[b"ab", b"accb", b"ab\0X"]);
    check(vec![has(b"a"), after(b"b", 0, Some(2))], &[b"acb", b"ab"], &[b"accb"]);
    let there = |offset, negated| Check::IsDataAt(IsDataAt { offset: number(offset), relative: true, negated });
    check(vec![has(b"hello"), there(6, false), there(7, true)], &[b"hello world"], &[b"hello worl", b"hello worlds"]);
    let begin = ByteJump { from_beginning: true, post_offset: number(2), ..jump() };
    check(vec![Check::ByteJump(begin), after(b"b", 0, Some(1))], &[b"\x01aXb"], &[b"\x01abX"]);
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
    check(vec![Check::Bsize(crate::ir::Bsize { test: equals(2) })], &[b"ab"], &[b"a", b"abc"]);
    let entropy = Check::Entropy(Entropy { bytes: 0, offset: 0, operator: Compare::Greater, value: 1.5 });
    check(vec![entropy], &[b"abcd"], &[b"aaaa", b"abab"]);
}

#[test]
fn base64_inside() {
    let decode = |bytes, offset, relative| Check::Base64Decode(crate::ir::Base64Decode { bytes, offset, relative });
    let rule = |decode, checks| with(1, "tcp", vec![payload(vec![has(b"x="), decode]), buffer("base64_data", checks)]);
    let mut bench = Bench::new(compile(vec![rule(decode(0, 0, true), vec![has(b"Hello")])]));
    assert_eq!(bench.packet(b"x=SGVsbG8="), [1]);
    assert_eq!(bench.packet(b"x=SGVs"), NONE);
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
