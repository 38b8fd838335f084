//! Header blocks, line by line.

use super::*;

/// The headers of a complete block as text, and what is left behind it.
fn block(side: MessageSide, data: &[u8]) -> (Vec<String>, String) {
    let (mut head, mut joined, mut at) = (HeaderBlock::default(), Vec::new(), 0);
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    loop {
        let rest = &data[at..];
        let position = BlockPosition { first: head.len() == 0, lf_cr: head.lf_cr, last: false };
        match scan(side, rest, position, &mut joined) {
            HeaderScan::Header { name, value, length, lf_cr, .. } => {
                head.lf_cr |= lf_cr;
                head.add(rest, (name, value, length), &joined, 100).unwrap();
                at += length;
            }
            HeaderScan::End(length) => {
                at += length;
                break;
            }
            HeaderScan::Incomplete => panic!("incomplete at {at}"),
        }
    }
    let headers = head.headers().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
    (headers, text(&data[at..]))
}

#[test]
fn takes_headers_as_they_should_be() {
    let (headers, rest) = block(MessageSide::Request, b"Host: a\r\nX:b \t\r\nEmpty:\r\n\r\nbody");
    assert_eq!(headers, ["Host=a", "X=b", "Empty="]);
    assert_eq!(rest, "body");
}

#[test]
fn takes_the_line_ends_browsers_take() {
    for (wire, want, left) in [
        (&b"A: b\nC: d\n\nbody"[..], &["A=b", "C=d"][..], "body"),
        (b"A: b\rC: d\r\rbody", &["A=b", "C=d"], "body"),
        (b"\rA: b\n\n", &["=", "A=b"], ""),
        (b"A: b\n\rC: d\n\r\n\rbody", &["A=b", "C=d"], "body"),
        (b"A: b\r\n\r \nC: d\r\n\r\n", &["A=b", "C=d"], ""),
    ] {
        let (headers, rest) = block(MessageSide::Response, wire);
        assert_eq!((headers.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), rest.as_str()), (want, left));
    }
    let (headers, rest) = block(MessageSide::Request, b"A: b\rc\nD: e\n\nrest");
    assert_eq!((headers.as_slice(), rest.as_str()), (&["A=b\rc".into(), "D=e".into()][..], "rest"));
}

#[test]
fn unfolds() {
    let (headers, _) = block(MessageSide::Request, b"A: b\r\n c\r\n\td\r\nE: f\r\n\r\n");
    assert_eq!(headers, ["A=b c\td", "E=f"]);
    let (headers, _) = block(MessageSide::Response, b"A: b\r\n c\r\n  Server : x\r\n\r\n");
    assert_eq!(headers, ["A=b c", "Server=x"], "a name and a colon are no continuation");
}

#[test]
fn joins_headers_of_one_name() {
    let (headers, _) =
        block(MessageSide::Request, b"A: 1\r\nB: 2\r\na: 3\r\nA: 4\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n");
    assert_eq!(headers, ["A=1, 3, 4", "B=2", "Content-Length=5"]);
}

#[test]
fn endless_repetitions_are_not_kept() {
    let (mut block, line) = (HeaderBlock::default(), b"a: b\r\n");
    block.begin(b"GET / HTTP/1.1\r\n");
    for _ in 0..1_000_000 {
        let text = HeaderText::Plain(3..4);
        block.add(line, (0..1, text, line.len()), b"", 1024).unwrap();
    }
    assert!(block.wire.len() < MAX_REPEATED_BLOCK + 100 && block.made.len() < 1 << 16);
    assert_eq!((block.len(), block.get(b"A").map(|value| value.len() > 60)), (1, Some(true)));
}

#[test]
fn keeps_what_is_no_header() {
    let (headers, _) = block(MessageSide::Request, b"no colon here\r\n: nameless\r\nA : b\r\n\r\n");
    assert_eq!(headers, ["=no colon here, nameless", "A=b"]);
}

#[test]
fn waits_while_it_cannot_tell() {
    for side in [MessageSide::Request, MessageSide::Response] {
        for partial in [&b"Ho"[..], b"Host: a", b"Host: a\r", b"Host: a\r\n", b"\r", b""] {
            assert_eq!(
                scan(side, partial, BlockPosition::default(), &mut Vec::new()),
                HeaderScan::Incomplete,
                "{partial:?}"
            );
        }
    }
}
