//! The worker of a frame, from its first octets.

use core::net::{IpAddr, Ipv4Addr};

use sidewire_base::HostPair;

use crate::options::DefragOptions;
use crate::{DecodeOptions, FrameDecoder, Icmp, LinkFrame, TransportLayer};
use sidewire_base::ip_protocol as protocol;

/// Which worker a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShardKey {
    /// The innermost two hosts.
    pub pair: HostPair,
    /// True when the outermost IP packet is a fragment, so that what it carries is not known yet.
    pub fragment: bool,
}

/// Finds the hosts of a frame without keeping anything of it.
#[derive(Debug)]
pub struct FrameSharder {
    options: DecodeOptions,
    /// For what the short way does not cover; its defragmentation holds nothing.
    decoder: FrameDecoder,
}

impl FrameSharder {
    /// A sharder that looks into the same tunnels as a decoder with these options.
    #[must_use]
    pub fn new(options: &DecodeOptions) -> Self {
        let nothing = DefragOptions { max_trackers: 0, max_fragments: 0, memory: 0, ..DefragOptions::default() };
        let unkept = DecodeOptions { checksums: false, defrag: nothing, ..options.clone() };
        Self { options: options.clone(), decoder: FrameDecoder::new(unkept) }
    }

    /// The hosts that a frame's innermost IP packet connects; `None` when it carries none.
    #[inline]
    pub fn key(&mut self, frame: &LinkFrame<'_>) -> Option<ShardKey> {
        self.plain(frame).or_else(|| self.any(frame))
    }

    /// The usual case: TCP, or UDP without a tunnel, over unfragmented IPv4 over Ethernet.
    #[inline]
    fn plain(&self, frame: &LinkFrame<'_>) -> Option<ShardKey> {
        if frame.link_type != 1 {
            return None;
        }
        let ([.., t0, t1], network) = frame.data.split_first_chunk::<14>()?;
        let (header, transport) = network.split_first_chunk::<20>()?;
        let [first, _, _, _, _, _, f0, f1, _, proto, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = *header;
        if (*t0, *t1, first) != (0x08, 0x00, 0x45) || u16::from_be_bytes([f0, f1]) & 0x3fff != 0 {
            return None;
        }
        match (proto, transport.first_chunk::<4>()) {
            (protocol::TCP, _) => {}
            (protocol::UDP, Some([p0, p1, q0, q1])) => {
                let (source, destination) = (u16::from_be_bytes([*p0, *p1]), u16::from_be_bytes([*q0, *q1]));
                let DecodeOptions { teredo, vxlan, geneve, .. } = &self.options;
                if [teredo, vxlan, geneve].iter().any(|ports| ports.contain(source, destination)) {
                    return None;
                }
            }
            _ => return None,
        }
        let address = |octets: [u8; 4]| IpAddr::V4(Ipv4Addr::from(octets));
        let pair = HostPair::new(address([s0, s1, s2, s3]), address([d0, d1, d2, d3]));
        Some(ShardKey { pair, fragment: false })
    }

    #[inline(never)]
    fn any(&mut self, frame: &LinkFrame<'_>) -> Option<ShardKey> {
        let mut key: Option<ShardKey> = None;
        self.decoder.decode(frame, &mut |packet| {
            if let Some(ip) = &packet.ip {
                let fragment = key.map_or(packet.fragment, |outer| outer.fragment);
                let pair = match &packet.transport {
                    // An ICMP error may come from a host between the two whose packet it quotes, and counts for them.
                    TransportLayer::Icmp(Icmp { embedded: Some(quoted), .. }) => {
                        HostPair::new(quoted.source.address, quoted.destination.address)
                    }
                    _ => HostPair::new(ip.source, ip.destination),
                };
                key = Some(ShardKey { pair, fragment });
            }
        });
        key
    }
}
