use smallvec::SmallVec;

use sidewire_base::Time;

use crate::stats::Counter;
use crate::{BadChecksum, DecodeEvent, Options, Packet, Stats, Transport, Tunnel};

/// Most events kept for one packet: Suricata's.
const MAX_EVENTS: usize = 15;

/// DLT number of raw IP, which inner layers are given.
pub(crate) const LINK_RAW: u32 = 101;

/// What an inner packet begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ethernet,
    Vlan,
    Ipv4,
    Ipv6,
    Ppp,
    Arp,
    ErspanI,
    ErspanII,
}

/// A packet found inside another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner<'a> {
    pub(crate) kind: Kind,
    pub(crate) tunnel: Tunnel,
    pub(crate) data: &'a [u8],
    /// Counted when the inner packet could be decoded.
    pub(crate) counter: Option<Counter>,
}

/// A fragment to hand to defragmentation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fragment<'a> {
    /// Offset of its payload in the datagram's.
    pub(crate) offset: u32,
    pub(crate) more: bool,
    pub(crate) id: u32,
    /// Part of the key for IPv4; the first next header after reassembly for IPv6.
    pub(crate) protocol: u8,
    /// Link header and the header that stays (for IPv6 the unfragmentable part).
    pub(crate) head: &'a [u8],
    /// Where the IP header begins in `head`.
    pub(crate) network_at: usize,
    /// IPv6: where in `head` the next-header field lies that named the fragment header.
    pub(crate) next_header_at: usize,
    pub(crate) payload: &'a [u8],
}

/// Decodes one packet, layer by layer, and notes what it carries.
pub(crate) struct Walk<'d, 'a> {
    pub(crate) options: &'d Options,
    pub(crate) stats: &'d mut Stats,
    pub(crate) packet: Packet<'a>,
    pub(crate) layers: u8,
    pub(crate) inner: Option<Inner<'a>>,
    pub(crate) fragment: Option<Fragment<'a>>,
    /// Inside PPP's Van Jacobson "uncompressed" packets, whose IP protocol field is 0 and means TCP.
    pub(crate) van_jacobson: bool,
}

/// Said by a layer that could not be read at all: a tunnel whose inner packet says it, carries nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// Whether a layer could be read.
pub(crate) type Step = Result<(), Broken>;

impl<'a> Packet<'a> {
    #[inline]
    pub(crate) fn new(time: Time, ordinal: u64, frame: &'a [u8], link_type: u32, wire_length: u32) -> Self {
        Self {
            time,
            ordinal,
            frame,
            link_type,
            wire_length,
            ethernet: None,
            vlans: SmallVec::new(),
            ip: None,
            arp: None,
            transport: Transport::None,
            payload: &[],
            events: SmallVec::new(),
            invalid: false,
            bad_checksum: BadChecksum::default(),
            level: 0,
            tunnel: None,
            root: None,
            carries: None,
            fragment: false,
            reassembled: false,
        }
    }
}

impl<'a> Walk<'_, 'a> {
    /// Notes an event that leaves the packet usable.
    #[cold]
    pub(crate) fn event(&mut self, event: DecodeEvent) {
        if self.packet.events.len() < MAX_EVENTS {
            self.packet.events.push(event);
        }
    }

    /// Notes an event that makes the packet invalid.
    #[cold]
    pub(crate) fn invalid(&mut self, event: DecodeEvent) {
        self.packet.invalid = true;
        self.event(event);
    }

    /// The same, for a layer that cannot be read.
    #[cold]
    pub(crate) fn broken(&mut self, event: DecodeEvent) -> Step {
        self.invalid(event);
        Err(Broken)
    }

    /// Enters one more layer, if the limit allows.
    #[inline]
    pub(crate) fn enter(&mut self) -> Step {
        self.layers = self.layers.saturating_add(1);
        if self.layers >= self.options.max_layers {
            return self.broken(DecodeEvent::TOO_MANY_LAYERS);
        }
        Ok(())
    }

    pub(crate) const fn tunnel(&mut self, kind: Kind, tunnel: Tunnel, data: &'a [u8], counter: Option<Counter>) {
        self.inner = Some(Inner { kind, tunnel, data, counter });
    }
}
