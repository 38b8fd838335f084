//! A file that is read or written through the flow.

use std::sync::Arc;

use sidewire_base::Direction;
use sidewire_files::{ChunkLimit, ChunkOrder, FileContext, OddChunk, TxFiles};
use smallvec::SmallVec;

use super::event::SmbEvent;

/// The identity of a file in a flow: an SMB2 file id, or an SMB1 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileId {
    Smb1(u16),
    Smb2([u8; 16]),
}

/// A file that is read or written.
#[derive(Debug)]
pub(super) struct SmbFile {
    pub(super) name: Arc<[u8]>,
    pub(super) share: Arc<[u8]>,
    pub(super) file: FileId,
    /// To the server it is written, to the client read.
    pub(super) direction: Direction,
    /// The file itself.
    pub(super) files: TxFiles,
    pub(super) chunks: ChunkOrder,
    /// The file's first two octets, as far as they were seen.
    first: [Option<u8>; 2],
}

impl SmbFile {
    pub(super) fn new(
        name: Arc<[u8]>,
        share: Arc<[u8]>,
        file: FileId,
        direction: Direction,
        context: &mut FileContext<'_>,
    ) -> Self {
        let mut files = TxFiles::default();
        files.open(direction, &name, true, context);
        Self { name, share, file, direction, files, chunks: ChunkOrder::default(), first: [None; 2] }
    }

    /// Takes note of a chunk that begins. What is odd about it is given back.
    pub(super) fn announce(&mut self, offset: u64, length: u64, limit: ChunkLimit) -> SmallVec<[OddChunk; 2]> {
        let odd = self.chunks.announce(offset, length, limit);
        if let Some(file) = self.files.current(self.direction) {
            file.announce(self.chunks.size(), self.chunks.has_holes());
        }
        odd
    }

    /// Takes octets at a place in the file.
    pub(super) fn octets(&mut self, offset: u64, octets: &[u8], context: &mut FileContext<'_>) {
        if let Some(skip) = usize::try_from(offset).ok().filter(|skip| *skip < self.first.len()) {
            for (slot, octet) in self.first.iter_mut().skip(skip).zip(octets) {
                *slot = Some(*octet);
            }
        }
        let Self { chunks, files, direction, .. } = self;
        chunks.octets(offset, octets, |new| files.append(*direction, new, context));
    }

    /// Nothing follows: it was closed, or the flow ended.
    pub(super) fn end(&mut self, closed: bool, context: &mut FileContext<'_>) {
        let Self { chunks, files, direction, .. } = self;
        chunks.finish(|piece| match piece {
            Ok(octets) => files.append(*direction, octets, context),
            Err(missing) => files.gap(*direction, missing),
        });
        if closed {
            files.close(*direction, context);
        } else {
            files.truncate(*direction, context);
        }
    }

    /// Begins as DOS and Windows programs do.
    pub(super) fn is_executable(&self) -> bool {
        self.first == [Some(b'M'), Some(b'Z')]
    }
}

impl SmbEvent {
    /// What is odd about a chunk of a file that is read, or written.
    pub(super) const fn of_chunk(odd: OddChunk, read: bool) -> Self {
        match (odd, read) {
            (OddChunk::Overlap, _) => Self::FileOverlap,
            (OddChunk::TooLarge, true) => Self::ReadQueueSizeExceeded,
            (OddChunk::TooLarge, false) => Self::WriteQueueSizeExceeded,
            (OddChunk::TooMany, true) => Self::ReadQueueCntExceeded,
            (OddChunk::TooMany, false) => Self::WriteQueueCntExceeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use sidewire_files::FileState;

    use super::*;

    const LIMIT: ChunkLimit = ChunkLimit { size: 0, count: 0 };

    fn file() -> SmbFile {
        let name: Arc<[u8]> = Arc::from(&b"a"[..]);
        SmbFile::new(Arc::clone(&name), name, FileId::Smb1(1), Direction::ToClient, &mut FileContext::default())
    }

    #[test]
    fn recognises_a_program_however_it_is_cut() {
        let (mut file, mut context) = (file(), FileContext::default());
        file.octets(1, b"Z\x90", &mut context);
        assert!(!file.is_executable());
        file.octets(0, b"M", &mut context);
        assert!(file.is_executable());
    }

    #[test]
    fn what_was_announced_and_never_came_is_a_gap() {
        let mut context = FileContext::default();
        for (lost, state) in [(false, FileState::Closed), (true, FileState::Truncated)] {
            let mut file = file();
            file.announce(0, 6, LIMIT);
            file.octets(0, b"abc", &mut context);
            if !lost {
                file.octets(3, b"def", &mut context);
            }
            file.end(true, &mut context);
            let seen = &file.files.of(Direction::ToClient)[0];
            assert_eq!((seen.state(), seen.size(), seen.has_gaps()), (state, 6, lost));
        }
    }
}
