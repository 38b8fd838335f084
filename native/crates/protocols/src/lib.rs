//! The application protocols: one folder each, and the list of them. The engine knows a protocol only by its line here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod dcerpc;
pub mod dns;
mod encryption;
pub mod ftp;
#[doc(hidden)]
pub mod fuzz;
pub mod http1;
mod mime;
pub mod smb;
pub mod smtp;
pub mod ssh;
#[cfg(test)]
#[path = "../_template/mod.rs"]
pub mod template;
pub mod tls;

use sidewire_app_layer::ProtocolDef;

/// Every protocol, in the order in which ties of detection are decided.
pub static ALL: &[ProtocolDef] = &[
    // One line per protocol: `sidewire_app_layer::def::<folder::Protocol>()`.
    sidewire_app_layer::def::<http1::Http1>(),
    sidewire_app_layer::def::<smb::SmbSession>(),
    sidewire_app_layer::def::<tls::TlsSession>(),
    sidewire_app_layer::def::<dcerpc::DcerpcTcp>(),
    sidewire_app_layer::def::<dcerpc::DcerpcUdp>(),
    sidewire_app_layer::def::<dns::Dns>(),
    sidewire_app_layer::def::<dns::Mdns>(),
    sidewire_app_layer::def::<dns::Llmnr>(),
    sidewire_app_layer::def::<ftp::FtpSession>(),
    sidewire_app_layer::def::<ftp::FtpData>(),
    sidewire_app_layer::def::<ssh::SshSession>(),
    sidewire_app_layer::def::<smtp::SmtpSession>(),
];
