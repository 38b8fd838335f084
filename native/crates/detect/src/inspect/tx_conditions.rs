//! Conditions on a transaction, evaluated as far as it has come.

use crate::keyword::file::{FileOutcome, FileTest};
use sidewire_app_layer::{BufferKind, Session, Value};
use sidewire_base::{Direction, PerDirection, ProtocolId};

use crate::compile::plan::{Plan, TX_CONDITIONS};
use crate::inspect::evaluator::{EvalContext, InspectFailure};
use crate::inspect::observer::Failure;
use crate::inspect::packet_context::PacketContext;
use crate::keyword::buffer_test::{Absence, BufferInspection};
use crate::keyword::eval::BufferView;
use crate::keyword::field_test::FieldTest;
use crate::keyword::tx_condition::{BufferEngine, TxCondition, TxTest};

/// Items of a list that are looked at: more than the names that a DNS message has room for.
pub(super) const ITEMS: u32 = 1 << 14;
/// The bit of the payload conditions in [`sidewire_app_layer::StoredRule::held`].
const PAYLOAD: u64 = 1 << TX_CONDITIONS;

/// What became of a rule on a transaction.
pub(super) enum TxOutcome {
    Matched,
    /// More may come: the conditions that hold for good.
    Pending(u64, Failure),
    Never(Failure),
}

/// How far a transaction has come in each direction.
#[derive(Clone, Copy)]
pub(super) struct TxProgress {
    pub(super) reached: PerDirection<u8>,
    pub(super) complete: PerDirection<bool>,
}

impl TxProgress {
    /// Nothing that is readable from `needed` on changes any more.
    fn is_past(&self, side: Direction, needed: u8) -> bool {
        self.complete[side] || self.reached[side] > needed
    }
}

/// The transaction a rule is held against.
pub(super) struct TxView<'s> {
    pub(super) session: &'s (dyn Session + 'static),
    pub(super) position: usize,
    pub(super) app: ProtocolId,
    /// The rule looks at both halves.
    pub(super) whole: bool,
    pub(super) progress: TxProgress,
}

/// Why a condition does not hold, and whether that is for good.
type Unmet = (bool, InspectFailure);

impl EvalContext {
    /// Evaluates what is not known to hold yet.
    pub(super) fn transaction(
        &mut self,
        plan: &Plan,
        facts: &PacketContext<'_>,
        tx: &TxView<'_>,
        mut held: u64,
        explain: bool,
    ) -> TxOutcome {
        let mut pending: Option<Failure> = None;
        for (bit, condition) in plan.tx.iter().enumerate() {
            if held >> bit & 1 == 1 {
                continue;
            }
            let side = condition.side(tx.app, facts.seen.direction, tx.whole);
            match self.tx_condition(condition, tx, side, explain) {
                Ok(()) => held |= 1 << bit,
                Err((for_good, miss)) => {
                    let failure = miss.failure(condition.position);
                    if for_good {
                        return TxOutcome::Never(failure);
                    }
                    pending.get_or_insert(failure);
                    // Later conditions may use variables of this one.
                    break;
                }
            }
        }
        if let Some(failure) = pending {
            return TxOutcome::Pending(held, failure);
        }
        if plan.has_payload && held & PAYLOAD == 0 {
            let in_stream =
                plan.on_stream && facts.pieces().any(|stream| self.stream_payload(plan, &stream, 0, explain).is_ok());
            if !in_stream && facts.payload().is_empty() {
                return TxOutcome::Pending(held, Failure::NoData);
            }
            if !in_stream && let Err(failure) = self.payload(plan, BufferView::whole(facts.payload()), explain) {
                return TxOutcome::Pending(held, failure);
            }
        }
        TxOutcome::Matched
    }

    /// Does a condition hold?
    fn tx_condition(
        &mut self,
        condition: &TxCondition,
        tx: &TxView<'_>,
        side: Direction,
        explain: bool,
    ) -> Result<(), Unmet> {
        let Some(engine) = condition.engine(tx.app, side) else { return Err((true, InspectFailure::Absent)) };
        let &BufferEngine { row, progress: needed, .. } = engine;
        if tx.progress.reached[side] < needed && !tx.progress.complete[side] {
            return Err((false, InspectFailure::Absent));
        }
        let past = tx.progress.is_past(side, needed);
        match &condition.test {
            TxTest::Reached => Ok(()),
            TxTest::Event { negated } => {
                let raised = tx
                    .session
                    .transactions()
                    .head(tx.position)
                    .is_some_and(|head| head.events.iter().any(|event| usize::from(*event) == row));
                if raised != *negated { Ok(()) } else { Err((tx.progress.complete[side], InspectFailure::Absent)) }
            }
            TxTest::Number(test) => number(test, tx, engine, past),
            TxTest::Files(test) => files(test, tx, side, past),
            TxTest::Interface(interface) => {
                if interface.holds(tx.session.value(tx.position, row, side, 0)) {
                    Ok(())
                } else {
                    Err((past, InspectFailure::Absent))
                }
            }
            TxTest::Buffer(look) => self.tx_buffer(look, None, tx, engine, past, explain),
            TxTest::Item(name, look) => self.tx_buffer(look, Some(name), tx, engine, past, explain),
        }
    }

    /// Does a buffer, or one of its values of a name, satisfy the checks on it?
    fn tx_buffer(
        &mut self,
        look: &BufferInspection,
        item: Option<&str>,
        tx: &TxView<'_>,
        engine: &BufferEngine,
        past: bool,
        explain: bool,
    ) -> Result<(), Unmet> {
        let &BufferEngine { row, direction: side, .. } = engine;
        let multi = matches!(engine.kind, BufferKind::Multi | BufferKind::Items | BufferKind::Bodies);
        let little = tx.session.little_endian(tx.position, side);
        let mut miss = None;
        for nth in 0..if multi { ITEMS } else { 1 } {
            let value = match item {
                Some(name) => tx.session.item(tx.position, row, side, name, nth),
                None => tx.session.value(tx.position, row, side, nth),
            };
            let (view, whole) = match value {
                Value::Bytes(data) => (BufferView { little, ..BufferView::whole(data) }, true),
                Value::Body { data, base, complete } => {
                    let complete = complete || past;
                    if look.needs_all && !complete {
                        if multi {
                            miss = Some((false, InspectFailure::Absent));
                            continue;
                        }
                        return Err((false, InspectFailure::Absent));
                    }
                    (BufferView { data, base, complete, little }, complete)
                }
                _ => break,
            };
            match self.inspect_buffer(look, Some(view), explain) {
                Ok(()) => return Ok(()),
                Err(why) => miss = Some((whole, why)),
            }
        }
        match miss {
            Some((whole, why)) => Err((past || whole && !multi, why)),
            // It may still come.
            None if !past => Err((false, InspectFailure::Absent)),
            None if look.absence == Absence::No => Err((true, InspectFailure::Absent)),
            None => Ok(()),
        }
    }
}

/// Does a file of a direction satisfy a test?
fn files(test: &FileTest, tx: &TxView<'_>, side: Direction, past: bool) -> Result<(), Unmet> {
    let mut over = past;
    for file in tx.session.files(tx.position).map_or(&[][..], |files| files.of(side)) {
        match test.outcome(file) {
            FileOutcome::Holds => return Ok(()),
            FileOutcome::NotYet => over = false,
            FileOutcome::Never => {}
        }
    }
    Err((over, InspectFailure::Absent))
}

/// Does a number, or one of several, satisfy a test?
fn number(test: &FieldTest, tx: &TxView<'_>, engine: &BufferEngine, past: bool) -> Result<(), Unmet> {
    let &BufferEngine { row, direction: side, .. } = engine;
    let list = matches!(engine.kind, BufferKind::UintList(_) | BufferKind::EnumerationList(_));
    let items = if list { ITEMS } else { 1 };
    let mut there = false;
    for nth in 0..items {
        let Value::Uint(number) = tx.session.value(tx.position, row, side, nth) else { break };
        there = true;
        if test.holds(number) {
            return Ok(());
        }
    }
    Err((past || there && items == 1, InspectFailure::Absent))
}
