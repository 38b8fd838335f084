//! Why octets from the wire could not be read.

/// Why bytes from the wire could not be read. Never a log line: a counter and an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Fewer octets are left than the structure needs.
    Truncated {
        /// Octets the read asked for.
        needed: usize,
        /// Octets that were left.
        left: usize,
    },
    /// A field holds a value its specification forbids; the name of the field.
    Invalid(&'static str),
    /// A named limit of this engine was hit; the name of the limit.
    Limit(&'static str),
}

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated { needed, left } => write!(f, "truncated: {needed} octets needed, {left} left"),
            Self::Invalid(field) => write!(f, "invalid {field}"),
            Self::Limit(limit) => write!(f, "limit reached: {limit}"),
        }
    }
}

impl core::error::Error for Malformed {}
