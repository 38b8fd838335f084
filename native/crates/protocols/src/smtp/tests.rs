//! Conversations, in any segmentation.

use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{
    FrameKind, LogForm, ParseInput, Protocol as _, ProtocolSession, ProtocolSettings, Session as _, Value, def,
};
use sidewire_base::Direction::{self, ToClient, ToServer};
use sidewire_base::TxId;
use sidewire_eve::Object;
use sidewire_files::FileState;

use super::{SmtpEvent, SmtpSession, stage};

/// A flow under test: what a session does not consume is handed in again, with more after it.
struct Conversation {
    session: ProtocolSession<SmtpSession>,
    harness: ParseHarness,
    waiting: [Vec<u8>; 2],
    offset: [u64; 2],
    switched: Option<&'static str>,
}

impl Conversation {
    fn new(settings: &ProtocolSettings) -> Self {
        let session = ProtocolSession::with_settings(settings);
        let harness = ParseHarness::to_port(25).framed();
        Self { session, harness, waiting: Default::default(), offset: [0; 2], switched: None }
    }

    /// What both sides say, in pieces of this many octets.
    fn of(said: &[(Direction, &str)], piece: usize) -> Self {
        let mut conversation = Self::new(&ProtocolSettings::default());
        conversation.say(said, piece);
        conversation
    }

    fn say(&mut self, said: &[(Direction, &str)], piece: usize) {
        for (direction, octets) in said {
            for octets in octets.as_bytes().chunks(piece) {
                self.feed(*direction, octets, false);
            }
        }
    }

    fn feed(&mut self, direction: Direction, octets: &[u8], last: bool) {
        let side = direction as usize;
        let mut waiting = core::mem::take(&mut self.waiting[side]);
        waiting.extend_from_slice(octets);
        let input = ParseInput { data: &waiting, offset: self.offset[side], last };
        let step = self.session.parse(direction, input, &mut self.harness.context()).unwrap();
        waiting.drain(..step.consumed);
        self.offset[side] += step.consumed as u64;
        self.waiting[side] = waiting;
        self.switched = self.switched.or(step.switch);
    }

    fn end(&mut self) {
        for direction in Direction::BOTH {
            self.feed(direction, &[], true);
            self.session.close(direction, &mut self.harness.context());
        }
    }

    /// The events of the transaction at a position.
    fn events(&self, position: usize) -> Vec<&'static str> {
        let events = &self.session.typed().at(position).unwrap().head.events;
        events.iter().map(|event| SmtpEvent::EVENTS[event.index()].name).collect()
    }

    /// The `smtp` and the `email` of the transaction at a position.
    fn told(&self, position: usize) -> (String, String) {
        let (mut own, mut beside) = (Vec::new(), Vec::new());
        let options = def::<SmtpSession>().default_eve_options();
        self.session.log(position, 0, LogForm::Own(0), &options, &mut Object::new(&mut own));
        self.session.log_beside(position, 0, LogForm::Own(0), &options, &mut Object::new(&mut beside));
        (String::from_utf8(own).unwrap(), String::from_utf8(beside).unwrap())
    }

    fn progress(&self, position: usize) -> [u8; 2] {
        let progress = self.session.typed().at(position).unwrap().head.progress;
        [progress[ToServer], progress[ToClient]]
    }

    fn opened(&self) -> u64 {
        self.session.typed().opened()
    }

    /// Name, content and state of the files of the transaction at a position.
    fn files(&self, position: usize) -> Vec<(String, Vec<u8>, FileState)> {
        let files = SmtpSession::files(&self.session.typed().at(position).unwrap().tx).unwrap().of(ToServer);
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        files.iter().map(|file| (name(file.name()), file.content().data().to_vec(), file.state())).collect()
    }
}

const DONE: [u8; 2] = [stage::COMPLETE; 2];

const MAIL: &[(Direction, &str)] = &[
    (ToClient, "220-mail.example ESMTP\r\n220 hello\r\n"),
    (ToServer, "EHLO client.example\r\n"),
    (ToClient, "250-mail.example\r\n250 PIPELINING\r\n"),
    (ToServer, "MAIL FROM:<a@b> SIZE=10\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n"),
    (ToClient, "250 ok\r\n250 ok\r\n250 ok\r\n354 go ahead\r\n"),
    (
        ToServer,
        "From: A <a@b>\r\nTo: \"C, D\" <c@d>, e@f\r\nSubject: x\r\nContent-Disposition: attachment; filename=f\r\n\r\n\
         ..one\r\nhttp://link\r\n.\r\nQUIT\r\n",
    ),
    (ToClient, "250 queued\r\n221 bye\r\n"),
];

#[test]
fn a_mail_is_read_however_it_is_cut() {
    for piece in [1, 2, 3, 7, 50, 5000] {
        let conversation = Conversation::of(MAIL, piece);
        assert_eq!((conversation.opened(), conversation.progress(0)), (1, DONE));
        let (smtp, email) = conversation.told(0);
        assert_eq!(smtp, r#"{"helo":"client.example","mail_from":"<a@b>","rcpt_to":["<c@d>","<e@f>"]}"#);
        let expected = r#"{"from":"A <a@b>","to":["\"C, D\" <c@d>","e@f"],"status":"PARSE_DONE","attachment":["f"],"url":["link"]}"#;
        assert_eq!(email, expected);
        assert_eq!(conversation.files(0), [("f".into(), b".one\r\nhttp://link".to_vec(), FileState::Closed)]);
        assert_eq!(conversation.events(0), [""; 0]);
    }
}

#[test]
fn rules_look_into_envelope_and_headers() {
    let conversation = Conversation::of(MAIL, 64);
    let value = |name: &str, nth| match conversation.session.value(
        0,
        def::<SmtpSession>().buffer_id(name).unwrap(),
        ToServer,
        nth,
    ) {
        Value::Bytes(octets) => String::from_utf8(octets.to_vec()).unwrap(),
        _ => "-".to_owned(),
    };
    assert_eq!(value("smtp.helo", 0), "client.example");
    assert_eq!([value("smtp.rcpt_to", 0), value("smtp.rcpt_to", 1), value("smtp.rcpt_to", 2)], ["<c@d>", "<e@f>", "-"]);
    assert_eq!(value("email.to", 0), "\"C, D\" <c@d>, e@f");
    assert_eq!((value("email.url", 0), value("email.cc", 0)), ("link".into(), "-".into()));
}

#[test]
fn chunks_are_a_mail_wherever_they_are_cut() {
    let said = [
        (ToClient, "220 x\r\n"),
        (ToServer, "HELO x\r\nMAIL FROM:<a>\r\nBDAT 11\r\nSubject: a\r"),
        (ToServer, "BDAT 8 LAST\r\n\n\r\n.\r\nx\r"),
        (ToClient, "250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n"),
        (ToServer, "MAIL FROM:<b>\r\nBDAT 5 X\r\nBDAT 0 LAST\r\n"),
    ];
    for piece in [1, 4, 100] {
        let conversation = Conversation::of(&said, piece);
        assert_eq!((conversation.opened(), conversation.progress(0)), (2, DONE));
        assert_eq!(conversation.session.typed().at(0).unwrap().tx.header("subject", 0), Some(&b"a"[..]));
        assert_eq!(conversation.events(1), ["invalid_bdat"]);
        assert_eq!(conversation.progress(1)[0], stage::COMPLETE);
    }
}

#[test]
fn a_mail_that_is_refused_makes_way_for_commands() {
    let said = [
        (ToClient, "220 x\r\n"),
        (ToServer, "EHLO x\r\nDATA\r\n"),
        (ToClient, "250 x\r\n503 no\r\n"),
        (ToServer, "MAIL FROM:<a>\r\nEHLO y\r\n"),
        (ToClient, "250 ok\r\n250 ok\r\n"),
        (ToServer, "MAIL FROM:<b>\r\nRSET\r\nMAIL FROM:<c>\r\n"),
        (ToClient, "250 ok\r\n250 ok\r\n250 ok\r\n"),
        (ToServer, "MAIL FROM:<d>\r\nEHLO z\r\n"),
        (ToClient, "503 no\r\n503 no\r\n"),
    ];
    let conversation = Conversation::of(&said, 100);
    assert_eq!(conversation.events(0), ["data_command_rejected", "duplicate_fields"]);
    let senders: Vec<_> =
        conversation.session.typed().iter().map(|slot| slot.tx.mail_from.as_deref().unwrap_or_default()).collect();
    assert_eq!(senders, [b"<a>", b"<b>", b"<c>"], "an accepted reset begins another mail");
    assert_eq!([conversation.progress(0), conversation.progress(1)], [DONE; 2]);
    assert_eq!((conversation.progress(2), conversation.events(2).len()), ([stage::STARTED; 2], 1));
}

#[test]
fn tls_follows_where_the_server_agrees() {
    let begin = [(ToClient, "220 x\r\n"), (ToServer, "EHLO x\r\nSTARTTLS\r\n"), (ToClient, "250 ok\r\n")];
    let mut agreed = Conversation::of(&begin, 100);
    agreed.say(&[(ToClient, "220 go ahead\r\n")], 100);
    assert_eq!((agreed.switched, agreed.progress(0)), (Some("tls"), DONE));
    let mut refused = Conversation::of(&begin, 100);
    refused.say(&[(ToClient, "454 no\r\n")], 100);
    assert_eq!((refused.switched, refused.events(0)), (None, vec!["tls_rejected"]));
    let mut unseen = Conversation::of(&begin, 100);
    unseen.feed(ToServer, b"\x16\x03\x01\0\0", false);
    assert_eq!(unseen.switched, Some("tls"), "the reply may not be in the capture");
    let mut injected = Conversation::of(&begin, 100);
    injected.say(&[(ToServer, "MAIL FROM:<a>\r\n")], 100);
    assert_eq!(injected.events(0), ["invalid_pipelined_sequence"]);
}

#[test]
fn a_session_that_is_closed_is_over() {
    let said = [(ToClient, "220 x\r\n"), (ToServer, "EHLO x\r\nQUIT\r\n"), (ToClient, "250 x\r\n221 bye\r\n")];
    assert_eq!(Conversation::of(&said, 9).progress(0), DONE);
}

#[test]
fn what_is_odd_is_an_event() {
    let long = format!("EHLO {}\r\n", "x".repeat(5000));
    for piece in [100, 10_000] {
        let conversation =
            Conversation::of(&[(ToClient, "220 x\r\n"), (ToServer, &long), (ToServer, "QUIT\r\n")], piece);
        assert_eq!(conversation.events(0), ["truncated_line"]);
    }
    assert_eq!(Conversation::of(&[(ToServer, "EHLO x\r\n")], 9).events(0), ["no_server_welcome_message"]);
    let replies = [(ToClient, "220 x\r\n"), (ToServer, "EHLO x\r\n"), (ToClient, "what\r\n\r\n999 x\r\n")];
    assert_eq!(Conversation::of(&replies, 9).events(0), ["invalid_reply"]);
    assert_eq!(Conversation::of(&[(ToClient, "554 no\r\n"), (ToServer, "QUIT\r\n")], 9).events(0), ["invalid_reply"]);
    let early = [
        (ToClient, "220 x\r\n"),
        (ToServer, "EHLO x\r\n"),
        (ToClient, "250 x\r\n"),
        (ToServer, "DATA\r\nSubject: x\r\n\r\n.\r\n"),
    ];
    assert_eq!(Conversation::of(&early, 9).events(0), ["invalid_pipelined_sequence"]);
    let broken = [
        (ToClient, "220 x\r\n"),
        (ToServer, "EHLO x\r\nBDAT 4\r\nab\r\nDATA\r\n"),
        (ToClient, "250 x\r\n250 x\r\n354 x\r\n"),
    ];
    assert_eq!(Conversation::of(&broken, 9).events(0), ["unparsable_content"]);
    let recipients = "RCPT TO:<a>\r\n".repeat(1025);
    let many = Conversation::of(&[(ToClient, "220 x\r\n"), (ToServer, &recipients)], 1000);
    assert_eq!(many.events(0), ["max_command_line_len_exceeded"]);
}

#[test]
fn a_mail_as_a_whole_is_a_file_where_that_is_asked_for() {
    let pairs = [("mime.decode-mime", "no"), ("raw-extraction", "yes")];
    let mut conversation = Conversation::new(&ProtocolSettings::new(pairs));
    conversation.say(MAIL, 11);
    let [(name, content, state)] = &conversation.files(0)[..] else { panic!("one file") };
    assert_eq!((name.as_str(), *state), ("rawmsg", FileState::Closed));
    assert!(content.starts_with(b"From: A") && content.ends_with(b"\r\n\r\n.one\r\nhttp://link\r\n"));
    assert_eq!(conversation.told(0).1, "{}");
}

#[test]
fn frames_are_what_was_sent() {
    let mut conversation = Conversation::of(MAIL, 20);
    let frames = conversation.harness.frames.take().unwrap();
    let of = |kind: u8| {
        let frames = frames.iter().filter(move |frame| frame.kind == FrameKind(kind));
        frames.map(|frame| (frame.start, frame.length.unwrap(), frame.tx)).collect::<Vec<_>>()
    };
    assert_eq!(of(1).first(), Some(&(0, 21, Some(TxId(0)))));
    let [data] = of(2)[..] else { panic!("one mail") };
    assert_eq!(
        data.0,
        "EHLO client.example\r\nMAIL FROM:<a@b> SIZE=10\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n".len() as u64
    );
    assert_eq!(of(3).len(), 10);
}

#[test]
fn what_follows_a_gap_is_read() {
    let mut conversation = Conversation::of(&MAIL[..5], 100);
    let half = "Content-Disposition: x; filename=f\r\n\r\nhalf a li";
    conversation.say(&[(ToServer, half)], 100);
    conversation.waiting[0].clear();
    conversation.session.gap(ToServer, 100, &mut conversation.harness.context()).unwrap();
    conversation.say(&[(ToServer, "ne\r\nmore\r\n.\r\n"), (ToClient, "250 ok\r\n")], 100);
    assert_eq!((conversation.progress(0), conversation.files(0)[0].2), (DONE, FileState::Truncated));

    // The end of a mail was missed: the server says that it has it.
    let mut conversation = Conversation::of(&MAIL[..5], 100);
    conversation.say(&[(ToServer, half)], 100);
    conversation.waiting[0].clear();
    conversation.session.gap(ToServer, 100, &mut conversation.harness.context()).unwrap();
    conversation.say(&[(ToClient, "250 ok\r\n"), (ToServer, "\r\nMAIL FROM:<next>\r\n")], 100);
    assert_eq!((conversation.progress(0), conversation.opened()), (DONE, 2));
}

#[test]
fn a_mail_that_is_cut_off_has_what_came() {
    let mut conversation = Conversation::of(&MAIL[..5], 100);
    conversation.say(&[(ToServer, "Subject: x\r\nContent-Disposition: x; filename=f\r\n\r\nabc")], 100);
    conversation.end();
    assert_eq!(conversation.files(0), [("f".into(), b"abc".to_vec(), FileState::Truncated)]);
    assert_eq!((conversation.progress(0), conversation.waiting), (DONE, Default::default()));
}

#[test]
fn a_flow_has_so_many_open_mails() {
    let mut conversation = Conversation::new(&ProtocolSettings::new([("max-tx", "3")]));
    conversation.say(&[(ToServer, &"BDAT 0 LAST\r\n".repeat(3))], 100);
    let input = ParseInput { data: b"MAIL FROM:<a>\r\n", offset: 39, last: false };
    assert!(conversation.session.parse(ToServer, input, &mut conversation.harness.context()).is_err());
}
