//! Numbers that crates pass to each other, each a type of its own: a rule's number is not a buffer's.

/// A number as a type of its own.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub $inner);

            impl $name {
                /// The number as a position in the list it comes from.
                #[must_use]
                #[inline]
                #[allow(clippy::cast_possible_truncation, reason = "no list is longer than the address space")]
                pub const fn index(self) -> usize {
                    self.0 as usize
                }

                /// The number of a position; beyond the type's range its greatest value, which no list has.
                #[must_use]
                #[inline]
                pub fn at(position: usize) -> Self {
                    Self(<$inner>::try_from(position).unwrap_or(<$inner>::MAX))
                }
            }
        )*
    };
}

id! {
    /// A protocol by its position in the list of all protocols.
    ProtocolId(u16);
    /// A rule by its position in its rule set.
    RuleId(u32);
    /// A buffer by its position in its protocol's list.
    BufferId(u16);
    /// An application-layer event by its position in its protocol's list.
    EventId(u16);
    /// A transaction by its number in its flow, from 0.
    TxId(u64);
}

impl TxId {
    /// The transaction that was opened next.
    #[must_use]
    #[inline]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_beyond_the_range_is_in_no_list() {
        assert_eq!(ProtocolId::at(3).index(), 3);
        assert_eq!(BufferId::at(1 << 20), BufferId(u16::MAX));
    }
}
