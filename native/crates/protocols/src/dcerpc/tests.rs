use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{LogForm, ParseInput, ProtocolSession, ProtocolSettings, Session, Transport, Value, def};
use sidewire_base::{BufferId, Direction, Endpoint, Time};
use sidewire_eve::Object;

use super::{DcerpcTcp, DcerpcUdp};

const SVCCTL: [u8; 16] = [0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad, 0x32, 0x98, 0xf0, 0x38, 0, 0x10, 3];
const NDR: [u8; 20] =
    [4, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 8, 0, 0x2b, 0x10, 0x48, 0x60, 2, 0, 0, 0];

fn pdu(kind: u8, call_id: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![5, 0, kind, 3, 0x10, 0, 0, 0];
    out.extend(u16::try_from(16 + body.len()).unwrap().to_le_bytes());
    out.extend([0, 0, call_id, 0, 0, 0]);
    out.extend(body);
    out
}

fn bind() -> Vec<u8> {
    let mut body = vec![0, 16, 0, 16, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0];
    body.extend(SVCCTL);
    body.extend([2, 0, 0, 0]);
    body.extend(NDR);
    pdu(11, 1, &body)
}

fn bind_ack() -> Vec<u8> {
    let mut body = vec![0, 16, 0, 16, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    body.extend(NDR);
    pdu(12, 1, &body)
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
    let count = u32::try_from(units.len()).unwrap();
    let mut out: Vec<u8> = [count, 0, count].iter().flat_map(|word| word.to_le_bytes()).collect();
    out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// RCreateServiceW of a service `x` that runs `cmd /c calc`.
fn create_service() -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0, 0, 0, 12, 0];
    body.extend([7; 20]); // handle
    body.extend(wide("x"));
    body.extend([0; 4]); // display name
    body.extend([0xff, 1, 0xf, 0, 0x10, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    body.extend(wide("cmd /c calc"));
    body.extend([0; 28]);
    pdu(0, 2, &body)
}

fn response() -> Vec<u8> {
    pdu(2, 2, &[&[0; 8][..], &[9; 24], &[0; 4]].concat())
}

/// A flow between two hosts, to a port.
fn harness(port: u16) -> ParseHarness {
    let end = |last, port| Endpoint { address: [10, 0, 0, last].into(), port };
    ParseHarness { time: Time::new(1, 0), ..ParseHarness::default() }.between(end(1, 50_000), end(2, port))
}

struct Bench {
    harness: ParseHarness,
    session: ProtocolSession<DcerpcTcp>,
}

impl Bench {
    fn new() -> Self {
        let session = ProtocolSession::with_settings(&ProtocolSettings::default());
        Self { harness: harness(49_155), session }
    }

    fn feed(&mut self, direction: Direction, data: &[u8]) -> usize {
        let step =
            self.session.parse(direction, ParseInput { data, offset: 0, last: false }, &mut self.harness.context());
        step.unwrap().consumed
    }

    fn log(&self, position: usize, logger: usize) -> String {
        let mut out = Vec::new();
        self.session.log(
            position,
            logger,
            LogForm::Own(0),
            &def::<DcerpcTcp>().default_eve_options(),
            &mut Object::new(&mut out),
        );
        String::from_utf8(out).unwrap()
    }

    fn value(&self, position: usize, name: &str) -> Value<'_> {
        let row =
            <DcerpcTcp as sidewire_app_layer::Protocol>::BUFFERS.iter().position(|row| row.info.name == name).unwrap();
        self.session.value(position, BufferId::at(row), Direction::ToServer, 0)
    }
}

fn served() -> Bench {
    let mut bench = Bench::new();
    bench.feed(Direction::ToServer, &bind());
    bench.feed(Direction::ToClient, &bind_ack());
    bench.feed(Direction::ToServer, &create_service());
    bench
}

#[test]
fn events_have_the_shape_of_suricata() {
    let mut bench = served();
    assert_eq!(
        bench.log(0, 0),
        r#"{"request":"BIND","interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003","version":"2.0","ack_result":0}],"response":"BINDACK","call_id":1,"rpc_version":"5.0"}"#
    );
    assert!(bench.log(1, 0).contains(r#""response":"UNREPLIED","call_id":2"#));
    assert!(bench.session.log_due(1, 0, false).is_none() && bench.session.log_due(1, 0, true).is_some());
    bench.feed(Direction::ToClient, &response());
    assert_eq!(
        bench.log(1, 0),
        r#"{"request":"REQUEST","req":{"opnum":12,"frag_cnt":1,"stub_data_size":120},"interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003","version":"2.0","ack_result":0}],"response":"RESPONSE","res":{"frag_cnt":1,"stub_data_size":36},"call_id":2,"rpc_version":"5.0"}"#
    );
    assert!(bench.session.log_due(1, 1, false).is_some());
    assert!(bench.session.log_due(0, 1, true).is_none(), "a bind is no call");
}

#[test]
fn a_call_is_told_in_words() {
    let mut bench = served();
    bench.feed(Direction::ToClient, &response());
    let told = bench.log(1, 1);
    for part in [
        r#""transport":"tcp","call_id":2,"context_id":0,"opnum":12"#,
        r#""name":"svcctl"},"procedure":"RCreateServiceW""#,
        r#""known":"bound","stub":"clear""#,
        r#""result":"0x00000000""#,
        r#""arguments":{"service_name":"x""#,
        r#""binary_path":"cmd /c calc""#,
        r#""says":"10.0.0.1 called RCreateServiceW(service_name \"x\""#,
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn rules_see_the_call() {
    let bench = served();
    assert!(matches!(bench.value(1, "dcerpc.opnum"), Value::Uint(12)));
    assert!(matches!(bench.value(1, "dcerpc.procedure"), Value::Bytes(b"RCreateServiceW")));
    assert!(matches!(bench.value(1, "dcerpc.interface_name"), Value::Bytes(b"svcctl")));
    assert!(matches!(bench.value(1, "exec.command_line"), Value::Bytes(b"cmd /c calc")));
    assert!(matches!(bench.value(1, "dcerpc.auth_level"), Value::Uint(1)));
    let Value::Interfaces([interface]) = bench.value(1, "dcerpc.iface") else { panic!() };
    assert!(interface.used && interface.accepted && interface.first_fragment);
    assert!(matches!(bench.value(0, "dcerpc.opnum"), Value::Absent));
    assert!(matches!(bench.value(1, "dcom.clsid"), Value::Absent));
}

#[test]
fn flags_of_a_bind_hide_its_calls_where_the_configuration_says_so() {
    for (unflagged_binds, flags, seen) in [("no", 3, true), ("no", 2, false), ("no", 0, false), ("yes", 0, true)] {
        for alter in [false, true] {
            let mut bench = Bench::new();
            bench.session =
                ProtocolSession::with_settings(&ProtocolSettings::new([("unflagged-binds", unflagged_binds)]));
            let mut offer = bind();
            offer[2] = if alter { 14 } else { 11 };
            offer[3] = flags;
            bench.feed(Direction::ToServer, &offer);
            let mut answer = bind_ack();
            answer[2] = offer[2] + 1;
            bench.feed(Direction::ToClient, &answer);
            bench.feed(Direction::ToServer, &create_service());
            let Value::Interfaces([interface]) = bench.value(1, "dcerpc.iface") else { panic!() };
            assert_eq!(interface.first_fragment, seen, "{unflagged_binds} {flags} {alter}");
        }
    }
}

#[test]
fn a_datagram_is_a_call() {
    let mut session = ProtocolSession::<DcerpcUdp>::with_settings(&ProtocolSettings::default());
    let mut harness = harness(1025).over(Transport::Udp);
    let mut datagram = vec![0; 80];
    datagram[0] = 4;
    datagram[4] = 0x10;
    datagram[24..40].copy_from_slice(&SVCCTL);
    datagram[40] = 0xaa;
    datagram[60] = 2;
    datagram[64] = 9;
    datagram[68] = 15;
    for kind in [0, 0, 2, 2] {
        datagram[1] = kind;
        let input = ParseInput { data: &datagram, offset: 0, last: false };
        session.parse(Direction::ToServer, input, &mut harness.context()).unwrap();
    }
    assert_eq!(session.transactions().len(), 1, "what is sent again is the same call");
    let mut out = Vec::new();
    session.log(0, 0, LogForm::Own(0), &def::<DcerpcUdp>().default_eve_options(), &mut Object::new(&mut out));
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"request":"REQUEST","req":{"opnum":15,"frag_cnt":1,"stub_data_size":0},"response":"RESPONSE","res":{"frag_cnt":1,"stub_data_size":0},"activityuuid":"000000aa-0000-0000-0000-000000000000","seqnum":9,"rpc_version":"4.0"}"#
    );
}
