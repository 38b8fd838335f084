//! Octets of unfinished calls, counted over all connections of a worker: many small hoards are a large one.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// What all connections of a worker hold together. A worker is one thread; the counter is shared with the connections'
/// [`StubMemory`], wherever they are dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryTotal(Arc<AtomicUsize>);

impl MemoryTotal {
    /// Octets.
    pub(crate) fn octets(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one connection holds. It gives back what is left when it goes.
#[derive(Debug, Default)]
pub(crate) struct StubMemory {
    octets: usize,
    total: Option<MemoryTotal>,
}

impl StubMemory {
    /// Counts in a total from here on.
    pub(crate) fn count_in(&mut self, total: &MemoryTotal) {
        if self.total.is_none() {
            total.0.fetch_add(self.octets, Ordering::Relaxed);
            self.total = Some(total.clone());
        }
    }

    /// Octets of this connection.
    pub(crate) const fn octets(&self) -> usize {
        self.octets
    }

    /// Octets that may still be taken, where a connection may hold `own` and all together `all`.
    pub(crate) fn room(&self, own: usize, all: usize) -> usize {
        let total = self.total.as_ref().map_or(self.octets, MemoryTotal::octets);
        own.saturating_sub(self.octets).min(all.saturating_sub(total))
    }

    /// Holds `octets` more.
    pub(crate) fn take(&mut self, octets: usize) {
        self.octets += octets;
        if let Some(total) = &self.total {
            total.0.fetch_add(octets, Ordering::Relaxed);
        }
    }

    /// Holds so many octets.
    pub(crate) fn hold(&mut self, octets: usize) {
        self.give_back(self.octets.saturating_sub(octets));
        self.take(octets.saturating_sub(self.octets));
    }

    /// Holds `octets` less.
    pub(crate) fn give_back(&mut self, octets: usize) {
        let octets = octets.min(self.octets);
        self.octets -= octets;
        if let Some(total) = &self.total {
            total.0.fetch_sub(octets, Ordering::Relaxed);
        }
    }
}

impl Drop for StubMemory {
    fn drop(&mut self) {
        self.give_back(self.octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_hold_bounds_what_each_may() {
        let total = MemoryTotal::default();
        let (mut one, mut other) = (StubMemory::default(), StubMemory::default());
        one.take(10);
        one.count_in(&total);
        other.count_in(&total);
        other.take(25);
        assert_eq!((total.octets(), one.room(30, 40), other.room(30, 100)), (35, 5, 5));
        other.give_back(20);
        assert_eq!((one.octets(), one.room(30, 40)), (10, 20));
        drop(one);
        assert_eq!(total.octets(), 5);
    }
}
