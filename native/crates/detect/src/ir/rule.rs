//! Rules, and the batches they cross in.

use serde::{Deserialize, Serialize};
use sidewire_ir::{
    Action, BatchSets, FlowRequirement, HeaderProtocol, Metadata, Reference, RuleDirection, RuleHook, RuleTarget,
    Suppression, Threshold,
};
use ts_rs::TS;

use super::Condition;

/// Some rules, with the address and port sets they name by position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct RuleBatch {
    /// [`sidewire_ir::IR_VERSION`].
    pub version: u32,
    /// Sets the rules refer to.
    pub sets: BatchSets,
    /// The rules, in the order of their files.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Rule {
    /// Generator id.
    pub gid: u32,
    /// Signature id.
    pub sid: u32,
    /// Revision.
    pub rev: u32,
    /// What happens on a match.
    pub action: Action,
    /// Message.
    pub msg: String,
    /// Protocol of the rule header.
    pub protocol: HeaderProtocol,
    /// Hook of the rule header (`http1:request_headers`).
    pub hook: Option<RuleHook>,
    /// Source addresses: position in [`BatchSets::addresses`].
    pub source: u32,
    /// Source ports: position in [`BatchSets::ports`].
    pub source_port: u32,
    /// Destination addresses.
    pub destination: u32,
    /// Destination ports.
    pub destination_port: u32,
    /// `->`, `<>` or `=>`.
    pub direction: RuleDirection,
    /// The `flow` keyword.
    pub flow: FlowRequirement,
    /// Everything that must hold, in rule order.
    pub conditions: Vec<Condition>,
    /// 1 (highest) to 255.
    pub priority: u8,
    /// Description of the classtype; empty without one.
    pub class: String,
    /// References in rule order.
    pub references: Vec<Reference>,
    /// Metadata pairs in rule order.
    pub metadata: Vec<Metadata>,
    /// The `target` keyword.
    pub target: Option<RuleTarget>,
    /// Matches but raises no alert.
    pub noalert: bool,
    /// The `threshold` keyword.
    pub threshold: Option<Threshold>,
    /// The `detection_filter` keyword.
    pub detection_filter: Option<Threshold>,
    /// `suppress` lines of threshold.config that name this rule.
    pub suppressions: Vec<Suppression>,
    /// Rule text as EVE may show it (`alert.rule`).
    pub text: String,
    /// The `tag` keyword, as text (`session,10,packets`); empty without.
    pub tag: String,
}
