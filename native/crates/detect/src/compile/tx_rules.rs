//! The rules on transactions of one protocol and direction, by buffer.

use std::collections::BTreeMap;

use sidewire_app_layer::BufferKind;
use sidewire_base::{BufferId, Direction, ProtocolId, RuleId};

use crate::compile::fast_pattern::PatternSite;
use crate::compile::plan::RulePlan;
use crate::compile::prefilter::{MpmBuilder, PatternGroup};
use crate::keyword::buffer_test::BufferInspection;
use crate::keyword::tx_condition::{BufferEngine, TxTest};

/// Patterns in one buffer of transactions.
#[derive(Debug)]
pub(crate) struct TxContext {
    pub(crate) buffer: BufferId,
    pub(crate) kind: BufferKind,
    /// Progress at which the buffer is there.
    pub(crate) progress: u8,
    /// Progress from which on it is there a second time.
    pub(crate) reinspect_at: Option<u8>,
    /// A rule and its condition whose transforms make the buffer; `None` without transforms.
    pub(crate) transformed: Option<(RuleId, usize)>,
    /// Octets a pattern may begin before the part of a growing buffer that is new.
    pub(crate) overlap: usize,
    pub(crate) context: PatternGroup,
}

/// Rules for transactions of one protocol and direction.
#[derive(Debug, Default)]
pub(crate) struct TxRules {
    /// By progress.
    pub(crate) contexts: Vec<TxContext>,
    /// Rules without a pattern.
    pub(crate) plain: Vec<RuleId>,
    /// Rules that wait for an event of the transaction.
    pub(crate) events: Vec<RuleId>,
    /// Progress from which on a buffer of these is there a second time: the least.
    pub(crate) reinspect_at: Option<u8>,
    /// None of the above: nothing to do.
    pub(crate) is_empty: bool,
}

/// A rule whose fast pattern is looked for in a buffer.
struct PrefilterMember<'p> {
    rule: RuleId,
    plan: &'p RulePlan,
    /// Position among the rule's conditions on transactions.
    at: usize,
    engine: &'p BufferEngine,
    look: &'p BufferInspection,
}

/// The rules for transactions of one protocol and direction.
pub(super) fn tx_rules(plans: &[RulePlan], app: ProtocolId, direction: Direction, sets: &mut MpmBuilder) -> TxRules {
    let mut rules = TxRules::default();
    // One context for each buffer: row, and the transforms that are applied first.
    let mut contexts: BTreeMap<(BufferId, u32), Vec<PrefilterMember<'_>>> = BTreeMap::new();
    for (rule, plan) in (0..).map(RuleId).zip(plans) {
        let Some(scope) = plan.tx_scope(app).filter(|scope| scope.directions[direction]) else { continue };
        if plan.is_plain_on_tx() {
            rules.plain.push(rule);
            continue;
        }
        match plan.fast.as_ref().map(|fast| fast.site) {
            Some(PatternSite::Tx(at)) => {
                let Some(condition) = plan.tx.get(at) else { continue };
                let TxTest::Buffer(look) = &condition.test else { continue };
                if condition.side(app, direction, scope.whole) != direction {
                    continue;
                }
                let Some(engine) = condition.engine(app, direction) else { continue };
                let Some(buffer) = engine.buffer() else { continue };
                let key = (buffer, look.transforms.id);
                contexts.entry(key).or_default().push(PrefilterMember { rule, plan, at, engine, look });
            }
            _ => rules.events.push(rule),
        }
    }
    for ((buffer, _), members) in contexts {
        let Some(&PrefilterMember { rule, at, engine, look, .. }) = members.first() else { continue };
        let patterns = members.iter().filter_map(|member| {
            let fast = member.plan.fast.as_ref()?;
            Some((fast.octets.clone(), fast.nocase, member.rule))
        });
        let patterns: Vec<_> = patterns.collect();
        rules.contexts.push(TxContext {
            buffer,
            kind: engine.kind,
            progress: engine.progress,
            reinspect_at: engine.reinspect_at,
            transformed: (!look.transforms.is_empty()).then_some((rule, at)),
            overlap: patterns.iter().map(|(octets, ..)| octets.len()).max().unwrap_or(1) - 1,
            context: sets.context(patterns),
        });
    }
    rules.contexts.sort_by_key(|context| context.progress);
    rules.reinspect_at = rules.contexts.iter().filter_map(|context| context.reinspect_at).min();
    rules.is_empty = rules.contexts.is_empty() && rules.plain.is_empty() && rules.events.is_empty();
    rules
}
