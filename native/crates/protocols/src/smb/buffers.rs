//! What rules can look into.

use sidewire_app_layer::{Buffer, BufferInfo, BufferKind, Hook, Value};
use sidewire_base::Direction;

use super::transaction::{Command, Detail, File, SessionSetup, Status, Transaction, TreeConnect};
use crate::dcerpc::rows;

pub(super) const BUFFERS: &[Buffer<Transaction>] = rows::buffers![
    Buffer {
        info: bytes(
            "smb.named_pipe",
            &["smb_named_pipe"],
            "Path of a tree connect for named pipes: the server said so or, before it answers, the path ends in `IPC$`.",
        ),
        get: |tx, _, nth| first(nth, tree(tx).filter(|tree| tree.is_for_pipes()).map(|tree| &*tree.path)),
    },
    Buffer {
        info: bytes("smb.share", &["smb_share"], "Path of a tree connect that is not for named pipes."),
        get: |tx, _, nth| first(nth, tree(tx).filter(|tree| !tree.is_for_pipes()).map(|tree| &*tree.path)),
    },
    Buffer {
        info: bytes("smb.ntlmssp_user", &[], "User name of an NTLM authentication."),
        get: |tx, _, nth| first(nth, ntlm(tx).map(|user| &*user.user)),
    },
    Buffer {
        info: bytes("smb.ntlmssp_domain", &[], "Domain of an NTLM authentication."),
        get: |tx, _, nth| first(nth, ntlm(tx).map(|user| &*user.domain)),
    },
    Buffer {
        info: BufferInfo {
            name: "smb.version",
            aliases: &[],
            modifier: None,
            doc: "Generation of the protocol: 1, or 2 for SMB2 and SMB3.",
            kind: BufferKind::Uint(8),
            hook: Hook::both(0, 0),
        },
        get: |tx, _, nth| match (&tx.detail, tx.command) {
            (Detail::Encrypted, _) => Value::Absent,
            (_, Command::Smb1(_)) => number(nth, Some(1)),
            (_, Command::Smb2(_)) => number(nth, Some(2)),
        },
    },
    Buffer {
        info: bytes(
            "smb.filename",
            &[],
            "Name of a file or directory that is opened, read, written, renamed or deleted.",
        ),
        get: |tx, _, nth| first(nth, tx.file_name()),
    },
    Buffer {
        info: bytes("smb.rename_to", &[], "The new name of a file that is renamed."),
        get: |tx, _, nth| match &tx.detail {
            Detail::Rename(rename) => first(nth, Some(&rename.to)),
            _ => Value::Absent,
        },
    },
    Buffer {
        info: BufferInfo {
            name: "file.data",
            aliases: &["file_data"],
            modifier: None,
            doc: "Content of a file: to the server of one that is written, to the client of one that is read.",
            kind: BufferKind::Body,
            hook: Hook::both(0, 0),
        },
        get: |tx, direction, nth| file(tx, direction, nth).map_or(Value::Absent, |file| file.content.value()),
    },
    Buffer {
        info: BufferInfo {
            name: "file.name",
            aliases: &[],
            modifier: None,
            doc: "Name of a file that is read or written.",
            kind: BufferKind::Bytes,
            hook: Hook::both(0, 0),
        },
        get: |tx, direction, nth| file(tx, direction, nth).map_or(Value::Absent, |file| Value::Bytes(&file.name)),
    },
    Buffer {
        info: bytes("smb.file_share", &[], "Path of the share a file that is read or written lies on."),
        get: |tx, _, nth| match &tx.detail {
            Detail::File(file) => first(nth, Some(&*file.share)),
            _ => Value::Absent,
        },
    },
    Buffer {
        info: BufferInfo {
            name: "smb.file_operation",
            aliases: &[],
            modifier: None,
            doc: "What is done to a file.",
            kind: BufferKind::Enumeration(&[("open", 0), ("read", 1), ("write", 2), ("rename", 3), ("delete", 4)]),
            hook: Hook::to_server(0),
        },
        get: |tx, _, nth| {
            let operation = match &tx.detail {
                Detail::Create(create) if create.delete_on_close => Some(4),
                Detail::Create(_) => Some(0),
                Detail::File(file) => Some(if file.direction == Direction::ToServer { 2 } else { 1 }),
                Detail::Rename(_) => Some(3),
                Detail::Delete(delete) if delete.delete => Some(4),
                _ => None,
            };
            number(nth, operation)
        },
    },
    Buffer {
        info: BufferInfo {
            name: "smb.disposition",
            aliases: &[],
            modifier: None,
            doc: "What opening a file may do: all but `open` and `overwrite` make one that is not there. [MS-SMB2] 2.2.13.",
            kind: BufferKind::Enumeration(&[
                ("supersede", 0),
                ("open", 1),
                ("create", 2),
                ("open_if", 3),
                ("overwrite", 4),
                ("overwrite_if", 5),
            ]),
            hook: Hook::to_server(0),
        },
        get: |tx, _, nth| match &tx.detail {
            Detail::Create(create) => number(nth, Some(create.disposition.into())),
            _ => Value::Absent,
        },
    },
    Buffer {
        info: BufferInfo {
            name: "smb.file_size",
            aliases: &[],
            modifier: None,
            doc: "How far a file has been read or written. Octets.",
            kind: BufferKind::Uint(64),
            hook: Hook::to_server(1),
        },
        get: |tx, _, nth| match &tx.detail {
            Detail::File(file) => number(nth, Some(file.content.size())),
            _ => Value::Absent,
        },
    },
    Buffer {
        info: BufferInfo {
            name: "smb.file_executable",
            aliases: &[],
            modifier: None,
            doc: "1 when a file that is read or written begins as DOS and Windows programs do (`MZ`), else 0.",
            kind: BufferKind::Uint(8),
            hook: Hook::to_server(1),
        },
        get: |tx, _, nth| match &tx.detail {
            Detail::File(file) => number(nth, Some(file.content.is_executable().into())),
            _ => Value::Absent,
        },
    },
    Buffer {
        info: BufferInfo {
            name: "smb.status",
            aliases: &[],
            modifier: None,
            doc: "The NTSTATUS a command was answered with.",
            kind: BufferKind::Uint(32),
            hook: Hook::to_client(1),
        },
        get: |tx, _, nth| match tx.status {
            Some(Status::Nt(status)) => number(nth, Some(status.into())),
            _ => Value::Absent,
        },
    },
    Buffer {
        info: BufferInfo {
            name: "smb.encrypted",
            aliases: &[],
            modifier: None,
            doc: "1 on the transaction that says that the flow is encrypted from here on (SMB3).",
            kind: BufferKind::Uint(8),
            hook: Hook::to_server(0),
        },
        get: |tx, _, nth| match &tx.detail {
            Detail::Encrypted => number(nth, Some(1)),
            _ => Value::Absent,
        },
    },
    Buffer {
        info: bytes("smb.rpc_pipe", &[], "Name of the pipe a remote procedure call is made on, without `\\PIPE\\`."),
        get: |tx, _, nth| first(nth, tx.call().and_then(|call| call.pipe.as_deref())),
    },
];

/// The file that travels in a direction.
fn file(tx: &Transaction, direction: Direction, nth: u32) -> Option<&File> {
    match &tx.detail {
        Detail::File(file) if nth == 0 && file.direction == direction => Some(file),
        _ => None,
    }
}

const fn bytes(name: &'static str, aliases: &'static [&'static str], doc: &'static str) -> BufferInfo {
    BufferInfo { name, aliases, modifier: None, doc, kind: BufferKind::Bytes, hook: Hook::to_server(1) }
}

fn first(nth: u32, value: Option<&[u8]>) -> Value<'_> {
    match value {
        Some(value) if nth == 0 => Value::Bytes(value),
        _ => Value::Absent,
    }
}

fn number(nth: u32, value: Option<u64>) -> Value<'static> {
    match value {
        Some(value) if nth == 0 => Value::Uint(value),
        _ => Value::Absent,
    }
}

fn tree(tx: &Transaction) -> Option<&TreeConnect> {
    match &tx.detail {
        Detail::TreeConnect(tree) => Some(tree),
        _ => None,
    }
}

fn ntlm(tx: &Transaction) -> Option<&sidewire_msrpc::security::NtlmUser> {
    match &tx.detail {
        Detail::SessionSetup(setup) => {
            let SessionSetup { credentials, .. } = &**setup;
            credentials.ntlm.as_ref()
        }
        _ => None,
    }
}
