//! Community ID, version 1.

use core::net::IpAddr;

use sha1::{Digest, Sha1};
use sidewire_base::ip_protocol::{ICMP, ICMPV6, SCTP, TCP, UDP};

use crate::Flow;

/// The Community ID of a flow, version 1: what other tools call the same conversation. `seed` is EVE's
/// `community-id-seed`.
///
/// <https://github.com/corelight/community-id-spec>
#[must_use]
pub fn community_id<S>(flow: &Flow<S>, seed: u16) -> String {
    let (mut source_port, mut destination_port) = (flow.client.port, flow.server.port);
    let mut ordered = true;
    if let Some(icmp) = flow.icmp {
        source_port = u16::from(icmp.request.0);
        // A message without an answer keeps its direction, and its code takes the place of the other port.
        ordered = icmp.paired;
        destination_port = u16::from(if icmp.paired { icmp.response.0 } else { icmp.request.1 });
    }
    let mut source = (flow.client.address, source_port);
    let mut destination = (flow.server.address, destination_port);
    if ordered && destination < source {
        core::mem::swap(&mut source, &mut destination);
    }
    let mut hash = Sha1::new();
    hash.update(seed.to_be_bytes());
    for address in [source.0, destination.0] {
        match address {
            IpAddr::V4(address) => hash.update(address.octets()),
            IpAddr::V6(address) => hash.update(address.octets()),
        }
    }
    hash.update([flow.protocol, 0]);
    if matches!(flow.protocol, ICMP | TCP | UDP | ICMPV6 | SCTP) {
        hash.update(source.1.to_be_bytes());
        hash.update(destination.1.to_be_bytes());
    }
    let mut out = String::with_capacity(30);
    out.push_str("1:");
    base64(&hash.finalize(), &mut out);
    out
}

/// RFC 4648, section 4, with padding.
fn base64(bytes: &[u8], out: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let octet = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for place in 0..4 {
            let symbol = ALPHABET.get((bits >> (18 - 6 * place) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if place <= group.len() { char::from(symbol) } else { '=' });
        }
    }
}
