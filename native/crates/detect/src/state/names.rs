//! Names that rules give to what they keep: flowbits, flow integers, bits of hosts, variables.

use core::hash::{Hash, Hasher};
use std::sync::Arc;

/// A name. It stays the same over a reload, so what was set under one rule set is found under the next; comparing two costs
/// little more than comparing two numbers.
#[derive(Clone, Debug)]
pub(crate) struct StateName {
    hash: u64,
    text: Arc<str>,
}

impl StateName {
    /// FNV-1a, 64 bit.
    pub(crate) fn new(text: &str) -> Self {
        let mix = |hash: u64, octet: u8| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        Self { hash: text.bytes().fold(0xcbf2_9ce4_8422_2325, mix), text: text.into() }
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl PartialEq for StateName {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.text == other.text
    }
}

impl Eq for StateName {}

impl Hash for StateName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}
