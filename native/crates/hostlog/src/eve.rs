//! Events of EVE: what this engine, or Suricata, says of traffic. Fields are called by their paths (`dns.queries.rrname`), and
//! what Zeek's logs say in another way is added, so that rules written for these find it.

use std::collections::{HashMap, VecDeque};

use crate::record::{FieldName, FieldOrigin, LogRecord, ValueForm};

/// Octets at the beginning of an event in which its type stands.
const HEAD: usize = 1024;

/// The text is an event: every one begins with its time and has a type.
pub(crate) fn is_event(text: &[u8]) -> bool {
    let head = text.get(..text.len().min(HEAD)).unwrap_or_default();
    head.starts_with(b"{\"timestamp\":\"") && memchr::memmem::find(head, b"\"event_type\":\"").is_some()
}

/// Zeek leaves the prefixes of server stubs out of the operations of these interfaces (its dce_rpc log, field `operation`).
const PREFIXES: &[(&str, &str)] = &[("svcctl", "R"), ("drsuapi", "IDL_")];
/// Trees of SMB that are remembered; the oldest are forgotten.
const MAX_TREES: usize = 16_384;
/// Octets of the path of a tree.
const MAX_PATH: usize = 1024;

/// The trees that SMB clients are connected to: the event of an opened file names its tree by number alone.
#[derive(Debug, Default)]
pub(crate) struct TreePaths {
    paths: HashMap<Vec<u8>, Vec<u8>>,
    order: VecDeque<Vec<u8>>,
}

impl TreePaths {
    fn insert(&mut self, key: Vec<u8>, path: &[u8]) {
        if self.order.len() >= MAX_TREES
            && let Some(oldest) = self.order.pop_front()
        {
            self.paths.remove(&oldest);
        }
        let path = path.get(..path.len().min(MAX_PATH)).unwrap_or_default().to_vec();
        if self.paths.insert(key.clone(), path).is_none() {
            self.order.push_back(key);
        }
    }
}

/// Adds what Zeek's logs, and those of proxies, say in another way. Names begin with `zeek.`, or with `uri.`.
pub(crate) fn complete(record: &mut LogRecord, trees: &mut TreePaths) {
    match record.channel.as_str() {
        "msrpc" => add_operation(record),
        "smb" => add_file(record, trees),
        "dns" => add_lookup(record),
        "http" => add_uri(record),
        "tls" => add_serial(record),
        _ => {}
    }
}

/// The first value of a path, without escapes.
fn find(record: &LogRecord, path: &str) -> Option<Vec<u8>> {
    let field = record.fields.iter().find(|field| record.name(field) == path.as_bytes())?;
    let mut value = Vec::new();
    record.value_to(field, &mut value);
    Some(value)
}

fn add(record: &mut LogRecord, name: &'static str, value: &[u8]) {
    let start = record.paths.len();
    record.paths.extend_from_slice(value);
    let value = start..record.paths.len();
    record.push(FieldName::Known(name), value, ValueForm::Derived, FieldOrigin::Translated);
}

fn add_operation(record: &mut LogRecord) {
    let Some(procedure) = find(record, "msrpc.procedure") else { return };
    let interface = find(record, "msrpc.interface.name").unwrap_or_default();
    let prefix = PREFIXES.iter().find(|(name, _)| name.as_bytes() == interface).map_or("", |(_, prefix)| prefix);
    add(record, "zeek.operation", procedure.strip_prefix(prefix.as_bytes()).unwrap_or(&procedure));
}

/// A file that was opened or renamed: Zeek's smb_files has a line for these, not for each read.
fn add_file(record: &mut LogRecord, trees: &mut TreePaths) {
    let of = |path: &str| find(record, path).unwrap_or_default();
    let key = [of("flow_id"), of("smb.session_id"), of("smb.tree_id")].join(&b' ');
    let (command, status) = (of("smb.command"), of("smb.status"));
    let succeeded = status.is_empty() || status == b"STATUS_SUCCESS";
    let path = find(record, "smb.share").or_else(|| find(record, "smb.named_pipe"));
    if command.starts_with(b"SMB2_COMMAND_TREE_CONNECT") || command.starts_with(b"SMB1_COMMAND_TREE_CONNECT") {
        if let Some(path) = path.filter(|_| succeeded) {
            trees.insert(key, &path);
        }
        return;
    }
    let action = if find(record, "smb.rename.from").is_some() {
        "SMB::FILE_RENAME"
    } else if find(record, "smb.disposition").is_some() {
        "SMB::FILE_OPEN"
    } else {
        return;
    };
    if !succeeded {
        return;
    }
    add(record, "zeek.action", action.as_bytes());
    if let Some(path) = path.or_else(|| trees.paths.get(&key).cloned()) {
        add(record, "zeek.path", &path);
    }
    // SMB 1 has names that begin with the root of the share.
    for name in ["smb.filename", "smb.rename.to"] {
        if let Some(name) = find(record, name) {
            let short = name.strip_prefix(b"\\").map(<[u8]>::to_vec);
            add(record, "zeek.name", &name);
            if let Some(short) = short {
                add(record, "zeek.name", &short);
            }
        }
    }
    if let Some(name) = find(record, "smb.rename.from") {
        add(record, "zeek.prev_name", &name);
    }
}

/// The sides of a lookup, whichever message it is; the reserved bit as a number; whether the server refused.
fn add_lookup(record: &mut LogRecord) {
    let kind = find(record, "dns.type").unwrap_or_default();
    let is_answer = kind == b"response" || kind == b"answer";
    let sides = ["src_ip", "src_port", "dest_ip", "dest_port"].map(|name| find(record, name).unwrap_or_default());
    let mut names = ["zeek.orig_h", "zeek.orig_p", "zeek.resp_h", "zeek.resp_p"];
    if is_answer {
        names.rotate_left(2);
    }
    for (name, value) in names.into_iter().zip(&sides) {
        add(record, name, value);
    }
    let is_set = find(record, "dns.z").is_some_and(|value| value == b"true");
    add(record, "zeek.Z", if is_set { b"1" } else { b"0" });
    let is_refused = find(record, "dns.rcode").is_some_and(|code| code == b"REFUSED");
    add(record, "zeek.rejected", if is_refused { b"true" } else { b"false" });
}

/// The parts of a URI, and what a proxy would log of it: the whole, with the host.
fn add_uri(record: &mut LogRecord) {
    let Some(uri) = find(record, "http.url") else { return };
    add(record, "uri.whole", &uri);
    if uri.first() == Some(&b'/')
        && let Some(host) = find(record, "http.hostname")
    {
        add(record, "uri.whole", &[b"http://", host.as_slice(), &uri].concat());
    }
    let mut parts = uri.splitn(2, |octet| *octet == b'?');
    let stem = parts.next().unwrap_or_default();
    add(record, "uri.stem", stem);
    if let Some(query) = parts.next() {
        add(record, "uri.query", query);
    }
    let name = stem.rsplit(|octet| *octet == b'/').next().unwrap_or_default();
    if let Some(dot) = name.iter().rposition(|octet| *octet == b'.') {
        add(record, "uri.extension", name.get(dot + 1..).unwrap_or_default());
    }
}

/// The serial number of a certificate without colons, with and without its first zero.
fn add_serial(record: &mut LogRecord) {
    let Some(serial) = find(record, "tls.serial") else { return };
    let digits: Vec<u8> = serial.into_iter().filter(|octet| *octet != b':').collect();
    add(record, "zeek.serial", &digits);
    if let [b'0', rest @ ..] = digits.as_slice() {
        add(record, "zeek.serial", rest);
    }
}
