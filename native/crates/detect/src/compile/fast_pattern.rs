//! The literal that guards a rule.

use crate::ir;
use sidewire_app_layer::BufferKind;

use crate::keyword::buffer_test::{BufferInspection, FrameTest};
use crate::keyword::operator::unhex;
use crate::keyword::rarity;
use crate::keyword::tx_condition::{TxCondition, TxTest};
use crate::rule::RuleType;

/// Octets of a pattern that the prefilter looks for at most: more do not make it rarer.
pub(crate) const MAX_PATTERN: usize = 16;
/// What a window adds to the information of a pattern, in eighths of a bit: more only where two are much alike.
const BOUNDED: u32 = 8;

/// What the prefilter looks for before a rule is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrefilterPattern {
    pub(crate) site: PatternSite,
    pub(crate) octets: Vec<u8>,
    pub(crate) nocase: bool,
}

/// Where it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatternSite {
    /// Payload of packets and streams.
    Payload,
    /// The buffer of one of the rule's transaction conditions.
    Tx(usize),
    /// Frames.
    Frame,
}

/// Chooses the content that is rarest by length and octets, or the one the rule wishes. A content that may be missing
/// (negated, in a buffer that may be absent) does not qualify.
pub(crate) fn choose(
    rule: &ir::Rule,
    kind: RuleType,
    tx: &[TxCondition],
    frame: Option<&FrameTest>,
    payload: &[(usize, BufferInspection)],
) -> Option<PrefilterPattern> {
    let mut best: Option<(u32, PrefilterPattern)> = None;
    for (position, condition) in rule.conditions.iter().enumerate() {
        let (ir::Condition::Buffer { checks, .. } | ir::Condition::Frame { checks, .. }) = condition else { continue };
        if checks.iter().any(|check| matches!(check, ir::Check::Absent(_))) {
            continue;
        }
        let plain = |(at, look): &(usize, BufferInspection)| *at == position && look.transforms.is_empty();
        let site = match kind {
            RuleType::AppTx => tx
                .iter()
                .position(|condition| condition.position == position && matches!(condition.test, TxTest::Buffer(_)))
                .map(PatternSite::Tx),
            RuleType::Frame => frame.is_some_and(|frame| frame.looks.iter().any(plain)).then_some(PatternSite::Frame),
            _ => payload.iter().any(plain).then_some(PatternSite::Payload),
        };
        let Some(site) = site else { continue };
        for check in checks {
            let ir::Check::Content(content) = check else { continue };
            if content.negated {
                continue;
            }
            let Ok(octets) = unhex(&content.pattern) else { continue };
            let (wanted, octets) = match content.fast_pattern {
                ir::FastPattern::Auto => (0, octets),
                ir::FastPattern::Wanted | ir::FastPattern::Only => (1, octets),
                ir::FastPattern::Chop { offset, length } => {
                    let (from, length) = (offset as usize, length as usize);
                    (1, octets.get(from..from + length).map(<[u8]>::to_vec).unwrap_or(octets))
                }
            };
            let octets = cut(octets);
            let mut strength = rarity::of(&octets);
            if let PatternSite::Tx(at) = site {
                strength = weigh(strength, tx.get(at));
            }
            if content.window.end.is_some() {
                strength += BOUNDED;
            }
            let score = wanted << 16 | strength;
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                best = Some((score, PrefilterPattern { site, octets, nocase: content.nocase }));
            }
        }
    }
    best.map(|(_, fast)| fast)
}

/// The part of a long pattern that is rarest.
fn cut(octets: Vec<u8>) -> Vec<u8> {
    match octets.windows(MAX_PATTERN).rev().max_by_key(|part| rarity::of(part)) {
        Some(part) => part.to_vec(),
        None => octets,
    }
}

/// Some buffers hold one of few values: a pattern there is weaker than it looks. Bodies are long: patterns there cost more.
fn weigh(strength: u32, condition: Option<&TxCondition>) -> u32 {
    let grows = |condition: &TxCondition| {
        condition.engines.iter().any(|engine| matches!(engine.kind, BufferKind::Body | BufferKind::Bodies))
    };
    if condition.is_some_and(grows) { strength * 3 / 4 } else { strength }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_patterns_are_cut_to_their_rarest_part() {
        assert_eq!(cut(b"short".to_vec()), b"short");
        let mut long = vec![b'e'; 30];
        long.extend_from_slice(b"\x90\x91\x92\x93");
        let part = cut(long);
        assert_eq!(part.len(), MAX_PATTERN);
        assert!(part.ends_with(b"\x90\x91\x92\x93"));
    }
}
