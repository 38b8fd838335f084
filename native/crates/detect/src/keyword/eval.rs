//! Runs the checks of one buffer.

use sidewire_mpm::RegexScratch;

use crate::keyword::Check;
use crate::state::names::StateName;
use crate::state::unfinished::{CapturedGroup, UnfinishedRule};

/// What the checks of one rule share while they run.
#[derive(Debug)]
pub(crate) struct RuleScratch {
    pub(crate) variables: Vec<u64>,
    pub(crate) captures: Vec<CapturedGroup>,
    /// Entropies that were computed, whether rules held or not, by what they are of.
    pub(crate) entropies: Vec<(StateName, f64)>,
    pub(crate) regex: Option<RegexScratch>,
    /// Buffers whose checks were given up at the limit of tries.
    pub(crate) exhausted: u64,
}

impl RuleScratch {
    pub(crate) fn new(variables: usize) -> Self {
        Self {
            variables: vec![0; variables],
            captures: Vec::new(),
            entropies: Vec::new(),
            regex: RegexScratch::new().ok(),
            exhausted: 0,
        }
    }

    /// Begins again, for rules with this number of variables; what was counted stays.
    pub(crate) fn renew(&mut self, variables: usize) {
        self.variables.clear();
        self.variables.resize(variables, 0);
        self.captures.clear();
        self.entropies.clear();
    }

    /// What is to be kept for a rule with this number of variables until it goes on; `None`: nothing.
    pub(crate) fn leave(&mut self, variables: usize) -> Option<UnfinishedRule> {
        if variables == 0 && self.captures.is_empty() {
            return None;
        }
        let variables = self.variables.get(..variables).unwrap_or_default().into();
        Some(UnfinishedRule { variables, captures: core::mem::take(&mut self.captures) })
    }

    /// A rule goes on with what it left, or begins.
    pub(crate) fn resume(&mut self, left: Option<UnfinishedRule>) {
        self.captures.clear();
        let Some(left) = left else { return };
        self.captures = left.captures;
        for (slot, value) in self.variables.iter_mut().zip(left.variables) {
            *slot = value;
        }
    }

    /// An operand as a distance.
    pub(crate) fn amount(&self, amount: CheckOperand) -> i64 {
        match amount {
            CheckOperand::Number(number) => number,
            CheckOperand::Variable(at) => {
                i64::try_from(self.variables.get(at).copied().unwrap_or(0)).unwrap_or(i64::MAX)
            }
        }
    }
}

/// The checks after the one that is evaluated.
#[derive(Clone, Copy)]
pub(crate) struct RemainingChecks<'c> {
    pub(crate) checks: &'c [Check],
    /// Position of the first of them.
    pub(crate) next: usize,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckVerdict {
    /// It holds; the ones after it are still to be evaluated.
    Holds,
    Fails,
    /// It has evaluated the ones after it as well: all of them hold, or they do not.
    Settled(bool),
}

impl From<bool> for CheckVerdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// A constant, or a variable of the rule by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckOperand {
    Number(i64),
    Variable(usize),
}

/// The buffer a condition looks into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BufferView<'d> {
    /// The octets at hand.
    pub(crate) data: &'d [u8],
    /// How many came before them: absolute places count from there.
    pub(crate) base: u64,
    /// Nothing will follow.
    pub(crate) complete: bool,
    /// Byte order of the PDU, for `dce`.
    pub(crate) little: bool,
}

impl<'d> BufferView<'d> {
    /// A whole buffer.
    pub(crate) const fn whole(data: &'d [u8]) -> Self {
        Self { data, base: 0, complete: true, little: true }
    }
}

/// How far the checks of a buffer came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FailedAt {
    /// The last check that was tried and failed.
    pub(crate) check: usize,
    /// Where it looked.
    pub(crate) offset: usize,
}

/// Runs checks over a buffer, in order; relative ones count from the last match. When a check fails after a match that
/// later ones count from, that match is given up for the next one.
///
/// # Errors
/// How far they came, when they do not all hold.
pub(crate) fn all_hold(
    checks: &[Check],
    view: BufferView<'_>,
    work: &mut RuleScratch,
    limit: u32,
) -> Result<(), FailedAt> {
    let mut run = BufferRun { view, work, budget: limit, at: 0, stop: false, reach: FailedAt::default() };
    if run.rest(RemainingChecks { checks, next: 0 }) {
        return Ok(());
    }
    let reach = run.reach;
    let exhausted = run.budget == 0;
    work.exhausted += u64::from(exhausted);
    Err(reach)
}

/// One evaluation of the checks of a buffer.
pub(crate) struct BufferRun<'r, 'd> {
    pub(crate) view: BufferView<'d>,
    pub(crate) work: &'r mut RuleScratch,
    /// Checks that may still be tried.
    budget: u32,
    /// End of the last match.
    pub(crate) at: usize,
    /// No other match can help any more.
    stop: bool,
    reach: FailedAt,
}

impl BufferRun<'_, '_> {
    /// Do these checks hold?
    pub(crate) fn rest(&mut self, rest: RemainingChecks<'_>) -> bool {
        for (index, check) in rest.checks.iter().enumerate().skip(rest.next) {
            if self.budget == 0 {
                self.stop = true;
                return false;
            }
            self.budget -= 1;
            let looked = self.at;
            match check.eval(self, RemainingChecks { next: index + 1, ..rest }) {
                CheckVerdict::Holds => {}
                CheckVerdict::Settled(holds) => return holds,
                CheckVerdict::Fails => {
                    if index >= self.reach.check {
                        self.reach = FailedAt { check: index, offset: looked };
                    }
                    return false;
                }
            }
        }
        true
    }

    /// The checks after a match failed: may another match be tried?
    pub(crate) fn may_retry(&mut self) -> bool {
        if self.stop || self.budget == 0 {
            self.stop = true;
            return false;
        }
        self.budget -= 1;
        true
    }

    /// A check failed that depends on no earlier match: none of those needs to be tried again.
    pub(crate) fn give_up(&mut self) {
        self.stop = true;
    }

    /// Do these checks hold on another buffer, which this one was decoded to?
    pub(crate) fn nested(&mut self, checks: &[Check], data: &[u8]) -> bool {
        let view = BufferView { data, base: 0, ..self.view };
        let mut run =
            BufferRun { view, work: self.work, budget: self.budget, at: 0, stop: false, reach: FailedAt::default() };
        let holds = run.rest(RemainingChecks { checks, next: 0 });
        self.budget = run.budget;
        holds
    }

    /// Octets of the buffer, those that are gone included.
    pub(crate) fn size(&self) -> u64 {
        self.view.base + self.view.data.len() as u64
    }

    /// A place counted from the beginning of the buffer, as an index into what is at hand.
    pub(crate) fn local(&self, absolute: i64) -> i64 {
        absolute.saturating_sub(i64::try_from(self.view.base).unwrap_or(i64::MAX))
    }

    /// An operand as a number to compare or compute with.
    pub(crate) fn value(&self, amount: CheckOperand) -> u64 {
        match amount {
            // A negative constant is meant in two's complement.
            CheckOperand::Number(number) => number as u64,
            CheckOperand::Variable(at) => self.work.variables.get(at).copied().unwrap_or(0),
        }
    }

    /// An operand as a count of octets.
    pub(crate) fn count(&self, amount: CheckOperand) -> Option<usize> {
        usize::try_from(self.work.amount(amount)).ok()
    }

    /// Sets a variable of the rule.
    pub(crate) fn set(&mut self, variable: usize, value: u64) -> Option<()> {
        *self.work.variables.get_mut(variable)? = value;
        Some(())
    }
}
