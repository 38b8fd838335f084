//! Conditions on packets and flows, and what rules do when they match. Each keyword has a file of its own; here are the
//! lists of them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::app_protocol::AppProtocolTest;
use crate::keyword::buffer_test::BufferInspection;
use crate::keyword::context::{ConditionInput, EffectOutput};
use crate::keyword::document::DocumentStoring;
use crate::keyword::events::{AppEventTest, DecodeEventTest, StreamEventTest};
use crate::keyword::field_test::FieldTest;
use crate::keyword::fields::PacketField;
use crate::keyword::flowbits::{FlowBitsChange, FlowBitsTest};
use crate::keyword::flowint::{FlowIntChange, FlowIntTest};
use crate::keyword::packet_test::PacketTest;
use crate::keyword::xbits::{XbitChange, XbitTest};
use crate::keyword::{ipopts, sameip, stream_size};
use crate::state::flow_tags::SessionTag;

/// The list of conditions that need nothing but a packet and its flow: the variant of [`PacketTestIr`] and of
/// [`CompiledPacketTest`], what the rule compiler says of it, and the type that implements it.
macro_rules! packet_tests {
    ($($name:ident($ir:ty => $test:ty);)*) => {
        /// A condition on a packet and its flow, as the rule compiler writes it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        #[ts(export_to = "ir.ts", rename = "PacketTest")]
        pub enum PacketTestIr {
            $(#[allow(missing_docs, reason = "its type says what it is")] $name($ir),)*
        }

        /// The same, ready to run.
        #[derive(Debug)]
        pub(crate) enum CompiledPacketTest {
            $($name($test),)*
        }

        impl CompiledPacketTest {
            /// [`PacketTest::compile`].
            pub(crate) fn new(test: &PacketTestIr) -> Result<Self, RuleError> {
                match test {
                    $(PacketTestIr::$name(ir) => <$test>::compile(ir).map(Self::$name),)*
                }
            }

            /// [`PacketTest::OF_PACKETS`].
            const fn is_of_packets(&self) -> bool {
                match self {
                    $(Self::$name(_) => <$test>::OF_PACKETS,)*
                }
            }

            /// [`PacketTest::OF_BOTH`].
            pub(crate) const fn is_of_both(&self) -> bool {
                match self {
                    $(Self::$name(_) => <$test>::OF_BOTH,)*
                }
            }

            fn holds(&self, on: &ConditionInput<'_>) -> bool {
                match self {
                    $(Self::$name(test) => test.holds(on),)*
                }
            }
        }
    };
}

packet_tests! {
    SameIp(sameip::SameIp => sameip::SameIpTest);
    IpOption(ipopts::IpOption => ipopts::IpOptionTest);
    StreamSize(stream_size::StreamSize => stream_size::StreamSizeTest);
}

/// What must hold of a packet and its flow.
#[derive(Debug)]
pub(crate) enum PacketCondition {
    Field {
        field: &'static PacketField,
        test: FieldTest,
    },
    /// A buffer of the packet, by position in [`crate::keyword::fields::BUFFERS`].
    Buffer {
        buffer: usize,
        look: BufferInspection,
    },
    DecodeEvent(DecodeEventTest),
    StreamEvent(StreamEventTest),
    AppEvent(AppEventTest),
    AppProtocol(AppProtocolTest),
    Test(CompiledPacketTest),
    FlowBits(FlowBitsTest),
    FlowInt(FlowIntTest),
    Xbit(XbitTest),
}

impl PacketCondition {
    /// Does it hold? A buffer is looked into by the caller, who has the room for transforms.
    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        match self {
            Self::Field { field, test } => test.holds_of(field, &on.facts.subject()),
            Self::Buffer { .. } => false,
            Self::DecodeEvent(test) => test.holds(on),
            Self::StreamEvent(test) => test.holds(on),
            Self::AppEvent(test) => test.holds(on),
            Self::AppProtocol(test) => test.holds(on),
            Self::Test(test) => test.holds(on),
            Self::FlowBits(test) => test.holds(on),
            Self::FlowInt(test) => test.holds(on),
            Self::Xbit(test) => test.holds(on),
        }
    }

    /// It asks for something that only packets have: rules with it look at packets.
    pub(crate) const fn needs_packet(&self) -> bool {
        match self {
            Self::Field { field, .. } => field.of_packet,
            Self::Test(test) => test.is_of_packets(),
            Self::Buffer { .. } | Self::DecodeEvent(_) | Self::StreamEvent(_) => true,
            Self::AppEvent(_) | Self::AppProtocol(_) | Self::FlowBits(_) | Self::FlowInt(_) | Self::Xbit(_) => false,
        }
    }
}

/// What happens on a match.
#[derive(Debug)]
pub(crate) enum MatchEffect {
    FlowBits(FlowBitsChange),
    FlowInt(FlowIntChange),
    Xbit(XbitChange),
    Tag(SessionTag),
    Document(DocumentStoring),
}

impl MatchEffect {
    pub(crate) fn apply(&self, on: EffectOutput<'_>) {
        match self {
            Self::FlowBits(change) => change.apply(on),
            Self::FlowInt(change) => change.apply(on),
            Self::Xbit(change) => change.apply(on),
            Self::Tag(tag) => tag.apply(on),
            Self::Document(storing) => storing.apply(on),
        }
    }
}
