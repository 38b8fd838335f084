//! The rules on transactions of one protocol and direction, by buffer.
#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use std::collections::BTreeMap;

use sidewire_app_layer::BufferKind;
use sidewire_base::Direction;

use crate::compile::fast_pattern::Site;
use crate::compile::plan::Plan;
use crate::compile::prefilter::{Context, Sets};
use crate::keyword::condition::TxTest;
use crate::rule::RuleType;

/// Patterns in one buffer of transactions.
#[derive(Debug)]
pub(crate) struct TxContext {
    /// Row of the protocol.
    pub(crate) row: usize,
    pub(crate) kind: BufferKind,
    /// Progress at which the buffer is there.
    pub(crate) progress: u8,
    /// Progress from which on it is there a second time.
    pub(crate) again: Option<u8>,
    /// A rule and its condition whose transforms make the buffer; `None` without transforms.
    pub(crate) transformed: Option<(u32, usize)>,
    /// Octets a pattern may begin before the part of a growing buffer that is new.
    pub(crate) overlap: usize,
    pub(crate) context: Context,
}

/// Rules for transactions of one protocol and direction.
#[derive(Debug, Default)]
pub(crate) struct TxRules {
    /// By progress.
    pub(crate) contexts: Vec<TxContext>,
    /// Rules without a pattern.
    pub(crate) plain: Vec<u32>,
    /// Rules that wait for an event of the transaction.
    pub(crate) events: Vec<u32>,
    /// Progress from which on a buffer of these is there a second time: the least.
    pub(crate) again: Option<u8>,
    /// None of the above: nothing to do.
    pub(crate) is_empty: bool,
}

/// The rules for transactions of one protocol and direction.
pub(super) fn tx_rules(plans: &[Plan], app: usize, direction: Direction, sets: &mut Sets) -> TxRules {
    let mut rules = TxRules::default();
    type Members<'p> = Vec<(u32, &'p Plan, usize)>;
    // One context for each buffer: row, and what is done to it first.
    let mut contexts: BTreeMap<(usize, String), Members<'_>> = BTreeMap::new();
    for (rule, plan) in (0u32..).zip(plans) {
        let ours = plan.meta.kind == RuleType::AppTx
            && plan.directions[direction]
            && plan.apps.as_ref().is_none_or(|apps| apps.contains(&app));
        if !ours {
            continue;
        }
        if plan.is_plain_on_tx() {
            rules.plain.push(rule);
            continue;
        }
        match plan.fast.as_ref().map(|fast| fast.site) {
            Some(Site::Tx(at)) => {
                let Some(condition) = plan.tx.get(at) else { continue };
                let (Some(row), TxTest::Buffer(look)) = (condition.row(app), &condition.test) else { continue };
                let side = condition.side(direction, plan.whole_tx);
                if side != direction || condition.progress[direction].is_none() {
                    continue;
                }
                let transforms = format!("{:?}", look.transforms);
                contexts.entry((row, transforms)).or_default().push((rule, plan, at));
            }
            _ => rules.events.push(rule),
        }
    }
    for ((row, _), members) in contexts {
        let Some(&(rule, plan, at)) = members.first() else { continue };
        let Some(condition) = plan.tx.get(at) else { continue };
        let TxTest::Buffer(look) = &condition.test else { continue };
        let patterns = members.iter().filter_map(|(rule, plan, _)| {
            let fast = plan.fast.as_ref()?;
            Some((fast.octets.clone(), fast.nocase, *rule))
        });
        let patterns: Vec<_> = patterns.collect();
        rules.contexts.push(TxContext {
            row,
            kind: condition.kind,
            progress: condition.progress[direction].unwrap_or(0),
            again: condition.again,
            transformed: (!look.transforms.is_empty()).then_some((rule, at)),
            overlap: patterns.iter().map(|(octets, ..)| octets.len()).max().unwrap_or(1) - 1,
            context: sets.context(patterns),
        });
    }
    rules.contexts.sort_by_key(|context| context.progress);
    rules.again = rules.contexts.iter().filter_map(|context| context.again).min();
    rules.is_empty = rules.contexts.is_empty() && rules.plain.is_empty() && rules.events.is_empty();
    rules
}
