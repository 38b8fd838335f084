//! What prefilters found in stream octets that are looked at once more, with what follows them.

use sidewire_base::RuleId;

/// Rules that are remembered for one direction; with more of them the next look scans everything again.
const HITS: usize = 64;

/// A piece of a stream that is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanPiece {
    /// Stream offset of its first octet.
    pub(crate) offset: u64,
    /// Octets of it.
    pub(crate) length: usize,
    /// Of these, how many are new, at its end.
    pub(crate) fresh: usize,
    /// The port whose groups are scanned for.
    pub(crate) port: u16,
    /// Octets of the longest pattern.
    pub(crate) longest: usize,
}

/// How far a direction of a stream was scanned for patterns, and what was found in the octets that the next look begins with.
/// A look begins up to a chunk before what is new: without this, most octets would be scanned several times.
#[derive(Debug, Default)]
pub(crate) struct ScannedStream {
    /// Stream offset of the first octet that was not scanned.
    until: u64,
    /// The port whose groups were scanned for.
    port: u16,
    /// Rules whose pattern was found, each with the end of the piece that it was last found in.
    hits: Vec<(RuleId, u64)>,
}

impl ScannedStream {
    /// A piece is looked at: from where on in it patterns are to be looked for. After what was scanned, that is as far back
    /// as a pattern may reach. What was found before the piece is forgotten.
    pub(crate) fn begin(&mut self, piece: ScanPiece) -> usize {
        let known = piece.length.saturating_sub(piece.fresh);
        let goes_on = self.until == piece.offset + known as u64 && self.port == piece.port && self.hits.len() <= HITS;
        self.until = piece.offset + piece.length as u64;
        self.port = piece.port;
        if goes_on {
            self.hits.retain(|(_, until)| *until > piece.offset);
            known.saturating_sub(piece.longest.saturating_sub(1))
        } else {
            self.hits.clear();
            0
        }
    }

    /// A rule's pattern was found in the piece.
    pub(crate) fn note(&mut self, rule: RuleId) {
        let full = self.hits.len() > HITS;
        match self.hits.iter_mut().find(|(known, _)| *known == rule) {
            Some(slot) => slot.1 = self.until,
            None if !full => self.hits.push((rule, self.until)),
            None => {}
        }
    }

    /// Rules whose pattern was found in octets before, which may be part of the piece.
    pub(crate) fn hits(&self) -> impl Iterator<Item = RuleId> {
        self.hits.iter().map(|(rule, _)| *rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(offset: u64, length: usize, fresh: usize, port: u16) -> ScanPiece {
        ScanPiece { offset, length, fresh, port, longest: 16 }
    }

    #[test]
    fn octets_are_scanned_once_and_what_was_found_is_kept_as_long_as_it_is_looked_at() {
        let mut scanned = ScannedStream::default();
        assert_eq!(scanned.begin(piece(0, 100, 100, 80)), 0);
        scanned.note(RuleId(7));
        scanned.note(RuleId(7));
        assert_eq!(scanned.begin(piece(0, 150, 50, 80)), 85, "a pattern may begin in what was scanned");
        assert_eq!(scanned.hits().collect::<Vec<_>>(), [RuleId(7)]);
        scanned.note(RuleId(9));
        // The window has moved past the piece in which the first was found.
        assert_eq!(scanned.begin(piece(100, 100, 50, 80)), 35);
        assert_eq!(scanned.hits().collect::<Vec<_>>(), [RuleId(9)]);
    }

    #[test]
    fn everything_is_scanned_again_behind_a_gap_for_another_port_and_after_too_many() {
        let mut scanned = ScannedStream::default();
        scanned.begin(piece(0, 100, 100, 80));
        scanned.note(RuleId(7));
        assert_eq!(scanned.begin(piece(20, 120, 30, 80)), 0, "octets nobody looked at");
        assert_eq!(scanned.hits().count(), 0);
        assert_eq!(scanned.begin(piece(60, 120, 40, 443)), 0, "another port");
        (0..200).map(RuleId).for_each(|rule| scanned.note(rule));
        assert_eq!(scanned.begin(piece(100, 120, 40, 443)), 0, "not all were kept");
    }
}
