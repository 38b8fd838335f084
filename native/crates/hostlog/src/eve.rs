//! Events of EVE: what this engine, or Suricata, says of traffic. Fields are called by their paths (`dns.queries.rrname`), and
//! what Zeek's logs say in another way is added, so that rules written for these find it.

use core::ops::Range;
use std::collections::{HashMap, VecDeque};

use crate::clock::parse_time;
use crate::json::{JsonShapes, JsonWalk};
use crate::record::{EVE_PROVIDER, FieldName, FieldOrigin, LogRecord, ValueForm};

/// Octets at the beginning of an event in which its type stands.
const HEAD: usize = 1024;

/// The text is an event: every one begins with its time and has a type.
pub(crate) fn is_event(text: &[u8]) -> bool {
    let head = text.get(..text.len().min(HEAD)).unwrap_or_default();
    head.starts_with(b"{\"timestamp\":\"") && memchr::memmem::find(head, b"\"event_type\":\"").is_some()
}

/// Reads events of EVE, one after another.
#[derive(Debug, Default)]
pub struct EveReader(JsonShapes);

impl EveReader {
    /// Reads an event into a record, in place of what it held. False when it is none, or no JSON.
    pub fn read(&mut self, line: &[u8], record: &mut LogRecord) -> bool {
        record.clear();
        record.text.extend_from_slice(line.trim_ascii_end());
        self.0.read(record).is_some() && record.is_eve()
    }
}

impl JsonWalk<'_> {
    /// A value of an event.
    pub(crate) fn eve(&mut self, name: Range<usize>, value: Range<usize>, form: ValueForm) {
        let Some(key) = self.text.get(name) else { return };
        let text = self.text.get(value.clone()).unwrap_or_default();
        match key {
            b"event_type" if self.shapes.path.is_empty() => {
                self.record.channel.clear();
                self.record.channel.push_str(&String::from_utf8_lossy(text));
                EVE_PROVIDER.clone_into(&mut self.record.provider);
            }
            b"timestamp" if self.shapes.path.is_empty() => {
                self.record.time = parse_time(text).map(|read| read.time).unwrap_or_default();
            }
            _ => {}
        }
        let start = self.record.paths.len();
        self.record.paths.extend_from_slice(&self.shapes.path);
        self.record.paths.extend_from_slice(key);
        let path = start..self.record.paths.len();
        self.record.push(FieldName::Path(path), value, form, FieldOrigin::Data);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(record: &LogRecord, name: &str) -> Vec<String> {
        let fields = record.fields().iter().filter(|field| record.name(field) == name.as_bytes());
        fields.map(|field| record.text_value(field)).collect()
    }

    fn event(kind: &str, rest: &str) -> String {
        format!(r#"{{"timestamp":"2020-01-01T00:00:00.5+0000","flow_id":7,"event_type":"{kind}",{rest}}}"#)
    }

    #[test]
    fn fields_are_called_by_their_paths() {
        let (mut reader, mut record) = (EveReader::default(), LogRecord::default());
        let line =
            event("dns", r#""src_ip":"10.0.0.1","dns":{"queries":[{"rrname":"a\\b"},{"rrname":"c"}],"rd":true}"#);
        assert!(reader.read(line.as_bytes(), &mut record) && record.is_eve());
        assert_eq!((record.channel.as_str(), record.time.subsec_micros()), ("dns", 500_000));
        assert_eq!(texts(&record, "dns.queries.rrname"), ["a\\b", "c"]);
        assert_eq!(
            (texts(&record, "dns.rd"), texts(&record, "zeek.Z")),
            (vec!["true".to_owned()], vec!["0".to_owned()])
        );
        assert_eq!(record.text(), line.as_bytes());
        assert!(!reader.read(b"{\"EventID\":1}", &mut record));
    }

    #[test]
    fn opened_files_have_the_path_of_their_tree() {
        let (mut reader, mut record) = (EveReader::default(), LogRecord::default());
        let tree = r#""smb":{"command":"SMB2_COMMAND_TREE_CONNECT","status":"STATUS_SUCCESS","session_id":1,"tree_id":5,"named_pipe":"\\\\a\\IPC$"}"#;
        assert!(reader.read(event("smb", tree).as_bytes(), &mut record));
        let open = |tree: u32, status: &str| {
            event(
                "smb",
                &format!(
                    r#""smb":{{"command":"SMB2_COMMAND_CREATE","status":"{status}","session_id":1,"tree_id":{tree},"filename":"\\svcctl","disposition":"FILE_OPEN"}}"#
                ),
            )
        };
        assert!(reader.read(open(5, "STATUS_SUCCESS").as_bytes(), &mut record));
        assert_eq!(texts(&record, "zeek.path"), ["\\\\a\\IPC$"]);
        assert_eq!(texts(&record, "zeek.name"), ["\\svcctl", "svcctl"]);
        assert!(reader.read(open(6, "STATUS_SUCCESS").as_bytes(), &mut record));
        assert!(texts(&record, "zeek.path").is_empty() && texts(&record, "zeek.action") == ["SMB::FILE_OPEN"]);
        assert!(reader.read(open(5, "STATUS_ACCESS_DENIED").as_bytes(), &mut record));
        assert!(texts(&record, "zeek.action").is_empty());
    }

    #[test]
    fn says_what_other_logs_say_otherwise() {
        let read = |line: String| {
            let (mut reader, mut record) = (EveReader::default(), LogRecord::default());
            assert!(reader.read(line.as_bytes(), &mut record));
            record
        };
        let call = read(event("msrpc", r#""msrpc":{"procedure":"RCreateServiceW","interface":{"name":"svcctl"}}"#));
        assert_eq!(texts(&call, "zeek.operation"), ["CreateServiceW"]);
        let answer = read(event(
            "dns",
            r#""src_ip":"s","src_port":53,"dest_ip":"c","dest_port":9,"dns":{"type":"response","z":true,"rcode":"REFUSED"}"#,
        ));
        assert_eq!(
            (texts(&answer, "zeek.orig_h"), texts(&answer, "zeek.resp_p")),
            (vec!["c".to_owned()], vec!["53".to_owned()])
        );
        assert_eq!(
            (texts(&answer, "zeek.Z"), texts(&answer, "zeek.rejected")),
            (vec!["1".to_owned()], vec!["true".to_owned()])
        );
        let request = read(event("http", r#""http":{"hostname":"h","url":"/a/b.exe?q=1"}"#));
        assert_eq!(texts(&request, "uri.whole"), ["/a/b.exe?q=1", "http://h/a/b.exe?q=1"]);
        assert_eq!(
            (texts(&request, "uri.stem"), texts(&request, "uri.query"), texts(&request, "uri.extension")),
            (vec!["/a/b.exe".to_owned()], vec!["q=1".to_owned()], vec!["exe".to_owned()])
        );
        let certificate = read(event("tls", r#""tls":{"serial":"08:BB:00:EE"}"#));
        assert_eq!(texts(&certificate, "zeek.serial"), ["08BB00EE", "8BB00EE"]);
    }
}
