//! A map with a bound: what was not used for longest goes first, and is counted.

use core::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// At most `bound` entries by key. Ordered by key, so that nothing depends on a hash.
pub(super) struct BoundedTable<K, V> {
    entries: BTreeMap<K, TableEntry<V>>,
    /// Every entry with a time of its use, the earliest first. It may have been used again since, or be gone: that is found
    /// when its turn comes, so that a use costs nothing here.
    order: BinaryHeap<Reverse<(u64, K)>>,
    bound: usize,
    clock: u64,
    evicted: u64,
}

struct TableEntry<V> {
    used: u64,
    value: V,
}

impl<K: Ord + Copy, V> BoundedTable<K, V> {
    /// An empty table; a bound of 0 means one entry.
    pub(super) fn new(bound: usize) -> Self {
        Self { entries: BTreeMap::new(), order: BinaryHeap::new(), bound: bound.max(1), clock: 0, evicted: 0 }
    }

    /// Puts a value in. Gives what had to go: the former value of the key, or the entry not used for longest.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.clock += 1;
        let mut gone = None;
        if self.entries.len() >= self.bound && !self.entries.contains_key(&key) {
            gone = self.evict();
        }
        let former = self.entries.insert(key, TableEntry { used: self.clock, value });
        if former.is_none() {
            self.order.push(Reverse((self.clock, key)));
            if self.order.len() / 2 > self.bound {
                // Entries that were taken out by their key.
                self.order = self.entries.iter().map(|(key, entry)| Reverse((entry.used, *key))).collect();
            }
        }
        former.map(|entry| entry.value).or(gone)
    }

    /// Takes out the entry not used for longest.
    fn evict(&mut self) -> Option<V> {
        while let Some(Reverse((used, key))) = self.order.pop() {
            match self.entries.get(&key) {
                Some(entry) if entry.used == used => {
                    self.evicted += 1;
                    return self.entries.remove(&key).map(|entry| entry.value);
                }
                Some(entry) => self.order.push(Reverse((entry.used, key))),
                None => {}
            }
        }
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All values, in the order of their keys.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|entry| &entry.value)
    }

    /// The value of a key, without counting as a use.
    pub(super) fn peek(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The value of a key; a use.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(&mut entry.value)
    }

    /// Takes a value out.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|entry| entry.value)
    }

    /// All values in the order of their keys.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut().map(|entry| &mut entry.value)
    }

    /// How many entries there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many entries went for want of room.
    pub(super) const fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_used_goes_first() {
        let mut table = BoundedTable::new(2);
        assert_eq!(table.insert(1, 'a'), None);
        assert_eq!(table.insert(2, 'b'), None);
        assert_eq!(table.get_mut(&1), Some(&mut 'a'));
        assert_eq!(table.insert(3, 'c'), Some('b'));
        assert_eq!((table.peek(&1), table.peek(&2), table.peek(&3)), (Some(&'a'), None, Some(&'c')));
        assert_eq!(table.insert(3, 'd'), Some('c'), "the same key replaces");
        assert_eq!((table.len(), table.evicted()), (2, 1));
    }
    #[test]
    fn many_go_in_the_order_of_their_last_use() {
        let mut table = BoundedTable::new(100);
        (0..100).for_each(|key| assert_eq!(table.insert(key, key), None));
        (0..100).rev().for_each(|key| assert_eq!(table.get_mut(&key), Some(&mut { key })));
        (0..50).for_each(|key| assert_eq!(table.insert(1000 + key, 0), Some(99 - key)));
        for key in 0..10_000 {
            table.insert(2000 + key, 0);
            table.remove(&(2000 + key));
            assert_eq!(table.len(), 99);
        }
        assert!(table.order.len() <= 201);
        assert_eq!((table.insert(7000, 0), table.insert(7001, 0)), (None, Some(48)));
    }
}
