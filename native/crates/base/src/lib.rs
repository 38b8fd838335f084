//! The vocabulary every other crate shares: bounds-checked reading, direction, endpoints, time, malformed input, counters.

mod counters;
mod cursor;
mod endpoint;
pub mod text;
mod time;

pub use cursor::{Cursor, Malformed};
pub use endpoint::{Direction, Endpoint, HostPair};
pub use time::Time;
