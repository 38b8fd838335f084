//! Rules on frames: each looks into one kind, as much of a frame as is there.

use sidewire_app_layer::{Frame, FrameExtent, FrameKind, Session};
use sidewire_base::{Direction, ProtocolId, RuleId};

use crate::compile::frame_rules::FrameContext;
use crate::compile::plan::RulePlan;
use crate::inspect::evaluator::{DetectThreadContext, EvalContext, MatchOrigin};
use crate::inspect::frame_source::FrameSource;
use crate::inspect::observer::{FailureStage, InspectObserver, InspectUnit};
use crate::inspect::packet_context::PacketContext;
use crate::keyword::buffer_test::FrameTest;
use crate::keyword::eval::BufferView;
use crate::{DetectFlowState, FramesInput, RuleSet, RuleType};

/// Octets by which an unfinished frame has grown when it is looked at again. As in Suricata, so that alerts fall on the
/// same packets.
pub const FRAME_STEP: u64 = 2500;
/// Octets of an unfinished frame that are at hand; what a check needs of those before is gone.
pub const FRAME_WINDOW: u64 = 65_536;

/// Does what can be seen of a frame now tell more than it did?
#[must_use]
pub fn is_due(frame: &Frame, extent: FrameExtent) -> bool {
    let fresh = extent.end.saturating_sub(frame.start.saturating_add(frame.inspection.seen));
    !frame.inspection.done && (extent.over || fresh >= FRAME_STEP)
}

impl DetectThreadContext {
    /// Holds the rules against the frames that are due.
    #[cold]
    #[expect(clippy::too_many_arguments, reason = "one call; a structure would only name them again")]
    pub(crate) fn run_frames<O: InspectObserver>(
        &mut self,
        rules: &RuleSet,
        facts: &PacketContext<'_>,
        state: &mut DetectFlowState,
        input: FramesInput<'_>,
        session: Option<&dyn Session>,
        app: ProtocolId,
        observer: &mut O,
    ) {
        let Some(frame_rules) = rules.frames(app, facts.seen.direction) else { return };
        let (visible, ended) = (input.source.settled(), facts.last || input.source.is_over());
        for frame in input.frames.iter_mut() {
            let extent = frame.extent(visible, ended);
            let Some(context) = frame_rules.contexts.iter().find(|context| context.kind == frame.kind) else {
                continue;
            };
            if !is_due(frame, extent) {
                continue;
            }
            if frame.inspection.generation != rules.generation() {
                frame.inspection.generation = rules.generation();
                frame.inspection.pending.clear();
                frame.inspection.matched.clear();
            }
            self.frame_candidates(rules, context, facts.seen.direction, frame, extent, input.source, observer);
            let tx = frame.tx.and_then(|id| session?.transactions().position(id).map(|position| (position, id)));
            let mut pending = core::mem::take(&mut frame.inspection.pending);
            pending.clear();
            for at in 0..self.candidates.len() {
                let Some(&rule) = self.candidates.get(at) else { break };
                let Some(plan) = rules.plans.get(rule.index()) else { continue };
                let explain = O::ACTIVE && observer.watches(rule);
                let unit = |test: &FrameTest| InspectUnit::Frame {
                    direction: facts.seen.direction,
                    id: frame.id,
                    name: test.name,
                };
                observer.begins(rule);
                let outcome = self.frame_rule(rules, rule, plan, facts, state, frame, extent, input.source, explain);
                observer.ends(rule, matches!(outcome, FrameOutcome::Matched));
                match outcome {
                    FrameOutcome::Matched => {
                        if let Some(test) = plan.frame.as_ref().filter(|_| explain) {
                            observer.matched(rule, unit(test));
                        }
                        let until = extent.end - frame.start;
                        let matched = &mut frame.inspection.matched;
                        match matched.iter_mut().find(|(known, _)| *known == rule) {
                            Some(slot) => slot.1 = until,
                            None => matched.push((rule, until)),
                        }
                        self.matched(rule, plan, MatchOrigin::Frame(frame.id, tx), facts, Some(state));
                    }
                    FrameOutcome::Decided => {}
                    FrameOutcome::Failed(failure) => {
                        if !extent.over && failure > FailureStage::Application {
                            pending.push(rule);
                        }
                        if let Some(test) = plan.frame.as_ref().filter(|_| explain) {
                            observer.failed(rule, unit(test), failure);
                        }
                    }
                }
            }
            let inspection = &mut frame.inspection;
            inspection.pending = pending;
            inspection.seen = extent.end - frame.start;
            inspection.done = extent.over;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call; a structure would only name them again")]
    fn frame_candidates<O: InspectObserver>(
        &mut self,
        rules: &RuleSet,
        context: &FrameContext,
        direction: Direction,
        frame: &Frame,
        extent: FrameExtent,
        source: FrameSource<'_>,
        observer: &O,
    ) {
        self.begin_candidates();
        let (scratch, mut note) = self.noting();
        let from = frame.start + frame.inspection.seen.saturating_sub(context.overlap);
        if !context.context.is_empty() {
            for (_, piece) in source.within(from, extent.end) {
                context.context.scan(&rules.matchers, scratch, piece, &mut note);
            }
        }
        context.plain.iter().chain(&frame.inspection.pending).for_each(|rule| note(*rule));
        if O::ACTIVE {
            for (rule, plan) in (0..).map(RuleId).zip(&rules.plans) {
                let test = plan.frame.as_ref().filter(|_| plan.meta.kind == RuleType::Frame);
                let here = plan.directions[direction];
                if here && test.is_some_and(|test| test.kind == frame.kind) && observer.watches(rule) {
                    note(rule);
                }
            }
        }
        drop(note);
        self.candidates.sort_unstable();
    }

    #[expect(clippy::too_many_arguments, reason = "one call; a structure would only name them again")]
    fn frame_rule(
        &mut self,
        rules: &RuleSet,
        rule: RuleId,
        plan: &RulePlan,
        facts: &PacketContext<'_>,
        state: &DetectFlowState,
        frame: &Frame,
        extent: FrameExtent,
        source: FrameSource<'_>,
        explain: bool,
    ) -> FrameOutcome {
        let Some(test) = &plan.frame else { return FrameOutcome::Decided };
        let matched = frame.inspection.matched.iter().find(|(known, _)| *known == rule).map(|(_, until)| *until);
        // A frame is told of once; a stream, that may go on for ever, once for what is new.
        if matched.is_some() && frame.kind != FrameKind::STREAM {
            return FrameOutcome::Decided;
        }
        let from = frame.start + matched.unwrap_or(0);
        if matched.is_some() && from >= extent.end {
            return FrameOutcome::Decided;
        }
        self.eval.work.captures.clear();
        let holds = facts
            .header(plan, &rules.addresses, &rules.ports, facts.established)
            .and_then(|()| self.eval.conditions(plan, facts, Some(state), frame.tx, explain))
            .and_then(|()| self.eval.frame(test, frame, extent, from, source, explain));
        match holds {
            Ok(()) => FrameOutcome::Matched,
            Err(failure) => FrameOutcome::Failed(failure),
        }
    }
}

/// What became of a rule on a frame.
enum FrameOutcome {
    Matched,
    /// It held before.
    Decided,
    Failed(FailureStage),
}

impl EvalContext {
    /// Do the checks of a rule hold on what is there of a frame? On each piece between gaps by itself: one must satisfy
    /// all checks of a look.
    fn frame(
        &mut self,
        test: &FrameTest,
        frame: &Frame,
        extent: FrameExtent,
        from: u64,
        source: FrameSource<'_>,
        explain: bool,
    ) -> Result<(), FailureStage> {
        for (position, look) in &test.looks {
            let needs_all = look.needs_all || !look.transforms.is_empty();
            let mut failure = FailureStage::NoData;
            if needs_all && !extent.over {
                return Err(failure);
            }
            let mut holds = false;
            for (at, piece) in source.within(from, extent.end) {
                let complete = extent.over && at + piece.len() as u64 == extent.end;
                let view = BufferView { data: piece, base: at - frame.start, complete, little: true };
                match self.inspect_buffer(look, Some(view), explain) {
                    Ok(()) => {
                        holds = true;
                        break;
                    }
                    Err(miss) => failure = failure.max(miss.failure(*position)),
                }
            }
            if !holds {
                return Err(failure);
            }
        }
        Ok(())
    }
}
