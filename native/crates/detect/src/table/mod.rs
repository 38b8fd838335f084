//! Addresses and ports of rule headers, as tables that are looked up once for a packet.

pub(crate) mod address;
pub(crate) mod address_table;
pub(crate) mod port_table;
