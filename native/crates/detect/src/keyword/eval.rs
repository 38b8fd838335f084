//! Runs the checks of a buffer.

use sidewire_ir::{Compare, MathOperator, TestOperator};
use sidewire_mpm::RegexScratch;

use crate::keyword::base64;
use crate::keyword::check::{Amount, ByteExtract, ByteJump, ByteMath, ByteTest, Check, Content, Pcre, Place};
use crate::keyword::number;
use crate::state::names::Name;
use crate::state::unfinished::{Capture, Left};

/// Octets `base64_decode` gives at most.
const BASE64_LIMIT: usize = 65_536;

/// What the checks of one rule share while they run.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) variables: Vec<u64>,
    pub(crate) captures: Vec<Capture>,
    /// Entropies that were computed, whether rules held or not, by what they are of.
    pub(crate) entropies: Vec<(Name, f64)>,
    pub(crate) regex: Option<RegexScratch>,
}

impl Work {
    pub(crate) fn new(variables: usize) -> Self {
        Self {
            variables: vec![0; variables],
            captures: Vec::new(),
            entropies: Vec::new(),
            regex: RegexScratch::new().ok(),
        }
    }

    /// What is to be kept for a rule with so many variables until it goes on; `None`: nothing.
    pub(crate) fn leave(&mut self, variables: usize) -> Option<Left> {
        if variables == 0 && self.captures.is_empty() {
            return None;
        }
        let variables = self.variables.get(..variables).unwrap_or_default().into();
        Some(Left { variables, captures: core::mem::take(&mut self.captures) })
    }

    /// A rule goes on with what it left, or begins.
    pub(crate) fn resume(&mut self, left: Option<Left>) {
        self.captures.clear();
        let Some(left) = left else { return };
        self.captures = left.captures;
        for (slot, value) in self.variables.iter_mut().zip(left.variables) {
            *slot = value;
        }
    }

    fn amount(&self, amount: Amount) -> i64 {
        match amount {
            Amount::Number(number) => number,
            Amount::Variable(at) => i64::try_from(self.variables.get(at).copied().unwrap_or(0)).unwrap_or(i64::MAX),
        }
    }
}

/// The buffer a condition looks into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'d> {
    /// The octets at hand.
    pub(crate) data: &'d [u8],
    /// How many came before them: absolute places count from there.
    pub(crate) base: u64,
    /// Nothing will follow.
    pub(crate) complete: bool,
    /// Byte order of the PDU, for `dce`.
    pub(crate) little: bool,
}

impl<'d> View<'d> {
    /// A whole buffer.
    pub(crate) const fn whole(data: &'d [u8]) -> Self {
        Self { data, base: 0, complete: true, little: true }
    }
}

/// How far the checks of a buffer came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The last check that was tried and failed.
    pub(crate) check: usize,
    /// Where it looked.
    pub(crate) offset: usize,
}

/// Runs checks over a buffer, in order; relative ones count from the last match. When a check fails behind a match that
/// later ones count from, that match is given up for the next one.
///
/// # Errors
/// How far they came, when they do not all hold.
pub(crate) fn all_hold(checks: &[Check], view: View<'_>, work: &mut Work, limit: u32) -> Result<(), Reach> {
    let mut run = Run { view, work, budget: limit, at: 0, stop: false, reach: Reach::default() };
    if run.from(checks, 0) { Ok(()) } else { Err(run.reach) }
}

struct Run<'r, 'd> {
    view: View<'d>,
    work: &'r mut Work,
    /// Checks that may still be tried.
    budget: u32,
    /// End of the last match.
    at: usize,
    /// No other match can help any more.
    stop: bool,
    reach: Reach,
}

impl Run<'_, '_> {
    /// Do the checks from `index` on hold?
    fn from(&mut self, checks: &[Check], index: usize) -> bool {
        for (index, check) in checks.iter().enumerate().skip(index) {
            if self.budget == 0 {
                self.stop = true;
                return false;
            }
            self.budget -= 1;
            let looked = self.at;
            let holds = match check {
                Check::Content(content) if content.retry => return self.retry_content(content, checks, index),
                Check::Pcre(pcre) if pcre.retry => return self.retry_pcre(pcre, checks, index),
                Check::Content(content) => self.content(content),
                Check::Pcre(pcre) => self.pcre(pcre, 0).is_some(),
                Check::ByteTest(test) => self.byte_test(test).unwrap_or(false),
                Check::ByteJump(jump) => self.byte_jump(jump).is_some(),
                Check::ByteExtract(extract) => self.byte_extract(extract).is_some(),
                Check::ByteMath(math) => self.byte_math(math).is_some(),
                Check::IsDataAt { offset, relative, negated } => self.is_data_at(*offset, *relative) != *negated,
                Check::Size(test) => self.view.complete && test.holds(self.size()),
                Check::Base64 { bytes, offset, relative, nested } => self.base64(*bytes, *offset, *relative, nested),
                Check::Entropy { of, bytes, offset, operator, value } => {
                    self.entropy(*of, *bytes, *offset, *operator, *value)
                }
            };
            if !holds {
                self.failed(index, looked);
                return false;
            }
        }
        true
    }

    fn failed(&mut self, check: usize, offset: usize) {
        if check >= self.reach.check {
            self.reach = Reach { check, offset };
        }
    }

    fn size(&self) -> u64 {
        self.view.base + self.view.data.len() as u64
    }

    /// A place counted from the beginning of the buffer, as an index into what is at hand.
    fn local(&self, absolute: i64) -> i64 {
        absolute.saturating_sub(i64::try_from(self.view.base).unwrap_or(i64::MAX))
    }

    /// Where a content may lie: begin and end. `None`: nowhere.
    fn window(&self, content: &Content) -> Option<(usize, usize)> {
        let length = self.view.data.len();
        let clamp = |value: i64| usize::try_from(value.max(0)).unwrap_or(usize::MAX).min(length);
        let start = content.start.map(|amount| self.work.amount(amount));
        let end = content.end.map(|amount| self.work.amount(amount));
        let (from, to) = if content.relative {
            let last = i64::try_from(self.at).unwrap_or(i64::MAX);
            let from = last.saturating_add(start.unwrap_or(0));
            (from, end.map_or(i64::MAX, |within| from.saturating_add(within)))
        } else {
            let from = start.unwrap_or(0);
            (self.local(from), end.map_or(i64::MAX, |depth| self.local(from.saturating_add(depth))))
        };
        if from > length as i64 || to <= 0 {
            return None;
        }
        let (from, to) = (clamp(from), clamp(to));
        (from <= to).then_some((from, to))
    }

    /// The first place of a content at `from` or later inside its window.
    fn find(&self, content: &Content, from: usize, to: usize) -> Option<usize> {
        let area = self.view.data.get(from..to)?;
        if content.ends_with {
            if to != self.view.data.len() || !self.view.complete {
                return None;
            }
            let at = area.len().checked_sub(content.literal.len())?;
            return content.literal.begins(area.get(at..)?).then_some(from + at);
        }
        content.literal.find(area).map(|at| from + at)
    }

    fn content(&mut self, content: &Content) -> bool {
        let found = self.window(content).and_then(|(from, to)| self.find(content, from, to));
        match found {
            Some(_) if content.negated => {
                self.stop |= content.is_fixed();
                false
            }
            None if content.negated => true,
            Some(at) => {
                self.at = at + content.literal.len();
                true
            }
            None => {
                self.stop |= content.is_fixed();
                false
            }
        }
    }

    fn retry_content(&mut self, content: &Content, checks: &[Check], index: usize) -> bool {
        let looked = self.at;
        let Some((mut from, to)) = self.window(content) else {
            self.stop |= content.is_fixed();
            self.failed(index, looked);
            return false;
        };
        let mut tried = false;
        while let Some(at) = self.find(content, from, to) {
            tried = true;
            self.at = at + content.literal.len();
            if self.from(checks, index + 1) {
                return true;
            }
            if self.stop || self.budget == 0 {
                self.stop = true;
                return false;
            }
            self.budget -= 1;
            from = at + 1;
        }
        // What the next checks count from did not depend on earlier matches: trying those again changes nothing.
        self.stop |= content.is_fixed();
        if !tried {
            self.failed(index, looked);
        }
        false
    }

    /// Searches for an expression from `start` (counted from where it may begin at all) and tells where the match began.
    fn pcre(&mut self, pcre: &Pcre, start: usize) -> Option<usize> {
        let first = if pcre.relative { self.at } else { 0 };
        let found = self.view.data.get(first..).and_then(|area| {
            let scratch = self.work.regex.as_mut()?;
            pcre.regex.find_at(scratch, area, start).map(|span| (area, span))
        });
        let Some((area, (from, to))) = found else {
            return pcre.negated.then_some(0);
        };
        if pcre.negated {
            return None;
        }
        for (group, (scope, name)) in (1..).zip(&pcre.captures) {
            let value = self.work.regex.as_ref().and_then(|scratch| scratch.group(group));
            if let Some(value) = value.and_then(|(from, to)| area.get(from..to)) {
                self.work.captures.retain(|capture| capture.name != *name || capture.scope != *scope);
                self.work.captures.push(Capture { scope: *scope, name: name.clone(), value: value.to_vec() });
            }
        }
        self.at = first + to;
        Some(from)
    }

    fn retry_pcre(&mut self, pcre: &Pcre, checks: &[Check], index: usize) -> bool {
        let last = self.at;
        let mut start = 0;
        loop {
            self.at = last;
            let Some(from) = self.pcre(pcre, start) else {
                if start == 0 {
                    self.failed(index, last);
                }
                return false;
            };
            if self.from(checks, index + 1) {
                return true;
            }
            if self.stop || self.budget == 0 {
                self.stop = true;
                return false;
            }
            self.budget -= 1;
            start = from + 1;
        }
    }

    /// Index of the first octet of a number.
    fn place(&self, place: &Place) -> Option<usize> {
        let offset = self.work.amount(place.offset);
        let at = if place.relative { i64::try_from(self.at).ok()?.checked_add(offset)? } else { self.local(offset) };
        usize::try_from(at).ok().filter(|&at| at <= self.view.data.len())
    }

    fn number(&self, place: &Place, bytes: usize) -> Option<(u64, usize)> {
        let at = self.place(place)?;
        let (value, taken) =
            number::read(self.view.data.get(at..)?, bytes, place.endian, place.string_base, self.view.little)?;
        Some((value, at + taken))
    }

    fn bytes(&self, bytes: Amount) -> Option<usize> {
        usize::try_from(self.work.amount(bytes)).ok()
    }

    fn value(&self, amount: Amount) -> u64 {
        match amount {
            // A negative constant is meant in two's complement.
            Amount::Number(number) => number as u64,
            Amount::Variable(at) => self.work.variables.get(at).copied().unwrap_or(0),
        }
    }

    fn byte_test(&self, test: &ByteTest) -> Option<bool> {
        let (value, _) = self.number(&test.place, self.bytes(test.bytes)?)?;
        let (left, right) = (masked(value, test.bitmask), self.value(test.value));
        let holds = match test.operator {
            TestOperator::Less => left < right,
            TestOperator::Greater => left > right,
            TestOperator::Equal => left == right,
            TestOperator::LessOrEqual => left <= right,
            TestOperator::GreaterOrEqual => left >= right,
            TestOperator::And => left & right != 0,
            // Suricata's `^` is named "or" and computes an exclusive or.
            TestOperator::Or => left ^ right != 0,
        };
        Some(holds != test.negated)
    }

    fn byte_jump(&mut self, jump: &ByteJump) -> Option<()> {
        let bytes = self.bytes(jump.bytes)?;
        let (value, behind) = if bytes == 0 { (0, self.place(&jump.place)?) } else { self.number(&jump.place, bytes)? };
        let mut distance = masked(value, jump.bitmask).checked_mul(jump.multiplier.into())?;
        if jump.align {
            distance = distance.checked_next_multiple_of(4)?;
        }
        let length = i64::try_from(self.view.data.len()).ok()?;
        let from = if jump.from_beginning {
            self.local(0)
        } else if jump.from_end {
            length
        } else {
            i64::try_from(behind).ok()?
        };
        // Numbers read as text may be negative: they are in two's complement here.
        let to = from.checked_add(distance as i64)?.checked_add(self.work.amount(jump.post_offset))?;
        if to >= length {
            return None;
        }
        // A jump to before the buffer ends at its first octet.
        self.at = usize::try_from(to.max(0)).ok()?;
        Some(())
    }

    fn byte_extract(&mut self, extract: &ByteExtract) -> Option<()> {
        let (value, behind) = self.number(&extract.place, extract.bytes)?;
        let mut value = masked(value, extract.bitmask).wrapping_mul(extract.multiplier.into());
        if extract.align != 0 {
            value = value.checked_next_multiple_of(extract.align.into())?;
        }
        *self.work.variables.get_mut(extract.variable)? = value;
        self.at = behind;
        Some(())
    }

    fn byte_math(&mut self, math: &ByteMath) -> Option<()> {
        let (left, behind) = self.number(&math.place, self.bytes(math.bytes)?)?;
        let right = self.value(math.value);
        let value = match math.operator {
            MathOperator::Add => left.wrapping_add(right),
            MathOperator::Subtract => left.wrapping_sub(right),
            MathOperator::Multiply => left.wrapping_mul(right),
            MathOperator::Divide => left.checked_div(right)?,
            MathOperator::ShiftLeft => shift(right).and_then(|by| left.checked_shl(by)).unwrap_or(0),
            MathOperator::ShiftRight => shift(right).and_then(|by| left.checked_shr(by)).unwrap_or(0),
        };
        *self.work.variables.get_mut(math.variable)? = masked(value, math.bitmask);
        self.at = behind;
        Some(())
    }

    fn is_data_at(&self, offset: Amount, relative: bool) -> bool {
        let (offset, length) = (self.work.amount(offset), self.view.data.len() as i64);
        if relative { self.at as i64 + offset <= length } else { self.local(offset) < length }
    }

    fn base64(&mut self, bytes: usize, offset: usize, relative: bool, nested: &[Check]) -> bool {
        let from = if relative { self.at + offset } else { offset };
        let Some(mut area) = self.view.data.get(from..) else { return false };
        if bytes != 0 {
            area = area.get(..bytes).unwrap_or(area);
        }
        let area = area.get(..BASE64_LIMIT).unwrap_or(area);
        let Some(decoded) = base64::decode(area, base64::Mode::Stop) else { return false };
        let view = View { data: &decoded, base: 0, ..self.view };
        let mut run = Run { view, work: self.work, budget: self.budget, at: 0, stop: false, reach: Reach::default() };
        let holds = run.from(nested, 0);
        self.budget = run.budget;
        holds
    }

    fn entropy(&mut self, of: Name, bytes: usize, offset: i32, operator: Compare, value: f64) -> bool {
        let Ok(from) = usize::try_from(offset) else { return false };
        let Some(mut area) = self.view.data.get(from..).filter(|area| !area.is_empty()) else { return false };
        if bytes != 0 {
            let Some(head) = area.get(..bytes) else { return false };
            area = head;
        }
        let entropy = shannon(area);
        self.work.entropies.retain(|(name, _)| *name != of);
        self.work.entropies.push((of, entropy));
        match operator {
            Compare::Less => entropy < value,
            Compare::LessOrEqual => entropy <= value,
            Compare::Equal => (entropy - value).abs() < 1e-9,
            Compare::NotEqual => (entropy - value).abs() >= 1e-9,
            Compare::GreaterOrEqual => entropy >= value,
            Compare::Greater => entropy > value,
        }
    }
}

/// A number under a mask, shifted down by the mask's trailing zeros; no mask, no change.
const fn masked(value: u64, mask: u32) -> u64 {
    if mask == 0 { value } else { (value & mask as u64) >> mask.trailing_zeros() }
}

fn shift(by: u64) -> Option<u32> {
    u32::try_from(by).ok()
}

/// Shannon entropy in bits per octet.
fn shannon(data: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &octet in data {
        if let Some(count) = counts.get_mut(usize::from(octet)) {
            *count += 1;
        }
    }
    let total = data.len() as f64;
    -counts
        .iter()
        .filter(|count| **count > 0)
        .map(|&count| {
            let share = f64::from(count) / total;
            share * share.log2()
        })
        .sum::<f64>()
}
