//! Where files lie and what the client did to them before, by their names.

use super::context::SmbContext;
use super::flow::SmbSession;
use super::history::{FileHistories, FileHistory};
use super::transaction::{SmbTransaction, TxDetail};
use crate::dcerpc::objects;
use sidewire_app_layer::ParseContext;

/// `FILE_OPEN` and `FILE_OPEN_IF`, which leave what is there as it is. [MS-SMB2] 2.2.13.
const LEAVES: [u32; 2] = [1, 3];
/// Between two times of reading that are kept of a file. Seconds.
const READING_STEP: i64 = 1;

impl SmbSession {
    /// Completes a transaction about a file with what is known of the file.
    pub(super) fn place(&mut self, context: &mut ParseContext<'_>, mut transaction: SmbTransaction) -> SmbTransaction {
        transaction.share = self.share_of((transaction.session_id, transaction.tree_id));
        let Some(name) = transaction.file_name() else { return transaction };
        let share = transaction.share.as_deref().unwrap_or_default();
        let key = key(share, name);
        let (client, server) = (context.client.address, context.server.address);
        let own = self.histories.peek(&key).copied().unwrap_or_default();
        let history = own.add(context.extensions.get::<FileHistories>().of((client, server), key));
        if let TxDetail::Create(create) = &transaction.detail {
            if !LEAVES.contains(&create.disposition) {
                let made = FileHistory { read: None, written: true };
                self.histories.insert(key, own.add(made));
                context.extensions.get::<FileHistories>().add((client, server), key, made);
            }
            let (share, name) = (String::from_utf8_lossy(share), String::from_utf8_lossy(name));
            transaction.command_output = objects(context.extensions).is_output(client, server, &share, &name);
        }
        transaction.history = history.number(context.time);
        transaction
    }

    /// A file is read or written.
    pub(super) fn touch(&mut self, around: &mut SmbContext<'_, '_>, share: &[u8], name: &[u8], read: bool) {
        let key = key(share, name);
        let before = self.histories.peek(&key).copied().unwrap_or_default();
        let known = match before.read {
            Some(last) if read => around.context.time < last.plus_seconds(READING_STEP),
            _ => !read && before.written,
        };
        if !known {
            let done = FileHistory { read: read.then_some(around.context.time), written: !read };
            self.histories.insert(key, before.add(done));
            let ends = (around.context.client.address, around.context.server.address);
            around.context.extensions.get::<FileHistories>().add(ends, key, done);
        }
    }
}

/// Names are the same in either case, and a share is by whatever name its server is called (FNV-1a).
fn key(share: &[u8], name: &[u8]) -> u64 {
    let share = share.rsplit(|octet| *octet == b'\\').next().unwrap_or_default();
    let octets = share.iter().chain(b"\\").chain(name).map(u8::to_ascii_lowercase);
    octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}
