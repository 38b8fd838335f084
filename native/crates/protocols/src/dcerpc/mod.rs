//! DCERPC over TCP and UDP. The protocol itself is the `msrpc` crate, which SMB and HTTP carry as well; this folder
//! gives it transactions, rule buffers and events.

mod config;
mod detect;
mod event;
mod frame;
mod http;
mod objects;
pub(crate) mod rows;
mod stage;
mod tcp;
#[cfg(test)]
mod tests;
mod transaction;
mod udp;

use sidewire_app_layer::ProtocolInfo;

pub(crate) use objects::{CHANNELS, EXTENSION, announce, channels, objects};
pub(crate) use rows::RpcBuffers;
pub use tcp::DcerpcTcp;
pub use transaction::{DcerpcTransaction, RpcTransaction, interfaces_of};
pub use udp::DcerpcUdp;

/// What is the same over both transports.
const INFO: ProtocolInfo = ProtocolInfo {
    name: "dcerpc",
    stages: stage::STAGES,
    events: event::EVENTS,
    extensions: &[EXTENSION, CHANNELS],
    ..ProtocolInfo::DEFAULT
};
