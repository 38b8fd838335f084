use std::collections::VecDeque;

use sidewire_base::{Direction, Time};
use smallvec::SmallVec;

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

/// The open transactions of a flow, oldest first.
#[derive(Debug)]
pub struct Transactions<T> {
    slots: VecDeque<Slot<T>>,
    next: u64,
}

impl<T> Default for Transactions<T> {
    fn default() -> Self {
        Self { slots: VecDeque::new(), next: 0 }
    }
}

impl<T> Transactions<T> {
    /// Opens a transaction.
    pub fn open(&mut self, tx: T, now: Time) -> &mut Slot<T> {
        let head = TxHead { id: self.next, started: now, updated: now, ..TxHead::default() };
        self.next += 1;
        if self.slots.len() == self.slots.capacity() {
            // Most flows have one open at a time, and a transaction is large: no room for four from the start.
            self.slots.reserve_exact((self.slots.len() / 2).max(1));
        }
        self.slots.push_back(Slot { head, tx });
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

    /// By position, oldest first.
    pub fn at_mut(&mut self, position: usize) -> Option<&mut Slot<T>> {
        self.slots.get_mut(position)
    }

    /// By id.
    pub fn by_id(&mut self, id: u64) -> Option<&mut Slot<T>> {
        let position = self.slots.binary_search_by_key(&id, |slot| slot.head.id).ok()?;
        self.slots.get_mut(position)
    }

    /// The youngest.
    pub fn last_mut(&mut self) -> Option<&mut Slot<T>> {
        self.slots.back_mut()
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Slot<T>> {
        self.slots.iter()
    }

    /// All, oldest first.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Slot<T>> {
        self.slots.iter_mut()
    }

    /// Drops those for which `keep` is false; it is asked once for each, oldest first.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut Slot<T>) -> bool) {
        // The oldest are over first: dropping them moves nothing, where a thousand may be open.
        while let Some(oldest) = self.slots.front_mut()
            && !keep(oldest)
        {
            self.slots.pop_front();
        }
        let mut asked = true;
        self.slots.retain_mut(|slot| core::mem::take(&mut asked) || keep(slot));
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
    use super::*;

    #[test]
    fn each_is_asked_about_once_and_what_is_dropped_is_gone() {
        for dropped in 0..32_u32 {
            let mut transactions = Transactions::default();
            for number in 0..5 {
                transactions.open(number, Time::default());
            }
            let mut asked = Vec::new();
            transactions.retain(|slot| {
                asked.push(slot.tx);
                dropped >> slot.tx & 1 == 0
            });
            assert_eq!(asked, [0, 1, 2, 3, 4]);
            let left: Vec<_> = transactions.iter().map(|slot| slot.tx).collect();
            assert_eq!(left, (0..5).filter(|number| dropped >> number & 1 == 0).collect::<Vec<_>>());
        }
    }
}
