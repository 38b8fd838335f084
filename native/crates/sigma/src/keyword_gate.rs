//! Whether keywords need be looked for in a record at all. Rules with keywords look at every value of an event; to copy and fold all
//! of them costs more than everything else. But such a rule needs some literal, and where no piece of any stands in the record as it was
//! read, none of these rules can match: then only the fields that other rules ask for are taken.

use hashbrown::HashMap;
use sidewire_mpm::{LiteralMatcher, MatcherCompiler, MatcherError, MatcherScratch, PatternLiteral};

/// Octets of the shortest piece that is looked for.
const SHORTEST: usize = 3;

/// The pieces of a set's rules with keywords.
#[derive(Debug, Default)]
pub(crate) struct KeywordGate {
    pieces: HashMap<Vec<u8>, u32>,
    /// The rules of each piece.
    users: Vec<Vec<u32>>,
    matcher: Option<Box<dyn LiteralMatcher>>,
}

impl KeywordGate {
    /// Takes in the literals of a rule, one of which it needs. False when one of them has no piece that a record would show as it is.
    pub(crate) fn add(&mut self, rule: u32, literals: &[Vec<u8>]) -> bool {
        let pieces: Option<Vec<&[u8]>> = literals.iter().map(|literal| piece_of(literal)).collect();
        for piece in pieces.iter().flatten() {
            let next = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX);
            let at = *self.pieces.entry(piece.to_vec()).or_insert(next);
            if at == next {
                self.users.push(Vec::new());
            }
            if let Some(users) = self.users.get_mut(at as usize) {
                users.push(rule);
            }
        }
        pieces.is_some()
    }

    /// Makes the matcher, once all rules are in.
    ///
    /// # Errors
    /// When the matcher refuses.
    pub(crate) fn finish(&mut self, compiler: &MatcherCompiler) -> Result<(), MatcherError> {
        let pieces = core::mem::take(&mut self.pieces);
        if !pieces.is_empty() {
            let literals: Vec<PatternLiteral> =
                pieces.into_iter().map(|(octets, id)| PatternLiteral { id, octets, nocase: true }).collect();
            self.matcher = Some(compiler.compile(&literals)?);
        }
        Ok(())
    }

    /// Some piece of a rule that is looked at may stand in the text of a record. What is written by escapes or is no ASCII, whose letters fold into others, may be
    /// anything.
    pub(crate) fn may_hold(
        &self,
        text: &[u8],
        scratch: &mut MatcherScratch,
        is_looked_at: impl Fn(u32) -> bool,
    ) -> bool {
        let Some(matcher) = &self.matcher else { return false };
        if !text.is_ascii() || memchr::memmem::find(text, b"\\u").is_some() {
            return true;
        }
        let mut found = false;
        matcher.scan(scratch, text, &mut |piece, _| {
            found = found
                || self.users.get(piece as usize).is_some_and(|rules| rules.iter().any(|rule| is_looked_at(*rule)));
        });
        found
    }
}

/// The longest run of octets that no format writes in another way.
fn piece_of(literal: &[u8]) -> Option<&[u8]> {
    let stays = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'.' | b':' | b'-');
    let runs = literal.split(|octet| !stays(octet));
    runs.max_by_key(|run| run.len()).filter(|run| run.len() >= SHORTEST)
}

#[cfg(test)]
mod tests {
    use sidewire_mpm::MatcherBackend;

    use super::*;

    #[test]
    fn pieces_are_what_every_format_shows() {
        assert_eq!(piece_of(b"\0c:\\windows\\a.exe "), Some(&b"windows"[..]));
        assert_eq!(piece_of(b"a b"), None);
        let mut gate = KeywordGate::default();
        assert!(gate.add(0, &[b"sekurlsa::logon".to_vec()]) && !gate.add(1, &[b"mimikatz".to_vec(), b"==".to_vec()]));
        gate.finish(&MatcherCompiler::new(MatcherBackend::AhoCorasick, &[]).unwrap()).unwrap();
        let holds = |text: &str| gate.may_hold(text.as_bytes(), &mut MatcherScratch::new(), |rule| rule == 0);
        assert!(holds(r#"{"a":"SEKURLSA::Logonpasswords"}"#) && !holds(r#"{"a":"sekurlsa"}"#));
        // Escapes and letters that fold into ASCII: whoever writes them hides nothing.
        assert!(holds(r#"{"a":"\u0073ekurlsa"}"#) && holds("{\"a\":\"\u{212a}\"}"));
        assert!(!gate.may_hold(b"sekurlsa::logon", &mut MatcherScratch::new(), |_| false));
        assert!(!KeywordGate::default().may_hold(b"x", &mut MatcherScratch::new(), |_| true));
    }
}
