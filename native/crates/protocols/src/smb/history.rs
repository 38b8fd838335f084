//! What a client did to a file of a server before, on whatever connection.

use core::net::IpAddr;

use sidewire_app_layer::{ExtensionDef, ProtocolExtension, RunResources};
use sidewire_base::Time;

use super::table::BoundedTable;

/// For how long it counts that a file was read: who takes a file away does so as soon as it has it. Seconds.
const READ_LASTS: i64 = 60;
/// Files known at a time, of all clients and servers of a worker.
const MAX_FILES: usize = 1 << 15;

/// What was done to a file before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FileHistory {
    /// When it was read last.
    pub(super) read: Option<Time>,
    pub(super) written: bool,
}

impl FileHistory {
    /// Words of `smb.file_history`.
    pub(super) const NAMES: &[(&str, u64)] = &[("none", 0), ("read", 1), ("written", 2), ("both", 3)];

    pub(super) fn number(self, now: Time) -> u64 {
        let read = self.read.is_some_and(|read| now <= read.plus_seconds(READ_LASTS));
        u64::from(read) | u64::from(self.written) << 1
    }

    pub(super) fn add(self, other: Self) -> Self {
        Self { read: self.read.max(other.read), written: self.written || other.written }
    }
}

/// The files that clients of this worker have read or written, by client, server, and a digest of share and name.
pub(super) struct FileHistories(BoundedTable<(IpAddr, IpAddr, u64), FileHistory>);

/// The extension, for the declaration of the protocol.
pub(super) const HISTORIES: ExtensionDef = ExtensionDef::of::<FileHistories>();

impl ProtocolExtension for FileHistories {
    fn new(_: &RunResources) -> Self {
        Self(BoundedTable::new(MAX_FILES))
    }
}

impl FileHistories {
    pub(super) fn of(&self, (client, server): (IpAddr, IpAddr), file: u64) -> FileHistory {
        self.0.peek(&(client, server, file)).copied().unwrap_or_default()
    }

    pub(super) fn add(&mut self, (client, server): (IpAddr, IpAddr), file: u64, done: FileHistory) {
        let before = self.of((client, server), file);
        if before.add(done) != before {
            self.0.insert((client, server, file), before.add(done));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_a_file_was_read_counts_for_a_minute_and_that_it_was_written_counts_always() {
        let at = Time::default();
        let read = FileHistory { read: Some(at), written: false };
        assert_eq!([0, 60, 61].map(|later| read.number(at.plus_seconds(later))), [1, 1, 0]);
        let both = read.add(FileHistory { read: None, written: true });
        assert_eq!([0, 61].map(|later| both.number(at.plus_seconds(later))), [3, 2]);
    }

    #[test]
    fn what_one_client_did_is_not_what_another_did() {
        let mut histories = FileHistories(BoundedTable::new(4));
        let [a, b, server] = [1, 2, 9].map(|last| IpAddr::from([10, 0, 0, last]));
        histories.add((a, server), 7, FileHistory { read: None, written: true });
        assert!(histories.of((a, server), 7).written);
        assert_eq!(histories.of((b, server), 7), FileHistory::default());
    }
}
