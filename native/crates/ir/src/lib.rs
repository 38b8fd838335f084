//! The rule IR: what the TypeScript compiler emits and the engine plans and executes. Plain data, no logic, no defaults:
//! every field is written. The catalog goes the other way and tells the compiler which keywords exist.

mod catalog;
mod condition;
mod rule;

pub use catalog::{BufferRow, Catalog, EventFamily, FieldKind, FieldRow, FrameRow, NamedValue, ProtocolRow, ValueKind};
pub use condition::{
    ByteExtract, ByteJump, ByteMath, ByteTest, Check, Compare, Condition, Content, Endian, Entropy, FastPattern,
    FlagCompare, FlowBitAction, FlowIntAction, IsDataAt, MathOperator, Number, NumberRange, Operand, Pcre, PcreCapture,
    PcreScope, StreamSide, TestOperator, Transform, Window, XbitScope,
};
pub use rule::{
    Action, AddressRange, AddressSet, BatchSets, Direction, FlowRequirement, HeaderProtocol, Hook, Metadata, PortRange,
    PortSet, Reference, Rule, RuleBatch, Suppression, Target, Threshold, ThresholdKind, Track,
};

/// Version of these types. A batch with another version is refused.
pub const IR_VERSION: u32 = 1;
