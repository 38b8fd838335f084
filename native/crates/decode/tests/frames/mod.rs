//! Frames of tests, layer by layer, and what a test looks at of the packets in them.

use sidewire_base::Time;
use sidewire_decode::{DecodeOptions, FrameDecoder, LinkFrame, Packet, TunnelKind};

/// What a test looks at, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) level: u8,
    pub(crate) tunnel: Option<TunnelKind>,
    pub(crate) hosts: String,
    pub(crate) protocol: u8,
    pub(crate) ports: (u16, u16),
    pub(crate) vlans: Vec<u16>,
    pub(crate) payload: Vec<u8>,
    pub(crate) events: Vec<&'static str>,
    pub(crate) invalid: bool,
    pub(crate) carries: Option<TunnelKind>,
    pub(crate) root: Option<(u8, u16)>,
}

pub(crate) fn seen(packet: &Packet<'_>) -> Seen {
    let ip = packet.ip.as_ref();
    Seen {
        level: packet.level,
        tunnel: packet.tunnel,
        hosts: ip.map_or(String::new(), |ip| format!("{} {}", ip.source, ip.destination)),
        protocol: ip.map_or(0, |ip| ip.protocol),
        ports: packet.transport.ports(),
        vlans: packet.vlans.to_vec(),
        payload: packet.payload.to_vec(),
        events: packet.events.iter().map(|event| event.name()).collect(),
        invalid: packet.invalid,
        carries: packet.carries,
        root: packet.root.map(|root| (root.protocol, root.destination.port)),
    }
}

pub(crate) fn frame(link_type: u32, data: &[u8]) -> LinkFrame<'_> {
    LinkFrame {
        time: Time::new(1, 0),
        ordinal: 1,
        link_type,
        data,
        wire_length: data.len() as u32,
        interface: 0,
        checksums_pending: false,
    }
}

pub(crate) fn decode_with(options: DecodeOptions, link_type: u32, data: &[u8]) -> Vec<Seen> {
    let mut packets = Vec::new();
    FrameDecoder::new(options).decode(&frame(link_type, data), &mut |packet| packets.push(seen(packet)));
    packets
}

pub(crate) fn decode(link_type: u32, data: &[u8]) -> Vec<Seen> {
    decode_with(DecodeOptions { offload_length: false, ..DecodeOptions::default() }, link_type, data)
}

pub(crate) fn events(link_type: u32, data: &[u8]) -> Vec<&'static str> {
    decode(link_type, data).into_iter().flat_map(|packet| packet.events).collect()
}

pub(crate) fn eth(ether_type: u16, rest: &[u8]) -> Vec<u8> {
    [&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], &ether_type.to_be_bytes()[..], rest].concat()
}

pub(crate) fn ipv4_with(protocol: u8, options: &[u8], body: &[u8]) -> Vec<u8> {
    let length = (20 + options.len() + body.len()) as u16;
    let first = 0x45 + (options.len() / 4) as u8;
    let [high, low] = length.to_be_bytes();
    [&[first, 3, high, low, 0, 9, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], options, body].concat()
}

pub(crate) fn ipv4(protocol: u8, body: &[u8]) -> Vec<u8> {
    ipv4_with(protocol, &[], body)
}

pub(crate) fn ipv6(next: u8, body: &[u8]) -> Vec<u8> {
    let [high, low] = (body.len() as u16).to_be_bytes();
    let mut packet = vec![0x61, 0x20, 0, 0, high, low, next, 7];
    packet.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    packet.extend(body);
    packet
}

pub(crate) fn tcp(options: &[u8]) -> Vec<u8> {
    let offset = ((20 + options.len()) / 4 * 16) as u8;
    [&[0, 1, 0, 80, 0, 0, 0, 5, 0, 0, 0, 6, offset, 0x18, 1, 0, 0, 0, 0, 0], options, b"data"].concat()
}

pub(crate) fn udp(port: u16, body: &[u8]) -> Vec<u8> {
    let length = (8 + body.len()) as u16;
    [&[0, 1], &port.to_be_bytes()[..], &length.to_be_bytes(), &[0, 0], body].concat()
}

pub(crate) const HOSTS: &str = "10.0.0.1 10.0.0.2";
