//! SMB1 (CIFS) messages. [MS-CIFS] 2.2, [MS-SMB] 2.2. Offsets in a message count from the beginning of its header.

use sidewire_base::{Cursor, Malformed};

use super::text::{self, SmbName};
use super::wire2::BufferRange;

/// Most dialects kept of an offer.
const MAX_DIALECTS: usize = 64;

pub(super) const PROTOCOL: &[u8; 4] = b"\xffSMB";

#[allow(missing_docs)]
pub(super) mod command {
    pub(in super::super) const CLOSE: u8 = 0x04;
    pub(in super::super) const DELETE: u8 = 0x06;
    pub(in super::super) const RENAME: u8 = 0x07;
    pub(in super::super) const WRITE: u8 = 0x0b;
    pub(in super::super) const LOCKING_ANDX: u8 = 0x24;
    pub(in super::super) const TRANS: u8 = 0x25;
    pub(in super::super) const TRANS_SECONDARY: u8 = 0x26;
    pub(in super::super) const ECHO: u8 = 0x2b;
    pub(in super::super) const WRITE_AND_CLOSE: u8 = 0x2c;
    pub(in super::super) const OPEN_ANDX: u8 = 0x2d;
    pub(in super::super) const READ_ANDX: u8 = 0x2e;
    pub(in super::super) const WRITE_ANDX: u8 = 0x2f;
    pub(in super::super) const TRANS2: u8 = 0x32;
    pub(in super::super) const TRANS2_SECONDARY: u8 = 0x33;
    pub(in super::super) const TREE_DISCONNECT: u8 = 0x71;
    pub(in super::super) const NEGOTIATE: u8 = 0x72;
    pub(in super::super) const SESSION_SETUP_ANDX: u8 = 0x73;
    pub(in super::super) const LOGOFF_ANDX: u8 = 0x74;
    pub(in super::super) const TREE_CONNECT_ANDX: u8 = 0x75;
    pub(in super::super) const NT_TRANS_SECONDARY: u8 = 0xa1;
    pub(in super::super) const NT_CREATE_ANDX: u8 = 0xa2;
    pub(in super::super) const NT_CANCEL: u8 = 0xa4;
    pub(in super::super) const NONE: u8 = 0xff;
}

/// The 32-octet header. [MS-CIFS] 2.2.3.1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smb1Header {
    pub(super) command: u8,
    /// NTSTATUS, or class and code of a DOS error.
    pub(super) status: u32,
    flags: u8,
    flags2: u16,
    pub(super) tree_id: u16,
    /// `PIDLow` alone: servers need not echo `PIDHigh`.
    process_id: u16,
    pub(super) user_id: u16,
    pub(super) multiplex_id: u16,
}

impl Smb1Header {
    /// Octets.
    pub(super) const LENGTH: usize = 32;

    /// # Errors
    /// [`Malformed`] when it is cut short or not SMB1.
    pub(super) fn parse(data: &[u8]) -> Result<Self, Malformed> {
        let mut cur = Cursor::new(data);
        if cur.array::<4>()? != PROTOCOL {
            return Err(Malformed::Invalid("Protocol"));
        }
        let (command, status, flags, flags2) = (cur.u8()?, cur.u32_le()?, cur.u8()?, cur.u16_le()?);
        cur.skip(12)?; // PIDHigh, SecurityFeatures, Reserved
        let (tree_id, process_id) = (cur.u16_le()?, cur.u16_le()?);
        Ok(Self {
            command,
            status,
            flags,
            flags2,
            tree_id,
            process_id,
            user_id: cur.u16_le()?,
            multiplex_id: cur.u16_le()?,
        })
    }

    pub(super) const fn is_response(&self) -> bool {
        self.flags & 0x80 != 0
    }

    pub(super) const fn is_unicode(&self) -> bool {
        self.flags2 & 0x8000 != 0
    }

    /// The status is class and code of a DOS error, not an NTSTATUS.
    pub(super) const fn is_dos_error(&self) -> bool {
        self.flags2 & 0x4000 == 0
    }

    /// What a request and its response have in common.
    pub(super) fn exchange(&self) -> u64 {
        u64::from(self.process_id) << 16 | u64::from(self.multiplex_id)
    }
}

/// Commands whose parameters begin with the place of another command. [MS-CIFS] 2.2.3.4.
pub(super) const fn is_andx(command: u8) -> bool {
    matches!(
        command,
        command::LOCKING_ANDX
            | command::OPEN_ANDX
            | command::READ_ANDX
            | command::WRITE_ANDX
            | command::SESSION_SETUP_ANDX
            | command::LOGOFF_ANDX
            | command::TREE_CONNECT_ANDX
            | command::NT_CREATE_ANDX
    )
}

/// One command of a message: its parameter words and its data.
#[derive(Clone, Copy)]
pub(super) struct Smb1Block<'a> {
    message: &'a [u8],
    unicode: bool,
    /// Parameter words, as octets.
    words: &'a [u8],
    /// Where the data begins, from the header.
    data_at: usize,
    /// The data; as much of it as there is.
    data: &'a [u8],
}

/// A text as the message's flags say it is written.
struct Smb1Text<'a> {
    cur: Cursor<'a>,
    unicode: bool,
}

impl<'a> Smb1Block<'a> {
    /// The block at `at` in a message; the data may be cut short, and `ByteCount` is not trusted: large reads and writes
    /// overflow it.
    pub(super) fn parse(message: &'a [u8], at: usize, unicode: bool) -> Result<Self, Malformed> {
        let mut cur = Cursor::new(message);
        cur.seek(at)?;
        let count = cur.u8()?;
        let words = cur.take(usize::from(count) * 2)?;
        cur.skip(2)?; // ByteCount
        Ok(Self { message, unicode, words, data_at: cur.position(), data: cur.rest() })
    }

    /// The parameter words.
    fn words(&self) -> Cursor<'a> {
        Cursor::new(self.words)
    }

    /// How many parameter words there are.
    pub(super) const fn word_count(&self) -> usize {
        self.words.len() / 2
    }

    /// The next command of a chain and its place.
    pub(super) fn next(&self) -> Option<(u8, usize)> {
        let mut words = self.words();
        let (command, _reserved, at) = (words.u8().ok()?, words.u8().ok()?, words.u16_le().ok()?);
        (command != command::NONE).then_some((command, at.into()))
    }

    fn text(&self, skip: usize) -> Result<Smb1Text<'a>, Malformed> {
        // Positions are kept from the header, because that is what UTF-16 is aligned to.
        let mut cur = Cursor::new(self.message);
        cur.seek(self.data_at + skip)?;
        Ok(Smb1Text { cur, unicode: self.unicode })
    }

    fn part(&self, offset: u16, length: u16) -> Result<&'a [u8], Malformed> {
        if length == 0 {
            return Ok(&[]);
        }
        let mut cur = Cursor::new(self.message);
        cur.seek(offset.into())?;
        cur.take(length.into())
    }
}

impl Smb1Text<'_> {
    fn string(&mut self) -> Result<SmbName, Malformed> {
        if self.unicode {
            self.cur.align(2)?;
            text::until_nul16(&mut self.cur).map(text::utf16)
        } else {
            self.octets()
        }
    }

    fn octets(&mut self) -> Result<SmbName, Malformed> {
        text::until_nul(&mut self.cur).map(text::octets)
    }

    /// A text that may be missing.
    fn optional(&mut self) -> SmbName {
        self.string().unwrap_or_default()
    }
}

/// Dialects offered; `true` when one of them has no name. [MS-CIFS] 2.2.4.52.1.
pub(super) fn negotiate_request(block: &Smb1Block<'_>) -> (Vec<SmbName>, bool) {
    let (mut dialects, mut odd) = (Vec::new(), false);
    let mut cur = Cursor::new(block.data);
    while !cur.is_empty() && dialects.len() < MAX_DIALECTS {
        let Ok(entry) = text::until_nul(&mut cur) else { break };
        match entry.split_first() {
            Some((_format, name)) => {
                odd |= name.is_empty();
                dialects.push(text::octets(name));
            }
            None => odd = true,
        }
    }
    (dialects, odd)
}

/// The chosen dialect and, with extended security, the server's GUID. [MS-SMB] 2.2.4.5.2.1.
pub(super) fn negotiate_response(block: &Smb1Block<'_>) -> Result<(u16, Option<[u8; 16]>), Malformed> {
    if block.word_count() == 0 {
        return Ok((0, None)); // an error
    }
    let dialect = block.words().u16_le()?;
    Ok((dialect, block.data.first_chunk::<16>().copied()))
}

/// [MS-CIFS] 2.2.4.53.1, [MS-SMB] 2.2.4.6.1.
pub(super) struct SessionSetupAndX<'a> {
    /// With extended security.
    pub(super) blob: &'a [u8],
    /// Without: account and domain in clear.
    pub(super) account: Option<(SmbName, SmbName)>,
    pub(super) native_os: SmbName,
    pub(super) native_lm: SmbName,
}

impl<'a> SessionSetupAndX<'a> {
    pub(super) fn parse_request(block: &Smb1Block<'a>) -> Result<Self, Malformed> {
        let mut words = block.words();
        words.skip(14)?; // AndX, MaxBufferSize, MaxMpxCount, VcNumber, SessionKey
        if block.word_count() == 12 {
            let length = words.u16_le()?;
            let blob = Cursor::new(block.data).take(length.into())?;
            let mut text = block.text(length.into())?;
            return Ok(Self { blob, account: None, native_os: text.optional(), native_lm: text.optional() });
        }
        let passwords = match block.word_count() {
            10 => usize::from(words.u16_le()?),
            _ => usize::from(words.u16_le()?) + usize::from(words.u16_le()?),
        };
        let mut text = block.text(passwords)?;
        let account = Some((text.optional(), text.optional()));
        Ok(Self { blob: &[], account, native_os: text.optional(), native_lm: text.optional() })
    }

    /// [MS-CIFS] 2.2.4.53.2, [MS-SMB] 2.2.4.6.2.
    pub(super) fn parse_response(block: &Smb1Block<'a>) -> Result<Self, Malformed> {
        let length = if block.word_count() == 4 {
            let mut words = block.words();
            words.skip(6)?; // AndX, Action
            words.u16_le()?
        } else {
            0
        };
        let blob = Cursor::new(block.data).take(length.into())?;
        let mut text = block.text(length.into())?;
        Ok(Self { blob, account: None, native_os: text.optional(), native_lm: text.optional() })
    }
}

/// Path and service a tree connect asks for. [MS-CIFS] 2.2.4.55.1.
pub(super) fn tree_connect_request(block: &Smb1Block<'_>) -> Result<(SmbName, SmbName), Malformed> {
    let mut words = block.words();
    words.skip(6)?; // AndX, Flags
    let password = words.u16_le()?;
    let mut text = block.text(password.into())?;
    Ok((text.string()?, text.octets()?))
}

/// The service a tree connect response names. [MS-CIFS] 2.2.4.55.2.
pub(super) fn tree_connect_response(block: &Smb1Block<'_>) -> Result<SmbName, Malformed> {
    block.text(0)?.octets()
}

/// An open, by either command.
pub(super) struct Smb1Open {
    pub(super) disposition: u32,
    pub(super) options: u32,
    pub(super) name: SmbName,
}

impl Smb1Open {
    /// [MS-CIFS] 2.2.4.64.1.
    pub(super) fn parse_create(block: &Smb1Block<'_>) -> Result<Self, Malformed> {
        let mut words = block.words();
        words.skip(35)?; // AndX up to ShareAccess
        let (disposition, options) = (words.u32_le()?, words.u32_le()?);
        Ok(Self { disposition, options, name: block.text(0)?.string()? })
    }
}

/// [MS-CIFS] 2.2.4.64.2.
pub(super) struct Smb1CreateResponse {
    pub(super) file: u16,
    pub(super) times: [u64; 4],
    pub(super) size: u64,
}

impl Smb1CreateResponse {
    pub(super) fn parse(block: &Smb1Block<'_>) -> Result<Self, Malformed> {
        let mut words = block.words();
        words.skip(5)?; // AndX, OplockLevel
        let file = words.u16_le()?;
        words.skip(4)?; // CreateDisposition
        let times = [words.u64_le()?, words.u64_le()?, words.u64_le()?, words.u64_le()?];
        words.skip(4)?; // ExtFileAttributes
        Ok(Self { file, times, size: words.u64_le()? })
    }
}

/// The file an open response names. [MS-CIFS] 2.2.4.41.2.
pub(super) fn open_response(block: &Smb1Block<'_>) -> Result<u16, Malformed> {
    let mut words = block.words();
    words.skip(4)?; // AndX
    words.u16_le()
}

/// The name an open asks for. [MS-CIFS] 2.2.4.41.1.
pub(super) fn open_request(block: &Smb1Block<'_>) -> Result<SmbName, Malformed> {
    block.text(0)?.string()
}

/// The file of a close request. [MS-CIFS] 2.2.4.5.1.
pub(super) fn close_file(block: &Smb1Block<'_>) -> Result<u16, Malformed> {
    block.words().u16_le()
}

/// A part of a file, and where its data lies in the message.
pub(super) struct FileChunk {
    pub(super) file: u16,
    pub(super) offset: u64,
    pub(super) data: BufferRange,
}

impl FileChunk {
    /// Bit of `WriteMode`: a message of a pipe begins, and two octets with its length come first. [MS-CIFS] 2.2.4.43.1.
    const MESSAGE_START: u16 = 0x0008;
    /// Bit of `WriteMode` that goes with it: the length octets are there.
    const RAW_MODE: u16 = 0x0004;

    /// [MS-CIFS] 2.2.4.43.1. `on_pipe` says whether a message length may precede the data.
    pub(super) fn parse_write(block: &Smb1Block<'_>, on_pipe: bool) -> Result<Self, Malformed> {
        let mut words = block.words();
        words.skip(4)?; // AndX
        let (file, low) = (words.u16_le()?, words.u32_le()?);
        words.skip(4)?; // Timeout
        let mode = words.u16_le()?;
        words.skip(2)?; // Remaining
        let (length_high, length_low, place) = (words.u16_le()?, words.u16_le()?, words.u16_le()?);
        let high = if block.word_count() >= 14 { words.u32_le()? } else { 0 };
        let length_bits = Self::MESSAGE_START | Self::RAW_MODE;
        let prefix = if on_pipe && mode & length_bits == length_bits { 2 } else { 0 };
        let length = (u32::from(length_high) << 16 | u32::from(length_low)).saturating_sub(prefix);
        let offset = block.place(place) + prefix;
        Ok(Self { file, offset: u64::from(high) << 32 | u64::from(low), data: BufferRange { offset, length } })
    }

    /// `SMB_COM_WRITE`, [MS-CIFS] 2.2.4.12.1.
    pub(super) fn parse_core_write(block: &Smb1Block<'_>) -> Result<Self, Malformed> {
        let mut words = block.words();
        let (file, length, offset) = (words.u16_le()?, words.u16_le()?, words.u32_le()?);
        // BufferFormat and DataLength come before the data.
        let place = block.data_at as u32 + 3;
        Ok(Self { file, offset: offset.into(), data: BufferRange { offset: place, length: length.into() } })
    }

    /// `SMB_COM_WRITE_AND_CLOSE`, [MS-CIFS] 2.2.4.40.1.
    pub(super) fn parse_write_and_close(block: &Smb1Block<'_>) -> Result<Self, Malformed> {
        let mut words = block.words();
        let (file, length, offset) = (words.u16_le()?, words.u16_le()?, words.u32_le()?);
        let place = block.data_at as u32 + 1; // one octet of padding
        Ok(Self { file, offset: offset.into(), data: BufferRange { offset: place, length: length.into() } })
    }

    /// [MS-CIFS] 2.2.4.42.1. The data comes with the response.
    pub(super) fn parse_read(block: &Smb1Block<'_>) -> Result<Self, Malformed> {
        let mut words = block.words();
        words.skip(4)?; // AndX
        let (file, low) = (words.u16_le()?, words.u32_le()?);
        let length = words.u16_le()?;
        words.skip(8)?; // MinCount, Timeout, Remaining
        let high = if block.word_count() >= 12 { words.u32_le()? } else { 0 };
        let data = BufferRange { offset: 0, length: length.into() };
        Ok(Self { file, offset: u64::from(high) << 32 | u64::from(low), data })
    }
}

/// The data of a read response. [MS-CIFS] 2.2.4.42.2.
pub(super) fn read_response(block: &Smb1Block<'_>) -> Result<BufferRange, Malformed> {
    let mut words = block.words();
    words.skip(10)?; // AndX, Available, DataCompactionMode, Reserved
    let (low, place, high) = (words.u16_le()?, words.u16_le()?, words.u16_le()?);
    Ok(BufferRange { offset: block.place(place), length: u32::from(high) << 16 | u32::from(low) })
}

impl Smb1Block<'_> {
    /// A place stated in a message, no earlier than the block's data.
    fn place(&self, stated: u16) -> u32 {
        u32::from(stated).max(self.data_at as u32)
    }
}

/// Old and new name. [MS-CIFS] 2.2.4.8.1.
pub(super) fn rename_request(block: &Smb1Block<'_>) -> Result<(SmbName, SmbName), Malformed> {
    let mut text = block.text(1)?; // BufferFormat
    let old = text.string()?;
    text.cur.skip(1)?; // BufferFormat
    Ok((old, text.string()?))
}

/// The name to delete. [MS-CIFS] 2.2.4.7.1.
pub(super) fn delete_request(block: &Smb1Block<'_>) -> Result<SmbName, Malformed> {
    block.text(1)?.string()
}

/// A transaction request of any kind but NT_TRANSACT. [MS-CIFS] 2.2.4.33.1, 2.2.4.46.1.
pub(super) struct TransRequest<'a> {
    setup: &'a [u8],
    parameters: &'a [u8],
    data: &'a [u8],
    /// Where `data` lies.
    pub(super) data_place: BufferRange,
    unicode: bool,
}

impl<'a> TransRequest<'a> {
    /// First setup word of a transaction on a pipe: write, then read the answer. [MS-CIFS] 2.2.5.6.
    pub(super) const TRANSACT_PIPE: u16 = 0x26;
    const SET_PATH_INFORMATION: u16 = 6;
    const SET_FILE_INFORMATION: u16 = 8;
    /// Information levels passed through to the file system. [MS-SMB] 2.2.2.3.5.
    const RENAME: u16 = 1010;
    const DISPOSITION: u16 = 1013;
    const DISPOSITION_OLD: u16 = 0x102;

    pub(super) fn parse(block: &Smb1Block<'a>) -> Result<Self, Malformed> {
        let mut words = block.words();
        words.skip(18)?; // counts, flags, timeout, reserved
        let (parameter_count, parameters_at) = (words.u16_le()?, words.u16_le()?);
        let (data_count, data_at) = (words.u16_le()?, words.u16_le()?);
        let setup_count = words.u8()?;
        words.skip(1)?; // Reserved
        // Some senders count setup words that they put after the parameter words; those are not followed.
        let setup = words.take(usize::from(setup_count) * 2).unwrap_or_default();
        Ok(Self {
            setup,
            parameters: block.part(parameters_at, parameter_count)?,
            data: block.part(data_at, data_count)?,
            data_place: BufferRange { offset: data_at.into(), length: data_count.into() },
            unicode: block.unicode,
        })
    }

    /// The first setup word.
    pub(super) fn subcommand(&self) -> Option<u16> {
        Cursor::new(self.setup).u16_le().ok()
    }

    /// The pipe a TRANSACTION on an open pipe is for.
    pub(super) fn pipe(&self) -> Option<u16> {
        let mut setup = Cursor::new(self.setup);
        let (_subcommand, file) = (setup.u16_le().ok()?, setup.u16_le().ok()?);
        Some(file)
    }

    /// What a TRANSACTION2 changes of a file, if anything of interest. [MS-CIFS] 2.2.6.7, 2.2.6.9.
    pub(super) fn change(&self) -> Result<Option<Smb1Change>, Malformed> {
        let mut parameters = Cursor::new(self.parameters);
        let (subcommand, level, target) = match self.subcommand() {
            Some(subcommand @ Self::SET_PATH_INFORMATION) => {
                let level = parameters.u16_le()?;
                parameters.skip(4)?; // Reserved
                let name = if self.unicode {
                    text::until_nul16(&mut parameters).map(text::utf16)?
                } else {
                    text::until_nul(&mut parameters).map(text::octets)?
                };
                (subcommand, level, ChangeTarget::Path(name))
            }
            Some(subcommand @ Self::SET_FILE_INFORMATION) => {
                let file = parameters.u16_le()?;
                (subcommand, parameters.u16_le()?, ChangeTarget::File(file))
            }
            _ => return Ok(None),
        };
        let mut data = Cursor::new(self.data);
        let kind = match level {
            Self::DISPOSITION | Self::DISPOSITION_OLD => ChangeKind::Disposition(data.u8()? & 1 != 0),
            Self::RENAME => {
                data.skip(8)?; // ReplaceIfExists, Reserved, RootDirectory
                let length = usize::try_from(data.u32_le()?).unwrap_or(usize::MAX);
                ChangeKind::Rename(text::utf16(data.take(length)?))
            }
            _ => return Ok(None),
        };
        Ok(Some(Smb1Change { subcommand, level, target, kind }))
    }
}

/// What a TRANSACTION2 changes.
pub(super) struct Smb1Change {
    pub(super) subcommand: u16,
    pub(super) level: u16,
    pub(super) target: ChangeTarget,
    pub(super) kind: ChangeKind,
}

/// Of which file.
pub(super) enum ChangeTarget {
    Path(SmbName),
    File(u16),
}

/// To what.
pub(super) enum ChangeKind {
    Rename(SmbName),
    Disposition(bool),
}

/// A transaction response: its data, and whether it is the last one. [MS-CIFS] 2.2.4.33.2.
pub(super) fn trans_response(block: &Smb1Block<'_>) -> Result<(BufferRange, bool), Malformed> {
    if block.word_count() == 0 {
        return Ok((BufferRange { offset: 0, length: 0 }, true)); // interim response, or an error
    }
    let mut words = block.words();
    words.skip(2)?; // TotalParameterCount
    let total = u32::from(words.u16_le()?);
    words.skip(8)?; // Reserved2 up to ParameterDisplacement
    let (count, at, displacement) = (words.u16_le()?, words.u16_le()?, words.u16_le()?);
    let last = u32::from(displacement) + u32::from(count) >= total;
    block.part(at, count)?;
    Ok((BufferRange { offset: at.into(), length: count.into() }, last))
}

/// The further data of a TRANSACTION_SECONDARY. [MS-CIFS] 2.2.4.34.1.
pub(super) fn trans_secondary(block: &Smb1Block<'_>) -> Result<BufferRange, Malformed> {
    let mut words = block.words();
    words.skip(10)?; // totals and parameters
    let (count, at) = (words.u16_le()?, words.u16_le()?);
    block.part(at, count)?;
    Ok(BufferRange { offset: at.into(), length: count.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(words: &[u8], data: &[u8]) -> Vec<u8> {
        let mut message = PROTOCOL.to_vec();
        message.resize(Smb1Header::LENGTH, 0);
        message.push((words.len() / 2) as u8);
        message.extend(words);
        message.extend((data.len() as u16).to_le_bytes());
        message.extend(data);
        message
    }

    #[test]
    fn dialects_without_a_name_are_odd() {
        let block = message(&[], b"\x02NT LM 0.12\0\x02SMB 2.002\0");
        let block = Smb1Block::parse(&block, 32, false).unwrap();
        let (dialects, odd) = negotiate_request(&block);
        assert_eq!((dialects.len(), odd, &*dialects[1]), (2, false, &b"SMB 2.002"[..]));
        let block = message(&[], b"\x02\0\0");
        assert!(negotiate_request(&Smb1Block::parse(&block, 32, false).unwrap()).1);
    }

    #[test]
    fn unicode_names_are_aligned_to_the_header() {
        // One password octet puts the path on an even place from the header: 32 + 1 + 8 + 2 + 1 = 44.
        let data = message(&[0xff, 0, 0, 0, 0, 0, 1, 0], b"\0\\\0\\\0s\0\\\0I\0\0\0?????\0");
        let block = Smb1Block::parse(&data, 32, true).unwrap();
        let (path, service) = tree_connect_request(&block).unwrap();
        assert_eq!((&*path, &*service), (&b"\\\\s\\I"[..], &b"?????"[..]));
    }

    #[test]
    fn a_pipe_write_at_a_message_start_has_a_length_before_it() {
        let mut words = vec![0xff, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0c, 0, 0, 0, 0, 0, 12, 0, 63, 0];
        words.extend([0; 4]);
        let data = message(&words, &[0; 14]);
        let block = Smb1Block::parse(&data, 32, true).unwrap();
        let chunk = FileChunk::parse_write(&block, true).unwrap();
        assert_eq!((chunk.file, chunk.data.offset, chunk.data.length), (5, 65, 10));
        assert_eq!(FileChunk::parse_write(&block, false).unwrap().data.length, 12);
    }
}
