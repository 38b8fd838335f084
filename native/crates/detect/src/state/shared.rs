//! State that the workers of a run share, with the same results for any number of them.
//!
//! Each worker says which turn it has come to: the packet it works on, or the tick at which flows end. Whoever reads or writes
//! shared state first waits until no other worker can come before it, so that everything happens in packet order. Only rules
//! that ask for such state wait; for all others a turn is one store to memory of the worker's own. Flows that end at the same
//! tick have no order: what their rules write is seen by the flow itself, and by all others after the tick.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sidewire_base::{Endpoint, Time};

use crate::state::host_bits::{HostBitOwner, HostBits};
use crate::state::names::StateName;

/// Looks at another worker's turn before the thread gives its core away.
const SPINS: u32 = 64;
/// Bits of a turn that count packets; those above count sources.
const ORDINAL_BITS: u32 = 48;

/// The turn of a worker that has ended: nobody waits for it.
const ENDED: u64 = u64::MAX;

/// What the workers of a run share.
#[derive(Debug)]
pub struct SharedState {
    hosts: Mutex<SharedHosts>,
    /// The turn each worker has come to; empty when none needs to wait for another.
    turns: Box<[WorkerTurn]>,
    /// There is an order between the packets of all workers.
    ordered: bool,
}

/// A worker's turn, on a line of the cache that no other worker writes to.
#[derive(Debug, Default)]
#[repr(align(64))]
struct WorkerTurn(AtomicU64);

#[derive(Debug)]
struct SharedHosts {
    bits: HostBits,
    /// What flows that end have written at a tick that may not be over.
    pending: Vec<PendingBit>,
    /// The source the bits are of.
    source: u64,
}

/// A bit set (until a time) or unset by a flow that ends.
#[derive(Debug)]
struct PendingBit {
    turn: u64,
    flow: SharedFlowKey,
    owner: HostBitOwner,
    name: StateName,
    now: Time,
    until: Option<Time>,
}

/// Which flow a packet is of: both endpoints, the smaller first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SharedFlowKey([(core::net::IpAddr, u16); 2]);

impl SharedFlowKey {
    pub(crate) fn new(source: Endpoint, destination: Endpoint) -> Self {
        let mut ends = [source, destination].map(|end| (end.address, end.port));
        ends.sort_unstable();
        Self(ends)
    }
}

impl SharedState {
    /// For this number of workers that share the packets of one source, with room for this number of bits.
    #[must_use]
    pub fn ordered(workers: usize, capacity: usize) -> Arc<Self> {
        let workers = if workers > 1 { workers } else { 0 };
        Arc::new(Self::new((0..workers).map(|_| WorkerTurn::default()).collect(), true, capacity))
    }

    /// For workers with sources of their own, between whose packets there is no order.
    #[must_use]
    pub fn unordered(capacity: usize) -> Arc<Self> {
        Arc::new(Self::new(Box::default(), false, capacity))
    }

    fn new(turns: Box<[WorkerTurn]>, ordered: bool, capacity: usize) -> Self {
        let hosts = SharedHosts { bits: HostBits::new(capacity), pending: Vec::new(), source: 0 };
        Self { hosts: Mutex::new(hosts), turns, ordered }
    }

    /// The part of a worker, by its number from 0.
    #[must_use]
    pub fn worker(self: &Arc<Self>, number: usize) -> SharedHandle {
        SharedHandle { state: Arc::clone(self), worker: number, source: 0, turn: 0 }
    }
}

/// A worker's access to what all share. When it is dropped, nobody waits for the worker any longer.
#[derive(Debug)]
pub struct SharedHandle {
    state: Arc<SharedState>,
    worker: usize,
    /// Number of the source that is read.
    source: u64,
    turn: u64,
}

impl SharedHandle {
    /// A source begins, whose packets count from 1 again. `fresh`: what was kept before it is forgotten.
    pub fn begin_source(&mut self, fresh: bool) {
        self.source += 1;
        let source = self.source;
        let mut hosts = self.lock();
        if hosts.source < source {
            hosts.source = source;
            if fresh {
                hosts.bits.clear();
                hosts.pending.clear();
            }
        }
    }

    /// The worker goes on to a packet.
    #[inline]
    pub fn begin_packet(&mut self, ordinal: u64) {
        self.advance(ordinal.saturating_mul(2).saturating_add(1));
    }

    /// The worker goes on to what lies between the packet before this one and this one: flows end by time.
    #[inline]
    pub fn begin_tick(&mut self, ordinal: u64) {
        self.advance(ordinal.saturating_mul(2));
    }

    #[inline]
    fn advance(&mut self, turn: u64) {
        // Even numbers are ticks, the last one the end of a source.
        let last = (1 << ORDINAL_BITS) - 2;
        let turn = self.source << ORDINAL_BITS | turn.min(last);
        self.turn = self.turn.max(turn);
        if let Some(slot) = self.state.turns.get(self.worker) {
            slot.0.store(self.turn, Ordering::Release);
        }
    }

    fn lock(&self) -> MutexGuard<'_, SharedHosts> {
        self.state.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nothing can happen before this worker's turn any more.
    fn in_turn(&self) -> MutexGuard<'_, SharedHosts> {
        for (number, other) in self.state.turns.iter().enumerate() {
            let mut looks = 0;
            while number != self.worker && other.0.load(Ordering::Acquire) < self.turn {
                looks += 1;
                if looks < SPINS { core::hint::spin_loop() } else { std::thread::yield_now() }
            }
        }
        let mut hosts = self.lock();
        if self.state.ordered {
            hosts.settle(self.turn);
        }
        hosts
    }

    /// Flows end in this turn, and other workers' with them.
    fn is_tick(&self) -> bool {
        self.state.ordered && self.turn.is_multiple_of(2)
    }

    pub(crate) fn is_set(&self, owner: &HostBitOwner, name: &StateName, now: Time, flow: SharedFlowKey) -> bool {
        let hosts = self.in_turn();
        let own =
            |bit: &&PendingBit| bit.turn == self.turn && bit.flow == flow && bit.owner == *owner && bit.name == *name;
        match hosts.pending.iter().rev().find(own) {
            Some(bit) => bit.until.is_some_and(|until| until > now),
            None => hosts.bits.is_set(owner, name, now),
        }
    }

    /// Sets a bit until a time, or unsets it.
    pub(crate) fn change(
        &self,
        owner: HostBitOwner,
        name: &StateName,
        now: Time,
        until: Option<Time>,
        flow: SharedFlowKey,
    ) {
        let mut hosts = self.in_turn();
        if self.is_tick() {
            hosts.pending.push(PendingBit { turn: self.turn, flow, owner, name: name.clone(), now, until });
            return;
        }
        hosts.change(owner, name, now, until);
    }
}

impl Drop for SharedHandle {
    fn drop(&mut self) {
        if let Some(slot) = self.state.turns.get(self.worker) {
            slot.0.store(ENDED, Ordering::Release);
        }
    }
}

impl SharedHosts {
    fn change(&mut self, owner: HostBitOwner, name: &StateName, now: Time, until: Option<Time>) {
        match until {
            Some(until) => self.bits.set(owner, name, now, until),
            None => self.bits.unset(&owner, name),
        }
    }

    /// Applies what was written at ticks before this turn, in an order that does not depend on who wrote first.
    fn settle(&mut self, turn: u64) {
        if self.pending.iter().all(|bit| bit.turn >= turn) {
            return;
        }
        let (mut over, open): (Vec<_>, Vec<_>) = self.pending.drain(..).partition(|bit| bit.turn < turn);
        self.pending = open;
        // Stable: what one flow wrote stays in order.
        over.sort_by_key(|bit| (bit.turn, bit.flow));
        for PendingBit { owner, name, now, until, .. } in over {
            self.change(owner, &name, now, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(last: u8, port: u16) -> Endpoint {
        Endpoint { address: [10, 0, 0, last].into(), port }
    }

    /// Every worker counts one host's visits by toggling a bit at each of its packets: the state it finds is the parity of
    /// all packets before, whoever had them.
    #[test]
    fn packets_of_all_workers_are_seen_in_order() {
        const WORKERS: usize = 4;
        const PACKETS: u64 = 2000;
        let state = SharedState::ordered(WORKERS, 64);
        let seen: Vec<(u64, bool)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..WORKERS)
                .map(|number| {
                    let mut handle = state.worker(number);
                    scope.spawn(move || {
                        let (owner, name) = (HostBitOwner::Host([10, 0, 0, 1].into()), StateName::new("seen"));
                        let (flow, time) = (SharedFlowKey::new(end(1, 1), end(2, 2)), Time::new(1, 0));
                        handle.begin_source(true);
                        let mine = (1..=PACKETS).filter(|ordinal| (ordinal * 7 % 11) as usize % WORKERS == number);
                        mine.map(|ordinal| {
                            handle.begin_packet(ordinal);
                            let set = handle.is_set(&owner, &name, time, flow);
                            let until = (!set).then(|| Time::new(100, 0));
                            handle.change(HostBitOwner::Host([10, 0, 0, 1].into()), &name, time, until, flow);
                            (ordinal, set)
                        })
                        .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(seen.len() as u64, PACKETS);
        for (ordinal, set) in seen {
            assert_eq!(set, ordinal % 2 == 0, "packet {ordinal}");
        }
    }

    #[test]
    fn flows_that_end_together_see_their_own_bits_alone_until_the_tick_is_over() {
        let state = SharedState::ordered(2, 64);
        let (mut one, mut other) = (state.worker(0), state.worker(1));
        let (owner, name, time) =
            (|| HostBitOwner::Host([10, 0, 0, 1].into()), StateName::new("ended"), Time::new(1, 0));
        let (first, second) = (SharedFlowKey::new(end(1, 1), end(2, 2)), SharedFlowKey::new(end(3, 1), end(1, 2)));
        for worker in [&mut one, &mut other] {
            worker.begin_source(true);
            worker.begin_tick(5);
        }
        one.change(owner(), &name, time, Some(Time::new(9, 0)), first);
        assert!(one.is_set(&owner(), &name, time, first));
        assert!(!other.is_set(&owner(), &name, time, second) && !one.is_set(&owner(), &name, time, second));
        other.change(owner(), &name, time, None, second);
        for worker in [&mut other, &mut one] {
            worker.begin_packet(5);
        }
        assert!(!one.is_set(&owner(), &name, time, first), "the other flow comes after it, whoever wrote first");
        one.begin_source(true);
        other.begin_source(true);
        one.begin_packet(1);
        other.begin_packet(2);
        other.begin_tick(3);
        one.change(owner(), &name, time, Some(Time::new(9, 0)), first);
        assert!(one.is_set(&owner(), &name, time, second));
    }
}
