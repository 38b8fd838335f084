//! What the events of a packet or flow begin with.

use std::sync::Arc;

use sidewire_base::{Direction, Endpoint, Time};
use sidewire_decode::{Packet, TransportLayer};

use crate::output::format::eve::{EtherAddresses, EventEnvelope, RuleVariables};
use crate::worker::conversation::ConversationFlow;

/// Where an event is from: a capture or an interface.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventOrigin {
    pub(crate) file: Option<Arc<str>>,
    pub(crate) interface: Option<Arc<str>>,
}

/// The beginning of an event about a packet, or about a flow without one.
pub(crate) fn envelope<'a>(
    packet: Option<&'a Packet<'_>>,
    flow: Option<&'a ConversationFlow>,
    now: Time,
    (source, destination): (Option<Endpoint>, Option<Endpoint>),
    origin: &'a EventOrigin,
) -> EventEnvelope<'a> {
    let icmp = match packet.map(|packet| &packet.transport) {
        Some(TransportLayer::Icmp(icmp)) => Some((icmp.kind, icmp.code)),
        Some(_) => None,
        None => flow.and_then(|flow| flow.icmp).map(|icmp| icmp.request),
    };
    EventEnvelope {
        time: packet.map_or(now, |packet| packet.time),
        flow_id: flow.map(|flow| flow.id),
        ordinal: packet.map(|packet| packet.ordinal).filter(|_| origin.interface.is_none()),
        source,
        destination,
        protocol: match packet {
            Some(packet) => packet.ip.as_ref().map(|ip| ip.protocol),
            None => flow.map(|flow| flow.protocol),
        },
        vlans: packet.map_or_else(|| flow.map_or(&[][..], |flow| &flow.vlans), |packet| &packet.vlans),
        icmp,
        icmp_response: None,
        spi: flow.and_then(|flow| flow.spi),
        packet_source: Some(packet.map_or("stream (flow timeout)", packet_source)),
        ether: packet.and_then(|packet| {
            let header = packet.ethernet?;
            let turned = packet.source() != source && packet.source() == destination;
            Some(if turned { EtherAddresses::Answer(header) } else { EtherAddresses::Packet(header) })
        }),
        variables: RuleVariables { flow: flow.map(|flow| &flow.data.rules), matches: &[] },
        tx: None,
        file: origin.file.as_deref(),
        interface: origin.interface.as_deref(),
        forwarded: None,
        community: None,
    }
}

/// EVE's `pkt_src`.
fn packet_source(packet: &Packet<'_>) -> &'static str {
    use sidewire_decode::TunnelKind;
    if packet.reassembled {
        return "defrag";
    }
    match packet.tunnel {
        None => "wire/pcap",
        Some(TunnelKind::Gre | TunnelKind::Erspan) => "gre tunnel",
        Some(TunnelKind::IpInIp) => "ipv4 tunnel",
        Some(TunnelKind::IpInIpv6) => "ipv6 tunnel",
        Some(TunnelKind::Vxlan) => "vxlan encapsulation",
        Some(TunnelKind::Geneve) => "geneve encapsulation",
        Some(TunnelKind::Teredo) => "teredo tunnel",
    }
}

/// Source and destination of what is told of a packet, or of a flow without one in a direction.
pub(crate) fn ends(
    packet: Option<&Packet<'_>>,
    flow: Option<&ConversationFlow>,
    direction: Direction,
) -> (Option<Endpoint>, Option<Endpoint>) {
    match (packet, flow) {
        (Some(packet), _) => (packet.source(), packet.destination()),
        (None, flow) => flow.map(|flow| flow.endpoints(direction)).unzip(),
    }
}
