//! `bsize`: the size of the buffer.

use serde::{Deserialize, Serialize};
use sidewire_ir::Number;
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};
use crate::keyword::ranges::NumberRanges;

/// `bsize`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Bsize {
    /// Octets in the buffer.
    pub test: Number,
}

#[derive(Debug)]
pub(crate) struct BsizeCheck {
    test: NumberRanges,
}

impl Operator for BsizeCheck {
    type Ir = Bsize;

    fn compile(ir: &Bsize, _: &mut CompileScope) -> Result<Self, RuleError> {
        Ok(Self { test: NumberRanges::new(&ir.test) })
    }

    fn placement(&self) -> OperatorPlacement {
        OperatorPlacement::Edges
    }

    fn needs_complete_buffer(&self) -> bool {
        true
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        (run.view.complete && self.test.holds(run.size())).into()
    }
}
