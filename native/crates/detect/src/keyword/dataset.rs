//! `dataset` and `datarep`: the buffer is in a list of values, or has a reputation there.

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::entropy::Compare;
use crate::keyword::eval::{BufferRun, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement, unhex};

/// `dataset`: the buffer is one of these values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Dataset {
    /// Octets, hexadecimal.
    pub values: Vec<String>,
    /// It is none of them.
    pub negated: bool,
}

/// `datarep`: the buffer is one of these values, and its reputation compares so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Datarep {
    /// Values with their reputation.
    pub entries: Vec<DatarepEntry>,
    /// How the reputation is compared.
    pub operator: Compare,
    /// With what.
    pub value: u16,
}

/// A value with its reputation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct DatarepEntry {
    /// Octets, hexadecimal.
    pub value: String,
    /// Its reputation.
    pub reputation: u16,
}

/// `dataset:isset` and `isnotset`.
#[derive(Debug)]
pub(crate) struct DatasetCheck {
    values: HashSet<Box<[u8]>>,
    negated: bool,
}

impl Operator for DatasetCheck {
    type Ir = Dataset;

    fn compile(ir: &Dataset, _: &mut CompileScope) -> Result<Self, RuleError> {
        let values = ir.values.iter().map(|value| octets(value)).collect::<Result<_, _>>()?;
        Ok(Self { values, negated: ir.negated })
    }

    fn placement(&self) -> OperatorPlacement {
        OperatorPlacement::Edges
    }

    fn needs_complete_buffer(&self) -> bool {
        true
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        let whole = run.view.complete && run.view.base == 0;
        (whole && self.values.contains(run.view.data) != self.negated).into()
    }
}

/// `datarep`.
#[derive(Debug)]
pub(crate) struct DatarepCheck {
    reputations: HashMap<Box<[u8]>, u16>,
    operator: Compare,
    value: u16,
}

impl Operator for DatarepCheck {
    type Ir = Datarep;

    fn compile(ir: &Datarep, _: &mut CompileScope) -> Result<Self, RuleError> {
        let entry = |entry: &DatarepEntry| Ok((octets(&entry.value)?, entry.reputation));
        let reputations = ir.entries.iter().map(entry).collect::<Result<_, _>>()?;
        Ok(Self { reputations, operator: ir.operator, value: ir.value })
    }

    fn placement(&self) -> OperatorPlacement {
        OperatorPlacement::Edges
    }

    fn needs_complete_buffer(&self) -> bool {
        true
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        if !run.view.complete || run.view.base != 0 {
            return CheckVerdict::Fails;
        }
        let Some(found) = self.reputations.get(run.view.data) else { return CheckVerdict::Fails };
        match self.operator {
            Compare::Less => *found < self.value,
            Compare::LessOrEqual => *found <= self.value,
            Compare::Equal => *found == self.value,
            Compare::NotEqual => *found != self.value,
            Compare::GreaterOrEqual => *found >= self.value,
            Compare::Greater => *found > self.value,
        }
        .into()
    }
}

/// A value of a list, which may be empty.
fn octets(hex: &str) -> Result<Box<[u8]>, RuleError> {
    if hex.is_empty() { Ok(Box::default()) } else { unhex(hex).map(Into::into) }
}
