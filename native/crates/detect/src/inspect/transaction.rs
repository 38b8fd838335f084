//! Rules on transactions: each is decided once for a transaction and direction, as far as the transaction has come.

use sidewire_app_layer::{BufferKind, InspectionState, Session, StoredRule, TxConsumer, Value};
use sidewire_base::{Direction, PerDirection, ProtocolId, RuleId, TxId};

use crate::compile::plan::RulePlan;
use crate::compile::tx_rules::{TxContext, TxRules};
use crate::inspect::evaluator::{DetectThreadContext, MatchOrigin};
use crate::inspect::observer::{FailureStage, InspectObserver, InspectUnit};
use crate::inspect::packet_context::PacketContext;
use crate::inspect::tx_conditions::{ITEMS, TxOutcome, TxProgress, TxView};
use crate::keyword::tx_condition::TxTest;
use crate::{DetectFlowState, RuleSet};

/// A transaction that is due, and what is looked at of it.
struct DueTx<'r> {
    rules: &'r RuleSet,
    tx_rules: &'r TxRules,
    position: usize,
    id: TxId,
    app: ProtocolId,
    direction: Direction,
    progress: TxProgress,
    /// Events raised on it so far.
    events: usize,
}

impl DetectThreadContext {
    pub(crate) fn run_transactions<O: InspectObserver>(
        &mut self,
        rules: &RuleSet,
        facts: &PacketContext<'_>,
        state: &mut DetectFlowState,
        session: &mut (dyn Session + 'static),
        app: ProtocolId,
        observer: &mut O,
    ) {
        let direction = facts.seen.direction;
        let tx_rules = rules.transactions(app, direction);
        if O::ACTIVE || facts.last {
            session.transactions_mut().touch_all();
        }
        let complete = session.transactions().complete();
        let mut cursor = 0;
        while let Some(position) = session.transactions_mut().take_due(&mut cursor, TxConsumer::Rules(direction)) {
            let Some(head) = session.transactions_mut().head_mut(position) else { return };
            let progress = TxProgress {
                reached: head.progress,
                complete: PerDirection::from_fn(|side| facts.last || head.progress[side] >= complete[side]),
            };
            let (id, events, skip) = (head.id, head.events.len(), head.skip_inspection[direction]);
            let inspection = &mut head.inspection[direction];
            if inspection.done {
                continue;
            }
            let Some(tx_rules) = tx_rules.filter(|_| !skip) else {
                inspection.done = progress.complete[direction];
                continue;
            };
            let mut inspection = core::mem::take(inspection);
            if inspection.generation != rules.generation() {
                inspection.generation = rules.generation();
                inspection.stored.clear();
                inspection.scanned.clear();
            }
            let due = DueTx { rules, tx_rules, position, id, app, direction, progress, events };
            self.tx_candidates(&due, &mut inspection, session, observer);
            let again = self.decide(&due, &mut inspection, facts, state, session, observer);
            let other_open = inspection.stored.iter().any(|stored| !stored.decided);
            inspection.done = progress.complete[direction]
                && (!other_open || facts.last || progress.complete == PerDirection::both(true));
            inspection.prefiltered = inspection.prefiltered.max(progress.reached[direction]);
            inspection.events_seen = u8::try_from(events).unwrap_or(u8::MAX);
            let again = again && !inspection.done;
            if let Some(head) = session.transactions_mut().head_mut(position) {
                // A rule on the whole transaction may have been stored meanwhile: not by this direction.
                head.inspection[direction] = inspection;
            }
            if again {
                session.transactions_mut().look_again(position, TxConsumer::Rules(direction));
            }
        }
    }

    /// Evaluates the candidates. Tells whether another packet could make a rule hold on the transaction as it is.
    fn decide<O: InspectObserver>(
        &mut self,
        due: &DueTx<'_>,
        inspection: &mut InspectionState,
        facts: &PacketContext<'_>,
        state: &mut DetectFlowState,
        session: &mut (dyn Session + 'static),
        observer: &mut O,
    ) -> bool {
        let &DueTx { rules, position, id, app, progress, .. } = due;
        self.eval.subject = session.subject(position);
        let mut again = false;
        for at in 0..self.candidates.len() {
            let Some(&rule) = self.candidates.get(at) else { break };
            let Some(plan) = rules.plans.get(rule.index()) else { continue };
            let stored = inspection.stored.binary_search_by_key(&rule, |stored| stored.rule);
            let known = stored.ok().and_then(|at| inspection.stored.get(at)).copied();
            let known = known.filter(|_| self.reinspect.binary_search(&rule).is_err());
            if known.is_some_and(|stored| stored.decided) {
                continue;
            }
            let (held, mut awaited) = known.map_or_else(Default::default, |stored| (stored.held, stored.awaited));
            let explain = O::ACTIVE && observer.watches(rule);
            observer.begins(rule);
            // A rule that is evaluated again begins: what it took before does not wait for it.
            self.eval.work.resume(state.take_unfinished(id, rule).filter(|_| known.is_some()));
            if known.is_none() {
                let header = facts.header(plan, &rules.addresses, &rules.ports, facts.established);
                let holds = header.and_then(|()| self.eval.conditions(plan, facts, Some(state), Some(id), explain));
                if let Err(failure) = holds {
                    observer.ends(rule, false);
                    again |= plan.is_plain_on_tx() && may_pass(&failure, plan);
                    if explain {
                        observer.failed(rule, InspectUnit::Transaction(id), failure);
                    }
                    continue;
                }
            }
            let whole = plan.tx_scope(app).is_some_and(|scope| scope.whole);
            let tx = TxView { session, position, app, whole, progress };
            let mut stores = None;
            let outcome = self.eval.transaction(plan, facts, &tx, (held, &mut awaited), explain);
            observer.ends(rule, matches!(outcome, TxOutcome::Matched));
            let (held, decided, failure) = match outcome {
                TxOutcome::Matched => {
                    self.matched(rule, plan, MatchOrigin::Transaction(position, id), facts, Some(state));
                    stores = plan.storing;
                    (held, true, None)
                }
                TxOutcome::Pending(held, failure) => {
                    again |= plan.has_payload;
                    if let Some(left) = self.eval.work.leave(plan.variables) {
                        state.set_unfinished(id, rule, left);
                    }
                    (held, false, Some(failure))
                }
                TxOutcome::Never(failure) => (held, true, Some(failure)),
            };
            if let Some(storing) = stores {
                let test = plan.tx.iter().find_map(|condition| condition.test.file());
                storing.apply(test, plan.meta.sid, (session, position), due.direction, state);
            }
            if explain {
                match failure {
                    None => observer.matched(rule, InspectUnit::Transaction(id)),
                    Some(failure) => observer.failed(rule, InspectUnit::Transaction(id), failure),
                }
            }
            let now = StoredRule { rule, held, decided, awaited };
            keep(&mut inspection.stored, now);
            if whole {
                share(session, position, due.direction.flip(), now, rules.generation());
            }
        }
        self.eval.subject = None;
        again
    }

    fn tx_candidates<O: InspectObserver>(
        &mut self,
        due: &DueTx<'_>,
        inspection: &mut InspectionState,
        session: &(dyn Session + 'static),
        observer: &O,
    ) {
        let &DueTx { rules, tx_rules, app, direction, progress, events, .. } = due;
        self.begin_candidates();
        let reached = progress.reached[direction];
        self.reinspect.clear();
        let seen = inspection.prefiltered;
        if seen < reached && tx_rules.reinspect_at.is_some_and(|again| again <= reached) {
            for (number, context) in (0u16..).zip(&tx_rules.contexts) {
                if context.progress <= seen
                    && context.reinspect_at.is_some_and(|again| seen < again && again <= reached)
                {
                    self.scan(due, context, (number, 0), inspection, session, 1..2);
                }
            }
            self.reinspect.clone_from(&self.candidates);
            self.reinspect.sort_unstable();
        }
        self.reopen_for_files(due, inspection, session);
        for (number, context) in (0u16..).zip(&tx_rules.contexts) {
            if context.progress > reached && !progress.complete[direction] {
                break;
            }
            let growing = matches!(context.kind, BufferKind::Body | BufferKind::Bodies);
            if context.progress < inspection.prefiltered && !growing {
                continue;
            }
            match context.kind {
                BufferKind::Bodies => {
                    let there = |nth: &u32| !session.value(due.position, context.buffer, direction, *nth).is_absent();
                    for nth in (0..ITEMS).take_while(there) {
                        self.scan(due, context, (number, nth), inspection, session, nth..nth + 1);
                    }
                }
                BufferKind::Multi => self.scan(due, context, (number, 0), inspection, session, 0..ITEMS),
                _ => self.scan(due, context, (number, 0), inspection, session, 0..1),
            }
        }
        let (_, mut note) = self.noting();
        tx_rules.plain.iter().for_each(|rule| note(*rule));
        if events > usize::from(inspection.events_seen) {
            tx_rules.events.iter().for_each(|rule| note(*rule));
        }
        for stored in inspection.stored.iter().filter(|stored| !stored.decided) {
            note(stored.rule);
        }
        if O::ACTIVE {
            for (rule, plan) in (0..).map(RuleId).zip(&rules.plans) {
                let ours = plan.tx_scope(app).is_some_and(|scope| scope.directions[direction]);
                if ours && observer.watches(rule) {
                    note(rule);
                }
            }
        }
        drop(note);
        self.candidates.sort_unstable();
    }

    /// A transaction brought another file: rules that look at files are evaluated again, whatever they came to before.
    fn reopen_for_files(
        &mut self,
        due: &DueTx<'_>,
        inspection: &mut InspectionState,
        session: &(dyn Session + 'static),
    ) {
        let files = session.files(due.position).map_or(0, |files| files.of(due.direction).len());
        let before = core::mem::replace(&mut inspection.files, u16::try_from(files).unwrap_or(u16::MAX));
        if before == 0 || files <= usize::from(before) {
            return;
        }
        let looks = |rule: RuleId| due.rules.plans.get(rule.index()).is_some_and(RulePlan::looks_at_files);
        let decided = inspection.stored.iter().filter(|stored| stored.decided && looks(stored.rule));
        self.reinspect.extend(decided.map(|stored| stored.rule));
        self.reinspect.sort_unstable();
        let (_, mut note) = self.noting();
        for stored in &inspection.stored {
            if stored.decided && looks(stored.rule) {
                note(stored.rule);
            }
        }
    }

    /// Looks for the patterns of one buffer in what of these items was not scanned yet.
    fn scan(
        &mut self,
        due: &DueTx<'_>,
        context: &TxContext,
        number: (u16, u32),
        inspection: &mut InspectionState,
        session: &(dyn Session + 'static),
        items: core::ops::Range<u32>,
    ) {
        let rules = due.rules;
        let slot = inspection.scanned.iter().position(|(known, _)| *known == number);
        let scanned = slot.and_then(|at| inspection.scanned.get(at)).map_or(0, |(_, upto)| *upto);
        let seen = if matches!(context.kind, BufferKind::Multi) { scanned } else { 0 };
        let first = items.start.max(u32::try_from(seen).unwrap_or(u32::MAX));
        let mut upto = scanned;
        for nth in first..items.end {
            let (mut data, until) = match session.value(due.position, context.buffer, due.direction, nth) {
                Value::Bytes(data) => (data, u64::from(nth) + 1),
                Value::Body { data, base, .. } => {
                    let until = base + data.len() as u64;
                    if until <= scanned && scanned > 0 {
                        break;
                    }
                    // What is new, and so much before it that a pattern may begin there.
                    let from = scanned.saturating_sub(base).saturating_sub(context.overlap as u64);
                    let from = if context.transformed.is_some() { 0 } else { usize::try_from(from).unwrap_or(0) };
                    (data.get(from..).unwrap_or_default(), until)
                }
                _ => break,
            };
            // A buffer that was scanned whole is not scanned again.
            if until <= scanned {
                break;
            }
            upto = until;
            if let Some((rule, at)) = context.transformed
                && let Some(TxTest::Buffer(look)) =
                    rules.plans.get(rule.index()).and_then(|plan| plan.tx.get(at)).map(|condition| &condition.test)
            {
                self.eval.transformed(look, data);
                let transformed = core::mem::take(&mut self.eval.buffers[0]);
                data = &[];
                let (scratch, note) = self.noting();
                context.context.scan(&rules.matchers, scratch, &transformed, note);
                self.eval.buffers[0] = transformed;
            }
            if !data.is_empty() {
                let (scratch, note) = self.noting();
                context.context.scan(&rules.matchers, scratch, data, note);
            }
        }
        if upto > scanned {
            match slot.and_then(|at| inspection.scanned.get_mut(at)) {
                Some(slot) => slot.1 = upto,
                None => inspection.scanned.push((number, upto)),
            }
        }
    }
}

/// Keeps what is known of a rule on a whole transaction with the other direction as well.
fn share(session: &mut (dyn Session + 'static), position: usize, other: Direction, now: StoredRule, generation: u32) {
    let Some(head) = session.transactions_mut().head_mut(position) else { return };
    let inspection = &mut head.inspection[other];
    if inspection.generation != generation {
        inspection.generation = generation;
        inspection.stored.clear();
        inspection.scanned.clear();
    }
    let reopened = !now.decided && core::mem::replace(&mut inspection.done, false);
    if keep(&mut inspection.stored, now) || reopened {
        session.transactions_mut().look_again(position, TxConsumer::Rules(other));
    }
}

/// Notes what is known of a rule; the list is sorted by rule. True when it was not known.
fn keep(stored: &mut Vec<StoredRule>, now: StoredRule) -> bool {
    let known = |stored: StoredRule| (stored.held, stored.decided);
    match stored.binary_search_by_key(&now.rule, |stored| stored.rule) {
        Ok(at) => stored.get_mut(at).is_some_and(|slot| known(core::mem::replace(slot, now)) != known(now)),
        Err(at) => {
            stored.insert(at, now);
            true
        }
    }
}

/// Of a rule whose header or conditions failed: may they hold for another packet of the flow?
const fn may_pass(failure: &FailureStage, plan: &RulePlan) -> bool {
    match failure {
        FailureStage::Address | FailureStage::Port | FailureStage::Application => false,
        FailureStage::Protocol => plan.ether_type != 0,
        _ => true,
    }
}
