//! Conditions on packets and flows, and what rules do when they match. Each keyword has a file of its own; here are the
//! lists of them.

use crate::keyword::app_protocol::AppProtocolTest;
use crate::keyword::buffer_test::BufferInspection;
use crate::keyword::context::{ConditionInput, EffectOutput};
use crate::keyword::events::{AppEventTest, DecodeEventTest, StreamEventTest};
use crate::keyword::field_test::FieldTest;
use crate::keyword::fields::Field;
use crate::keyword::flowbits::{FlowBitsChange, FlowBitsTest};
use crate::keyword::flowint::{FlowIntChange, FlowIntTest};
use crate::keyword::ipopts::IpOptionTest;
use crate::keyword::sameip::SameIpTest;
use crate::keyword::stream_size::StreamSizeTest;
use crate::keyword::xbits::{XbitChange, XbitTest};

/// What must hold of a packet and its flow.
#[derive(Debug)]
pub(crate) enum PacketCondition {
    Field {
        field: &'static Field,
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
    SameIp(SameIpTest),
    IpOption(IpOptionTest),
    StreamSize(StreamSizeTest),
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
            Self::SameIp(test) => test.holds(on),
            Self::IpOption(test) => test.holds(on),
            Self::StreamSize(test) => test.holds(on),
            Self::FlowBits(test) => test.holds(on),
            Self::FlowInt(test) => test.holds(on),
            Self::Xbit(test) => test.holds(on),
        }
    }

    /// It asks for something that only packets have: rules with it look at packets.
    pub(crate) const fn needs_packet(&self) -> bool {
        match self {
            Self::Field { field, .. } => field.of_packet,
            Self::Buffer { .. } | Self::DecodeEvent(_) | Self::StreamEvent(_) | Self::SameIp(_) | Self::IpOption(_) => {
                true
            }
            Self::AppEvent(_)
            | Self::AppProtocol(_)
            | Self::StreamSize(_)
            | Self::FlowBits(_)
            | Self::FlowInt(_)
            | Self::Xbit(_) => false,
        }
    }
}

/// What happens on a match.
#[derive(Debug)]
pub(crate) enum MatchEffect {
    FlowBits(FlowBitsChange),
    FlowInt(FlowIntChange),
    Xbit(XbitChange),
}

impl MatchEffect {
    pub(crate) fn apply(&self, on: EffectOutput<'_>) {
        match self {
            Self::FlowBits(change) => change.apply(on),
            Self::FlowInt(change) => change.apply(on),
            Self::Xbit(change) => change.apply(on),
        }
    }
}
