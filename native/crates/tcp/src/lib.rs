//! TCP as a passive observer sees it: session state, sequence tracking, and the reassembly of both streams.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod boundaries;
mod closing;
mod config;
mod counters;
mod established;
mod event;
mod flags;
#[doc(hidden)]
pub mod fuzz;
mod handshake;
mod judge;
mod policy;
mod reassembly_buffer;
mod segment;
mod sequence;
mod session;
mod shared;
mod side;
mod state;
mod stream;
mod urgent;

pub use config::{HostOsPolicies, ReassemblyConfig, TcpConfig, UrgentPolicy};
pub use counters::StreamCounters;
pub use event::{StreamEvent, StreamEvents};
pub use policy::OverlapPolicy;
pub use session::{SegmentOutcome, TcpSession};
pub use shared::TcpContext;
pub use state::TcpState;
pub use stream::{Stream, StreamConsumer, StreamPiece};
