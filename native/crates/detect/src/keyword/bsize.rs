//! `bsize`: the size of the buffer.

use sidewire_ir as ir;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, Rest, Verdict};
use crate::keyword::operator::{CompileScope, Operator, Placement};
use crate::keyword::ranges::Ranges;

#[derive(Debug)]
pub(crate) struct BsizeCheck {
    test: Ranges,
}

impl Operator for BsizeCheck {
    type Ir = ir::Bsize;

    fn compile(ir: &ir::Bsize, _: &mut CompileScope) -> Result<Self, RuleError> {
        Ok(Self { test: Ranges::new(&ir.test) })
    }

    fn placement(&self) -> Placement {
        Placement::Edges
    }

    fn needs_complete_buffer(&self) -> bool {
        true
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: Rest<'_>) -> Verdict {
        (run.view.complete && self.test.holds(run.size())).into()
    }
}
