use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something that must hold. Order is the rule's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum Condition {
    /// Checks on one buffer, in order, later ones relative to earlier ones. `payload` is the packet's or stream's payload;
    /// all others are catalog rows. Two runs of the same buffer in a rule are two conditions only when a multi-buffer is
    /// asked twice (each must hold on some item).
    Buffer {
        /// Catalog name.
        buffer: String,
        /// Applied in order before the checks.
        transforms: Vec<Transform>,
        /// What must hold, in order.
        checks: Vec<Check>,
    },
    /// Checks on the values of one name in a buffer of named values (`dcerpc.arg:"service_name"`): they must all hold on
    /// one of the values that have the name.
    Item {
        /// Catalog name.
        buffer: String,
        /// The name; the names of records with dots between them.
        item: String,
        /// Applied in order before the checks.
        transforms: Vec<Transform>,
        /// What must hold, in order.
        checks: Vec<Check>,
    },
    /// Checks on a frame: a part of the stream as it was sent. A rule names one kind; all its checks hold on one frame.
    Frame {
        /// Catalog name, with the protocol in front: `smb.nbss.hdr`.
        buffer: String,
        /// Applied in order before the checks.
        transforms: Vec<Transform>,
        /// What must hold, in order.
        checks: Vec<Check>,
    },
    /// A numeric catalog field (`ttl`, `itype`, `dsize`, `http.stat_code` ...).
    Number {
        /// Catalog name.
        field: String,
        /// What holds.
        test: Number,
    },
    /// A field of named bits (`tcp.flags`, `fragbits`).
    Flags {
        /// Catalog name.
        field: String,
        /// How the bits are compared.
        compare: FlagCompare,
        /// Bits asked for.
        #[ts(type = "number")]
        value: u64,
        /// Bits looked at (others are ignored).
        #[ts(type = "number")]
        mask: u64,
        /// Holds when the comparison does not.
        negated: bool,
    },
    /// Something is there or happened: `ip_options` kinds, `decode-event`, `stream-event`, `app-layer-event`, `app-layer-protocol`.
    Presence {
        /// What family: `decode-event`, `stream-event`, `app-layer-event`, `app-layer-protocol`, `ipopts`, `sameip`, `ftpbounce` ...
        field: String,
        /// The value asked for; empty when the family has none.
        value: String,
        /// Holds when it is not there.
        negated: bool,
    },
    /// A bound RPC interface (`dcerpc.iface`).
    Interface {
        /// Text form, lower case, with dashes.
        uuid: String,
        /// Version, when asked.
        version: Option<Number>,
        /// Holds on any fragment, not only the first.
        any_fragment: bool,
    },
    /// `stream_size`.
    StreamSize {
        /// Which side.
        side: StreamSide,
        /// Octets.
        test: Number,
    },
    /// `flowbits` with several names is an OR.
    FlowBits {
        /// What is done or asked.
        action: FlowBitAction,
        /// Names.
        names: Vec<String>,
    },
    /// `flowint`.
    FlowInt {
        /// Name.
        name: String,
        /// What is done or asked.
        action: FlowIntAction,
        /// Right-hand side: number or another variable's name.
        value: Option<Operand>,
    },
    /// `xbits` and `hostbits`.
    XBits {
        /// What is done or asked.
        action: FlowBitAction,
        /// Name.
        name: String,
        /// By what it is kept.
        scope: XbitScope,
        /// Seconds until it is forgotten.
        expire: u32,
    },
}

/// A check on a buffer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum Check {
    /// `content`.
    Content(Content),
    /// `pcre`.
    Pcre(Pcre),
    /// `byte_test`.
    ByteTest(ByteTest),
    /// `byte_jump`.
    ByteJump(ByteJump),
    /// `byte_extract`.
    ByteExtract(ByteExtract),
    /// `byte_math`.
    ByteMath(ByteMath),
    /// `isdataat`.
    IsDataAt(IsDataAt),
    /// `bsize`.
    Size {
        /// Octets in the buffer.
        test: Number,
    },
    /// `absent`: the buffer is not there (or, with `or_else`, one of the other checks holds).
    Absent {
        /// `absent: or_else`.
        or_else: bool,
    },
    /// `base64_decode`: what follows on `base64_data` looks at the result.
    Base64Decode {
        /// Octets to decode; 0: to the end.
        bytes: u32,
        /// Where to begin.
        offset: u32,
        /// From the last match.
        relative: bool,
    },
    /// `entropy`.
    Entropy(Entropy),
}

/// `content`, all modifiers resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct Content {
    /// The octets, hexadecimal.
    pub pattern: String,
    /// ASCII letters without case.
    pub nocase: bool,
    /// Must not be there.
    pub negated: bool,
    /// Where it may be.
    pub window: Window,
    /// Must end where the buffer ends.
    pub ends_with: bool,
    /// Fast pattern wish.
    pub fast_pattern: FastPattern,
}

/// Where a content may lie. Relative: counted from the end of the last match (`distance`, `within`); else from the beginning
/// (`offset`, `depth`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct Window {
    /// From the last match.
    pub relative: bool,
    /// `offset` or `distance`.
    pub start: Option<Operand>,
    /// `depth` or `within`: octets in which the pattern must end, counted from `start`: `depth` from `offset`, `within` from the
    /// last match's end moved by `distance`, as Suricata does.
    pub end: Option<Operand>,
}

/// A number, or a variable set by `byte_extract` / `byte_math` in the same rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(untagged)]
#[ts(export, export_to = "ir.ts")]
pub enum Operand {
    /// Constant. A JSON number: the compiler refuses what a double cannot hold exactly.
    Number(#[ts(type = "number")] i64),
    /// Variable.
    Variable(String),
}

/// Fast pattern wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum FastPattern {
    /// The planner chooses.
    Auto,
    /// `fast_pattern`.
    Wanted,
    /// `fast_pattern:only`.
    Only,
    /// `fast_pattern:offset,length`: only this part.
    Chop {
        /// First octet.
        offset: u32,
        /// Octets.
        length: u32,
    },
}

/// `pcre`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct Pcre {
    /// The expression between the slashes.
    pub pattern: String,
    /// PCRE's own flags, sorted: of `i m s x A E G O`. Buffer letters are resolved into the buffer already.
    pub flags: String,
    /// Must not match.
    pub negated: bool,
    /// From the end of the last match (`R`).
    pub relative: bool,
    /// What its groups are kept as, by group order.
    pub captures: Vec<PcreCapture>,
}

/// A named capture group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct PcreCapture {
    /// Where it is kept.
    pub scope: PcreScope,
    /// Variable name.
    pub name: String,
}

/// Where a capture is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum PcreScope {
    /// `flow:`.
    Flow,
    /// `pkt:`.
    Packet,
    /// `alert:`.
    Alert,
}

/// Byte order of a number in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum Endian {
    /// Network order.
    Big,
    /// Little-endian.
    Little,
    /// As the DCERPC PDU says.
    Dce,
}

/// `byte_test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct ByteTest {
    /// Octets, or a variable.
    pub bytes: Operand,
    /// Negated operator.
    pub negated: bool,
    /// Operator.
    pub operator: TestOperator,
    /// Right-hand side.
    pub value: Operand,
    /// Where.
    pub offset: Operand,
    /// From the last match.
    pub relative: bool,
    /// Byte order.
    pub endian: Endian,
    /// Number as text in this base (8, 10, 16); 0: binary.
    pub string_base: u8,
    /// Applied to the number, then shifted down by its trailing zeros; 0: none.
    pub bitmask: u32,
}

/// Operators of `byte_test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum TestOperator {
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `=`
    Equal,
    /// `<=`
    LessOrEqual,
    /// `>=`
    GreaterOrEqual,
    /// `&`: any common bit.
    And,
    /// `^`: bitwise or, holds when the result is not zero.
    Or,
}

/// `byte_jump`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct ByteJump {
    /// Octets, or a variable.
    pub bytes: Operand,
    /// Where.
    pub offset: Operand,
    /// From the last match.
    pub relative: bool,
    /// Byte order.
    pub endian: Endian,
    /// Number as text in this base; 0: binary.
    pub string_base: u8,
    /// Multiplies the number; 1: none.
    pub multiplier: u32,
    /// Rounds up to a multiple of four.
    pub align: bool,
    /// Jump from the beginning of the buffer.
    pub from_beginning: bool,
    /// Jump from the end of the buffer.
    pub from_end: bool,
    /// Added after the jump.
    pub post_offset: Operand,
    /// Applied to the number; 0: none.
    pub bitmask: u32,
}

/// `byte_extract`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct ByteExtract {
    /// Octets.
    pub bytes: u32,
    /// Where.
    #[ts(type = "number")]
    pub offset: i64,
    /// Variable that is set.
    pub name: String,
    /// From the last match.
    pub relative: bool,
    /// Byte order.
    pub endian: Endian,
    /// Number as text in this base; 0: binary.
    pub string_base: u8,
    /// Multiplies the number; 1: none.
    pub multiplier: u32,
    /// Rounds up to a multiple of this (2 or 4); 0: none.
    pub align: u8,
    /// Applied to the number; 0: none.
    pub bitmask: u32,
}

/// `byte_math`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct ByteMath {
    /// Octets, or a variable.
    pub bytes: Operand,
    /// Where.
    pub offset: Operand,
    /// Operator.
    pub operator: MathOperator,
    /// Right-hand side.
    pub value: Operand,
    /// Variable that is set.
    pub result: String,
    /// From the last match.
    pub relative: bool,
    /// Byte order.
    pub endian: Endian,
    /// Number as text in this base; 0: binary.
    pub string_base: u8,
    /// Applied to the number; 0: none.
    pub bitmask: u32,
}

/// Operators of `byte_math`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum MathOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

/// `isdataat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct IsDataAt {
    /// Where.
    pub offset: Operand,
    /// From the last match.
    pub relative: bool,
    /// There must be none.
    pub negated: bool,
}

/// `entropy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct Entropy {
    /// Octets looked at; 0: all.
    pub bytes: u32,
    /// Where to begin.
    pub offset: i32,
    /// How it is compared.
    pub operator: Compare,
    /// With what, 0.0 to 8.0.
    pub value: f64,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum Compare {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

/// A test on an unsigned number: inside one of the ranges, or in none when negated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct Number {
    /// Ranges, both ends included. `>5` is 6..max, `5<>10` is 6..9 (as Suricata's exclusive ranges).
    pub ranges: Vec<NumberRange>,
    /// In none of them.
    pub negated: bool,
}

/// A number range, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct NumberRange {
    /// Smallest; a JSON number up to 2^53, larger ones are clamped to it by the compiler.
    #[ts(type = "number")]
    pub min: u64,
    /// Greatest; `null` in JSON when there is no upper bound.
    #[serde(with = "unbounded")]
    #[ts(type = "number | null")]
    pub max: u64,
}

/// `null` stands for no upper bound, which JavaScript numbers cannot hold.
mod unbounded {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(max: &u64, s: S) -> Result<S::Ok, S::Error> {
        (*max != u64::MAX).then_some(*max).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
        Ok(Option::<u64>::deserialize(d)?.unwrap_or(u64::MAX))
    }
}

/// How flags are compared, after both sides were masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum FlagCompare {
    /// Exactly these.
    Exactly,
    /// These and maybe more (`+`).
    All,
    /// One of these (`*`).
    Any,
    /// None of these (`!` or `-`).
    None,
}

/// Which side `stream_size` looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
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

/// Actions of `flowbits`, `xbits`, `hostbits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum FlowBitAction {
    /// Set on a match.
    Set,
    /// Unset on a match.
    Unset,
    /// Toggle on a match.
    Toggle,
    /// Must be set.
    IsSet,
    /// Must not be set.
    IsNotSet,
}

/// Actions of `flowint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum FlowIntAction {
    /// `=`
    Set,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
    /// `isset`
    IsSet,
    /// `notset`
    NotSet,
}

/// By what an xbit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum XbitScope {
    /// Source host.
    Source,
    /// Destination host.
    Destination,
    /// Pair of hosts.
    Pair,
    /// From the source to the destination: the pair in this direction only.
    Path,
    /// From the destination to the source: what was kept by [`XbitScope::Path`] the other way.
    PathBack,
    /// Transaction.
    Transaction,
    /// Flow.
    Flow,
}

/// A transform of a buffer, applied before its checks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct Transform {
    /// Keyword: `strip_whitespace`, `to_lowercase`, `to_sha256`, `url_decode`, `pcrexform`, `xor`, ...
    pub name: String,
    /// Its argument as written; empty without.
    pub argument: String,
}
