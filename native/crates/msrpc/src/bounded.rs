//! A map of bounded size.

use core::hash::Hash;
use std::collections::VecDeque;

use hashbrown::HashMap;

/// A map of bounded size whose oldest entry makes room.
#[derive(Debug)]
pub(crate) struct BoundedMap<K, V> {
    map: HashMap<K, V>,
    /// Keys in the order they came; keys that were removed since stay until their turn.
    order: VecDeque<K>,
}

impl<K, V> Default for BoundedMap<K, V> {
    fn default() -> Self {
        Self { map: HashMap::default(), order: VecDeque::new() }
    }
}

impl<K: Copy + Eq + Hash, V> BoundedMap<K, V> {
    /// Gives the number of entries that had to go.
    pub(crate) fn insert(&mut self, key: K, value: V, limit: usize) -> u64 {
        let mut gone = 0;
        if self.map.insert(key, value).is_none() {
            self.order.push_back(key);
            while self.map.len() > limit || self.order.len() > limit * 2 {
                let Some(oldest) = self.order.pop_front() else { break };
                gone += u64::from(self.map.remove(&oldest).is_some());
            }
        }
        gone
    }

    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.map.contains_key(key)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.map.values()
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let gone = self.map.remove(key)?;
        if self.order.back() == Some(key) {
            self.order.pop_back();
        }
        Some(gone)
    }

    /// Moves an entry to the front of those that make room.
    pub(crate) fn first_to_go(&mut self, key: K, limit: usize) {
        if self.map.contains_key(&key) {
            self.order.push_front(key);
            // What is asked for again and again must not grow the queue: its last places are the entry's older ones.
            if self.order.len() > limit * 2 {
                self.order.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_longer_pinged_makes_room_first() {
        let mut bounded = BoundedMap::default();
        (0..4).for_each(|key| assert_eq!(bounded.insert(key, (), 4), 0));
        (0..100).for_each(|_| bounded.first_to_go(2, 4));
        assert!(bounded.order.len() <= 8);
        assert_eq!(bounded.insert(4, (), 4), 1);
        assert!(!bounded.map.contains_key(&2) && bounded.map.contains_key(&0));
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut bounded = BoundedMap::default();
        let gone: u64 = (0..10).map(|key| bounded.insert(key, (), 4)).sum();
        assert_eq!((gone, bounded.map.len()), (6, 4));
        assert!(bounded.map.contains_key(&9) && !bounded.map.contains_key(&5));
        for key in 0..1000 {
            bounded.insert(key, (), 4);
            bounded.remove(&key);
        }
        assert!(bounded.order.len() <= 9);
        for _ in 0..100 {
            bounded.remove(&7);
            bounded.insert(7, (), 4);
            assert!(bounded.map.contains_key(&7), "what goes and comes again does not make room for itself");
        }
    }
}
