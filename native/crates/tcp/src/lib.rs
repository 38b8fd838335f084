//! TCP as a passive observer sees it: session state, sequence tracking, and the reassembly of both streams.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod closing;
mod config;
mod counters;
mod established;
mod event;
mod flags;
#[doc(hidden)]
pub mod fuzz;
mod handshake;
mod held;
mod judge;
mod marks;
mod policy;
mod segment;
mod sequence;
mod session;
mod shared;
mod side;
mod state;
mod stream;
mod urgent;

pub use config::{Config, Policies, Reassembly, Urgent};
pub use counters::Counters;
pub use event::{Event, Events};
pub use policy::Policy;
pub use session::{Outcome, Session};
pub use shared::Shared;
pub use state::State;
pub use stream::{Chunk, Consumer, Stream};
