//! Ethernet addresses that were seen on a flow.

use sidewire_base::Direction;
use sidewire_decode::Ethernet;
use smallvec::SmallVec;

/// Addresses kept for each side of a flow: Suricata's limit.
const MOST: usize = 10;

/// An Ethernet address.
pub(crate) type MacAddress = [u8; 6];

/// The Ethernet addresses that the two sides of a flow used, in the order they were seen.
#[derive(Debug, Default)]
pub(crate) struct MacSet {
    client: SmallVec<[MacAddress; 1]>,
    server: SmallVec<[MacAddress; 1]>,
}

impl MacSet {
    /// Notes the addresses of a packet of the flow.
    pub(crate) fn add(&mut self, direction: Direction, header: &Ethernet) {
        let (client, server) = match direction {
            Direction::ToServer => (header.source, header.destination),
            Direction::ToClient => (header.destination, header.source),
        };
        for (side, address) in [(&mut self.client, client), (&mut self.server, server)] {
            if side.len() < MOST && !side.contains(&address) {
                side.push(address);
            }
        }
    }

    /// The flow runs the other way than was thought.
    pub(crate) const fn swap_direction(&mut self) {
        core::mem::swap(&mut self.client, &mut self.server);
    }

    /// Addresses of the sender and the receiver of what goes in a direction.
    pub(crate) fn endpoints(&self, direction: Direction) -> (&[MacAddress], &[MacAddress]) {
        match direction {
            Direction::ToServer => (&self.client, &self.server),
            Direction::ToClient => (&self.server, &self.client),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_keep_their_addresses_once_each() {
        let header = |source, destination| Ethernet {
            source: [source; 6],
            destination: [destination; 6],
            ether_type: 0x0800,
            header_type: 0x0800,
        };
        let mut set = MacSet::default();
        set.add(Direction::ToServer, &header(1, 2));
        set.add(Direction::ToClient, &header(2, 1));
        set.add(Direction::ToClient, &header(3, 1));
        assert_eq!(set.endpoints(Direction::ToServer), (&[[1; 6]][..], &[[2; 6], [3; 6]][..]));
        set.swap_direction();
        assert_eq!(set.endpoints(Direction::ToServer).0.len(), 2);
        (0..50).for_each(|address| set.add(Direction::ToServer, &header(address, 1)));
        assert_eq!(set.endpoints(Direction::ToServer).0.len(), MOST);
    }
}
