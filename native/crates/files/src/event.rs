//! The `fileinfo` event.

use sidewire_base::TxId;
use sidewire_eve::{Object, hex};

use crate::{File, FileHash, StoreState};

/// First octet of what stands for a stored file's number in a line until lines are in their final order: no JSON has it.
/// Sixteen hexadecimal digits of the key follow ([`StoreState::Stored`]).
pub const FILE_KEY: u8 = 0;

/// Writes the members of a file's object, as Suricata has them. A file that is stored has a number
/// (`file_id`), which is given where the output is put in order: [`FILE_KEY`].
pub fn write_fileinfo(file: &File, tx_id: TxId, out: &mut Object<'_>) {
    out.bytes("filename", file.name());
    if !file.sids().is_empty() {
        out.array("sid", |list| {
            for sid in file.sids() {
                list.u64(*sid);
            }
        });
    }
    if let Some(magic) = file.magic() {
        out.str("magic", magic);
    }
    out.bool("gaps", file.has_gaps()).str("state", file.state().name());
    for hash in FileHash::ALL {
        if let Some(digest) = file.digest(hash) {
            out.str(hash.name(), &hex(digest));
        }
    }
    match file.store() {
        StoreState::Stored { key } => {
            out.bool("stored", true).raw("file_id", &file_token(key));
        }
        StoreState::Wanted | StoreState::Writing { .. } => {
            out.bool("stored", false).bool("storing", true);
        }
        StoreState::No | StoreState::Maybe => {
            out.bool("stored", false);
        }
    }
    out.u64("size", file.size());
    if let Some((start, end)) = file.range() {
        out.u64("start", start).u64("end", end);
    }
    out.u64("tx_id", tx_id.0);
}

/// What stands for a stored file's number until lines are in their final order.
fn file_token(key: u64) -> Vec<u8> {
    let mut token = vec![FILE_KEY];
    token.extend_from_slice(format!("{key:016x}").as_bytes());
    token
}

/// Puts the numbers of stored files into a line, each where a file's key stands; `number` gives the number of a key.
pub fn resolve_file_ids(line: &[u8], mut number: impl FnMut(u64) -> u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.iter().position(|octet| *octet == FILE_KEY) {
        let (before, token) = rest.split_at(at);
        let digits = token.get(1..17).and_then(|digits| core::str::from_utf8(digits).ok());
        let key = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        out.extend_from_slice(before);
        out.extend_from_slice(number(key.unwrap_or(u64::MAX)).to_string().as_bytes());
        rest = token.get(17..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileHashes, FilePolicy, StoreDecision};

    fn line(file: &File) -> String {
        let mut out = Vec::new();
        {
            let mut object = Object::new(&mut out);
            write_fileinfo(file, TxId(3), &mut object);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn members_are_those_of_suricata() {
        let hashes = FileHashes::NONE.with(FileHash::Md5);
        let mut file = File::new(b"a.txt", FilePolicy { hashes, store: StoreDecision::Maybe, ..FilePolicy::default() });
        file.append(b"abc", None);
        assert_eq!(
            line(&file),
            r#"{"filename":"a.txt","gaps":false,"state":"UNKNOWN","stored":false,"size":3,"tx_id":3}"#
        );
        file.note_sid(7);
        file.want_stored();
        file.set_range(10, 12);
        file.close(true, None);
        assert_eq!(
            line(&file),
            r#"{"filename":"a.txt","sid":[7],"gaps":false,"state":"CLOSED","md5":"900150983cd24fb0d6963f7d28e17f72","stored":false,"storing":true,"size":3,"start":10,"end":12,"tx_id":3}"#
        );
    }

    #[test]
    fn numbers_are_put_in_at_last() {
        let mut file = File::new(b"f", FilePolicy { store: StoreDecision::Always, ..FilePolicy::default() });
        file.set_store(StoreState::Stored { key: 0x2a });
        let resolved = resolve_file_ids(line(&file).as_bytes(), |key| u32::try_from(key).unwrap() + 1);
        assert_eq!(
            String::from_utf8(resolved).unwrap(),
            r#"{"filename":"f","gaps":false,"state":"UNKNOWN","stored":true,"file_id":43,"size":0,"tx_id":3}"#
        );
    }
}
