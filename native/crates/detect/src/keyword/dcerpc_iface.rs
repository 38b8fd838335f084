//! `dcerpc.iface`: an interface that was bound and is used.

use sidewire_app_layer::Value;
use sidewire_ir as ir;

use crate::error::RuleError;
use crate::keyword::operator::unhex;
use crate::keyword::ranges::NumberRanges;

#[derive(Debug)]
pub(crate) struct InterfaceTest {
    uuid: [u8; 16],
    version: Option<NumberRanges>,
    any_fragment: bool,
}

impl InterfaceTest {
    /// # Errors
    /// Text that is no UUID.
    pub(crate) fn new(uuid: &str, version: Option<&ir::Number>, any_fragment: bool) -> Result<Self, RuleError> {
        let octets = unhex(&uuid.replace('-', ""))?;
        let uuid = octets.try_into().map_err(|_| RuleError::Uuid(uuid.to_owned()))?;
        Ok(Self { uuid, version: version.map(NumberRanges::new), any_fragment })
    }

    pub(crate) fn holds(&self, value: Value<'_>) -> bool {
        let Value::Interfaces(interfaces) = value else { return false };
        interfaces.iter().any(|interface| {
            interface.accepted
                && interface.used
                && interface.uuid == self.uuid
                && (self.any_fragment || interface.first_fragment)
                && self.version.as_ref().is_none_or(|version| version.holds(interface.version.into()))
        })
    }
}
