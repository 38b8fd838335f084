//! Octets at the beginning of a direction that give a protocol away.

use aho_corasick::{AhoCorasick, BuildError};
use sidewire_base::ProtocolId;
use smallvec::SmallVec;

use super::probes::ProbeState;
use crate::{ProbeVerdict, ProtocolPattern};

/// Matches looked at in one direction before the pattern matcher gives up: a bound on work, not on what can be found.
const MAX_MATCHES: usize = 256;

/// The patterns of one direction.
pub(super) struct PatternTable {
    /// All patterns, letters without case; `None` when there are none.
    matcher: Option<AhoCorasick>,
    patterns: Vec<(ProtocolId, &'static ProtocolPattern)>,
    /// The greatest depth of them.
    depth: usize,
}

impl PatternTable {
    pub(super) fn new(patterns: Vec<(ProtocolId, &'static ProtocolPattern)>) -> Result<Self, BuildError> {
        let matcher = if patterns.is_empty() {
            None
        } else {
            let octets = patterns.iter().map(|(_, pattern)| pattern.octets);
            Some(AhoCorasick::builder().ascii_case_insensitive(true).build(octets)?)
        };
        let depth = patterns.iter().map(|(_, pattern)| usize::from(pattern.depth)).max().unwrap_or(0);
        Ok(Self { matcher, patterns, depth })
    }

    /// The pattern that ends first; of those that end together the longest, then the protocol listed first.
    pub(super) fn look(&self, data: &[u8], given_up: bool) -> ProbeState {
        let Some(matcher) = &self.matcher else { return ProbeState::No };
        let window = data.get(..self.depth).unwrap_or(data);
        let mut matches: SmallVec<[(usize, usize, ProtocolId, &ProtocolPattern); 4]> = SmallVec::new();
        for found in matcher.find_overlapping_iter(window).take(MAX_MATCHES) {
            let Some((protocol, pattern)) = self.patterns.get(found.pattern().as_usize()) else { continue };
            let placed = found.start() >= usize::from(pattern.offset) && found.end() <= usize::from(pattern.depth);
            if placed && (pattern.nocase || window.get(found.range()) == Some(pattern.octets)) {
                matches.push((found.end(), usize::MAX - pattern.octets.len(), *protocol, pattern));
            }
        }
        matches.sort_by_key(|(end, shortness, protocol, _)| (*end, *shortness, *protocol));
        for (_, _, protocol, pattern) in matches {
            match pattern.confirm.map_or(ProbeVerdict::Yes, |confirm| confirm(data)) {
                ProbeVerdict::Yes => return ProbeState::Found { protocol, reversed: false },
                ProbeVerdict::Reversed => return ProbeState::Found { protocol, reversed: true },
                ProbeVerdict::Either => return ProbeState::Either { protocol },
                ProbeVerdict::More if !given_up => return ProbeState::More,
                ProbeVerdict::No | ProbeVerdict::More => {}
            }
        }
        if !given_up && self.is_possible(data) { ProbeState::More } else { ProbeState::No }
    }

    /// True when some pattern can still match with more octets.
    fn is_possible(&self, data: &[u8]) -> bool {
        self.patterns.iter().any(|(_, pattern)| {
            if is_anchored(pattern) { begins(pattern, data) } else { data.len() < usize::from(pattern.depth) }
        })
    }

    /// True when `data` is the beginning of a pattern with a fixed place.
    pub(super) fn begins(&self, data: &[u8]) -> bool {
        self.patterns.iter().any(|(_, pattern)| is_anchored(pattern) && begins(pattern, data))
    }
}

/// A pattern that fits in one place only.
fn is_anchored(pattern: &ProtocolPattern) -> bool {
    usize::from(pattern.offset) + pattern.octets.len() >= usize::from(pattern.depth)
}

fn begins(pattern: &ProtocolPattern, data: &[u8]) -> bool {
    let tail = data.get(usize::from(pattern.offset)..).unwrap_or_default();
    tail.len() < pattern.octets.len()
        && tail
            .iter()
            .zip(pattern.octets)
            .all(|(octet, wanted)| octet == wanted || pattern.nocase && octet.eq_ignore_ascii_case(wanted))
}
