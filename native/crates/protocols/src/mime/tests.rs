//! Messages, in pieces of any size.

use sidewire_base::PerDirection;
use sidewire_files::{FileContext, FilePolicy, FileState, TxFiles};

use super::*;

/// A message that has been read, with its files: name, content, state.
struct ReadMessage {
    message: MailMessage,
    files: Vec<(String, Vec<u8>, FileState)>,
    faults: Vec<MimeFault>,
}

fn settings() -> MimeSettings {
    MimeSettings {
        decode_base64: true,
        decode_quoted_printable: true,
        value_depth: 2000,
        links: LinkSettings { schemes: vec!["http".into()], with_scheme: false },
        body_md5: true,
    }
}

fn read(text: &str, settings: &MimeSettings) -> ReadMessage {
    let policy = FilePolicy { content: true, ..FilePolicy::default() };
    let (mut files, mut context) =
        (TxFiles::default(), FileContext { policy: PerDirection::both(policy), ..FileContext::default() });
    let mut message = MailMessage::default();
    let mut to = AttachmentTarget { direction: Direction::ToServer, files: &mut files, context: &mut context };
    let (mut rest, mut begins) = (text.as_bytes(), true);
    while let Some(line) = MailLine::next(rest, begins, true) {
        message.line(line, settings, &mut to);
        begins = line.ending > 0;
        rest = &rest[line.octets.len()..];
    }
    message.finish(true, settings, &mut to);
    let faults = message.take_faults().iter().collect();
    let files = files.of(Direction::ToServer).iter();
    let files = files
        .map(|file| (String::from_utf8_lossy(file.name()).into(), file.content().data().to_vec(), file.state()))
        .collect();
    ReadMessage { message, files, faults }
}

fn closed(name: &str, content: &[u8]) -> (String, Vec<u8>, FileState) {
    (name.to_owned(), content.to_vec(), FileState::Closed)
}

const MIXED: &str = "From: a\r\nSubject: two\r\n lines\r\nContent-Type: multipart/mixed; boundary=AA\r\n\r\n\
    nobody reads http://this\r\n--AA\r\nContent-Type: multipart/alternative; boundary=\"AAB\"\r\n\r\n\
    --AAB\r\n\r\nsee http://inner/text\r\n--AAB\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    aHR0cDovL2Rl\r\nY29kZWQ=\r\n--AAB--\r\n--AA\r\n\
    Content-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--AA\r\n\
    Content-Type: application/zip; name=b.zip\r\n\r\none\r\n\r\ntwo\r\n--AA--\r\nover\r\n";

#[test]
fn parts_lie_in_parts() {
    let ReadMessage { message, files, faults } = read(MIXED, &settings());
    assert_eq!(files, [closed("a.bin", b"\0\x01\x02"), closed("b.zip", b"one\r\n\r\ntwo")]);
    assert_eq!(message.values("subject").collect::<Vec<_>>(), [b"twolines"]);
    let links: Vec<_> = message.links().iter().map(|link| String::from_utf8_lossy(link).into_owned()).collect();
    assert_eq!(links, ["inner/text", "decoded"]);
    assert_eq!(message.attachments().len(), 2);
    assert_eq!(faults, []);
    assert!(message.body_md5().is_some());
}

#[test]
fn what_is_not_to_be_decoded_has_no_octets() {
    let without = MimeSettings { decode_base64: false, ..settings() };
    assert_eq!(read(MIXED, &without).files[0], closed("a.bin", b""));
}

#[test]
fn a_message_in_a_message_has_files_of_its_own() {
    let text = "Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\nContent-Type: message/rfc822\r\n\r\n\
        Subject: inner\r\nContent-Disposition: attachment; filename=x\r\n\r\nhidden\r\n--A--\r\n";
    let read = read(text, &settings());
    assert_eq!(read.files, [closed("x", b"hidden")]);
    assert_eq!(read.message.values("subject").count(), 0, "headers are those of the message itself");
}

#[test]
fn a_text_may_hold_a_uuencoded_file() {
    let read = read("\r\nhello\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nhttp://a\r\n", &settings());
    assert_eq!(read.files, [closed("cat.txt", b"Cat")]);
    assert_eq!(read.message.links().len(), 1);
}

#[test]
fn what_is_odd_is_said() {
    use MimeFault::*;
    let long = |count: usize| "x".repeat(count);
    let value = format!("Subject: {}\r\n\r\n", long(2100));
    for (text, fault) in [
        (format!("{}: a\r\n\r\n", long(76)), LongHeaderName),
        (value, LongHeaderValue),
        (format!("\r\n{}\r\n", long(999)), LongLine),
        (format!("\r\n{}\r\n", long(9000)), LongLine),
        (format!("Content-Type: multipart/x; boundary={}\r\n\r\n", long(255)), LongBoundary),
        (format!("Content-Disposition: x; filename={}\r\n\r\n", long(256)), LongFilename),
        ("Content-Transfer-Encoding: base64\r\n\r\n*\r\n".into(), InvalidBase64),
        ("Content-Transfer-Encoding: quoted-printable\r\n\r\n=xx\r\n".into(), InvalidQuotedPrintable),
        (format!("Content-Transfer-Encoding: base64\r\n\r\n{}\r\n", "A".repeat(80)), LongEncodedLine),
        ("a: b\r\n".repeat(300) + "\r\n", TooMuch),
    ] {
        assert!(read(&text, &settings()).faults.contains(&fault), "{fault:?}");
    }
}

#[test]
fn nesting_has_an_end() {
    let levels: String = (0..40)
        .map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}x\r\n\r\n--b{level}x\r\n"))
        .collect();
    let read = read(&levels, &settings());
    assert_eq!(read.faults, [MimeFault::TooMuch]);
    assert!(read.files.is_empty());
}

#[test]
fn a_file_that_is_cut_off_is_truncated() {
    let (mut files, mut context) = (TxFiles::default(), FileContext::default());
    let mut to = AttachmentTarget { direction: Direction::ToServer, files: &mut files, context: &mut context };
    let mut message = MailMessage::default();
    let lines: [&[u8]; 3] = [b"Content-Disposition: x; filename=y\r\n", b"\r\n", b"data\r\n"];
    for octets in lines {
        message.line(MailLine { octets, ending: 2, begins: true, dotted: false }, &settings(), &mut to);
    }
    message.gap(10, &mut to);
    message.finish(false, &settings(), &mut to);
    let [file] = files.of(Direction::ToServer) else { panic!("one file") };
    assert_eq!((file.state(), file.size(), message.body_md5()), (FileState::Truncated, 14, None));
}
