//! The committed corpus of every fuzz target, replayed: what once was a crash stays mended, and the entries stay alive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use sidewire_app_layer::Transport;
use sidewire_protocols as protocols;

/// Feeds every file of `native/fuzz/corpus/<target>` to an entry, in the order of their names.
fn replay(target: &str, entry: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).expect("a corpus").map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has a corpus");
    for file in files {
        entry(&fs::read(&file).unwrap());
    }
}

#[test]
fn capture() {
    replay("capture", sidewire_capture::fuzz::capture);
}

#[test]
fn decode() {
    replay("decode", sidewire_decode::fuzz::decode);
}

#[test]
fn tcp() {
    replay("tcp", sidewire_tcp::fuzz::session);
}

#[test]
fn msrpc() {
    replay("msrpc", sidewire_msrpc::fuzz::connection);
}

#[test]
fn stubs() {
    replay("stubs", sidewire_msrpc::fuzz::stubs);
}

#[test]
fn opened() {
    replay("opened", sidewire_msrpc::fuzz::opened);
}

#[test]
fn http_body() {
    replay("http_body", protocols::fuzz::http_body);
}

#[test]
fn security_blob() {
    replay("security_blob", sidewire_msrpc::fuzz::security_blob);
}

#[test]
fn http1() {
    replay("http1", |data| protocols::fuzz::flow("http", Transport::Tcp, data));
}

#[test]
fn rpc_http() {
    replay("rpc_http", protocols::fuzz::rpc_http);
}

#[test]
fn smb() {
    replay("smb", |data| protocols::fuzz::flow("smb", Transport::Tcp, data));
}

#[test]
fn smb_stream() {
    replay("smb_stream", |data| protocols::fuzz::stream("smb", data));
}

#[test]
fn dcerpc() {
    replay("dcerpc", |data| protocols::fuzz::flow("dcerpc", Transport::Tcp, data));
}

#[test]
fn dcerpc_udp() {
    replay("dcerpc_udp", |data| protocols::fuzz::flow("dcerpc", Transport::Udp, data));
}

#[test]
fn tls() {
    replay("tls", |data| protocols::fuzz::flow("tls", Transport::Tcp, data));
}

#[test]
fn x509() {
    replay("x509", protocols::fuzz::certificates);
}

#[test]
fn rules() {
    replay("rules", |data| {
        let mut parts = data.splitn(2, |octet| *octet == 0);
        let (text, payload) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if let Ok(batch) = serde_json::from_slice(text) {
            sidewire_detect::fuzz::rules(batch, payload);
        }
    });
}
