//! What all sessions of a worker share: memory limits, buffers kept for reuse, counters.

use crate::{StreamCounters, TcpConfig, TcpState};

/// A buffer begins with this many octets.
const FIRST_CAPACITY: usize = 512;
/// The largest buffer that is kept for reuse.
const POOL_CAPACITY: usize = 64 << 10;
/// Sizes of buffers that are kept: powers of two from [`FIRST_CAPACITY`] to [`POOL_CAPACITY`].
const POOL_SIZES: usize = (POOL_CAPACITY / FIRST_CAPACITY).ilog2() as usize + 1;
/// Octets kept of each size.
const POOL_OCTETS: usize = 256 << 10;

/// What the sessions of a worker share: memory budgets, a pool of buffers, counters.
///
/// The caps are this worker's own: with several workers the engine divides the configured ones.
#[derive(Debug, Default)]
pub struct TcpContext {
    /// What was counted.
    pub counters: StreamCounters,
    session_cap: u64,
    reassembly_cap: u64,
    /// Buffers for reuse, by size.
    pool: [Vec<Vec<u8>>; POOL_SIZES],
    pub(crate) scratch: Vec<u8>,
}

impl TcpContext {
    /// Budgets as configured, divided by the number of workers.
    #[must_use]
    pub fn new(config: &TcpConfig, workers: u64) -> Self {
        let share = |cap: u64| if cap == 0 { 0 } else { (cap / workers.max(1)).max(1) };
        Self { session_cap: share(config.memcap), reassembly_cap: share(config.reassembly.memcap), ..Self::default() }
    }

    /// Counts the end of a flow in the state its session has.
    pub(crate) const fn ended(&mut self, state: TcpState) {
        let counters = &mut self.counters;
        let counter = match state {
            TcpState::None | TcpState::Listen => &mut counters.end_none,
            TcpState::SynSent => &mut counters.end_syn_sent,
            TcpState::SynRecv => &mut counters.end_syn_recv,
            TcpState::Established => &mut counters.end_established,
            TcpState::FinWait1 => &mut counters.end_fin_wait1,
            TcpState::FinWait2 => &mut counters.end_fin_wait2,
            TcpState::TimeWait => &mut counters.end_time_wait,
            TcpState::LastAck => &mut counters.end_last_ack,
            TcpState::CloseWait => &mut counters.end_close_wait,
            TcpState::Closing => &mut counters.end_closing,
            TcpState::Closed => &mut counters.end_closed,
        };
        *counter += 1;
    }

    /// True when this many octets more fit under the cap of sessions.
    #[must_use]
    pub const fn has_room_for_session(&self, octets: u64) -> bool {
        self.session_cap == 0 || self.counters.memuse + octets <= self.session_cap
    }

    /// Takes octets of session state from the budget; false when the cap is hit.
    pub(crate) const fn charge_session(&mut self, octets: u64) -> bool {
        let total = self.counters.memuse + octets;
        if self.session_cap != 0 && total > self.session_cap {
            return false;
        }
        self.counters.memuse = total;
        true
    }

    pub(crate) const fn uncharge_session(&mut self, octets: u64) {
        self.counters.memuse = self.counters.memuse.saturating_sub(octets);
    }

    /// Takes octets of stream data from the budget; false when the cap is hit.
    pub(crate) const fn charge(&mut self, octets: u64) -> bool {
        let total = self.counters.reassembly_memuse + octets;
        if self.reassembly_cap != 0 && total > self.reassembly_cap {
            return false;
        }
        self.counters.reassembly_memuse = total;
        true
    }

    /// Takes octets that are in use already, whatever the cap.
    pub(crate) const fn charge_always(&mut self, octets: u64) {
        self.counters.reassembly_memuse += octets;
    }

    pub(crate) const fn uncharge(&mut self, octets: u64) {
        self.counters.reassembly_memuse = self.counters.reassembly_memuse.saturating_sub(octets);
    }

    /// An empty buffer for at least this many octets, charged; `None` when the cap is hit.
    pub(crate) fn buffer(&mut self, octets: usize) -> Option<Vec<u8>> {
        let capacity = octets.next_power_of_two().max(FIRST_CAPACITY);
        if !self.charge(capacity as u64) {
            return None;
        }
        let pooled = self.pool.get_mut(size_number(capacity)).and_then(Vec::pop);
        Some(pooled.unwrap_or_else(|| Vec::with_capacity(capacity)))
    }

    /// Gives a buffer back.
    pub(crate) fn recycle(&mut self, mut buffer: Vec<u8>) {
        let capacity = buffer.capacity();
        self.uncharge(capacity as u64);
        if capacity >= FIRST_CAPACITY
            && capacity.is_power_of_two()
            && let Some(pool) = self.pool.get_mut(size_number(capacity))
            && pool.len() < POOL_OCTETS / capacity
        {
            buffer.clear();
            pool.push(buffer);
        }
    }
}

/// Position in the pool of a capacity that is a power of two and not less than [`FIRST_CAPACITY`].
const fn size_number(capacity: usize) -> usize {
    (capacity / FIRST_CAPACITY).trailing_zeros() as usize
}
