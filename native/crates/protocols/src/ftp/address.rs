//! Addresses of data connections, as commands and replies say them: RFC 959 section 4.1.2, RFC 2428.

use core::net::{IpAddr, Ipv4Addr};
use core::str;

/// Where a data connection is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DataAddress {
    /// `None`: the host that says so.
    pub(super) host: Option<IpAddr>,
    pub(super) port: u16,
}

/// `h1,h2,h3,h4,p1,p2`: the argument of `PORT`.
pub(super) fn port(argument: &[u8]) -> Option<DataAddress> {
    let mut numbers = [0_u8; 6];
    let mut parts = argument.split(|octet| *octet == b',');
    for number in &mut numbers {
        *number = decimal(parts.next()?.trim_ascii())?;
    }
    if parts.next().is_some() {
        return None;
    }
    let [a, b, c, d, high, low] = numbers;
    at(Some(Ipv4Addr::new(a, b, c, d).into()), u16::from_be_bytes([high, low]))
}

/// `Entering Passive Mode (h1,h2,h3,h4,p1,p2).`: the text of a reply 227. What stands around the numbers is anybody's choice
/// (RFC 1123 section 4.1.2.6).
pub(super) fn passive(text: &[u8]) -> Option<DataAddress> {
    let is_part = |octet: &u8| octet.is_ascii_digit() || *octet == b',';
    text.split(|octet| !is_part(octet)).find_map(|part| port(part.trim_ascii()))
}

/// `|1|132.235.1.2|6275|`: the argument of `EPRT`. RFC 2428 section 2.
pub(super) fn extended_port(argument: &[u8]) -> Option<DataAddress> {
    let [family, host, port] = parts(argument)?;
    let host: IpAddr = str::from_utf8(host).ok()?.parse().ok()?;
    let fits = match family {
        b"1" => host.is_ipv4(),
        b"2" => host.is_ipv6(),
        _ => false,
    };
    if !fits {
        return None;
    }
    at(Some(host.to_canonical()), decimal(port)?)
}

/// `Entering Extended Passive Mode (|||6446|)`: the text of a reply 229. RFC 2428 section 3.
pub(super) fn extended_passive(text: &[u8]) -> Option<DataAddress> {
    let open = text.iter().rposition(|octet| *octet == b'(')?;
    let inside = text.get(open + 1..)?;
    let close = inside.iter().position(|octet| *octet == b')').unwrap_or(inside.len());
    let [_, _, port] = parts(inside.get(..close)?.trim_ascii())?;
    at(None, decimal(port)?)
}

/// Three parts between a delimiter of the sender's choice.
fn parts(text: &[u8]) -> Option<[&[u8]; 3]> {
    let (delimiter, rest) = text.split_first()?;
    let mut parts = rest.split(|octet| octet == delimiter);
    Some([parts.next()?, parts.next()?, parts.next()?])
}

fn at(host: Option<IpAddr>, port: u16) -> Option<DataAddress> {
    (port != 0).then_some(DataAddress { host, port })
}

fn decimal<N: str::FromStr>(digits: &[u8]) -> Option<N> {
    let plain = digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_ipv4() {
        let found = DataAddress { host: Some(Ipv4Addr::new(192, 168, 0, 13).into()), port: 59914 };
        assert_eq!(port(b"192,168,0,13,234,10"), Some(found));
        assert_eq!(passive(b"Entering Passive Mode (192,168,0,13,234,10)."), Some(found));
        assert_eq!(passive(b"=192,168,0,13,234,10"), Some(found));
        for odd in [
            &b"192,168,0,13,234"[..],
            b"192,168,0,13,234,10,1",
            b"192,168,0,256,234,10",
            b"1,2,3,4,0,0",
            b"+1,2,3,4,5,6",
        ] {
            assert_eq!(port(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn texts_of_either_family() {
        let six = DataAddress { host: Some("2001:db8::1".parse().unwrap()), port: 34325 };
        assert_eq!(extended_port(b"|2|2001:db8::1|34325|"), Some(six));
        assert_eq!(extended_port(b"!1!192.0.2.1!80!").map(|address| address.port), Some(80));
        assert_eq!(extended_port(b"|1|2001:db8::1|34325|"), None);
        let passive = DataAddress { host: None, port: 58612 };
        assert_eq!(extended_passive(b"Entering Extended Passive Mode (|||58612|)"), Some(passive));
        for odd in [&b"Entering"[..], b"(|||0|)", b"(|||65536|)", b"(||)", b"()"] {
            assert_eq!(extended_passive(odd), None, "{odd:?}");
        }
    }
}
