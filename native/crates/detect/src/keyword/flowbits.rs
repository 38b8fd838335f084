//! `flowbits`: named bits of a flow.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::keyword::context::{ConditionInput, EffectOutput};
use crate::keyword::meaning::KeywordMeaning;
use crate::state::names::StateName;

/// Actions of `flowbits`, `xbits`, `hostbits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum FlowBitAction {
    /// Set on a match.
    Set,
    /// Unset on a match.
    Unset,
    /// Toggle on a match.
    Toggle,
    /// Must be set.
    IsSet,
    /// Must not be set.
    IsNotSet,
}

/// One of some bits is set, or none of them.
#[derive(Debug)]
pub(crate) struct FlowBitsTest {
    set: bool,
    pub(crate) names: Box<[StateName]>,
}

/// Bits that are set, unset or toggled.
#[derive(Debug)]
pub(crate) struct FlowBitsChange {
    action: FlowBitAction,
    pub(crate) names: Box<[StateName]>,
}

/// What `flowbits` means.
pub(crate) fn compile(action: FlowBitAction, names: &[String]) -> KeywordMeaning<FlowBitsTest, FlowBitsChange> {
    let names = names.iter().map(|name| StateName::new(name)).collect();
    match action {
        FlowBitAction::IsSet => KeywordMeaning::Condition(FlowBitsTest { set: true, names }),
        FlowBitAction::IsNotSet => KeywordMeaning::Condition(FlowBitsTest { set: false, names }),
        FlowBitAction::Set | FlowBitAction::Unset | FlowBitAction::Toggle => {
            KeywordMeaning::Effect(FlowBitsChange { action, names })
        }
    }
}

impl FlowBitsTest {
    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        on.state.is_some_and(|state| self.names.iter().any(|name| state.has_bit(name)) == self.set)
    }
}

impl FlowBitsChange {
    pub(crate) const fn only_sets(&self) -> bool {
        matches!(self.action, FlowBitAction::Set)
    }

    pub(crate) fn apply(&self, on: EffectOutput<'_>) {
        let Some(state) = on.state else { return };
        for name in &self.names {
            match self.action {
                FlowBitAction::Unset => state.unset_bit(name),
                FlowBitAction::Toggle if state.has_bit(name) => state.unset_bit(name),
                _ => state.set_bit(name),
            }
        }
    }
}
