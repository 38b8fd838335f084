//! Checks on a buffer, from the IR to what is executed.

use sidewire_ir as ir;
use sidewire_ir::{Compare, Endian, MathOperator, PcreScope, TestOperator};
use sidewire_mpm::{Regex, RegexLimits};

use crate::error::RuleError;
use crate::keyword::literal::Literal;
use crate::state::names::Name;

/// A check on a buffer, ready to run.
#[derive(Debug)]
pub(crate) enum Check {
    Content(Content),
    Pcre(Pcre),
    ByteTest(ByteTest),
    ByteJump(ByteJump),
    ByteExtract(ByteExtract),
    ByteMath(ByteMath),
    IsDataAt { offset: Amount, relative: bool, negated: bool },
    Size(Ranges),
    Base64 { bytes: usize, offset: usize, relative: bool, nested: Box<[Check]> },
    Entropy { of: Name, bytes: usize, offset: i32, operator: Compare, value: f64 },
}

impl Check {
    /// Does not depend on where the buffer begins or ends?
    pub(crate) const fn is_placeless(&self) -> bool {
        match self {
            Self::Content(content) => {
                !content.ends_with && (content.relative || content.start.is_none() && content.end.is_none())
            }
            Self::Pcre(_) => true,
            Self::ByteTest(ByteTest { place, .. })
            | Self::ByteExtract(ByteExtract { place, .. })
            | Self::ByteMath(ByteMath { place, .. }) => place.relative,
            Self::ByteJump(jump) => jump.place.relative && !jump.from_beginning && !jump.from_end,
            Self::IsDataAt { relative, .. } | Self::Base64 { relative, .. } => *relative,
            Self::Size(_) | Self::Entropy { .. } => false,
        }
    }
}

/// A constant, or a variable of the rule by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Number(i64),
    Variable(usize),
}

#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) literal: Literal,
    pub(crate) negated: bool,
    pub(crate) relative: bool,
    pub(crate) start: Option<Amount>,
    pub(crate) end: Option<Amount>,
    pub(crate) ends_with: bool,
    /// A later check counts from this one's match: when it fails, the next match is tried.
    pub(crate) retry: bool,
}

impl Content {
    /// Where it may lie depends on no other check.
    pub(crate) const fn is_fixed(&self) -> bool {
        !self.relative
            && !matches!(self.start, Some(Amount::Variable(_)))
            && !matches!(self.end, Some(Amount::Variable(_)))
    }
}

#[derive(Debug)]
pub(crate) struct Pcre {
    pub(crate) regex: Regex,
    pub(crate) negated: bool,
    pub(crate) relative: bool,
    pub(crate) captures: Box<[(PcreScope, String)]>,
    pub(crate) retry: bool,
}

#[derive(Debug)]
pub(crate) struct ByteTest {
    pub(crate) bytes: Amount,
    pub(crate) negated: bool,
    pub(crate) operator: TestOperator,
    pub(crate) value: Amount,
    pub(crate) place: Place,
    pub(crate) bitmask: u32,
}

/// Where a number stands and how it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) offset: Amount,
    pub(crate) relative: bool,
    pub(crate) endian: Endian,
    pub(crate) string_base: u8,
}

#[derive(Debug)]
pub(crate) struct ByteJump {
    pub(crate) bytes: Amount,
    pub(crate) place: Place,
    pub(crate) multiplier: u32,
    pub(crate) align: bool,
    pub(crate) from_beginning: bool,
    pub(crate) from_end: bool,
    pub(crate) post_offset: Amount,
    pub(crate) bitmask: u32,
}

#[derive(Debug)]
pub(crate) struct ByteExtract {
    pub(crate) bytes: usize,
    pub(crate) place: Place,
    pub(crate) variable: usize,
    pub(crate) multiplier: u32,
    pub(crate) align: u8,
    pub(crate) bitmask: u32,
}

#[derive(Debug)]
pub(crate) struct ByteMath {
    pub(crate) bytes: Amount,
    pub(crate) place: Place,
    pub(crate) operator: MathOperator,
    pub(crate) value: Amount,
    pub(crate) variable: usize,
    pub(crate) bitmask: u32,
}

/// A test on a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranges {
    ranges: Box<[(u64, u64)]>,
    negated: bool,
}

impl Ranges {
    pub(crate) fn new(test: &ir::Number) -> Self {
        Self { ranges: test.ranges.iter().map(|range| (range.min, range.max)).collect(), negated: test.negated }
    }

    pub(crate) fn holds(&self, value: u64) -> bool {
        self.ranges.iter().any(|&(min, max)| (min..=max).contains(&value)) != self.negated
    }
}

/// Variables of a rule by name, and how expressions are limited.
#[derive(Debug)]
pub(crate) struct Scope {
    names: Vec<String>,
    limits: RegexLimits,
    /// What EVE calls the buffer whose checks are compiled.
    pub(crate) buffer: String,
}

impl Scope {
    pub(crate) const fn new(limits: RegexLimits) -> Self {
        Self { names: Vec::new(), limits, buffer: String::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    fn define(&mut self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    fn amount(&self, operand: &ir::Operand) -> Result<Amount, RuleError> {
        match operand {
            ir::Operand::Number(number) => Ok(Amount::Number(*number)),
            ir::Operand::Variable(name) => self
                .names
                .iter()
                .position(|known| known == name)
                .map(Amount::Variable)
                .ok_or_else(|| RuleError::Variable(name.clone())),
        }
    }
}

/// Hexadecimal text to octets.
pub(crate) fn unhex(text: &str) -> Result<Vec<u8>, RuleError> {
    let bad = || RuleError::Hex(text.to_owned());
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>().ok_or_else(bad)?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() {
        return Err(bad());
    }
    Ok(pairs.iter().map(|[high, low]| (high << 4 | low) as u8).collect())
}

/// Compiles the checks of one condition; `absent` checks say something of the buffer as a whole and are left out here.
pub(crate) fn compile(checks: &[ir::Check], scope: &mut Scope) -> Result<Vec<Check>, RuleError> {
    let mut compiled = Vec::with_capacity(checks.len());
    // Position of the last content or expression: a relative check makes it retry.
    let mut anchor: Option<usize> = None;
    for check in checks {
        if is_relative(check)
            && let Some(check) = anchor.and_then(|at| compiled.get_mut(at))
        {
            match check {
                Check::Content(content) => content.retry = !content.negated,
                Check::Pcre(pcre) => pcre.retry = !pcre.negated,
                _ => {}
            }
        }
        let one = match check {
            ir::Check::Absent { .. } => continue,
            check => compile_one(check, scope)?,
        };
        if matches!(one, Check::Content(_) | Check::Pcre(_)) {
            anchor = Some(compiled.len());
        }
        compiled.push(one);
    }
    Ok(compiled)
}

fn compile_one(check: &ir::Check, scope: &mut Scope) -> Result<Check, RuleError> {
    Ok(match check {
        ir::Check::Content(content) => Check::Content(Content {
            literal: Literal::new(&unhex(&content.pattern)?, content.nocase),
            negated: content.negated,
            relative: content.window.relative,
            start: content.window.start.as_ref().map(|start| scope.amount(start)).transpose()?,
            end: content.window.end.as_ref().map(|end| scope.amount(end)).transpose()?,
            ends_with: content.ends_with,
            retry: false,
        }),
        ir::Check::Pcre(pcre) => Check::Pcre(Pcre {
            regex: Regex::compile(pcre.pattern.as_bytes(), &pcre.flags, scope.limits)
                .map_err(|error| RuleError::Expression { keyword: "pcre", reason: error.to_string() })?,
            negated: pcre.negated,
            relative: pcre.relative,
            captures: pcre.captures.iter().map(|capture| (capture.scope, capture.name.clone())).collect(),
            retry: false,
        }),
        ir::Check::ByteTest(test) => Check::ByteTest(ByteTest {
            bytes: scope.amount(&test.bytes)?,
            negated: test.negated,
            operator: test.operator,
            value: scope.amount(&test.value)?,
            place: Place {
                offset: scope.amount(&test.offset)?,
                relative: test.relative,
                endian: test.endian,
                string_base: test.string_base,
            },
            bitmask: test.bitmask,
        }),
        ir::Check::ByteJump(jump) => Check::ByteJump(ByteJump {
            bytes: scope.amount(&jump.bytes)?,
            place: Place {
                offset: scope.amount(&jump.offset)?,
                relative: jump.relative,
                endian: jump.endian,
                string_base: jump.string_base,
            },
            multiplier: jump.multiplier,
            align: jump.align,
            from_beginning: jump.from_beginning,
            from_end: jump.from_end,
            post_offset: scope.amount(&jump.post_offset)?,
            bitmask: jump.bitmask,
        }),
        ir::Check::ByteExtract(extract) => Check::ByteExtract(ByteExtract {
            bytes: extract.bytes as usize,
            place: Place {
                offset: Amount::Number(extract.offset),
                relative: extract.relative,
                endian: extract.endian,
                string_base: extract.string_base,
            },
            variable: scope.define(&extract.name),
            multiplier: extract.multiplier,
            align: extract.align,
            bitmask: extract.bitmask,
        }),
        ir::Check::ByteMath(math) => Check::ByteMath(ByteMath {
            bytes: scope.amount(&math.bytes)?,
            place: Place {
                offset: scope.amount(&math.offset)?,
                relative: math.relative,
                endian: math.endian,
                string_base: math.string_base,
            },
            operator: math.operator,
            value: scope.amount(&math.value)?,
            variable: scope.define(&math.result),
            bitmask: math.bitmask,
        }),
        ir::Check::IsDataAt(at) => {
            Check::IsDataAt { offset: scope.amount(&at.offset)?, relative: at.relative, negated: at.negated }
        }
        ir::Check::Size { test } => Check::Size(Ranges::new(test)),
        ir::Check::Base64Decode { bytes, offset, relative } => Check::Base64 {
            bytes: *bytes as usize,
            offset: *offset as usize,
            relative: *relative,
            nested: Box::default(),
        },
        ir::Check::Entropy(entropy) => Check::Entropy {
            of: Name::new(&scope.buffer),
            bytes: entropy.bytes as usize,
            offset: entropy.offset,
            operator: entropy.operator,
            value: entropy.value,
        },
        ir::Check::Absent { .. } => return Err(RuleError::Kind("absent".into())),
    })
}

const fn is_relative(check: &ir::Check) -> bool {
    match check {
        ir::Check::Content(content) => content.window.relative,
        ir::Check::Pcre(pcre) => pcre.relative,
        ir::Check::ByteTest(test) => test.relative,
        ir::Check::ByteJump(jump) => jump.relative,
        ir::Check::ByteExtract(extract) => extract.relative,
        ir::Check::ByteMath(math) => math.relative,
        ir::Check::IsDataAt(at) => at.relative,
        ir::Check::Base64Decode { relative, .. } => *relative,
        ir::Check::Size { .. } | ir::Check::Absent { .. } | ir::Check::Entropy(_) => false,
    }
}

/// Checks whose answer can change as long as octets follow.
pub(crate) fn needs_all(check: &Check) -> bool {
    match check {
        Check::Content(content) => content.negated || content.ends_with,
        Check::Pcre(pcre) => pcre.negated,
        Check::IsDataAt { negated, .. } => *negated,
        Check::Size(_) | Check::Entropy { .. } => true,
        Check::ByteJump(jump) => jump.from_end,
        Check::ByteTest(_) | Check::ByteExtract(_) | Check::ByteMath(_) | Check::Base64 { .. } => false,
    }
}
