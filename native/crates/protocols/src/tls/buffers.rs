//! What rules can look into.

use sidewire_app_layer::{Buffer, BufferInfo, BufferKind, Hook, Value};

use super::transaction::TlsTransaction;

/// Values of [`Stage`](super::progress::Stage) from which on a hello, and the certificates, are there: of either side the same.
const HELLO: u8 = 1;
const CERTIFICATE: u8 = 2;

const HELLOS: Hook = Hook::both(HELLO, HELLO);
const CERTIFICATES: Hook = Hook::both(CERTIFICATE, CERTIFICATE);

/// Versions as rules name them.
const VERSIONS: &[(&str, u64)] =
    &[("sslv2", 0x0002), ("sslv3", 0x0300), ("1.0", 0x0301), ("1.1", 0x0302), ("1.2", 0x0303), ("1.3", 0x0304)];

/// Messages as rules name them: bits of [`StateMessage`](super::transaction::StateMessage).
const MESSAGES: &[(&str, u64)] =
    &[("client_hello", 1), ("server_hello", 2), ("client_keyx", 4), ("server_keyx", 8), ("unknown", 16)];

pub(super) const BUFFERS: &[Buffer<TlsTransaction>] = &[
    Buffer {
        info: row(
            "tls.sni",
            &["tls_sni"],
            "Name of the server that the client asks for.",
            BufferKind::Bytes,
            Hook::to_server(HELLO),
        ),
        get: |tx, _, nth| first(nth, tx.sides.to_server.server_name.as_deref()),
    },
    Buffer {
        info: row(
            "tls.alpn",
            &[],
            "Protocols the client would speak inside; the one the server chose.",
            BufferKind::Multi,
            HELLOS,
        ),
        get: |tx, direction, nth| {
            let names = tx.sides[direction].hello.as_ref().map_or(&[][..], |hello| &hello.alpns);
            item(names, nth)
        },
    },
    Buffer {
        info: row("tls.random", &[], "The 32 random octets of a hello.", BufferKind::Bytes, HELLOS),
        get: |tx, direction, nth| first(nth, tx.sides[direction].random.as_ref().map(|octets| &octets[..])),
    },
    Buffer {
        info: row(
            "tls.random_time",
            &[],
            "The first 4 random octets of a hello, once meant for the time.",
            BufferKind::Bytes,
            HELLOS,
        ),
        get: |tx, direction, nth| first(nth, tx.sides[direction].random.as_ref().and_then(|octets| octets.get(..4))),
    },
    Buffer {
        info: row("tls.random_bytes", &[], "The last 28 random octets of a hello.", BufferKind::Bytes, HELLOS),
        get: |tx, direction, nth| first(nth, tx.sides[direction].random.as_ref().and_then(|octets| octets.get(4..))),
    },
    Buffer {
        info: row(
            "tls.cert_subject",
            &["tls_cert_subject"],
            "Subject of a side's first certificate: `C=FR, O=Example, CN=example.org`.",
            BufferKind::Bytes,
            CERTIFICATES,
        ),
        get: |tx, direction, nth| text(nth, tx.sides[direction].leaf.as_ref().map(|leaf| &*leaf.subject)),
    },
    Buffer {
        info: row(
            "tls.cert_issuer",
            &["tls_cert_issuer"],
            "Issuer of a side's first certificate.",
            BufferKind::Bytes,
            CERTIFICATES,
        ),
        get: |tx, direction, nth| text(nth, tx.sides[direction].leaf.as_ref().map(|leaf| &*leaf.issuer)),
    },
    Buffer {
        info: row(
            "tls.cert_serial",
            &["tls_cert_serial"],
            "Serial number of a side's first certificate, in upper case with colons.",
            BufferKind::Bytes,
            CERTIFICATES,
        ),
        get: |tx, direction, nth| text(nth, tx.sides[direction].leaf.as_ref().map(|leaf| &*leaf.serial)),
    },
    Buffer {
        info: row(
            "tls.cert_fingerprint",
            &["tls_cert_fingerprint"],
            "SHA-1 of a side's first certificate, in lower case with colons.",
            BufferKind::Bytes,
            CERTIFICATES,
        ),
        get: |tx, direction, nth| text(nth, tx.sides[direction].leaf.as_ref().map(|leaf| &*leaf.fingerprint)),
    },
    Buffer {
        info: row("tls.certs", &[], "The certificates of a side, each in DER.", BufferKind::Multi, CERTIFICATES),
        get: |tx, direction, nth| tx.sides[direction].chain.get(nth as usize).map_or(Value::Absent, Value::Bytes),
    },
    Buffer {
        info: row(
            "tls.subjectaltname",
            &[],
            "Alternative names of the server's first certificate.",
            BufferKind::Multi,
            Hook::to_client(CERTIFICATE),
        ),
        get: |tx, direction, nth| {
            let names = tx.sides[direction].leaf.as_ref().and_then(|leaf| leaf.alternative_names.get(nth as usize));
            names.map_or(Value::Absent, |name| Value::Bytes(name.as_bytes()))
        },
    },
    Buffer {
        info: row(
            "tls.cert_chain_len",
            &[],
            "Number of certificates the server sent.",
            BufferKind::Uint(32),
            Hook::to_client(CERTIFICATE),
        ),
        get: |tx, direction, nth| number(nth, Some(tx.sides[direction].chain.len() as u64).filter(|count| *count > 0)),
    },
    Buffer {
        info: row(
            "tls_cert_notbefore",
            &[],
            "When the server's first certificate becomes valid. Seconds since 1970.",
            BufferKind::Uint(64),
            Hook::to_client(CERTIFICATE),
        ),
        get: |tx, direction, nth| {
            number(nth, tx.sides[direction].leaf.as_ref().and_then(|leaf| leaf.not_before.seconds.try_into().ok()))
        },
    },
    Buffer {
        info: row(
            "tls_cert_notafter",
            &[],
            "When the server's first certificate ceases to be valid. Seconds since 1970.",
            BufferKind::Uint(64),
            Hook::to_client(CERTIFICATE),
        ),
        get: |tx, direction, nth| {
            number(nth, tx.sides[direction].leaf.as_ref().and_then(|leaf| leaf.not_after.seconds.try_into().ok()))
        },
    },
    Buffer {
        info: row(
            "tls_cert_expired",
            &[],
            "1 when the server's first certificate is valid no more, 0 when it still is.",
            BufferKind::Uint(8),
            Hook::to_client(CERTIFICATE),
        ),
        get: |tx, direction, nth| {
            let leaf = tx.sides[direction].leaf.as_ref();
            number(nth, leaf.map(|leaf| u64::from(leaf.not_after.seconds < tx.now.seconds())))
        },
    },
    Buffer {
        info: row(
            "tls_cert_valid",
            &[],
            "1 when the server's first certificate is neither expired nor yet to become valid, else 0.",
            BufferKind::Uint(8),
            Hook::to_client(CERTIFICATE),
        ),
        get: |tx, direction, nth| {
            let leaf = tx.sides[direction].leaf.as_ref();
            number(nth, leaf.map(|leaf| u64::from(leaf.is_valid_at(tx.now.seconds()))))
        },
    },
    Buffer {
        info: row(
            "tls.version",
            &[],
            "Version a side wants: of the client its first choice, of the server what it chose.",
            BufferKind::Enumeration(VERSIONS),
            HELLOS,
        ),
        get: |tx, direction, nth| number(nth, Some(tx.sides[direction].version.0.into())),
    },
    Buffer {
        info: row(
            "ssl_version",
            &[],
            "Version a side wants: a list of `sslv2`, `sslv3`, `tls1.0` to `tls1.3`.",
            BufferKind::Uint(16),
            HELLOS,
        ),
        get: |tx, direction, nth| number(nth, Some(tx.sides[direction].version.0.into())),
    },
    Buffer {
        info: row(
            "ssl_state",
            &[],
            "The handshake message that came last.",
            BufferKind::Flags(MESSAGES),
            Hook::both(0, 0),
        ),
        get: |tx, _, nth| number(nth, Some(tx.latest.into())),
    },
    Buffer {
        info: row("ja3.hash", &["ja3_hash"], "MD5 of the client's JA3.", BufferKind::Bytes, Hook::to_server(HELLO)),
        get: |tx, _, nth| text(nth, tx.sides.to_server.ja3.as_ref().map(|ja3| &*ja3.hash)),
    },
    Buffer {
        info: row(
            "ja3.string",
            &["ja3_string"],
            "The client's JA3: `771,4865-4866,0-11-10,29-23,0`.",
            BufferKind::Bytes,
            Hook::to_server(HELLO),
        ),
        get: |tx, _, nth| text(nth, tx.sides.to_server.ja3.as_ref().map(|ja3| &*ja3.string)),
    },
    Buffer {
        info: row("ja3s.hash", &["ja3s_hash"], "MD5 of the server's JA3S.", BufferKind::Bytes, Hook::to_client(HELLO)),
        get: |tx, _, nth| text(nth, tx.sides.to_client.ja3.as_ref().map(|ja3| &*ja3.hash)),
    },
    Buffer {
        info: row(
            "ja3s.string",
            &["ja3s_string"],
            "The server's JA3S: `771,49200,65281-0-11-35`.",
            BufferKind::Bytes,
            Hook::to_client(HELLO),
        ),
        get: |tx, _, nth| text(nth, tx.sides.to_client.ja3.as_ref().map(|ja3| &*ja3.string)),
    },
    Buffer {
        info: row(
            "ja4.hash",
            &["ja4_hash"],
            "The client's JA4: `t13d1516h2_8daaf6152771_e5627efa2ab1`.",
            BufferKind::Bytes,
            Hook::to_server(HELLO),
        ),
        get: |tx, _, nth| text(nth, tx.sides.to_server.ja4.as_deref()),
    },
];

const fn row(
    name: &'static str,
    aliases: &'static [&'static str],
    doc: &'static str,
    kind: BufferKind,
    hook: Hook,
) -> BufferInfo {
    BufferInfo { name, aliases, modifier: None, doc, kind, hook }
}

fn first(nth: u32, value: Option<&[u8]>) -> Value<'_> {
    value.filter(|_| nth == 0).map_or(Value::Absent, Value::Bytes)
}

fn text(nth: u32, value: Option<&str>) -> Value<'_> {
    first(nth, value.map(str::as_bytes))
}

fn item(list: &[Box<[u8]>], nth: u32) -> Value<'_> {
    list.get(nth as usize).map_or(Value::Absent, |octets| Value::Bytes(octets))
}

fn number(nth: u32, value: Option<u64>) -> Value<'static> {
    value.filter(|_| nth == 0).map_or(Value::Absent, Value::Uint)
}
