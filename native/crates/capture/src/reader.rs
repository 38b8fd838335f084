//! Frames out of pcap and pcapng files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::frames::{BlockFrames, CapturedFrame, FrameLocation};
use crate::input::{CaptureInput, InputEnd};
use crate::pcap::{self, HeaderError};
use crate::pcapng::{self, PcapngSection, SectionError};
use crate::{CaptureCompression, GuessedFileType, MAX_BLOCK_LENGTH, OpenError, ReadError, ReadProgress};

/// Octets looked at to say what a file that is no capture seems to be.
const SNIFF_LENGTH: usize = 512;

/// The two file formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureFormat {
    /// draft-ietf-opsawg-pcap.
    Pcap,
    /// draft-ietf-opsawg-pcapng.
    PcapNg,
}

/// Reads the frames of one capture in file order.
pub struct CaptureReader {
    input: CaptureInput,
    state: ReaderState,
    /// What was found behind the frames handed out last.
    ahead: Option<Result<Option<FrameLocation>, ReadError>>,
}

impl core::fmt::Debug for CaptureReader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reader").field("state", &self.state).field("offset", &self.input.offset()).finish()
    }
}

#[derive(Debug)]
enum ReaderState {
    Pcap(pcap::PcapHeader),
    PcapNg(PcapngSection),
    /// An error was reported, or the end reached.
    Done(CaptureFormat),
}

impl CaptureReader {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// [`OpenError`] names the file and what it seems to be when it is no capture.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if path.as_os_str() == "-" {
            return Self::from_source("standard input", io::stdin(), None);
        }
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|source| OpenError::Io { name: name.clone(), source })?;
        if metadata.is_dir() {
            return Err(OpenError::NotCapture { name, seems: GuessedFileType("a directory") });
        }
        Self::from_source(&name, file, metadata.is_file().then_some(metadata.len()))
    }

    /// Reads from any source; `name` is for messages, `size` for progress.
    ///
    /// # Errors
    /// As [`CaptureReader::open`].
    pub fn from_source(name: &str, source: impl Read + Send + 'static, size: Option<u64>) -> Result<Self, OpenError> {
        let io_error = |source| OpenError::Io { name: name.to_owned(), source };
        let mut input = CaptureInput::new(Box::new(source), size).map_err(io_error)?;
        // No more than the shortest header there is: the rest may come late, out of a pipe.
        let length = input.fill(pcap::HEADER_LENGTH).len();
        // What a failing source gave before may still be a capture worth reading; without anything, its error counts.
        if length == 0
            && let InputEnd::Failed(error) = input.take_end()
        {
            return Err(io_error(error));
        }
        let version = |format, major, minor| OpenError::Version { name: name.to_owned(), format, major, minor };
        let cut = || OpenError::HeaderCut { name: name.to_owned(), length };
        let state = match pcap::PcapHeader::parse(input.available()) {
            Ok(header) => {
                input.consume(pcap::HEADER_LENGTH);
                ReaderState::Pcap(header)
            }
            Err(HeaderError::Version(major, minor)) => return Err(version("pcap", major, minor)),
            Err(HeaderError::Short) => return Err(cut()),
            Err(HeaderError::Magic) if input.available().starts_with(&pcapng::SECTION_HEADER.to_be_bytes()) => {
                if length < pcapng::SECTION_START_LENGTH {
                    return Err(cut());
                }
                // The block itself stays: reading begins with it.
                match PcapngSection::default().begin(input.available()) {
                    Ok(()) => ReaderState::PcapNg(PcapngSection::default()),
                    Err(SectionError::Version(major, minor)) => return Err(version("pcapng", major, minor)),
                    Err(SectionError::Magic) => {
                        let seems = GuessedFileType("a damaged pcapng file");
                        return Err(OpenError::NotCapture { name: name.to_owned(), seems });
                    }
                }
            }
            Err(HeaderError::Magic) => {
                let seems = match (GuessedFileType::of(input.fill(SNIFF_LENGTH)), input.compression) {
                    (seems, CaptureCompression::None) => seems,
                    (GuessedFileType("empty"), _) => GuessedFileType("a compressed empty or broken file"),
                    (GuessedFileType("JSON"), _) => GuessedFileType("compressed JSON"),
                    (GuessedFileType("text"), _) => GuessedFileType("compressed text"),
                    (GuessedFileType("a tar archive"), _) => GuessedFileType("a compressed tar archive"),
                    (seems, _) => seems,
                };
                return Err(OpenError::NotCapture { name: name.to_owned(), seems });
            }
        };
        Ok(Self { input, state, ahead: None })
    }

    /// pcap or pcapng.
    #[must_use]
    pub const fn format(&self) -> CaptureFormat {
        match self.state {
            ReaderState::Pcap(_) => CaptureFormat::Pcap,
            ReaderState::PcapNg(_) => CaptureFormat::PcapNg,
            ReaderState::Done(format) => format,
        }
    }

    /// How the file was wrapped.
    #[must_use]
    pub const fn compression(&self) -> CaptureCompression {
        self.input.compression
    }

    /// A handle that tells how far reading has come.
    #[must_use]
    pub fn progress(&self) -> ReadProgress {
        self.input.progress.clone()
    }

    /// The next frame, or `None` at the end of the file.
    ///
    /// # Errors
    /// [`ReadError`] when the file is cut or damaged here; every call after that returns `None`.
    #[expect(clippy::should_implement_trait, reason = "frames borrow from the reader, which no Iterator can say")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<CapturedFrame<'_>>, ReadError> {
        Ok(self.find()?.map(|place| place.frame(self.input.block())))
    }

    /// The frames from here to the end of a block, with the block; none at the end of the file. Frames before an error
    /// come first. `used` is one that is done with, whose memory is used again.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn frames(&mut self, used: BlockFrames) -> Result<BlockFrames, ReadError> {
        let BlockFrames { block, mut places } = used;
        self.input.recycle(block);
        places.clear();
        loop {
            let found = self.find();
            // To find it, another block was needed: those before it are all of the last one.
            if let Some(block) = self.input.take_kept() {
                self.ahead = Some(found);
                return Ok(BlockFrames { block, places });
            }
            match found {
                Ok(Some(place)) => {
                    places.push(place);
                    self.input.keep_block();
                }
                Ok(None) if places.is_empty() => return Ok(BlockFrames::default()),
                Err(error) if places.is_empty() => return Err(error),
                end => {
                    self.ahead = Some(end);
                    return Ok(BlockFrames { block: self.input.take_block(), places });
                }
            }
        }
    }

    fn find(&mut self) -> Result<Option<FrameLocation>, ReadError> {
        if let Some(found) = self.ahead.take() {
            return found;
        }
        let found = match &mut self.state {
            ReaderState::Pcap(header) => next_record(&mut self.input, header),
            ReaderState::PcapNg(section) => next_block(&mut self.input, section),
            ReaderState::Done(_) => Ok(None),
        };
        if !matches!(found, Ok(Some(_))) {
            self.state = ReaderState::Done(self.format());
        }
        found
    }
}

/// The error for a structure of `needed` octets that is not there: the source's own, or that the file is cut.
#[cold]
fn short(input: &mut CaptureInput, needed: u64) -> ReadError {
    let (offset, left) = (input.offset(), input.available().len() as u64);
    match input.take_end() {
        InputEnd::Failed(source) => ReadError::Io { offset: offset + left, source },
        InputEnd::Clean | InputEnd::Cut => ReadError::Truncated { offset, needed, left },
    }
}

/// The end of the file between two structures: clean, unless the source failed or its compressed stream is cut.
#[cold]
fn end(input: &mut CaptureInput) -> Result<Option<FrameLocation>, ReadError> {
    let offset = input.offset();
    match input.take_end() {
        InputEnd::Clean => Ok(None),
        InputEnd::Cut => Err(ReadError::Truncated { offset, needed: 1, left: 0 }),
        InputEnd::Failed(source) => Err(ReadError::Io { offset, source }),
    }
}

/// A few line ends or zeros behind the last packet are not a cut packet: tools that handled the file as text, or padded
/// it, leave them.
fn is_filler(rest: &[u8]) -> bool {
    rest.iter().all(|octet| matches!(octet, b'\n' | b'\r' | 0))
}

#[inline]
fn next_record(input: &mut CaptureInput, header: &pcap::PcapHeader) -> Result<Option<FrameLocation>, ReadError> {
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
    let at = input.block().position() + head_length;
    input.consume(consumed);
    Ok(Some(FrameLocation {
        at,
        time: record.time,
        captured: record.captured,
        wire_length: record.wire_length,
        link_type: header.link_type,
        interface: record.interface,
        checksums_pending: false,
    }))
}

#[inline]
fn next_block(input: &mut CaptureInput, section: &mut PcapngSection) -> Result<Option<FrameLocation>, ReadError> {
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
        if !PcapngSection::wants(kind) {
            if !input.skip(u64::from(length)) {
                let left = input.offset() - offset;
                return Err(match input.take_end() {
                    InputEnd::Failed(source) => ReadError::Io { offset: offset + left, source },
                    InputEnd::Clean | InputEnd::Cut => ReadError::Truncated { offset, needed: u64::from(length), left },
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
                let at = input.block().position() + packet.at;
                input.consume(consumed);
                return Ok(Some(FrameLocation {
                    at,
                    time: packet.time,
                    captured: packet.captured,
                    wire_length: packet.wire_length,
                    link_type: packet.link_type,
                    interface: packet.interface,
                    checksums_pending: false,
                }));
            }
        }
    }
}
