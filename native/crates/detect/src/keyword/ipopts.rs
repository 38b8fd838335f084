//! `ipopts`: an IPv4 option is there.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::context::ConditionInput;
use crate::keyword::fields::{self, IP_OPTIONS};
use crate::keyword::packet_test::PacketTest;

/// `ipopts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct IpOption {
    /// Its name; `None`: any.
    pub option: Option<String>,
    /// Holds when it is not there.
    pub negated: bool,
}

#[derive(Debug)]
pub(crate) struct IpOptionTest {
    /// `None`: any.
    kind: Option<u64>,
    negated: bool,
}

impl PacketTest for IpOptionTest {
    type Ir = IpOption;

    const OF_PACKETS: bool = true;

    fn compile(ir: &IpOption) -> Result<Self, RuleError> {
        let named = |name: &str| {
            let found = IP_OPTIONS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
            found.ok_or_else(|| RuleError::Value { keyword: "ipopts", value: name.to_owned() })
        };
        Ok(Self { kind: ir.option.as_deref().map(named).transpose()?, negated: ir.negated })
    }

    fn holds(&self, on: &ConditionInput<'_>) -> bool {
        let mut kinds = fields::ip_options(on.facts.subject());
        kinds.any(|found| self.kind.is_none_or(|wanted| found == wanted)) != self.negated
    }
}
