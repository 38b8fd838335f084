//! The flow table: finding, opening and ending flows.

use core::mem::size_of;

use hashbrown::HashTable;
use sidewire_base::ip_protocol::{ICMP, ICMPV6, TCP, UDP};
use sidewire_base::{Direction, PerDirection, Time};
use smallvec::SmallVec;

use crate::{
    EndReason, Flow, FlowCounters, FlowState, FlowTableConfig, FlowTuple,
    handle::FlowHandle,
    key::{FlowKey, HashSeed},
    silence::SilentFlows,
    slab::{FlowSlab, FlowSlot},
    wheel::TimerWheel,
};

/// What is counted of a packet.
#[derive(Clone, Copy, Debug)]
pub struct PacketStamp {
    /// When the packet was captured: what is told of the flow.
    pub time: Time,
    /// The same as engine time: what timeouts are measured by.
    pub engine: Time,
    /// Engine time that other flows are held against; earlier than `engine` while a jump ahead is not believed.
    pub now: Time,
    /// Position in the capture.
    pub ordinal: u64,
    /// Octets to count.
    pub bytes: u32,
}

/// The flow of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowLookup {
    /// The flow.
    pub handle: FlowHandle,
    /// The packet's direction in it.
    pub direction: Direction,
    /// True when this packet opened it.
    pub is_new: bool,
}

/// What becomes of flows whose timeout has passed.
pub trait Expiry<S> {
    /// Is the flow worth keeping although it fell silent? Asked once for each silence.
    fn outlives(&mut self, flow: &mut Flow<S>) -> bool;
    /// Takes a flow that ended.
    fn ended(&mut self, flow: Flow<S>, reason: EndReason);
}

/// Nothing outlives its timeout.
struct Unconditional<F>(F);

impl<S, F: FnMut(Flow<S>, EndReason)> Expiry<S> for Unconditional<F> {
    fn outlives(&mut self, _flow: &mut Flow<S>) -> bool {
        false
    }

    fn ended(&mut self, flow: Flow<S>, reason: EndReason) {
        (self.0)(flow, reason);
    }
}

/// All flows of a worker.
///
/// A flow is created, found, ended in O(1); time is the packets' own. A flow that is worth it outlives its timeout
/// ([`SilenceLimits`](crate::SilenceLimits)). When the memory cap is hit the table enters emergency mode: the `emergency-` timeouts apply, and if that frees nothing, the flow that would time out first ends
/// ([`EndReason::Forced`]). So a flood of half-open flows evicts itself before it evicts an established one, and within
/// a protocol and state the least recently used goes first.
pub struct FlowTable<S> {
    config: FlowTableConfig,
    seed: HashSeed,
    index: HashTable<u32>,
    slots: FlowSlab<S>,
    wheel: TimerWheel,
    emergency: bool,
    counters: FlowCounters,
    due: Vec<u32>,
    silent: SilentFlows,
}

impl<S> FlowTable<S> {
    /// Octets one flow takes, for the memory cap: its slot and its share of the hash table.
    pub const FLOW_SIZE: u64 = size_of::<Option<FlowSlot<S>>>() as u64 + 16;

    /// An empty table. `seed` makes collisions unpredictable; it never shows in output.
    #[must_use]
    pub fn new(config: FlowTableConfig, seed: u64) -> Self {
        Self {
            config,
            seed: HashSeed::new(seed),
            index: HashTable::new(),
            slots: FlowSlab::new(),
            wheel: TimerWheel::new(),
            emergency: false,
            counters: FlowCounters::default(),
            due: Vec::new(),
            silent: SilentFlows::default(),
        }
    }

    /// Finds or opens the flow of a packet and counts the packet.
    ///
    /// `make` gives the state of a new flow. `replace` says whether this packet begins a new flow although its tuple has
    /// one (TCP reuse), or, `overdue`, does not go on with one that is beyond its timeout; it is asked before the packet is
    /// counted. `ended` takes flows that end: one that timed out before
    /// this packet, one that is replaced, those evicted for memory. `None` when the memory cap leaves no room, and for an
    /// ICMP error about a flow that is not open.
    pub fn track(
        &mut self,
        tuple: &FlowTuple,
        stamp: PacketStamp,
        make: impl FnOnce(&FlowTuple) -> S,
        replace: impl FnOnce(&Flow<S>, Direction, bool) -> bool,
        mut ended: impl FnMut(Flow<S>, EndReason),
    ) -> Option<FlowLookup> {
        if tuple.quoted.is_some() {
            return self.track_quoted(tuple, stamp);
        }
        let (key, source_is_low) = tuple.key(&self.config);
        let hash = key.hash(&self.seed);
        if let Some(index) = self.find(hash, &key)
            && let Some(slot) = self.slots.get_mut(index)
        {
            let direction =
                if slot.flow.client_is_low == source_is_low { Direction::ToServer } else { Direction::ToClient };
            let overdue = stamp.engine > deadline(&self.config, &slot.flow, self.emergency);
            let over = overdue && (self.emergency || stamp.engine > silence_deadline(&self.config, &slot.flow));
            let reason = if over || replace(&slot.flow, direction, overdue) {
                self.counters.wrk_flows_evicted += u64::from(overdue);
                Some(if overdue { EndReason::Timeout } else { EndReason::TcpReuse })
            } else {
                None
            };
            match reason {
                Some(reason) => {
                    if let Some(flow) = self.take(index, reason) {
                        ended(flow, reason);
                    }
                }
                None => {
                    if slot.flow.state == FlowState::LocalBypassed {
                        self.counters.bypassed_packets += 1;
                        self.counters.bypassed_octets += u64::from(stamp.bytes);
                    }
                    see(&mut slot.flow, direction, stamp);
                    let handle = FlowHandle { index, generation: slot.generation };
                    if slot.silent.take().is_some() {
                        let second = due_second(deadline(&self.config, &slot.flow, self.emergency));
                        self.silent.ends();
                        self.file(index, second);
                    }
                    return Some(FlowLookup { handle, direction, is_new: false });
                }
            }
        }
        self.open(tuple, (key, hash, source_is_low), stamp, make, &mut ended)
    }

    /// An ICMP error belongs to the flow of the packet it quotes, when that is open.
    fn track_quoted(&mut self, tuple: &FlowTuple, stamp: PacketStamp) -> Option<FlowLookup> {
        let key = tuple.quoted_key(&self.config)?;
        let index = self.find(key.hash(&self.seed), &key)?;
        let slot = self.slots.get_mut(index)?;
        if stamp.engine > deadline(&self.config, &slot.flow, self.emergency) {
            return None;
        }
        let from_client = slot.flow.client.address == tuple.source_address();
        let direction = if from_client { Direction::ToServer } else { Direction::ToClient };
        count(&mut slot.flow, direction, stamp);
        Some(FlowLookup { handle: FlowHandle { index, generation: slot.generation }, direction, is_new: false })
    }

    fn open(
        &mut self,
        tuple: &FlowTuple,
        (key, hash, source_is_low): (FlowKey, u64, bool),
        stamp: PacketStamp,
        make: impl FnOnce(&FlowTuple) -> S,
        ended: &mut impl FnMut(Flow<S>, EndReason),
    ) -> Option<FlowLookup> {
        self.wheel.start(stamp.engine.seconds());
        if !self.make_room(stamp.now, ended) {
            self.counters.memcap += 1;
            return None;
        }
        let vlans: SmallVec<[u16; 3]> = tuple.vlans.iter().copied().take(usize::from(tuple.vlan_count)).collect();
        let mut flow = Flow {
            id: key.flow_id(stamp.ordinal),
            client: tuple.source,
            server: tuple.destination,
            protocol: tuple.protocol,
            icmp: tuple.icmp,
            spi: tuple.spi,
            vlans,
            device: tuple.device,
            first: stamp.time,
            last: stamp.time,
            active: stamp.engine,
            first_ordinal: stamp.ordinal,
            packets: PerDirection::default(),
            bytes: PerDirection::default(),
            seen: PerDirection::default(),
            data: make(tuple),
            state: FlowState::New,
            client_is_low: source_is_low,
        };
        see(&mut flow, Direction::ToServer, stamp);
        let second = due_second(deadline(&self.config, &flow, self.emergency));
        let (index, generation) = self.slots.insert(key, flow)?;
        let (slots, seed) = (&self.slots, &self.seed);
        self.index.insert_unique(hash, index, |&other| slots.get(other).map_or(0, |slot| slot.key.hash(seed)));
        self.wheel.insert(index, second, &mut self.slots);
        self.counters.total += 1;
        match tuple.protocol {
            TCP => self.counters.tcp += 1,
            UDP => self.counters.udp += 1,
            ICMP => self.counters.icmpv4 += 1,
            ICMPV6 => self.counters.icmpv6 += 1,
            _ => {}
        }
        self.measure();
        Some(FlowLookup { handle: FlowHandle { index, generation }, direction: Direction::ToServer, is_new: true })
    }

    /// A flow.
    #[must_use]
    #[inline]
    pub fn get(&self, handle: FlowHandle) -> Option<&Flow<S>> {
        self.slots.get(handle.index).filter(|slot| slot.generation == handle.generation).map(|slot| &slot.flow)
    }

    /// A flow, to change.
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, handle: FlowHandle) -> Option<&mut Flow<S>> {
        self.slot_mut(handle).map(|slot| &mut slot.flow)
    }

    /// Changes a flow's state, and with it its timeout.
    pub fn set_state(&mut self, handle: FlowHandle, state: FlowState) {
        let (emergency, config) = (self.emergency, &self.config);
        let Some(slot) = self.slots.get_mut(handle.index).filter(|slot| slot.generation == handle.generation) else {
            return;
        };
        if slot.flow.state == state {
            return;
        }
        slot.flow.state = state;
        let second = due_second(deadline(config, &slot.flow, emergency));
        // A later time is found when the bucket is due; only an earlier one must be filed now.
        if self.wheel.clamp(second) < slot.links.second {
            self.file(handle.index, second);
        }
    }

    /// Files a flow under another second.
    fn file(&mut self, index: u32, second: i64) {
        self.wheel.remove(index, &mut self.slots);
        self.wheel.insert(index, second, &mut self.slots);
    }

    /// Ends the flows whose timeout has passed, ordered by expiry time, then first ordinal. Cheap when nothing expires:
    /// call it for each packet or batch. A flow may end up to a second late here, never when a packet of it arrives. One that
    /// outlives its timeout stays, silent, within [`SilenceLimits`](crate::SilenceLimits).
    pub fn expire(&mut self, now: Time, expiry: &mut impl Expiry<S>) {
        let mut due = core::mem::take(&mut self.due);
        self.wheel.advance(now.seconds(), &mut self.slots, &mut due);
        if !due.is_empty() {
            self.end_due(&due, now, expiry);
        }
        due.clear();
        self.due = due;
        self.recover();
    }

    /// Ends the flow that would time out first, because something that flows hold is scarce: those beyond their timeout, then
    /// half-open ones before established ones, of each the one that was silent longest. False when there is none.
    pub fn end_soonest(&mut self, mut ended: impl FnMut(Flow<S>, EndReason)) -> bool {
        let index = self.longest_silent(0).map(|handle| handle.index).or_else(|| self.soonest());
        let Some(flow) = index.and_then(|index| self.take(index, EndReason::Forced)) else { return false };
        self.counters.get_used += 1;
        ended(flow, EndReason::Forced);
        true
    }

    /// Ends every flow, ordered by first ordinal.
    pub fn drain(&mut self, mut ended: impl FnMut(Flow<S>, EndReason)) {
        let mut all = Vec::with_capacity(self.slots.len());
        self.wheel.take_all(&mut self.slots, &mut all);
        all.sort_by_key(|&index| self.slots.get(index).map(|slot| (slot.flow.first_ordinal, slot.flow.id)));
        for index in all {
            if let Some(flow) = self.take(index, EndReason::Shutdown) {
                ended(flow, EndReason::Shutdown);
            }
        }
    }

    /// Ends one flow now.
    pub fn remove(&mut self, handle: FlowHandle, reason: EndReason) -> Option<Flow<S>> {
        self.slot_mut(handle)?;
        self.take(handle.index, reason)
    }

    /// Number of open flows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slots.len()
    }

    /// True when no flow is open.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True while the memory cap is hit and the `emergency-` timeouts apply.
    #[must_use]
    pub const fn in_emergency(&self) -> bool {
        self.emergency
    }

    /// What was counted.
    #[must_use]
    pub const fn counters(&self) -> &FlowCounters {
        &self.counters
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &FlowTableConfig {
        &self.config
    }

    #[cfg(test)]
    pub(crate) const fn cap(&mut self, memcap: u64) {
        self.config.memcap = memcap;
    }

    #[inline]
    fn slot_mut(&mut self, handle: FlowHandle) -> Option<&mut FlowSlot<S>> {
        self.slots.get_mut(handle.index).filter(|slot| slot.generation == handle.generation)
    }

    #[inline]
    fn find(&self, hash: u64, key: &FlowKey) -> Option<u32> {
        self.index.find(hash, |&index| self.slots.get(index).is_some_and(|slot| slot.key == *key)).copied()
    }

    /// Of slots taken out of the wheel: ends those whose time has come, files the others again.
    fn end_due(&mut self, due: &[u32], now: Time, expiry: &mut impl Expiry<S>) {
        let (config, emergency) = (&self.config, self.emergency);
        self.counters.flows_checked += due.len() as u64;
        let mut expired: Vec<(Time, u64, u32)> = Vec::new();
        for &index in due {
            let Some(slot) = self.slots.get_mut(index) else { continue };
            let until = deadline(config, &slot.flow, emergency);
            let silent_until = silence_deadline(config, &slot.flow);
            let may_stay = now > until && now <= silent_until && !emergency;
            if may_stay && (slot.silent.is_some() || expiry.outlives(&mut slot.flow)) {
                let handle = FlowHandle { index, generation: slot.generation };
                slot.silent = slot.silent.or_else(|| Some(self.silent.falls(handle)));
                self.wheel.insert(index, due_second(silent_until), &mut self.slots);
            } else if now > until {
                expired.push((until, slot.flow.first_ordinal, index));
            } else {
                self.counters.flows_notimeout += 1;
                self.wheel.insert(index, due_second(until), &mut self.slots);
            }
        }
        expired.sort_unstable();
        for (_, _, index) in expired {
            self.counters.flows_timeout += 1;
            self.counters.flows_evicted += 1;
            if let Some(flow) = self.take(index, EndReason::Timeout) {
                expiry.ended(flow, EndReason::Timeout);
            }
        }
        while let Some(handle) = self.longest_silent(self.config.silence.flows) {
            self.counters.flows_evicted += 1;
            if let Some(flow) = self.take(handle.index, EndReason::Timeout) {
                expiry.ended(flow, EndReason::Timeout);
            }
        }
    }

    /// The flow that has been silent longest, when more are than `limit`.
    fn longest_silent(&mut self, limit: u32) -> Option<FlowHandle> {
        let Self { silent, slots, .. } = self;
        silent.excess(limit, |FlowHandle { index, generation }, number| {
            slots.get(index).is_some_and(|slot| slot.generation == generation && slot.silent == Some(number))
        })
    }

    /// Sees to it that one more flow fits under the cap.
    fn make_room(&mut self, now: Time, ended: &mut impl FnMut(Flow<S>, EndReason)) -> bool {
        let fits = |table: &Self| table.config.memcap == 0 || table.memory() + Self::FLOW_SIZE <= table.config.memcap;
        if fits(self) {
            return true;
        }
        if !self.emergency {
            self.emergency = true;
            self.counters.emerg_mode_entered += 1;
            let mut all = Vec::with_capacity(self.slots.len());
            self.wheel.take_all(&mut self.slots, &mut all);
            self.end_due(&all, now, &mut Unconditional(&mut *ended));
        }
        while !fits(self) {
            if !self.end_soonest(&mut *ended) {
                return false;
            }
        }
        true
    }

    /// The flow that will time out first. What was filed before its last packet is filed again on the way, at most
    /// [`REFILE_LIMIT`] times.
    fn soonest(&mut self) -> Option<u32> {
        const REFILE_LIMIT: usize = 16;
        let mut index = self.wheel.first()?;
        for _ in 0..REFILE_LIMIT {
            let slot = self.slots.get(index)?;
            let second = due_second(deadline(&self.config, &slot.flow, self.emergency));
            if self.wheel.clamp(second) <= slot.links.second {
                break;
            }
            self.file(index, second);
            index = self.wheel.first()?;
        }
        Some(index)
    }

    /// Leaves emergency mode once enough is free.
    fn recover(&mut self) {
        let keep = 100u64.saturating_sub(u64::from(self.config.emergency_recovery));
        if self.emergency && self.memory() <= self.config.memcap / 100 * keep {
            self.emergency = false;
            self.counters.emerg_mode_over += 1;
        }
    }

    fn take(&mut self, index: u32, reason: EndReason) -> Option<Flow<S>> {
        self.wheel.remove(index, &mut self.slots);
        let slot = self.slots.remove(index)?;
        if slot.silent.is_some() {
            self.silent.ends();
        }
        if let Ok(entry) = self.index.find_entry(slot.key.hash(&self.seed), |&other| other == index) {
            entry.remove();
        }
        let ends = &mut self.counters;
        match slot.flow.state {
            FlowState::New => ends.end_new += 1,
            FlowState::Established => ends.end_established += 1,
            FlowState::Closed => ends.end_closed += 1,
            FlowState::LocalBypassed => ends.end_local_bypassed += 1,
            FlowState::CaptureBypassed => ends.end_capture_bypassed += 1,
        }
        if reason == EndReason::TcpReuse {
            ends.tcp_reuse += 1;
        }
        self.measure();
        Some(slot.flow)
    }

    const fn memory(&self) -> u64 {
        self.slots.len() as u64 * Self::FLOW_SIZE
    }

    const fn measure(&mut self) {
        self.counters.active = self.slots.len() as u64;
        self.counters.memuse = self.memory();
    }
}

/// The last moment at which a flow is alive.
#[inline]
fn deadline<S>(config: &FlowTableConfig, flow: &Flow<S>, emergency: bool) -> Time {
    flow.active.plus_seconds(i64::from(config.timeout(flow.protocol, flow.state, emergency)))
}

/// The last moment at which a flow that outlives its timeout is alive.
#[inline]
fn silence_deadline<S>(config: &FlowTableConfig, flow: &Flow<S>) -> Time {
    flow.active.plus_seconds(i64::from(config.silence.seconds))
}

/// The second at whose beginning a deadline has passed.
#[inline]
const fn due_second(deadline: Time) -> i64 {
    deadline.seconds().saturating_add(1)
}

/// Counts a packet of the flow itself.
#[inline]
fn see<S>(flow: &mut Flow<S>, direction: Direction, stamp: PacketStamp) {
    count(flow, direction, stamp);
    flow.seen[direction] = true;
    if flow.state == FlowState::New && flow.protocol != TCP && flow.both_seen() {
        flow.state = FlowState::Established;
    }
}

/// Counts a packet that belongs to the flow, or tells of it.
#[inline]
fn count<S>(flow: &mut Flow<S>, direction: Direction, stamp: PacketStamp) {
    flow.last = flow.last.max(stamp.time);
    flow.active = flow.active.max(stamp.engine);
    flow.packets[direction] += 1;
    flow.bytes[direction] += u64::from(stamp.bytes);
}
