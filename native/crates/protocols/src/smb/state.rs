//! What a flow keeps of trees, opens and requests: what answers and later commands refer to.

use std::sync::Arc;

use sidewire_base::{PerDirection, TxId};
use sidewire_msrpc::RpcConnection;

use super::file::FileId;
use super::transaction::SmbCommand;

/// A connected share.
#[derive(Clone, Debug)]
pub(super) struct SmbTree {
    pub(super) path: Arc<[u8]>,
    pub(super) is_pipe: bool,
}

/// An open file or pipe.
#[derive(Default)]
pub(super) struct SmbOpen {
    /// As the create had it; `None` when that was not seen.
    pub(super) name: Option<Arc<[u8]>>,
    pub(super) tree: (u64, u32),
    /// It is a pipe, whatever the tree says or does not say.
    pub(super) on_pipe: bool,
    pub(super) rpc: Option<Box<RpcConnection>>,
    /// Transactions of the file being written and read.
    pub(super) files: PerDirection<Option<TxId>>,
    pub(super) handle: Option<(u64, FileId)>,
}

/// The key of a request: the command, and SMB2's message id or SMB1's process and multiplex ids.
pub(super) type AskKey = (SmbCommand, u64);

/// A request whose answer is awaited.
#[derive(Clone, Copy, Debug)]
pub(super) struct PendingRequest {
    pub(super) transaction: Option<TxId>,
    pub(super) session_id: u64,
    pub(super) tree_id: u32,
    /// The file or pipe it is for.
    pub(super) open: Option<u64>,
    /// Where in the file it reads.
    pub(super) position: u64,
}

/// The session, tree and open of the command before, in a compound.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CompoundRelated {
    pub(super) session_id: u64,
    pub(super) tree_id: u32,
    pub(super) open: Option<u64>,
}
