//! The rule IR: what the TypeScript compiler emits and the engine plans and executes. Plain data, no logic, no defaults:
//! every field is written. The catalog goes the other way and tells the compiler which keywords exist.

mod catalog;
mod check;
mod condition;
mod file;
mod number;
mod rule;
mod transform;

pub use catalog::{
    BufferRow, Catalog, EventFamily, FieldKind, FieldRow, FrameRow, NamedValue, ProtocolRow, SettingRow, SettingType,
    SinkRow, ValueKind,
};
pub use check::{
    Absent, Base64Decode, Bsize, ByteExtract, ByteJump, ByteMath, ByteTest, Check, Compare, Content, Endian, Entropy,
    FastPattern, IsDataAt, MathOperator, Operand, Pcre, PcreCapture, PcreScope, TestOperator, Window,
};
pub use condition::{AppLayerPart, Condition, FlagCompare, FlowBitAction, FlowIntAction, StreamSide, XbitScope};
pub use file::{FileCheck, FileDigest, FileScope, FileSide};
pub use number::{Number, NumberRange};
pub use rule::{
    Action, AddressRange, AddressSet, BatchSets, FlowRequirement, HeaderProtocol, Metadata, PortRange, PortSet,
    Reference, Rule, RuleBatch, RuleDirection, RuleHook, RuleTarget, Suppression, Threshold, ThresholdKind, Track,
};
pub use transform::{Base64Mode, Transform};

/// Version of these types. A batch with another version is refused.
pub const IR_VERSION: u32 = 2;
