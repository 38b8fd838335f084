//! `stream_size`: octets of a TCP stream so far.

use serde::{Deserialize, Serialize};
use sidewire_ir::Number;
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::context::ConditionInput;
use crate::keyword::packet_test::PacketTest;
use crate::keyword::ranges::NumberRanges;

/// Which side `stream_size` looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum StreamSide {
    /// To the server.
    Server,
    /// To the client.
    Client,
    /// Both must hold.
    Both,
    /// One must hold.
    Either,
}

/// `stream_size`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct StreamSize {
    /// Which side.
    pub side: StreamSide,
    /// Octets.
    pub test: Number,
}

#[derive(Debug)]
pub(crate) struct StreamSizeTest {
    side: StreamSide,
    test: NumberRanges,
}

impl PacketTest for StreamSizeTest {
    type Ir = StreamSize;

    const OF_BOTH: bool = true;

    fn compile(ir: &StreamSize) -> Result<Self, RuleError> {
        Ok(Self { side: ir.side, test: NumberRanges::new(&ir.test) })
    }

    fn holds(&self, on: &ConditionInput<'_>) -> bool {
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
