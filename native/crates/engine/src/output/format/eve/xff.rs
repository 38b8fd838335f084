//! The client behind a proxy (X-Forwarded-For).

use core::net::IpAddr;

use sidewire_app_layer::Value;
use sidewire_base::Direction;

use super::outputs::{EveOutput, EventKind};
use super::transaction::AlertTransaction;
use crate::config::XffConfig;

/// Header lines looked at for the address of the client behind a proxy.
const MAX_HEADERS: u32 = 256;

impl AlertTransaction<'_> {
    /// The client behind a proxy, for an output whose events of this kind overwrite addresses with it, or do not.
    pub(crate) fn forwarded_for(self, output: &EveOutput, kind: EventKind, overwrite: bool) -> Option<IpAddr> {
        let config = output.forwarding(kind).filter(|config| config.overwrite == overwrite)?;
        forwarded_for(self, config)
    }
}

/// The address that a proxy's header names for the transaction's client. A forward proxy adds to the end of the list, so
/// the first address counts; a reverse proxy's own entry is the last.
fn forwarded_for(tx: AlertTransaction<'_>, config: &XffConfig) -> Option<IpAddr> {
    let buffer = tx.protocol.buffer_id(tx.protocol.info.client_address?)?;
    for nth in 0..MAX_HEADERS {
        let Value::Bytes(line) = tx.session.value(tx.position, buffer, Direction::ToServer, nth) else { return None };
        let Some(colon) = line.iter().position(|octet| *octet == b':') else { continue };
        let (name, value) = line.split_at_checked(colon)?;
        if name.trim_ascii().eq_ignore_ascii_case(config.header.as_bytes()) {
            let text = core::str::from_utf8(value.get(1..)?).ok()?;
            let mut addresses = text.split(',').map(str::trim);
            let one = if config.forward { addresses.next() } else { addresses.next_back() };
            return address(one?);
        }
    }
    None
}

/// An address that may have a port or brackets.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse::<core::net::SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_with_and_without_ports() {
        assert_eq!(address("10.0.0.1").map(|ip| ip.to_string()), Some("10.0.0.1".to_owned()));
        assert_eq!(address("10.0.0.1:80").map(|ip| ip.to_string()), Some("10.0.0.1".to_owned()));
        assert_eq!(address("[2001:db8::1]:80").map(|ip| ip.to_string()), Some("2001:db8::1".to_owned()));
        assert_eq!(address("unknown"), None);
    }
}
