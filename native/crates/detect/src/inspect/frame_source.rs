//! What frames are parts of.

use sidewire_tcp::Stream;

/// One direction of a stream, or a datagram: its frames live no longer than it.
#[derive(Clone, Copy)]
pub enum FrameSource<'a> {
    /// What one side sends over TCP.
    Stream(&'a Stream),
    /// The payload of a datagram.
    Datagram(&'a [u8]),
}

impl<'a> FrameSource<'a> {
    /// Offset after the last octet that is visible, or missing for good.
    #[must_use]
    pub fn settled(self) -> u64 {
        match self {
            Self::Stream(stream) => stream.settled(),
            Self::Datagram(payload) => payload.len() as u64,
        }
    }

    /// Nothing will follow.
    #[must_use]
    pub fn is_over(self) -> bool {
        match self {
            Self::Stream(stream) => stream.is_over(),
            Self::Datagram(_) => true,
        }
    }

    /// What is at hand between two offsets: pieces, each with its offset.
    pub fn within(self, from: u64, to: u64) -> impl Iterator<Item = (u64, &'a [u8])> {
        let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let (stream, datagram) = match self {
            Self::Stream(stream) => (Some(stream.within(from, to)), None),
            Self::Datagram(payload) => {
                (None, payload.get(index(from)..index(to).min(payload.len())).map(|piece| (from, piece)))
            }
        };
        stream.into_iter().flatten().chain(datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_whole() {
        let source = FrameSource::Datagram(b"abcdef");
        assert_eq!((source.settled(), source.is_over()), (6, true));
        let pieces = |from, to| source.within(from, to).collect::<Vec<_>>();
        assert_eq!(pieces(2, 4), [(2, &b"cd"[..])]);
        assert_eq!(pieces(2, 40), [(2, &b"cdef"[..])]);
        assert_eq!(pieces(7, 9), []);
    }
}
