//! `byte_math`: computes with a number of the buffer and keeps the result in a variable.

use serde::{Deserialize, Serialize};
use sidewire_ir::{Endian, Operand};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::byte_location::{ByteLocation, masked};
use crate::keyword::eval::{BufferRun, CheckOperand, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};

/// `byte_math`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct ByteMath {
    /// Octets, or a variable.
    pub bytes: Operand,
    /// Where.
    pub offset: Operand,
    /// Operator.
    pub operator: MathOperator,
    /// Right-hand side.
    pub value: Operand,
    /// Variable that is set.
    pub result: String,
    /// From the last match.
    pub relative: bool,
    /// Byte order.
    pub endian: Endian,
    /// Number as text in this base; 0: binary.
    pub string_base: u8,
    /// Applied to the number; 0: none.
    pub bitmask: u32,
}

/// Operators of `byte_math`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum MathOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

#[derive(Debug)]
pub(crate) struct ByteMathCheck {
    bytes: CheckOperand,
    location: ByteLocation,
    operator: MathOperator,
    value: CheckOperand,
    variable: usize,
    bitmask: u32,
}

impl Operator for ByteMathCheck {
    type Ir = ByteMath;

    fn is_relative(ir: &ByteMath) -> bool {
        ir.relative
    }

    fn compile(ir: &ByteMath, scope: &mut CompileScope) -> Result<Self, RuleError> {
        Ok(Self {
            bytes: scope.amount(&ir.bytes)?,
            location: ByteLocation::new(&ir.offset, ir.relative, ir.endian, ir.string_base, scope)?,
            operator: ir.operator,
            value: scope.amount(&ir.value)?,
            variable: scope.define(&ir.result),
            bitmask: ir.bitmask,
        })
    }

    fn placement(&self) -> OperatorPlacement {
        self.location.placement()
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        self.compute(run).is_some().into()
    }
}

impl ByteMathCheck {
    fn compute(&self, run: &mut BufferRun<'_, '_>) -> Option<()> {
        let (left, after) = self.location.read(run, run.count(self.bytes)?)?;
        let right = run.value(self.value);
        let value = match self.operator {
            MathOperator::Add => left.wrapping_add(right),
            MathOperator::Subtract => left.wrapping_sub(right),
            MathOperator::Multiply => left.wrapping_mul(right),
            MathOperator::Divide => left.checked_div(right)?,
            MathOperator::ShiftLeft => shift(right).and_then(|by| left.checked_shl(by)).unwrap_or(0),
            MathOperator::ShiftRight => shift(right).and_then(|by| left.checked_shr(by)).unwrap_or(0),
        };
        run.set(self.variable, masked(value, self.bitmask))?;
        run.at = after;
        Some(())
    }
}

fn shift(by: u64) -> Option<u32> {
    u32::try_from(by).ok()
}
