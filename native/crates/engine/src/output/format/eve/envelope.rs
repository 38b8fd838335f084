//! The members that every event begins with.

use core::net::{IpAddr, Ipv6Addr};

use sidewire_base::{Direction, Endpoint, Time, TxId, ip_protocol};
use sidewire_decode::Ethernet;
use sidewire_eve::Object;

use super::ip_protocol::ip_protocol_name;
use super::outputs::EveOutput;
use super::variables::RuleVariables;
use crate::output::format::eve::mac_set::{MacAddress, MacSet};

/// Gives the client behind a proxy, where an output is to show it in place of an address.
pub(crate) type FindClient<'a> = &'a dyn Fn(&EveOutput) -> Option<IpAddr>;

/// What every event begins with.
#[derive(Clone, Default)]
pub(crate) struct EventEnvelope<'a> {
    pub(crate) time: Time,
    pub(crate) flow_id: Option<u64>,
    /// `pcap_cnt`; absent when no single packet of a capture stands for the event.
    pub(crate) ordinal: Option<u64>,
    pub(crate) source: Option<Endpoint>,
    pub(crate) destination: Option<Endpoint>,
    /// IP protocol number; `None` when the packet has no IP header.
    pub(crate) protocol: Option<u8>,
    pub(crate) vlans: &'a [u16],
    /// Type and code of ICMP, instead of ports.
    pub(crate) icmp: Option<(u8, u8)>,
    pub(crate) icmp_response: Option<(u8, u8)>,
    /// Security parameters index of ESP.
    pub(crate) spi: Option<u32>,
    pub(crate) packet_source: Option<&'static str>,
    pub(crate) ether: Option<EtherAddresses<'a>>,
    pub(crate) variables: RuleVariables<'a>,
    pub(crate) tx: Option<TxId>,
    pub(crate) file: Option<&'a str>,
    pub(crate) interface: Option<&'a str>,
    /// Which way the event points, and what gives the client behind a proxy where an output overwrites addresses with
    /// it: the client is the source towards the server and the destination towards the client.
    pub(crate) forwarded: Option<(Direction, FindClient<'a>)>,
    /// Gives the community id for a seed, when there is a flow.
    pub(crate) community: Option<&'a dyn Fn(u16) -> String>,
}

/// Ethernet addresses of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EtherAddresses<'a> {
    /// Of the event's packet.
    Packet(Ethernet),
    /// Of the event's packet, which travels against the event's direction.
    Answer(Ethernet),
    /// Of all packets of a flow, for an event in a direction.
    Flow(&'a MacSet, Direction),
}

impl EventEnvelope<'_> {
    pub(crate) fn write(&self, event_type: &str, output: &EveOutput, out: &mut Object<'_>) {
        out.time("timestamp", self.time);
        if let Some(id) = self.flow_id {
            out.u64("flow_id", id);
        }
        if let Some(interface) = self.interface {
            out.str("in_iface", interface);
        }
        if !output.config.sensor_name.is_empty() {
            out.str("host", &output.config.sensor_name);
        }
        if let Some(ordinal) = self.ordinal {
            out.u64("pcap_cnt", ordinal);
        }
        out.str("event_type", event_type);
        if !self.vlans.is_empty() {
            out.array("vlan", |list| {
                for vlan in self.vlans {
                    list.u64(*vlan);
                }
            });
        }
        let forwarded = |side| self.forwarded.filter(|(way, _)| *way == side).and_then(|(_, find)| find(output));
        if let Some(source) = self.source {
            let shown = forwarded(Direction::ToServer).unwrap_or(source.address);
            address(out, "src_ip", shown, output);
            if self.has_ports() {
                out.u64("src_port", source.port);
            }
        }
        if let Some(destination) = self.destination {
            let shown = forwarded(Direction::ToClient).unwrap_or(destination.address);
            address(out, "dest_ip", shown, output);
            if self.has_ports() {
                out.u64("dest_port", destination.port);
            }
        }
        if let Some(protocol) = self.protocol {
            match ip_protocol_name(protocol) {
                Some(name) => out.str("proto", name),
                None => out.fmt("proto", format_args!("{protocol:03}")),
            };
        }
        if let Some(source) = self.source {
            out.u64("ip_v", if source.address.is_ipv4() { 4_u8 } else { 6 });
        }
        if let Some((kind, code)) = self.icmp {
            out.u64("icmp_type", kind).u64("icmp_code", code);
        }
        if let Some((kind, code)) = self.icmp_response {
            out.u64("response_icmp_type", kind).u64("response_icmp_code", code);
        }
        if let Some(spi) = self.spi {
            out.u64("spi", spi);
        }
        if let Some(source) = self.packet_source {
            out.str("pkt_src", source);
        }
        if output.config.metadata {
            self.variables.write(out);
        }
        if let Some(ether) = self.ether.filter(|_| output.config.ethernet) {
            ether.write(out);
        }
        if let (Some(seed), Some(community)) = (output.config.community_id, self.community) {
            out.str("community_id", &community(seed));
        }
        if let Some(file) = self.file.filter(|_| output.config.pcap_file) {
            out.str("pcap_filename", file);
        }
        if let Some(tx) = self.tx {
            out.u64("tx_id", tx.0);
        }
    }

    fn has_ports(&self) -> bool {
        matches!(self.protocol, Some(ip_protocol::TCP | ip_protocol::UDP | ip_protocol::SCTP))
    }
}

impl EtherAddresses<'_> {
    fn write(self, out: &mut Object<'_>) {
        let (header, source, destination) = match self {
            Self::Packet(header) => (header, header.source, header.destination),
            Self::Answer(header) => (header, header.destination, header.source),
            Self::Flow(set, direction) => {
                let (source, destination) = set.endpoints(direction);
                out.object("ether", |o| {
                    for (key, addresses) in [("dest_macs", destination), ("src_macs", source)] {
                        o.array(key, |list| {
                            for address in addresses {
                                list.fmt(format_args!("{}", MacText(*address)));
                            }
                        });
                    }
                });
                return;
            }
        };
        out.object("ether", |o| {
            o.u64("ether_type", header.header_type);
            mac(o, "src_mac", source);
            mac(o, "dest_mac", destination);
        });
    }
}

/// The usual text of an Ethernet address.
struct MacText(MacAddress);

impl core::fmt::Display for MacText {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

/// Writes an Ethernet address.
pub(super) fn mac(out: &mut Object<'_>, key: &'static str, address: MacAddress) {
    out.fmt(key, format_args!("{}", MacText(address)));
}

/// Suricata writes IPv6 addresses in full unless told otherwise.
pub(crate) fn address(out: &mut Object<'_>, key: &'static str, address: IpAddr, output: &EveOutput) {
    match address {
        IpAddr::V6(v6) if output.config.ipv6_full => full_v6(out, key, v6),
        other => {
            out.ip(key, other);
        }
    }
}

fn full_v6(out: &mut Object<'_>, key: &'static str, address: Ipv6Addr) {
    let [a, b, c, d, e, f, g, h] = address.segments();
    out.fmt(key, format_args!("{a:04x}:{b:04x}:{c:04x}:{d:04x}:{e:04x}:{f:04x}:{g:04x}:{h:04x}"));
}
