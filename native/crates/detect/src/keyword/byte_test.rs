//! `byte_test`: compares a number in the buffer.

use serde::{Deserialize, Serialize};
use sidewire_ir::{Endian, Operand};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::byte_location::{ByteLocation, masked};
use crate::keyword::eval::{BufferRun, CheckOperand, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};

/// `byte_test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct ByteTest {
    /// Octets, or a variable.
    pub bytes: Operand,
    /// Negated operator.
    pub negated: bool,
    /// Operator.
    pub operator: TestOperator,
    /// Right-hand side.
    pub value: Operand,
    /// Where.
    pub offset: Operand,
    /// From the last match.
    pub relative: bool,
    /// Byte order.
    pub endian: Endian,
    /// Number as text in this base (8, 10, 16); 0: binary.
    pub string_base: u8,
    /// Applied to the number, then shifted down by its trailing zeros; 0: none.
    pub bitmask: u32,
}

/// Operators of `byte_test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum TestOperator {
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `=`
    Equal,
    /// `<=`
    LessOrEqual,
    /// `>=`
    GreaterOrEqual,
    /// `&`: any common bit.
    And,
    /// `^`: bitwise or, holds when the result is not zero.
    Or,
}

#[derive(Debug)]
pub(crate) struct ByteTestCheck {
    bytes: CheckOperand,
    negated: bool,
    operator: TestOperator,
    value: CheckOperand,
    location: ByteLocation,
    bitmask: u32,
}

impl Operator for ByteTestCheck {
    type Ir = ByteTest;

    fn is_relative(ir: &ByteTest) -> bool {
        ir.relative
    }

    fn compile(ir: &ByteTest, scope: &mut CompileScope) -> Result<Self, RuleError> {
        Ok(Self {
            bytes: scope.amount(&ir.bytes)?,
            negated: ir.negated,
            operator: ir.operator,
            value: scope.amount(&ir.value)?,
            location: ByteLocation::new(&ir.offset, ir.relative, ir.endian, ir.string_base, scope)?,
            bitmask: ir.bitmask,
        })
    }

    fn placement(&self) -> OperatorPlacement {
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
