//! What one look at a packet tells of a rule, in columns: most candidates are refused by them before anything else of a rule is
//! read.

use sidewire_base::{Direction, ProtocolId};

use crate::compile::plan::{PacketClasses, RulePlan};
use crate::table::address_table::{AddressId, AddressRow, AddressTable};
use crate::table::port_table::{PortId, PortTable};

/// What a packet and its flow are, as bits of which each rule refuses some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PacketTraits(pub(crate) u32);

impl PacketTraits {
    /// Classes are the lowest bits.
    const CLASSES: u32 = 0b11_1111;
    pub(crate) const IPV4: u32 = 1 << 6;
    pub(crate) const IPV6: u32 = 1 << 7;
    /// No IP header.
    pub(crate) const NO_IP: u32 = 1 << 8;
    pub(crate) const TO_SERVER: u32 = 1 << 9;
    pub(crate) const TO_CLIENT: u32 = 1 << 10;
    pub(crate) const NO_FLOW: u32 = 1 << 11;
    /// Neither before the packet nor with it.
    pub(crate) const NOT_ESTABLISHED: u32 = 1 << 12;
    /// Before the packet, and with it.
    pub(crate) const ESTABLISHED: u32 = 1 << 13;
    pub(crate) const REASSEMBLED: u32 = 1 << 14;
    pub(crate) const NOT_REASSEMBLED: u32 = 1 << 15;
    /// The end of a flow.
    pub(crate) const NO_PACKET: u32 = 1 << 16;
    /// Neither payload nor stream octets.
    pub(crate) const NO_PAYLOAD: u32 = 1 << 17;

    pub(crate) const fn of_direction(direction: Direction) -> u32 {
        match direction {
            Direction::ToServer => Self::TO_SERVER,
            Direction::ToClient => Self::TO_CLIENT,
        }
    }
}

/// What a packet has to be for a rule to be worth a look: no more than the rule's header and `flow` ask, so that what passes is
/// still to be held against these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuleGate {
    /// Application protocols, a bit for each; all of them for rules that name none.
    apps: u64,
    /// Bits of [`PacketTraits`] that must not be there.
    refuses: u32,
    source: AddressId,
    destination: AddressId,
    source_port: PortId,
    destination_port: PortId,
    both_ways: bool,
}

/// What a packet shows to the gates.
pub(crate) struct GateInput<'a> {
    pub(crate) traits: PacketTraits,
    /// The bit of its flow's application protocol.
    pub(crate) app: u64,
    pub(crate) rows: [Option<AddressRow>; 2],
    pub(crate) ports: [u16; 2],
    pub(crate) address_table: &'a AddressTable,
    pub(crate) port_table: &'a PortTable,
}

/// The bit of an application protocol, or of a flow that speaks none: the last two stand for all that is beyond.
pub(crate) fn app_bit(app: Option<ProtocolId>) -> u64 {
    const UNKNOWN: u32 = 63;
    const BEYOND: u32 = 62;
    let bit = app.map_or(UNKNOWN, |app| u32::try_from(app.index()).map_or(BEYOND, |at| at.min(BEYOND)));
    1 << bit
}

impl RuleGate {
    pub(crate) fn new(plan: &RulePlan) -> Self {
        let flow = &plan.flow;
        let traits = [
            (!u32::from(plan.classes.0) & PacketTraits::CLASSES, true),
            (PacketTraits::IPV4 | PacketTraits::NO_IP, plan.ip_version == 6),
            (PacketTraits::IPV6 | PacketTraits::NO_IP, plan.ip_version == 4),
            (PacketTraits::TO_SERVER, !plan.directions[Direction::ToServer]),
            (PacketTraits::TO_CLIENT, !plan.directions[Direction::ToClient]),
            (PacketTraits::NO_FLOW, flow.to_server || flow.to_client),
            (PacketTraits::NOT_ESTABLISHED, flow.established),
            (PacketTraits::ESTABLISHED, flow.not_established),
            (PacketTraits::NOT_REASSEMBLED, flow.only_fragment),
            (PacketTraits::REASSEMBLED, flow.no_fragment),
            (PacketTraits::NO_PACKET, !plan.outlives_packets()),
            (PacketTraits::NO_PAYLOAD, plan.has_payload),
        ];
        Self {
            apps: plan
                .apps
                .as_ref()
                .map_or(u64::MAX, |apps| apps.iter().fold(0, |bits, app| bits | app_bit(Some(*app)))),
            refuses: traits.iter().filter(|(_, refused)| *refused).fold(0, |bits, (more, _)| bits | more),
            source: plan.source,
            destination: plan.destination,
            source_port: plan.source_port,
            destination_port: plan.destination_port,
            both_ways: plan.both_ways,
        }
    }

    /// False when the rule cannot hold on a packet like this.
    #[inline]
    pub(crate) fn admits(&self, input: &GateInput<'_>) -> bool {
        if self.refuses & input.traits.0 != 0 || self.apps & input.app == 0 {
            return false;
        }
        let [source, destination] = [0, 1].map(|side| (input.rows.get(side).copied().flatten(), input.ports.get(side)));
        let holds = |from: (Option<AddressRow>, Option<&u16>), to: (Option<AddressRow>, Option<&u16>)| {
            let port = |port: Option<&u16>, set| input.port_table.contains(port.copied().unwrap_or(0), set);
            port(from.1, self.source_port)
                && port(to.1, self.destination_port)
                && input.address_table.contains(from.0, self.source)
                && input.address_table.contains(to.0, self.destination)
        };
        holds(source, destination) || self.both_ways && holds(destination, source)
    }
}

/// Classes are bits of the traits as they are.
const _: () = assert!(PacketClasses::NONE as u32 == PacketTraits::CLASSES / 2 + 1);
