//! Bits of hosts and host pairs.

use core::net::IpAddr;

use hashbrown::HashMap;
use sidewire_base::Time;

use crate::state::names::StateName;

/// What a bit belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum HostBitOwner {
    Host(IpAddr),
    /// The smaller address first.
    Pair(IpAddr, IpAddr),
    /// From one host to the other.
    Path(IpAddr, IpAddr),
    /// What transactions between two hosts are about; the smaller address first.
    Subject(IpAddr, IpAddr, u64),
}

/// Bits of hosts and host pairs (`xbits`, `hostbits`), each until a time. Bounded: when full, those that end first go.
#[derive(Debug)]
pub(crate) struct HostBits {
    bits: HashMap<StateName, HashMap<HostBitOwner, Time>>,
    /// Bits over all names.
    count: usize,
    capacity: usize,
}

impl HostBits {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { bits: HashMap::new(), count: 0, capacity: capacity.max(1) }
    }

    pub(crate) fn clear(&mut self) {
        self.bits.clear();
        self.count = 0;
    }

    pub(crate) fn is_set(&self, owner: &HostBitOwner, name: &StateName, now: Time) -> bool {
        self.bits.get(name).and_then(|owners| owners.get(owner)).is_some_and(|until| *until > now)
    }

    pub(crate) fn set(&mut self, owner: HostBitOwner, name: &StateName, now: Time, until: Time) {
        if self.count >= self.capacity && self.bits.get(name).is_none_or(|owners| !owners.contains_key(&owner)) {
            self.keep(|end| end > now);
            if self.count >= self.capacity {
                self.evict();
            }
        }
        let owners = match self.bits.get_mut(name) {
            Some(owners) => owners,
            None => self.bits.entry(name.clone()).or_default(),
        };
        self.count += usize::from(owners.insert(owner, until).is_none());
    }

    pub(crate) fn unset(&mut self, owner: &HostBitOwner, name: &StateName) {
        let removed = self.bits.get_mut(name).and_then(|owners| owners.remove(owner));
        self.count -= usize::from(removed.is_some());
    }

    /// Gives up a sixteenth of the bits, those that end first, so that a full table does not do this for every bit.
    fn evict(&mut self) {
        let mut ends: Vec<Time> = self.bits.values().flat_map(HashMap::values).copied().collect();
        let at = (self.capacity / 16).min(ends.len().saturating_sub(1));
        let (_, &mut limit, _) = ends.select_nth_unstable(at);
        self.keep(|end| end > limit);
    }

    /// Keeps the bits whose end satisfies this.
    fn keep(&mut self, wanted: impl Fn(Time) -> bool) {
        for owners in self.bits.values_mut() {
            owners.retain(|_, until| wanted(*until));
        }
        self.bits.retain(|_, owners| !owners.is_empty());
        self.count = self.bits.values().map(HashMap::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expires_and_stays_bounded() {
        let mut bits = HostBits::new(32);
        let name = &StateName::new("host-bits-test");
        let host = |n: u8| HostBitOwner::Host([10, 0, 0, n].into());
        let at = |seconds| Time::new(seconds, 0);
        bits.set(host(1), name, at(0), at(10));
        assert!(bits.is_set(&host(1), name, at(9)));
        assert!(!bits.is_set(&host(1), name, at(10)));
        for n in 0..200 {
            bits.set(host(n), name, at(0), at(100 + i64::from(n)));
            assert!(bits.count <= 32);
        }
        assert!(bits.is_set(&host(199), name, at(0)), "the newest is there");
        assert!(!bits.is_set(&host(1), name, at(0)), "the one that ends first is gone");
        bits.unset(&host(199), name);
        assert!(!bits.is_set(&host(199), name, at(0)));
    }
}
