//! Files, compressed ones, and standard input.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::blocks::CaptureBlock;

/// Octets of a compressed file read at once.
const COMPRESSED: usize = 512 * 1024;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How a capture is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureCompression {
    /// Not at all.
    None,
    /// RFC 1952; several members follow each other.
    Gzip,
    /// RFC 8878; several frames follow each other.
    Zstd,
}

/// How far a reader has come; may be read from another thread.
#[derive(Clone, Debug, Default)]
pub struct ReadProgress {
    read: Arc<AtomicU64>,
    size: Option<u64>,
}

impl ReadProgress {
    /// Octets taken from the file so far (compressed ones, when it is compressed).
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The file's size, unknown for pipes.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }
}

struct CountedReader<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for CountedReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Why a source gives nothing more.
#[derive(Debug)]
pub(crate) enum InputEnd {
    /// It was read whole.
    Clean,
    /// Its compressed stream stops in the middle.
    Cut,
    /// It failed.
    Failed(io::Error),
}

/// A byte source with reused blocks, out of which structures are parsed in place.
pub(crate) struct CaptureInput {
    source: Box<dyn Read + Send>,
    /// The block that is being parsed, with what was left of the one before it in front.
    block: CaptureBlock,
    /// A block that is done with, to be filled again.
    spare: CaptureBlock,
    /// The block is to be kept when the next one takes its place.
    keeping: bool,
    /// The block that was kept.
    kept: Option<CaptureBlock>,
    /// Offset of the block's end in the uncompressed data.
    end: u64,
    /// Why nothing more will come.
    ended: Option<InputEnd>,
    pub(crate) compression: CaptureCompression,
    pub(crate) progress: ReadProgress,
}

impl CaptureInput {
    /// Looks at the first octets and puts a decompressor in front where they ask for one.
    /// `size` is that of the file it comes from when it is one.
    pub(crate) fn new(source: Box<dyn Read + Send>, size: Option<u64>) -> io::Result<Self> {
        let progress = ReadProgress { read: Arc::default(), size };
        let mut counted = CountedReader { inner: source, read: progress.read.clone() };
        let mut magic = [0; 4];
        let mut have = 0;
        while let Some(free) = magic.get_mut(have..).filter(|free| !free.is_empty()) {
            match counted.read(free) {
                Ok(0) => break,
                Ok(n) => have += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let whole = io::Cursor::new(magic).take(have as u64).chain(counted);
        let (source, compression): (Box<dyn Read + Send>, _) = if magic.starts_with(&GZIP_MAGIC) && have >= 2 {
            let buffered = io::BufReader::with_capacity(COMPRESSED, whole);
            (Box::new(flate2::bufread::MultiGzDecoder::new(buffered)), CaptureCompression::Gzip)
        } else if magic == ZSTD_MAGIC && have == 4 {
            let buffered = io::BufReader::with_capacity(COMPRESSED, whole);
            (Box::new(zstd::stream::read::Decoder::with_buffer(buffered)?), CaptureCompression::Zstd)
        } else {
            (Box::new(whole), CaptureCompression::None)
        };
        let (block, spare) = (CaptureBlock::default(), CaptureBlock::default());
        Ok(Self { source, block, spare, keeping: false, kept: None, end: 0, ended: None, compression, progress })
    }

    /// Offset of the next octet in the uncompressed data.
    pub(crate) fn offset(&self) -> u64 {
        self.end - self.block.len() as u64
    }

    /// What has been read and not consumed.
    #[inline]
    pub(crate) fn available(&self) -> &[u8] {
        self.block.available()
    }

    /// Makes at least `n` octets available if the source has them; the caller bounds `n`. What is available afterwards
    /// may be less at the end of the source.
    #[inline]
    pub(crate) fn fill(&mut self, n: usize) -> &[u8] {
        if self.block.len() < n {
            self.refill(n);
        }
        self.available()
    }

    #[cold]
    fn refill(&mut self, n: usize) {
        while self.block.len() < n && self.ended.is_none() {
            let mut block = core::mem::take(&mut self.spare);
            match block.fill(&mut *self.source) {
                Ok(()) if block.len() == 0 => self.ended = Some(InputEnd::Clean),
                Ok(()) => {
                    self.end += block.len() as u64;
                    block.prepend(self.block.available());
                    let before = core::mem::replace(&mut self.block, block);
                    if core::mem::take(&mut self.keeping) {
                        self.kept = Some(before);
                    } else {
                        self.spare = before;
                    }
                }
                // A compressed stream that stops early is a truncated file, not a failing disk.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.ended = Some(InputEnd::Cut),
                Err(error) => self.ended = Some(InputEnd::Failed(error)),
            }
        }
    }

    /// Consumes `n` octets that are available.
    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        self.block.consume(n);
    }

    /// Consumes `n` octets however many they are, without holding them; false when the source ends before.
    pub(crate) fn skip(&mut self, mut n: u64) -> bool {
        loop {
            let here = self.available().len().min(usize::try_from(n).unwrap_or(usize::MAX));
            self.consume(here);
            n -= here as u64;
            if n == 0 {
                return true;
            }
            if self.fill(1).is_empty() {
                return false;
            }
        }
    }

    /// Why nothing more comes; [`InputEnd::Clean`] when that was taken already.
    pub(crate) fn take_end(&mut self) -> InputEnd {
        self.ended.replace(InputEnd::Clean).unwrap_or(InputEnd::Clean)
    }

    /// Octets `from..from + length` after the first one not consumed.
    #[inline]
    pub(crate) fn slice(&self, from: usize, length: usize) -> &[u8] {
        self.available().get(from..).and_then(|rest| rest.get(..length)).unwrap_or_default()
    }

    /// The block that is being parsed.
    #[inline]
    pub(crate) const fn block(&self) -> &CaptureBlock {
        &self.block
    }

    /// Has the block that is being parsed kept once the next one takes its place.
    pub(crate) const fn keep_block(&mut self) {
        self.keeping = true;
    }

    /// The block that was kept, when the next one has taken its place.
    pub(crate) const fn take_kept(&mut self) -> Option<CaptureBlock> {
        self.kept.take()
    }

    /// The block that is being parsed, at the end of the source.
    pub(crate) fn take_block(&mut self) -> CaptureBlock {
        self.keeping = false;
        core::mem::take(&mut self.block)
    }

    /// Takes a block to be filled again.
    pub(crate) fn recycle(&mut self, block: CaptureBlock) {
        self.spare = block;
    }
}
