//! `pcre`: an expression that matches, or does not.

use serde::{Deserialize, Serialize};
use sidewire_mpm::Regex;
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};
use crate::state::names::StateName;
use crate::state::unfinished::{CaptureName, CapturedGroup};

/// `pcre`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Pcre {
    /// The expression between the slashes.
    pub pattern: String,
    /// PCRE's own flags, sorted: of `i m s x A E G O`. Buffer letters are resolved into the buffer already.
    pub flags: String,
    /// Must not match.
    pub negated: bool,
    /// From the end of the last match (`R`).
    pub relative: bool,
    /// What its groups are kept as, by group order.
    pub captures: Vec<PcreCapture>,
}

/// A named capture group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct PcreCapture {
    /// Where it is kept.
    pub scope: PcreScope,
    /// Variable name.
    pub name: String,
}

/// Where a capture is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum PcreScope {
    /// `flow:`.
    Flow,
    /// `pkt:`.
    Packet,
    /// `alert:`.
    Alert,
}

#[derive(Debug)]
pub(crate) struct PcreCheck {
    regex: Regex,
    negated: bool,
    relative: bool,
    /// What its groups are kept as, by group order.
    captures: Box<[CaptureName]>,
    retry: bool,
}

impl Operator for PcreCheck {
    type Ir = Pcre;

    const ANCHORS: bool = true;

    fn is_relative(ir: &Pcre) -> bool {
        ir.relative
    }

    fn compile(ir: &Pcre, scope: &mut CompileScope) -> Result<Self, RuleError> {
        let name = |capture: &PcreCapture| match capture.scope {
            PcreScope::Flow => CaptureName::Flow(StateName::new(&capture.name)),
            PcreScope::Packet => CaptureName::Packet(capture.name.as_str().into()),
            PcreScope::Alert => CaptureName::Alert(capture.name.as_str().into()),
        };
        Ok(Self {
            regex: Regex::compile(ir.pattern.as_bytes(), &ir.flags, scope.limits)
                .map_err(|error| RuleError::Expression { keyword: "pcre", reason: error.to_string() })?,
            negated: ir.negated,
            relative: ir.relative,
            captures: ir.captures.iter().map(name).collect(),
            retry: false,
        })
    }

    fn placement(&self) -> OperatorPlacement {
        OperatorPlacement::Anywhere
    }

    fn needs_complete_buffer(&self) -> bool {
        self.negated
    }

    fn retry(&mut self) {
        self.retry = !self.negated;
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, rest: RemainingChecks<'_>) -> CheckVerdict {
        if !self.retry {
            return self.find(run, 0).is_some().into();
        }
        let last = run.at;
        let mut start = 0;
        loop {
            run.at = last;
            let Some(from) = self.find(run, start) else {
                return if start == 0 { CheckVerdict::Fails } else { CheckVerdict::Settled(false) };
            };
            if run.rest(rest) {
                return CheckVerdict::Settled(true);
            }
            if !run.may_retry() {
                return CheckVerdict::Settled(false);
            }
            start = from + 1;
        }
    }
}

impl PcreCheck {
    /// Searches from `start` (counted from where it may begin at all) and tells where the match began.
    fn find(&self, run: &mut BufferRun<'_, '_>, start: usize) -> Option<usize> {
        let first = if self.relative { run.at } else { 0 };
        let found = run.view.data.get(first..).and_then(|area| {
            let scratch = run.work.regex.as_mut()?;
            self.regex.find_at(scratch, area, start).map(|span| (area, span))
        });
        let Some((area, (from, to))) = found else {
            return self.negated.then_some(0);
        };
        if self.negated {
            return None;
        }
        for (group, name) in (1..).zip(&self.captures) {
            let value = run.work.regex.as_ref().and_then(|scratch| scratch.group(group));
            if let Some(value) = value.and_then(|(from, to)| area.get(from..to)) {
                run.work.captures.retain(|capture| capture.name != *name);
                run.work.captures.push(CapturedGroup { name: name.clone(), value: value.to_vec() });
            }
        }
        run.at = first + to;
        Some(from)
    }
}
