//! EVE: the `http` event.

use sidewire_app_layer::{TxHead, TxLogger};
use sidewire_base::Direction;
use sidewire_eve::{Object, base64, printable};

use super::config::EveHttpOptions;
use super::content_range::content_range;
use super::stage;
use super::transaction::HttpTransaction;

pub(super) const LOGGERS: &[TxLogger<HttpTransaction, EveHttpOptions>] = &[TxLogger::new(
    "http",
    |head, _, last| last || head.progress.iter().all(|progress| *progress >= stage::COMPLETE),
    write,
)
.in_others(in_others)];

const TO_SERVER: Direction = Direction::ToServer;
const TO_CLIENT: Direction = Direction::ToClient;

/// Where the headers with a key of their own are, and the key.
const CUSTOM: &[(Direction, &str, &str)] = &[
    (TO_SERVER, "accept", "accept"),
    (TO_SERVER, "accept-charset", "accept_charset"),
    (TO_SERVER, "accept-datetime", "accept_datetime"),
    (TO_SERVER, "accept-encoding", "accept_encoding"),
    (TO_SERVER, "accept-language", "accept_language"),
    (TO_CLIENT, "accept-range", "accept_range"),
    (TO_CLIENT, "age", "age"),
    (TO_CLIENT, "allow", "allow"),
    (TO_SERVER, "authorization", "authorization"),
    (TO_SERVER, "cache-control", "cache_control"),
    (TO_SERVER, "connection", "connection"),
    (TO_CLIENT, "content-encoding", "content_encoding"),
    (TO_CLIENT, "content-language", "content_language"),
    (TO_CLIENT, "content-length", "content_length"),
    (TO_CLIENT, "content-location", "content_location"),
    (TO_CLIENT, "content-md5", "content_md5"),
    (TO_CLIENT, "content-range", "content_range"),
    (TO_CLIENT, "content-type", "content_type"),
    (TO_SERVER, "cookie", "cookie"),
    (TO_CLIENT, "date", "date"),
    (TO_SERVER, "dnt", "dnt"),
    (TO_CLIENT, "etag", "etag"),
    (TO_CLIENT, "expires", "expires"),
    (TO_SERVER, "from", "from"),
    (TO_CLIENT, "last-modified", "last_modified"),
    (TO_CLIENT, "link", "link"),
    (TO_CLIENT, "location", "location"),
    (TO_SERVER, "max-forwards", "max_forwards"),
    (TO_SERVER, "org-src-ip", "org_src_ip"),
    (TO_SERVER, "origin", "origin"),
    (TO_SERVER, "pragma", "pragma"),
    (TO_CLIENT, "proxy-authenticate", "proxy_authenticate"),
    (TO_SERVER, "proxy-authorization", "proxy_authorization"),
    (TO_SERVER, "range", "range"),
    (TO_SERVER, "referer", "referer"),
    (TO_CLIENT, "refresh", "refresh"),
    (TO_CLIENT, "retry-after", "retry_after"),
    (TO_CLIENT, "server", "server"),
    (TO_CLIENT, "set-cookie", "set_cookie"),
    (TO_SERVER, "te", "te"),
    (TO_CLIENT, "trailer", "trailer"),
    (TO_CLIENT, "transfer-encoding", "transfer_encoding"),
    (TO_SERVER, "true-client-ip", "true_client_ip"),
    (TO_CLIENT, "upgrade", "upgrade"),
    (TO_CLIENT, "vary", "vary"),
    (TO_SERVER, "via", "via"),
    (TO_CLIENT, "warning", "warning"),
    (TO_CLIENT, "www-authenticate", "www_authenticate"),
    (TO_SERVER, "x-authenticated-user", "x_authenticated_user"),
    (TO_SERVER, "x-bluecoat-via", "x_bluecoat_via"),
    (TO_SERVER, "x-flash-version", "x_flash_version"),
    (TO_SERVER, "x-forwarded-proto", "x_forwarded_proto"),
    (TO_SERVER, "x-requested-with", "x_requested_with"),
];

fn write(tx: &HttpTransaction, _: &TxHead, options: &EveHttpOptions, out: &mut Object<'_>) {
    basic(tx, out);
    if options.extended {
        long(tx, out);
    }
    let custom = CUSTOM.iter().filter(|(_, name, _)| options.custom.iter().any(|wanted| wanted == name));
    for (direction, name, key) in custom {
        // The object of the same name says more.
        let told = options.extended && matches!(*name, "referer" | "location") || *key == "content_range";
        if let Some(value) = tx.header(*direction, name.as_bytes()).filter(|_| !told) {
            out.bytes(*key, value);
        }
    }
    if options.dump.request {
        dump(tx, TO_SERVER, "request_headers", out);
    }
    if options.dump.response {
        dump(tx, TO_CLIENT, "response_headers", out);
    }
}

/// For alerts and files: always the long form, and the bodies if alerts are to carry them.
fn in_others(tx: &HttpTransaction, _: &TxHead, options: &EveHttpOptions, out: &mut Object<'_>) {
    basic(tx, out);
    long(tx, out);
    let forms = options.bodies;
    for (direction, encoded, plain) in [
        (TO_SERVER, "http_request_body", "http_request_body_printable"),
        (TO_CLIENT, "http_response_body", "http_response_body_printable"),
    ] {
        let body = tx.payload(direction).body.kept();
        if body.is_empty() {
            continue;
        }
        if forms.printable {
            out.str(plain, &printable(body));
        }
        if forms.base64 {
            out.str(encoded, &base64(body));
        }
    }
}

fn basic(tx: &HttpTransaction, out: &mut Object<'_>) {
    if let Some(host) = &tx.request.host {
        out.bytes("hostname", host);
    }
    if let Some(port) = tx.request.port {
        out.u64("http_port", port);
    }
    if let Some(uri) = tx.uri() {
        out.bytes("url", uri);
    }
    if let Some(agent) = tx.header(TO_SERVER, b"user-agent") {
        out.bytes("http_user_agent", agent);
    }
    if let Some(client) = tx.header(TO_SERVER, b"x-forwarded-for") {
        out.bytes("xff", client);
    }
    if let Some(kind) = tx.header(TO_CLIENT, b"content-type") {
        out.bytes("http_content_type", kind.split(|octet| *octet == b';').next().unwrap_or_default());
    }
    if let Some(range) = tx.header(TO_CLIENT, b"content-range") {
        out.object("content_range", |out| {
            out.bytes("raw", range);
            if let Some(range) = content_range(range) {
                if let Some((start, end)) = range.bounds {
                    out.u64("start", start).u64("end", end);
                }
                if let Some(size) = range.size {
                    out.u64("size", size);
                }
            }
        });
    }
}

fn long(tx: &HttpTransaction, out: &mut Object<'_>) {
    if let Some(referer) = tx.header(TO_SERVER, b"referer") {
        out.bytes("http_refer", referer);
    }
    if tx.request.has_line {
        out.bytes("http_method", tx.method());
    }
    if let Some(protocol) = tx.request.protocol {
        out.bytes("protocol", tx.request.head.text(protocol));
    }
    if let Some(code) = tx.response.code {
        out.u64("status", code);
    } else if let Some(status) = tx.response.status {
        out.bytes("status_string", tx.response.head.text(status));
    }
    if let Some(location) = tx.header(TO_CLIENT, b"location") {
        out.bytes("redirect", location);
    }
    out.u64("length", tx.response.payload.body.wire);
}

fn dump(tx: &HttpTransaction, direction: Direction, key: &'static str, out: &mut Object<'_>) {
    let Some(head) = tx.head(direction) else { return };
    out.array(key, |array| {
        for (name, value) in head.headers() {
            array.object(|out| {
                out.bytes("name", name).bytes("value", value);
            });
        }
    });
}
