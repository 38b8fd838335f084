//! What is tried over one transport: patterns first, then looks by port, then looks on any port.

use aho_corasick::BuildError;
use sidewire_base::{Direction, PerDirection, ProtocolId};

use super::DetectionOptions;
use super::patterns::PatternTable;
use super::probes::{ProbeContext, ProbeEntry, ProbeState};
use super::state::SideState;
use crate::{ProbeVerdict, ProtocolDef, Transport};

/// What is tried over one transport.
pub(super) struct TransportTable {
    sides: PerDirection<PatternTable>,
    probes: Vec<ProbeEntry>,
}

impl TransportTable {
    pub(super) fn new(
        protocols: &'static [ProtocolDef],
        options: &[DetectionOptions],
        transport: Transport,
    ) -> Result<Self, BuildError> {
        let wanted = || {
            protocols.iter().zip(options).zip((0..).map(ProtocolId)).filter_map(|((definition, options), position)| {
                let options = options.over(transport);
                options.detect.then_some((position, &definition.info, options))
            })
        };
        let side = |direction| {
            let patterns: Vec<_> = wanted()
                .flat_map(|(position, info, _)| info.patterns.iter().map(move |pattern| (position, pattern)))
                .filter(|(_, pattern)| pattern.transport == transport && pattern.direction == direction)
                .collect();
            PatternTable::new(patterns)
        };
        let mut probes: Vec<_> = wanted()
            .flat_map(|(position, info, options)| {
                let always = info.probes.iter().map(|probe| (probe, false));
                let late = info.late_probes.iter().map(|probe| (probe, true));
                always.chain(late).map(move |(probe, late)| (position, probe, late, options))
            })
            .filter(|(_, probe, ..)| probe.transport == transport)
            .map(|(protocol, probe, late, options)| ProbeEntry {
                protocol,
                ports: match &options.ports {
                    // Somebody who names ports wants the look there and nowhere else.
                    Some(ports) => ports.clone(),
                    None => probe.ports.iter().map(|port| *port..=*port).collect(),
                },
                check: probe.check,
                depth: usize::from(probe.depth),
                late,
            })
            .collect();
        // One bit each in `SideState::ruled_out`.
        probes.truncate(u128::BITS as usize);
        let sides = PerDirection::new(side(Direction::ToServer)?, side(Direction::ToClient)?);
        Ok(Self { sides, probes })
    }

    pub(super) fn look(
        &self,
        side: &mut SideState,
        direction: Direction,
        data: &[u8],
        around: &ProbeContext,
    ) -> ProbeState {
        let &ProbeContext { ports, given_up, reversible, mirrored, .. } = around;
        let patterns = self.sides[direction].look(data, given_up);
        match patterns {
            // Who opened a flow is known where its handshake was seen, whatever its messages say of their sender.
            ProbeState::Found { protocol, reversed } => {
                return ProbeState::Found { protocol, reversed: reversed && reversible };
            }
            ProbeState::Either { protocol } => return self.by_ports(protocol, ports, reversible),
            ProbeState::More | ProbeState::No => {}
        }
        let mirrored = if mirrored { self.sides[direction.flip()].look(data, given_up) } else { ProbeState::No };
        let mirrored = match mirrored {
            // Either side may send these octets: told of this one, too, when the other side told already.
            ProbeState::Either { protocol } => return self.by_ports(protocol, ports, reversible),
            ProbeState::Found { protocol, reversed } if reversible => {
                return ProbeState::Found { protocol, reversed: !reversed };
            }
            // Waited for only where finding it would tell something.
            other => {
                if reversible {
                    other
                } else {
                    ProbeState::No
                }
            }
        };
        // A pattern that is half there goes before any look: the verdict must not depend on where a segment ends.
        if self.sides[direction].begins(data) && !given_up {
            return ProbeState::More;
        }
        match (patterns, self.probe(side, direction, data, around), mirrored) {
            (_, found @ ProbeState::Found { .. }, _) => found,
            (ProbeState::More, ..) | (_, ProbeState::More, _) | (.., ProbeState::More) => ProbeState::More,
            _ => ProbeState::No,
        }
    }

    /// A protocol was found in octets that either side may have sent: a server is where the protocol's own ports are.
    fn by_ports(
        &self,
        protocol: ProtocolId,
        (source_port, destination_port): (u16, u16),
        reversible: bool,
    ) -> ProbeState {
        let own = |port| self.probes.iter().any(|probe| probe.protocol == protocol && probe.is_on(port));
        ProbeState::Found { protocol, reversed: reversible && own(source_port) && !own(destination_port) }
    }

    /// Asks the looks: those on the responder's port (and of the protocol that was announced), on the initiator's, then
    /// those on any port.
    fn probe(&self, side: &mut SideState, direction: Direction, data: &[u8], around: &ProbeContext) -> ProbeState {
        let &ProbeContext { ports: (source_port, destination_port), announced, given_up, reversible, late, .. } =
            around;
        let mut undecided = false;
        let by_destination = |probe: &ProbeEntry| {
            probe.is_on(destination_port) || (announced == Some(probe.protocol) && !probe.ports.is_empty())
        };
        let by_source = |probe: &ProbeEntry| probe.is_on(source_port) && !by_destination(probe);
        let anywhere = |probe: &ProbeEntry| probe.ports.is_empty();
        let classes: [&dyn Fn(&ProbeEntry) -> bool; 3] = [&by_destination, &by_source, &anywhere];
        for class in classes {
            let tried = |probe: &ProbeEntry| class(probe) && (late || !probe.late);
            for (number, probe) in self.probes.iter().enumerate().filter(|(_, probe)| tried(probe)) {
                let bit = 1_u128.checked_shl(u32::try_from(number).unwrap_or(u32::MAX)).unwrap_or(0);
                if side.ruled_out & bit != 0 {
                    continue;
                }
                match (probe.check)(direction, data) {
                    ProbeVerdict::Yes => return ProbeState::Found { protocol: probe.protocol, reversed: false },
                    ProbeVerdict::Reversed if reversible => {
                        return ProbeState::Found { protocol: probe.protocol, reversed: true };
                    }
                    ProbeVerdict::Either => {
                        return self.by_ports(probe.protocol, (source_port, destination_port), reversible);
                    }
                    ProbeVerdict::More if !given_up && data.len() < probe.depth => undecided = true,
                    ProbeVerdict::No | ProbeVerdict::More | ProbeVerdict::Reversed => side.ruled_out |= bit,
                }
            }
            // A look on a port comes before one on any port even when it needs more octets.
            if undecided {
                return ProbeState::More;
            }
        }
        ProbeState::No
    }
}
