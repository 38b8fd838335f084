//! `sameip`: source and destination have the same address.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::context::ConditionInput;
use crate::keyword::packet_test::PacketTest;

/// `sameip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct SameIp {
    /// Holds when they are not the same.
    pub negated: bool,
}

#[derive(Debug)]
pub(crate) struct SameIpTest {
    negated: bool,
}

impl PacketTest for SameIpTest {
    type Ir = SameIp;

    const OF_PACKETS: bool = true;

    fn compile(ir: &SameIp) -> Result<Self, RuleError> {
        Ok(Self { negated: ir.negated })
    }

    fn holds(&self, on: &ConditionInput<'_>) -> bool {
        match (on.facts.source, on.facts.destination) {
            (Some(source), Some(destination)) => (source.address == destination.address) != self.negated,
            _ => false,
        }
    }
}
