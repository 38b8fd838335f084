use sidewire_base::{Direction, Time};

use crate::{Config, Counters, EndReason, Flow, FlowState, Tuple};

/// Names a flow in its table. Valid until the flow ends; a handle kept longer finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    index: u32,
    generation: u32,
}

/// What is counted of a packet.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Engine time.
    pub time: Time,
    /// Position in the capture.
    pub ordinal: u64,
    /// Octets to count.
    pub bytes: u32,
}

/// The flow of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The flow.
    pub handle: Handle,
    /// The packet's direction in it.
    pub direction: Direction,
    /// True when this packet opened it.
    pub is_new: bool,
}

/// All flows of a worker.
pub struct FlowTable<S> {
    config: Config,
    counters: Counters,
    _s: core::marker::PhantomData<S>,
}

impl<S> FlowTable<S> {
    /// An empty table. `seed` makes collisions unpredictable; it never shows in output.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        let _ = seed;
        Self { config, counters: Counters::default(), _s: core::marker::PhantomData }
    }

    /// Finds or opens the flow of a packet and counts the packet.
    ///
    /// `make` gives the state of a new flow. `replace` says whether this packet begins a new flow although its tuple has
    /// one (TCP reuse); it is asked before the packet is counted. `ended` takes flows that end: one that timed out before
    /// this packet, one that is replaced, those evicted for memory. `None` when the memory cap leaves no room.
    pub fn track(
        &mut self,
        tuple: &Tuple,
        stamp: Stamp,
        make: impl FnOnce(&Tuple) -> S,
        replace: impl FnOnce(&Flow<S>, Direction) -> bool,
        ended: impl FnMut(Flow<S>, EndReason),
    ) -> Option<Lookup> {
        let _ = (tuple, stamp, make, replace, ended);
        None
    }

    /// A flow.
    #[must_use]
    pub fn get(&self, handle: Handle) -> Option<&Flow<S>> {
        let _ = handle;
        None
    }

    /// A flow, to change.
    #[must_use]
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut Flow<S>> {
        let _ = handle;
        None
    }

    /// Changes a flow's state, and with it its timeout.
    pub fn set_state(&mut self, handle: Handle, state: FlowState) {
        let _ = (handle, state);
    }

    /// Exchanges client and server of a flow.
    pub fn swap_direction(&mut self, handle: Handle) {
        if let Some(flow) = self.get_mut(handle) {
            flow.swap_direction();
        }
    }

    /// Ends the flows whose timeout has passed, ordered by expiry time, then first ordinal. Cheap when nothing expires:
    /// call it for each packet or batch.
    pub fn expire(&mut self, now: Time, ended: impl FnMut(Flow<S>, EndReason)) {
        let _ = (now, ended);
    }

    /// Ends every flow, ordered by first ordinal.
    pub fn drain(&mut self, ended: impl FnMut(Flow<S>, EndReason)) {
        let _ = ended;
    }

    /// Number of open flows.
    #[must_use]
    pub fn len(&self) -> usize {
        0
    }

    /// True when no flow is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was counted.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }
}
