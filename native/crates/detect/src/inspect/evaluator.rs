//! What changes while rules are evaluated, apart from the flow: one for each worker.

use sidewire_base::{RuleId, TxId};
use sidewire_mpm::MatcherScratch;

use crate::RuleMatch;
use crate::inspect::observer::FailureStage;
use crate::keyword::eval::{FailedAt, RuleScratch};
use crate::state::worker_bits::WorkerBits;

/// What changes while a rule set runs.
#[derive(Debug)]
pub(crate) struct DetectThreadContext {
    pub(super) scratch: MatcherScratch,
    pub(crate) eval: EvalContext,
    /// For each rule, the last packet (or transaction) it became a candidate for.
    pub(super) stamps: Vec<u32>,
    pub(super) tick: u32,
    pub(crate) candidates: Vec<RuleId>,
    /// Those among the candidates that are evaluated again, because a buffer of theirs has changed.
    pub(crate) reinspect: Vec<RuleId>,
    pub(super) matches: Vec<RuleMatch>,
    /// Matches beyond the alerts a packet may have.
    pub(super) overflow: u64,
}

/// What evaluation works with, apart from the rules.
#[derive(Debug)]
pub(crate) struct EvalContext {
    pub(crate) work: RuleScratch,
    pub(crate) bits: WorkerBits,
    /// A transform reads one and fills the other.
    pub(crate) buffers: [Vec<u8>; 2],
    pub(super) recursion_limit: u32,
    /// What the transaction is about that rules are evaluated on.
    pub(super) subject: Option<u64>,
}

/// What a rule held on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MatchOrigin {
    Packet,
    Stream,
    /// Position and id.
    Transaction(usize, TxId),
    /// Id, and the transaction the frame belongs to.
    Frame(u64, Option<(usize, TxId)>),
}

/// Why a buffer did not satisfy a rule.
#[derive(Debug)]
pub(crate) enum InspectFailure {
    /// Not there.
    Absent,
    /// One check failed, looking at some octets.
    Check { reach: FailedAt, found: Vec<u8> },
}

impl InspectFailure {
    pub(crate) fn failure(self, condition: usize) -> FailureStage {
        match self {
            Self::Absent => FailureStage::Condition { condition },
            Self::Check { reach, found } => {
                FailureStage::Check { condition, check: reach.check, offset: reach.offset, found }
            }
        }
    }
}

impl DetectThreadContext {
    /// Begins a new round of candidates.
    pub(crate) fn begin_candidates(&mut self) {
        self.candidates.clear();
        self.tick = self.tick.wrapping_add(1);
        if self.tick == 0 {
            self.stamps.fill(0);
            self.tick = 1;
        }
    }

    /// Splits borrows: how candidates are noted while a matcher runs.
    pub(crate) fn noting(&mut self) -> (&mut MatcherScratch, impl FnMut(RuleId) + '_) {
        let (stamps, candidates, tick) = (&mut self.stamps, &mut self.candidates, self.tick);
        (&mut self.scratch, move |rule: RuleId| {
            if let Some(stamp) = stamps.get_mut(rule.index())
                && *stamp != tick
            {
                *stamp = tick;
                candidates.push(rule);
            }
        })
    }
}
