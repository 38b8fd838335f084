//! Messages, whole and broken, over datagrams and streams cut anyhow.

use proptest::prelude::*;
use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{
    LogForm, ParseInput, Protocol, ProtocolSession, ProtocolSettings, Session as _, Transport, Value, def,
};
use sidewire_base::{BufferId, Direction, PerDirection};
use sidewire_eve::Object;

use super::event::DnsEvent;
use super::{Dns, DnsTransaction, Llmnr, Mdns, rrtype};

const TO_SERVER: Direction = Direction::ToServer;
const TO_CLIENT: Direction = Direction::ToClient;

/// Labels of a name, and the root.
fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).chain([0]).collect()
}

fn question(text: &str, rrtype: u16) -> Vec<u8> {
    [name(text), rrtype.to_be_bytes().to_vec(), vec![0, 1]].concat()
}

/// A record whose owner is `owner` as it is on the wire.
fn record(owner: &[u8], rrtype: u16, data: &[u8]) -> Vec<u8> {
    let mut out = owner.to_vec();
    out.extend(rrtype.to_be_bytes());
    out.extend([0, 1, 0, 0, 0, 60]);
    out.extend((data.len() as u16).to_be_bytes());
    out.extend(data);
    out
}

/// A message of four sections.
fn message(id: u16, flags: u16, sections: [&[Vec<u8>]; 4]) -> Vec<u8> {
    let mut out = [id.to_be_bytes(), flags.to_be_bytes()].concat();
    for section in sections {
        out.extend((section.len() as u16).to_be_bytes());
    }
    for entry in sections.into_iter().flatten() {
        out.extend(entry);
    }
    out
}

fn query(text: &str) -> Vec<u8> {
    message(7, 0x0100, [&[question(text, rrtype::A)], &[], &[], &[]])
}

/// The name of the question, by pointer.
const ASKED: [u8; 2] = [0xc0, 12];

fn response() -> Vec<u8> {
    let answers = [
        record(&ASKED, rrtype::CNAME, &name("edge.example.net")),
        record(&name("edge.example.net"), rrtype::A, &[192, 0, 2, 1]),
        record(&ASKED, rrtype::TXT, b"\x03one\x03two"),
    ];
    let soa = [name("ns.example.com"), name("admin.example.com"), vec![0; 20]].concat();
    let more = [record(&[0], rrtype::OPT, &[]), record(&name("glue.example.com"), rrtype::AAAA, &[1; 16])];
    message(
        7,
        0x8180,
        [
            &[question("www.example.com", rrtype::A)],
            &answers,
            &[record(&name("example.com"), rrtype::SOA, &soa)],
            &more,
        ],
    )
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes(), message].concat()
}

/// A flow of datagrams with one in it.
fn datagram<P: Protocol<Tx = DnsTransaction>>(direction: Direction, octets: &[u8]) -> ProtocolSession<P> {
    let mut session = ProtocolSession::<P>::with_settings(&ProtocolSettings::default());
    let mut harness = ParseHarness::to_port(53).over(Transport::Udp);
    let input = ParseInput { data: octets, offset: 0, last: true };
    let _step = session.parse(direction, input, &mut harness.context());
    session
}

/// A stream of pieces; what was not consumed comes again.
fn stream(pieces: &[(Direction, &[u8])]) -> ProtocolSession<Dns> {
    let mut session = ProtocolSession::<Dns>::with_settings(&ProtocolSettings::default());
    let mut harness = ParseHarness::to_port(53);
    let mut waiting = PerDirection::<(Vec<u8>, u64, usize)>::default();
    for (direction, piece) in pieces {
        let (kept, offset, need) = &mut waiting[*direction];
        kept.extend_from_slice(piece);
        if kept.len() < *need {
            continue;
        }
        let input = ParseInput { data: kept, offset: *offset, last: false };
        let step = session.parse(*direction, input, &mut harness.context()).unwrap();
        kept.drain(..step.consumed);
        *offset += step.consumed as u64;
        *need = step.need;
    }
    session
}

/// Everything a buffer gives.
fn values<P: Protocol<Tx = DnsTransaction>>(
    session: &ProtocolSession<P>,
    buffer: &str,
    direction: Direction,
) -> Vec<String> {
    let row = P::BUFFERS.iter().position(|row| row.info.name == buffer).unwrap();
    let values = (0..).map_while(|nth| match session.value(0, BufferId::at(row), direction, nth) {
        Value::Bytes(octets) => Some(String::from_utf8_lossy(octets).into_owned()),
        Value::Uint(number) => Some(number.to_string()),
        _ => None,
    });
    values.collect()
}

fn eve<P: Protocol<Tx = DnsTransaction>>(session: &ProtocolSession<P>, position: usize) -> String {
    let mut out = Vec::new();
    session.log(position, 0, LogForm::Own(0), &def::<P>().default_eve_options(), &mut Object::new(&mut out));
    String::from_utf8(out).unwrap()
}

fn events<P: Protocol<Tx = DnsTransaction>>(session: &ProtocolSession<P>) -> Vec<u16> {
    session.transactions().head(0).map(|head| head.events.iter().map(|event| event.0).collect()).unwrap_or_default()
}

#[test]
fn a_request_is_looked_into_on_its_way_to_the_server() {
    let session = datagram::<Dns>(TO_SERVER, &query("www.example.com"));
    for buffer in ["dns.query", "dns.query.name", "dns.queries.rrname"] {
        assert_eq!(values(&session, buffer, TO_SERVER), ["www.example.com"], "{buffer}");
        assert_eq!(values(&session, buffer, TO_CLIENT), [""; 0], "{buffer}");
    }
    assert_eq!(values(&session, "dns.rrtype", TO_SERVER), ["1"]);
    assert_eq!(values(&session, "dns.rcode", TO_SERVER), ["0"]);
    assert_eq!(values(&session, "dns.response.rrname", TO_SERVER), [""; 0]);
    let head = session.transactions().head(0).unwrap();
    assert_eq!((head.progress, head.skip_inspection), (PerDirection::both(1), PerDirection::new(false, true)));
    assert_eq!(
        eve(&session, 0),
        r#"{"version":3,"type":"request","tx_id":0,"id":7,"flags":"100","rd":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"www.example.com","rrtype":"A"}]}"#
    );
}

#[test]
fn a_response_has_names_of_all_sections() {
    let session = datagram::<Dns>(TO_CLIENT, &response());
    assert_eq!(events(&session), []);
    assert_eq!(
        values(&session, "dns.answers.rrname", TO_CLIENT),
        ["www.example.com", "edge.example.net", "www.example.com"]
    );
    assert_eq!(values(&session, "dns.authorities.rrname", TO_CLIENT), ["example.com"]);
    assert_eq!(values(&session, "dns.additionals.rrname", TO_CLIENT), ["glue.example.com"], "behind the root's");
    assert_eq!(
        values(&session, "dns.response.rrname", TO_CLIENT),
        [
            "www.example.com",
            "www.example.com",
            "edge.example.net",
            "edge.example.net",
            "www.example.com",
            "example.com",
            "ns.example.com",
            "glue.example.com"
        ]
    );
    assert_eq!(values(&session, "dns.rrtype", TO_CLIENT), ["5", "1", "16"]);
    assert_eq!(
        eve(&session, 0),
        concat!(
            r#"{"version":3,"type":"response","tx_id":0,"id":7,"flags":"8180","qr":true,"rd":true,"ra":true,"opcode":0,"rcode":"NOERROR","#,
            r#""queries":[{"rrname":"www.example.com","rrtype":"A"}],"answers":["#,
            r#"{"rrname":"www.example.com","rrtype":"CNAME","ttl":60,"rdata":"edge.example.net"},"#,
            r#"{"rrname":"edge.example.net","rrtype":"A","ttl":60,"rdata":"192.0.2.1"},"#,
            r#"{"rrname":"www.example.com","rrtype":"TXT","ttl":60,"rdata":"one"},"#,
            r#"{"rrname":"www.example.com","rrtype":"TXT","ttl":60,"rdata":"two"}],"#,
            r#""grouped":{"CNAME":["edge.example.net"],"A":["192.0.2.1"],"TXT":["one","two"]},"#,
            r#""authorities":[{"rrname":"example.com","rrtype":"SOA","ttl":60,"soa":{"mname":"ns.example.com","rname":"admin.example.com","serial":0,"refresh":0,"retry":0,"expire":0,"minimum":0}}],"#,
            r#""additionals":[{"rrname":"glue.example.com","rrtype":"AAAA","ttl":60,"rdata":"0101:0101:0101:0101:0101:0101:0101:0101"}]}"#,
        )
    );
}

#[test]
fn what_can_be_read_of_a_broken_message_stays() {
    let whole = response();
    let cut = &whole[..whole.len() - 1];
    let session = datagram::<Dns>(TO_CLIENT, cut);
    assert_eq!(events(&session), [DnsEvent::InvalidAdditionals as u16]);
    assert_eq!(values(&session, "dns.answers.rrname", TO_CLIENT).len(), 3);
    let bad = record(&ASKED, rrtype::TXT, b"\x09short");
    let answers = [record(&ASKED, rrtype::A, &[192, 0, 2, 1]), bad];
    let session = datagram::<Dns>(TO_CLIENT, &message(1, 0x8000, [&[question("a.b", 1)], &answers, &[], &[]]));
    assert_eq!(events(&session), [DnsEvent::MalformedData as u16]);
    assert_eq!(values(&session, "dns.response.rrname", TO_CLIENT), ["a.b", "a.b"]);
}

#[test]
fn what_is_odd_is_an_event() {
    let odd = |direction, flags| {
        let octets = message(1, flags, [&[question("a.b", 1)], &[], &[], &[]]);
        events(&datagram::<Dns>(direction, &octets))
    };
    assert_eq!(odd(TO_SERVER, 0x0040), [DnsEvent::ZFlagSet as u16]);
    assert_eq!(odd(TO_SERVER, 0x3800), [DnsEvent::InvalidOpcode as u16]);
    assert_eq!(odd(TO_SERVER, 0x3000), [], "DSO is assigned");
    assert_eq!(odd(TO_CLIENT, 0x0000), [DnsEvent::NotResponse as u16]);
    assert_eq!(odd(TO_SERVER, 0x8000), [DnsEvent::NotRequest as u16]);
    let long = "x".repeat(60) + &format!(".{}", "y".repeat(60)).repeat(20);
    assert_eq!(events(&datagram::<Dns>(TO_SERVER, &query(&long))), [DnsEvent::NameTooLong as u16]);
}

#[test]
fn updates_delete_by_records_without_data() {
    // RFC 2136 section 2.5.1: TYPE SRV, CLASS NONE, no data.
    let mut gone = name("_ldap.example.com");
    gone.extend([0, 33, 0, 254, 0, 0, 0, 0, 0, 0]);
    let session = datagram::<Dns>(TO_SERVER, &message(1, 0x2800, [&[question("example.com", 6)], &[], &[gone], &[]]));
    assert_eq!(events(&session), []);
    assert_eq!(values(&session, "dns.opcode", TO_SERVER), ["5"]);
}

#[test]
fn what_is_no_message_opens_nothing() {
    for octets in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 11], &message(1, 0, [&[], &[], &[], &[]])] {
        assert!(datagram::<Dns>(TO_SERVER, octets).transactions().is_empty(), "{octets:?}");
    }
}

#[test]
fn multicast_goes_one_way() {
    let octets = message(0, 0x8400, [&[], &[record(&name("host.local"), rrtype::A, &[10, 0, 0, 1])], &[], &[]]);
    for direction in Direction::BOTH {
        let session = datagram::<Mdns>(direction, &octets);
        assert_eq!(session.transactions().head(0).unwrap().skip_inspection, PerDirection::new(false, true));
        assert_eq!(values(&session, "mdns.answers.rrname", TO_SERVER), ["host.local"]);
        assert_eq!(values(&session, "mdns.response.rrname", TO_SERVER), ["host.local"]);
        assert_eq!(
            eve(&session, 0),
            r#"{"type":"response","id":0,"flags":["aa"],"opcode":0,"rcode":0,"answers":[{"rrname":"host.local","a":"10.0.0.1"}]}"#
        );
    }
}

#[test]
fn after_a_gap_the_next_message_is_found() {
    let mut session = ProtocolSession::<Dns>::with_settings(&ProtocolSettings::default());
    let mut harness = ParseHarness::to_port(53);
    session.gap(TO_SERVER, 100, &mut harness.context()).unwrap();
    let octets = [&b"the end of a message"[..], &framed(&query("found.example.com"))].concat();
    let input = ParseInput { data: &octets, offset: 100, last: false };
    let step = session.parse(TO_SERVER, input, &mut harness.context()).unwrap();
    assert_eq!((step.consumed, session.transactions().len()), (octets.len(), 1));
    assert_eq!(values(&session, "dns.query", TO_SERVER), ["found.example.com"]);
}

#[test]
fn a_stream_of_nonsense_is_given_up() {
    let mut session = ProtocolSession::<Dns>::with_settings(&ProtocolSettings::default());
    let mut harness = ParseHarness::to_port(53);
    let nonsense = framed(&[0xff; 20]).repeat(40);
    let input = ParseInput { data: &nonsense, offset: 0, last: false };
    assert!(session.parse(TO_SERVER, input, &mut harness.context()).is_err());
    assert!(session.transactions().is_empty());
}

/// A conversation over a stream.
fn script() -> Vec<(Direction, Vec<u8>)> {
    let requests = ["one.example.com", "two.example.com"].map(|text| (TO_SERVER, framed(&query(text))));
    let mut script = requests.to_vec();
    script.push((TO_SERVER, vec![0, 0]));
    script.push((TO_CLIENT, framed(&response())));
    script.push((TO_CLIENT, framed(&response()[..40])));
    script.push((TO_SERVER, framed(&query("three.example.com"))));
    script
}

fn told(session: &ProtocolSession<Dns>) -> PerDirection<Vec<String>> {
    let mut all = PerDirection::<Vec<String>>::default();
    for position in 0..session.transactions().len() {
        let direction = session.log_due(position, 0, true).unwrap();
        let events = session.transactions().head(position).unwrap().events.clone();
        // Numbers of transactions count over both directions, and depend on which is read first.
        let event = eve(session, position).replace(&format!("\"tx_id\":{position}"), "");
        all[direction].push(format!("{event} {events:?}"));
    }
    all
}

proptest! {
    #[test]
    fn any_segmentation_gives_the_same_transactions(cuts in prop::collection::vec(0_usize..120, 0..24)) {
        let script = script();
        let whole: Vec<_> = script.iter().map(|(direction, octets)| (*direction, octets.as_slice())).collect();
        let expected = told(&stream(&whole));
        prop_assert_eq!(expected[TO_SERVER].len() + expected[TO_CLIENT].len(), 5);
        let mut pieces = Vec::new();
        for (direction, octets) in &script {
            let mut places: Vec<_> = cuts.iter().map(|cut| cut % octets.len()).collect();
            places.sort_unstable();
            let mut from = 0;
            for to in places.into_iter().chain([octets.len()]) {
                pieces.push((*direction, &octets[from..to]));
                from = to;
            }
        }
        prop_assert_eq!(told(&stream(&pieces)), expected);
    }

    #[test]
    fn changed_messages_do_no_harm(place in 0_usize..200, octet: u8, cut in 0_usize..200) {
        let mut octets = response();
        let place = place % octets.len();
        octets[place] = octet;
        octets.truncate(octets.len() - cut % octets.len());
        for direction in Direction::BOTH {
            let session = datagram::<Dns>(direction, &octets);
            for position in 0..session.transactions().len() {
                let _text = eve(&session, position);
            }
        }
    }
}

#[test]
fn a_name_of_a_link_is_asked_of_all_and_answered_by_anybody() {
    let ask = [&[0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4][..], b"wpad", &[0, 0, 1, 0, 1]].concat();
    let asked = datagram::<Llmnr>(TO_SERVER, &ask);
    assert_eq!(values(&asked, "llmnr.queries.rrname", TO_SERVER), ["wpad"]);
    assert_eq!(
        eve(&asked, 0),
        r#"{"type":"request","id":9,"opcode":0,"rcode":0,"queries":[{"rrname":"wpad","rrtype":"a"}]}"#
    );
    let mut answer = [&ask[..], &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 0, 0, 66]].concat();
    answer[2] = 0x85;
    answer[7] = 1;
    // Whoever answers opens a flow of its own.
    for direction in [TO_SERVER, TO_CLIENT] {
        let answered = datagram::<Llmnr>(direction, &answer);
        assert_eq!(values(&answered, "llmnr.answers.rrname", TO_SERVER), ["wpad"]);
        assert_eq!(
            eve(&answered, 0),
            r#"{"type":"response","id":9,"flags":["c","t"],"opcode":0,"rcode":0,"queries":[{"rrname":"wpad","rrtype":"a"}],"answers":[{"rrname":"wpad","a":"10.0.0.66"}]}"#
        );
    }
}
