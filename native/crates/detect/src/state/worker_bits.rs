//! Bits of hosts and pairs of hosts, as a worker sees them: those of single hosts are shared by all workers, those of pairs
//! are its own, because all flows between two hosts are.

use sidewire_base::Time;

use crate::state::host_bits::{HostBitOwner, HostBits};
use crate::state::names::StateName;
use crate::state::shared::{SharedFlowKey, SharedHandle};

#[derive(Debug)]
pub(crate) struct WorkerBits {
    pairs: HostBits,
    pub(crate) shared: SharedHandle,
}

impl WorkerBits {
    /// With room for this number of bits of pairs.
    pub(crate) fn new(capacity: usize, shared: SharedHandle) -> Self {
        Self { pairs: HostBits::new(capacity), shared }
    }

    /// Forgets the bits of pairs; those of hosts go with the source: [`SharedHandle::begin_source`].
    pub(crate) fn reset(&mut self) {
        self.pairs.clear();
    }

    pub(crate) fn is_set(&self, owner: &HostBitOwner, name: &StateName, now: Time, flow: SharedFlowKey) -> bool {
        match owner {
            HostBitOwner::Host(_) => self.shared.is_set(owner, name, now, flow),
            HostBitOwner::Pair(..) | HostBitOwner::Path(..) | HostBitOwner::Subject(..) => {
                self.pairs.is_set(owner, name, now)
            }
        }
    }

    /// Sets a bit until a time, or unsets it.
    pub(crate) fn change(
        &mut self,
        owner: HostBitOwner,
        name: &StateName,
        now: Time,
        until: Option<Time>,
        flow: SharedFlowKey,
    ) {
        match (&owner, until) {
            (HostBitOwner::Host(_), _) => self.shared.change(owner, name, now, until, flow),
            (_, Some(until)) => self.pairs.set(owner, name, now, until),
            (_, None) => self.pairs.unset(&owner, name),
        }
    }
}
