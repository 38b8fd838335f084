//! Conditions on a transaction, evaluated as far as it has come.

use crate::keyword::file::{FileOutcome, FileTest};
use sidewire_app_layer::{AwaitedContent, BufferKind, Session, Value};
use sidewire_base::{Direction, PerDirection, ProtocolId};

use crate::compile::plan::{RulePlan, TX_CONDITIONS};
use crate::inspect::evaluator::{EvalContext, InspectFailure};
use crate::inspect::observer::FailureStage;
use crate::inspect::packet_context::PacketContext;
use crate::keyword::Check;
use crate::keyword::buffer_test::{Absence, BufferInspection};
use crate::keyword::eval::BufferView;
use crate::keyword::field_test::FieldTest;
use crate::keyword::tx_condition::{BufferEngine, EngineTarget, TxCondition, TxTest};

/// Items of a list that are looked at: more than the names that a DNS message has room for.
pub(super) const ITEMS: u32 = 1 << 14;
/// The bit of the payload conditions in [`sidewire_app_layer::StoredRule::held`].
const PAYLOAD: u64 = 1 << TX_CONDITIONS;

/// What became of a rule on a transaction.
pub(super) enum TxOutcome {
    Matched,
    /// More may come: the conditions that hold for good.
    Pending(u64, FailureStage),
    Never(FailureStage),
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
type UnmetCondition = (bool, InspectFailure);

impl EvalContext {
    /// Evaluates what is not known to hold yet.
    pub(super) fn transaction(
        &mut self,
        plan: &RulePlan,
        facts: &PacketContext<'_>,
        tx: &TxView<'_>,
        (mut held, awaited): (u64, &mut AwaitedContent),
        explain: bool,
    ) -> TxOutcome {
        let mut pending: Option<FailureStage> = None;
        for (bit, condition) in plan.tx.iter().enumerate() {
            if held >> bit & 1 == 1 {
                continue;
            }
            let side = condition.side(tx.app, facts.seen.direction, tx.whole);
            if usize::from(awaited.condition) != bit {
                *awaited =
                    AwaitedContent { condition: u8::try_from(bit).unwrap_or(u8::MAX), ..AwaitedContent::default() };
            }
            match self.tx_condition(condition, tx, side, awaited, explain) {
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
                return TxOutcome::Pending(held, FailureStage::NoData);
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
        awaited: &mut AwaitedContent,
        explain: bool,
    ) -> Result<(), UnmetCondition> {
        let Some(engine) = condition.engine(tx.app, side) else { return Err((true, InspectFailure::Absent)) };
        let needed = engine.progress;
        if tx.progress.reached[side] < needed && !tx.progress.complete[side] {
            return Err((false, InspectFailure::Absent));
        }
        let past = tx.progress.is_past(side, needed);
        match &condition.test {
            TxTest::Reached => Ok(()),
            TxTest::Event { negated } => {
                let raised =
                    tx.session.transactions().head(tx.position).is_some_and(|head| {
                        head.events.iter().any(|event| engine.target == EngineTarget::Event(*event))
                    });
                if raised != *negated { Ok(()) } else { Err((tx.progress.complete[side], InspectFailure::Absent)) }
            }
            TxTest::Number(test) => number(test, tx, engine, past),
            TxTest::Files(test) => files(test, tx, side, past),
            TxTest::Interface(interface) => {
                let value = engine.buffer().map(|buffer| tx.session.value(tx.position, buffer, side, 0));
                if value.is_some_and(|value| interface.holds(value)) {
                    Ok(())
                } else {
                    Err((past, InspectFailure::Absent))
                }
            }
            TxTest::Buffer(look) => self.tx_buffer(look, None, tx, engine, (past, awaited), explain),
            TxTest::Item(name, look) => self.tx_buffer(look, Some(name), tx, engine, (past, awaited), explain),
        }
    }

    /// Does a buffer, or one of its values of a name, satisfy the checks on it?
    fn tx_buffer(
        &mut self,
        look: &BufferInspection,
        item: Option<&str>,
        tx: &TxView<'_>,
        engine: &BufferEngine,
        (past, awaited): (bool, &mut AwaitedContent),
        explain: bool,
    ) -> Result<(), UnmetCondition> {
        let side = engine.direction;
        let Some(buffer) = engine.buffer() else { return Err((true, InspectFailure::Absent)) };
        let multi = matches!(engine.kind, BufferKind::Multi | BufferKind::Items | BufferKind::Bodies);
        let little = tx.session.little_endian(tx.position, side);
        let mut miss = None;
        for nth in 0..if multi { ITEMS } else { 1 } {
            let value = match item {
                Some(name) => tx.session.item(tx.position, buffer, side, name, nth),
                None => tx.session.value(tx.position, buffer, side, nth),
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
            if !explain && still_missing(look, view, nth, awaited) {
                miss = Some((whole, InspectFailure::Absent));
                continue;
            }
            match self.inspect_buffer(look, Some(view), explain) {
                Ok(()) => return Ok(()),
                Err(why) => {
                    if !whole && let InspectFailure::Check { reach, .. } = &why {
                        note_missing(look, view, (nth, reach.check), awaited);
                    }
                    miss = Some((whole, why));
                }
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

/// A rule looked through a growing buffer in vain: does nothing that came since hold what it misses? Without this, a rule that
/// waits would look through the whole buffer with every packet.
fn still_missing(look: &BufferInspection, view: BufferView<'_>, item: u32, awaited: &mut AwaitedContent) -> bool {
    if awaited.until == 0 || awaited.item != item {
        return false;
    }
    let seen = usize::try_from(awaited.until.saturating_sub(view.base)).unwrap_or(usize::MAX);
    let last = usize::from(awaited.check);
    let first = if awaited.alone { last } else { 0 };
    let mut missed = look.checks.get(first..=last).into_iter().flatten().filter_map(Check::required);
    let comes = missed.any(|literal| {
        let new = view.data.get(seen.saturating_sub(literal.len().saturating_sub(1))..).unwrap_or_default();
        literal.find(new).is_some()
    });
    awaited.until = if comes { 0 } else { view.base + view.data.len() as u64 };
    !comes
}

/// A check failed on what is there of a buffer. When that holds its content nowhere, only octets to come can change it. So it is
/// when it and all before it ask for nothing but octets in places: as long as none of these come, they stand where they stood.
fn note_missing(
    look: &BufferInspection,
    view: BufferView<'_>,
    (item, check): (u32, usize),
    awaited: &mut AwaitedContent,
) {
    // The first item that waits is remembered: most transactions have one.
    if !look.transforms.is_empty() || awaited.until > 0 && awaited.item != item {
        return;
    }
    let Some(checks) = look.checks.get(..=check) else { return };
    let alone = checks.last().and_then(Check::required).is_some_and(|literal| literal.find(view.data).is_none());
    if alone || checks.iter().all(Check::is_placed) {
        let check = u16::try_from(check).unwrap_or(u16::MAX);
        *awaited = AwaitedContent { check, alone, item, until: view.base + view.data.len() as u64, ..*awaited };
    }
}

/// Does a file of a direction satisfy a test?
fn files(test: &FileTest, tx: &TxView<'_>, side: Direction, past: bool) -> Result<(), UnmetCondition> {
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
fn number(test: &FieldTest, tx: &TxView<'_>, engine: &BufferEngine, past: bool) -> Result<(), UnmetCondition> {
    let side = engine.direction;
    let Some(buffer) = engine.buffer() else { return Err((true, InspectFailure::Absent)) };
    let list = matches!(engine.kind, BufferKind::UintList(_) | BufferKind::EnumerationList(_));
    let items = if list { ITEMS } else { 1 };
    let mut there = false;
    for nth in 0..items {
        let Value::Uint(number) = tx.session.value(tx.position, buffer, side, nth) else { break };
        there = true;
        if test.holds(number) {
            return Ok(());
        }
    }
    Err((past || there && items == 1, InspectFailure::Absent))
}
