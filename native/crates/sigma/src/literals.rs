//! What must stand in an event for a rule to match: some texts, one of which the matcher has to find before the rule is looked
//! at. NUL stands before and behind each value in what is scanned, so the begin and the end of a value are part of a literal.

use hashbrown::HashMap;
use sidewire_ir::{PatternPiece, SigmaCondition, TextPattern, ValueTest};

use crate::fold::folded;

/// Literals of a rule: with more, it is cheaper to look at it always.
const MAX_LITERALS: usize = 4096;
/// Octets of a literal beyond which it says no more.
const LONG: usize = 24;

/// How often each literal is used by rules: what many ask for, many events have.
#[derive(Debug, Default)]
pub(crate) struct LiteralUse(HashMap<Vec<u8>, u32>);

impl LiteralUse {
    /// Counts the literals of a condition.
    pub(crate) fn count(&mut self, condition: &SigmaCondition) {
        match condition {
            SigmaCondition::All { of } | SigmaCondition::Any { of } => of.iter().for_each(|one| self.count(one)),
            SigmaCondition::Search { of, .. } => self.count(of),
            SigmaCondition::Not { .. } => {}
            SigmaCondition::Field { test, .. } | SigmaCondition::Keywords { test } => {
                if let ValueTest::Text { patterns, .. } = test {
                    for literal in patterns.iter().filter_map(literal_of) {
                        *self.0.entry(literal).or_default() += 1;
                    }
                }
            }
        }
    }

    /// The less, the more events have it.
    fn rarity(&self, literal: &[u8]) -> i64 {
        let times = self.0.get(literal).copied().unwrap_or(1).max(1);
        let length = i64::try_from(literal.len().min(LONG)).unwrap_or(0);
        length * 4 - i64::from(times.ilog2()) * 6
    }
}

/// Literals one of which must be found, and how rare the most common of them is.
#[derive(Debug)]
pub(crate) struct NeededLiterals {
    pub(crate) literals: Vec<Vec<u8>>,
    rarity: i64,
}

/// What the condition needs; `None` when it may hold without any.
pub(crate) fn needed(condition: &SigmaCondition, uses: &LiteralUse) -> Option<NeededLiterals> {
    match condition {
        SigmaCondition::All { of } => of.iter().filter_map(|one| needed(one, uses)).max_by_key(|one| one.rarity),
        SigmaCondition::Any { of } => union(of.iter().map(|one| needed(one, uses))),
        SigmaCondition::Search { of, .. } => needed(of, uses),
        SigmaCondition::Not { .. } => None,
        SigmaCondition::Field { test, .. } | SigmaCondition::Keywords { test } => match test {
            ValueTest::Text { patterns, all, .. } => {
                let each = patterns.iter().map(|pattern| {
                    let literal = literal_of(pattern)?;
                    let rarity = uses.rarity(&literal);
                    Some(NeededLiterals { literals: vec![literal], rarity })
                });
                if *all { each.flatten().max_by_key(|one| one.rarity) } else { union(each) }
            }
            _ => None,
        },
    }
}

fn union(each: impl Iterator<Item = Option<NeededLiterals>>) -> Option<NeededLiterals> {
    let mut whole: Option<NeededLiterals> = None;
    for one in each {
        let one = one?;
        match &mut whole {
            None => whole = Some(one),
            Some(whole) => {
                whole.literals.extend(one.literals);
                whole.rarity = whole.rarity.min(one.rarity);
            }
        }
    }
    whole.filter(|whole| whole.literals.len() <= MAX_LITERALS)
}

/// The longest text of a pattern, with the borders of the value where they are known. `None` for `*`.
pub(crate) fn literal_of(pattern: &TextPattern) -> Option<Vec<u8>> {
    let pieces = &pattern.0;
    if pieces.is_empty() {
        return Some(vec![0, 0]);
    }
    let last = pieces.len() - 1;
    let texts = pieces.iter().enumerate().filter_map(|(at, piece)| {
        let PatternPiece::Text(text) = piece else { return None };
        let mut literal = Vec::with_capacity(text.len() + 2);
        if at == 0 {
            literal.push(0);
        }
        literal.extend(folded(text));
        if at == last {
            literal.push(0);
        }
        Some(literal)
    });
    texts.max_by_key(Vec::len).filter(|literal| !literal.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: &[&str]) -> TextPattern {
        let piece = |text: &&str| if *text == "*" { PatternPiece::Any } else { PatternPiece::Text((*text).to_owned()) };
        TextPattern(pieces.iter().map(piece).collect())
    }

    fn field(patterns: Vec<TextPattern>, all: bool) -> SigmaCondition {
        SigmaCondition::Field { field: "f".to_owned(), test: ValueTest::Text { patterns, all, cased: false } }
    }

    #[test]
    fn literals_know_the_borders_of_values() {
        assert_eq!(literal_of(&text(&["Ab"])), Some(b"\0ab\0".to_vec()));
        assert_eq!(literal_of(&text(&["*", "Ab"])), Some(b"ab\0".to_vec()));
        assert_eq!(literal_of(&text(&["Ab", "*"])), Some(b"\0ab".to_vec()));
        assert_eq!(literal_of(&text(&["*", "a", "*", "bcd", "*"])), Some(b"bcd".to_vec()));
        assert_eq!(literal_of(&text(&["*"])), None);
        assert_eq!(literal_of(&text(&[])), Some(b"\0\0".to_vec()));
    }

    #[test]
    fn needs_the_rarest_of_all_and_each_of_any() {
        let uses = LiteralUse::default();
        let (short, long) =
            (field(vec![text(&["*", "ab", "*"])], false), field(vec![text(&["*", "abcdef", "*"])], false));
        let all = SigmaCondition::All { of: vec![short.clone(), long.clone()] };
        assert_eq!(needed(&all, &uses).unwrap().literals, [b"abcdef".to_vec()]);
        let any = SigmaCondition::Any { of: vec![short.clone(), long.clone()] };
        assert_eq!(needed(&any, &uses).unwrap().literals.len(), 2);
        let not = SigmaCondition::Not { of: Box::new(short.clone()) };
        assert!(needed(&SigmaCondition::Any { of: vec![long, not.clone()] }, &uses).is_none());
        assert!(needed(&SigmaCondition::All { of: vec![short, not] }, &uses).is_some());
        assert!(needed(&field(vec![text(&["*"]), text(&["a"])], false), &uses).is_none());
        assert!(needed(&field(vec![text(&["*"]), text(&["a"])], true), &uses).is_some());
    }
}
