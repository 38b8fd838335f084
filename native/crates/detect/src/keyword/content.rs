//! `content`: octets that are there, or are not.

use serde::{Deserialize, Serialize};
use sidewire_ir::Operand;
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, CheckOperand, CheckVerdict, RemainingChecks};
use crate::keyword::literal::BufferLiteral;
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement, unhex};

/// `content`, all modifiers resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Content {
    /// The octets, hexadecimal.
    pub pattern: String,
    /// ASCII letters without case.
    pub nocase: bool,
    /// Must not be there.
    pub negated: bool,
    /// Where it may be.
    pub window: Window,
    /// Must end where the buffer ends.
    pub ends_with: bool,
    /// Fast pattern wish.
    pub fast_pattern: FastPattern,
}

/// Where a content may lie. Relative: counted from the end of the last match (`distance`, `within`); else from the beginning
/// (`offset`, `depth`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Window {
    /// From the last match.
    pub relative: bool,
    /// `offset` or `distance`.
    pub start: Option<Operand>,
    /// `depth` or `within`: octets in which the pattern must end, counted from `start`: `depth` from `offset`, `within` from the
    /// last match's end moved by `distance`, as Suricata does.
    pub end: Option<Operand>,
}

/// Fast pattern wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum FastPattern {
    /// The planner chooses.
    Auto,
    /// `fast_pattern`.
    Wanted,
    /// `fast_pattern:only`.
    Only,
    /// `fast_pattern:offset,length`: only this part.
    Chop {
        /// First octet.
        offset: u32,
        /// Octets.
        length: u32,
    },
}

#[derive(Debug)]
pub(crate) struct ContentCheck {
    literal: BufferLiteral,
    negated: bool,
    relative: bool,
    /// `offset` or `distance`.
    start: Option<CheckOperand>,
    /// `depth` or `within`.
    end: Option<CheckOperand>,
    ends_with: bool,
    retry: bool,
    /// It may lie anywhere after the match it counts from, and all it depends on are matches that come later when they are
    /// tried again: when it is not there, it is not there after any of them.
    final_failure: bool,
}

impl Operator for ContentCheck {
    type Ir = Content;

    const ANCHORS: bool = true;

    fn is_relative(ir: &Content) -> bool {
        ir.window.relative
    }

    fn compile(ir: &Content, scope: &mut CompileScope) -> Result<Self, RuleError> {
        Ok(Self {
            literal: BufferLiteral::new(&unhex(&ir.pattern)?, ir.nocase),
            negated: ir.negated,
            relative: ir.window.relative,
            start: ir.window.start.as_ref().map(|start| scope.amount(start)).transpose()?,
            end: ir.window.end.as_ref().map(|end| scope.amount(end)).transpose()?,
            ends_with: ir.ends_with,
            retry: false,
            final_failure: false,
        })
    }

    fn placement(&self) -> OperatorPlacement {
        if !self.relative && (self.start.is_some() || self.end.is_some()) {
            OperatorPlacement::Window
        } else if self.ends_with {
            OperatorPlacement::Edges
        } else {
            OperatorPlacement::Anywhere
        }
    }

    fn needs_complete_buffer(&self) -> bool {
        self.negated || self.ends_with
    }

    fn required(&self) -> Option<&BufferLiteral> {
        (!self.negated).then_some(&self.literal)
    }

    fn is_placed(&self) -> bool {
        let constant = |amount: Option<CheckOperand>| !matches!(amount, Some(CheckOperand::Variable(_)));
        !self.negated && !self.ends_with && constant(self.start) && constant(self.end)
    }

    fn count_from_placed(&mut self) {
        self.final_failure = self.relative && self.end.is_none() && self.is_placed();
    }

    fn retry(&mut self) {
        self.retry = !self.negated;
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, rest: RemainingChecks<'_>) -> CheckVerdict {
        if self.retry {
            return self.eval_each(run, rest);
        }
        let found = self.window(run).and_then(|(from, to)| self.find(run, from, to));
        if let Some(at) = found.filter(|_| !self.negated) {
            run.at = at + self.literal.len();
        }
        let holds = found.is_some() != self.negated;
        if !holds && (self.is_fixed() || self.final_failure) {
            run.give_up();
        }
        holds.into()
    }
}

impl ContentCheck {
    /// Where it may lie depends on no other check.
    const fn is_fixed(&self) -> bool {
        !self.relative
            && !matches!(self.start, Some(CheckOperand::Variable(_)))
            && !matches!(self.end, Some(CheckOperand::Variable(_)))
    }

    /// Where it may lie: begin and end. `None`: nowhere.
    fn window(&self, run: &BufferRun<'_, '_>) -> Option<(usize, usize)> {
        let length = run.view.data.len();
        let clamp = |value: i64| usize::try_from(value.max(0)).unwrap_or(usize::MAX).min(length);
        let start = self.start.map(|amount| run.work.amount(amount));
        let end = self.end.map(|amount| run.work.amount(amount));
        let (from, to) = if self.relative {
            let last = i64::try_from(run.at).unwrap_or(i64::MAX);
            let from = last.saturating_add(start.unwrap_or(0));
            (from, end.map_or(i64::MAX, |within| from.saturating_add(within)))
        } else {
            let from = start.unwrap_or(0);
            (run.local(from), end.map_or(i64::MAX, |depth| run.local(from.saturating_add(depth))))
        };
        if from > length as i64 || to <= 0 {
            return None;
        }
        let (from, to) = (clamp(from), clamp(to));
        (from <= to).then_some((from, to))
    }

    /// The first place at `from` or later inside its window.
    fn find(&self, run: &BufferRun<'_, '_>, from: usize, to: usize) -> Option<usize> {
        let area = run.view.data.get(from..to)?;
        if self.ends_with {
            if to != run.view.data.len() || !run.view.complete {
                return None;
            }
            let at = area.len().checked_sub(self.literal.len())?;
            return self.literal.begins(area.get(at..)?).then_some(from + at);
        }
        self.literal.find(area).map(|at| from + at)
    }

    /// Tries each place until the checks that count from it hold.
    fn eval_each(&self, run: &mut BufferRun<'_, '_>, rest: RemainingChecks<'_>) -> CheckVerdict {
        let mut tried = false;
        if let Some((mut from, to)) = self.window(run) {
            while let Some(at) = self.find(run, from, to) {
                tried = true;
                run.at = at + self.literal.len();
                if run.rest(rest) {
                    return CheckVerdict::Settled(true);
                }
                if !run.may_retry() {
                    return CheckVerdict::Settled(false);
                }
                from = at + 1;
            }
        }
        // What the next checks count from did not depend on earlier matches: trying those again changes nothing.
        if self.is_fixed() || self.final_failure {
            run.give_up();
        }
        if tried { CheckVerdict::Settled(false) } else { CheckVerdict::Fails }
    }
}
