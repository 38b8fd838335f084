//! How much of a flow is kept, and what is found too large. Keys as under `app-layer.protocols.smb`.

use sidewire_app_layer::{FromSettings, ProtocolSettings};
use sidewire_files::ChunkLimit;

use super::kinds::EveSmbOptions;

/// Bounds on the state of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmbLimits {
    /// Open transactions (`max-tx`).
    pub(super) transactions: usize,
    /// The bound was configured: a flow that has more is given up.
    pub(super) strict: bool,
    /// Greatest read asked for or answered (`max-read-size`). Octets; 0: any.
    pub(super) read: u32,
    /// Greatest write (`max-write-size`). Octets; 0: any.
    pub(super) write: u32,
    /// Octets (`max-read-queue-size`) and chunks (`max-read-queue-cnt`) ahead of a hole in a file being read; 0: any.
    pub(super) read_queue: ChunkLimit,
    /// The same for a file being written (`max-write-queue-size`, `max-write-queue-cnt`).
    pub(super) write_queue: ChunkLimit,
    /// File and pipe handles (`max-guid-cache-size`).
    pub(super) handles: usize,
    /// Requests whose answer is awaited (`max-read-offset-cache-size` bounds reads alone in Suricata).
    pub(super) requests: usize,
    /// Trees (`max-tree-cache-size`).
    pub(super) trees: usize,
    /// Octets kept of one RPC stub (`dcerpc.max-stub-size`).
    pub(super) stub: usize,
}

impl FromSettings<EveSmbOptions> for SmbLimits {
    fn from_settings(settings: &ProtocolSettings, _: &[&EveSmbOptions]) -> Self {
        let size = |key, default: u64| settings.size(key).unwrap_or(default);
        let size32 = |key| u32::try_from(size(key, 16 << 20)).unwrap_or(u32::MAX);
        let count = |key, default| settings.number(key).and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
        let queue = |size_key, count_key| ChunkLimit { size: size(size_key, 64 << 20), count: count(count_key, 64) };
        Self {
            transactions: count("max-tx", 1024),
            strict: settings.number("max-tx").is_some(),
            read: size32("max-read-size"),
            write: size32("max-write-size"),
            read_queue: queue("max-read-queue-size", "max-read-queue-cnt"),
            write_queue: queue("max-write-queue-size", "max-write-queue-cnt"),
            handles: count("max-guid-cache-size", 1024),
            requests: 1024,
            trees: count("max-tree-cache-size", 512),
            stub: usize::try_from(size("dcerpc.max-stub-size", 1 << 20)).unwrap_or(usize::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes_and_counts() {
        let settings = [("max-tx", "7"), ("max-read-size", "1kb"), ("max-write-queue-cnt", "3")];
        let limits = SmbLimits::from_settings(&ProtocolSettings::new(settings), &[]);
        assert_eq!((limits.transactions, limits.read, limits.write_queue.count), (7, 1024, 3));
        assert_eq!((limits.write, limits.handles, limits.stub), (16 << 20, 1024, 1 << 20));
    }
}
