//! Keywords for numbers: of packets and flows, and of transactions.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::keyword::fields::{FieldSubject, PacketField};
use crate::keyword::ranges::NumberRanges;

/// How flags are compared, after both sides were masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum FlagCompare {
    /// Exactly these.
    Exactly,
    /// These and maybe more (`+`).
    All,
    /// One of these (`*`).
    Any,
    /// None of these (`!` or `-`).
    None,
}

/// A test on a number.
#[derive(Debug)]
pub(crate) enum FieldTest {
    Ranges(NumberRanges),
    Bits { compare: FlagCompare, value: u64, mask: u64, negated: bool },
}

impl FieldTest {
    pub(crate) fn holds(&self, number: u64) -> bool {
        match self {
            Self::Ranges(ranges) => ranges.holds(number),
            Self::Bits { compare, value, mask, negated } => {
                let (number, value) = (number & mask, value & mask);
                let holds = match compare {
                    FlagCompare::Exactly => number == value,
                    FlagCompare::All => number & value == value,
                    FlagCompare::Any => number & value != 0,
                    FlagCompare::None => number & value == 0,
                };
                holds != *negated
            }
        }
    }

    /// Holds for one of a field's values; a field that is not there satisfies nothing.
    pub(crate) fn holds_of(&self, field: &PacketField, subject: &FieldSubject<'_>) -> bool {
        (0..).map_while(|nth| (field.get)(subject, nth)).any(|number| self.holds(number))
    }
}
