//! Sessions, in any segmentation.

use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{
    AppLayerResult, LogForm, ParseInput, Protocol, ProtocolSession, ProtocolSettings, Session as _, Value, def,
};
use sidewire_base::Direction;
use sidewire_eve::Object;

use super::SshSession;
use super::event::SshEvent;

const TO_SERVER: Direction = Direction::ToServer;
const TO_CLIENT: Direction = Direction::ToClient;

/// A flow under test: what a session does not consume is handed in again, with more after it.
struct SshFlow {
    session: ProtocolSession<SshSession>,
    harness: ParseHarness,
    offsets: [u64; 2],
}

impl SshFlow {
    fn new(settings: &[(&str, &str)]) -> Self {
        let settings = ProtocolSettings::new(settings.iter().copied());
        let harness = ParseHarness::to_port(22).framed();
        Self { session: ProtocolSession::with_settings(&settings), harness, offsets: [0; 2] }
    }

    fn say(&mut self, direction: Direction, octets: &[u8], piece: usize) -> AppLayerResult {
        let (mut waiting, mut last) = (Vec::new(), AppLayerResult::default());
        for octets in octets.chunks(piece) {
            waiting.extend_from_slice(octets);
            let offset = &mut self.offsets[direction.index()];
            let input = ParseInput { data: &waiting, offset: *offset, last: false };
            last = self.session.parse(direction, input, &mut self.harness.context()).unwrap();
            *offset += last.consumed as u64;
            waiting.drain(..last.consumed);
        }
        last
    }

    fn event(&self) -> String {
        let mut out = Vec::new();
        let options = def::<SshSession>().default_eve_options();
        self.session.log(0, 0, LogForm::Own(0), &options, &mut Object::new(&mut out));
        String::from_utf8(out).unwrap()
    }

    fn raised(&self) -> Vec<&'static str> {
        let events = &self.session.transactions().head(0).unwrap().events;
        events.iter().map(|event| SshSession::INFO.events[event.index()].name).collect()
    }

    fn value(&self, name: &str, direction: Direction) -> Option<String> {
        let row = def::<SshSession>().buffer_id(name).unwrap();
        match self.session.value(0, row, direction, 0) {
            Value::Bytes(octets) => Some(String::from_utf8(octets.to_vec()).unwrap()),
            _ => None,
        }
    }
}

fn name_of(event: SshEvent) -> &'static str {
    SshEvent::EVENTS[event as usize].name
}

fn packet(number: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len() + 2 + 4).unwrap();
    [&length.to_be_bytes()[..], &[4, number], message, &[0; 4]].concat()
}

/// The lists of the capture that Suricata's and Salesforce's HASSH agree on: `3cc67862bceac0f334c62ad1b76895b4`.
fn kex() -> Vec<u8> {
    let ciphers = "aes128-cbc,3des-cbc,aes192-cbc,aes256-cbc";
    let macs = "hmac-sha1,hmac-sha1-96,hmac-md5,hmac-md5-96";
    let lists = ["diffie-hellman-group1-sha1", "ssh-rsa", ciphers, ciphers, macs, macs, "none", "none", "", ""]
        .map(str::as_bytes);
    let mut message = vec![7; 16];
    for list in lists {
        message.extend(u32::try_from(list.len()).unwrap().to_be_bytes());
        message.extend(list);
    }
    message.extend([0; 5]);
    packet(20, &message)
}

const HASH: &str = "3cc67862bceac0f334c62ad1b76895b4";

#[test]
fn what_both_sides_say_of_themselves_however_it_is_cut() {
    let client = [&b"SSH-2.0-libssh_0.9 none\r\n"[..], &kex(), &packet(30, b"e"), &packet(21, b"")].concat();
    let server = [&b"Welcome\r\nSSH-1.99-Cisco-1.25\n"[..], &kex(), &packet(21, b"")].concat();
    for piece in (1..60).chain([client.len()]) {
        let mut flow = SshFlow::new(&[("hassh", "yes")]);
        flow.say(TO_CLIENT, &server, piece);
        assert_eq!(flow.session.log_due(0, 0, false), None, "the client may yet show its algorithms");
        let step = flow.say(TO_SERVER, &client, piece);
        assert!(step.opaque && !step.bypass);
        assert_eq!(flow.raised(), [""; 0]);
        assert_eq!(flow.value("ssh.proto", TO_CLIENT).as_deref(), Some("1.99"));
        assert_eq!(flow.value("ssh.software", TO_SERVER).as_deref(), Some("libssh_0.9"));
        assert_eq!(flow.value("ssh.hassh", TO_SERVER).as_deref(), Some(HASH));
        assert_eq!(flow.value("ssh.hassh.server", TO_CLIENT).as_deref(), Some(HASH));
        assert!(flow.value("ssh.hassh.string", TO_SERVER).unwrap().ends_with(";none"));
        let event = flow.event();
        assert!(
            event.starts_with(
                r#"{"client":{"proto_version":"2.0","software_version":"libssh_0.9","hassh":{"hash":"3cc"#
            )
        );
        assert_eq!(flow.session.log_due(0, 0, false), Some(TO_SERVER));
        let frames: Vec<_> =
            flow.harness.frames.as_ref().unwrap().iter().map(|frame| (frame.start, frame.length)).collect();
        assert!(frames.contains(&(25, Some(6))) && frames.contains(&(25, Some(kex().len() as u64))));
    }
}

#[test]
fn without_fingerprints_a_session_is_told_once_both_sides_identified_themselves() {
    let mut flow = SshFlow::new(&[]);
    flow.say(TO_SERVER, &[&b"SSH-2.0-x\r\n"[..], &kex()].concat(), 64);
    assert_eq!(flow.session.log_due(0, 0, false), None);
    flow.say(TO_CLIENT, b"SSH-2.0-y\r\n", 64);
    assert_eq!(flow.session.log_due(0, 0, false), Some(TO_SERVER));
    assert_eq!(flow.value("ssh.hassh", TO_SERVER), None);
}

#[test]
fn how_an_encrypted_session_is_handled_is_a_setting() {
    for (handling, expected) in [("bypass", (true, true)), ("full", (false, false)), ("track-only", (true, false))] {
        let mut flow = SshFlow::new(&[("encryption-handling", handling)]);
        flow.say(TO_SERVER, &[&b"SSH-2.0-x\r\n"[..], &packet(21, b"")].concat(), 64);
        let step = flow.say(TO_CLIENT, &[&b"SSH-2.0-x\r\n"[..], &packet(21, b"")].concat(), 64);
        assert_eq!((step.opaque, step.bypass), expected, "{handling}");
    }
}

#[test]
fn what_is_none_of_the_protocol_is_an_event() {
    let long = [b"SSH-2.0-".as_slice(), &[b'x'; 600], b"\r\n"].concat();
    let cases: [(Direction, Vec<u8>, SshEvent); 6] = [
        (TO_SERVER, b"GET / HTTP/1.1\r\n".to_vec(), SshEvent::InvalidBanner),
        (TO_CLIENT, b"SSH-2.0\r\n".to_vec(), SshEvent::InvalidBanner),
        (TO_CLIENT, b"a line\r\n".repeat(10_000), SshEvent::InvalidBanner),
        (TO_SERVER, long, SshEvent::LongBanner),
        (TO_SERVER, b"SSH-2.0-x\r\n\0\0\0\x01\0\x14".to_vec(), SshEvent::InvalidRecord),
        (TO_SERVER, [&b"SSH-2.0-x\r\n"[..], &packet(20, b"short")].concat(), SshEvent::InvalidKex),
    ];
    for (direction, said, event) in cases {
        for piece in [5, 1 << 20] {
            let mut flow = SshFlow::new(&[("hassh", "yes")]);
            flow.say(direction, &said, piece);
            assert_eq!(flow.raised(), [name_of(event)], "{said:?}");
        }
    }
    let mut flow = SshFlow::new(&[("hassh", "yes")]);
    flow.say(TO_SERVER, &[&b"SSH-2.0-x\r\n"[..], &packet(20, &[0; 100_000]), &kex()].concat(), 4096);
    assert_eq!(flow.raised(), [name_of(SshEvent::LongKexRecord)]);
    assert_eq!(flow.value("ssh.hassh", TO_SERVER).as_deref(), Some(HASH), "what follows is read");
}

#[test]
fn a_gap_inside_of_a_packet_that_is_passed_over_loses_nothing() {
    let mut flow = SshFlow::new(&[]);
    flow.say(TO_SERVER, &[&b"SSH-2.0-x\r\n"[..], &packet(30, &[1; 1000])[..500]].concat(), 64);
    flow.session.gap(TO_SERVER, 300, &mut flow.harness.context()).unwrap();
    assert_eq!(flow.raised(), [""; 0]);
    flow.session.gap(TO_SERVER, 3000, &mut flow.harness.context()).unwrap();
    assert_eq!(flow.raised(), [name_of(SshEvent::Gap)]);
}

#[test]
fn a_flow_picked_up_in_the_middle_is_not_odd() {
    let mut flow = SshFlow::new(&[]);
    flow.harness.midstream = true;
    flow.say(TO_CLIENT, b"\x12\x34 no identification", 8);
    assert_eq!((flow.raised(), flow.session.log_due(0, 0, true)), (vec![], None));
}
