//! `byte_test`: compares a number in the buffer.

use sidewire_ir as ir;
use sidewire_ir::TestOperator;

use crate::error::RuleError;
use crate::keyword::byte_location::{ByteLocation, masked};
use crate::keyword::eval::{Amount, BufferRun, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, Placement};

#[derive(Debug)]
pub(crate) struct ByteTestCheck {
    bytes: Amount,
    negated: bool,
    operator: TestOperator,
    value: Amount,
    location: ByteLocation,
    bitmask: u32,
}

impl Operator for ByteTestCheck {
    type Ir = ir::ByteTest;

    fn is_relative(ir: &ir::ByteTest) -> bool {
        ir.relative
    }

    fn compile(ir: &ir::ByteTest, scope: &mut CompileScope) -> Result<Self, RuleError> {
        Ok(Self {
            bytes: scope.amount(&ir.bytes)?,
            negated: ir.negated,
            operator: ir.operator,
            value: scope.amount(&ir.value)?,
            location: ByteLocation::new(&ir.offset, ir.relative, ir.endian, ir.string_base, scope)?,
            bitmask: ir.bitmask,
        })
    }

    fn placement(&self) -> Placement {
        self.location.placement()
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        let number = run.count(self.bytes).and_then(|bytes| self.location.read(run, bytes));
        let Some((value, _)) = number else { return CheckVerdict::Fails };
        let (left, right) = (masked(value, self.bitmask), run.value(self.value));
        let holds = match self.operator {
            TestOperator::Less => left < right,
            TestOperator::Greater => left > right,
            TestOperator::Equal => left == right,
            TestOperator::LessOrEqual => left <= right,
            TestOperator::GreaterOrEqual => left >= right,
            TestOperator::And => left & right != 0,
            // Suricata's `^` is named "or" and computes an exclusive or.
            TestOperator::Or => left ^ right != 0,
        };
        (holds != self.negated).into()
    }
}
