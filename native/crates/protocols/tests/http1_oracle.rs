//! HTTP/1 against suricata-htp, the parser inside Suricata: the same octets must give the same requests, responses,
//! headers and bodies.
//!
//! One difference is wanted and left out here: an empty line directly after a status line that ends in LF ends the
//! headers, as it does in browsers; suricata-htp reads the body as headers when it arrives in the same segment.
#![allow(unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]

use core::cell::RefCell;
use core::ptr;

use proptest::prelude::*;
use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{ParseInput, ProtocolSession, ProtocolSettings, Session, Value, def};
use sidewire_base::{BufferId, Direction};
use sidewire_protocols::http1::Http1;
use suricata_htp::HtpStatus;
use suricata_htp::bstr::Bstr;
use suricata_htp::c_api::{config::*, connection_parser::*, header::*, transaction::*};
use suricata_htp::config::HtpServerPersonality;
use suricata_htp::connection_parser::ConnectionParser;
use suricata_htp::transaction::{Data, Header, Transaction};

/// What both say of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    method: String,
    target: String,
    normalised: String,
    host: String,
    status: String,
    message: String,
    headers: [Vec<String>; 2],
    bodies: [String; 2],
}

thread_local! {
    /// Bodies the callbacks of suricata-htp received: transaction, direction, octets.
    static BODIES: RefCell<Vec<(usize, usize, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
}

/// Keeps a piece of a body.
///
/// # Safety
/// `data` comes from suricata-htp, which calls this while it is valid.
unsafe fn keep(direction: usize, data: *mut Data) -> HtpStatus {
    // SAFETY: see above; a null pointer marks the end of a body.
    unsafe {
        let octets = htp_tx_data_data(data);
        let length = usize::try_from(htp_tx_data_len(data)).unwrap_or(0);
        if !octets.is_null() && length > 0 {
            let piece = core::slice::from_raw_parts(octets, length).to_vec();
            let index = htp_tx_index(htp_tx_data_tx(data));
            BODIES.with_borrow_mut(|bodies| bodies.push((index, direction, piece)));
        }
    }
    HtpStatus::OK
}

unsafe extern "C" fn request_body(_: *const ConnectionParser, data: *mut Data) -> HtpStatus {
    // SAFETY: called by suricata-htp with its own data.
    unsafe { keep(0, data) }
}

unsafe extern "C" fn response_body(_: *const ConnectionParser, data: *mut Data) -> HtpStatus {
    // SAFETY: called by suricata-htp with its own data.
    unsafe { keep(1, data) }
}

fn show(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

/// What suricata-htp says, configured as Suricata configures it.
fn theirs(requests: &[u8], responses: &[u8]) -> Vec<Seen> {
    BODIES.take();
    let mut out = Vec::new();
    // SAFETY: the C interface is used as it is meant to be: everything is created, used and destroyed here, on one thread;
    // the texts it returns live as long as their transaction.
    unsafe {
        let config = htp_config_create();
        htp_config_set_server_personality(config, HtpServerPersonality::IDS);
        htp_config_set_convert_lowercase(config, 0);
        htp_config_set_plusspace_decode(config, 0);
        htp_config_set_allow_space_uri(config, true);
        htp_config_set_request_decompression(config, 1);
        htp_config_set_lzma_memlimit(config, 0);
        htp_config_register_request_body_data(config, request_body);
        htp_config_register_response_body_data(config, response_body);
        let parser = htp_connp_create(config);
        htp_connp_open(parser, ptr::null(), 40_000, ptr::null(), 80, ptr::null());
        htp_connp_request_data(parser, ptr::null(), requests.as_ptr().cast(), requests.len());
        htp_connp_response_data(parser, ptr::null(), responses.as_ptr().cast(), responses.len());
        htp_connp_close(parser, ptr::null());
        let text = |text: *const Bstr| text.as_ref().map_or_else(String::new, |text| show(text.as_slice()));
        let header = |header: *const Header| {
            header
                .as_ref()
                .map(|header| format!("{}: {}", text(htp_header_name(header)), text(htp_header_value(header))))
        };
        for position in 0..usize::try_from(htp_connp_tx_size(parser)).unwrap_or(0) {
            let tx: *const Transaction = htp_connp_tx(parser, position);
            if tx.is_null() {
                continue;
            }
            let responses = htp_tx_response_headers(tx);
            let count = usize::try_from(htp_headers_size(responses)).unwrap_or(0);
            out.push(Seen {
                method: text(htp_tx_request_method(tx)),
                target: text(htp_tx_request_uri(tx)),
                normalised: text(htp_tx_normalized_uri(tx)),
                host: text(htp_tx_request_hostname(tx)),
                status: text(htp_tx_response_status(tx)),
                message: text(htp_tx_response_message(tx)),
                headers: [
                    (0..usize::try_from(htp_tx_request_headers_size(tx)).unwrap_or(0))
                        .filter_map(|n| header(htp_tx_request_header_index(tx, n)))
                        .collect(),
                    (0..count).filter_map(|n| header(htp_headers_get_index(responses, n))).collect(),
                ],
                bodies: [0, 1].map(|direction| {
                    BODIES.with_borrow(|bodies| {
                        let of_this = bodies.iter().filter(|(tx, side, _)| (*tx, *side) == (position, direction));
                        show(&of_this.flat_map(|(_, _, piece)| piece.iter().copied()).collect::<Vec<u8>>())
                    })
                }),
            });
        }
        htp_connp_destroy_all(parser);
        htp_config_destroy(config);
    }
    out
}

/// What this engine says.
fn ours(requests: &[u8], responses: &[u8]) -> Vec<Seen> {
    let settings = ProtocolSettings::new([("libhtp.default-config.response-body-limit", "1mb")]);
    let mut session = ProtocolSession::<Http1>::with_settings(&settings);
    let mut harness = ParseHarness::to_port(80);
    for (direction, data) in [(Direction::ToServer, requests), (Direction::ToClient, responses)] {
        for last in [false, true] {
            let mut context = harness.context();
            if last {
                session.close(direction, &mut context);
            } else {
                session.parse(direction, ParseInput { data, offset: 0, last: false }, &mut context).unwrap();
            }
        }
    }
    let rows = def::<Http1>().buffers;
    let text = |position: usize, name: &str, direction: Direction, nth: u32| {
        let row = (0..).find(|row| rows(*row).unwrap().name == name).unwrap();
        match session.value(position, BufferId::at(row), direction, nth) {
            Value::Bytes(octets) | Value::Body { data: octets, .. } => Some(show(octets)),
            _ => None,
        }
    };
    (0..session.transactions().len())
        .map(|position| {
            let get = |name, direction| text(position, name, direction, 0).unwrap_or_default();
            let all = |name, direction| (0..).map_while(|nth| text(position, name, direction, nth)).collect();
            let (c, s) = (Direction::ToServer, Direction::ToClient);
            Seen {
                method: get("http.method", c),
                target: get("http.uri.raw", c),
                normalised: get("http.uri", c),
                host: get("http.host", c),
                status: get("http.stat_code", s),
                message: get("http.stat_msg", s),
                headers: [all("http.request_header", c), all("http.response_header", s)],
                bodies: [get("http.request_body", c), get("http.response_body", s)],
            }
        })
        .collect()
}

fn compare(requests: &[u8], responses: &[u8]) {
    let (ours, theirs) = (ours(requests, responses), theirs(requests, responses));
    assert!(!theirs.is_empty(), "the oracle saw nothing");
    assert_eq!(ours, theirs, "\nrequests {}\nresponses {}", show(requests), show(responses));
}

#[test]
fn conversations_are_read_alike() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for (requests, responses) in [
        ("GET /a/../b?c=%41#d HTTP/1.1\r\nHost: Example.COM:80\r\nA: 1\r\nB:2\r\nA: 3\r\n\r\n", ok),
        ("GET http://u:p@Host.:8080/p%2fq//r\\s HTTP/1.0\r\n\r\n", ok),
        ("GET / HTTP/1.1\nHost: h\nX: a\n b\n\tc\n\n", ok),
        (
            "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: i\r\n\r\n",
            "HTTP/1.1 304 A\r\n\r\nHTTP/1.1 200 B\r\nContent-Length: 1\r\n\r\nx",
        ),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: t\r\n\r\n", ok),
        ("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.0 200 Very well\r\nServer: a\r\n b\r\n\r\nuntil the end"),
        (
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "HTTP/1.1 200 OK\rA: b\rTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n C: d\r\nno colon\r\n: x\r\nContent-Length: 1\r\n\r\nx",
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz this is no chunk",
        ),
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokand more\r\n"),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nabjunk\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", ok),
    ] {
        compare(requests.as_bytes(), responses.as_bytes());
    }
}

fn words(alphabet: &'static [&'static str], count: core::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(alphabet), count).prop_map(|words| words.concat())
}

const TARGET: &[&str] = &[
    "/", "/", ".", "..", "a", "B", "%41", "%2f", "%5c", "\\", "%u0061", "%uff0f", "%zz", "%", "%u12", "?", "#", ":",
    "@", "+", "\u{ff0f}", "\u{e9}", "%c0%af", "%00", "http://", "x.y",
];

const HEADER: &[&str] = &[
    "A",
    "B",
    ": ",
    ":",
    " ",
    "\t",
    "v",
    "w",
    "\r\n",
    "\r\n",
    "\r\n",
    "\n",
    "\r\n ",
    "\r\n\t",
    "\r\nA: 1",
    "\r\nHost: h",
    "(",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn targets_are_normalised_alike(target in words(TARGET, 1..12)) {
        compare(format!("GET /{target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes(), b"HTTP/1.1 204 x\r\n\r\n");
        compare(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes(), b"HTTP/1.1 204 x\r\n\r\n");
    }

    #[test]
    fn headers_are_read_alike(block in words(HEADER, 1..14)) {
        let end = block.find("\r\n\r\n").into_iter().chain(block.find("\n\n")).chain(block.find("\n\r\n")).min();
        let block = &block[..end.unwrap_or(block.len())];
        compare(format!("GET / HTTP/1.0\r\nX: y{block}z\r\n\r\n").as_bytes(), b"HTTP/1.1 204 x\r\n\r\n");
        let response = format!("HTTP/1.1 204 x\r\nX: y{block}z\r\n\r\n");
        compare(b"GET / HTTP/1.0\r\n\r\n", response.as_bytes());
    }

    #[test]
    fn bodies_are_read_alike(
        body in prop::collection::vec(any::<u8>(), 1..300),
        sizes in prop::collection::vec(1_usize..50, 1..8),
        request in any::<bool>(),
    ) {
        let mut message = b"Transfer-Encoding: chunked\r\n\r\n".to_vec();
        let (mut rest, mut sizes) = (body.as_slice(), sizes.iter().cycle());
        while !rest.is_empty() {
            let (chunk, tail) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            message.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            message.extend_from_slice(chunk);
            message.extend_from_slice(b"\r\n");
            rest = tail;
        }
        message.extend_from_slice(b"0\r\n\r\n");
        if request {
            compare(&[b"POST / HTTP/1.1\r\nHost: h\r\n", message.as_slice()].concat(), b"HTTP/1.1 204 x\r\n\r\n");
        } else {
            compare(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", &[b"HTTP/1.1 200 OK\r\n", message.as_slice()].concat());
        }
    }
}
