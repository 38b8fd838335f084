//! Transactions that are done with: logged, inspected, and complete in both directions.

use sidewire_app_layer::{Keep, StreamFrames};
use sidewire_base::{Direction, PerDirection, TxId};
use sidewire_detect::RuleSet;

use crate::worker::conversation::{ConversationFlow, FlowStorage};

/// Open transactions of one flow; beyond it the oldest are finished early and counted.
const MAX_TRANSACTIONS: usize = 4096;

/// Drops transactions nobody needs any more; all of them when `last`. `guessed`: alerts may tell one that no rule matched
/// on, which therefore stays until packets of both directions have passed it, as in Suricata. Gives how many were dropped
/// before their time.
#[inline]
pub(crate) fn retire(flow: &mut ConversationFlow, rules: &RuleSet, guessed: bool, last: bool) -> u64 {
    let app = &mut flow.data.app;
    app.dirty = false;
    if app.session.as_ref().is_some_and(|session| !session.transactions().is_empty()) {
        retire_open(&mut flow.data, rules, guessed, last)
    } else {
        0
    }
}

fn retire_open(flow: &mut FlowStorage, rules: &RuleSet, guessed: bool, last: bool) -> u64 {
    let FlowStorage { app, rules: state, .. } = flow;
    let Some(session) = &mut app.session else { return 0 };
    let list = session.transactions_mut();
    let count = list.len();
    let Some(number) = app.protocol else { return 0 };
    let watched = PerDirection::from_fn(|direction| !state.passed() && rules.inspects(number, direction));
    let excess = count.saturating_sub(MAX_TRANSACTIONS);
    if excess > 0 {
        list.evict(excess);
    }
    if !rules.has_inspected(state) {
        list.touch_all();
    }
    // An alert on a frame tells of the transaction the frame belongs to.
    let frames = app.frames.as_deref();
    let passed = if guessed { list.passed() } else { PerDirection::both(TxId(u64::MAX)) };
    let complete = list.complete();
    session.settle(&mut |head| {
        let complete = |direction: Direction| head.progress[direction] >= complete[direction];
        let inspected = PerDirection::from_fn(|direction| !watched[direction] || head.inspection[direction].done);
        let through = |direction: Direction| inspected[direction] || head.skip_inspection[direction];
        let done = Direction::BOTH.into_iter().all(|direction| complete(direction) && through(direction));
        // Loggers were asked before; one that is not due on a finished transaction never will be.
        let held = || {
            head.files_waiting
                || passed.iter().any(|passed| head.id >= *passed)
                || frames.is_some_and(|frames| is_framed(frames, head.id))
        };
        if last || done && !held() { Keep::Nothing } else { Keep::Open { inspected, again: done } }
    });
    excess as u64
}

/// A frame of this transaction is open.
#[cold]
fn is_framed(frames: &PerDirection<StreamFrames>, tx: TxId) -> bool {
    frames.iter().any(|side| side.holds(tx))
}
