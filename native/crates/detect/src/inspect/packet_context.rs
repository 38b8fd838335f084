//! Per-packet inputs of rule evaluation.

use core::cell::OnceCell;

use sidewire_base::{Direction, ProtocolId, ip_protocol};
use sidewire_decode::{Packet, TransportLayer};

use crate::RuleSet;
use crate::compile::gates::{GateInput, PacketTraits, app_bit};
use crate::compile::plan::{PacketClasses, RulePlan};
use crate::inspect::input::{InspectInput, StreamInput};
use crate::inspect::observer::FailureStage;
use crate::keyword::context::PacketFacts;
use crate::state::app_proto::AppProtoState;
use crate::table::address_table::{AddressRow, AddressTable};
use crate::table::port_table::PortTable;

/// What a packet of a protocol, or a flow's end, is to rules on packets: a bit of [`PacketClasses`].
pub(crate) fn class(packet: Option<&Packet<'_>>, protocol: Option<u8>) -> u8 {
    match (packet.map(|packet| &packet.transport), protocol) {
        (Some(TransportLayer::Tcp(_)), _) => PacketClasses::TCP,
        (Some(TransportLayer::Udp(_)), _) => PacketClasses::UDP,
        (Some(TransportLayer::Icmp(_)), _) => PacketClasses::ICMP,
        (Some(TransportLayer::Sctp(_)), _) => PacketClasses::SCTP,
        // Fragments and broken headers: the IP header says what they carry.
        (_, Some(ip_protocol::TCP)) => PacketClasses::TCP,
        (_, Some(ip_protocol::UDP)) => PacketClasses::UDP,
        (_, Some(ip_protocol::ICMP | ip_protocol::ICMPV6)) => PacketClasses::ICMP,
        (_, Some(ip_protocol::SCTP)) => PacketClasses::SCTP,
        (_, Some(_)) => PacketClasses::IP,
        (_, None) => PacketClasses::NONE,
    }
}

/// Is a packet of the flow's own protocol? An ICMP error belongs to the flow of the packet it quotes, but whoever forges one
/// must not use up what rules look at once.
pub(crate) fn is_own(packet: &Packet<'_>, protocol: u8) -> bool {
    class(Some(packet), Some(protocol)) == class(None, Some(protocol))
}

/// Per-packet inputs of rule evaluation. Built once for each packet; immutable while its candidates run.
pub(crate) struct PacketContext<'a> {
    /// What conditions are evaluated against.
    pub(crate) seen: PacketFacts<'a>,
    /// Rows of both addresses, looked up when the first rule asks.
    rows: OnceCell<[Option<AddressRow>; 2]>,
    /// A bit of [`PacketClasses`].
    pub(crate) class: u8,
    ip_version: u8,
    pub(crate) established: bool,
    pub(crate) was_established: bool,
    pub(crate) app: Option<ProtocolId>,
    pub(crate) stream: Option<StreamInput<'a>>,
    pub(crate) in_stream: bool,
    opaque: bool,
    pub(crate) last: bool,
    /// See [`is_own`]; true without a flow, and at its end.
    pub(crate) own: bool,
}

impl<'a> PacketContext<'a> {
    pub(crate) fn new(input: &InspectInput<'a>) -> Self {
        let flow = input.flow.as_ref();
        let protocol = match (&input.packet, flow) {
            (_, Some(flow)) => Some(flow.protocol),
            (Some(packet), None) => packet.ip.as_ref().map(|ip| ip.protocol),
            (None, None) => None,
        };
        let class = class(input.packet, protocol);
        let own = input.packet.zip(flow).is_none_or(|(packet, flow)| is_own(packet, flow.protocol));
        let ip_version = input.source.map_or(0, |source| if source.address.is_ipv4() { 4 } else { 6 });
        let seen = PacketFacts {
            time: input.time,
            packet: input.packet,
            source: input.source,
            destination: input.destination,
            direction: flow.map_or(Direction::ToServer, |flow| flow.direction),
            has_flow: flow.is_some(),
            taken: flow.map_or_else(AppProtoState::default, |flow| flow.taken),
            app_events: flow.map_or(&[], |flow| flow.app_events),
            stream_events: input.stream_events,
            stream_sizes: flow.and_then(|flow| flow.stream_sizes),
            stats: flow.map(|flow| flow.stats),
        };
        Self {
            seen,
            rows: OnceCell::new(),
            class,
            ip_version,
            established: flow.is_some_and(|flow| flow.established),
            was_established: flow.is_some_and(|flow| flow.was_established),
            app: flow.and_then(|flow| flow.app),
            stream: flow.and_then(|flow| flow.stream).filter(|stream| own && stream.fresh > 0),
            in_stream: flow.is_some_and(|flow| flow.packet_in_stream),
            opaque: flow.is_some_and(|flow| flow.opaque),
            last: input.last,
            own,
        }
    }

    /// What the packet shows to the gates of rules.
    pub(crate) fn gate<'r>(&self, rules: &'r RuleSet) -> GateInput<'r> {
        let version = match self.ip_version {
            4 => PacketTraits::IPV4,
            6 => PacketTraits::IPV6,
            _ => PacketTraits::NO_IP,
        };
        let reassembled = self.seen.packet.is_some_and(|packet| packet.reassembled);
        let traits = [
            (u32::from(self.class) | version | PacketTraits::of_direction(self.seen.direction), true),
            (PacketTraits::NO_FLOW, !self.seen.has_flow),
            (PacketTraits::NOT_ESTABLISHED, !self.established && !self.was_established),
            (PacketTraits::ESTABLISHED, self.established && self.was_established),
            (PacketTraits::REASSEMBLED, reassembled),
            (PacketTraits::NOT_REASSEMBLED, !reassembled),
            (PacketTraits::NO_PACKET, self.seen.packet.is_none()),
            (PacketTraits::NO_PAYLOAD, self.payload().is_empty() && self.stream.is_none()),
        ];
        GateInput {
            traits: PacketTraits(traits.iter().fold(0, |bits, &(more, there)| if there { bits | more } else { bits })),
            app: app_bit(self.app),
            rows: self.rows(&rules.addresses),
            ports: [self.seen.source, self.seen.destination].map(|side| side.map_or(0, |side| side.port)),
            address_table: &rules.addresses,
            port_table: &rules.ports,
        }
    }

    /// The rows of both addresses.
    fn rows(&self, addresses: &AddressTable) -> [Option<AddressRow>; 2] {
        *self.rows.get_or_init(|| {
            [self.seen.source, self.seen.destination].map(|side| side.map(|side| addresses.row(side.address)))
        })
    }

    /// The port of the side that offers the service.
    pub(crate) fn service_port(&self) -> u16 {
        let side = match self.seen.direction {
            Direction::ToServer => self.seen.destination,
            Direction::ToClient => self.seen.source,
        };
        side.map_or(0, |endpoint| endpoint.port)
    }

    /// The pieces of the stream that are looked at.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = StreamInput<'a>> + use<'a> {
        self.stream.into_iter().flat_map(|first| core::iter::once(first).chain(first.behind.iter().copied()))
    }

    /// Payload of the packet; empty without one, in a flow that is encrypted, and when it comes once more as a packet of
    /// its own (a tunnel's).
    pub(crate) fn payload(&self) -> &'a [u8] {
        self.seen.packet.filter(|packet| packet.carries.is_none() && !self.opaque).map_or(&[], |packet| packet.payload)
    }

    /// The packet cannot be what it claims: only its events say something.
    pub(crate) fn is_invalid(&self) -> bool {
        self.seen.packet.is_some_and(|packet| packet.invalid)
    }

    /// Does the header of a rule hold, and its `flow`?
    ///
    /// # Errors
    /// What does not.
    pub(crate) fn header(
        &self,
        plan: &RulePlan,
        addresses: &AddressTable,
        ports: &PortTable,
        established: bool,
    ) -> Result<(), FailureStage> {
        if plan.classes.0 & self.class == 0 || plan.ip_version != 0 && plan.ip_version != self.ip_version {
            return Err(FailureStage::Protocol);
        }
        if plan.ether_type != 0
            && self.seen.packet.and_then(|packet| packet.ethernet).is_none_or(|link| link.ether_type != plan.ether_type)
        {
            return Err(FailureStage::Protocol);
        }
        self.flow(plan, established)?;
        if let Some(apps) = &plan.apps
            && self.app.is_none_or(|app| !apps.contains(&app))
        {
            return Err(FailureStage::Application);
        }
        let [source_row, destination_row] = self.rows(addresses);
        let between = |from, to| addresses.contains(from, plan.source) && addresses.contains(to, plan.destination);
        // A rule on whole transactions names the client first, whichever way the packet goes.
        let whole = || self.app.and_then(|app| plan.tx_scope(app)).is_some_and(|scope| scope.whole);
        let turned = self.seen.direction == Direction::ToClient && whole();
        let forwards = !turned && between(source_row, destination_row);
        let backwards = (turned || plan.both_ways) && between(destination_row, source_row);
        if !forwards && !backwards {
            return Err(FailureStage::Address);
        }
        let (source, destination) =
            (self.seen.source.map_or(0, |side| side.port), self.seen.destination.map_or(0, |side| side.port));
        let holds = |source, destination| {
            ports.contains(source, plan.source_port) && ports.contains(destination, plan.destination_port)
        };
        if forwards && holds(source, destination) || backwards && holds(destination, source) {
            Ok(())
        } else {
            Err(FailureStage::Port)
        }
    }

    /// Does the `flow` of a rule hold, on a flow that counts as established or does not?
    ///
    /// # Errors
    /// [`FailureStage::Flow`].
    pub(crate) fn flow(&self, plan: &RulePlan, established: bool) -> Result<(), FailureStage> {
        let flow = &plan.flow;
        let reassembled = self.seen.packet.is_some_and(|packet| packet.reassembled);
        let holds = plan.directions[self.seen.direction]
            && (self.seen.has_flow || !(flow.to_server || flow.to_client))
            && (!flow.established || established)
            && (!flow.not_established || !established)
            && (!flow.only_fragment || reassembled)
            && (!flow.no_fragment || !reassembled);
        if holds { Ok(()) } else { Err(FailureStage::Flow) }
    }
}
