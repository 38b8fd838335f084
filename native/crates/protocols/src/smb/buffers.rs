//! What rules can look into.

use sidewire_app_layer::declare::joined;
use sidewire_app_layer::{Buffer, Value, buffers};
use sidewire_base::Direction;

use super::history::FileHistory;
use super::stage::{COMPLETE, STARTED};
use super::transaction::{SessionSetup, SmbCommand, SmbStatus, SmbTransaction, TreeConnect, TxDetail};
use crate::dcerpc::RpcBuffers;

/// Words of `smb.file_operation`.
const OPERATIONS: &[(&str, u64)] = &[("open", 0), ("read", 1), ("write", 2), ("rename", 3), ("delete", 4)];

/// Words of `smb.disposition`.
const DISPOSITIONS: &[(&str, u64)] =
    &[("supersede", 0), ("open", 1), ("create", 2), ("open_if", 3), ("overwrite", 4), ("overwrite_if", 5)];

const OWN: &[Buffer<SmbTransaction>] = buffers! {
    /// Path of a tree connect for named pipes: the server said so or, before it answers, the path ends in `IPC$`.
    "smb.named_pipe" [alias "smb_named_pipe"]: Bytes, to_server(COMPLETE)
        => |tx, _, _| Value::bytes(tree(tx).filter(|tree| tree.is_for_pipes()).map(|tree| &*tree.path));
    /// Path of a tree connect that is not for named pipes.
    "smb.share" [alias "smb_share"]: Bytes, to_server(COMPLETE)
        => |tx, _, _| Value::bytes(tree(tx).filter(|tree| !tree.is_for_pipes()).map(|tree| &*tree.path));
    /// User name of an NTLM authentication.
    "smb.ntlmssp_user": Bytes, to_server(COMPLETE) => |tx, _, _| Value::bytes(ntlm(tx).map(|user| &*user.user));
    /// Domain of an NTLM authentication.
    "smb.ntlmssp_domain": Bytes, to_server(COMPLETE) => |tx, _, _| Value::bytes(ntlm(tx).map(|user| &*user.domain));
    /// Generation of the protocol: 1, or 2 for SMB2 and SMB3.
    "smb.version": Uint(8), both(STARTED, STARTED) => |tx, _, _| match (&tx.detail, tx.command) {
        (TxDetail::Encrypted, _) => Value::Absent,
        (_, SmbCommand::Smb1(_)) => Value::Uint(1),
        (_, SmbCommand::Smb2(_)) => Value::Uint(2),
    };
    /// Name of a file or directory that is opened, read, written, renamed or deleted.
    "smb.filename": Bytes, to_server(STARTED) => |tx, _, _| Value::bytes(tx.file_name());
    /// The new name of a file that is renamed.
    "smb.rename_to": Bytes, to_server(COMPLETE) => |tx, _, _| match &tx.detail {
        TxDetail::Rename(rename) => Value::Bytes(&rename.to),
        _ => Value::Absent,
    };
    /// Path of the share a file that is opened, read, written, renamed or deleted lies on.
    "smb.file_share": Bytes, to_server(STARTED) => |tx, _, _| match &tx.detail {
        TxDetail::File(file) => Value::Bytes(&file.share),
        TxDetail::Create(_) | TxDetail::Rename(_) | TxDetail::Delete(_) => Value::bytes(tx.share.as_deref()),
        _ => Value::Absent,
    };
    /// What is done to a file.
    "smb.file_operation": Enumeration(OPERATIONS), to_server(STARTED) => |tx, _, _| {
        let operation = match &tx.detail {
            TxDetail::Create(create) if create.delete_on_close => Some(4_u8),
            TxDetail::Create(_) => Some(0),
            TxDetail::File(file) => Some(if file.direction == Direction::ToServer { 2 } else { 1 }),
            TxDetail::Rename(_) => Some(3),
            TxDetail::Delete(delete) if delete.delete => Some(4),
            _ => None,
        };
        Value::uint(operation.map(u64::from))
    };
    /// What the same client did before to a file of the same server that is opened or deleted, on whatever connection; that it
    /// was read counts for a minute.
    "smb.file_history": Enumeration(FileHistory::NAMES), to_server(STARTED) => |tx, _, _| match &tx.detail {
        TxDetail::Create(_) | TxDetail::Delete(_) => Value::Uint(tx.history),
        _ => Value::Absent,
    };
    /// 1 when a file that is opened is where a command sends its output that the client made the server run, by whatever call
    /// whose command line could be read.
    "smb.command_output": Uint(8), to_server(STARTED) => |tx, _, _| match &tx.detail {
        TxDetail::Create(_) => Value::Uint(tx.command_output.into()),
        _ => Value::Absent,
    };
    /// What opening a file may do: all but `open` and `overwrite` make one that is not there. [MS-SMB2] 2.2.13.
    "smb.disposition": Enumeration(DISPOSITIONS), to_server(STARTED) => |tx, _, _| match &tx.detail {
        TxDetail::Create(create) => Value::Uint(create.disposition.into()),
        _ => Value::Absent,
    };
    /// How far a file has been read or written. Octets.
    "smb.file_size": Uint(64), to_server(COMPLETE) => |tx, _, _| match &tx.detail {
        TxDetail::File(file) => Value::Uint(file.chunks.size()),
        _ => Value::Absent,
    };
    /// 1 when a file that is read or written begins as DOS and Windows programs do (`MZ`), else 0.
    "smb.file_executable": Uint(8), to_server(COMPLETE) => |tx, _, _| match &tx.detail {
        TxDetail::File(file) => Value::Uint(file.is_executable().into()),
        _ => Value::Absent,
    };
    /// The NTSTATUS a command was answered with.
    "smb.status": Uint(32), to_client(COMPLETE) => |tx, _, _| match tx.status {
        Some(SmbStatus::Nt(status)) => Value::Uint(status.into()),
        _ => Value::Absent,
    };
    /// 1 on the transaction that says that the flow is encrypted from here on (SMB3).
    "smb.encrypted": Uint(8), to_server(STARTED) => |tx, _, _| match &tx.detail {
        TxDetail::Encrypted => Value::Uint(1),
        _ => Value::Absent,
    };
    /// Name of the pipe a remote procedure call is made on, without `\PIPE\`.
    "smb.rpc_pipe": Bytes, to_server(COMPLETE)
        => |tx, _, _| Value::bytes(tx.call().and_then(|call| call.pipe.as_deref()));
};

/// Its own buffers, and after them those of calls on pipes.
pub(super) const BUFFERS: &[Buffer<SmbTransaction>] = &joined::<_, { OWN.len() + RPC.len() }>(OWN, RPC);

const RPC: &[Buffer<SmbTransaction>] = RpcBuffers::<SmbTransaction>::ALL;

fn tree(tx: &SmbTransaction) -> Option<&TreeConnect> {
    match &tx.detail {
        TxDetail::TreeConnect(tree) => Some(tree),
        _ => None,
    }
}

fn ntlm(tx: &SmbTransaction) -> Option<&sidewire_msrpc::security::NtlmUser> {
    match &tx.detail {
        TxDetail::SessionSetup(setup) => {
            let SessionSetup { credentials, .. } = &**setup;
            credentials.ntlm.as_ref()
        }
        _ => None,
    }
}
