//! The entry of inspection: everything that rules are held against for one packet, in order.

use std::sync::Arc;

use sidewire_ir::Action;
use sidewire_mpm::MatcherScratch;

use crate::inspect::evaluator::{DetectThreadContext, EvalContext};
use crate::inspect::observer::InspectObserver;
use crate::inspect::packet_context::PacketContext;
use crate::keyword::eval::RuleScratch;
use crate::state::shared::{SharedHandle, SharedState};
use crate::state::worker_bits::WorkerBits;
use crate::{DetectFlowState, InspectInput, RuleMatch, RuleSet, RuleType};

/// Work that was given up at a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GivenUp {
    /// Searches of regular expressions.
    pub expressions: u64,
    /// Scans that the matcher refused.
    pub scans: u64,
    /// Buffers whose checks were tried as often as they may be.
    pub tries: u64,
}

/// Runs a rule set over packets. One for each worker.
#[derive(Debug)]
pub struct DetectEngine {
    rules: Arc<RuleSet>,
    evaluator: DetectThreadContext,
}

impl DetectEngine {
    /// Ready to run `rules`, sharing nothing with other detectors.
    #[must_use]
    pub fn new(rules: &Arc<RuleSet>) -> Self {
        Self::sharing(rules, SharedState::ordered(1, rules.host_bits).worker(0))
    }

    /// What is shared with the detectors of other workers: tell it of each packet before it is inspected.
    #[inline]
    pub const fn shared(&mut self) -> &mut SharedHandle {
        &mut self.evaluator.eval.bits.shared
    }

    /// Forgets what was seen of packets: a source begins that has nothing to do with those before.
    pub fn reset(&mut self) {
        self.evaluator.eval.bits.reset();
        self.evaluator.overflow = 0;
        self.evaluator.scratch.failed = 0;
        self.evaluator.eval.work.exhausted = 0;
        if let Some(regex) = &mut self.evaluator.eval.work.regex {
            regex.given_up = 0;
        }
    }

    /// Forgets an inspection that did not come to its end: what it had found is of no other packet.
    pub fn abandon(&mut self) {
        let Self { rules, evaluator } = self;
        evaluator.matches.clear();
        evaluator.candidates.clear();
        evaluator.reinspect.clear();
        evaluator.eval.work.renew(rules.variables);
        evaluator.eval.subject = None;
    }

    /// Ready to run `rules`, sharing what belongs to no single flow with other detectors.
    #[must_use]
    pub fn sharing(rules: &Arc<RuleSet>, shared: SharedHandle) -> Self {
        let eval = EvalContext {
            work: RuleScratch::new(rules.variables),
            bits: WorkerBits::new(rules.host_bits, shared),
            buffers: [Vec::new(), Vec::new()],
            recursion_limit: rules.recursion_limit,
            subject: None,
        };
        let evaluator = DetectThreadContext {
            scratch: MatcherScratch::new(),
            eval,
            stamps: vec![0; rules.len()],
            tick: 0,
            candidates: Vec::new(),
            reinspect: Vec::new(),
            matches: Vec::new(),
            overflow: 0,
        };
        Self { rules: Arc::clone(rules), evaluator }
    }

    /// Matches that no alert told, because their packets had as many as they may have.
    #[must_use]
    pub const fn overflow(&self) -> u64 {
        self.evaluator.overflow
    }

    /// Work that was given up: rules did not hold that may have.
    #[must_use]
    pub fn given_up(&self) -> GivenUp {
        let DetectThreadContext { scratch, eval, .. } = &self.evaluator;
        GivenUp {
            expressions: eval.work.regex.as_ref().map_or(0, |regex| regex.given_up),
            scans: scratch.failed,
            tries: eval.work.exhausted,
        }
    }

    /// Goes on with other rules; call it between packets. Bits of hosts and flows stay as they are.
    pub fn swap(&mut self, rules: Arc<RuleSet>) {
        let evaluator = &mut self.evaluator;
        evaluator.eval.work.renew(rules.variables);
        evaluator.eval.recursion_limit = rules.recursion_limit;
        evaluator.stamps = vec![0; rules.len()];
        evaluator.tick = 0;
        self.rules = rules;
    }

    /// Inspects a packet with what it did to its flow. Matches are appended in order; those of `noalert` and `pass` rules
    /// are not among them, their effects are.
    pub fn inspect<O: InspectObserver>(
        &mut self,
        mut input: InspectInput<'_>,
        observer: &mut O,
        matches: &mut Vec<RuleMatch>,
    ) {
        if self.rules.is_empty() || input.flow.as_ref().is_some_and(|flow| flow.state.passed) {
            return;
        }
        self.evaluator.inspect(&self.rules, &mut input, observer, matches);
    }
}

impl DetectThreadContext {
    fn inspect<O: InspectObserver>(
        &mut self,
        rules: &RuleSet,
        input: &mut InspectInput<'_>,
        observer: &mut O,
        matches: &mut Vec<RuleMatch>,
    ) {
        let facts = PacketContext::new(input);
        // Borrowed, not moved: the input is large.
        let (mut state, mut session, frames) = match &mut input.flow {
            Some(flow) => (Some(&mut *flow.state), flow.session.as_deref_mut(), flow.frames.take()),
            None => (None, None, None),
        };
        if let Some(state) = state.as_deref_mut()
            && state.generation != rules.generation()
        {
            state.generation = rules.generation();
            state.forget_rules();
            if let Some(session) = &mut session {
                session.transactions_mut().touch_all();
            }
        }
        self.packet_candidates(rules, &facts, state.as_deref_mut(), observer);
        self.run_packet(rules, &facts, state.as_deref_mut(), observer);
        if let (true, Some(frames), Some(state), Some(app)) = (facts.own, frames, state.as_deref_mut(), facts.app) {
            self.run_frames(rules, &facts, state, frames, session.as_deref(), app, observer);
        }
        if let (true, Some(session), Some(state), Some(app)) = (facts.own, session, state.as_deref_mut(), facts.app) {
            self.run_transactions(rules, &facts, state, session, app, observer);
        }
        for (of, entropy) in self.eval.work.entropies.drain(..) {
            if let Some(state) = state.as_deref_mut() {
                state.set_entropy(of, entropy);
            }
        }
        self.finish(rules, state, facts.own, matches);
    }

    /// Puts the matches of the packet in order, lets `pass` cut them, and hands them over. `own`: as [`Facts::own`]; another
    /// packet lets no flow pass.
    fn finish(&mut self, rules: &RuleSet, state: Option<&mut DetectFlowState>, own: bool, out: &mut Vec<RuleMatch>) {
        if self.matches.is_empty() {
            return;
        }
        self.matches.sort_by_key(|found| (found.rule, found.tx.map(|(_, id)| id), found.frame));
        let mut counted = 0;
        for found in self.matches.drain(..) {
            let meta = rules.rule(found.rule);
            if meta.action == Action::Pass {
                let whole_flow = match meta.kind {
                    RuleType::Packet | RuleType::DecoderEvent => false,
                    RuleType::PacketStream | RuleType::Stream => found.stream,
                    _ => true,
                };
                if let Some(state) = state {
                    state.passed |= whole_flow && own;
                }
                break;
            }
            // What a threshold may still hold back does not count yet.
            if meta.threshold.is_none() && meta.detection_filter.is_none() && meta.suppressions.is_empty() {
                if counted == rules.alerts_per_packet {
                    self.overflow += 1;
                    continue;
                }
                counted += 1;
            }
            out.push(found);
        }
        self.matches.clear();
    }
}
