//! The application protocols: one folder each, and the list of them. The engine knows a protocol only by its line here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod dcerpc;
#[doc(hidden)]
pub mod fuzz;
pub mod http1;
pub mod smb;

use sidewire_proto::ProtocolDef;

/// Every protocol, in the order in which ties of detection are decided.
pub static ALL: &[ProtocolDef] = &[
    // One line per protocol: `sidewire_proto::def::<folder::Protocol>()`.
    sidewire_proto::def::<http1::Http1>(),
    sidewire_proto::def::<smb::Smb>(),
    sidewire_proto::def::<dcerpc::Tcp>(),
    sidewire_proto::def::<dcerpc::Udp>(),
];
