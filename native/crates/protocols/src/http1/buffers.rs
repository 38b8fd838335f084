//! What rules can look into.

use sidewire_app_layer::{Buffer, Hook, Value, buffers, file_data};
use sidewire_base::Direction;

use super::line;
use super::stage::{BODY, HEADERS, LINE, TRAILER};
use super::transaction::HttpTransaction;

/// The value of a header, by its name in lower case.
macro_rules! header {
    ($name:literal) => {
        |tx, direction, _| Value::bytes(tx.header(direction, $name))
    };
}

/// Headers, and again with the trailer.
const TWICE: Hook = Hook::both(HEADERS, HEADERS).reinspect_at(TRAILER);

pub(super) const BUFFERS: &[Buffer<HttpTransaction>] = buffers! {
    /// Normalised request target.
    "http.uri" [alias "uricontent", "http.uri.normalized"] [modifier "http_uri"]: Bytes, to_server(LINE)
        => |tx, _, _| Value::bytes(tx.normalised().uri.as_deref());
    /// Request target as it was sent.
    "http.uri.raw" [modifier "http_raw_uri"]: Bytes, to_server(LINE) => |tx, _, _| Value::bytes(tx.uri());
    /// Request method.
    "http.method" [modifier "http_method"]: Bytes, to_server(LINE)
        => |tx, _, _| Value::bytes(tx.request.has_line.then(|| tx.method()));
    /// Version, as it was sent.
    "http.protocol" [alias "http_protocol"]: Bytes, both(LINE, LINE) => protocol;
    /// First line of the request.
    "http.request_line" [alias "http_request_line"]: Bytes, to_server(LINE)
        => |tx, _, _| Value::bytes(tx.request.has_line.then(|| tx.request.head.text(tx.request.line)));
    /// First line of the response.
    "http.response_line" [alias "http_response_line"]: Bytes, to_client(LINE)
        => |tx, _, _| Value::bytes(tx.response.has_line.then(|| tx.response.head.text(tx.response.line)));
    /// Each request header, `name: value`.
    "http.request_header": Multi, to_server(HEADERS)
        => |tx, _, nth| Value::bytes(tx.header_item(Direction::ToServer, nth as usize));
    /// Each response header, `name: value`.
    "http.response_header": Multi, to_client(HEADERS)
        => |tx, _, nth| Value::bytes(tx.header_item(Direction::ToClient, nth as usize));
    /// Headers without cookies, unfolded, repeated ones joined.
    "http.header" [modifier "http_header"]: Bytes, TWICE => |tx, direction, nth| {
        Value::bytes(tx.header_text(direction).filter(|_| nth == 0 || tx.trailer(direction).is_some()))
    };
    /// Headers as they were sent.
    "http.header.raw" [modifier "http_raw_header"]: Bytes, TWICE => |tx, direction, nth| {
        Value::bytes(if nth == 0 { tx.header_block(direction) } else { tx.trailer(direction) })
    };
    /// Names of the headers, between line ends.
    "http.header_names" [alias "http_header_names"]: Bytes, both(HEADERS, HEADERS)
        => |tx, direction, _| Value::bytes(tx.header_names(direction));
    /// First line and headers.
    "http.start" [alias "http_start"]: Bytes, both(HEADERS, HEADERS)
        => |tx, direction, _| Value::bytes(tx.start(direction));
    /// `Cookie` of the request, `Set-Cookie` of the response.
    "http.cookie" [modifier "http_cookie"]: Bytes, both(HEADERS, HEADERS) => |tx, direction, _| {
        Value::bytes(match direction {
            Direction::ToServer => tx.header(direction, b"cookie"),
            Direction::ToClient => tx.header(direction, b"set-cookie"),
        })
    };
    /// `User-Agent`.
    "http.user_agent" [modifier "http_user_agent"]: Bytes, to_server(HEADERS) => header!(b"user-agent");
    /// Host of the request target or header, lower case, without port.
    "http.host" [modifier "http_host"]: Bytes, to_server(HEADERS)
        => |tx, _, _| Value::bytes(tx.request.host.as_deref());
    /// Host as it was sent.
    "http.host.raw" [modifier "http_raw_host"]: Bytes, to_server(HEADERS) => |tx, _, _| Value::bytes(tx.raw_host());
    /// `Accept`.
    "http.accept" [alias "http_accept"]: Bytes, to_server(HEADERS) => header!(b"accept");
    /// `Accept-Encoding`.
    "http.accept_enc" [alias "http_accept_enc"]: Bytes, to_server(HEADERS) => header!(b"accept-encoding");
    /// `Accept-Language`.
    "http.accept_lang" [alias "http_accept_lang"]: Bytes, to_server(HEADERS) => header!(b"accept-language");
    /// `Referer`.
    "http.referer" [alias "http_referer"]: Bytes, to_server(HEADERS) => header!(b"referer");
    /// `Connection`.
    "http.connection" [alias "http_connection"]: Bytes, both(HEADERS, HEADERS) => header!(b"connection");
    /// `Content-Length`.
    "http.content_len" [alias "http_content_len"]: Bytes, both(HEADERS, HEADERS) => header!(b"content-length");
    /// `Content-Type`.
    "http.content_type" [alias "http_content_type"]: Bytes, both(HEADERS, HEADERS) => header!(b"content-type");
    /// `Location`.
    "http.location": Bytes, to_client(HEADERS) => header!(b"location");
    /// `Server`.
    "http.server": Bytes, to_client(HEADERS) => header!(b"server");
    /// Status code, as it was sent.
    "http.stat_code" [modifier "http_stat_code"]: Bytes, to_client(LINE)
        => |tx, _, _| Value::bytes(tx.response.status.map(|span| tx.response.head.text(span)));
    /// Reason phrase.
    "http.stat_msg" [modifier "http_stat_msg"]: Bytes, to_client(LINE)
        => |tx, _, _| Value::bytes(tx.response.message.map(|span| tx.response.head.text(span)));
    /// Request body, decoded.
    "http.request_body" [modifier "http_client_body"]: Body, to_server(BODY)
        => |tx, _, _| body(tx, Direction::ToServer);
    /// Response body, decoded.
    "http.response_body" [modifier "http_server_body"]: Body, to_client(BODY)
        => |tx, _, _| body(tx, Direction::ToClient);
    /// Content of a file: the response body; to the server the request body, or each file of a form.
    "file.data" [alias "file_data"]: Bodies, both(BODY, BODY) => file_content;
    /// Length of the normalised request target.
    "urilen": Uint(16), to_server(LINE) => |tx, _, _| length(tx.normalised().uri.as_deref());
    /// Length of the request target as it was sent.
    "urilen.raw": Uint(16), to_server(LINE) => |tx, _, _| length(tx.uri());
};

fn protocol(tx: &HttpTransaction, direction: Direction, _: u32) -> Value<'_> {
    Value::bytes(match direction {
        Direction::ToServer => tx.request.protocol.map(|span| tx.request.head.text(span)),
        Direction::ToClient => tx.response.protocol.map(|span| line::chomp(tx.response.head.text(span))),
    })
}

fn length(text: Option<&[u8]>) -> Value<'static> {
    Value::uint(text.map(|text| text.len() as u64))
}

fn body(tx: &HttpTransaction, direction: Direction) -> Value<'_> {
    tx.payload(direction).body.value(tx.limits(direction))
}

fn file_content(tx: &HttpTransaction, direction: Direction, nth: u32) -> Value<'_> {
    let file = &tx.payload(direction).file;
    if file.is_form() {
        let file = tx.files.of(direction).get(nth as usize);
        return file.map_or(Value::Absent, |file| file_data(file, tx.limits(direction).inspect_from));
    }
    // Bodies of other requests are no files.
    let is_file = direction == Direction::ToClient || matches!(tx.method(), b"POST" | b"PUT");
    if nth > 0 || !is_file { Value::Absent } else { body(tx, direction) }
}
