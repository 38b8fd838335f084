use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sidewire_base::Time;

use crate::blocks::{Blocks, Direct};
use crate::input::{End, Input};
use crate::pcap::{self, HeaderError};
use crate::pcapng::{self, Section, SectionError};
use crate::{Compression, MAX_BLOCK_LENGTH, OpenError, Progress, ReadError, Seems};

/// Octets looked at to say what a file that is no capture seems to be.
const SNIFF_LENGTH: usize = 512;

/// One captured frame, borrowed from the reader's buffer until the next one is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When it was captured; 1970-01-01 where the file does not say (pcapng simple packets).
    pub time: Time,
    /// What was captured of it.
    pub data: &'a [u8],
    /// Octets it had on the wire.
    pub wire_length: u32,
    /// LINKTYPE number.
    pub link_type: u32,
    /// Number of the interface within its section; 0 in classic files.
    pub interface: u32,
}

/// The two file formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// draft-ietf-opsawg-pcap.
    Pcap,
    /// draft-ietf-opsawg-pcapng.
    PcapNg,
}

/// Reads the frames of one capture in file order.
pub struct Reader {
    input: Input,
    state: State,
}

impl core::fmt::Debug for Reader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reader").field("state", &self.state).field("offset", &self.input.offset()).finish()
    }
}

#[derive(Debug)]
enum State {
    Pcap(pcap::Header),
    PcapNg(Section),
    /// An error was reported, or the end reached.
    Done(Format),
}

/// Where a frame lies in the buffer, relative to what was consumed for it.
struct Found {
    consumed: usize,
    at: usize,
    time: Time,
    captured: u32,
    wire_length: u32,
    link_type: u32,
    interface: u32,
}

impl Reader {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// [`OpenError`] names the file and what it seems to be when it is no capture.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, |direct, _| Box::new(direct))
    }

    /// As [`open`](Self::open), with a way of reading: `blocks` is given what reads block by block, and the size of a
    /// regular file.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_with(
        path: impl AsRef<Path>,
        blocks: impl FnOnce(Direct, Option<u64>) -> Box<dyn Blocks>,
    ) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if path.as_os_str() == "-" {
            return Self::begin("standard input", Box::new(io::stdin()), None, blocks);
        }
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|source| OpenError::Io { name: name.clone(), source })?;
        if metadata.is_dir() {
            return Err(OpenError::NotCapture { name, seems: Seems("a directory") });
        }
        Self::begin(&name, Box::new(file), metadata.is_file().then_some(metadata.len()), blocks)
    }

    /// Reads from any source; `name` is for messages, `size` for progress.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn from_source(name: &str, source: impl Read + Send + 'static, size: Option<u64>) -> Result<Self, OpenError> {
        Self::begin(name, Box::new(source), size, |direct, _| Box::new(direct))
    }

    fn begin(
        name: &str,
        source: Box<dyn Read + Send>,
        size: Option<u64>,
        blocks: impl FnOnce(Direct, Option<u64>) -> Box<dyn Blocks>,
    ) -> Result<Self, OpenError> {
        let io_error = |source| OpenError::Io { name: name.to_owned(), source };
        let mut input = Input::new(source, size, blocks).map_err(io_error)?;
        let length = input.fill(SNIFF_LENGTH).len();
        // What a failing source gave before may still be a capture worth reading; without anything, its error counts.
        if length == 0
            && let End::Failed(error) = input.take_end()
        {
            return Err(io_error(error));
        }
        let version = |format, major, minor| OpenError::Version { name: name.to_owned(), format, major, minor };
        let cut = || OpenError::HeaderCut { name: name.to_owned(), length };
        let state = match pcap::Header::parse(input.available()) {
            Ok(header) => {
                input.consume(pcap::HEADER_LENGTH);
                State::Pcap(header)
            }
            Err(HeaderError::Version(major, minor)) => return Err(version("pcap", major, minor)),
            Err(HeaderError::Short) => return Err(cut()),
            Err(HeaderError::Magic) if input.available().starts_with(&pcapng::SECTION_HEADER.to_be_bytes()) => {
                if length < pcapng::SECTION_START_LENGTH {
                    return Err(cut());
                }
                // The block itself stays: reading begins with it.
                match Section::default().begin(input.available()) {
                    Ok(()) => State::PcapNg(Section::default()),
                    Err(SectionError::Version(major, minor)) => return Err(version("pcapng", major, minor)),
                    Err(SectionError::Magic) => {
                        let seems = Seems("a damaged pcapng file");
                        return Err(OpenError::NotCapture { name: name.to_owned(), seems });
                    }
                }
            }
            Err(HeaderError::Magic) => {
                let seems = match (Seems::of(input.available()), input.compression) {
                    (seems, Compression::None) => seems,
                    (Seems("empty"), _) => Seems("a compressed empty or broken file"),
                    (Seems("JSON"), _) => Seems("compressed JSON"),
                    (Seems("text"), _) => Seems("compressed text"),
                    (Seems("a tar archive"), _) => Seems("a compressed tar archive"),
                    (seems, _) => seems,
                };
                return Err(OpenError::NotCapture { name: name.to_owned(), seems });
            }
        };
        Ok(Self { input, state })
    }

    /// pcap or pcapng.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.state {
            State::Pcap(_) => Format::Pcap,
            State::PcapNg(_) => Format::PcapNg,
            State::Done(format) => format,
        }
    }

    /// How the file was wrapped.
    #[must_use]
    pub const fn compression(&self) -> Compression {
        self.input.compression
    }

    /// A handle that tells how far reading has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.input.progress.clone()
    }

    /// The next frame, or `None` at the end of the file.
    ///
    /// # Errors
    /// [`ReadError`] when the file is cut or damaged here; every call after that returns `None`.
    #[expect(clippy::should_implement_trait, reason = "frames borrow from the reader, which no Iterator can say")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, ReadError> {
        let found = match &mut self.state {
            State::Pcap(header) => next_record(&mut self.input, header),
            State::PcapNg(section) => next_block(&mut self.input, section),
            State::Done(_) => Ok(None),
        };
        match found {
            Ok(Some(found)) => Ok(Some(Frame {
                time: found.time,
                data: self.input.behind(found.consumed, found.at, found.captured as usize),
                wire_length: found.wire_length,
                link_type: found.link_type,
                interface: found.interface,
            })),
            Ok(None) => {
                self.state = State::Done(self.format());
                Ok(None)
            }
            Err(error) => {
                self.state = State::Done(self.format());
                Err(error)
            }
        }
    }
}

/// The error for a structure of `needed` octets that is not there: the source's own, or that the file is cut.
#[cold]
fn short(input: &mut Input, needed: u64) -> ReadError {
    let (offset, left) = (input.offset(), input.available().len() as u64);
    match input.take_end() {
        End::Failed(source) => ReadError::Io { offset: offset + left, source },
        End::Clean | End::Cut => ReadError::Truncated { offset, needed, left },
    }
}

/// The end of the file between two structures: clean, unless the source failed or its compressed stream is cut.
#[cold]
fn end(input: &mut Input) -> Result<Option<Found>, ReadError> {
    let offset = input.offset();
    match input.take_end() {
        End::Clean => Ok(None),
        End::Cut => Err(ReadError::Truncated { offset, needed: 1, left: 0 }),
        End::Failed(source) => Err(ReadError::Io { offset, source }),
    }
}

/// A few line ends or zeros behind the last packet are not a cut packet: tools that handled the file as text, or padded
/// it, leave them.
fn is_filler(rest: &[u8]) -> bool {
    rest.iter().all(|octet| matches!(octet, b'\n' | b'\r' | 0))
}

#[inline]
fn next_record(input: &mut Input, header: &pcap::Header) -> Result<Option<Found>, ReadError> {
    let head_length = header.record_length();
    let head = input.fill(head_length);
    if head.len() < head_length {
        return if is_filler(head) { end(input) } else { Err(short(input, head_length as u64)) };
    }
    let record = match header.record(head) {
        Ok(record) => record,
        Err(what) => return Err(ReadError::Damaged { offset: input.offset(), what }),
    };
    let consumed = head_length + record.captured as usize;
    if input.fill(consumed).len() < consumed {
        return Err(short(input, consumed as u64));
    }
    input.consume(consumed);
    Ok(Some(Found {
        consumed,
        at: head_length,
        time: record.time,
        captured: record.captured,
        wire_length: record.wire_length,
        link_type: header.link_type,
        interface: record.interface,
    }))
}

#[inline]
fn next_block(input: &mut Input, section: &mut Section) -> Result<Option<Found>, ReadError> {
    loop {
        let offset = input.offset();
        let head = input.fill(pcapng::BLOCK_HEADER_LENGTH);
        if head.len() < pcapng::BLOCK_HEADER_LENGTH {
            return if is_filler(head) { end(input) } else { Err(short(input, pcapng::BLOCK_HEADER_LENGTH as u64)) };
        }
        // A section header's type reads the same both ways, and its length only after its byte order is known.
        if head.starts_with(&pcapng::SECTION_HEADER.to_be_bytes()) {
            let head = input.fill(pcapng::SECTION_START_LENGTH);
            if head.len() < pcapng::SECTION_START_LENGTH {
                return Err(short(input, pcapng::SECTION_START_LENGTH as u64));
            }
            if section.begin(head).is_err() {
                return Err(ReadError::Damaged { offset, what: "section header of an unknown version or byte order" });
            }
        }
        let (kind, length) = match section.block(input.available()) {
            Ok(block) => block,
            Err(what) => return Err(ReadError::Damaged { offset, what }),
        };
        if !Section::wants(kind) {
            if !input.skip(u64::from(length)) {
                let left = input.offset() - offset;
                return Err(match input.take_end() {
                    End::Failed(source) => ReadError::Io { offset: offset + left, source },
                    End::Clean | End::Cut => ReadError::Truncated { offset, needed: u64::from(length), left },
                });
            }
            continue;
        }
        if length > MAX_BLOCK_LENGTH {
            return Err(ReadError::Damaged { offset, what: "block is longer than any packet" });
        }
        let consumed = length as usize;
        if input.fill(consumed).len() < consumed {
            return Err(short(input, u64::from(length)));
        }
        match section.read(kind, input.slice(0, consumed)) {
            Err(what) => return Err(ReadError::Damaged { offset, what }),
            Ok(None) => input.consume(consumed),
            Ok(Some(packet)) => {
                input.consume(consumed);
                return Ok(Some(Found {
                    consumed,
                    at: packet.at,
                    time: packet.time,
                    captured: packet.captured,
                    wire_length: packet.wire_length,
                    link_type: packet.link_type,
                    interface: packet.interface,
                }));
            }
        }
    }
}
