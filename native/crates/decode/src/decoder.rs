//! Frames to packets: layers, tunnels and fragments in turn.

use sidewire_base::Time;

use crate::defrag::Defrag;
use crate::fragment::Fragment;
use crate::inner::{InnerKind, InnerPacket};
use crate::packet_decoder::{BrokenLayer, LINK_RAW, LayerResult, PacketDecoder};
use crate::stats::DecodeCounter;
use crate::{DecodeOptions, DecodeStats, Packet, TunnelKind};

/// A frame as captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkFrame<'a> {
    /// When it was captured.
    pub time: Time,
    /// Position in the capture, from 1.
    pub ordinal: u64,
    /// LINKTYPE number.
    pub link_type: u32,
    /// What was captured.
    pub data: &'a [u8],
    /// Octets it had on the wire.
    pub wire_length: u32,
    /// Number of the interface it came by, where there are several.
    pub interface: u32,
    /// The sender's card was still to complete its checksums: what is wrong with them says nothing.
    pub checksums_pending: bool,
}

/// Most datagrams inside datagrams that are put together for one frame.
const MAX_REASSEMBLIES: u8 = 8;

/// Turns frames into packets: one for each layer that carries IP, outermost first, and one more for a datagram that a
/// fragment completes.
#[derive(Debug)]
pub struct FrameDecoder {
    options: DecodeOptions,
    stats: DecodeStats,
    defrag: Defrag,
    /// Buffers for reassembled datagrams, kept for the next one.
    spare: Vec<Vec<u8>>,
}

/// Where a packet comes from.
#[derive(Clone, Copy)]
struct PacketOrigin {
    layers: u8,
    reassemblies: u8,
}

impl FrameDecoder {
    /// A decoder without history.
    #[must_use]
    pub fn new(options: DecodeOptions) -> Self {
        let defrag = Defrag::new(options.defrag.clone());
        Self { options, stats: DecodeStats::default(), defrag, spare: Vec::new() }
    }

    /// What was counted so far.
    #[must_use]
    pub const fn stats(&self) -> &DecodeStats {
        &self.stats
    }

    /// Octets held by defragmentation.
    #[must_use]
    pub const fn defrag_memory(&self) -> usize {
        self.defrag.memory()
    }

    /// Decodes one frame. `sink` gets at least one packet (without `ip` when there is none), each before those inside
    /// it. A tunnel whose inner packet cannot be read yields only the outer one.
    #[inline]
    pub fn decode(&mut self, frame: &LinkFrame<'_>, sink: &mut impl FnMut(&Packet<'_>)) {
        self.stats.frame(frame.data.len() as u64);
        let packet = Packet::new(frame.time, frame.ordinal, frame.data, frame.link_type, frame.wire_length);
        let mut walk = PacketDecoder {
            options: &self.options,
            stats: &mut self.stats,
            packet,
            layers: 0,
            inner: None,
            fragment: None,
            van_jacobson: false,
        };
        let _read = walk.link(frame.link_type, frame.data);
        if walk.packet.invalid || walk.packet.malformed_options {
            walk.stats.count(DecodeCounter::Invalid);
        }
        if walk.inner.is_none() && walk.fragment.is_none() {
            if !walk.packet.events.is_empty() {
                walk.stats.events(&walk.packet.events);
            }
            return sink(&walk.packet);
        }
        let PacketDecoder { packet, layers, inner, fragment, .. } = walk;
        self.deliver(packet, inner, fragment, PacketOrigin { layers, reassemblies: 0 }, sink);
    }

    /// Hands over a packet and then what it carries.
    #[inline(never)]
    fn deliver<'a>(
        &mut self,
        mut packet: Packet<'a>,
        mut inner: Option<InnerPacket<'a>>,
        mut fragment: Option<Fragment<'a>>,
        mut origin: PacketOrigin,
        sink: &mut impl FnMut(&Packet<'_>),
    ) {
        loop {
            let mut buffer = Vec::new();
            let mut complete = None;
            if let Some(fragment) = fragment.take() {
                buffer = self.spare.pop().unwrap_or_default();
                complete = self.defrag.insert(&mut packet, &fragment, &mut self.stats, &mut buffer);
            }
            let next = inner.take().and_then(|inner| self.inner(&packet, inner, &mut origin));
            if let Some((tunnel, ..)) = &next {
                packet.carries = Some(*tunnel);
            }
            self.stats.events(&packet.events);
            sink(&packet);
            if let Some(network_at) = complete
                && origin.reassemblies < MAX_REASSEMBLIES
            {
                let origin = PacketOrigin { reassemblies: origin.reassemblies + 1, ..origin };
                self.reassembled(&packet, &buffer, network_at, origin, sink);
            }
            if buffer.capacity() != 0 {
                self.spare.push(buffer);
            }
            match next {
                None => return,
                Some((_, inner_packet, inner_inner, inner_fragment)) => {
                    (packet, inner, fragment) = (inner_packet, inner_inner, inner_fragment);
                }
            }
        }
    }

    /// Decodes what a tunnel carries; `None` when it cannot be read.
    fn inner<'a>(
        &mut self,
        outer: &Packet<'a>,
        inner: InnerPacket<'a>,
        origin: &mut PacketOrigin,
    ) -> Option<(TunnelKind, Packet<'a>, Option<InnerPacket<'a>>, Option<Fragment<'a>>)> {
        let length = u32::try_from(inner.data.len()).unwrap_or(u32::MAX);
        let mut packet = Packet::new(outer.time, outer.ordinal, inner.data, LINK_RAW, length);
        packet.level = outer.level.saturating_add(1);
        packet.tunnel = Some(inner.tunnel);
        packet.root = outer.as_root();
        packet.reassembled = outer.reassembled;
        let mut walk = PacketDecoder {
            options: &self.options,
            stats: &mut self.stats,
            packet,
            layers: origin.layers,
            inner: None,
            fragment: None,
            van_jacobson: false,
        };
        walk.inner(inner.kind, inner.data).ok()?;
        if inner.tunnel == TunnelKind::Teredo && walk.packet.invalid {
            return None;
        }
        if let Some(counter) = inner.counter {
            walk.stats.count(counter);
        }
        origin.layers = walk.layers;
        Some((inner.tunnel, walk.packet, walk.inner, walk.fragment))
    }

    /// Decodes a datagram that `last`, its last fragment to arrive, completed.
    fn reassembled(
        &mut self,
        last: &Packet<'_>,
        datagram: &[u8],
        network_at: usize,
        origin: PacketOrigin,
        sink: &mut impl FnMut(&Packet<'_>),
    ) {
        let length = u32::try_from(datagram.len()).unwrap_or(u32::MAX);
        let Some(ip) = &last.ip else { return };
        let mut packet = Packet::new(last.time, last.ordinal, datagram, last.link_type, length);
        packet.ethernet = last.ethernet;
        packet.vlans = last.vlans.clone();
        packet.level = last.level;
        packet.tunnel = last.tunnel;
        packet.root = last.as_root();
        packet.reassembled = true;
        let Some(network) = datagram.get(network_at..) else { return };
        let mut walk = PacketDecoder {
            options: &self.options,
            stats: &mut self.stats,
            packet,
            layers: origin.layers,
            inner: None,
            fragment: None,
            van_jacobson: false,
        };
        if walk.inner_ip(ip.version, network).is_err() {
            return;
        }
        let PacketDecoder { packet, layers, inner, fragment, .. } = walk;
        self.deliver(packet, inner, fragment, PacketOrigin { layers, ..origin }, sink);
    }
}

impl<'a> PacketDecoder<'_, 'a> {
    /// Decodes a tunnel's payload.
    fn inner(&mut self, kind: InnerKind, data: &'a [u8]) -> LayerResult {
        match kind {
            InnerKind::Ethernet => self.ethernet(data),
            InnerKind::Vlan => self.vlan(data),
            InnerKind::Ipv4 => self.ipv4(data),
            InnerKind::Ipv6 => self.ipv6(data),
            InnerKind::Ppp => self.ppp(data),
            InnerKind::Arp => self.arp(data),
            InnerKind::ErspanII => self.erspan(data),
            InnerKind::ErspanI => {
                self.stats.count(DecodeCounter::Erspan);
                if data.is_empty() { Err(BrokenLayer) } else { self.ethernet(data) }
            }
        }
    }
}
