//! Tests on numbers.

use sidewire_ir as ir;

/// Inside one of some ranges, or in none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NumberRanges {
    ranges: Box<[(u64, u64)]>,
    negated: bool,
}

impl NumberRanges {
    pub(crate) fn new(test: &ir::Number) -> Self {
        Self { ranges: test.ranges.iter().map(|range| (range.min, range.max)).collect(), negated: test.negated }
    }

    pub(crate) fn holds(&self, value: u64) -> bool {
        self.ranges.iter().any(|&(min, max)| (min..=max).contains(&value)) != self.negated
    }
}
