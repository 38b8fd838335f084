//! `stream_size`: octets of a TCP stream so far.

use sidewire_ir as ir;
use sidewire_ir::StreamSide;

use crate::keyword::context::ConditionInput;
use crate::keyword::ranges::NumberRanges;

#[derive(Debug)]
pub(crate) struct StreamSizeTest {
    side: StreamSide,
    test: NumberRanges,
}

impl StreamSizeTest {
    pub(crate) fn new(side: StreamSide, test: &ir::Number) -> Self {
        Self { side, test: NumberRanges::new(test) }
    }

    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        let Some(sizes) = on.facts.stream_sizes else { return false };
        let [client, server] = sizes.map(|size| self.test.holds(size.into())).into_array();
        match self.side {
            StreamSide::Server => server,
            StreamSide::Client => client,
            StreamSide::Both => server && client,
            StreamSide::Either => server || client,
        }
    }
}
