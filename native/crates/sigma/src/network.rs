//! Networks of addresses.

use core::net::IpAddr;

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IpNetwork {
    bits: u128,
    prefix: u32,
    is_v6: bool,
}

impl IpNetwork {
    /// Reads `10.0.0.0/8`, `fe80::/10`, or an address alone.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let (bits, is_v6) = bits(address.trim().parse().ok()?);
        let most = if is_v6 { 128 } else { 32 };
        let prefix = prefix.map_or(Some(most), |prefix| prefix.trim().parse().ok())?;
        (prefix <= most).then_some(Self { bits, prefix, is_v6 })
    }

    /// The text is an address of the network.
    pub(crate) fn holds(self, text: &[u8]) -> bool {
        let address = core::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
        let Some((bits, is_v6)) = address.map(bits) else { return false };
        let width = if is_v6 { 128 } else { 32 };
        is_v6 == self.is_v6 && (self.prefix == 0 || (bits ^ self.bits) >> (width - self.prefix) == 0)
    }
}

/// An address as a number. IPv4 in IPv6 is IPv4, which is how Sysmon may write it.
fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), false),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => (u128::from(u32::from(address)), false),
            None => (u128::from(address), true),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_is_in_it() {
        let holds = |network: &str, address: &str| IpNetwork::parse(network).unwrap().holds(address.as_bytes());
        assert!(holds("10.0.0.0/8", "10.255.1.2") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(
            holds("::1/128", "0:0:0:0:0:0:0:1") && holds("fe80::/10", "fe80::1") && !holds("fe80::/10", "10.0.0.1")
        );
        assert!(holds("192.168.0.0/16", "::ffff:192.168.3.4") && holds("0.0.0.0/0", "1.2.3.4"));
        assert!(!holds("10.0.0.0/8", "host") && IpNetwork::parse("10.0.0.0/33").is_none());
    }
}
