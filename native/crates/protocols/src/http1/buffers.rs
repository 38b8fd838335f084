//! What rules can look into.

use sidewire_app_layer::{Buffer, BufferInfo, BufferKind, Hook, Value};
use sidewire_base::Direction;

use super::transaction::Transaction;
use super::{line, stage};

/// A row of the table below.
const fn row(
    (name, modifier): (&'static str, Option<&'static str>),
    doc: &'static str,
    kind: BufferKind,
    hook: Hook,
    get: for<'t> fn(&'t Transaction, Direction, u32) -> Value<'t>,
) -> Buffer<Transaction> {
    Buffer { info: BufferInfo { name, aliases: &[], modifier, doc, kind, hook }, get }
}

const fn aliased(aliases: &'static [&'static str], mut row: Buffer<Transaction>) -> Buffer<Transaction> {
    row.info.aliases = aliases;
    row
}

fn some(value: Option<&[u8]>) -> Value<'_> {
    value.map_or(Value::Absent, Value::Bytes)
}

macro_rules! header {
    ($name:literal) => {
        |tx, direction, _| some(tx.header(direction, $name))
    };
}

const LINE: Hook = Hook::to_server(stage::LINE);
const REQUEST: Hook = Hook::to_server(stage::HEADERS);
const STATUS: Hook = Hook::to_client(stage::LINE);
const RESPONSE: Hook = Hook::to_client(stage::HEADERS);
const BOTH: Hook = Hook::both(stage::HEADERS, stage::HEADERS);
/// Headers, and again with the trailer.
const TWICE: Hook = BOTH.again(stage::TRAILER);
const BYTES: BufferKind = BufferKind::Bytes;

#[rustfmt::skip]
pub(super) const BUFFERS: &[Buffer<Transaction>] = &[
    aliased(&["uricontent", "http.uri.normalized"], row(("http.uri", Some("http_uri")), "Normalised request target.", BYTES, LINE,
        |tx, _, _| some(tx.normalised().uri.as_deref()))),
    row(("http.uri.raw", Some("http_raw_uri")), "Request target as it was sent.", BYTES, LINE, |tx, _, _| some(tx.uri())),
    row(("http.method", Some("http_method")), "Request method.", BYTES, LINE,
        |tx, _, _| some(tx.request.has_line.then(|| tx.method()))),
    aliased(&["http_protocol"], row(("http.protocol", None), "Version, as it was sent.", BYTES, Hook::both(stage::LINE, stage::LINE), protocol)),
    aliased(&["http_request_line"], row(("http.request_line", None), "First line of the request.", BYTES, LINE,
        |tx, _, _| some(tx.request.has_line.then(|| tx.request.head.text(tx.request.line))))),
    aliased(&["http_response_line"], row(("http.response_line", None), "First line of the response.", BYTES, STATUS,
        |tx, _, _| some(tx.response.has_line.then(|| tx.response.head.text(tx.response.line))))),
    row(("http.request_header", None), "Each request header, `name: value`.", BufferKind::Multi, REQUEST,
        |tx, _, nth| some(tx.header_item(Direction::ToServer, nth as usize))),
    row(("http.response_header", None), "Each response header, `name: value`.", BufferKind::Multi, RESPONSE,
        |tx, _, nth| some(tx.header_item(Direction::ToClient, nth as usize))),
    row(("http.header", Some("http_header")), "Headers without cookies, unfolded, repeated ones joined.", BYTES, TWICE,
        |tx, direction, nth| some(tx.header_text(direction).filter(|_| nth == 0 || tx.trailer(direction).is_some()))),
    row(("http.header.raw", Some("http_raw_header")), "Headers as they were sent.", BYTES, TWICE,
        |tx, direction, nth| some(if nth == 0 { tx.header_block(direction) } else { tx.trailer(direction) })),
    aliased(&["http_header_names"], row(("http.header_names", None), "Names of the headers, between line ends.", BYTES, BOTH,
        |tx, direction, _| some(tx.header_names(direction)))),
    aliased(&["http_start"], row(("http.start", None), "First line and headers.", BYTES, BOTH, |tx, direction, _| some(tx.start(direction)))),
    row(("http.cookie", Some("http_cookie")), "`Cookie` of the request, `Set-Cookie` of the response.", BYTES, BOTH,
        |tx, direction, _| some(match direction {
            Direction::ToServer => tx.header(direction, b"cookie"),
            Direction::ToClient => tx.header(direction, b"set-cookie"),
        })),
    row(("http.user_agent", Some("http_user_agent")), "`User-Agent`.", BYTES, REQUEST, header!(b"user-agent")),
    row(("http.host", Some("http_host")), "Host of the request target or header, lower case, without port.", BYTES, REQUEST,
        |tx, _, _| some(tx.request.host.as_deref())),
    row(("http.host.raw", Some("http_raw_host")), "Host as it was sent.", BYTES, REQUEST, |tx, _, _| some(tx.raw_host())),
    aliased(&["http_accept"], row(("http.accept", None), "`Accept`.", BYTES, REQUEST, header!(b"accept"))),
    aliased(&["http_accept_enc"], row(("http.accept_enc", None), "`Accept-Encoding`.", BYTES, REQUEST, header!(b"accept-encoding"))),
    aliased(&["http_accept_lang"], row(("http.accept_lang", None), "`Accept-Language`.", BYTES, REQUEST, header!(b"accept-language"))),
    aliased(&["http_referer"], row(("http.referer", None), "`Referer`.", BYTES, REQUEST, header!(b"referer"))),
    aliased(&["http_connection"], row(("http.connection", None), "`Connection`.", BYTES, BOTH, header!(b"connection"))),
    aliased(&["http_content_len"], row(("http.content_len", None), "`Content-Length`.", BYTES, BOTH, header!(b"content-length"))),
    aliased(&["http_content_type"], row(("http.content_type", None), "`Content-Type`.", BYTES, BOTH, header!(b"content-type"))),
    row(("http.location", None), "`Location`.", BYTES, RESPONSE, header!(b"location")),
    row(("http.server", None), "`Server`.", BYTES, RESPONSE, header!(b"server")),
    row(("http.stat_code", Some("http_stat_code")), "Status code, as it was sent.", BYTES, STATUS,
        |tx, _, _| some(tx.response.status.map(|span| tx.response.head.text(span)))),
    row(("http.stat_msg", Some("http_stat_msg")), "Reason phrase.", BYTES, STATUS,
        |tx, _, _| some(tx.response.message.map(|span| tx.response.head.text(span)))),
    row(("http.request_body", Some("http_client_body")), "Request body, decoded.", BufferKind::Body,
        Hook::to_server(stage::BODY), |tx, _, _| body(tx, Direction::ToServer)),
    row(("http.response_body", Some("http_server_body")), "Response body, decoded.", BufferKind::Body,
        Hook::to_client(stage::BODY), |tx, _, _| body(tx, Direction::ToClient)),
    aliased(&["file_data"], row(("file.data", None), "Content of a file: the response body; to the server the request body, or each file of a form.",
        BufferKind::Body, Hook::both(stage::BODY, stage::BODY), file_data)),
    row(("urilen", None), "Length of the normalised request target.", BufferKind::Uint(16), LINE,
        |tx, _, _| length(tx.normalised().uri.as_deref())),
    row(("urilen.raw", None), "Length of the request target as it was sent.", BufferKind::Uint(16), LINE,
        |tx, _, _| length(tx.uri())),
];

fn protocol(tx: &Transaction, direction: Direction, _: u32) -> Value<'_> {
    some(match direction {
        Direction::ToServer => tx.request.protocol.map(|span| tx.request.head.text(span)),
        Direction::ToClient => tx.response.protocol.map(|span| line::chomp(tx.response.head.text(span))),
    })
}

fn length(text: Option<&[u8]>) -> Value<'_> {
    text.map_or(Value::Absent, |text| Value::Uint(text.len() as u64))
}

fn body(tx: &Transaction, direction: Direction) -> Value<'_> {
    tx.payload(direction).body.value(tx.limits(direction))
}

fn file_data(tx: &Transaction, direction: Direction, nth: u32) -> Value<'_> {
    if direction == Direction::ToServer {
        if let Some((parts, _)) = tx.form() {
            return parts.get(nth as usize).map_or(Value::Absent, |part| Value::Body {
                data: part.data,
                base: 0,
                complete: part.complete,
            });
        }
        // Other methods' bodies are no files.
        if !matches!(tx.method(), b"POST" | b"PUT") {
            return Value::Absent;
        }
    }
    if nth > 0 { Value::Absent } else { body(tx, direction) }
}
