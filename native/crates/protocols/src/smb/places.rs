//! Where files of a connection lie and what was done to them before, by their names.

use super::flow::SmbSession;
use super::history::FileHistory;
use super::transaction::{SmbTransaction, TxDetail};
use crate::dcerpc::objects;
use sidewire_app_layer::ParseContext;

/// `FILE_OPEN` and `FILE_OPEN_IF`, which leave what is there as it is. [MS-SMB2] 2.2.13.
const LEAVES: [u32; 2] = [1, 3];

impl SmbSession {
    /// Completes a transaction about a file with what is known of the file.
    pub(super) fn place(&mut self, context: &mut ParseContext<'_>, mut transaction: SmbTransaction) -> SmbTransaction {
        transaction.share = self.share_of((transaction.session_id, transaction.tree_id));
        let Some(name) = transaction.file_name() else { return transaction };
        let share = transaction.share.as_deref().unwrap_or_default();
        let key = key(share, name);
        let history = self.histories.peek(&key).copied().unwrap_or_default();
        if let TxDetail::Create(create) = &transaction.detail {
            if !LEAVES.contains(&create.disposition) {
                self.histories.insert(key, history.add(FileHistory { written: true, ..history }));
            }
            let (share, name) = (String::from_utf8_lossy(share), String::from_utf8_lossy(name));
            let (client, server) = (context.client.address, context.server.address);
            transaction.command_output = objects(context.extensions).is_output(client, server, &share, &name);
        }
        transaction.history = history;
        transaction
    }

    /// A file is read or written.
    pub(super) fn touch(&mut self, share: &[u8], name: &[u8], done: FileHistory) {
        let key = key(share, name);
        let before = self.histories.peek(&key).copied().unwrap_or_default();
        if before.add(done) != before {
            self.histories.insert(key, before.add(done));
        }
    }
}

/// Names are the same in either case (FNV-1a).
fn key(share: &[u8], name: &[u8]) -> u64 {
    let octets = share.iter().chain(b"\\").chain(name).map(u8::to_ascii_lowercase);
    octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}
