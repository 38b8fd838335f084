//! Tests on numbers.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A test on an unsigned number: inside one of the ranges, or in none when negated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Number {
    /// Ranges, both ends included. `>5` is 6..max, `5<>10` is 6..9 (as Suricata's exclusive ranges).
    pub ranges: Vec<NumberRange>,
    /// In none of them.
    pub negated: bool,
}

/// A number range, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct NumberRange {
    /// Smallest; a JSON number up to 2^53, larger ones are clamped to it by the compiler.
    #[ts(type = "number")]
    pub min: u64,
    /// Greatest; `null` in JSON when there is no upper bound.
    #[serde(with = "unbounded")]
    #[ts(type = "number | null")]
    pub max: u64,
}

/// `null` stands for no upper bound, which JavaScript numbers cannot hold.
mod unbounded {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(max: &u64, s: S) -> Result<S::Ok, S::Error> {
        (*max != u64::MAX).then_some(*max).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
        Ok(Option::<u64>::deserialize(d)?.unwrap_or(u64::MAX))
    }
}
