//! The flow table: which conversation a packet belongs to, how long an idle one lives, and its identifiers.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod community;
mod config;
mod counters;
mod flow;
mod handle;
mod key;
mod silence;
mod slab;
mod table;
#[cfg(test)]
mod tests;
mod timeouts;
mod tuple;
mod wheel;

pub use community::community_id;
pub use config::{FlowTableConfig, SilenceLimits};
pub use counters::FlowCounters;
pub use flow::{EndReason, Flow, FlowState, IcmpTypes};
pub use handle::FlowHandle;
pub use table::{Expiry, FlowLookup, FlowTable, PacketStamp};
pub use timeouts::{FlowTimeouts, ProtocolTimeout, TimeoutSeconds};
pub use tuple::{FlowTuple, QuotedPacket};
