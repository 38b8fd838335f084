//! Aho-Corasick.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, Anchored, Input, MatchKind, StartKind};

use crate::literal::{LiteralMatcher, MatcherError, MatcherScratch, PatternLiteral};

/// Octets of literals up to which the automaton is a table of all transitions: fastest, some kilobytes a state.
const TABLE_OCTETS: usize = 2048;

/// Aho-Corasick over all literals, without case; those that have one are compared again where they end.
#[derive(Debug)]
pub(crate) struct LiteralAutomaton {
    automaton: Option<AhoCorasick>,
    literals: Box<[PatternLiteral]>,
}

impl LiteralAutomaton {
    pub(crate) fn new(literals: &[PatternLiteral]) -> Result<Self, MatcherError> {
        let octets: usize = literals.iter().map(|literal| literal.octets.len()).sum();
        let kind = if octets <= TABLE_OCTETS { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let automaton = (!literals.is_empty())
            .then(|| {
                AhoCorasickBuilder::new()
                    .match_kind(MatchKind::Standard)
                    .start_kind(StartKind::Unanchored)
                    .ascii_case_insensitive(true)
                    .kind(Some(kind))
                    .build(literals.iter().map(|literal| &literal.octets))
            })
            .transpose()
            .map_err(|error| MatcherError::Refused(error.to_string()))?;
        Ok(Self { automaton, literals: literals.into() })
    }
}

impl LiteralMatcher for LiteralAutomaton {
    fn scan(&self, _scratch: &mut MatcherScratch, data: &[u8], found: &mut dyn FnMut(u32, usize)) {
        let Some(automaton) = &self.automaton else { return };
        let input = Input::new(data).anchored(Anchored::No);
        let Ok(matches) = automaton.try_find_overlapping_iter(input) else { return };
        for hit in matches {
            if let Some(literal) = self.literals.get(hit.pattern().as_usize())
                && (literal.nocase || data.get(hit.range()) == Some(literal.octets.as_slice()))
            {
                found(literal.id, hit.end());
            }
        }
    }

    fn backend_name(&self) -> &'static str {
        "aho-corasick"
    }
}
