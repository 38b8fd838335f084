//! SMB2 and SMB3 messages. [MS-SMB2] 2.2. Offsets in a message count from the beginning of its header.

use sidewire_base::{Cursor, Malformed};

use super::text;

/// Most dialects kept of an offer.
const MAX_DIALECTS: usize = 64;

pub(super) const PROTOCOL: &[u8; 4] = b"\xfeSMB";
/// A file id that stands for the file of the previous command in a compound. [MS-SMB2] 3.3.5.2.7.2.
pub(super) const RELATED_FILE: [u8; 16] = [0xff; 16];

#[allow(missing_docs)]
pub(super) mod command {
    pub(in super::super) const NEGOTIATE: u16 = 0;
    pub(in super::super) const SESSION_SETUP: u16 = 1;
    pub(in super::super) const TREE_CONNECT: u16 = 3;
    pub(in super::super) const TREE_DISCONNECT: u16 = 4;
    pub(in super::super) const CREATE: u16 = 5;
    pub(in super::super) const CLOSE: u16 = 6;
    pub(in super::super) const READ: u16 = 8;
    pub(in super::super) const WRITE: u16 = 9;
    pub(in super::super) const IOCTL: u16 = 11;
    pub(in super::super) const CANCEL: u16 = 12;
    pub(in super::super) const GET_INFO: u16 = 16;
    pub(in super::super) const SET_INFO: u16 = 17;
}

/// The 64-octet header. [MS-SMB2] 2.2.1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smb2Header {
    /// In responses.
    pub(super) status: u32,
    pub(super) command: u16,
    flags: u32,
    /// Where the next command of a compound begins, from this one; 0: it is the last.
    pub(super) next: u32,
    pub(super) message_id: u64,
    /// 0 in asynchronous messages.
    pub(super) tree_id: u32,
    pub(super) session_id: u64,
}

impl Smb2Header {
    /// Octets.
    pub(super) const LENGTH: usize = 64;

    /// # Errors
    /// [`Malformed`] when it is cut short or not SMB2.
    pub(super) fn parse(data: &[u8]) -> Result<Self, Malformed> {
        let mut cur = Cursor::new(data);
        if cur.array::<4>()? != PROTOCOL {
            return Err(Malformed::Invalid("ProtocolId"));
        }
        cur.skip(4)?; // StructureSize, CreditCharge
        let status = cur.u32_le()?;
        let command = cur.u16_le()?;
        cur.skip(2)?; // Credits
        let (flags, next, message_id) = (cur.u32_le()?, cur.u32_le()?, cur.u64_le()?);
        let (_process, mut tree_id) = (cur.u32_le()?, cur.u32_le()?);
        if flags & 2 != 0 {
            tree_id = 0; // an AsyncId stands there
        }
        let session_id = cur.u64_le()?;
        cur.skip(16)?; // Signature
        Ok(Self { status, command, flags, next, message_id, tree_id, session_id })
    }

    pub(super) const fn is_response(&self) -> bool {
        self.flags & 1 != 0
    }

    pub(super) const fn is_async(&self) -> bool {
        self.flags & 2 != 0
    }

    /// Takes session, tree and file from the command before it in the compound.
    pub(super) const fn is_related(&self) -> bool {
        self.flags & 4 != 0
    }
}

/// A cursor at the body.
fn body(message: &[u8]) -> Result<Cursor<'_>, Malformed> {
    let mut cur = Cursor::new(message);
    cur.skip(Smb2Header::LENGTH)?;
    Ok(cur)
}

/// A part given by offset and length, both counted from the header.
fn part(message: &[u8], offset: usize, length: usize) -> Result<&[u8], Malformed> {
    let mut cur = Cursor::new(message);
    if length == 0 {
        return Ok(&[]);
    }
    cur.seek(offset)?;
    cur.take(length)
}

/// [MS-SMB2] 2.2.3.
pub(super) struct NegotiateRequest {
    pub(super) client_guid: [u8; 16],
    pub(super) dialects: Vec<u16>,
}

impl NegotiateRequest {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = body(message)?;
        cur.skip(2)?; // StructureSize
        let count = usize::from(cur.u16_le()?);
        cur.skip(8)?; // SecurityMode, Reserved, Capabilities
        let client_guid = *cur.array::<16>()?;
        cur.skip(8)?; // ClientStartTime, or place of the negotiate contexts
        if cur.left() < count * 2 {
            return Err(Malformed::Invalid("DialectCount"));
        }
        let mut dialects = Vec::with_capacity(count.min(MAX_DIALECTS));
        for _ in 0..count.min(MAX_DIALECTS) {
            dialects.push(cur.u16_le()?);
        }
        Ok(Self { client_guid, dialects })
    }
}

/// [MS-SMB2] 2.2.4.
#[derive(Default)]
pub(super) struct NegotiateResponse {
    pub(super) dialect: u16,
    pub(super) server_guid: Option<[u8; 16]>,
    pub(super) max_read: u32,
    pub(super) max_write: u32,
}

impl NegotiateResponse {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = body(message)?;
        cur.skip(4)?; // StructureSize, SecurityMode
        let dialect = cur.u16_le()?;
        cur.skip(2)?; // NegotiateContextCount
        let server_guid = Some(*cur.array::<16>()?);
        cur.skip(8)?; // Capabilities, MaxTransactSize
        Ok(Self { dialect, server_guid, max_read: cur.u32_le()?, max_write: cur.u32_le()? })
    }
}

/// The security blob of a session setup request. [MS-SMB2] 2.2.5.
pub(super) fn session_setup_blob(message: &[u8]) -> Result<&[u8], Malformed> {
    let mut cur = body(message)?;
    cur.skip(12)?; // StructureSize, Flags, SecurityMode, Capabilities, Channel
    let (offset, length) = (cur.u16_le()?, cur.u16_le()?);
    cur.skip(8)?; // PreviousSessionId
    part(message, offset.into(), length.into())
}

/// The path `\\server\share` a tree connect asks for. [MS-SMB2] 2.2.9.
pub(super) fn tree_connect_path(message: &[u8]) -> Result<Box<[u8]>, Malformed> {
    let mut cur = body(message)?;
    cur.skip(4)?; // StructureSize, Flags
    let (offset, length) = (cur.u16_le()?, cur.u16_le()?);
    part(message, offset.into(), length.into()).map(text::utf16)
}

/// `ShareType` of a tree connect response: 1 disk, 2 pipe, 3 print. [MS-SMB2] 2.2.10.
pub(super) fn tree_connect_type(message: &[u8]) -> Result<u8, Malformed> {
    let mut cur = body(message)?;
    cur.skip(2)?; // StructureSize
    let share_type = cur.u8()?;
    cur.skip(13)?; // Reserved, ShareFlags, Capabilities, MaximalAccess
    Ok(share_type)
}

/// [MS-SMB2] 2.2.13.
pub(super) struct CreateRequest {
    pub(super) disposition: u32,
    pub(super) options: u32,
    pub(super) name: Box<[u8]>,
}

impl CreateRequest {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = body(message)?;
        cur.skip(36)?; // up to ShareAccess
        let (disposition, options) = (cur.u32_le()?, cur.u32_le()?);
        let (offset, length) = (cur.u16_le()?, cur.u16_le()?);
        let name = text::utf16(part(message, offset.into(), length.into())?);
        Ok(Self { disposition, options, name })
    }
}

/// [MS-SMB2] 2.2.14. Times are FILETIMEs.
pub(super) struct Smb2CreateResponse {
    pub(super) times: [u64; 4],
    pub(super) size: u64,
    pub(super) file: [u8; 16],
}

impl Smb2CreateResponse {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = body(message)?;
        cur.skip(8)?; // StructureSize, OplockLevel, Flags, CreateAction
        let times = [cur.u64_le()?, cur.u64_le()?, cur.u64_le()?, cur.u64_le()?];
        cur.skip(8)?; // AllocationSize
        let size = cur.u64_le()?;
        cur.skip(8)?; // FileAttributes, Reserved2
        Ok(Self { times, size, file: *cur.array::<16>()? })
    }
}

/// The file of a close request. [MS-SMB2] 2.2.15.
pub(super) fn close_file(message: &[u8]) -> Result<[u8; 16], Malformed> {
    let mut cur = body(message)?;
    cur.skip(8)?;
    Ok(*cur.array::<16>()?)
}

/// [MS-SMB2] 2.2.19.
pub(super) struct ReadRequest {
    pub(super) length: u32,
    pub(super) offset: u64,
    pub(super) file: [u8; 16],
}

impl ReadRequest {
    pub(super) const LENGTH: usize = Smb2Header::LENGTH + 48;

    pub(super) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = body(message)?;
        cur.skip(4)?; // StructureSize, Padding, Flags
        Ok(Self { length: cur.u32_le()?, offset: cur.u64_le()?, file: *cur.array::<16>()? })
    }
}

/// Where the data of a message lies, counted from its header.
#[derive(Clone, Copy, Debug)]
pub(super) struct BufferRange {
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// The data of a read response. [MS-SMB2] 2.2.20.
pub(super) fn read_response(message: &[u8]) -> Result<BufferRange, Malformed> {
    let mut cur = body(message)?;
    cur.skip(2)?; // StructureSize
    let offset = cur.u8()?;
    cur.skip(1)?; // Reserved
    let length = cur.u32_le()?;
    cur.skip(8)?; // DataRemaining, Reserved2
    Ok(BufferRange { offset: u32::from(offset).max(READ_RESPONSE as u32), length })
}

/// Header and fixed part of a read response. Octets.
pub(super) const READ_RESPONSE: usize = Smb2Header::LENGTH + 16;

/// [MS-SMB2] 2.2.21.
pub(super) struct WriteRequest {
    pub(super) data: BufferRange,
    pub(super) offset: u64,
    pub(super) file: [u8; 16],
}

impl WriteRequest {
    pub(super) const LENGTH: usize = Smb2Header::LENGTH + 48;

    pub(super) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = body(message)?;
        cur.skip(2)?; // StructureSize
        let place = u32::from(cur.u16_le()?).max(Self::LENGTH as u32);
        let data = BufferRange { offset: place, length: cur.u32_le()? };
        let (offset, file) = (cur.u64_le()?, *cur.array::<16>()?);
        cur.skip(16)?; // Channel, RemainingBytes, WriteChannelInfo, Flags
        Ok(Self { data, offset, file })
    }
}

/// An IOCTL, asked or answered: the data that goes the message's own way. [MS-SMB2] 2.2.31, 2.2.32.
pub(super) struct Ioctl {
    pub(super) function: u32,
    pub(super) file: [u8; 16],
    pub(super) data: BufferRange,
}

impl Ioctl {
    pub(super) const REQUEST: usize = Smb2Header::LENGTH + 56;
    pub(super) const RESPONSE: usize = Smb2Header::LENGTH + 48;

    pub(super) fn parse_request(message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = body(message)?;
        cur.skip(4)?; // StructureSize, Reserved
        let (function, file) = (cur.u32_le()?, *cur.array::<16>()?);
        let data = BufferRange { offset: cur.u32_le()?.max(Self::REQUEST as u32), length: cur.u32_le()? };
        cur.skip(24)?; // MaxInputResponse up to Reserved2
        Ok(Self { function, file, data })
    }

    pub(super) fn parse_response(message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = body(message)?;
        cur.skip(4)?; // StructureSize, Reserved
        let (function, file) = (cur.u32_le()?, *cur.array::<16>()?);
        cur.skip(8)?; // InputOffset, InputCount
        let data = BufferRange { offset: cur.u32_le()?.max(Self::RESPONSE as u32), length: cur.u32_le()? };
        cur.skip(8)?; // Flags, Reserved2
        Ok(Self { function, file, data })
    }
}

/// [MS-SMB2] 2.2.39.
pub(super) struct SetInfo {
    pub(super) file: [u8; 16],
    pub(super) change: Smb2Change,
}

/// The changes of a file that are of interest. [MS-FSCC] 2.4.
pub(super) enum Smb2Change {
    Rename(Box<[u8]>),
    /// Delete when it is closed, or not.
    Disposition(bool),
    /// End-of-file set, or anything else.
    Other,
}

impl SetInfo {
    const FILE: u8 = 1;
    const RENAME: u8 = 10;
    const DISPOSITION: u8 = 13;
    const DISPOSITION_EX: u8 = 64;
    const RENAME_EX: u8 = 65;

    pub(super) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = body(message)?;
        cur.skip(2)?; // StructureSize
        let (kind, class, length, offset) = (cur.u8()?, cur.u8()?, cur.u32_le()?, cur.u16_le()?);
        cur.skip(6)?; // Reserved, AdditionalInformation
        let file = *cur.array::<16>()?;
        let change = if kind == Self::FILE {
            Self::parse_change(class, part(message, offset.into(), usize::try_from(length).unwrap_or(usize::MAX))?)?
        } else {
            Smb2Change::Other
        };
        Ok(Self { file, change })
    }

    fn parse_change(class: u8, data: &[u8]) -> Result<Smb2Change, Malformed> {
        let mut cur = Cursor::new(data);
        Ok(match class {
            Self::RENAME | Self::RENAME_EX => {
                cur.skip(16)?; // ReplaceIfExists, Reserved, RootDirectory
                let length = usize::try_from(cur.u32_le()?).unwrap_or(usize::MAX);
                Smb2Change::Rename(text::utf16(cur.take(length)?))
            }
            Self::DISPOSITION | Self::DISPOSITION_EX => Smb2Change::Disposition(cur.u8()? & 1 != 0),
            _ => Smb2Change::Other,
        })
    }
}

/// Octets of a transform header. [MS-SMB2] 2.2.41.
pub(super) const TRANSFORM: usize = 52;

/// The session a transform header (SMB3 encryption) names. [MS-SMB2] 2.2.41.
pub(super) fn transform_session(message: &[u8]) -> Option<u64> {
    let mut cur = Cursor::new(message);
    cur.skip(44).ok()?;
    cur.u64_le().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_takes_the_async_id_for_no_tree() {
        let mut message = PROTOCOL.to_vec();
        message.resize(Smb2Header::LENGTH, 0);
        message[16] = 1;
        message[36] = 7;
        message[40] = 9;
        let header = Smb2Header::parse(&message).unwrap();
        assert_eq!((header.tree_id, header.session_id, header.is_response()), (7, 9, true));
        message[16] = 3;
        assert_eq!(Smb2Header::parse(&message).unwrap().tree_id, 0);
        assert!(Smb2Header::parse(&message[..63]).is_err());
    }

    #[test]
    fn names_are_taken_from_where_the_offsets_point() {
        let mut message = PROTOCOL.to_vec();
        message.resize(Smb2Header::LENGTH + 56, 0);
        message[64 + 44] = 124; // NameOffset: four octets after the fixed part
        message[64 + 46] = 4; // NameLength
        message.extend(b"\0\0\0\0a\0b\0");
        assert_eq!(&*CreateRequest::parse(&message).unwrap().name, b"ab");
        message[64 + 44] = 127;
        assert!(CreateRequest::parse(&message).is_err(), "past the end");
    }
}
