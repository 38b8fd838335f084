//! `ipopts`: an IPv4 option is there.

use crate::error::RuleError;
use crate::keyword::context::ConditionInput;
use crate::keyword::fields::{self, IP_OPTIONS};

#[derive(Debug)]
pub(crate) struct IpOptionTest {
    /// `None`: any.
    kind: Option<u64>,
    negated: bool,
}

impl IpOptionTest {
    /// # Errors
    /// An option without a name here.
    pub(crate) fn new(option: Option<&str>, negated: bool) -> Result<Self, RuleError> {
        let named = |name: &str| {
            let found = IP_OPTIONS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
            found.ok_or_else(|| RuleError::Value { keyword: "ipopts", value: name.to_owned() })
        };
        Ok(Self { kind: option.map(named).transpose()?, negated })
    }

    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        let mut kinds = fields::ip_options(on.facts.subject());
        kinds.any(|found| self.kind.is_none_or(|wanted| found == wanted)) != self.negated
    }
}
