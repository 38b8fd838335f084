use std::collections::VecDeque;

use sidewire_base::{Direction, Time};
use smallvec::SmallVec;

use crate::due::{Due, Look};

/// What every transaction has, whatever its protocol: the engine and the rules work on this.
#[derive(Debug, Default)]
pub struct TxHead {
    /// Number of the transaction in its flow, from 0.
    pub id: u64,
    /// Progress reached, per direction; the protocol's stages name the values.
    pub progress: [u8; 2],
    /// Numbers of the application-layer events raised on it, in order.
    pub events: SmallVec<[u16; 4]>,
    /// How far rules have been applied, per direction.
    pub inspection: [Inspection; 2],
    /// Which loggers have written it, a bit each.
    pub logged: u32,
    /// How many of `events` have been logged as anomalies.
    pub events_logged: u8,
    /// Time of the first octet.
    pub started: Time,
    /// Time of the last octet.
    pub updated: Time,
    /// True while nobody needs the transaction's data any more, per direction, whatever its progress.
    pub skip_inspection: [bool; 2],
    /// Who has not looked since it may have changed.
    pub due: Due,
    /// Alerts that told it without having matched on it.
    pub guessed: u8,
}

/// How far rules have been applied to one direction of a transaction.
#[derive(Debug, Default)]
pub struct Inspection {
    /// Progress value up to which prefilters have run, plus one.
    pub prefiltered: u8,
    /// Rules that are candidates, with what already held.
    pub stored: Vec<StoredRule>,
    /// Rule set generation `stored` belongs to.
    pub generation: u32,
    /// True when every rule has been decided on.
    pub done: bool,
    /// Per growing buffer (row number): octets that have been scanned.
    pub scanned: SmallVec<[(u16, u64); 2]>,
    /// Events already offered to rules.
    pub events_seen: u8,
}

/// A rule that is not decided on yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredRule {
    /// Index in the rule set of this generation.
    pub rule: u32,
    /// Bits of conditions that held for good.
    pub held: u64,
    /// True when it has matched, or never can.
    pub decided: bool,
}

/// A transaction with its head.
#[derive(Debug)]
pub struct Slot<T> {
    /// The common part.
    pub head: TxHead,
    /// The protocol's part.
    pub tx: T,
}

/// Up to so many open transactions are simply gone through.
const FEW: usize = 8;

/// The open transactions of a flow, oldest first.
///
/// A flow may have a thousand of them open, of which a packet changes one or two: whoever gets one to change has it looked at
/// again by rules and loggers ([`Look`]), and nothing else is.
#[derive(Debug)]
pub struct Transactions<T> {
    slots: VecDeque<Slot<T>>,
    next: u64,
    /// Per direction, the first id that packets have not passed: see [`Self::pass`].
    passed: [u64; 2],
    /// What may be due on any.
    looks: Due,
    /// Ids of those that something is due on, in order; none while there are [`FEW`].
    due: Vec<u64>,
}

impl<T> Default for Transactions<T> {
    fn default() -> Self {
        Self { slots: VecDeque::new(), next: 0, passed: [0; 2], looks: Due::default(), due: Vec::new() }
    }
}

/// The position of an id.
#[inline]
fn position<T>(slots: &VecDeque<Slot<T>>, id: u64) -> Option<usize> {
    let first = slots.front()?.head.id;
    if id == first {
        return Some(0);
    }
    // Mostly none between has gone.
    let near = usize::try_from(id.checked_sub(first)?).ok()?;
    if slots.get(near).is_some_and(|slot| slot.head.id == id) {
        return Some(near);
    }
    slots.binary_search_by_key(&id, |slot| slot.head.id).ok()
}

/// Something is due on a transaction, of few or of `many`.
#[inline]
fn note(due: &mut Vec<u64>, many: bool, head: &mut TxHead) {
    if !head.due.is_listed() {
        head.due.list(Some(head.progress));
        if many {
            list(due, head.id);
        }
    }
}

/// Puts an id on the list.
#[cold]
fn list(due: &mut Vec<u64>, id: u64) {
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
fn touch<'t, T>(looks: &mut Due, due: &mut Vec<u64>, many: bool, slot: &'t mut Slot<T>) -> &'t mut Slot<T> {
    note(due, many, &mut slot.head);
    slot.head.due.all();
    looks.all();
    slot
}

impl<T> Transactions<T> {
    /// Opens a transaction.
    pub fn open(&mut self, tx: T, now: Time) -> &mut Slot<T> {
        let mut head = TxHead { id: self.next, started: now, updated: now, ..TxHead::default() };
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
        self.slots.push_back(Slot { head, tx });
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
    pub fn at(&self, position: usize) -> Option<&Slot<T>> {
        self.slots.get(position)
    }

    /// The head of one by position, for those who look: they change nothing that others are to see.
    pub(crate) fn head_mut(&mut self, position: usize) -> Option<&mut TxHead> {
        self.slots.get_mut(position).map(|slot| &mut slot.head)
    }

    /// The position of an id.
    #[must_use]
    pub fn position(&self, id: u64) -> Option<usize> {
        position(&self.slots, id)
    }

    /// By id.
    pub fn by_id(&mut self, id: u64) -> Option<&mut Slot<T>> {
        let (position, many) = (self.position(id)?, self.is_many());
        Some(touch(&mut self.looks, &mut self.due, many, self.slots.get_mut(position)?))
    }

    /// The youngest.
    pub fn last_mut(&mut self) -> Option<&mut Slot<T>> {
        let many = self.is_many();
        Some(touch(&mut self.looks, &mut self.due, many, self.slots.back_mut()?))
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Slot<T>> {
        self.slots.iter()
    }

    /// All, oldest first.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Slot<T>> {
        let many = self.is_many();
        let Self { slots, looks, due, .. } = self;
        slots.iter_mut().map(move |slot| touch(looks, due, many, slot))
    }

    /// Everybody is to look at all of them.
    pub fn touch_all(&mut self) {
        self.iter_mut().for_each(drop);
    }

    /// A step through the flow's octets begins: [`Self::completed`] counts from here.
    pub fn begin_step(&mut self) {
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

    /// Did the step complete one in a direction, which progress `complete` is?
    #[must_use]
    pub fn completed(&self, direction: Direction, complete: u8) -> bool {
        // Indexed by `Direction`, which cannot fail.
        #[allow(clippy::indexing_slicing)]
        let at = |progress: [u8; 2]| progress[direction] >= complete;
        let done = |slot: &Slot<T>| at(slot.head.progress) && !slot.head.due.before().is_some_and(at);
        if self.is_many() {
            self.due.iter().any(|id| self.position(*id).and_then(|at| self.at(at)).is_some_and(done))
        } else {
            self.slots.iter().any(|slot| slot.head.due.is_listed() && done(slot))
        }
    }

    /// Is a look due on any? After [`Self::take_due`] on those only that were changed or asked for since.
    #[must_use]
    pub fn is_due(&self, look: Look) -> bool {
        self.looks.has(look)
    }

    /// The position of the next one that a look is due on, oldest first; it is not due any more. `cursor` begins at 0.
    pub fn take_due(&mut self, cursor: &mut usize, look: Look) -> Option<usize> {
        if *cursor == 0 {
            if !self.is_due(look) {
                return None;
            }
            self.looks.clear(look);
        }
        let (many, count) = (self.is_many(), if self.is_many() { self.due.len() } else { self.slots.len() });
        while *cursor < count {
            let at = *cursor;
            *cursor += 1;
            let found = if many { self.due.get(at).and_then(|id| self.position(*id)) } else { Some(at) };
            let Some(position) = found else { continue };
            if let Some(slot) = self.slots.get_mut(position)
                && slot.head.due.has(look)
            {
                slot.head.due.clear(look);
                return Some(position);
            }
        }
        None
    }

    /// Somebody is to look again, although the transaction did not change.
    pub fn look_again(&mut self, position: usize, look: Look) {
        let many = self.is_many();
        if let Some(Slot { head, .. }) = self.slots.get_mut(position) {
            note(&mut self.due, many, head);
            head.due.add(look);
            self.looks.add(look);
        }
    }

    /// The packets of a direction, in which progress `complete` is complete, go past the oldest that are: call it behind each.
    pub fn pass(&mut self, direction: Direction, complete: u8) {
        // Indexed by `Direction`, which cannot fail.
        #[allow(clippy::indexing_slicing)]
        let (passed, at) = (&mut self.passed[direction], |progress: [u8; 2]| progress[direction]);
        let from = self.slots.partition_point(|slot| slot.head.id < *passed);
        let mut rest = self.slots.range(from..);
        *passed = rest.find(|slot| at(slot.head.progress) < complete).map_or(self.next, |slot| slot.head.id);
    }

    /// Per direction, the first id that packets have not passed.
    #[must_use]
    pub const fn passed(&self) -> [u64; 2] {
        self.passed
    }

    /// The position of the one that packets of a direction have not passed, when it is the only one, and the last.
    #[must_use]
    pub fn only_live(&self, direction: Direction) -> Option<usize> {
        // Indexed by `Direction`, which cannot fail.
        #[allow(clippy::indexing_slicing)]
        let id = self.passed[direction];
        if id + 1 == self.next { self.position(id) } else { None }
    }

    /// Drops the oldest so many.
    pub fn evict(&mut self, count: usize) {
        self.slots.drain(..count.min(self.slots.len()));
        self.forget_list();
    }

    /// Drops those for which `keep` is false, and notes on which nothing is due any more. It is asked once for each that
    /// something was due on, oldest first.
    pub fn settle(&mut self, mut keep: impl FnMut(&mut Slot<T>) -> bool) {
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
            self.looks = Due::default();
        }
    }

    fn settle_many(&mut self, mut keep: impl FnMut(&mut Slot<T>) -> bool) {
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
        // At both ends dropping moves nothing, and there most are over: the oldest, or those behind others that wait for long.
        let is_dropped = |slot: Option<&Slot<T>>| slot.is_some_and(|slot| slot.head.due.is_dropped());
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
            self.looks = Due::default();
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

impl<T> Slot<T> {
    /// Raises a protocol event (its position in the protocol's list) on this transaction; twice is once.
    pub fn raise(&mut self, event: u16) {
        if !self.head.events.contains(&event) && self.head.events.len() < 64 {
            self.head.events.push(event);
        }
    }

    /// Moves one direction forward; never back.
    pub fn advance(&mut self, direction: Direction, progress: u8, now: Time) {
        // Indexed by `Direction`, which cannot fail.
        #[allow(clippy::indexing_slicing)]
        let at = &mut self.head.progress[direction];
        *at = (*at).max(progress);
        self.head.updated = now;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TO_SERVER: Look = Look::Rules(Direction::ToServer);

    fn open(count: u32) -> Transactions<u32> {
        let mut transactions = Transactions::default();
        for number in 0..count {
            transactions.open(number, Time::default());
        }
        transactions
    }

    fn left(transactions: &Transactions<u32>) -> Vec<u32> {
        transactions.iter().map(|slot| slot.tx).collect()
    }

    /// Ids that a look is due on; it is done.
    fn look(transactions: &mut Transactions<u32>, look: Look) -> Vec<u32> {
        let mut cursor = 0;
        let mut seen = Vec::new();
        while let Some(position) = transactions.take_due(&mut cursor, look) {
            seen.push(transactions.at(position).unwrap().tx);
        }
        seen
    }

    fn look_at_all(transactions: &mut Transactions<u32>) {
        for due in [TO_SERVER, Look::Rules(Direction::ToClient), Look::Log] {
            look(transactions, due);
        }
        transactions.settle(|_| true);
    }

    #[test]
    fn each_is_asked_about_once_and_what_is_dropped_is_gone() {
        for dropped in 0..32_u32 {
            let mut transactions = open(5);
            let mut asked = Vec::new();
            transactions.settle(|slot| {
                asked.push(slot.tx);
                dropped >> slot.tx & 1 == 0
            });
            assert_eq!(asked, [0, 1, 2, 3, 4]);
            let kept: Vec<_> = (0..5).filter(|number| dropped >> number & 1 == 0).collect();
            assert_eq!(left(&transactions), kept);
            for number in 0..5 {
                let found = transactions.by_id(number.into()).map(|slot| slot.tx);
                assert_eq!(found, kept.contains(&number).then_some(number));
            }
        }
    }

    #[test]
    fn only_what_was_handed_out_is_looked_at_again_in_order() {
        let mut transactions = open(6);
        assert_eq!(look(&mut transactions, TO_SERVER), [0, 1, 2, 3, 4, 5]);
        look_at_all(&mut transactions);
        assert!(!transactions.is_due(TO_SERVER));
        transactions.last_mut().unwrap();
        transactions.by_id(1).unwrap();
        transactions.by_id(3).unwrap();
        transactions.by_id(1).unwrap();
        assert!(transactions.is_due(TO_SERVER));
        assert_eq!(look(&mut transactions, TO_SERVER), [1, 3, 5]);
        assert_eq!(look(&mut transactions, TO_SERVER), []);
        assert_eq!(look(&mut transactions, Look::Log), [1, 3, 5]);
        look_at_all(&mut transactions);
        transactions.touch_all();
        assert_eq!(look(&mut transactions, Look::Log).len(), 6);
    }

    #[test]
    fn what_is_due_outlives_settling_until_somebody_looks() {
        let mut transactions = open(3);
        look(&mut transactions, TO_SERVER);
        look(&mut transactions, Look::Log);
        transactions.settle(|_| true);
        assert_eq!(look(&mut transactions, TO_SERVER), []);
        transactions.look_again(1, TO_SERVER);
        assert_eq!(look(&mut transactions, Look::Rules(Direction::ToClient)), [0, 1, 2]);
        let mut asked = 0;
        transactions.settle(|_| {
            asked += 1;
            true
        });
        assert_eq!(asked, 3);
        assert_eq!(look(&mut transactions, TO_SERVER), [1]);
    }

    #[test]
    fn one_that_is_kept_to_be_asked_about_is_asked_about() {
        let mut transactions = open(2);
        look_at_all(&mut transactions);
        transactions.by_id(0).unwrap();
        for direction in Direction::BOTH {
            look(&mut transactions, Look::Rules(direction));
        }
        look(&mut transactions, Look::Log);
        let mut times = 0;
        for round in 0..4 {
            transactions.settle(|slot| {
                times += 1;
                slot.head.due.unsettled(round < 2);
                true
            });
        }
        assert_eq!(times, 3);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut transactions = open(5);
        transactions.evict(2);
        assert_eq!(left(&transactions), [2, 3, 4]);
        assert_eq!(look(&mut transactions, Look::Log), [2, 3, 4]);
        transactions.settle(|_| true);
        transactions.evict(9);
        assert!(transactions.is_empty());
        assert_eq!(transactions.opened(), 5);
    }

    /// What is done with transactions; numbers choose one, or some.
    #[derive(Clone, Copy, Debug)]
    enum Act {
        Open,
        Touch(usize),
        TouchAll,
        Look(usize),
        Again(usize, usize),
        Settle(u64, u64),
        Evict(usize),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            8 => Just(Act::Open),
            6 => (0..24_usize).prop_map(Act::Touch),
            1 => Just(Act::TouchAll),
            4 => (0..3_usize).prop_map(Act::Look),
            2 => (0..24_usize, 0..3_usize).prop_map(|(at, look)| Act::Again(at, look)),
            3 => (1..6_u64, 0..6_u64).prop_map(|(every, rest)| Act::Settle(every, rest)),
            1 => (0..4_usize).prop_map(Act::Evict),
        ]
    }

    const LOOKS: [Look; 3] = [TO_SERVER, Look::Rules(Direction::ToClient), Look::Log];

    proptest! {
        /// However many are open: what is looked at, asked about and left is what a plain list of them all gives.
        #[test]
        fn few_or_many_are_the_same(acts in prop::collection::vec(act(), 1..120)) {
            let mut transactions = Transactions::<u64>::default();
            // Id, what is due, whether it was touched since it was settled.
            let mut model: Vec<(u64, [bool; 3], bool)> = Vec::new();
            let mut next = 0;
            for act in acts {
                match act {
                    Act::Open => {
                        transactions.open(next, Time::default());
                        model.push((next, [true; 3], true));
                        next += 1;
                    }
                    Act::Touch(at) => {
                        if let Some(one) = model.get_mut(at) {
                            transactions.by_id(one.0).unwrap();
                            (one.1, one.2) = ([true; 3], true);
                        }
                    }
                    Act::TouchAll => {
                        transactions.touch_all();
                        model.iter_mut().for_each(|one| (one.1, one.2) = ([true; 3], true));
                    }
                    Act::Look(which) => {
                        let mut cursor = 0;
                        let mut seen = Vec::new();
                        while let Some(at) = transactions.take_due(&mut cursor, LOOKS[which]) {
                            seen.push(transactions.at(at).unwrap().tx);
                        }
                        let due = model.iter_mut().filter_map(|one| core::mem::take(&mut one.1[which]).then_some(one.0));
                        prop_assert_eq!(seen, due.collect::<Vec<_>>());
                    }
                    Act::Again(at, which) => {
                        transactions.look_again(at, LOOKS[which]);
                        if let Some(one) = model.get_mut(at) {
                            (one.1[which], one.2) = (true, true);
                        }
                    }
                    Act::Settle(every, rest) => {
                        let mut asked = Vec::new();
                        transactions.settle(|slot| {
                            asked.push(slot.tx);
                            slot.tx % every != rest
                        });
                        prop_assert_eq!(asked, model.iter().filter(|one| one.2).map(|one| one.0).collect::<Vec<_>>());
                        model.retain(|one| !one.2 || one.0 % every != rest);
                        model.iter_mut().for_each(|one| one.2 = one.1 != [false; 3]);
                    }
                    Act::Evict(count) => {
                        transactions.evict(count);
                        model.drain(..count.min(model.len()));
                    }
                }
                for (which, look) in LOOKS.into_iter().enumerate() {
                    prop_assert!(transactions.is_due(look) || model.iter().all(|one| !one.1[which]));
                }
                let ids: Vec<u64> = transactions.iter().map(|slot| slot.tx).collect();
                prop_assert_eq!(ids, model.iter().map(|one| one.0).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_only_one_that_packets_have_not_passed() {
        let (to_server, to_client) = (Direction::ToServer, Direction::ToClient);
        let mut transactions = open(1);
        assert_eq!(transactions.only_live(to_server), Some(0));
        transactions.by_id(0).unwrap().advance(to_server, 1, Time::default());
        assert_eq!(transactions.only_live(to_server), Some(0), "the packet that completed it");
        transactions.pass(to_server, 1);
        assert_eq!(transactions.only_live(to_server), None);
        assert_eq!(transactions.only_live(to_client), Some(0));
        transactions.open(1, Time::default());
        assert_eq!(transactions.only_live(to_server), Some(1));
        assert_eq!(transactions.only_live(to_client), None, "two");
        transactions.evict(1);
        assert_eq!(transactions.only_live(to_server), Some(0));
        transactions.pass(to_client, 1);
        assert_eq!(transactions.only_live(to_client), Some(0), "the first is gone");
        assert_eq!(transactions.passed(), [1, 1]);
    }

    #[test]
    fn a_step_completes_what_was_not_complete_before() {
        let (now, to_server) = (Time::default(), Direction::ToServer);
        let mut transactions = open(2);
        assert!(!transactions.completed(to_server, 1));
        assert!(transactions.completed(to_server, 0), "complete from the start, but new");
        transactions.begin_step();
        assert!(!transactions.completed(to_server, 0));
        transactions.by_id(0).unwrap().advance(to_server, 1, now);
        assert!(transactions.completed(to_server, 1));
        assert!(!transactions.completed(Direction::ToClient, 1));
        look_at_all(&mut transactions);
        transactions.by_id(0).unwrap().advance(to_server, 1, now);
        assert!(!transactions.completed(to_server, 1), "it was complete before");
    }
}
