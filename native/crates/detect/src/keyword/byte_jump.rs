//! `byte_jump`: moves on by a number in the buffer.

use serde::{Deserialize, Serialize};
use sidewire_ir::{Endian, Operand};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::byte_location::{ByteLocation, masked};
use crate::keyword::eval::{BufferRun, CheckOperand, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};

/// `byte_jump`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct ByteJump {
    /// Octets, or a variable.
    pub bytes: Operand,
    /// Where.
    pub offset: Operand,
    /// From the last match.
    pub relative: bool,
    /// Byte order.
    pub endian: Endian,
    /// Number as text in this base; 0: binary.
    pub string_base: u8,
    /// Multiplies the number; 1: none.
    pub multiplier: u32,
    /// Rounds up to a multiple of four.
    pub align: bool,
    /// Jump from the beginning of the buffer.
    pub from_beginning: bool,
    /// Jump from the end of the buffer.
    pub from_end: bool,
    /// Added after the jump.
    pub post_offset: Operand,
    /// Applied to the number; 0: none.
    pub bitmask: u32,
}

#[derive(Debug)]
pub(crate) struct ByteJumpCheck {
    bytes: CheckOperand,
    location: ByteLocation,
    multiplier: u32,
    align: bool,
    from_beginning: bool,
    from_end: bool,
    post_offset: CheckOperand,
    bitmask: u32,
}

impl Operator for ByteJumpCheck {
    type Ir = ByteJump;

    fn is_relative(ir: &ByteJump) -> bool {
        ir.relative
    }

    fn compile(ir: &ByteJump, scope: &mut CompileScope) -> Result<Self, RuleError> {
        Ok(Self {
            bytes: scope.amount(&ir.bytes)?,
            location: ByteLocation::new(&ir.offset, ir.relative, ir.endian, ir.string_base, scope)?,
            multiplier: ir.multiplier,
            align: ir.align,
            from_beginning: ir.from_beginning,
            from_end: ir.from_end,
            post_offset: scope.amount(&ir.post_offset)?,
            bitmask: ir.bitmask,
        })
    }

    fn placement(&self) -> OperatorPlacement {
        if self.from_beginning || self.from_end { OperatorPlacement::Edges } else { self.location.placement() }
    }

    fn needs_complete_buffer(&self) -> bool {
        self.from_end
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        self.target(run).map(|at| run.at = at).is_some().into()
    }
}

impl ByteJumpCheck {
    /// Where it jumps to; it has to be inside the buffer.
    fn target(&self, run: &BufferRun<'_, '_>) -> Option<usize> {
        let bytes = run.count(self.bytes)?;
        let (value, after) =
            if bytes == 0 { (0, self.location.index(run)?) } else { self.location.read(run, bytes)? };
        let mut distance = masked(value, self.bitmask).checked_mul(self.multiplier.into())?;
        if self.align {
            distance = distance.checked_next_multiple_of(4)?;
        }
        let length = i64::try_from(run.view.data.len()).ok()?;
        let from = if self.from_beginning {
            run.local(0)
        } else if self.from_end {
            length
        } else {
            i64::try_from(after).ok()?
        };
        // Numbers read as text may be negative: they are in two's complement here.
        let to = from.checked_add(distance as i64)?.checked_add(run.work.amount(self.post_offset))?;
        // A jump to before the buffer ends at its first octet.
        if to >= length { None } else { usize::try_from(to.max(0)).ok() }
    }
}
