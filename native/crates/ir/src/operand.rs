//! What several operators are made of.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A number, or a variable set by `byte_extract` / `byte_math` in the same rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(untagged)]
#[ts(export_to = "ir.ts")]
pub enum Operand {
    /// Constant. A JSON number: the compiler refuses what a double cannot hold exactly.
    Number(#[ts(type = "number")] i64),
    /// Variable.
    Variable(String),
}

/// Byte order of a number in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum Endian {
    /// Network order.
    Big,
    /// Little-endian.
    Little,
    /// As the DCERPC PDU says.
    Dce,
}
