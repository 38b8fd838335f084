//! Writing EVE: a JSON object writer straight into bytes, and the text forms EVE uses. Knows no protocol.
#![forbid(unsafe_code)]

mod object;
mod text;

pub use object::{Array, JsonKey, JsonName, Object};
pub use text::{base64, hex, printable, timestamp, uuid_text};
