use core::net::IpAddr;

use sidewire_base::{Direction, Time};
use sidewire_decode::Tcp;

use crate::{Config, Events, Shared, State, Stream};

/// What a segment did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Stream events of this segment.
    pub events: Events,
    /// False when state tracking rejected the segment: its payload is not part of the stream.
    pub valid: bool,
    /// The session turned out to run the other way: exchange client and server of the flow (`FlowTable::swap_direction`)
    /// and look at this packet's direction anew. The session has already turned.
    pub swap: bool,
    /// This segment began the session.
    pub began: bool,
    /// The state changed.
    pub changed: bool,
    /// The session became established with this segment.
    pub established: bool,
    /// The session closed with this segment.
    pub closed: bool,
    /// Directions in which octets, a gap or the end became visible.
    pub visible: [bool; 2],
    /// The direction that reached the configured depth with this segment.
    pub depth_reached: [bool; 2],
    /// The payload (or part of it) was seen before.
    pub retransmission: bool,
    /// The segment is a keep-alive or its answer, and carries no new data.
    pub keep_alive: bool,
    /// Inline only: the segment is to be dropped.
    pub drop: bool,
    /// The payload as inspected in the packet: cut by octets beyond the window or urgent octets? Length to use.
    pub payload_length: usize,
}

/// A TCP session: both streams and the state that judges segments.
#[derive(Debug, Default)]
pub struct Session {
    state: State,
    streams: [Stream; 2],
}

impl Session {
    /// Before the first segment. The addresses choose the overlap policies.
    #[must_use]
    pub fn new(config: &Config, client: IpAddr, server: IpAddr) -> Self {
        let _ = (config, client, server);
        Self::default()
    }

    /// Takes a segment. Call for every TCP packet of the flow whose checksum is not known to be wrong, in capture order.
    pub fn packet(
        &mut self,
        tcp: &Tcp<'_>,
        payload: &[u8],
        direction: Direction,
        time: Time,
        config: &Config,
        shared: &mut Shared,
    ) -> Outcome {
        let _ = (tcp, payload, direction, time, config, shared);
        Outcome::default()
    }

    /// Does this segment begin a new session although this one exists? For the `replace` question of the flow table.
    #[must_use]
    pub fn reused_by(&self, tcp: &Tcp<'_>, direction: Direction, config: &Config) -> bool {
        let _ = (tcp, direction, config);
        false
    }

    /// Makes everything held visible and ends both streams: the flow timed out, was evicted, or the capture ended. Gaps
    /// that were waited for become gaps. Returns the directions with something new.
    pub fn close(&mut self, config: &Config, shared: &mut Shared) -> [bool; 2] {
        let _ = (config, shared);
        [false; 2]
    }

    /// Frees what both consumers are done with. Call after they ran.
    pub fn release(&mut self, config: &Config, shared: &mut Shared) {
        let _ = shared;
        for stream in &mut self.streams {
            stream.release(config);
        }
    }

    /// Returns all memory to the budget. Must be called once before the session is dropped.
    pub fn discard(&mut self, shared: &mut Shared) {
        let _ = shared;
    }

    /// One direction.
    #[must_use]
    pub fn stream(&self, direction: Direction) -> &Stream {
        &self.streams[direction]
    }

    /// One direction, to change.
    #[must_use]
    pub fn stream_mut(&mut self, direction: Direction) -> &mut Stream {
        &mut self.streams[direction]
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Complete handshake or picked up, whatever came after.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.state >= State::Established
    }

    /// Picked up without its handshake.
    #[must_use]
    pub const fn midstream(&self) -> bool {
        false
    }

    /// Only one side is seen.
    #[must_use]
    pub const fn one_sided(&self) -> bool {
        false
    }

    /// Every TCP flag seen in either direction.
    #[must_use]
    pub fn tcp_flags(&self) -> u8 {
        self.streams.iter().fold(0, |flags, stream| flags | stream.tcp_flags())
    }
}
