//! `byte_extract`: keeps a number of the buffer in a variable.

use serde::{Deserialize, Serialize};
use sidewire_ir::{Endian, Operand};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::byte_location::{ByteLocation, masked};
use crate::keyword::eval::{BufferRun, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};

/// `byte_extract`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct ByteExtract {
    /// Octets.
    pub bytes: u32,
    /// Where.
    #[ts(type = "number")]
    pub offset: i64,
    /// Variable that is set.
    pub name: String,
    /// From the last match.
    pub relative: bool,
    /// Byte order.
    pub endian: Endian,
    /// Number as text in this base; 0: binary.
    pub string_base: u8,
    /// Multiplies the number; 1: none.
    pub multiplier: u32,
    /// Rounds up to a multiple of this (2 or 4); 0: none.
    pub align: u8,
    /// Applied to the number; 0: none.
    pub bitmask: u32,
}

#[derive(Debug)]
pub(crate) struct ByteExtractCheck {
    bytes: usize,
    location: ByteLocation,
    variable: usize,
    multiplier: u32,
    align: u8,
    bitmask: u32,
}

impl Operator for ByteExtractCheck {
    type Ir = ByteExtract;

    fn is_relative(ir: &ByteExtract) -> bool {
        ir.relative
    }

    fn compile(ir: &ByteExtract, scope: &mut CompileScope) -> Result<Self, RuleError> {
        let offset = Operand::Number(ir.offset);
        Ok(Self {
            bytes: ir.bytes as usize,
            location: ByteLocation::new(&offset, ir.relative, ir.endian, ir.string_base, scope)?,
            variable: scope.define(&ir.name),
            multiplier: ir.multiplier,
            align: ir.align,
            bitmask: ir.bitmask,
        })
    }

    fn placement(&self) -> OperatorPlacement {
        self.location.placement()
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        self.extract(run).is_some().into()
    }
}

impl ByteExtractCheck {
    fn extract(&self, run: &mut BufferRun<'_, '_>) -> Option<()> {
        let (value, after) = self.location.read(run, self.bytes)?;
        let mut value = masked(value, self.bitmask).wrapping_mul(self.multiplier.into());
        if self.align != 0 {
            value = value.checked_next_multiple_of(self.align.into())?;
        }
        run.set(self.variable, value)?;
        run.at = after;
        Some(())
    }
}
