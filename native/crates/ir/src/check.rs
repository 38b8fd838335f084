//! Checks on the octets of a buffer, and what they are made of.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Number;

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
    Bsize(Bsize),
    /// `absent`: the buffer is not there (or, with `or_else`, one of the other checks holds).
    Absent(Absent),
    /// `base64_decode`: what follows on `base64_data` looks at the result.
    Base64Decode(Base64Decode),
    /// `entropy`.
    Entropy(Entropy),
}

/// `bsize`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct Bsize {
    /// Octets in the buffer.
    pub test: Number,
}

/// `absent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct Absent {
    /// `absent: or_else`.
    pub or_else: bool,
}

/// `base64_decode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "ir.ts")]
pub struct Base64Decode {
    /// Octets to decode; 0: to the end.
    pub bytes: u32,
    /// Where to begin.
    pub offset: u32,
    /// From the last match.
    pub relative: bool,
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
