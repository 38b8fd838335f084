//! Where in a buffer a number stands and how it is written, for the operators that read one.

use sidewire_ir as ir;
use sidewire_ir::Endian;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, CheckOperand};
use crate::keyword::number;
use crate::keyword::operator::{CompileScope, OperatorPlacement};

#[derive(Clone, Copy, Debug)]
pub(crate) struct ByteLocation {
    offset: CheckOperand,
    pub(crate) relative: bool,
    endian: Endian,
    /// Base of a number written as text; 0: binary.
    string_base: u8,
}

impl ByteLocation {
    /// From its parts in the IR.
    ///
    /// # Errors
    /// An offset that is a variable nobody set.
    pub(crate) fn new(
        offset: &ir::Operand,
        relative: bool,
        endian: Endian,
        string_base: u8,
        scope: &CompileScope,
    ) -> Result<Self, RuleError> {
        Ok(Self { offset: scope.amount(offset)?, relative, endian, string_base })
    }

    /// Where a check of it can hold.
    pub(crate) const fn placement(&self) -> OperatorPlacement {
        if self.relative { OperatorPlacement::Anywhere } else { OperatorPlacement::Edges }
    }

    /// Index of the first octet.
    pub(crate) fn index(&self, run: &BufferRun<'_, '_>) -> Option<usize> {
        let offset = run.work.amount(self.offset);
        let at = if self.relative { i64::try_from(run.at).ok()?.checked_add(offset)? } else { run.local(offset) };
        usize::try_from(at).ok().filter(|&at| at <= run.view.data.len())
    }

    /// The number, and the index of the first octet after it.
    pub(crate) fn read(&self, run: &BufferRun<'_, '_>, bytes: usize) -> Option<(u64, usize)> {
        let at = self.index(run)?;
        let (value, taken) =
            number::read(run.view.data.get(at..)?, bytes, self.endian, self.string_base, run.view.little)?;
        Some((value, at + taken))
    }
}

/// A number under a mask, shifted down by the mask's trailing zeros; no mask, no change.
pub(crate) const fn masked(value: u64, mask: u32) -> u64 {
    if mask == 0 { value } else { (value & mask as u64) >> mask.trailing_zeros() }
}
