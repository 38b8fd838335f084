//! The open transactions of a flow, and which of them rules and loggers have not looked at since they may have changed.

mod due;
mod head;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use sidewire_base::{Direction, PerDirection, Time, TxId};

use due::DueFlags;
pub use due::TxConsumer;
pub use head::{AwaitedContent, InspectionState, StoredRule, TxHead, TxSlot};

/// What becomes of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It is dropped.
    Nothing,
    /// It stays open.
    Open {
        /// Directions whose content no rule will look at any more.
        inspected: PerDirection<bool>,
        /// It is to be asked about again, whether it changes or not.
        again: bool,
    },
}

/// The open transactions of a flow without the protocol's part: what the engine and the rules work on. Positions count from
/// the oldest, and move when one is dropped.
pub trait TransactionList {
    /// Number of open transactions.
    fn len(&self) -> usize;
    /// True when none is open.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// How many were ever opened.
    fn opened(&self) -> u64;
    /// The progress at which one is complete.
    fn complete(&self) -> PerDirection<u8>;
    /// Head of the transaction at a position.
    fn head(&self, position: usize) -> Option<&TxHead>;
    /// Head of the transaction at a position, to note what was done with it: that changes nothing that others need to see.
    fn head_mut(&mut self, position: usize) -> Option<&mut TxHead>;
    /// The position of an id.
    fn position(&self, id: TxId) -> Option<usize>;
    /// A step through the flow's octets begins: [`completed`](Self::completed) counts from here.
    fn begin_step(&mut self);
    /// Did the step complete one in a direction?
    fn completed(&self, direction: Direction) -> bool;
    /// Is any due for this consumer? After [`take_due`](Self::take_due) those only that were changed or asked for since.
    fn is_due(&self, consumer: TxConsumer) -> bool;
    /// The position of the next one that is due, oldest first; it is not due any more. `cursor` begins at 0.
    fn take_due(&mut self, cursor: &mut usize, consumer: TxConsumer) -> Option<usize>;
    /// Makes one due again, although it did not change.
    fn look_again(&mut self, position: usize, consumer: TxConsumer);
    /// Makes all of them due for everybody.
    fn touch_all(&mut self);
    /// The packets of a direction go past the oldest that are complete in it: call it after each packet.
    fn pass(&mut self, direction: Direction);
    /// Per direction, the first id that packets have not passed.
    fn passed(&self) -> PerDirection<TxId>;
    /// The position of the one that packets of a direction have not passed, when it is the only one that goes there.
    fn only_live(&self, direction: Direction) -> Option<usize>;
    /// Drops this many of the oldest.
    fn evict(&mut self, count: usize);
}

/// Up to this many open transactions are iterated over.
const FEW: usize = 8;

/// The open transactions of a flow, oldest first.
///
/// A flow may have a thousand of them open, of which a packet changes one or two: whoever gets one to change has it looked at
/// again by rules and loggers ([`TxConsumer`]), and nothing else is.
#[derive(Debug)]
pub struct Transactions<T> {
    slots: VecDeque<TxSlot<T>>,
    next: u64,
    /// The progress at which one is complete.
    complete: PerDirection<u8>,
    /// Per direction, the first id that packets have not passed.
    passed: PerDirection<TxId>,
    /// What may be due on any.
    looks: DueFlags,
    /// Ids of those that something is due on, in order; none while there are [`FEW`].
    due: Vec<TxId>,
}

/// The position of an id.
#[inline]
fn position<T>(slots: &VecDeque<TxSlot<T>>, id: TxId) -> Option<usize> {
    let first = slots.front()?.head.id;
    if id == first {
        return Some(0);
    }
    // Mostly none between has gone.
    let near = usize::try_from(id.0.checked_sub(first.0)?).ok()?;
    if slots.get(near).is_some_and(|slot| slot.head.id == id) {
        return Some(near);
    }
    slots.binary_search_by_key(&id, |slot| slot.head.id).ok()
}

/// Something is due on a transaction, of few or of `many`.
#[inline]
fn note(due: &mut Vec<TxId>, many: bool, head: &mut TxHead) {
    if !head.due.is_listed() {
        head.due.list(Some(head.progress));
        if many {
            list(due, head.id);
        }
    }
}

/// Puts an id on the list.
#[cold]
fn list(due: &mut Vec<TxId>, id: TxId) {
    match due.last() {
        Some(last) if *last > id => {
            let at = due.partition_point(|known| *known < id);
            due.insert(at, id);
        }
        _ => due.push(id),
    }
}

/// A transaction is handed out to be changed, of few or of `many`.
#[inline]
fn touch<'t, T>(looks: &mut DueFlags, due: &mut Vec<TxId>, many: bool, slot: &'t mut TxSlot<T>) -> &'t mut TxSlot<T> {
    note(due, many, &mut slot.head);
    slot.head.due.all();
    looks.all();
    slot
}

impl<T> Transactions<T> {
    /// None yet; `complete` is the progress at which one will be complete.
    #[must_use]
    pub fn new(complete: PerDirection<u8>) -> Self {
        let passed = PerDirection::default();
        Self { slots: VecDeque::new(), next: 0, complete, passed, looks: DueFlags::default(), due: Vec::new() }
    }

    /// Opens a transaction.
    pub fn open(&mut self, tx: T, now: Time) -> &mut TxSlot<T> {
        let mut head = TxHead { id: TxId(self.next), started: now, updated: now, ..TxHead::default() };
        head.due.list(None);
        head.due.all();
        self.looks.all();
        if self.is_many() {
            self.due.push(head.id);
        }
        self.next += 1;
        if self.slots.len() == self.slots.capacity() {
            // Most flows have one open at a time, and a transaction is large: no room for four from the start.
            self.slots.reserve_exact((self.slots.len() / 2).max(1));
        }
        self.slots.push_back(TxSlot { head, tx });
        if self.slots.len() == FEW + 1 {
            self.list_all();
        }
        let last = self.slots.len() - 1;
        // A deque that was just pushed to has a last element.
        #[allow(clippy::indexing_slicing)]
        &mut self.slots[last]
    }

    /// Number of open transactions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// True when none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many were ever opened.
    #[must_use]
    pub const fn opened(&self) -> u64 {
        self.next
    }

    /// By position, oldest first.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<&TxSlot<T>> {
        self.slots.get(position)
    }

    /// The protocol's part of one by position, for those who note what they did with it.
    pub(crate) fn tx_mut(&mut self, position: usize) -> Option<&mut T> {
        self.slots.get_mut(position).map(|slot| &mut slot.tx)
    }

    /// By id.
    pub fn by_id(&mut self, id: TxId) -> Option<&mut TxSlot<T>> {
        let (position, many) = (position(&self.slots, id)?, self.is_many());
        Some(touch(&mut self.looks, &mut self.due, many, self.slots.get_mut(position)?))
    }

    /// The youngest.
    pub fn last_mut(&mut self) -> Option<&mut TxSlot<T>> {
        let many = self.is_many();
        Some(touch(&mut self.looks, &mut self.due, many, self.slots.back_mut()?))
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &TxSlot<T>> {
        self.slots.iter()
    }

    /// All, oldest first.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut TxSlot<T>> {
        let many = self.is_many();
        let Self { slots, looks, due, .. } = self;
        slots.iter_mut().map(move |slot| touch(looks, due, many, slot))
    }

    /// Drops those for which `keep` is false, and notes on which nothing is due any more. It is asked once for each that
    /// something was due on, oldest first.
    pub fn settle(&mut self, mut keep: impl FnMut(&mut TxSlot<T>) -> bool) {
        if self.is_many() {
            self.settle_many(keep);
            self.forget_list();
            return;
        }
        let mut due = false;
        self.slots.retain_mut(|slot| {
            let keeps = !slot.head.due.is_listed() || keep(slot);
            due |= slot.head.due.stays();
            keeps
        });
        if !due {
            self.looks = DueFlags::default();
        }
    }

    fn settle_many(&mut self, mut keep: impl FnMut(&mut TxSlot<T>) -> bool) {
        let Self { slots, due, .. } = self;
        let mut dropped = 0_usize;
        due.retain(|id| {
            let Some(slot) = position(slots, *id).and_then(|at| slots.get_mut(at)) else { return false };
            if keep(slot) {
                return slot.head.due.stays();
            }
            slot.head.due.drop_it();
            dropped += 1;
            false
        });
        // At both ends dropping moves nothing, and there most are over: the oldest, or those after others that wait for long.
        let is_dropped = |slot: Option<&TxSlot<T>>| slot.is_some_and(|slot| slot.head.due.is_dropped());
        while dropped > 0 && is_dropped(slots.back()) {
            slots.pop_back();
            dropped -= 1;
        }
        while dropped > 0 && is_dropped(slots.front()) {
            slots.pop_front();
            dropped -= 1;
        }
        if dropped > 0 {
            slots.retain(|slot| !slot.head.due.is_dropped());
        }
        if due.is_empty() {
            self.looks = DueFlags::default();
        }
    }

    fn is_many(&self) -> bool {
        self.slots.len() > FEW
    }

    /// There are no longer few.
    #[cold]
    fn list_all(&mut self) {
        let listed = self.slots.iter().filter(|slot| slot.head.due.is_listed());
        self.due = listed.map(|slot| slot.head.id).collect();
    }

    /// There may be few again.
    fn forget_list(&mut self) {
        if !self.is_many() {
            self.due.clear();
        }
    }
}

impl<T> TransactionList for Transactions<T> {
    fn len(&self) -> usize {
        self.slots.len()
    }

    fn opened(&self) -> u64 {
        self.next
    }

    fn complete(&self) -> PerDirection<u8> {
        self.complete
    }

    fn head(&self, position: usize) -> Option<&TxHead> {
        self.slots.get(position).map(|slot| &slot.head)
    }

    fn head_mut(&mut self, position: usize) -> Option<&mut TxHead> {
        self.slots.get_mut(position).map(|slot| &mut slot.head)
    }

    fn position(&self, id: TxId) -> Option<usize> {
        position(&self.slots, id)
    }

    fn begin_step(&mut self) {
        let Self { slots, due, .. } = self;
        let begin = |head: &mut TxHead| head.due.begin_step(head.progress);
        if slots.len() <= FEW {
            slots.iter_mut().for_each(|slot| begin(&mut slot.head));
        } else {
            for id in due {
                if let Some(slot) = position(slots, *id).and_then(|at| slots.get_mut(at)) {
                    begin(&mut slot.head);
                }
            }
        }
    }

    fn completed(&self, direction: Direction) -> bool {
        let complete = self.complete[direction];
        let at = |progress: PerDirection<u8>| progress[direction] >= complete;
        let done = |slot: &TxSlot<T>| at(slot.head.progress) && !slot.head.due.before().is_some_and(at);
        if self.is_many() {
            self.due.iter().any(|id| self.position(*id).and_then(|at| self.at(at)).is_some_and(done))
        } else {
            self.slots.iter().any(|slot| slot.head.due.is_listed() && done(slot))
        }
    }

    fn is_due(&self, consumer: TxConsumer) -> bool {
        self.looks.has(consumer)
    }

    fn take_due(&mut self, cursor: &mut usize, consumer: TxConsumer) -> Option<usize> {
        if *cursor == 0 {
            if !self.is_due(consumer) {
                return None;
            }
            self.looks.clear(consumer);
        }
        let (many, count) = (self.is_many(), if self.is_many() { self.due.len() } else { self.slots.len() });
        while *cursor < count {
            let at = *cursor;
            *cursor += 1;
            let found = if many { self.due.get(at).and_then(|id| self.position(*id)) } else { Some(at) };
            let Some(position) = found else { continue };
            if let Some(slot) = self.slots.get_mut(position)
                && slot.head.due.has(consumer)
            {
                slot.head.due.clear(consumer);
                return Some(position);
            }
        }
        None
    }

    fn look_again(&mut self, position: usize, consumer: TxConsumer) {
        let many = self.is_many();
        if let Some(TxSlot { head, .. }) = self.slots.get_mut(position) {
            note(&mut self.due, many, head);
            head.due.add(consumer);
            self.looks.add(consumer);
        }
    }

    fn touch_all(&mut self) {
        self.iter_mut().for_each(drop);
    }

    fn pass(&mut self, direction: Direction) {
        let (passed, complete) = (&mut self.passed[direction], self.complete[direction]);
        let from = self.slots.partition_point(|slot| slot.head.id < *passed);
        let mut rest = self.slots.range(from..);
        *passed =
            rest.find(|slot| slot.head.progress[direction] < complete).map_or(TxId(self.next), |slot| slot.head.id);
    }

    fn passed(&self) -> PerDirection<TxId> {
        self.passed
    }

    fn only_live(&self, direction: Direction) -> Option<usize> {
        let from = self.slots.partition_point(|slot| slot.head.id < self.passed[direction]);
        // One that goes the other way only is none that a packet of this direction could be about.
        let mut live = (from..).zip(self.slots.range(from..)).filter(|(_, slot)| !slot.head.skip_inspection[direction]);
        let (position, _) = live.next()?;
        live.next().is_none().then_some(position)
    }

    fn evict(&mut self, count: usize) {
        self.slots.drain(..count.min(self.slots.len()));
        self.forget_list();
    }
}
