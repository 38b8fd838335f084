//! The Internet checksum (RFC 1071) and SCTP's CRC32c (RFC 9260, appendix A).

use core::net::IpAddr;

use sidewire_base::crc32c;

/// Sum of 16-bit words in network order, not folded. `data` is padded with a zero octet when odd.
#[inline]
fn sum(data: &[u8]) -> u64 {
    let mut total = 0u64;
    let (chunks, rest) = data.as_chunks::<4>();
    for chunk in chunks {
        total += u64::from(u32::from_be_bytes(*chunk));
    }
    let mut tail = [0; 4];
    for (slot, octet) in tail.iter_mut().zip(rest) {
        *slot = *octet;
    }
    total + u64::from(u32::from_be_bytes(tail))
}

#[inline]
const fn fold(mut total: u64) -> u16 {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// The checksum of a header whose checksum field is zero; of one with its checksum it is 0.
#[inline]
pub(crate) fn internet(data: &[u8]) -> u16 {
    !fold(sum(data))
}

/// The same with the pseudo header of RFC 9293 and RFC 8200.
#[inline]
pub(crate) fn transport(source: IpAddr, destination: IpAddr, protocol: u8, segment: &[u8]) -> u16 {
    !fold(pseudo_sum(source, destination, protocol, segment.len()) + sum(segment))
}

/// The sum of a pseudo header alone, for a segment of this many octets.
pub(crate) fn pseudo(source: IpAddr, destination: IpAddr, protocol: u8, length: usize) -> u16 {
    fold(pseudo_sum(source, destination, protocol, length))
}

#[inline]
fn pseudo_sum(source: IpAddr, destination: IpAddr, protocol: u8, length: usize) -> u64 {
    let addresses = |address: IpAddr| match address {
        IpAddr::V4(address) => sum(&address.octets()),
        IpAddr::V6(address) => sum(&address.octets()),
    };
    addresses(source) + addresses(destination) + u64::from(protocol) + length as u64
}

/// True when an SCTP packet's checksum field (octets 8 to 11) is right.
pub(crate) fn sctp(packet: &[u8]) -> bool {
    let Some(field) = packet.get(8..).and_then(|rest| rest.first_chunk::<4>()) else { return false };
    let octets = packet.iter().enumerate().map(|(at, octet)| if (8..12).contains(&at) { 0 } else { *octet });
    crc32c(octets) == u32::from_le_bytes(*field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_1071_example_and_odd_lengths() {
        assert_eq!(internet(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(internet(&[0x12, 0x34, 0x56]), !(0x1234 + 0x5600));
        assert_eq!(internet(&[0xff; 70_000]), 0);
    }

    #[test]
    fn sctp_uses_crc32c() {
        // CRC32c of 32 zero octets is 0x8a9136aa (RFC 3720, B.4).
        let mut packet = [0; 32];
        packet[8..12].copy_from_slice(&0x8a91_36aau32.to_le_bytes());
        assert!(sctp(&packet));
        packet[20] = 1;
        assert!(!sctp(&packet));
        assert!(!sctp(&packet[..11]));
    }
}
