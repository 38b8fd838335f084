//! A map with a bound: what was not used for longest goes first, and is counted.

use std::collections::BTreeMap;

/// At most `bound` entries by key. Ordered by key, so that nothing depends on a hash.
pub(super) struct Table<K, V> {
    entries: BTreeMap<K, Entry<V>>,
    bound: usize,
    clock: u64,
    evicted: u64,
}

struct Entry<V> {
    used: u64,
    value: V,
}

impl<K: Ord + Copy, V> Table<K, V> {
    /// An empty table; a bound of 0 means one entry.
    pub(super) fn new(bound: usize) -> Self {
        Self { entries: BTreeMap::new(), bound: bound.max(1), clock: 0, evicted: 0 }
    }

    /// Puts a value in. Gives what had to go: the former value of the key, or the entry not used for longest.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.clock += 1;
        let mut gone = None;
        if self.entries.len() >= self.bound && !self.entries.contains_key(&key) {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            gone = oldest.and_then(|oldest| self.entries.remove(&oldest));
            self.evicted += 1;
        }
        self.entries.insert(key, Entry { used: self.clock, value }).or(gone).map(|entry| entry.value)
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
        let mut table = Table::new(2);
        assert_eq!(table.insert(1, 'a'), None);
        assert_eq!(table.insert(2, 'b'), None);
        assert_eq!(table.get_mut(&1), Some(&mut 'a'));
        assert_eq!(table.insert(3, 'c'), Some('b'));
        assert_eq!((table.peek(&1), table.peek(&2), table.peek(&3)), (Some(&'a'), None, Some(&'c')));
        assert_eq!(table.insert(3, 'd'), Some('c'), "the same key replaces");
        assert_eq!((table.len(), table.evicted()), (2, 1));
    }
}
