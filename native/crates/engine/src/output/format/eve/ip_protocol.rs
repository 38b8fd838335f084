//! IP protocol numbers in EVE's `proto`.

/// The name of an IP protocol; `None` beyond those that have one.
pub(crate) fn ip_protocol_name(protocol: u8) -> Option<&'static str> {
    sidewire_tables::IP_PROTOCOLS.name(protocol.into())
}
