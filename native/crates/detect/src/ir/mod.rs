//! The rule IR as the engine takes it: what of a rule is evaluated is declared where it is evaluated, and put together
//! here with what `sidewire_ir` says of the rest.

mod condition;
mod rule;

pub use condition::Condition;
pub use rule::{Rule, RuleBatch};
pub use sidewire_ir::*;

pub use crate::keyword::app_protocol::AppLayerPart;
pub use crate::keyword::asn1::Asn1;
pub use crate::keyword::base64_decode::Base64Decode;
pub use crate::keyword::bsize::Bsize;
pub use crate::keyword::byte_extract::ByteExtract;
pub use crate::keyword::byte_jump::ByteJump;
pub use crate::keyword::byte_math::{ByteMath, MathOperator};
pub use crate::keyword::byte_test::{ByteTest, TestOperator};
pub use crate::keyword::condition::PacketTestIr as PacketTest;
pub use crate::keyword::content::{Content, FastPattern, Window};
pub use crate::keyword::dataset::{Datarep, DatarepEntry, Dataset};
pub use crate::keyword::entropy::{Compare, Entropy};
pub use crate::keyword::field_test::FlagCompare;
pub use crate::keyword::flowbits::FlowBitAction;
pub use crate::keyword::flowint::FlowIntAction;
pub use crate::keyword::ipopts::IpOption;
pub use crate::keyword::isdataat::IsDataAt;
pub use crate::keyword::pcre::{Pcre, PcreCapture, PcreScope};
pub use crate::keyword::sameip::SameIp;
pub use crate::keyword::stream_size::{StreamSide, StreamSize};
pub use crate::keyword::xbits::XbitScope;
pub use crate::keyword::{Absent, CheckIr as Check};
pub use crate::state::flow_tags::TagMetric;
