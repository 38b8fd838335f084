//! Reading events of EVE one by one, as a run writes them.

use crate::json::JsonShapes;
use crate::record::LogRecord;

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
