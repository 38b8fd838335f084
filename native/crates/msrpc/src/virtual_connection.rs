//! RPC over HTTP: a virtual connection is two TCP connections, one for each direction. [MS-RPCH] 3.2.2, 1.3.

use core::net::IpAddr;
use std::collections::VecDeque;

use sidewire_base::{Direction, Endpoint, Time};

use crate::bounded::BoundedMap;
use crate::{ExchangeStore, FedOctets, RpcConnection, RpcContext, RpcLimits, Uuid};

/// Virtual connections known at a time, and flows of theirs that were announced.
const MAX_CHANNELS: usize = 1024;
/// Octets of all requests that wait for the flow of the answers.
const MAX_WAITING: usize = 8 << 20;
/// Pieces of the requests of one virtual connection that keep a time of their own; what comes later takes the last one's.
const MAX_PIECES: usize = 64;

/// Which virtual connection: its cookie ([MS-RPCH] 2.2.3.5.4), between two hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VirtualId {
    /// Who opened it.
    pub client: IpAddr,
    /// The proxy.
    pub server: IpAddr,
    /// Chosen by the client.
    pub cookie: Uuid,
}

/// A TCP connection's part in a virtual connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VirtualChannel {
    /// The virtual connection.
    pub of: VirtualId,
    /// `ToServer`: the IN channel, which carries requests; `ToClient`: the OUT channel, which carries answers.
    pub carries: Direction,
}

/// A flow by its ends: client, server.
type VirtualEnds = (Endpoint, Endpoint);

/// The virtual connections of the hosts a worker sees.
#[derive(Debug, Default)]
pub struct VirtualConnections {
    known: BoundedMap<VirtualId, VirtualConnection>,
    announced: BoundedMap<VirtualEnds, VirtualChannel>,
    waiting: usize,
}

/// A virtual connection. Its calls live with the flow of the answers; requests wait for it.
#[derive(Debug, Default)]
pub struct VirtualConnection {
    connection: RpcConnection,
    pieces: VecDeque<VirtualPiece>,
    /// The flow whose transactions hold its calls.
    owner: Option<VirtualEnds>,
}

/// Octets of the requests, and how many are missing in front of them.
#[derive(Debug)]
struct VirtualPiece {
    time: Time,
    octets: Vec<u8>,
    missing: u64,
}

impl VirtualConnections {
    /// Remembers that what follows on a flow is a channel.
    pub fn announce(&mut self, client: Endpoint, server: Endpoint, cookie: Uuid, carries: Direction) {
        let of = VirtualId { client: client.address, server: server.address, cookie };
        self.announced.insert((client, server), VirtualChannel { of, carries }, MAX_CHANNELS);
    }

    /// The channel that a flow was announced to be.
    pub fn take_announced(&mut self, client: Endpoint, server: Endpoint) -> Option<VirtualChannel> {
        self.announced.remove(&(client, server))
    }

    /// Keeps octets of the IN channel until the OUT channel's flow comes for them; `missing` octets in front of them are
    /// not in the capture.
    pub fn keep(&mut self, id: VirtualId, time: Time, missing: u64, octets: &[u8], limits: RpcLimits) {
        let full = octets.len() > MAX_WAITING.saturating_sub(self.waiting);
        let kept = if full { &[] } else { octets };
        let missing = missing.saturating_add((octets.len() - kept.len()) as u64);
        let Some(of) = self.get(id, limits) else { return };
        let pieces = of.pieces.len();
        match of.pieces.back_mut().filter(|last| pieces >= MAX_PIECES && (missing == 0 || last.octets.is_empty())) {
            Some(last) => {
                last.missing = last.missing.saturating_add(missing);
                last.octets.extend_from_slice(kept);
            }
            None if pieces < 2 * MAX_PIECES => {
                of.pieces.push_back(VirtualPiece { time, missing, octets: kept.to_vec() });
            }
            None => return, // gap upon gap: what they hold is lost, and looked for anew behind them
        }
        self.waiting += kept.len();
    }

    fn get(&mut self, id: VirtualId, limits: RpcLimits) -> Option<&mut VirtualConnection> {
        if !self.known.contains(&id) {
            let connection = RpcConnection::new(limits);
            if self.known.insert(id, VirtualConnection { connection, ..VirtualConnection::default() }, MAX_CHANNELS) > 0
            {
                self.waiting = self.known.values().map(VirtualConnection::kept).sum();
            }
        }
        self.known.get_mut(&id)
    }

    /// Takes a virtual connection out of its place for a flow, by its ends, that is to hold its calls.
    pub fn take(&mut self, id: VirtualId, flow: (Endpoint, Endpoint), limits: RpcLimits) -> VirtualConnection {
        let mut of = self.get(id, limits).map(core::mem::take).unwrap_or_default();
        self.waiting = self.waiting.saturating_sub(of.kept());
        if of.owner.replace(flow).is_some_and(|before| before != flow) {
            // The channel was replaced by another ([MS-RPCH] 3.2.2.4); its calls stay with the flow they began on.
            of.connection.forget_calls();
        }
        of
    }

    /// Puts it back.
    pub fn give_back(&mut self, id: VirtualId, connection: VirtualConnection) {
        if let Some(place) = self.known.get_mut(&id) {
            *place = connection;
        }
    }

    /// True when some flow holds the calls.
    #[must_use]
    pub fn is_owned(&self, id: VirtualId) -> bool {
        self.known.get(&id).is_some_and(|of| of.owner.is_some())
    }
}

/// What happened on the flow that holds the calls of a virtual connection.
#[derive(Clone, Copy, Debug)]
pub enum OutChannelEvent<'a> {
    /// Octets of the OUT channel; nothing follows when `last`.
    Octets(&'a [u8], bool),
    /// Octets of it are missing.
    Missing(u64),
    /// The flow ended.
    End,
}

/// Exchanges that can be told the time of what comes next.
pub trait TimedExchanges: ExchangeStore {
    /// What follows was sent then.
    fn at(&mut self, time: Time);
}

impl VirtualConnection {
    /// Reads the requests that waited, each at its time, then the answers.
    pub fn pump(
        &mut self,
        answers: OutChannelEvent<'_>,
        around: &mut RpcContext<'_>,
        exchanges: &mut impl TimedExchanges,
    ) -> FedOctets {
        let now = around.time;
        for VirtualPiece { time, missing, octets } in core::mem::take(&mut self.pieces) {
            around.time = time;
            exchanges.at(time);
            if missing > 0 {
                self.connection.gap(Direction::ToServer, missing, exchanges, around);
            }
            self.connection.message(Direction::ToServer, &octets, exchanges, around);
        }
        around.time = now;
        exchanges.at(now);
        let mut fed = FedOctets::default();
        match answers {
            OutChannelEvent::Octets(data, last) => {
                fed = self.connection.feed(Direction::ToClient, data, last, exchanges, around);
            }
            OutChannelEvent::Missing(length) => self.connection.gap(Direction::ToClient, length, exchanges, around),
            OutChannelEvent::End => {
                Direction::BOTH.into_iter().for_each(|direction| self.connection.close(direction, exchanges, around));
                self.connection.finish(exchanges, around);
                self.owner = None;
            }
        }
        fed
    }

    fn kept(&self) -> usize {
        self.pieces.iter().map(|piece| piece.octets.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded() {
        let mut table = VirtualConnections::default();
        let id =
            |n: u32| VirtualId { client: [10, 0, 0, 1].into(), server: [10, 0, 0, 2].into(), cookie: Uuid::com(n) };
        for n in 0..3000 {
            table.keep(id(n), Time::default(), 0, &[0; 1000], RpcLimits::default());
        }
        assert!(table.known.values().count() <= MAX_CHANNELS);
        assert_eq!(table.waiting, table.known.values().map(VirtualConnection::kept).sum::<usize>());
        for turn in 0..100_000 {
            table.keep(id(2999), Time::default(), u64::from(turn % 3 == 0), &[0; 200], RpcLimits::default());
        }
        let of = table.known.get(&id(2999)).unwrap();
        assert!(of.pieces.len() <= 2 * MAX_PIECES && table.waiting <= MAX_WAITING);
        let end = |port| Endpoint { address: [10, 0, 0, 1].into(), port };
        for port in 0..5000 {
            table.announce(end(port), end(80), Uuid::com(1), Direction::ToServer);
        }
        assert!(table.announced.values().count() <= MAX_CHANNELS);
        assert!(table.take_announced(end(4999), end(80)).is_some());
        assert!(table.take_announced(end(4999), end(80)).is_none());
    }
}
