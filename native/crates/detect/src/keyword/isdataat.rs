//! `isdataat`: there is an octet at a place, or there is none.

use serde::{Deserialize, Serialize};
use sidewire_ir::Operand;
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, CheckOperand, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};

/// `isdataat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct IsDataAt {
    /// Where.
    pub offset: Operand,
    /// From the last match.
    pub relative: bool,
    /// There must be none.
    pub negated: bool,
}

#[derive(Debug)]
pub(crate) struct IsDataAtCheck {
    offset: CheckOperand,
    relative: bool,
    negated: bool,
}

impl Operator for IsDataAtCheck {
    type Ir = IsDataAt;

    fn is_relative(ir: &IsDataAt) -> bool {
        ir.relative
    }

    fn compile(ir: &IsDataAt, scope: &mut CompileScope) -> Result<Self, RuleError> {
        Ok(Self { offset: scope.amount(&ir.offset)?, relative: ir.relative, negated: ir.negated })
    }

    fn placement(&self) -> OperatorPlacement {
        if self.relative { OperatorPlacement::Anywhere } else { OperatorPlacement::Edges }
    }

    fn needs_complete_buffer(&self) -> bool {
        self.negated
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        let (offset, length) = (run.work.amount(self.offset), run.view.data.len() as i64);
        let there = if self.relative { run.at as i64 + offset <= length } else { run.local(offset) < length };
        (there != self.negated).into()
    }
}
