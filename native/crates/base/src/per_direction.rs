//! One value for each direction of a flow.

use core::array;
use core::ops::{Index, IndexMut};

use crate::Direction;

/// One `T` for each direction, indexed by [`Direction`]. Indexing cannot fail, and a bare integer cannot index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PerDirection<T> {
    /// What belongs to octets from the client.
    pub to_server: T,
    /// What belongs to octets from the server.
    pub to_client: T,
}

impl<T> PerDirection<T> {
    /// One value each.
    #[must_use]
    pub const fn new(to_server: T, to_client: T) -> Self {
        Self { to_server, to_client }
    }

    /// The same value twice.
    #[must_use]
    pub fn both(value: T) -> Self
    where
        T: Clone,
    {
        Self { to_server: value.clone(), to_client: value }
    }

    /// What `make` gives for each direction, to-server first.
    #[must_use]
    pub fn from_fn(mut make: impl FnMut(Direction) -> T) -> Self {
        Self { to_server: make(Direction::ToServer), to_client: make(Direction::ToClient) }
    }

    /// What `make` turns each value into, to-server first.
    #[must_use]
    pub fn map<U>(self, mut make: impl FnMut(T) -> U) -> PerDirection<U> {
        PerDirection { to_server: make(self.to_server), to_client: make(self.to_client) }
    }

    /// References to both.
    #[must_use]
    pub const fn as_ref(&self) -> PerDirection<&T> {
        PerDirection { to_server: &self.to_server, to_client: &self.to_client }
    }

    /// Mutable references to both.
    #[must_use]
    pub const fn as_mut(&mut self) -> PerDirection<&mut T> {
        PerDirection { to_server: &mut self.to_server, to_client: &mut self.to_client }
    }

    /// Both values, to-server first.
    pub fn iter(&self) -> array::IntoIter<&T, 2> {
        self.as_ref().into_iter()
    }

    /// Both values, mutable, to-server first.
    pub fn iter_mut(&mut self) -> array::IntoIter<&mut T, 2> {
        self.as_mut().into_iter()
    }

    /// Exchanges the values: the flow turned out to run the other way.
    pub const fn swap(&mut self) {
        core::mem::swap(&mut self.to_server, &mut self.to_client);
    }

    /// Both values, to-server first.
    #[must_use]
    pub fn into_array(self) -> [T; 2] {
        [self.to_server, self.to_client]
    }
}

impl<T> Index<Direction> for PerDirection<T> {
    type Output = T;
    #[inline]
    fn index(&self, direction: Direction) -> &T {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

impl<T> IndexMut<Direction> for PerDirection<T> {
    #[inline]
    fn index_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}

impl<T> From<[T; 2]> for PerDirection<T> {
    fn from([to_server, to_client]: [T; 2]) -> Self {
        Self { to_server, to_client }
    }
}

impl<T> IntoIterator for PerDirection<T> {
    type Item = T;
    type IntoIter = array::IntoIter<T, 2>;
    fn into_iter(self) -> Self::IntoIter {
        self.into_array().into_iter()
    }
}

impl<'a, T> IntoIterator for &'a PerDirection<T> {
    type Item = &'a T;
    type IntoIter = array::IntoIter<&'a T, 2>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut PerDirection<T> {
    type Item = &'a mut T;
    type IntoIter = array::IntoIter<&'a mut T, 2>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_finds_its_own_value() {
        let mut octets = PerDirection::from_fn(|direction| direction.index() + 1);
        octets[Direction::ToClient] += 10;
        assert_eq!((octets[Direction::ToServer], octets[Direction::ToClient]), (1, 12));
        octets.swap();
        assert_eq!(octets.into_array(), [12, 1]);
        for value in &mut octets {
            *value *= 2;
        }
        assert_eq!(octets, PerDirection::from([24, 2]));
        assert_eq!(octets.iter().sum::<usize>(), 26);
        assert_eq!(octets.map(|value| value == 2), PerDirection::new(false, true));
    }
}
