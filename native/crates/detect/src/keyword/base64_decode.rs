//! `base64_decode`, and the checks on `base64_data` after it: they run inside of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::Check;
use crate::keyword::base64;
use crate::keyword::eval::{BufferRun, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};

/// `base64_decode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Base64Decode {
    /// Octets to decode; 0: to the end.
    pub bytes: u32,
    /// Where to begin.
    pub offset: u32,
    /// From the last match.
    pub relative: bool,
}

/// Octets that are decoded at most.
const LIMIT: usize = 65_536;

#[derive(Debug)]
pub(crate) struct Base64Check {
    /// Octets to decode; 0: to the end.
    bytes: usize,
    offset: usize,
    relative: bool,
    /// What must hold of the result.
    pub(crate) nested: Box<[Check]>,
}

impl Operator for Base64Check {
    type Ir = Base64Decode;

    fn is_relative(ir: &Base64Decode) -> bool {
        ir.relative
    }

    fn compile(ir: &Base64Decode, _: &mut CompileScope) -> Result<Self, RuleError> {
        let (bytes, offset) = (ir.bytes as usize, ir.offset as usize);
        Ok(Self { bytes, offset, relative: ir.relative, nested: Box::default() })
    }

    fn placement(&self) -> OperatorPlacement {
        if self.relative { OperatorPlacement::Anywhere } else { OperatorPlacement::Edges }
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        let from = if self.relative { run.at + self.offset } else { self.offset };
        let Some(mut area) = run.view.data.get(from..) else { return CheckVerdict::Fails };
        if self.bytes != 0 {
            area = area.get(..self.bytes).unwrap_or(area);
        }
        let area = area.get(..LIMIT).unwrap_or(area);
        let Some(decoded) = base64::decode(area, base64::Base64Decoding::Stop) else { return CheckVerdict::Fails };
        run.nested(&self.nested, &decoded).into()
    }
}
