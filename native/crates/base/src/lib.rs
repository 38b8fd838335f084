//! The vocabulary every other crate shares: bounds-checked reading, direction, endpoints, time, malformed input,
//! counters, and the codes that more than one crate reads.
#![forbid(unsafe_code)]

pub mod base64;
pub mod calendar;
mod counters;
mod crc32c;
mod cursor;
mod endpoint;
pub mod fault;
mod ids;
pub mod ip_protocol;
mod malformed;
mod per_direction;
mod settings;
pub mod text;
mod time;

pub use crc32c::crc32c;
pub use cursor::Cursor;
pub use endpoint::{Direction, Endpoint, HostPair};
pub use ids::{BufferId, EventId, ProtocolId, RuleId, TxId};
pub use malformed::Malformed;
pub use per_direction::PerDirection;
pub use settings::{
    ByteSize, DeclaredSettings, FileMode, SettingDef, SettingError, SettingKind, SettingTexts, SettingValue, setting,
};
pub use time::Time;
