//! The rule IR, but for what is evaluated: conditions and checks are declared where they are, in `sidewire_detect`, which
//! puts rules together. Plain data, no logic, no defaults: every field is written. The catalog goes the other way and tells the compiler which keywords exist.

mod catalog;
mod file;
mod number;
mod operand;
mod rule;
mod sigma;
mod transform;

pub use catalog::{
    BufferRow, Catalog, DocumentStoreRow, EventFamily, FieldKind, FieldRow, FrameRow, MethodRow, NamedValue,
    ProtocolRow, SettingRow, SettingType, SinkRow, ValueKind,
};
pub use file::{FileCheck, FileDigest, FileScope, FileSide};
pub use number::{Number, NumberRange};
pub use operand::{Endian, Operand};
pub use rule::{
    Action, AddressRange, AddressSet, BatchSets, FlowRequirement, HeaderProtocol, Metadata, PortRange, PortSet,
    Reference, RuleDirection, RuleHook, RuleTarget, Suppression, Threshold, ThresholdKind, Track,
};
pub use sigma::{
    CompareOperator, CorrelationTest, CountBound, EventSource, FieldAlias, FieldValue, GroupAlias, PatternPiece,
    RuleCondition, SigmaBatch, SigmaCondition, SigmaCorrelation, SigmaHead, SigmaRule, TextPattern, TimePart,
    ValuePart, ValueStatistic, ValueTest,
};
pub use transform::{Base64Mode, Transform};

/// Version of these types. A batch with another version is refused.
pub const IR_VERSION: u32 = 2;

/// Version of the types of Sigma rules. A batch with another version is refused.
pub const SIGMA_VERSION: u32 = 1;
