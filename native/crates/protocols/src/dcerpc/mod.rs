//! DCERPC over TCP and UDP. The protocol itself is the `msrpc` crate, which SMB and HTTP carry as well; this folder
//! gives it transactions, rule buffers and events.

mod detect;
mod event;
mod frame;
mod http;
mod objects;
pub mod rows;
mod tcp;
#[cfg(test)]
mod tests;
mod transaction;
mod udp;

pub use event::EVENTS;
pub(crate) use objects::{EXTENSION, announce, objects};
pub use tcp::Tcp;
pub use transaction::{Rpc, Tx, interfaces_of};
pub use udp::Udp;
