//! Control and data connections, in any segmentation.

use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{
    AppLayerResult, LogForm, ParseFailed, ParseInput, Protocol, ProtocolSession, ProtocolSettings, Session as _, Value,
    def,
};
use sidewire_base::{Direction, Endpoint};
use sidewire_eve::Object;
use sidewire_files::FileState;

use super::event::{FtpDataEvent, FtpEvent};
use super::{FtpData, FtpSession};

const TO_SERVER: Direction = Direction::ToServer;
const TO_CLIENT: Direction = Direction::ToClient;

/// A flow under test: what a session does not consume is handed in again, with more after it.
struct FtpFlow<P: Protocol> {
    session: ProtocolSession<P>,
    harness: ParseHarness,
}

impl<P: Protocol> FtpFlow<P> {
    fn new(harness: ParseHarness, settings: &ProtocolSettings) -> Self {
        Self { session: ProtocolSession::with_settings(settings), harness }
    }

    fn say(&mut self, direction: Direction, octets: &[u8], piece: usize) -> Result<AppLayerResult, ParseFailed> {
        let (mut waiting, mut last) = (Vec::new(), AppLayerResult::default());
        for octets in octets.chunks(piece) {
            waiting.extend_from_slice(octets);
            let input = ParseInput { data: &waiting, offset: 0, last: false };
            last = self.session.parse(direction, input, &mut self.harness.context())?;
            waiting.drain(..last.consumed);
        }
        Ok(last)
    }

    /// The event of the transaction at a position.
    fn event(&self, position: usize) -> String {
        let mut out = Vec::new();
        let options = def::<P>().default_eve_options();
        self.session.log(position, 0, LogForm::Own(0), &options, &mut Object::new(&mut out));
        String::from_utf8(out).unwrap()
    }

    fn raised(&self, position: usize) -> Vec<&'static str> {
        let events = &self.session.transactions().head(position).unwrap().events;
        events.iter().map(|event| P::INFO.events[event.index()].name).collect()
    }
}

fn control() -> FtpFlow<FtpSession> {
    FtpFlow::new(ParseHarness::to_port(21), &ProtocolSettings::default())
}

fn name_of(event: FtpEvent) -> &'static str {
    FtpEvent::EVENTS[event as usize].name
}

const SAID: &[(Direction, &[u8])] = &[
    (TO_CLIENT, b"220-Welcome\r\n this is FTP\r\n220 Ready\r\n"),
    (TO_SERVER, b"user me\r\n"),
    (TO_CLIENT, b"331 And the password?\r\n"),
    (TO_SERVER, b"PASV\r\nRETR a file\r\n"),
    (TO_CLIENT, b"227 Entering Passive Mode (127,0,0,1,200,10).\r\n150 Here it comes\r\n"),
    (TO_CLIENT, b"226 Done\r\n"),
    (TO_SERVER, b"NOOP\n"),
];

#[test]
fn replies_belong_to_commands_in_their_order_however_they_are_cut() {
    for piece in 1..40 {
        let mut flow = control();
        for (direction, octets) in SAID {
            flow.say(*direction, octets, piece).unwrap();
        }
        let events: Vec<_> = (0..5).map(|position| flow.event(position)).collect();
        assert_eq!(
            events,
            [
                r#"{"completion_code":["220"],"reply":["220-Welcome"," this is FTP","Ready"],"reply_received":"yes","reply_truncated":false}"#,
                r#"{"command":"USER","command_data":"me","command_truncated":false,"completion_code":["331"],"reply":["And the password?"],"reply_received":"yes","reply_truncated":false}"#,
                r#"{"command":"PASV","completion_code":["227"],"reply":["Entering Passive Mode (127,0,0,1,200,10)."],"dynamic_port":51210,"mode":"passive","reply_received":"yes","reply_truncated":false}"#,
                r#"{"command":"RETR","command_data":"a file","command_truncated":false,"completion_code":["150","226"],"reply":["Here it comes","Done"],"reply_received":"yes","reply_truncated":false}"#,
                r#"{"command":"NOOP","reply_received":"no","reply_truncated":false}"#,
            ]
        );
        assert_eq!(flow.session.log_due(3, 0, false), Some(TO_SERVER));
        assert_eq!(flow.session.log_due(4, 0, false), None, "it waits for its reply");
        assert_eq!(flow.raised(3), [name_of(FtpEvent::FileBeforePort)], "asked for before the server said where");
    }
}

#[test]
fn rules_look_into_commands_and_replies() {
    let mut flow = control();
    for (direction, octets) in SAID {
        flow.say(*direction, octets, 64).unwrap();
    }
    let value = |name: &str, position, direction, nth| {
        let row = def::<FtpSession>().buffer_id(name).unwrap();
        match flow.session.value(position, row, direction, nth) {
            Value::Bytes(octets) => String::from_utf8(octets.to_vec()).unwrap(),
            Value::Uint(number) => number.to_string(),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(value("ftp.command", 3, TO_SERVER, 0), "RETR");
    assert_eq!(value("ftp.command_data", 3, TO_SERVER, 0), "a file");
    assert_eq!(value("ftp.command_data", 4, TO_SERVER, 0), "Absent");
    assert_eq!(value("ftp.reply", 3, TO_CLIENT, 1), "Done");
    assert_eq!(value("ftp.completion_code", 3, TO_CLIENT, 0), "150");
    assert_eq!(value("ftp.completion_code", 3, TO_CLIENT, 2), "Absent");
    assert_eq!(value("ftp.dynamic_port", 2, TO_CLIENT, 0), "51210");
    assert_eq!(value("ftp.mode", 2, TO_CLIENT, 0), "1");
    assert_eq!(value("ftp.reply_received", 3, TO_CLIENT, 0), "1");
    assert_eq!(value("ftp.reply_received", 4, TO_CLIENT, 0), "Absent", "it may yet come");
}

#[test]
fn a_command_without_a_reply_has_none_once_the_server_left() {
    let mut flow = control();
    flow.say(TO_SERVER, b"NOOP\r\n", 64).unwrap();
    flow.session.close(TO_CLIENT, &mut flow.harness.context());
    let row = def::<FtpSession>().buffer_id("ftp.reply_received").unwrap();
    assert!(matches!(flow.session.value(0, row, TO_CLIENT, 0), Value::Uint(0)));
}

#[test]
fn long_lines_are_cut_and_are_events() {
    for piece in [7, 5000] {
        let mut flow = control();
        let long = [b"RETR ".as_slice(), &[b'x'; 9000], b"\r\nRETR a\r\n"].concat();
        flow.say(TO_SERVER, &long, piece).unwrap();
        let command = flow.session.typed().at(0).unwrap();
        assert_eq!((command.tx.argument.len(), command.tx.command_cut), (4096 - 5, true));
        assert!(flow.raised(0).contains(&name_of(FtpEvent::RequestCommandTooLong)));
        assert_eq!(flow.session.typed().at(1).unwrap().tx.argument[..], *b"a");
        flow.say(TO_CLIENT, &[b"550 ".as_slice(), &[b'y'; 9000], b"\r\n"].concat(), piece).unwrap();
        assert!(flow.raised(0).contains(&name_of(FtpEvent::ResponseCommandTooLong)));
        assert!(flow.session.typed().at(0).unwrap().tx.answered);
    }
}

#[test]
fn a_reply_without_end_is_bounded_and_its_lines_are_still_looked_at() {
    let mut flow = control();
    flow.say(TO_SERVER, b"HELP\r\nNOOP\r\n", 64).unwrap();
    flow.say(TO_CLIENT, &[b"214-so\r\n".as_slice(), &b" and so on\r\n".repeat(1500)].concat(), 4096).unwrap();
    assert!(flow.raised(0).contains(&name_of(FtpEvent::ResponseCommandTooLong)));
    assert!(flow.session.typed().at(1).unwrap().tx.answered, "what follows goes to those that wait");
    assert!(flow.session.typed().iter().all(|slot| slot.tx.replies.len() <= 1024));
    let mut flow = control();
    flow.say(TO_SERVER, b"RETR x\r\n", 64).unwrap();
    flow.say(TO_CLIENT, &b"150 and again\r\n".repeat(100), 4096).unwrap();
    assert!(flow.raised(0).contains(&name_of(FtpEvent::TooManyPreliminaryResponses)));
}

#[test]
fn more_commands_than_are_followed_end_the_flow_with_an_event() {
    let mut flow: FtpFlow<FtpSession> =
        FtpFlow::new(ParseHarness::to_port(21), &ProtocolSettings::new([("max-tx", "2")]));
    assert!(flow.say(TO_SERVER, b"NOOP\r\nNOOP\r\nNOOP\r\n", 64).is_err());
    assert_eq!(flow.raised(0), [name_of(FtpEvent::TooManyTransactions)]);
    let mut flow = control();
    assert!(flow.say(TO_CLIENT, &b"220 hello\r\n".repeat(3000), 1 << 16).is_err(), "a server that talks by itself");
}

#[test]
fn tls_follows_the_reply_that_agrees() {
    let mut flow = control();
    flow.say(TO_SERVER, b"AUTH TLS\r\n", 64).unwrap();
    let step = flow.say(TO_CLIENT, b"234 Go on\r\n", 64).unwrap();
    assert_eq!((step.switch, step.consumed), (Some("tls"), 11));
    assert!(flow.event(0).contains(r#""command":"AUTH TLS","completion_code":["234"]"#));
    let mut flow = control();
    flow.say(TO_SERVER, b"AUTH TLS\r\n", 64).unwrap();
    assert_eq!(flow.say(TO_CLIENT, b"500 No\r\n", 64).unwrap().switch, None);
}

#[test]
fn odd_addresses_are_events_and_lead_nowhere_else() {
    let mut flow = control();
    flow.say(TO_SERVER, b"PORT 10,0,0,1,0,80\r\n", 64).unwrap();
    flow.say(TO_CLIENT, b"200 OK\r\n", 64).unwrap();
    assert_eq!(flow.raised(0), [name_of(FtpEvent::ForeignDataAddress), name_of(FtpEvent::PrivilegedDataPort)]);
    assert!(flow.harness.expectations.is_empty(), "a port of other services");
    let row = def::<FtpSession>().buffer_id("ftpbounce").unwrap();
    assert!(matches!(flow.session.value(0, row, TO_SERVER, 0), Value::Uint(1)));
    flow.say(TO_SERVER, b"PASV\r\n", 64).unwrap();
    flow.say(TO_CLIENT, b"227 (1,2,3)\r\n", 64).unwrap();
    assert_eq!(flow.raised(1), [name_of(FtpEvent::InvalidDataAddress)]);
    flow.say(TO_SERVER, b"PASV\r\n", 64).unwrap();
    flow.say(TO_CLIENT, b"227 (10,9,8,7,200,10)\r\n", 64).unwrap();
    assert_eq!(flow.raised(2), [name_of(FtpEvent::ForeignDataAddress)]);
    let [expected] = flow.harness.expectations[..] else { panic!() };
    assert_eq!(expected.server, Endpoint { port: 51210, ..flow.harness.server }, "between the hosts that are there");
    flow.say(TO_SERVER, b"PORT 127,0,0,1,4,1\r\n", 64).unwrap();
    flow.say(TO_CLIENT, b"500 Illegal\r\n", 64).unwrap();
    assert_eq!(flow.harness.expectations.len(), 1, "it was refused");
    flow.say(TO_SERVER, b"STOR\r\n", 64).unwrap();
    assert_eq!(flow.raised(4), [name_of(FtpEvent::FileWithoutName)]);
}

/// A data connection after a control connection that said this.
fn data_after(said: &[(Direction, &[u8])]) -> FtpFlow<FtpData> {
    let mut flow = control();
    for (direction, octets) in said {
        flow.say(*direction, octets, 64).unwrap();
    }
    let expected = flow.harness.expectations.pop().unwrap();
    let client = Endpoint { address: expected.client.unwrap(), port: 20 };
    FtpFlow::new(flow.harness.between(client, expected.server), &ProtocolSettings::default())
}

const PASSIVE: (Direction, &[u8]) = (TO_SERVER, b"PASV\r\n");
const PASSIVE_REPLY: (Direction, &[u8]) = (TO_CLIENT, b"227 (127,0,0,1,200,10)\r\n");
const ACTIVE: (Direction, &[u8]) = (TO_SERVER, b"PORT 127,0,0,1,200,10\r\n");
const ACTIVE_REPLY: (Direction, &[u8]) = (TO_CLIENT, b"200 OK\r\n");

#[test]
fn what_is_transferred_is_a_file() {
    type Case<'c> = (&'c [(Direction, &'c [u8])], Direction, &'c str);
    let cases: [Case<'_>; 4] = [
        (&[PASSIVE, PASSIVE_REPLY, (TO_SERVER, b"RETR a.txt\r\n")], TO_CLIENT, "RETR"),
        (&[PASSIVE, PASSIVE_REPLY, (TO_SERVER, b"stor a.txt\r\n")], TO_SERVER, "STOR"),
        (&[ACTIVE, ACTIVE_REPLY, (TO_SERVER, b"RETR a.txt\r\n")], TO_SERVER, "RETR"),
        (&[ACTIVE, ACTIVE_REPLY, (TO_SERVER, b"APPE a.txt\r\n")], TO_CLIENT, "APPE"),
    ];
    for (said, direction, command) in cases {
        let mut data = data_after(said);
        data.say(direction, b"some octets", 4).unwrap();
        data.session.close(direction, &mut data.harness.context());
        assert_eq!(data.event(0), format!(r#"{{"filename":"a.txt","command":"{command}"}}"#));
        let file = &data.session.files(0).unwrap().of(direction)[0];
        assert_eq!((file.name(), file.state(), file.size()), (&b"a.txt"[..], FileState::Closed, 11));
        assert_eq!(data.session.log_due(0, 0, false), Some(TO_SERVER));
        assert_eq!(data.raised(0), [""; 0]);
    }
}

#[test]
fn lists_are_no_files_and_what_nobody_asked_for_is_an_event() {
    let mut list = data_after(&[PASSIVE, PASSIVE_REPLY, (TO_SERVER, b"NLST\r\n")]);
    list.say(TO_CLIENT, b"a.txt\r\n", 64).unwrap();
    assert_eq!(
        (list.event(0), list.session.files(0).unwrap().of(TO_CLIENT).len()),
        (r#"{"command":"NLST"}"#.into(), 0)
    );
    let mut unnamed = data_after(&[PASSIVE, PASSIVE_REPLY, (TO_SERVER, b"STOU\r\n")]);
    unnamed.say(TO_SERVER, b"x", 64).unwrap();
    assert!(unnamed.event(0).contains("<stou>"));
    let mut unasked = data_after(&[PASSIVE, PASSIVE_REPLY]);
    unasked.say(TO_CLIENT, b"octets", 64).unwrap();
    assert_eq!(unasked.raised(0), [FtpDataEvent::EVENTS[FtpDataEvent::NoCommand as usize].name]);
    assert_eq!(unasked.session.files(0).unwrap().of(TO_CLIENT)[0].size(), 6, "it is looked into all the same");
    let mut against = data_after(&[PASSIVE, PASSIVE_REPLY, (TO_SERVER, b"RETR a\r\n")]);
    against.say(TO_SERVER, b"octets", 64).unwrap();
    assert_eq!(against.raised(0), [FtpDataEvent::EVENTS[FtpDataEvent::UnexpectedDirection as usize].name]);
}

#[test]
fn gaps_are_told_and_followed() {
    let mut flow = control();
    flow.say(TO_SERVER, b"NOOP\r\n", 64).unwrap();
    flow.session.gap(TO_CLIENT, 100, &mut flow.harness.context()).unwrap();
    flow.say(TO_CLIENT, b"end of a line\r\n200 OK\r\n", 64).unwrap();
    assert_eq!(flow.raised(0), [name_of(FtpEvent::Gap)]);
    assert!(flow.event(0).contains(r#""reply":["OK"]"#));
    let mut data = data_after(&[PASSIVE, PASSIVE_REPLY, (TO_SERVER, b"RETR a\r\n")]);
    data.say(TO_CLIENT, b"one", 64).unwrap();
    data.session.gap(TO_CLIENT, 10, &mut data.harness.context()).unwrap();
    data.session.close(TO_CLIENT, &mut data.harness.context());
    let file = &data.session.files(0).unwrap().of(TO_CLIENT)[0];
    assert_eq!((file.state(), file.has_gaps(), file.size()), (FileState::Truncated, true, 13));
}
