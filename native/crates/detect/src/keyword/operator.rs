//! The shape of an operator: a check on the octets of a buffer. Each is one file of this folder, which says what the rule
//! compiler's words for it mean, where in a buffer it can hold, and how it is evaluated.

use sidewire_ir as ir;
use sidewire_mpm::RegexLimits;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, CheckOperand, CheckVerdict, RemainingChecks};
use crate::keyword::literal::BufferLiteral;

/// A check on a buffer. Implementations are variants of [`crate::keyword::Check`], so that evaluation is a `match` and no call through a
/// table.
pub(crate) trait Operator: Sized {
    /// What the rule compiler says of it.
    type Ir;

    /// Relative checks after it make it try its next match when they fail.
    const ANCHORS: bool = false;

    /// Does it count from the end of the last match? Then that match is given up for the next one when this fails.
    fn is_relative(_: &Self::Ir) -> bool {
        false
    }

    /// Makes it ready to run.
    ///
    /// # Errors
    /// What of it cannot be used.
    fn compile(ir: &Self::Ir, scope: &mut CompileScope) -> Result<Self, RuleError>;

    /// Where in a buffer it can hold.
    fn placement(&self) -> OperatorPlacement;

    /// May its answer change while octets follow?
    fn needs_complete_buffer(&self) -> bool {
        false
    }

    /// Octets without which it cannot hold, wherever in the buffer they stand.
    fn required(&self) -> Option<&BufferLiteral> {
        None
    }

    /// Does nothing decide on it but where octets stand: a content that must be there, in a window of constants?
    fn is_placed(&self) -> bool {
        false
    }

    /// The checks it counts from, back to one that counts from none, are all [placed](Self::is_placed).
    fn count_from_placed(&mut self) {}

    /// Later checks count from where this one matches: it must try its next match when they fail.
    fn retry(&mut self) {}

    /// Does it hold where the run has come to? It moves the run to the end of its match.
    fn eval(&self, run: &mut BufferRun<'_, '_>, rest: RemainingChecks<'_>) -> CheckVerdict;
}

/// Where in a buffer an operator can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperatorPlacement {
    /// Wherever its octets stand.
    Anywhere,
    /// In a window counted from the buffer's first octet: of a payload, Suricata then looks at packets as well.
    Window,
    /// It depends on where the buffer begins or ends.
    Edges,
}

/// What checks of one rule share while they are compiled.
#[derive(Debug)]
pub(crate) struct CompileScope {
    variables: Vec<String>,
    /// How expressions are limited.
    pub(crate) limits: RegexLimits,
    /// What EVE calls the buffer whose checks are compiled.
    pub(crate) buffer: String,
}

impl CompileScope {
    pub(crate) const fn new(limits: RegexLimits) -> Self {
        Self { variables: Vec::new(), limits, buffer: String::new() }
    }

    /// Number of variables.
    pub(crate) fn len(&self) -> usize {
        self.variables.len()
    }

    /// The variable of a name, which is set here.
    pub(crate) fn define(&mut self, name: &str) -> usize {
        self.variables.iter().position(|known| known == name).unwrap_or_else(|| {
            self.variables.push(name.to_owned());
            self.variables.len() - 1
        })
    }

    /// An operand: a constant, or a variable that was set before.
    ///
    /// # Errors
    /// A variable that was not.
    pub(crate) fn amount(&self, operand: &ir::Operand) -> Result<CheckOperand, RuleError> {
        match operand {
            ir::Operand::Number(number) => Ok(CheckOperand::Number(*number)),
            ir::Operand::Variable(name) => self
                .variables
                .iter()
                .position(|known| known == name)
                .map(CheckOperand::Variable)
                .ok_or_else(|| RuleError::Variable(name.clone())),
        }
    }
}

/// Hexadecimal text to octets.
///
/// # Errors
/// Text that is none, or empty.
pub(crate) fn unhex(text: &str) -> Result<Vec<u8>, RuleError> {
    let bad = || RuleError::Hex(text.to_owned());
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>().ok_or_else(bad)?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() {
        return Err(bad());
    }
    Ok(pairs.iter().map(|[high, low]| (high << 4 | low) as u8).collect())
}
