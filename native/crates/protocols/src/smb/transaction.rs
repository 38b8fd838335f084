//! What a transaction is about: a command with its answer, a file that grows, a call on a pipe.

use std::sync::Arc;

use sidewire_app_layer::BoundInterface;
use sidewire_msrpc::security::SessionCredentials;
use sidewire_msrpc::{ExchangeHalf, RpcExchange};
use smallvec::SmallVec;

use super::file::{FileId, SmbFile};
use super::kinds::TxKind;
use crate::dcerpc::RpcTransaction;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SmbStatus {
    /// An NTSTATUS. [MS-ERREF] 2.3.
    Nt(u32),
    /// Class and code. [MS-CIFS] 2.2.2.4.
    Dos { class: u8, code: u16 },
}

impl SmbStatus {
    pub(super) const SUCCESS: Self = Self::Nt(0);
    pub(super) const PENDING: Self = Self::Nt(0x0000_0103);
    pub(super) const BUFFER_OVERFLOW: Self = Self::Nt(0x8000_0005);
    pub(super) const END_OF_FILE: Self = Self::Nt(0xc000_0011);
}

/// What the flow speaks, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum SmbDialect {
    #[default]
    Unknown,
    /// As the client named it.
    Smb1(Arc<[u8]>),
    Smb2(u16),
}

/// A command with its answer, or what several of them add up to: a file read or written, a remote procedure call.
#[derive(Debug)]
pub struct SmbTransaction {
    /// The command that opened it.
    pub(super) command: SmbCommand,
    pub(super) status: Option<SmbStatus>,
    pub(super) session_id: u64,
    pub(super) tree_id: u32,
    /// What the client did to the file before: a number of `smb.file_history`.
    pub(super) history: u64,
    /// The file is where the output of a command goes that the client made the server run.
    pub(super) command_output: bool,
    /// Path of the share, where the tree connect was seen.
    pub(super) share: Option<Arc<[u8]>>,
    pub(super) dialect: SmbDialect,
    pub(super) detail: TxDetail,
    /// What it was about when it was opened.
    pub(super) kind: TxKind,
}

/// A command of one of the two generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SmbCommand {
    Smb1(u8),
    Smb2(u16),
}

/// What a transaction is about.
#[derive(Debug)]
pub(super) enum TxDetail {
    /// No more than the command says.
    None,
    Negotiate(Box<NegotiateDetail>),
    SessionSetup(Box<SessionSetup>),
    TreeConnect(Box<TreeConnect>),
    Create(Box<CreateDetail>),
    File(Box<SmbFile>),
    Rename(Box<RenameDetail>),
    Delete(Box<DeleteDetail>),
    Ioctl(u32),
    Call(Box<RpcCall>),
    /// From here on the flow is encrypted; one such transaction a flow.
    Encrypted,
}

#[derive(Debug, Default)]
pub(super) struct NegotiateDetail {
    /// Of the client, SMB1.
    pub(super) dialects: Vec<Box<[u8]>>,
    /// Of the client, SMB2.
    pub(super) dialects2: Vec<u16>,
    pub(super) client_guid: Option<[u8; 16]>,
    pub(super) server_guid: Option<[u8; 16]>,
    pub(super) max_read: u32,
    pub(super) max_write: u32,
}

#[derive(Debug, Default)]
pub(super) struct SessionSetup {
    pub(super) credentials: SessionCredentials,
    /// What both sides call their system: SMB1 only.
    pub(super) request: Option<NativeSystem>,
    pub(super) response: Option<NativeSystem>,
}

#[derive(Debug, Default)]
pub(super) struct NativeSystem {
    pub(super) os: Box<[u8]>,
    pub(super) lan_manager: Box<[u8]>,
}

#[derive(Debug, Default)]
pub(super) struct TreeConnect {
    pub(super) path: Arc<[u8]>,
    pub(super) is_pipe: bool,
    /// The server said what it is.
    pub(super) answered: bool,
    /// SMB2's `ShareType`; 0 while it is not known.
    pub(super) share_type: u8,
    /// SMB1's service, asked for and answered.
    pub(super) services: [Option<Box<[u8]>>; 2],
}

#[derive(Debug)]
pub(super) struct CreateDetail {
    pub(super) name: Arc<[u8]>,
    pub(super) disposition: u32,
    pub(super) directory: bool,
    pub(super) delete_on_close: bool,
    /// Created, accessed, written, changed: seconds since 1970, 0 for none.
    pub(super) times: [u32; 4],
    pub(super) size: u64,
    pub(super) file: Option<FileId>,
}

/// Create options. [MS-SMB2] 2.2.13, [MS-CIFS] 2.2.4.64.
const DIRECTORY: u32 = 0x0000_0001;
const DELETE_ON_CLOSE: u32 = 0x0000_1000;

impl CreateDetail {
    /// A file or pipe that is asked for; what the answer says of it is not known yet.
    pub(super) const fn asked(name: Arc<[u8]>, disposition: u32, options: u32) -> Self {
        let (directory, delete_on_close) = (options & DIRECTORY != 0, options & DELETE_ON_CLOSE != 0);
        Self { name, disposition, directory, delete_on_close, times: [0; 4], size: 0, file: None }
    }
}

#[derive(Debug)]
pub(super) struct RenameDetail {
    pub(super) from: Arc<[u8]>,
    pub(super) to: Box<[u8]>,
    pub(super) file: Option<FileId>,
}

/// A file is deleted, or its deletion when it is closed is set or taken back.
#[derive(Debug)]
pub(super) struct DeleteDetail {
    pub(super) name: Arc<[u8]>,
    pub(super) delete: bool,
    pub(super) file: Option<FileId>,
    /// Subcommand and information level of SMB1's TRANSACTION2.
    pub(super) trans2: Option<(u16, u16)>,
    /// The SMB1 command that deletes by name, which EVE does not tell apart from others.
    pub(super) by_name: bool,
}

/// A remote procedure call on a pipe, or the negotiation for one.
#[derive(Debug)]
pub(super) struct RpcCall {
    pub(super) pipe: Option<Arc<[u8]>>,
    pub(super) exchange: RpcExchange,
    pub(super) interfaces: SmallVec<[BoundInterface; 1]>,
}

impl TreeConnect {
    /// As the server said or, before it did, as the path shows.
    pub(super) fn is_for_pipes(&self) -> bool {
        let named_so = || self.path.last_chunk::<4>().is_some_and(|end| end.eq_ignore_ascii_case(b"IPC$"));
        if self.answered { self.is_pipe } else { named_so() }
    }
}

impl SmbTransaction {
    pub(super) fn new(command: SmbCommand, session_id: u64, tree_id: u32, detail: TxDetail) -> Self {
        Self {
            command,
            status: None,
            session_id,
            tree_id,
            history: 0,
            command_output: false,
            share: None,
            dialect: SmbDialect::Unknown,
            detail,
            kind: TxKind::Generic,
        }
    }

    /// The file or directory the transaction is about, by name.
    pub(super) fn file_name(&self) -> Option<&[u8]> {
        let name: &[u8] = match &self.detail {
            TxDetail::Create(create) => &create.name,
            TxDetail::File(file) => &file.name,
            TxDetail::Rename(rename) => &rename.from,
            TxDetail::Delete(delete) => &delete.name,
            _ => return None,
        };
        (!name.is_empty()).then_some(name)
    }

    pub(super) fn file(&self) -> Option<&SmbFile> {
        match &self.detail {
            TxDetail::File(file) => Some(file),
            _ => None,
        }
    }

    pub(super) fn call(&self) -> Option<&RpcCall> {
        match &self.detail {
            TxDetail::Call(call) => Some(call),
            _ => None,
        }
    }
}

impl RpcTransaction for SmbTransaction {
    fn exchange(&self) -> Option<&RpcExchange> {
        self.call().map(|call| &call.exchange)
    }

    fn interfaces(&self) -> &[BoundInterface] {
        self.call().map_or(&[], |call| &call.interfaces)
    }

    /// Suricata's parser for SMB, unlike the one for TCP, takes the whole header of an answer for header.
    fn answer_stub(half: &ExchangeHalf) -> &[u8] {
        half.stub_with_trailer()
    }
}

impl TxDetail {
    /// What `types` of EVE's `smb` calls it.
    pub(super) const fn kind(&self) -> TxKind {
        match self {
            Self::File(_) => TxKind::File,
            Self::TreeConnect(_) => TxKind::TreeConnect,
            Self::Negotiate(_) => TxKind::Negotiate,
            Self::Call(_) => TxKind::Dcerpc,
            Self::Create(_) => TxKind::Create,
            Self::SessionSetup(_) => TxKind::SessionSetup,
            Self::Ioctl(_) => TxKind::Ioctl,
            Self::Rename(_) => TxKind::Rename,
            Self::Delete(_) => TxKind::SetFilePathInfo,
            Self::None | Self::Encrypted => TxKind::Generic,
        }
    }
}
