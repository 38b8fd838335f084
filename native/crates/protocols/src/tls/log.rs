//! EVE: `tls` in the shape of Suricata 8.

use sidewire_app_layer::{TxHead, TxLogger};
use sidewire_base::Direction;
use sidewire_eve::{Array, Object, base64};

use super::certificate::{CertificateChain, LeafCertificate};
use super::fields::TlsFields;
use super::fingerprint::{JA4_OF_NOTHING, TlsFingerprint};
use super::hello_lists::HelloLists;
use super::progress::TlsStage;
use super::settings::EveTlsOptions;
use super::transaction::{TlsSide, TlsTransaction};
use super::version::TlsVersion;

pub(super) const LOGGERS: &[TxLogger<TlsTransaction, EveTlsOptions>] = &[TxLogger::new(
    "tls",
    |head, tx, last| (last || is_over(head)) && is_told(tx, true),
    |tx: &TlsTransaction, _, options: &EveTlsOptions, out| write(tx, options.fields.without(tx.unwritten), out),
)
.wanted_if(|tx, options| is_told(tx, options.tells_resumed))
.in_others(|tx, _, _, out| write(tx, TlsFields::EXTENDED.without(tx.unwritten), out))];

/// Both sides are done with their handshake.
fn is_over(head: &TxHead) -> bool {
    Direction::BOTH.into_iter().zip(head.progress).all(|(side, at)| at >= TlsStage::Handshake.value(side))
}

/// A session is told when the server's certificate is known, or cannot be; `resumed` ones too, if wanted.
fn is_told(tx: &TlsTransaction, resumed: bool) -> bool {
    tx.sides.to_client.leaf.is_some() || resumed && tx.facts.resumption || tx.facts.without_certificate
}

fn write(tx: &TlsTransaction, fields: TlsFields, out: &mut Object<'_>) {
    let (client, server) = (&tx.sides.to_server, &tx.sides.to_client);
    write_names(server, fields, out);
    if fields.has(TlsFields::SESSION_RESUMED) && is_resumed(tx) {
        out.bool("session_resumed", true);
    }
    let leaf = server.leaf.as_deref();
    if let Some(leaf) = leaf.filter(|_| fields.has(TlsFields::SERIAL)) {
        out.str("serial", &leaf.serial);
    }
    if let Some(leaf) = leaf.filter(|_| fields.has(TlsFields::FINGERPRINT)) {
        out.str("fingerprint", &leaf.fingerprint);
    }
    if let Some(name) = client.server_name.as_deref().filter(|_| fields.has(TlsFields::SERVER_NAME)) {
        out.bytes("sni", name);
    }
    if fields.has(TlsFields::VERSION) {
        let known = server.version != TlsVersion::UNKNOWN;
        out.fmt("version", format_args!("{}", if known { server.version } else { client.version }));
    }
    write_validity(leaf, fields.has(TlsFields::NOT_BEFORE), fields.has(TlsFields::NOT_AFTER), out);
    write_chain(&server.chain, fields.has(TlsFields::CERTIFICATE), fields.has(TlsFields::CHAIN), out);
    for (key, from, field) in
        [("ja3", Direction::ToServer, TlsFields::JA3), ("ja3s", Direction::ToClient, TlsFields::JA3S)]
    {
        if let Some(ja3) = fields.has(field).then(|| tx.ja3(from)).flatten() {
            out.object(key, |o| write_fingerprint(ja3, o));
        }
    }
    if fields.has(TlsFields::JA4) {
        // Of a client that was not heard Suricata tells the fingerprint of nothing.
        out.str("ja4", tx.ja4().unwrap_or(JA4_OF_NOTHING));
    }
    write_alpns("client_alpns", client, fields.has(TlsFields::CLIENT_ALPNS), out);
    write_alpns("server_alpns", server, fields.has(TlsFields::SERVER_ALPNS), out);
    if let Some(hello) = client.hello.as_deref().filter(|_| fields.has(TlsFields::CLIENT_HANDSHAKE)) {
        out.object("client_handshake", |o| write_client_hello(hello, o));
    }
    if let Some(hello) = server.hello.as_deref().filter(|_| fields.has(TlsFields::SERVER_HANDSHAKE)) {
        out.object("server_handshake", |o| write_server_hello(hello, o));
    }
    if let Some(leaf) = client.leaf.as_deref().filter(|_| fields.has(TlsFields::CLIENT)) {
        out.object("client", |o| write_client(leaf, &client.chain, fields, o));
    }
    if let Some(original) = tx.original_protocol {
        out.str("from_proto", original);
    }
}

/// Only what names no certificate is resumed: a session that a client offers to resume may begin again.
fn is_resumed(tx: &TlsTransaction) -> bool {
    let facts = &tx.facts;
    facts.resumption && facts.hello.to_client && !facts.without_certificate && tx.sides.to_client.leaf.is_none()
}

fn write_names(server: &TlsSide, fields: TlsFields, out: &mut Object<'_>) {
    let Some(leaf) = server.leaf.as_deref() else { return };
    if fields.has(TlsFields::SUBJECT) {
        out.str("subject", &leaf.subject);
    }
    if fields.has(TlsFields::ISSUER) {
        out.str("issuerdn", &leaf.issuer);
    }
    if fields.has(TlsFields::ALTERNATIVE_NAMES) && !leaf.alternative_names.is_empty() {
        out.array("subjectaltname", |list| {
            for name in &leaf.alternative_names {
                list.str(name);
            }
        });
    }
}

fn write_validity(leaf: Option<&LeafCertificate>, not_before: bool, not_after: bool, out: &mut Object<'_>) {
    let Some(leaf) = leaf else { return };
    if not_before && leaf.not_before.seconds != 0 {
        out.str("notbefore", &leaf.not_before.text);
    }
    if not_after && leaf.not_after.seconds != 0 {
        out.str("notafter", &leaf.not_after.text);
    }
}

fn write_chain(chain: &CertificateChain, first: bool, all: bool, out: &mut Object<'_>) {
    if let Some(der) = chain.get(0).filter(|_| first) {
        out.str("certificate", &base64(der));
    }
    if all && chain.len() > 0 {
        out.array("chain", |list| {
            for der in chain.iter() {
                list.str(&base64(der));
            }
        });
    }
}

fn write_fingerprint(ja3: &TlsFingerprint, out: &mut Object<'_>) {
    out.str("hash", &ja3.hash).str("string", &ja3.string);
}

fn write_alpns(key: &'static str, side: &TlsSide, wanted: bool, out: &mut Object<'_>) {
    let names = side.hello.as_ref().map_or(&[][..], |hello| &hello.alpns);
    if wanted && !names.is_empty() {
        out.array(key, |list| {
            for name in names {
                list.bytes(name);
            }
        });
    }
}

fn write_client_hello(hello: &HelloLists, out: &mut Object<'_>) {
    out.fmt("version", format_args!("{}", hello.version));
    write_numbers("ciphers", &hello.ciphers, out);
    write_numbers("exts", &hello.extensions, out);
    write_numbers("sig_algs", &hello.signature_algorithms, out);
}

fn write_server_hello(hello: &HelloLists, out: &mut Object<'_>) {
    out.fmt("version", format_args!("{}", hello.version));
    if let Some(cipher) = hello.ciphers.first() {
        out.u64("cipher", *cipher);
    }
    write_numbers("exts", &hello.extensions, out);
}

fn write_numbers(key: &'static str, numbers: &[u16], out: &mut Object<'_>) {
    if !numbers.is_empty() {
        out.array(key, |list: &mut Array<'_>| {
            for number in numbers {
                list.u64(*number);
            }
        });
    }
}

fn write_client(leaf: &LeafCertificate, chain: &CertificateChain, fields: TlsFields, out: &mut Object<'_>) {
    out.str("subject", &leaf.subject)
        .str("issuerdn", &leaf.issuer)
        .str("fingerprint", &leaf.fingerprint)
        .str("serial", &leaf.serial);
    write_validity(Some(leaf), true, true, out);
    write_chain(chain, fields.has(TlsFields::CLIENT_CERTIFICATE), fields.has(TlsFields::CLIENT_CHAIN), out);
}
