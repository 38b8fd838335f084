//! The committed corpus of every fuzz target, replayed: what once was a crash stays mended, and the entries stay alive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use sidewire_protocols as protocols;

/// Feeds every file of `native/fuzz/corpus/<target>` to an entry, in the order of their names.
fn replay(target: &str, entry: impl Fn(&[u8])) {
    replay_folder(&Path::new("../../fuzz/corpus").join(target), entry);
}

/// Feeds every file of a folder, relative to this crate, to an entry.
fn replay_folder(folder: &Path, entry: impl Fn(&[u8])) {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let mut files: Vec<_> = files.expect("a corpus").map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is a corpus", folder.display());
    for file in files {
        entry(&fs::read(&file).unwrap());
    }
}

/// Every protocol has a corpus in its folder, `corpus/<name>`.
#[test]
fn each_protocol() {
    let source = Path::new("../protocols/src");
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(source)).unwrap();
    let folders: Vec<_> = folders.map(|entry| entry.unwrap().file_name()).collect();
    for name in protocols::ALL.iter().map(|protocol| protocol.info.name) {
        let corpora = folders.iter().map(|folder| source.join(folder).join("corpus").join(name));
        let corpus = corpora.into_iter().find(|corpus| Path::new(env!("CARGO_MANIFEST_DIR")).join(corpus).is_dir());
        let corpus = corpus.unwrap_or_else(|| panic!("{name} has a corpus in its folder"));
        replay_folder(&corpus, |data| protocols::fuzz::protocol(name, data));
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
fn files() {
    replay("files", sidewire_files::fuzz::files);
}

#[test]
fn form() {
    replay("form", protocols::fuzz::form);
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
fn rpc_http() {
    replay("rpc_http", protocols::fuzz::rpc_http);
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
