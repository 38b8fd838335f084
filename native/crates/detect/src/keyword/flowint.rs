//! `flowint`: named numbers of a flow.

use serde::{Deserialize, Serialize};
use sidewire_ir::Operand;
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::context::{ConditionInput, EffectOutput};
use crate::keyword::meaning::KeywordMeaning;
use crate::state::flow_state::DetectFlowState;
use crate::state::names::StateName;

/// Actions of `flowint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum FlowIntAction {
    /// `=`
    Set,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
    /// `isset`
    IsSet,
    /// `notset`
    NotSet,
}

/// A number is there, is not there, or compares.
#[derive(Debug)]
pub(crate) struct FlowIntTest {
    name: StateName,
    test: FlowIntComparison,
}

#[derive(Debug)]
enum FlowIntComparison {
    IsSet(bool),
    Compare(fn(u32, u32) -> bool, FlowIntOperand),
}

/// A number that is set or changed.
#[derive(Debug)]
pub(crate) struct FlowIntChange {
    name: StateName,
    /// What becomes of the number and the operand.
    compute: fn(u32, u32) -> u32,
    operand: FlowIntOperand,
}

#[derive(Debug)]
enum FlowIntOperand {
    Number(u32),
    Variable(StateName),
}

type FlowIntMeaning = KeywordMeaning<FlowIntTest, FlowIntChange>;

/// What `flowint` means.
///
/// # Errors
/// An operand that is missing, or too large.
pub(crate) fn compile(name: &str, action: FlowIntAction, value: Option<&Operand>) -> Result<FlowIntMeaning, RuleError> {
    let name = StateName::new(name);
    let compare: fn(u32, u32) -> bool = match action {
        FlowIntAction::IsSet | FlowIntAction::NotSet => {
            let test = FlowIntComparison::IsSet(action == FlowIntAction::IsSet);
            return Ok(KeywordMeaning::Condition(FlowIntTest { name, test }));
        }
        FlowIntAction::Set => return change(name, |_, new| new, value),
        FlowIntAction::Add => return change(name, u32::wrapping_add, value),
        FlowIntAction::Subtract => return change(name, u32::wrapping_sub, value),
        FlowIntAction::Less => |left, right| left < right,
        FlowIntAction::LessOrEqual => |left, right| left <= right,
        FlowIntAction::Equal => |left, right| left == right,
        FlowIntAction::NotEqual => |left, right| left != right,
        FlowIntAction::GreaterOrEqual => |left, right| left >= right,
        FlowIntAction::Greater => |left, right| left > right,
    };
    Ok(KeywordMeaning::Condition(FlowIntTest {
        name,
        test: FlowIntComparison::Compare(compare, FlowIntOperand::new(value)?),
    }))
}

fn change(name: StateName, compute: fn(u32, u32) -> u32, value: Option<&Operand>) -> Result<FlowIntMeaning, RuleError> {
    Ok(KeywordMeaning::Effect(FlowIntChange { name, compute, operand: FlowIntOperand::new(value)? }))
}

impl FlowIntOperand {
    fn new(value: Option<&Operand>) -> Result<Self, RuleError> {
        match value {
            Some(Operand::Number(number)) => u32::try_from(*number).map(Self::Number).map_err(|_| RuleError::Range {
                keyword: "flowint",
                value: *number,
                least: 0,
                greatest: u32::MAX.into(),
            }),
            Some(Operand::Variable(name)) => Ok(Self::Variable(StateName::new(name))),
            None => Err(RuleError::Missing("flowint")),
        }
    }

    fn value(&self, state: &DetectFlowState) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Variable(name) => state.int(name),
        }
    }
}

impl FlowIntTest {
    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        on.state.is_some_and(|state| match (&self.test, state.int(&self.name)) {
            (FlowIntComparison::IsSet(set), value) => value.is_some() == *set,
            (FlowIntComparison::Compare(holds, operand), Some(left)) => {
                operand.value(state).is_some_and(|right| holds(left, right))
            }
            (FlowIntComparison::Compare(..), None) => false,
        })
    }
}

impl FlowIntChange {
    pub(crate) fn apply(&self, on: EffectOutput<'_>) {
        let Some(state) = on.state else { return };
        let Some(value) = self.operand.value(state) else { return };
        let old = state.int(&self.name).unwrap_or(0);
        state.set_int(&self.name, (self.compute)(old, value));
    }
}
