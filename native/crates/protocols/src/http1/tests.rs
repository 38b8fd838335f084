//! Conversations.

use std::io::Write as _;

use proptest::prelude::*;
use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{
    AppLayerResult, EveTypeOptions, LogForm, ParseContext, ParseFailed, ParseInput, ProtocolSession, ProtocolSettings,
    Session, Value, def,
};
use sidewire_base::{BufferId, Direction};
use sidewire_eve::Object;

use super::{Http1, buffers::BUFFERS, event::HttpEvent, log::LOGGERS};

const C: Direction = Direction::ToServer;
const S: Direction = Direction::ToClient;

/// A flow under test: octets go in, in pieces, and what was not consumed is handed in again.
struct Flow {
    session: ProtocolSession<Http1>,
    pending: [Vec<u8>; 2],
    harness: ParseHarness,
    options: EveTypeOptions,
}

impl Flow {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(settings: &[(&'static str, &'static str)]) -> Self {
        Self {
            session: ProtocolSession::with_settings(&ProtocolSettings::new(settings.iter().copied())),
            pending: Default::default(),
            harness: ParseHarness::to_port(80),
            options: def::<Http1>().default_eve_options(),
        }
    }

    /// A flow whose events are written by an output with options.
    fn told(options: &[(&'static str, &'static str)]) -> Self {
        let own = ProtocolSettings::new(options.iter().copied());
        Self { options: (def::<Http1>().eve_options)(&own, &ProtocolSettings::default()), ..Self::new() }
    }

    fn run<T>(
        &mut self,
        run: impl FnOnce(&mut ProtocolSession<Http1>, &mut [Vec<u8>; 2], &mut ParseContext<'_>) -> T,
    ) -> T {
        run(&mut self.session, &mut self.pending, &mut self.harness.context())
    }

    fn feed(&mut self, direction: Direction, data: &[u8], last: bool) -> Result<AppLayerResult, ParseFailed> {
        self.run(|session, pending, context| {
            let buffer = &mut pending[direction.index()];
            buffer.extend_from_slice(data);
            let step = session.parse(direction, ParseInput { data: buffer, offset: 0, last }, context)?;
            buffer.drain(..step.consumed);
            Ok(step)
        })
    }

    /// Says something.
    fn say(mut self, direction: Direction, data: impl AsRef<[u8]>) -> Self {
        self.feed(direction, data.as_ref(), false).unwrap();
        self
    }

    fn gap(mut self, direction: Direction, length: u64) -> Self {
        self.run(|session, pending, context| {
            pending[direction.index()].clear();
            session.gap(direction, length, context).unwrap();
        });
        self
    }

    fn close(mut self) -> Self {
        for direction in Direction::BOTH {
            let _ignored = self.feed(direction, b"", true);
            self.run(|session, _, context| session.close(direction, context));
        }
        self
    }

    fn items(&self, position: usize, name: &str, direction: Direction) -> Vec<String> {
        let row = BUFFERS.iter().position(|row| row.info.name == name).unwrap_or_else(|| panic!("no row {name}"));
        let text = |octets: &[u8]| octets.escape_ascii().to_string();
        (0..)
            .map_while(|nth| match self.session.value(position, BufferId::at(row), direction, nth) {
                Value::Absent => None,
                _ if nth > 0 && !matches!(BUFFERS[row].info.kind, sidewire_app_layer::BufferKind::Multi) => None,
                Value::Bytes(octets) => Some(text(octets)),
                Value::Body { data, complete, .. } => {
                    Some(format!("{}{}", text(data), if complete { "" } else { ".." }))
                }
                Value::Uint(number) => Some(number.to_string()),
                Value::Interfaces(_) => None,
            })
            .collect()
    }

    fn get(&self, position: usize, name: &str, direction: Direction) -> Option<String> {
        self.items(position, name, direction).into_iter().next()
    }

    fn request(&self, name: &str) -> String {
        self.get(0, name, C).unwrap_or_else(|| "(absent)".into())
    }

    fn response(&self, name: &str) -> String {
        self.get(0, name, S).unwrap_or_else(|| "(absent)".into())
    }

    fn events(&self, position: usize) -> Vec<&'static str> {
        let head = self.session.transactions().head(position).unwrap();
        head.events.iter().map(|event| HttpEvent::EVENTS[event.index()].name).collect()
    }

    fn progress(&self, position: usize) -> [u8; 2] {
        self.session.transactions().head(position).unwrap().progress.into_array()
    }

    fn eve(&self, position: usize, logger: usize) -> String {
        let mut out = Vec::new();
        self.session.log(position, logger, LogForm::Own(0), &self.options, &mut Object::new(&mut out));
        String::from_utf8(out).unwrap()
    }

    /// The events of the files of a direction of a transaction.
    fn files(&self, position: usize, direction: Direction) -> Vec<String> {
        let (files, id) =
            (self.session.files(position).unwrap(), self.session.transactions().head(position).unwrap().id);
        let event = |file| {
            let mut out = Vec::new();
            sidewire_files::write_fileinfo(file, id, &mut Object::new(&mut out));
            String::from_utf8(out).unwrap()
        };
        files.of(direction).iter().map(event).collect()
    }

    /// Everything there is to see of all transactions.
    fn everything(&self) -> String {
        let mut out = Vec::new();
        for position in 0..self.session.transactions().len() {
            writeln!(out, "{position} {:?} {:?}", self.progress(position), self.events(position)).unwrap();
            for direction in Direction::BOTH {
                for row in BUFFERS {
                    let items = self.items(position, row.info.name, direction);
                    writeln!(out, "  {} {direction:?} {items:?}", row.info.name).unwrap();
                }
            }
            for logger in 0..LOGGERS.len() {
                writeln!(out, "  {}", self.eve(position, logger)).unwrap();
            }
            writeln!(out, "  {:?} {:?}", self.files(position, C), self.files(position, S)).unwrap();
        }
        String::from_utf8(out).unwrap()
    }
}

const GET: &str =
    "GET /a/../b?c=%41 HTTP/1.1\r\nHost: Example.COM:8080\r\nUser-Agent: me\r\nCookie: x=1\r\nAccept: */*\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nServer: it\r\nContent-Type: text/html; charset=x\r\nSet-Cookie: y\r\nContent-Length: 5\r\n\r\nhello";

#[test]
fn shows_a_request_and_its_response() {
    let flow = Flow::new().say(C, GET).say(S, OK);
    assert_eq!(flow.progress(0), [5, 5]);
    for (name, want) in [
        ("http.uri", "/b?c=A"),
        ("http.uri.raw", "/a/../b?c=%41"),
        ("http.method", "GET"),
        ("http.protocol", "HTTP/1.1"),
        ("http.request_line", "GET /a/../b?c=%41 HTTP/1.1"),
        ("http.header", r"Host: Example.COM:8080\r\nUser-Agent: me\r\nAccept: */*\r\n"),
        ("http.header_names", r"\r\nHost\r\nUser-Agent\r\nCookie\r\nAccept\r\n\r\n"),
        ("http.cookie", "x=1"),
        ("http.user_agent", "me"),
        ("http.host", "example.com"),
        ("http.host.raw", "Example.COM:8080"),
        ("http.accept", "*/*"),
        ("http.referer", "(absent)"),
        ("http.request_body", "(absent)"),
        ("urilen", "6"),
        ("urilen.raw", "13"),
    ] {
        assert_eq!(flow.request(name), want, "{name}");
    }
    for (name, want) in [
        ("http.protocol", "HTTP/1.1"),
        ("http.stat_code", "200"),
        ("http.stat_msg", "OK"),
        ("http.server", "it"),
        ("http.cookie", "y"),
        ("http.content_len", "5"),
        ("http.header", r"Server: it\r\nContent-Type: text/html; charset=x\r\nContent-Length: 5\r\n"),
        ("http.response_body", "hello"),
        ("file.data", "hello"),
    ] {
        assert_eq!(flow.response(name), want, "{name}");
    }
    let headers = flow.items(0, "http.request_header", C);
    assert_eq!(headers, ["Host: Example.COM:8080", "User-Agent: me", "Cookie: x=1", "Accept: */*"]);
    assert_eq!(flow.events(0), ["request_server_port_tcp_port_mismatch"]);
}

#[test]
fn writes_the_http_event() {
    let flow = Flow::told(&[("extended", "yes")]).say(C, GET).say(S, OK);
    assert_eq!(
        flow.eve(0, 0),
        r#"{"hostname":"example.com","http_port":8080,"url":"/a/../b?c=%41","http_user_agent":"me","http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":5}"#
    );
    let event = r#"{"filename":"/b","gaps":false,"state":"CLOSED","stored":false,"size":5,"tx_id":0}"#;
    assert_eq!(flow.files(0, S), [event]);
    let flow = Flow::told(&[("custom", "server"), ("dump-all-headers", "response")])
        .say(C, "GET / HTTP/1.0\r\n\r\n")
        .say(S, "HTTP/1.0 206 x\r\nServer: s\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        flow.eve(0, 0),
        r#"{"url":"/","content_range":{"raw":"bytes 0-4/9","start":0,"end":4,"size":9},"server":"s","response_headers":[{"name":"Server","value":"s"},{"name":"Content-Range","value":"bytes 0-4/9"},{"name":"Content-Length","value":"0"}]}"#
    );
}

#[test]
fn pairs_pipelined_requests_with_their_responses() {
    let flow = Flow::new()
        .say(C, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nabGET /3 HTTP/1.1\r\nHost: h\r\n\r\n")
        .say(S, "HTTP/1.1 200 A\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 204 B\r\n\r\nHTTP/1.1 200 C\r\nContent-Length: 0\r\n\r\n");
    let all: Vec<_> =
        (0..3).map(|n| (flow.get(n, "http.uri", C).unwrap(), flow.get(n, "http.stat_msg", S).unwrap())).collect();
    assert_eq!(all, [("/1".into(), "A".into()), ("/2".into(), "B".into()), ("/3".into(), "C".into())]);
    assert_eq!(flow.get(1, "http.request_body", C).unwrap(), "ab");
    assert!((0..3).all(|n| flow.progress(n) == [5, 5] && flow.events(n).is_empty()));
}

#[test]
fn joins_chunks_in_both_directions() {
    let chunks = "3\r\nabc\r\n5;ext=1\r\ndefgh\r\n0\r\nTrailer: t\r\n\r\n";
    let flow = Flow::new()
        .say(C, format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"))
        .say(S, format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"));
    assert_eq!(flow.request("http.request_body"), "abcdefgh");
    assert_eq!(flow.response("http.response_body"), "abcdefgh");
    assert_eq!(flow.request("http.header"), r"Host: h\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n");
    assert_eq!(flow.progress(0), [5, 5]);
    assert_eq!(flow.events(0), ["request_chunk_extension", "response_chunk_extension"]);
}

#[test]
fn undoes_content_encodings() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"compressed content").unwrap();
    let gzip = gzip.finish().unwrap();
    let mut response =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", gzip.len()).into_bytes();
    response.extend_from_slice(&gzip);
    let flow = Flow::new().say(C, GET).say(S, response);
    assert_eq!(flow.response("file.data"), "compressed content");
    let lie = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain";
    let flow = Flow::new().say(C, GET).say(S, lie);
    assert_eq!(flow.response("file.data"), "plain");
    assert!(flow.events(0).contains(&"gzip_decompression_failed"));
}

#[test]
fn waits_out_100_continue() {
    let flow = Flow::new()
        .say(C, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        .say(S, "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n")
        .say(C, "body")
        .say(S, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((flow.session.transactions().len(), flow.request("http.request_body").as_str()), (1, "body"));
    assert_eq!(flow.response("http.stat_code"), "201");
    assert_eq!(flow.response("http.header"), r"Content-Length: 0\r\n");
    let refused = Flow::new()
        .say(C, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        .say(S, "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")
        .say(C, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(refused.get(1, "http.uri", C).unwrap(), "/2");
}

#[test]
fn speaks_http_0_9_when_nothing_speaks_against_it() {
    let flow = Flow::new().say(C, "GET /old\r\n").say(S, "<html>").say(S, "more").close();
    assert_eq!((flow.request("http.uri"), flow.request("http.protocol")), ("/old".into(), "(absent)".into()));
    assert_eq!(flow.response("http.response_body"), "<html>more");
    let flow = Flow::new().say(C, "GET /new\r\nUser-Agent: me\r\n\r\n").say(S, OK);
    assert_eq!(flow.request("http.user_agent"), "me");
    assert_eq!(flow.events(0), ["request_line_missing_protocol"]);
    let flow = Flow::new().say(C, "GET /old\r\n").say(S, "<html>").say(C, "ignored\r\n").close();
    assert_eq!(flow.session.transactions().len(), 1);
}

#[test]
fn reads_a_body_up_to_the_end_of_the_connection() {
    let flow = Flow::new().say(C, GET).say(S, "HTTP/1.0 200 OK\r\n\r\npart one, ").say(S, "part two");
    assert_eq!(flow.response("http.response_body"), "(absent)", "too little to be worth a look");
    let flow = flow.close();
    assert_eq!(flow.response("http.response_body"), "part one, part two");
    assert_eq!(flow.progress(0), [5, 5]);
}

#[test]
fn hands_over_after_connect_and_upgrade() {
    let mut flow = Flow::new().say(C, "CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n\r\n\x16\x03");
    let step = flow.feed(S, b"HTTP/1.1 200 Established\r\n\r\n\x16", false).unwrap();
    assert_eq!((step.switch, step.consumed), (Some(""), 28));
    assert_eq!((flow.pending[0].as_slice(), flow.progress(0)), (&b"\x16\x03"[..], [5, 5]));
    let flow = Flow::new()
        .say(C, "CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n\r\n")
        .say(S, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        .say(C, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(flow.session.transactions().len(), 2);
    for (upgrade, want) in [("websocket", Some("websocket")), ("h2c", Some("http2")), ("other", None)] {
        let mut flow = Flow::new().say(C, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        let answer = format!("HTTP/1.1 101 x\r\nUpgrade: {upgrade}\r\n\r\n");
        let step = flow.feed(S, answer.as_bytes(), false).unwrap();
        assert_eq!((step.switch, step.finished), (want, want.is_none()));
    }
}

#[test]
fn goes_on_behind_gaps() {
    let flow = Flow::new()
        .say(C, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        .say(S, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        .gap(S, 4)
        .say(S, "hij")
        .say(S, OK);
    assert_eq!(
        (flow.get(0, "http.response_body", S).unwrap(), flow.get(1, "http.response_body", S).unwrap()),
        ("abchij".into(), "hello".into())
    );
    assert!(flow.files(0, S)[0].contains(r#""gaps":true,"state":"TRUNCATED","stored":false,"size":10"#));
    let flow = Flow::new()
        .say(C, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        .say(S, "HTTP/1.1 200 OK\r\nContent-Len")
        .gap(S, 100)
        .say(S, "tail of something\r\n")
        .say(S, OK);
    assert_eq!(flow.get(1, "http.response_body", S).unwrap(), "hello");
}

#[test]
fn takes_a_response_whose_request_was_not_seen() {
    let flow = Flow::new().say(S, OK);
    assert_eq!(flow.request("http.uri.raw"), "/libhtp::request_uri_not_seen");
    assert_eq!(flow.events(0), ["unable_to_match_response_to_request"]);
    assert_eq!(flow.progress(0), [5, 5]);
    let flow = flow.say(C, GET).say(S, OK);
    assert_eq!(flow.get(1, "http.stat_code", S).unwrap(), "200");
}

#[test]
fn raises_what_is_odd() {
    for (request, want) in [
        ("GET / HTTP/1.1\r\n\r\n", "missing_host_header"),
        (" GET / HTTP/1.0\r\n\r\n", "request_line_leading_whitespace"),
        ("GET\t/ HTTP/1.0\r\n\r\n", "method_delim_non_compliant"),
        ("GET /\tHTTP/1.0\r\n\r\n", "uri_delim_non_compliant"),
        ("FOO / BAR/1.0\r\n\r\n", "request_line_invalid"),
        ("GET http://a.b/ HTTP/1.1\r\nHost: c.d\r\n\r\n", "host_header_ambiguous"),
        ("GET http://a..b/ HTTP/1.1\r\nHost: c.d\r\n\r\n", "request_uri_host_invalid"),
        ("GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", "request_header_host_invalid"),
        ("GET / HTTP/1.0\r\nno colon\r\n\r\n", "request_field_missing_colon"),
        ("GET / HTTP/1.0\r\nbad(name): x\r\n\r\n", "request_header_invalid"),
        ("GET / HTTP/1.0\r\nA: 1\r\nA: 2\r\n\r\n", "request_header_repetition"),
        ("GET / HTTP/1.0\r\nAuthorization: Odd x\r\n\r\n", "request_auth_unrecognized"),
        (
            "GET / HTTP/1.0\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n",
            "duplicate_content_length_field_in_request",
        ),
        (
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "invalid_transfer_encoding_value_in_request",
        ),
        ("GET / HTTP/1.0\r\n\r\njunk junk\r\n", "request_body_unexpected"),
        ("POST / HTTP/1.0\r\nContent-Encoding: a, b, c\r\n\r\n", "abnormal_ce_header"),
    ] {
        let flow = Flow::new().say(C, request);
        assert!(flow.events(0).contains(&want), "{request:?}: {:?}", flow.events(0));
    }
    for (response, want) in [
        ("HTTP/7 200 OK\r\n\r\n", "response_invalid_protocol"),
        ("HTTP/1.1 2000 OK\r\n\r\n", "response_invalid_status"),
        ("HTTP/1.1 200 OK\r\nno colon\r\nA: b\r\n\r\n", "response_field_missing_colon"),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "response_chunked_old_proto"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: x, chunked\r\n\r\n", "response_abnormal_transfer_encoding"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "invalid_response_chunk_len"),
        ("HTTP/1.1 206 OK\r\nContent-Range: lines 1-2/3\r\n\r\n", "range_invalid"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip\r\n\r\n", "too_many_encoding_layers"),
        ("HTTP/1.1 204 OK\r\nContent-Length: 3\r\n\r\nabc", "response_body_unexpected"),
    ] {
        let flow = Flow::new().say(C, GET).say(S, response);
        assert!(flow.events(0).contains(&want), "{response:?}: {:?}", flow.events(0));
    }
}

#[test]
fn gives_up_where_nobody_could_go_on() {
    for request in ["POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n"] {
        assert_eq!(Flow::new().feed(C, request.as_bytes(), false), Err(ParseFailed));
    }
    let endless = vec![b'a'; 20_000];
    assert_eq!(Flow::new().feed(C, &endless, false), Err(ParseFailed));
    let headers: String = (0..2000).map(|n| format!("h{n}: v\r\n")).collect();
    let mut flow = Flow::new();
    assert_eq!(flow.feed(C, format!("GET / HTTP/1.1\r\n{headers}\r\n").as_bytes(), false), Err(ParseFailed));
    assert!(flow.events(0).contains(&"request_too_many_headers"));
}

#[test]
fn finds_the_files_of_a_form() {
    let body = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.exe\"\r\n\r\nMZ\r\n--b--\r\n";
    let request = format!(
        "POST /up HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let flow = Flow::new().say(C, request);
    assert_eq!(flow.request("file.data"), "MZ");
    let event = r#"{"filename":"a.exe","gaps":false,"state":"CLOSED","stored":false,"size":2,"tx_id":0}"#;
    assert_eq!(flow.files(0, C), [event]);
}

fn conversation() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let message = (0_usize..6, prop::collection::vec(any::<u8>(), 0..60), any::<bool>());
    prop::collection::vec(message, 1..5).prop_map(|messages| {
        let (mut requests, mut responses) = (Vec::new(), Vec::new());
        for (n, (kind, body, fold)) in messages.into_iter().enumerate() {
            let framing = |chunked: bool, body: &[u8]| {
                let mut out = Vec::new();
                if chunked {
                    out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                    for chunk in body.chunks(7) {
                        out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                        out.extend_from_slice(chunk);
                        out.extend_from_slice(b"\r\n");
                    }
                    out.extend_from_slice(b"0\r\nT: t\r\n\r\n");
                } else {
                    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                    out.extend_from_slice(body);
                }
                out
            };
            let odd = if fold { "X: a\r\n b\r\nX: c\r\n" } else { "Y : z\nno colon\n" };
            let (method, line) = if kind % 2 == 0 { ("GET", "\r\n") } else { ("POST", "\n") };
            requests.extend_from_slice(format!("{method} /{n}/./%61?q HTTP/1.1{line}Host: h\r\n{odd}").as_bytes());
            requests.extend_from_slice(&framing(kind < 3, &body));
            responses.extend_from_slice(format!("HTTP/1.1 200 R{n}\r\nServer: s\r\n{odd}").as_bytes());
            responses.extend_from_slice(&framing(kind % 3 == 0, &body));
        }
        (requests, responses)
    })
}

fn pieces(data: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % data.len().max(1)).collect();
    cuts.extend([0, data.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|pair| data[pair[0]..pair[1]].to_vec()).collect()
}

proptest! {
    #[test]
    fn segments_make_no_difference(
        (requests, responses) in conversation(),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let whole = Flow::new().say(C, &requests).say(S, &responses).close();
        let mut cut = Flow::new();
        for piece in pieces(&requests, &cuts) {
            cut = cut.say(C, piece);
        }
        for piece in pieces(&responses, &cuts) {
            cut = cut.say(S, piece);
        }
        let cut = cut.close();
        prop_assert_eq!(cut.everything(), whole.everything());
        prop_assert!((0..whole.session.transactions().len()).all(|n| whole.progress(n) == [5, 5]));
    }

    #[test]
    fn octet_by_octet_is_no_different((requests, responses) in conversation()) {
        let whole = Flow::new().say(C, &requests).say(S, &responses).close();
        let cut = requests.iter().fold(Flow::new(), |flow, octet| flow.say(C, [*octet]));
        let cut = responses.iter().fold(cut, |flow, octet| flow.say(S, [*octet])).close();
        prop_assert_eq!(cut.everything(), whole.everything());
    }

    #[test]
    fn any_octets_are_survived(data in prop::collection::vec(any::<u8>(), 0..2000)) {
        crate::fuzz::protocol("http", &data);
    }

    #[test]
    fn mutated_conversations_are_survived(
        (mut requests, mut responses) in conversation(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..20),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        for (at, octet) in changes {
            for data in [&mut requests, &mut responses] {
                let at = at % data.len();
                data[at] = octet;
            }
        }
        let mut flow = Flow::new();
        for (direction, data) in [(C, &requests), (S, &responses)] {
            for piece in pieces(data, &cuts) {
                if flow.feed(direction, &piece, false).is_err() {
                    break;
                }
            }
        }
        flow.close().everything();
    }
}
