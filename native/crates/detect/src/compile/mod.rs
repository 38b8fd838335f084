//! From the IR to a [`rule_set::RuleSet`]: each rule is planned, given the literal that guards it, and distributed to where it
//! is a candidate.

pub(crate) mod addressed_rules;
mod draft;
pub(crate) mod fast_pattern;
pub(crate) mod frame_rules;
pub(crate) mod gates;
mod grouping;
pub(crate) mod keyword_index;
mod order;
pub(crate) mod packet_rules;
pub(crate) mod plan;
mod planner;
pub(crate) mod prefilter;
pub(crate) mod rule_set;
pub(crate) mod tx_rules;
