use core::ops::{Index, IndexMut};

use sidewire_base::Direction;

/// One of each, per direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pair<T> {
    pub(crate) to_server: T,
    pub(crate) to_client: T,
}

impl<T> Pair<T> {
    /// The same for both.
    pub(crate) fn map<U>(&mut self, mut make: impl FnMut(&mut T) -> U) -> Pair<U> {
        Pair { to_server: make(&mut self.to_server), to_client: make(&mut self.to_client) }
    }

    /// To-server first.
    pub(crate) fn into_array(self) -> [T; 2] {
        [self.to_server, self.to_client]
    }

    /// Exchanges both.
    pub(crate) const fn swap(&mut self) {
        core::mem::swap(&mut self.to_server, &mut self.to_client);
    }
}

impl<T> Index<Direction> for Pair<T> {
    type Output = T;
    #[inline]
    fn index(&self, direction: Direction) -> &T {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

impl<T> IndexMut<Direction> for Pair<T> {
    #[inline]
    fn index_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}
