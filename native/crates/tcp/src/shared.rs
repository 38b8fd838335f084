use crate::{Config, Counters, State};

/// Buffers kept for reuse, and the largest kept.
const POOL_BUFFERS: usize = 256;
const POOL_CAPACITY: usize = 64 << 10;

/// What the sessions of a worker share: memory budgets, a pool of buffers, counters.
///
/// The caps are this worker's own: with several workers the engine divides the configured ones.
#[derive(Debug, Default)]
pub struct Shared {
    /// What was counted.
    pub counters: Counters,
    session_cap: u64,
    reassembly_cap: u64,
    pub(crate) pool: Vec<Vec<u8>>,
    pub(crate) scratch: Vec<u8>,
}

impl Shared {
    /// Budgets as configured, divided by the number of workers.
    #[must_use]
    pub fn new(config: &Config, workers: u64) -> Self {
        let share = |cap: u64| if cap == 0 { 0 } else { (cap / workers.max(1)).max(1) };
        Self { session_cap: share(config.memcap), reassembly_cap: share(config.reassembly.memcap), ..Self::default() }
    }

    /// Counts the end of a flow in the state its session has.
    pub const fn ended(&mut self, state: State) {
        let counters = &mut self.counters;
        let counter = match state {
            State::None | State::Listen => &mut counters.end_none,
            State::SynSent => &mut counters.end_syn_sent,
            State::SynRecv => &mut counters.end_syn_recv,
            State::Established => &mut counters.end_established,
            State::FinWait1 => &mut counters.end_fin_wait1,
            State::FinWait2 => &mut counters.end_fin_wait2,
            State::TimeWait => &mut counters.end_time_wait,
            State::LastAck => &mut counters.end_last_ack,
            State::CloseWait => &mut counters.end_close_wait,
            State::Closing => &mut counters.end_closing,
            State::Closed => &mut counters.end_closed,
        };
        *counter += 1;
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

    /// Gives a buffer back.
    pub(crate) fn recycle(&mut self, mut buffer: Vec<u8>) {
        self.uncharge(buffer.capacity() as u64);
        if self.pool.len() < POOL_BUFFERS && (1..=POOL_CAPACITY).contains(&buffer.capacity()) {
            buffer.clear();
            self.pool.push(buffer);
        }
    }
}
