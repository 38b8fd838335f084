//! Rules on transactions: each is decided once for a transaction and direction, as far as the transaction has come.
#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use sidewire_app_layer::{BufferKind, Inspection, Look, Session, StoredRule, Value};
use sidewire_base::Direction;

use crate::compile::plan::{Plan, TX_CONDITIONS};
use crate::compile::tx_rules::{TxContext, TxRules};
use crate::inspect::evaluator::{Desk, Evaluator, Miss, On};
use crate::inspect::observer::{Failure, Observer, Unit};
use crate::inspect::packet_context::Facts;
use crate::keyword::condition::{Absence, TxCondition, TxTest};
use crate::keyword::eval::View;
use crate::{FlowState, RuleSet};

/// Items of a list that are looked at.
const ITEMS: u32 = 1024;
/// The bit of the payload conditions in [`StoredRule::held`].
const PAYLOAD: u64 = 1 << TX_CONDITIONS;

/// What became of a rule on a transaction.
enum Outcome {
    Matched,
    /// More may come: the conditions that hold for good.
    Pending(u64, Failure),
    Never(Failure),
}

/// How far a transaction has come in each direction.
#[derive(Clone, Copy)]
struct Progress {
    reached: [u8; 2],
    complete: [bool; 2],
}

impl Progress {
    /// Nothing that is readable from `needed` on changes any more.
    fn is_past(&self, side: Direction, needed: u8) -> bool {
        self.complete[side] || self.reached[side] > needed
    }
}

impl Evaluator {
    pub(crate) fn run_transactions<O: Observer>(
        &mut self,
        rules: &RuleSet,
        facts: &Facts<'_>,
        state: &mut FlowState,
        session: &mut (dyn Session + 'static),
        app: usize,
        observer: &mut O,
    ) {
        let direction = facts.direction;
        let tx_rules = rules.transactions(app, direction);
        if O::ACTIVE || facts.last {
            session.touch_all();
        }
        let info = session.info();
        let mut cursor = 0;
        while let Some(position) = session.take_due(&mut cursor, Look::Rules(direction)) {
            let Some(head) = session.head_mut(position) else { return };
            let progress = Progress {
                reached: head.progress,
                complete: Direction::BOTH.map(|side| facts.last || head.progress[side] >= info.complete(side)),
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
            self.tx_candidates(
                rules,
                tx_rules,
                &mut inspection,
                session,
                position,
                direction,
                progress,
                events,
                app,
                observer,
            );
            // Whether another packet could make a rule hold on the transaction as it is.
            let mut again = false;
            for at in 0..self.candidates.len() {
                let Some(&rule) = self.candidates.get(at) else { break };
                let Some(plan) = rules.plans.get(rule as usize) else { continue };
                let stored = inspection.stored.binary_search_by_key(&rule, |stored| stored.rule);
                let known = stored.ok().and_then(|at| inspection.stored.get(at)).copied();
                let known = known.filter(|_| self.anew.binary_search(&rule).is_err());
                if known.is_some_and(|stored| stored.decided) {
                    continue;
                }
                let held = known.map_or(0, |stored| stored.held);
                let explain = O::ACTIVE && observer.watches(rule);
                // A rule that is asked anew begins: what it took before does not wait for it.
                self.desk.work.resume(state.take_unfinished(id, rule).filter(|_| known.is_some()));
                if known.is_none() {
                    let header = facts.header(plan, &rules.addresses, &rules.ports, facts.established);
                    let holds = header.and_then(|()| self.desk.conditions(plan, facts, Some(state), Some(id), explain));
                    if let Err(failure) = holds {
                        again |= plan.is_plain_on_tx() && may_pass(&failure, plan);
                        if explain {
                            observer.failed(rule, Unit::Transaction(id), failure);
                        }
                        continue;
                    }
                }
                let outcome = self.desk.transaction(plan, facts, session, position, app, progress, held, explain);
                let now = match outcome {
                    Outcome::Matched => {
                        if explain {
                            observer.matched(rule, Unit::Transaction(id));
                        }
                        self.matched(rule, plan, On::Transaction(position, id), facts, Some(state));
                        StoredRule { rule, held, decided: true }
                    }
                    Outcome::Pending(held, failure) => {
                        again |= plan.has_payload;
                        if let Some(left) = self.desk.work.leave(plan.variables) {
                            state.set_unfinished(id, rule, left);
                        }
                        if explain {
                            observer.failed(rule, Unit::Transaction(id), failure);
                        }
                        StoredRule { rule, held, decided: false }
                    }
                    Outcome::Never(failure) => {
                        if explain {
                            observer.failed(rule, Unit::Transaction(id), failure);
                        }
                        StoredRule { rule, held, decided: true }
                    }
                };
                keep(&mut inspection.stored, now);
                if plan.whole_tx {
                    share(session, position, direction.flip(), now, rules.generation());
                }
            }
            let other_open = inspection.stored.iter().any(|stored| !stored.decided);
            inspection.done =
                progress.complete[direction] && (!other_open || facts.last || progress.complete == [true; 2]);
            inspection.prefiltered = inspection.prefiltered.max(progress.reached[direction]);
            inspection.events_seen = u8::try_from(events).unwrap_or(u8::MAX);
            let again = again && !inspection.done;
            if let Some(head) = session.head_mut(position) {
                // A rule on the whole transaction may have been stored meanwhile: not by this direction.
                head.inspection[direction] = inspection;
            }
            if again {
                session.look_again(position, Look::Rules(direction));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call; a structure would only name them again")]
    fn tx_candidates<O: Observer>(
        &mut self,
        rules: &RuleSet,
        tx_rules: &TxRules,
        inspection: &mut Inspection,
        session: &(dyn Session + 'static),
        position: usize,
        direction: Direction,
        progress: Progress,
        events: usize,
        app: usize,
        observer: &O,
    ) {
        self.begin_candidates();
        let reached = progress.reached[direction];
        self.anew.clear();
        let seen = inspection.prefiltered;
        if seen < reached && tx_rules.again.is_some_and(|again| again <= reached) {
            for (number, context) in (0u16..).zip(&tx_rules.contexts) {
                if context.progress <= seen && context.again.is_some_and(|again| seen < again && again <= reached) {
                    self.scan(rules, context, number, inspection, session, position, direction, 1..2);
                }
            }
            self.anew.clone_from(&self.candidates);
            self.anew.sort_unstable();
        }
        for (number, context) in (0u16..).zip(&tx_rules.contexts) {
            if context.progress > reached && !progress.complete[direction] {
                break;
            }
            let growing = matches!(context.kind, BufferKind::Body);
            if context.progress < inspection.prefiltered && !growing {
                continue;
            }
            let items = if matches!(context.kind, BufferKind::Multi) { ITEMS } else { 1 };
            self.scan(rules, context, number, inspection, session, position, direction, 0..items);
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
            for (rule, plan) in (0..).zip(&rules.plans) {
                let ours = !plan.tx.is_empty()
                    && plan.directions[direction]
                    && plan.apps.as_ref().is_none_or(|apps| apps.contains(&app));
                if ours && observer.watches(rule) {
                    note(rule);
                }
            }
        }
        drop(note);
        self.candidates.sort_unstable();
    }

    /// Looks for the patterns of one buffer in what of these items was not scanned yet.
    #[expect(clippy::too_many_arguments, reason = "one call; a structure would only name them again")]
    fn scan(
        &mut self,
        rules: &RuleSet,
        context: &TxContext,
        number: u16,
        inspection: &mut Inspection,
        session: &(dyn Session + 'static),
        position: usize,
        direction: Direction,
        items: core::ops::Range<u32>,
    ) {
        let slot = inspection.scanned.iter().position(|(known, _)| *known == number);
        let scanned = slot.and_then(|at| inspection.scanned.get(at)).map_or(0, |(_, upto)| *upto);
        let seen = if matches!(context.kind, BufferKind::Multi) { scanned } else { 0 };
        let first = items.start.max(u32::try_from(seen).unwrap_or(u32::MAX));
        let mut upto = scanned;
        for nth in first..items.end {
            let (mut data, until) = match session.value(position, context.row, direction, nth) {
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
                    rules.plans.get(rule as usize).and_then(|plan| plan.tx.get(at)).map(|condition| &condition.test)
            {
                self.desk.transformed(look, data);
                let transformed = core::mem::take(&mut self.desk.buffers[0]);
                data = &[];
                let (scratch, note) = self.noting();
                context.context.scan(&rules.matchers, scratch, &transformed, note);
                self.desk.buffers[0] = transformed;
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
    let Some(head) = session.head_mut(position) else { return };
    let inspection = &mut head.inspection[other];
    if inspection.generation != generation {
        inspection.generation = generation;
        inspection.stored.clear();
        inspection.scanned.clear();
    }
    let reopened = !now.decided && core::mem::replace(&mut inspection.done, false);
    if keep(&mut inspection.stored, now) || reopened {
        session.look_again(position, Look::Rules(other));
    }
}

/// Notes what is known of a rule; the list is sorted by rule. True when it was not known.
fn keep(stored: &mut Vec<StoredRule>, now: StoredRule) -> bool {
    match stored.binary_search_by_key(&now.rule, |stored| stored.rule) {
        Ok(at) => stored.get_mut(at).is_some_and(|slot| core::mem::replace(slot, now) != now),
        Err(at) => {
            stored.insert(at, now);
            true
        }
    }
}

/// Of a rule whose header or conditions failed: may they hold for another packet of the flow?
const fn may_pass(failure: &Failure, plan: &Plan) -> bool {
    match failure {
        Failure::Address | Failure::Port | Failure::Application => false,
        Failure::Protocol => plan.ether_type != 0,
        _ => true,
    }
}

impl Desk {
    /// Evaluates what is not known to hold yet.
    #[expect(clippy::too_many_arguments, reason = "one call; a structure would only name them again")]
    fn transaction(
        &mut self,
        plan: &Plan,
        facts: &Facts<'_>,
        session: &(dyn Session + 'static),
        position: usize,
        app: usize,
        progress: Progress,
        mut held: u64,
        explain: bool,
    ) -> Outcome {
        let mut pending: Option<Failure> = None;
        for (bit, condition) in plan.tx.iter().enumerate() {
            if held >> bit & 1 == 1 {
                continue;
            }
            let side = condition.side(facts.direction, plan.whole_tx);
            match self.tx_condition(condition, session, position, app, side, progress, explain) {
                Ok(()) => held |= 1 << bit,
                Err((for_good, miss)) => {
                    let failure = miss.failure(condition.position);
                    if for_good {
                        return Outcome::Never(failure);
                    }
                    pending.get_or_insert(failure);
                    // Later conditions may use variables of this one.
                    break;
                }
            }
        }
        if let Some(failure) = pending {
            return Outcome::Pending(held, failure);
        }
        if plan.has_payload && held & PAYLOAD == 0 {
            let in_stream =
                plan.on_stream && facts.pieces().any(|stream| self.stream_payload(plan, &stream, 0, explain).is_ok());
            if !in_stream && facts.payload().is_empty() {
                return Outcome::Pending(held, Failure::NoData);
            }
            if !in_stream && let Err(failure) = self.payload(plan, View::whole(facts.payload()), explain) {
                return Outcome::Pending(held, failure);
            }
        }
        Outcome::Matched
    }

    /// Does a condition hold? If not: whether that is for good.
    #[expect(clippy::too_many_arguments, reason = "one call; a structure would only name them again")]
    fn tx_condition(
        &mut self,
        condition: &TxCondition,
        session: &(dyn Session + 'static),
        position: usize,
        app: usize,
        side: Direction,
        progress: Progress,
        explain: bool,
    ) -> Result<(), (bool, Miss)> {
        let (Some(needed), Some(row)) = (condition.progress[side], condition.row(app)) else {
            return Err((true, Miss::Absent));
        };
        if progress.reached[side] < needed && !progress.complete[side] {
            return Err((false, Miss::Absent));
        }
        let past = progress.is_past(side, needed);
        match &condition.test {
            TxTest::Reached => Ok(()),
            TxTest::Event { negated } => {
                let raised = session
                    .head(position)
                    .is_some_and(|head| head.events.iter().any(|event| usize::from(*event) == row));
                if raised != *negated { Ok(()) } else { Err((progress.complete[side], Miss::Absent)) }
            }
            TxTest::Number(test) => {
                let items = if matches!(condition.kind, BufferKind::UintList(_)) { ITEMS } else { 1 };
                let mut there = false;
                for nth in 0..items {
                    let Value::Uint(number) = session.value(position, row, side, nth) else { break };
                    there = true;
                    if test.holds(number) {
                        return Ok(());
                    }
                }
                Err((past || there && items == 1, Miss::Absent))
            }
            TxTest::Interface(interface) => {
                if interface.holds(session.value(position, row, side, 0)) {
                    Ok(())
                } else {
                    Err((past, Miss::Absent))
                }
            }
            TxTest::Buffer(look) | TxTest::Item(_, look) => {
                let multi = matches!(condition.kind, BufferKind::Multi | BufferKind::Items);
                let little = session.little_endian(position, side);
                let mut miss = None;
                for nth in 0..if multi { ITEMS } else { 1 } {
                    let value = match &condition.test {
                        TxTest::Item(name, _) => session.item(position, row, side, name, nth),
                        _ => session.value(position, row, side, nth),
                    };
                    let (view, whole) = match value {
                        Value::Bytes(data) => (View { little, ..View::whole(data) }, true),
                        Value::Body { data, base, complete } => {
                            let complete = complete || past;
                            if look.needs_all && !complete {
                                return Err((false, Miss::Absent));
                            }
                            (View { data, base, complete, little }, complete)
                        }
                        _ => break,
                    };
                    match self.look(look, Some(view), explain) {
                        Ok(()) => return Ok(()),
                        Err(why) => miss = Some((whole, why)),
                    }
                }
                match miss {
                    Some((whole, why)) => Err((past || whole && !multi, why)),
                    // It may still come.
                    None if !past => Err((false, Miss::Absent)),
                    None if look.absence == Absence::No => Err((true, Miss::Absent)),
                    None => Ok(()),
                }
            }
        }
    }
}
