//! The transactions of a flow: how they are opened, kept within bounds, and answered.

use sidewire_app_layer::{Transactions, TxSlot};
use sidewire_base::{Direction, Time, TxId};
use smallvec::SmallVec;

use super::context::SmbContext;
use super::event::SmbEvent;
use super::limits::SmbLimits;
use super::stage::{BOTH_COMPLETE, COMPLETE};
use super::transaction::{SmbDialect, SmbStatus, SmbTransaction, TxDetail};

/// Where there are too many, this part of those allowed is closed at once.
const CLOSED_AT_ONCE: usize = 16;

/// Opens transactions and keeps their number down.
#[derive(Debug, Default)]
pub(super) struct TransactionMap {
    pub(super) dialect: SmbDialect,
    limit: usize,
    /// More transactions than the configuration allows were open: the flow is given up.
    pub(super) exceeded: bool,
    /// The configuration names a limit; without one, the oldest transaction makes room and the flow goes on.
    strict: bool,
    crowded: bool,
    /// Transactions with lower ids were closed for want of room.
    oldest: TxId,
    /// They are not counted before so many were opened.
    count_again: u64,
    /// Events that wait for a transaction to stand on.
    waiting: SmallVec<[SmbEvent; 2]>,
    /// Answers seen after a gap: what is older than the next one answered was answered in the gap.
    pub(super) sweep: bool,
}

impl TransactionMap {
    /// None yet, within the limits of the configuration.
    pub(super) fn new(limits: &SmbLimits) -> Self {
        Self { limit: limits.transactions, strict: limits.strict, ..Self::default() }
    }

    /// Opens a transaction. Its request is complete unless it is a file or a call, which grow.
    pub(super) fn open<'t>(
        &mut self,
        transactions: &'t mut Transactions<SmbTransaction>,
        now: Time,
        mut transaction: SmbTransaction,
    ) -> &'t mut TxSlot<SmbTransaction> {
        let grows = matches!(transaction.detail, TxDetail::File(_) | TxDetail::Call(_));
        transaction.dialect = self.dialect.clone();
        transaction.kind = transaction.detail.kind();
        let full = self.is_full(transactions);
        if full && !self.strict {
            self.make_room(transactions, now);
        }
        let first = full && !self.crowded;
        self.crowded |= full;
        self.exceeded |= full && self.strict;
        let slot = transactions.open(transaction, now);
        if first {
            slot.raise(SmbEvent::TooManyTransactions);
        }
        if !grows {
            slot.advance(Direction::ToServer, COMPLETE, now);
        }
        for event in self.waiting.drain(..) {
            slot.raise(event);
        }
        slot
    }

    /// True when as many are open as may be. They are counted when there may be so many, and not again before this many more
    /// may have been opened: one step may open a hundred thousand.
    fn is_full(&mut self, transactions: &Transactions<SmbTransaction>) -> bool {
        if self.limit == 0 || transactions.len() < self.limit || transactions.opened() < self.count_again {
            return false;
        }
        let open = |slot: &&TxSlot<SmbTransaction>| slot.head.progress != BOTH_COMPLETE;
        let young = transactions.iter().rev().take_while(|slot| slot.head.id >= self.oldest);
        let count = young.filter(open).count();
        self.count_again = transactions.opened() + self.limit.saturating_sub(count) as u64;
        count >= self.limit
    }

    /// Closes the oldest transactions that are open, some at once. Ids only grow, so each is looked at once.
    fn make_room(&mut self, transactions: &mut Transactions<SmbTransaction>, now: Time) {
        let (end, mut wanted) = (TxId(transactions.opened()), self.limit.div_ceil(CLOSED_AT_ONCE));
        if let Some(first) = transactions.at(0) {
            self.oldest = self.oldest.max(first.head.id);
        }
        while self.oldest < end && wanted > 0 {
            let id = self.oldest;
            self.oldest = id.next();
            if let Some(slot) = transactions.by_id(id).filter(|slot| slot.head.progress != BOTH_COMPLETE) {
                slot.advance(Direction::ToServer, COMPLETE, now);
                slot.advance(Direction::ToClient, COMPLETE, now);
                wanted -= 1;
            }
        }
    }

    /// Raises an event on the youngest transaction, or on the next one if there is none.
    pub(super) fn raise(&mut self, transactions: &mut Transactions<SmbTransaction>, event: SmbEvent) {
        match transactions.last_mut() {
            Some(slot) => slot.raise(event),
            None if !self.waiting.contains(&event) => self.waiting.push(event),
            None => {}
        }
    }

    /// The transaction of an answered request: complete, with its status.
    pub(super) fn answer<'t>(
        &mut self,
        around: &'t mut SmbContext<'_, '_>,
        id: Option<TxId>,
        status: Option<SmbStatus>,
    ) -> Option<&'t mut TxSlot<SmbTransaction>> {
        let (id, now) = (id?, around.now);
        if core::mem::take(&mut self.sweep) {
            let older = around.transactions.iter_mut().take_while(|slot| slot.head.id < id);
            for slot in older.filter(|slot| slot.tx.status != Some(SmbStatus::PENDING)) {
                if !matches!(slot.tx.detail, TxDetail::File(_) | TxDetail::Call(_)) {
                    slot.advance(Direction::ToClient, COMPLETE, now);
                }
            }
        }
        let slot = around.transactions.by_id(id)?;
        slot.tx.status = status.or(slot.tx.status);
        slot.tx.dialect = self.dialect.clone();
        slot.advance(Direction::ToServer, COMPLETE, now);
        slot.advance(Direction::ToClient, COMPLETE, now);
        Some(slot)
    }
}
