//! Protocol detection: which protocol a flow speaks, told from its first octets.

mod event;
mod options;
mod patterns;
mod probes;
mod state;
mod table;
#[cfg(test)]
mod tests;

use aho_corasick::BuildError;
use sidewire_base::{Direction, ProtocolId};

use crate::{ProtocolDef, Transport};
pub use event::DetectionEvent;
pub use options::{DetectionOptions, TransportOptions};
use probes::{ProbeContext, ProbeState};
pub use state::DetectionState;
use state::SideStatus;
use table::TransportTable;

/// Octets of one direction after which a protocol that was not recognised is given up.
pub const MAX_DEPTH: usize = 32 * 1024;

/// Octets of a direction that told nothing after which the other, which has not told yet, is not waited for any more.
pub const MAX_WAIT: usize = 100_000;

/// Which protocol a flow speaks, told from its first octets: patterns first, then looks by port, then looks on any port.
///
/// Immutable and shared; what a flow needs to remember is in its [`DetectionState`].
pub struct Detection {
    protocols: &'static [ProtocolDef],
    options: Vec<DetectionOptions>,
    tcp: TransportTable,
    udp: TransportTable,
}

/// What one call could say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectionOutcome {
    /// The direction is decided.
    Found {
        /// Position in the list the detection was made over.
        protocol: ProtocolId,
        /// The flow's directions must be swapped: its first packet was the server's.
        reversed: bool,
    },
    /// More octets may tell.
    More,
    /// This direction will never tell.
    Failed,
}

impl Detection {
    /// A detection over `protocols`; `options` by their position, missing ones are the default.
    ///
    /// # Errors
    /// Only when the patterns together exceed what the pattern matcher can hold.
    pub fn new(protocols: &'static [ProtocolDef], options: &[DetectionOptions]) -> Result<Self, BuildError> {
        let mut all: Vec<DetectionOptions> = options.to_vec();
        all.resize(protocols.len(), DetectionOptions::default());
        let table = |transport| TransportTable::new(protocols, &all, transport);
        let (tcp, udp) = (table(Transport::Tcp)?, table(Transport::Udp)?);
        Ok(Self { protocols, options: all, tcp, udp })
    }

    /// The protocols, by the position that [`DetectionOutcome`] carries.
    #[must_use]
    pub const fn protocols(&self) -> &'static [ProtocolDef] {
        self.protocols
    }

    /// True when flows of this protocol are to be parsed, not only named.
    #[must_use]
    pub fn parses(&self, protocol: ProtocolId) -> bool {
        self.options.get(protocol.index()).is_some_and(|options| options.parse)
    }

    /// Position of a protocol by its name or alias.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<ProtocolId> {
        self.protocols.iter().position(|def| def.info.is_called(name)).map(ProtocolId::at)
    }

    /// Looks at the beginning of one direction.
    ///
    /// For a stream, `data` is everything since its beginning (or since [`DetectionState::restart`]), so it grows from
    /// call to call; for datagrams it is one payload. Ports are the flow's: `source_port` of who opened it,
    /// `destination_port` of who answers, whichever way `data` travels. `last` says that nothing will follow.
    ///
    /// Both directions are told on their own. When the other one was recognised already, a contradiction is an event
    /// and the flow keeps what it was taken for, or what the client's octets say when the flow has no data behind it.
    pub fn identify(
        &self,
        state: &mut DetectionState,
        transport: Transport,
        direction: Direction,
        data: &[u8],
        (source_port, destination_port): (u16, u16),
        last: bool,
    ) -> DetectionOutcome {
        if let (SideStatus::Found(_), Some(protocol)) = (state.sides[direction].status, state.protocol) {
            return DetectionOutcome::Found { protocol, reversed: false };
        }
        if state.sides[direction].status == SideStatus::Failed {
            return self.failed(state, direction, data.len());
        }
        if let Some(announced) = state.announced.filter(|announced| self.goes_by_announcement(*announced, transport)) {
            return self.found(state, direction, announced, false);
        }
        if data.is_empty() && !last {
            return DetectionOutcome::More;
        }
        if !data.is_empty() && state.first.is_none() {
            state.first = Some(direction);
        }
        let table = match transport {
            Transport::Tcp => &self.tcp,
            Transport::Udp => &self.udp,
        };
        let given_up = last || data.len() >= MAX_DEPTH;
        let reversible = (state.midstream || transport == Transport::Udp) && state.protocol.is_none();
        let seen = data.get(..MAX_DEPTH).unwrap_or(data);
        let late = state.midstream || state.sides[direction].holed;
        let look = table.look(
            &mut state.sides[direction],
            direction,
            seen,
            &ProbeContext {
                ports: (source_port, destination_port),
                announced: state.announced,
                given_up,
                reversible,
                late,
                mirrored: reversible || state.midstream,
            },
        );
        match look {
            ProbeState::Found { protocol, reversed } => self.found(state, direction, protocol, reversed),
            ProbeState::Either { protocol } => self.found(state, direction, protocol, false),
            ProbeState::More => DetectionOutcome::More,
            ProbeState::No => {
                state.sides[direction].status = SideStatus::Failed;
                if state.protocol.is_some() {
                    state.raise(DetectionEvent::OnlyOneDirection);
                }
                self.failed(state, direction, data.len())
            }
        }
    }

    /// Is an announcement all there is to recognise a protocol by?
    fn goes_by_announcement(&self, protocol: ProtocolId, transport: Transport) -> bool {
        let definition = self.protocols.get(protocol.index());
        let wanted = self.options.get(protocol.index()).is_some_and(|options| options.over(transport).detect);
        wanted && definition.is_some_and(|definition| definition.info.by_announcement)
    }

    /// A direction that told nothing speaks what the other one does.
    fn failed(&self, state: &mut DetectionState, direction: Direction, seen: usize) -> DetectionOutcome {
        let other = &mut state.sides[direction.flip()].status;
        if state.protocol.is_none() && *other == SideStatus::Open && seen > MAX_WAIT {
            *other = SideStatus::Failed;
            state.raise(DetectionEvent::Skipped);
        }
        state
            .protocol
            .map_or(DetectionOutcome::Failed, |protocol| DetectionOutcome::Found { protocol, reversed: false })
    }

    fn found(
        &self,
        state: &mut DetectionState,
        direction: Direction,
        protocol: ProtocolId,
        reversed: bool,
    ) -> DetectionOutcome {
        let told = if reversed { direction.flip() } else { direction };
        if reversed {
            state.sides.swap();
            state.first = state.first.map(Direction::flip);
        }
        state.sides[told].status = SideStatus::Found(protocol);
        match state.protocol {
            Some(before) if before != protocol => state.raise(DetectionEvent::MismatchBothDirections),
            Some(_) => {}
            None => {
                let client_first =
                    self.protocols.get(protocol.index()).is_some_and(|definition| definition.info.client_first);
                if client_first && !state.midstream && state.first == Some(Direction::ToClient) {
                    state.raise(DetectionEvent::WrongDirectionFirstData);
                }
                if let Some(expected) = state.expected.filter(|expected| *expected != protocol) {
                    let missed = self.protocols.get(expected.index()).map(|definition| definition.info.not_found);
                    state.raise(missed.unwrap_or(DetectionEvent::UnexpectedProtocol));
                }
                state.protocol = Some(protocol);
            }
        }
        DetectionOutcome::Found { protocol: state.protocol.unwrap_or(protocol), reversed }
    }
}
