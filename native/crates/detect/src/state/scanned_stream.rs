//! What prefilters found in stream octets that are looked at once more, with what follows them.

use sidewire_base::RuleId;

use crate::StreamInput;
use crate::compile::fast_pattern::MAX_PATTERN;

/// Rules that are remembered for one direction; with more of them the next look scans everything anew.
const HITS: usize = 64;

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
    /// A piece is looked at: from where on in it patterns are to be looked for. Behind what was scanned, that is as far back
    /// as a pattern may reach. What was found before the piece is forgotten.
    pub(crate) fn begin(&mut self, piece: &StreamInput<'_>, port: u16) -> usize {
        let known = piece.data.len().saturating_sub(piece.fresh);
        let goes_on = self.until == piece.offset + known as u64 && self.port == port && self.hits.len() <= HITS;
        self.until = piece.offset + piece.data.len() as u64;
        self.port = port;
        if goes_on {
            self.hits.retain(|(_, until)| *until > piece.offset);
            known.saturating_sub(MAX_PATTERN - 1)
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

    fn piece(data: &[u8], offset: u64, fresh: usize) -> StreamInput<'_> {
        StreamInput { data, offset, fresh, flush: true, last: false, behind: &[] }
    }

    #[test]
    fn octets_are_scanned_once_and_what_was_found_is_kept_as_long_as_it_is_looked_at() {
        let data = [0; 200];
        let mut scanned = ScannedStream::default();
        assert_eq!(scanned.begin(&piece(&data[..100], 0, 100), 80), 0);
        scanned.note(RuleId(7));
        scanned.note(RuleId(7));
        assert_eq!(scanned.begin(&piece(&data[..150], 0, 50), 80), 100 - (MAX_PATTERN - 1));
        assert_eq!(scanned.hits().collect::<Vec<_>>(), [RuleId(7)]);
        scanned.note(RuleId(9));
        // The window has moved past the piece in which the first was found.
        assert_eq!(scanned.begin(&piece(&data[..100], 100, 50), 80), 50 - (MAX_PATTERN - 1));
        assert_eq!(scanned.hits().collect::<Vec<_>>(), [RuleId(9)]);
    }

    #[test]
    fn everything_is_scanned_anew_behind_a_gap_for_another_port_and_after_too_many() {
        let data = [0; 200];
        let mut scanned = ScannedStream::default();
        scanned.begin(&piece(&data[..100], 0, 100), 80);
        scanned.note(RuleId(7));
        assert_eq!(scanned.begin(&piece(&data[..120], 20, 40), 443), 0, "octets nobody looked at");
        assert_eq!(scanned.hits().count(), 0);
        assert_eq!(scanned.begin(&piece(&data[..120], 60, 40), 80), 0, "another port");
        (0..200).map(RuleId).for_each(|rule| scanned.note(rule));
        assert_eq!(scanned.begin(&piece(&data[..120], 100, 40), 80), 0, "not all were kept");
    }
}
