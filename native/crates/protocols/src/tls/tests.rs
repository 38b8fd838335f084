//! Sessions, whole: what is kept of them, however their octets are divided, and what is made of lies.

use proptest::prelude::*;
use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{
    AppLayerResult, FrameKind, ParseInput, ProtocolSession, ProtocolSettings, Session as _, Value,
};
use sidewire_base::{BufferId, Direction, Time};

use super::event::TlsEvent;
use super::frame::RecordFrame;
use super::{TlsSession, TlsTransaction};

const LEAF: &[u8] = include_bytes!("testdata/leaf.der");
const ROOT: &[u8] = include_bytes!("testdata/root.der");
const EXPIRED: &[u8] = include_bytes!("testdata/expired.der");

/// 2024-01-01.
const NOW: Time = Time::new(1_704_067_200, 0);

fn vector(size: usize, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_be_bytes();
    [&length[4 - size..], content].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &*vector(3, body)].concat()
}

fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3], &*vector(2, fragment)].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes(), &*vector(2, content)].concat()
}

fn server_name(name: &str) -> Vec<u8> {
    extension(0, &vector(2, &[&[0], &*vector(2, name.as_bytes())].concat()))
}

fn client_hello(extensions: &[Vec<u8>]) -> Vec<u8> {
    let body = [
        &[3, 3],
        &[7; 32][..],
        &vector(1, b"session"),
        &vector(2, &[0x0a, 0x0a, 0x13, 0x01, 0xc0, 0x2f]),
        &[1, 0],
        &vector(2, &extensions.concat()),
    ];
    message(1, &body.concat())
}

fn server_hello(session: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let fixed = [&[3, 3], &[9; 32][..], &vector(1, session), &[0xc0, 0x2f], &[0]].concat();
    message(2, &[fixed, vector(2, &extensions.concat())].concat())
}

fn certificates(chain: &[&[u8]]) -> Vec<u8> {
    message(11, &vector(3, &chain.iter().map(|der| vector(3, der)).collect::<Vec<_>>().concat()))
}

fn usual_hello() -> Vec<u8> {
    client_hello(&[
        server_name("www.example.org"),
        extension(10, &vector(2, &[0x1a, 0x1a, 0, 29, 0, 23])),
        extension(11, &vector(1, &[0])),
        extension(13, &vector(2, &[4, 3, 8, 4])),
        extension(16, &vector(2, &[vector(1, b"h2"), vector(1, b"http/1.1")].concat())),
        extension(0x2a2a, &[]),
    ])
}

/// A flow whose octets are handed over as a test says.
struct Flow {
    harness: ParseHarness,
    session: ProtocolSession<TlsSession>,
    held: [Vec<u8>; 2],
    offset: [u64; 2],
    failed: bool,
}

impl Flow {
    fn new() -> Self {
        Self::with(&ProtocolSettings::default())
    }

    fn with(settings: &ProtocolSettings) -> Self {
        let harness = ParseHarness { time: NOW, ..ParseHarness::to_port(443).framed() };
        Self {
            harness,
            session: ProtocolSession::with_settings(settings),
            held: Default::default(),
            offset: [0; 2],
            failed: false,
        }
    }

    fn say(&mut self, direction: Direction, octets: &[u8]) -> AppLayerResult {
        let at = direction.index();
        self.held[at].extend_from_slice(octets);
        let input = ParseInput { data: &self.held[at], offset: self.offset[at], last: false };
        let Ok(step) = self.session.parse(direction, input, &mut self.harness.context()) else {
            self.failed = true;
            return AppLayerResult::default();
        };
        self.held[at].drain(..step.consumed);
        self.offset[at] += step.consumed as u64;
        step
    }

    fn client(mut self, octets: &[u8]) -> Self {
        self.say(Direction::ToServer, octets);
        self
    }

    fn server(mut self, octets: &[u8]) -> Self {
        self.say(Direction::ToClient, octets);
        self
    }

    fn tx(&self) -> &TlsTransaction {
        &self.session.typed().at(0).unwrap().tx
    }

    fn progress(&self) -> [u8; 2] {
        self.session.transactions().head(0).unwrap().progress.into_array()
    }

    fn events(&self) -> Vec<&'static str> {
        let head = self.session.transactions().head(0).unwrap();
        head.events.iter().map(|event| TlsEvent::EVENTS[event.index()].name).collect()
    }

    fn value(&self, name: &str, direction: Direction) -> Option<String> {
        let row = super::buffers::BUFFERS.iter().position(|row| row.info.name == name).unwrap();
        match self.session.value(0, BufferId::at(row), direction, 0) {
            Value::Bytes(octets) => Some(String::from_utf8_lossy(octets).into_owned()),
            Value::Uint(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

#[test]
fn a_handshake_is_one_transaction() {
    let flow = Flow::new()
        .client(&record(22, &usual_hello()))
        .server(&record(22, &[server_hello(b"", &[]), certificates(&[LEAF, ROOT]), message(14, &[])].concat()));
    assert_eq!(flow.session.transactions().len(), 1);
    assert_eq!(flow.progress(), [3, 4]);
    assert!(flow.events().is_empty());
    let to_server = |name| flow.value(name, Direction::ToServer).unwrap();
    assert_eq!(to_server("tls.sni"), "www.example.org");
    assert_eq!(to_server("tls.alpn"), "h2");
    assert_eq!(to_server("ja3.string"), "771,4865-49199,0-10-11-13-16,29-23,0");
    assert_eq!(to_server("ja4.hash").split('_').next(), Some("t12d0205h2"));
    assert_eq!(to_server("tls.version"), "771");
    let to_client = |name| flow.value(name, Direction::ToClient).unwrap();
    assert_eq!(to_client("ja3s.string"), "771,49199,");
    assert_eq!(
        to_client("tls.cert_subject"),
        "C=FR, ST=IDF, L=Paris, O=Example, Inc., OU=Tests, CN=example.org, Email=a@example.org"
    );
    assert_eq!(to_client("tls.cert_issuer"), "C=FR, O=Example, Inc., CN=Example Root");
    assert_eq!(to_client("tls.cert_serial"), "00:9F:00:00:00:00:00:00:01");
    assert_eq!(to_client("tls.cert_fingerprint"), "20:1f:f2:a7:07:43:de:d9:c3:ec:6d:c6:5e:b4:ae:93:88:2e:7a:0d");
    assert_eq!(to_client("tls.cert_chain_len"), "2");
    assert_eq!((to_client("tls_cert_expired"), to_client("tls_cert_valid")), ("0".into(), "1".into()));
    let leaf = flow.tx().sides.to_client.leaf.as_deref().unwrap();
    assert_eq!((&*leaf.not_before.text, &*leaf.not_after.text), ("2020-01-01T00:00:00", "2030-12-31T23:59:59"));
    let names: Vec<&str> = leaf.alternative_names.iter().map(|name| &**name).collect();
    assert_eq!(names[..4], ["example.org", "*.example.org", "RFC822Name(a@example.org)", "[192, 0, 2, 1]"]);
    assert_eq!(flow.tx().sides.to_client.chain.get(1), Some(ROOT));
}

#[test]
fn a_certificate_is_valid_until_it_expires() {
    let at = |seconds| {
        let mut flow = Flow::new();
        flow.harness.time = Time::new(seconds, 0);
        let flow = flow.server(&record(22, &certificates(&[LEAF])));
        ["tls_cert_valid", "tls_cert_expired"].map(|name| flow.value(name, Direction::ToClient).unwrap())
    };
    // Before it becomes valid (2019), in its last second, and after that.
    assert_eq!(at(1_546_300_800), ["1", "0"]);
    assert_eq!(at(1_924_991_999), ["1", "0"]);
    assert_eq!(at(1_924_992_000), ["0", "1"]);
}

#[test]
fn a_side_picked_up_inside_of_a_record_is_passed_over() {
    let lost = [&[0x30, 0x82][..], &record(22, &usual_hello())].concat();
    for (first, other) in [(Direction::ToServer, Direction::ToClient), (Direction::ToClient, Direction::ToServer)] {
        for cut in 1..8 {
            let mut flow = Flow::new();
            flow.harness.midstream = true;
            for piece in [&lost[..cut], &lost[cut..]] {
                flow.say(first, piece);
            }
            assert!(flow.held[first.index()].is_empty());
            flow.say(other, &record(23, &[0; 40]));
            assert_eq!((flow.events(), flow.failed), (vec![], false));
        }
    }
    let whole = Flow::new().client(&lost);
    assert!(whole.failed, "its beginning was seen");
}

#[test]
fn what_the_end_cuts_off_is_not_waited_for() {
    let mut flow = Flow::new();
    for octets in [&record(22, &usual_hello())[..20], b"\x80", b"\x17\x03\x03\x00"] {
        let input = ParseInput { data: octets, offset: 0, last: true };
        let step = flow.session.parse(Direction::ToServer, input, &mut flow.harness.context()).unwrap();
        assert_eq!((step.consumed, step.need), (octets.len(), 0));
    }
}

#[test]
fn a_client_shows_its_certificate_when_asked() {
    let request = message(13, &[1, 1, 0, 2, 4, 1, 0, 0]);
    let flow = Flow::new()
        .client(&record(22, &usual_hello()))
        .server(&record(22, &[server_hello(b"", &[]), certificates(&[LEAF]), request, message(14, &[])].concat()));
    assert_eq!(flow.progress(), [1, 3]);
    let flow = flow.client(&record(22, &[certificates(&[EXPIRED]), message(16, &[2, 0, 0])].concat()));
    assert_eq!(flow.progress(), [3, 4]);
    assert_eq!(flow.value("tls.cert_subject", Direction::ToServer).unwrap(), "O=Example, CN=client");
    assert_eq!(flow.value("ssl_state", Direction::ToServer).unwrap(), "4");
}

#[test]
fn tls13_is_told_without_certificates() {
    let versions = extension(43, &vector(1, &[0x5a, 0x5a, 3, 4, 3, 3]));
    let flow = Flow::new()
        .client(&record(22, &client_hello(&[versions])))
        .server(&record(22, &server_hello(b"session", &[extension(43, &[3, 4])])))
        .server(&record(20, &[1]))
        .server(&record(23, &[0; 64]));
    assert_eq!(flow.progress(), [1, 4]);
    assert!(flow.tx().facts.without_certificate);
    assert_eq!(flow.value("tls.version", Direction::ToClient).unwrap(), "772");
    assert_eq!(flow.value("tls.version", Direction::ToServer).unwrap(), "772");
    assert_eq!(&flow.value("ja4.hash", Direction::ToServer).unwrap()[..4], "t13i");
}

#[test]
fn what_is_encrypted_is_nothing_for_rules() {
    let data = record(23, &[0; 64]);
    let opaque = |settings: &ProtocolSettings| {
        let step = Flow::with(settings).client(&record(22, &usual_hello())).say(Direction::ToServer, &data);
        (step.opaque, step.bypass)
    };
    let handling = |how: &str| ProtocolSettings::new([("encryption-handling", how)]);
    assert_eq!(opaque(&ProtocolSettings::default()), (true, false));
    assert_eq!(opaque(&handling("full")), (false, false));
    assert_eq!(opaque(&handling("bypass")), (true, true));
}

#[test]
fn a_fatal_alert_ends_the_session() {
    let flow = Flow::new().client(&record(22, &usual_hello()));
    assert_eq!(flow.client(&record(21, &[1, 0])).progress(), [1, 0]);
    let flow = Flow::new().client(&record(22, &usual_hello()));
    assert_eq!(flow.server(&record(21, &[2, 40])).progress(), [4, 5]);
}

#[test]
fn a_session_goes_on_with_its_name_or_a_ticket() {
    let resumed = Flow::new().client(&record(22, &usual_hello())).server(&record(22, &server_hello(b"session", &[])));
    assert!(resumed.tx().facts.resumption);
    let fresh = Flow::new().client(&record(22, &usual_hello())).server(&record(22, &server_hello(b"another", &[])));
    assert!(!fresh.tx().facts.resumption);
    let ticket = Flow::new().client(&record(22, &client_hello(&[extension(35, b"ticket")])));
    assert!(ticket.tx().facts.resumption);
}

#[test]
fn a_hello_of_ssl2() {
    let body = [&[1, 3, 1, 0, 3, 0, 0, 0, 16][..], &[0, 0, 4], &[5; 16]].concat();
    let hello = [&[0x80, body.len() as u8], &*body].concat();
    let flow = Flow::new().client(&hello).server(&record(22, &server_hello(b"", &[])));
    assert_eq!(flow.progress(), [1, 1]);
    assert_eq!(flow.value("ssl_version", Direction::ToServer).unwrap(), "769");
    assert!(flow.events().is_empty());
}

#[test]
fn lies_are_events() {
    let told = |flow: Flow| (flow.events(), flow.failed);
    let hello = usual_hello();
    let cut = Flow::new().client(&record(22, &message(1, &hello[4..hello.len() - 3])));
    assert_eq!(cut.progress(), [0, 0]);
    assert_eq!(told(cut), (vec!["handshake_invalid_length"], false));
    let twice = client_hello(&[server_name("a"), server_name("b")]);
    assert_eq!(told(Flow::new().client(&record(22, &twice))), (vec!["multiple_sni_extensions"], false));
    let empty = client_hello(&[server_name("")]);
    assert_eq!(told(Flow::new().client(&record(22, &empty))), (vec!["invalid_sni_length"], false));
    let strange = client_hello(&[extension(0, &[0, 4, 1, 0, 1, b'a'])]);
    assert_eq!(told(Flow::new().client(&record(22, &strange))), (vec!["invalid_sni_type"], false));
    assert_eq!(told(Flow::new().client(&record(22, &message(99, b"?")))), (vec!["invalid_handshake_message"], false));
    assert_eq!(told(Flow::new().client(&record(30, b"?"))), (vec!["invalid_record_type"], true));
    assert_eq!(told(Flow::new().client(&record(22, b""))), (vec!["invalid_record_length"], true));
    let version = [&[22, 9, 9][..], &vector(2, &hello)].concat();
    assert_eq!(told(Flow::new().client(&version)), (vec!["invalid_record_version"], true));
    let heartbeat = record(24, &[1, 0x40, 0, 0]);
    assert_eq!(told(Flow::new().client(&heartbeat)), (vec!["overflow_heartbeat_message"], true));
}

#[test]
fn certificates_that_cannot_be_read_are_events() {
    let told = |chain: &[&[u8]]| {
        let flow = Flow::new().server(&record(22, &certificates(chain)));
        (flow.events(), flow.tx().sides.to_client.chain.len(), flow.tx().sides.to_client.leaf.is_some())
    };
    // What follows a certificate that is none is read, as it is by those it is meant for.
    let (events, count, leaf) = told(&[&LEAF[..LEAF.len() / 2], LEAF]);
    assert_eq!((events.len(), count, leaf), (1, 2, true));
    assert_eq!(told(&[b"\x30\x03\x02\x01\x00"]).0.len(), 1);
    let flow = Flow::new().server(&record(22, &message(11, &[0, 0, 9, 0, 0])));
    assert_eq!(flow.events(), ["invalid_certificate"]);
    let many: Vec<&[u8]> = vec![b"\x30\x00"; 100];
    let (events, count, _) = told(&many);
    assert!(events.contains(&"certificate_invalid_length"));
    assert_eq!(count, 64);
}

#[test]
fn a_message_without_end_takes_no_memory() {
    let mut flow = Flow::new();
    flow.say(Direction::ToServer, &record(22, &[11, 0xff, 0xff, 0xff]));
    for _ in 0..40 {
        flow.say(Direction::ToServer, &record(22, &[0; 16_000]));
    }
    assert_eq!(flow.events(), ["handshake_invalid_length"]);
    assert!(!flow.failed);
}

#[test]
fn lists_without_end_are_cut() {
    let many = |count: usize| (0..count).flat_map(|n| (n as u16).to_be_bytes()).collect::<Vec<_>>();
    let body = [&[3, 3], &[7; 32][..], &[0], &vector(2, &many(5000)), &[1, 0]].concat();
    let flow = Flow::new().client(&record(22, &message(1, &body)));
    assert_eq!(flow.events(), ["handshake_invalid_length"]);
    assert_eq!(flow.tx().sides.to_server.hello.as_ref().unwrap().ciphers.len(), 1024);
}

#[test]
fn frames_of_a_record() {
    let hello = record(22, &usual_hello());
    let flow = Flow::new().client(&hello);
    let frames = flow.harness.frames.as_ref().unwrap();
    let told: Vec<_> = frames.iter().map(|frame| (frame.kind, frame.start, frame.length)).collect();
    let length = hello.len() as u64;
    let kind = |frame: RecordFrame| FrameKind::from(frame);
    let wanted = [
        (kind(RecordFrame::Header), 0, Some(5)),
        (kind(RecordFrame::Pdu), 0, Some(length)),
        (kind(RecordFrame::Data), 5, Some(length - 5)),
    ];
    assert_eq!(told, wanted);
}

/// What both sides say, as handshake octets: `true` from the client.
fn conversation() -> [(bool, Vec<u8>); 3] {
    let request = message(13, &[1, 1, 0, 2, 4, 1, 0, 0]);
    [
        (true, usual_hello()),
        (false, [server_hello(b"", &[]), certificates(&[LEAF, ROOT]), request, message(14, &[])].concat()),
        (true, [certificates(&[EXPIRED]), message(16, &[2, 0, 0])].concat()),
    ]
}

/// Plays the conversation in records and segments of these sizes, over and over.
fn play(records: &[usize], segments: &[usize]) -> (String, [u8; 2]) {
    let mut flow = Flow::new();
    let mut sizes = records.iter().cycle();
    let mut cuts = segments.iter().cycle();
    for (client, octets) in conversation() {
        let mut stream = Vec::new();
        let mut rest = &octets[..];
        while !rest.is_empty() {
            let (fragment, behind) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            stream.extend(record(22, fragment));
            rest = behind;
        }
        let mut rest = &stream[..];
        let direction = if client { Direction::ToServer } else { Direction::ToClient };
        while !rest.is_empty() {
            let (segment, behind) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
            flow.say(direction, segment);
            rest = behind;
        }
    }
    assert!(!flow.failed);
    assert_eq!(flow.events(), [] as [&str; 0]);
    // What came last depends on how much came at once.
    let (progress, tx) = (flow.progress(), flow.tx());
    (format!("{:?} {:?}", tx.sides, tx.facts), progress)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_division_gives_the_same_transaction(
        records in prop::collection::vec(1..700_usize, 1..12),
        segments in prop::collection::vec(1..1500_usize, 1..12),
    ) {
        prop_assert_eq!(play(&records, &segments), play(&[16_384], &[100_000]));
    }

    #[test]
    fn no_octets_break_it(chunks in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 0..12)) {
        let mut flow = Flow::new();
        for (client, octets) in chunks {
            let direction = if client { Direction::ToServer } else { Direction::ToClient };
            if !flow.failed {
                flow.say(direction, &octets);
            }
        }
    }

    #[test]
    fn no_certificate_breaks_it(at in 0..LEAF.len(), octet in any::<u8>()) {
        let mut der = LEAF.to_vec();
        der[at] = octet;
        let flow = Flow::new().server(&record(22, &certificates(&[&der])));
        prop_assert!(flow.tx().sides.to_client.leaf.is_some() || !flow.events().is_empty());
    }
}
