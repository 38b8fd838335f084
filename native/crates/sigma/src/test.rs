//! Tests of fields, compiled.

use hashbrown::HashSet;
use sidewire_hostlog::parse_time;
use sidewire_ir::{CompareOperator, TextPattern, TimePart, ValuePart, ValueTest};
use sidewire_mpm::{Regex, RegexLimits, RegexScratch};

use crate::calendar::part_of;
use crate::fold::fold_to;
use crate::names::{NameId, WantedNames};
use crate::network::IpNetwork;
use crate::pattern::CompiledPattern;
use crate::view::{EventView, FieldNaming};

/// Exact texts from which on a table is asked instead of each.
const TABLE_FROM: usize = 4;
/// Work one search of an expression may do: some milliseconds.
const LIMITS: RegexLimits = RegexLimits { matches: 1_000_000, recursion: 1_000_000 };

/// A test of one field.
#[derive(Debug)]
pub(crate) struct FieldCheck {
    /// Which field.
    pub(crate) name: NameId,
    test: CompiledTest,
}

#[derive(Debug)]
enum CompiledTest {
    Text { patterns: Box<[CompiledPattern]>, exact: HashSet<Box<[u8]>>, all: bool, cased: bool },
    Regex { patterns: Box<[Regex]>, all: bool },
    Cidr(Box<[IpNetwork]>),
    Compare(CompareOperator, f64),
    TimePart(TimePart, Box<[i32]>),
    Exists(bool),
    Null,
    Field { other: NameId, part: ValuePart, cased: bool },
}

/// What evaluating needs beside the event.
#[derive(Debug, Default)]
pub(crate) struct TestScratch {
    regex: Option<RegexScratch>,
    folded: Vec<u8>,
}

impl FieldCheck {
    /// # Errors
    /// What is wrong with an expression or a network.
    pub(crate) fn new(name: NameId, test: &ValueTest, names: &mut WantedNames) -> Result<Self, String> {
        let test = match test {
            ValueTest::Text { patterns, all, cased } => text(patterns, *all, *cased),
            ValueTest::Regex { patterns, flags, all } => {
                let compiled = patterns.iter().map(|pattern| {
                    Regex::compile(pattern.as_bytes(), flags, LIMITS).map_err(|error| format!("`{pattern}`: {error}"))
                });
                CompiledTest::Regex { patterns: compiled.collect::<Result<_, _>>()?, all: *all }
            }
            ValueTest::Cidr { networks } => {
                let parsed = networks
                    .iter()
                    .map(|network| IpNetwork::parse(network).ok_or_else(|| format!("`{network}` is no network")));
                CompiledTest::Cidr(parsed.collect::<Result<_, _>>()?)
            }
            ValueTest::Compare { operator, number } => CompiledTest::Compare(*operator, *number),
            ValueTest::TimePart { part, values } => CompiledTest::TimePart(*part, values.as_slice().into()),
            ValueTest::Exists { present } => CompiledTest::Exists(*present),
            ValueTest::Null => CompiledTest::Null,
            ValueTest::Field { other, part, cased } => {
                CompiledTest::Field { other: names.intern(other), part: *part, cased: *cased }
            }
        };
        Ok(Self { name, test })
    }

    /// The other field that it looks at.
    pub(crate) const fn other(&self) -> Option<NameId> {
        match &self.test {
            CompiledTest::Field { other, .. } => Some(*other),
            _ => None,
        }
    }

    /// Whether the event passes.
    pub(crate) fn holds(&self, view: &EventView, naming: FieldNaming, scratch: &mut TestScratch) -> bool {
        let mut values = view.values(naming, self.name);
        match &self.test {
            CompiledTest::Text { patterns, exact, all, cased } => {
                let octets = |value| if *cased { view.raw(value) } else { view.folded(value) };
                if *all {
                    let in_some = |pattern: &CompiledPattern| values.clone().any(|value| pattern.holds(octets(value)));
                    let has = |text: &[u8]| values.clone().any(|value| octets(value) == text);
                    return patterns.iter().all(in_some) && exact.iter().all(|text| has(text));
                }
                values.any(|value| {
                    let octets = octets(value);
                    (!exact.is_empty() && exact.contains(octets))
                        || patterns.iter().any(|pattern| pattern.holds(octets))
                })
            }
            CompiledTest::Regex { patterns, all } => {
                if scratch.regex.is_none() {
                    scratch.regex = RegexScratch::new().ok();
                }
                let Some(room) = &mut scratch.regex else { return false };
                let mut found =
                    |pattern: &Regex| values.clone().any(|value| pattern.find_at(room, view.raw(value), 0).is_some());
                if *all { patterns.iter().all(&mut found) } else { patterns.iter().any(&mut found) }
            }
            CompiledTest::Cidr(networks) => {
                values.any(|value| networks.iter().any(|network| network.holds(view.folded(value))))
            }
            CompiledTest::Compare(operator, number) => values.any(|value| {
                numeric(view.folded(value)).is_some_and(|found| operator_holds(*operator, found, *number))
            }),
            CompiledTest::TimePart(part, wanted) => values.any(|value| {
                parse_time(view.raw(value)).is_some_and(|read| {
                    i32::try_from(part_of(read.time, *part)).is_ok_and(|found| wanted.contains(&found))
                })
            }),
            CompiledTest::Exists(present) => values.next().is_some() == *present,
            CompiledTest::Null => values.all(|value| value.is_null),
            CompiledTest::Field { other, part, cased } => {
                let octets = |value| if *cased { view.raw(value) } else { view.folded(value) };
                let mut others = view.values(naming, *other);
                values.any(|value| others.any(|other| part_holds(*part, octets(value), octets(other))))
            }
        }
    }

    /// The value that passes, for people; the first, where several do.
    pub(crate) fn passing<'v>(
        &self,
        view: &'v EventView,
        naming: FieldNaming,
        scratch: &mut TestScratch,
    ) -> Option<&'v [u8]> {
        let mut values = view.values(naming, self.name);
        let first = values.clone().next().map(|value| view.raw(value));
        let CompiledTest::Text { patterns, exact, cased, .. } = &self.test else { return first };
        let passes = |octets: &[u8]| exact.contains(octets) || patterns.iter().any(|pattern| pattern.holds(octets));
        let found = values.find(|value| {
            scratch.folded.clear();
            if *cased {
                passes(view.raw(value))
            } else {
                fold_to(view.raw(value), &mut scratch.folded);
                passes(&scratch.folded)
            }
        });
        found.map(|value| view.raw(value)).or(first)
    }
}

fn text(patterns: &[TextPattern], all: bool, cased: bool) -> CompiledTest {
    let compiled = patterns.iter().map(|pattern| CompiledPattern::new(pattern, cased));
    let (mut exact, mut others) = (HashSet::new(), Vec::new());
    let is_exact = |pattern: &TextPattern| matches!(CompiledPattern::new(pattern, cased), CompiledPattern::Exact(_));
    let worth_a_table = patterns.iter().filter(|pattern| is_exact(pattern)).count() >= TABLE_FROM;
    for pattern in compiled {
        match pattern {
            CompiledPattern::Exact(text) if worth_a_table => {
                exact.insert(text);
            }
            other => others.push(other),
        }
    }
    CompiledTest::Text { patterns: others.into_boxed_slice(), exact, all, cased }
}

/// A number, decimal or hexadecimal with `0x`.
pub(crate) fn numeric(text: &[u8]) -> Option<f64> {
    let text = core::str::from_utf8(text).ok()?.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|number| number as f64),
        None => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

pub(crate) fn operator_holds(operator: CompareOperator, found: f64, number: f64) -> bool {
    match operator {
        CompareOperator::Lt => found < number,
        CompareOperator::Lte => found <= number,
        CompareOperator::Gt => found > number,
        CompareOperator::Gte => found >= number,
        CompareOperator::Eq => (found - number).abs() < f64::EPSILON * number.abs().max(1.0),
        CompareOperator::Neq => !operator_holds(CompareOperator::Eq, found, number),
    }
}

fn part_holds(part: ValuePart, value: &[u8], other: &[u8]) -> bool {
    match part {
        ValuePart::Whole => value == other,
        ValuePart::Start => value.starts_with(other),
        ValuePart::End => value.ends_with(other),
        ValuePart::Inside => memchr::memmem::find(value, other).is_some(),
    }
}
