//! The rules on frames of one protocol and direction, by kind of frame.

use sidewire_app_layer::{FrameKind, FrameKinds};
use sidewire_base::{Direction, ProtocolId, RuleId};

use crate::compile::fast_pattern::PatternSite;
use crate::compile::plan::RulePlan;
use crate::compile::prefilter::{MpmBuilder, PatternGroup};

/// Rules on frames of one protocol and direction.
#[derive(Debug, Default)]
pub(crate) struct FrameRules {
    pub(crate) kinds: FrameKinds,
    pub(crate) contexts: Vec<FrameContext>,
}

/// Rules on one kind of frame.
#[derive(Debug)]
pub(crate) struct FrameContext {
    pub(crate) kind: FrameKind,
    pub(crate) context: PatternGroup,
    /// Octets a pattern may begin before the part of a frame that is new.
    pub(crate) overlap: u64,
    /// Rules without a pattern.
    pub(crate) plain: Vec<RuleId>,
}

impl FrameRules {
    pub(crate) fn new(plans: &[RulePlan], app: ProtocolId, direction: Direction, sets: &mut MpmBuilder) -> Self {
        let mut rules = Self::default();
        let ours = |plan: &RulePlan| {
            let here = plan.directions[direction];
            plan.frame.as_ref().filter(|frame| here && frame.app == app).map(|frame| frame.kind)
        };
        let mut of_kind: Vec<(FrameKind, Vec<(RuleId, &RulePlan)>)> = Vec::new();
        for (rule, plan) in (0..).map(RuleId).zip(plans) {
            let Some(kind) = ours(plan) else { continue };
            rules.kinds.insert(kind);
            match of_kind.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, members)) => members.push((rule, plan)),
                None => of_kind.push((kind, vec![(rule, plan)])),
            }
        }
        for (kind, members) in of_kind {
            let pattern = |plan: &RulePlan| plan.fast.clone().filter(|fast| fast.site == PatternSite::Frame);
            let plain = members.iter().filter(|(_, plan)| pattern(plan).is_none()).map(|(rule, _)| *rule).collect();
            let patterns = members.iter().filter_map(|(rule, plan)| {
                let fast = pattern(plan)?;
                Some((fast.octets, fast.nocase, *rule))
            });
            let patterns: Vec<_> = patterns.collect();
            let overlap = patterns.iter().map(|(octets, ..)| octets.len() as u64).max().unwrap_or(1) - 1;
            rules.contexts.push(FrameContext { kind, context: sets.context(patterns), overlap, plain });
        }
        rules
    }
}
