//! Decodes one packet, layer by layer. Each layer's file adds the functions that read it.

use crate::fragment::Fragment;
use crate::inner::{InnerKind, InnerPacket};
use crate::stats::DecodeCounter;
use crate::{DecodeEvent, DecodeOptions, DecodeStats, Packet, TunnelKind};

/// Most events kept for one packet: Suricata's.
const MAX_EVENTS: usize = 15;

/// DLT number of raw IP, which inner layers are given.
pub(crate) const LINK_RAW: u32 = 101;

/// Reads the layers of one packet, and notes what it carries.
pub(crate) struct PacketDecoder<'d, 'a> {
    pub(crate) options: &'d DecodeOptions,
    pub(crate) stats: &'d mut DecodeStats,
    pub(crate) packet: Packet<'a>,
    pub(crate) layers: u8,
    pub(crate) inner: Option<InnerPacket<'a>>,
    pub(crate) fragment: Option<Fragment<'a>>,
    /// Inside PPP's Van Jacobson "uncompressed" packets, whose IP protocol field is 0 and means TCP.
    pub(crate) van_jacobson: bool,
}

/// Said by a layer that could not be read at all: a tunnel whose inner packet says it, carries nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BrokenLayer;

/// Whether a layer could be read.
pub(crate) type LayerResult = Result<(), BrokenLayer>;

impl<'a> PacketDecoder<'_, 'a> {
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

    /// Notes a malformed option of a header that is otherwise usable.
    #[cold]
    pub(crate) fn malformed_option(&mut self, event: DecodeEvent) {
        self.packet.malformed_options = true;
        self.event(event);
    }

    /// The same of an IP header; where the configuration says so, the packet is dropped, as Linux does.
    #[cold]
    pub(crate) fn malformed_ip_option(&mut self, event: DecodeEvent) {
        self.packet.invalid |= self.options.drop_malformed_ip_options;
        self.malformed_option(event);
    }

    /// Notes an event that makes the packet invalid, for a layer that cannot be read.
    #[cold]
    pub(crate) fn broken(&mut self, event: DecodeEvent) -> LayerResult {
        self.invalid(event);
        Err(BrokenLayer)
    }

    /// Enters one more layer, if the limit allows.
    #[inline]
    pub(crate) fn enter(&mut self) -> LayerResult {
        self.layers = self.layers.saturating_add(1);
        if self.layers >= self.options.max_layers {
            return self.broken(DecodeEvent::TOO_MANY_LAYERS);
        }
        Ok(())
    }

    pub(crate) const fn tunnel(
        &mut self,
        kind: InnerKind,
        tunnel: TunnelKind,
        data: &'a [u8],
        counter: Option<DecodeCounter>,
    ) {
        self.inner = Some(InnerPacket { kind, tunnel, data, counter });
    }
}
