//! `asn1`: lengths in objects of ASN.1 that decoders were overrun by. BER: X.690 section 8.
//!
//! The parsers at hand refuse what these rules look for, or build trees of it; three checks on lengths need neither.

use serde::{Deserialize, Serialize};
use sidewire_base::{Cursor, Malformed};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};

/// `asn1`: one of these is so for an object that begins at a place of the buffer, or for one inside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Asn1 {
    /// Where the first object begins: an octet of the buffer, or one from the end of the last match.
    pub offset: i32,
    /// From the last match.
    pub relative: bool,
    /// A bit string that leaves out more bits than it has.
    pub bitstring_overflow: bool,
    /// A number in text of more than 256 octets.
    pub double_overflow: bool,
    /// More octets than this.
    pub oversize_length: Option<u32>,
}

/// Objects inside of each other that are followed.
const MAX_DEPTH: usize = 256;

/// Objects after each other that are followed, as many as Suricata does.
const MAX_OBJECTS: usize = 256;

/// Octets of a number in text that decoders have room for.
const DOUBLE: usize = 256;

#[derive(Debug)]
pub(crate) struct Asn1Check {
    offset: i64,
    relative: bool,
    wanted: WantedObject,
}

/// What an object has to be.
#[derive(Clone, Copy, Debug)]
struct WantedObject {
    bitstring_overflow: bool,
    double_overflow: bool,
    oversize_length: Option<usize>,
}

impl Operator for Asn1Check {
    type Ir = Asn1;

    fn is_relative(ir: &Asn1) -> bool {
        ir.relative
    }

    fn compile(ir: &Asn1, _: &mut CompileScope) -> Result<Self, RuleError> {
        let wanted = WantedObject {
            bitstring_overflow: ir.bitstring_overflow,
            double_overflow: ir.double_overflow,
            oversize_length: ir.oversize_length.map(|length| usize::try_from(length).unwrap_or(usize::MAX)),
        };
        Ok(Self { offset: ir.offset.into(), relative: ir.relative, wanted })
    }

    fn placement(&self) -> OperatorPlacement {
        if self.relative { OperatorPlacement::Anywhere } else { OperatorPlacement::Edges }
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        let from = if self.relative { run.at as i64 + self.offset } else { run.local(self.offset) };
        let octets = usize::try_from(from).ok().and_then(|from| run.view.data.get(from..)).unwrap_or_default();
        self.wanted.is_among(octets).into()
    }
}

/// The start of an object.
struct ObjectHeader {
    /// Class and number of a universal type, if it is one.
    universal: Option<u8>,
    constructed: bool,
    /// `None`: up to the end-of-contents.
    length: Option<usize>,
}

/// Types by their numbers.
mod universal {
    pub(super) const BIT_STRING: u8 = 3;
    pub(super) const REAL: u8 = 9;
}

impl ObjectHeader {
    fn read(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let first = cur.u8()?;
        let number = first & 0x1f;
        if number == 0x1f {
            while cur.u8()? & 0x80 != 0 {}
        }
        let universal = (first & 0xc0 == 0 && number != 0x1f).then_some(number);
        let constructed = first & 0x20 != 0;
        let length = match cur.u8()? {
            short @ 0..=0x7f => Some(usize::from(short)),
            0x80 => None,
            long => {
                let octets = cur.take(usize::from(long & 0x7f))?;
                let fold = |length: usize, octet: &u8| length.checked_mul(256).map(|high| high | usize::from(*octet));
                // What is more than there can be is more than there is.
                Some(octets.iter().try_fold(0, fold).unwrap_or(usize::MAX))
            }
        };
        Ok(Self { universal, constructed, length })
    }

    /// The end-of-contents of an object whose length is not said.
    const fn is_end(&self) -> bool {
        matches!(self, Self { universal: Some(0), constructed: false, length: Some(0) })
    }
}

impl WantedObject {
    /// Is one of the objects that follow each other, or of those in them, as it has to be? One that is not there to its end
    /// counts for nothing, nor does what follows it.
    fn is_among(self, octets: &[u8]) -> bool {
        let mut cur = Cursor::new(octets);
        for _ in 0..MAX_OBJECTS {
            if cur.is_empty() {
                break;
            }
            let mut found = false;
            if self.object(&mut cur, MAX_DEPTH, &mut found).is_err() {
                break;
            }
            if found {
                return true;
            }
        }
        false
    }

    /// Passes an object; true when it is the end of one whose length is not said.
    fn object(self, cur: &mut Cursor<'_>, depth: usize, found: &mut bool) -> Result<bool, Malformed> {
        let header = ObjectHeader::read(cur)?;
        let Some(depth) = depth.checked_sub(1) else { return Err(Malformed::Truncated { needed: 1, left: 0 }) };
        let before = cur.left();
        match (header.constructed, header.length) {
            (true, Some(length)) => {
                let mut inside = Cursor::new(cur.take(length)?);
                while !inside.is_empty() {
                    self.object(&mut inside, depth, found)?;
                }
            }
            (_, None) => while !self.object(cur, depth, found)? {},
            (false, Some(length)) => *found |= self.holds_for(&header, cur.take(length)?),
        }
        *found |= self.oversize_length.is_some_and(|most| before - cur.left() > most);
        Ok(header.is_end())
    }

    fn holds_for(self, header: &ObjectHeader, content: &[u8]) -> bool {
        let Some(first) = content.first() else { return false };
        match header.universal {
            Some(universal::BIT_STRING) => {
                self.bitstring_overflow && usize::from(*first) > content.len().saturating_mul(8)
            }
            // A number in text has both high bits clear.
            Some(universal::REAL) => self.double_overflow && first & 0xc0 == 0 && content.len() > DOUBLE,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: WantedObject =
        WantedObject { bitstring_overflow: false, double_overflow: false, oversize_length: None };

    fn holds(wanted: WantedObject, octets: &[u8]) -> bool {
        wanted.is_among(octets)
    }

    fn real(length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        [&[9, 0x82, high, low][..], &vec![5; usize::from(length)]].concat()
    }

    #[test]
    fn lengths_that_overrun_are_found_at_any_depth() {
        let bits = WantedObject { bitstring_overflow: true, ..NOTHING };
        assert!(holds(bits, b"\x03\x01\xff") && !holds(bits, b"\x03\x01\x07"));
        assert!(holds(bits, b"\x02\x01\x00\x30\x05\xa0\x03\x03\x01\xff"), "inside of others, behind others");
        assert!(holds(bits, b"\x30\x80\x03\x01\xff\x00\x00"), "inside of one whose length is not said");
        let double = WantedObject { double_overflow: true, ..NOTHING };
        assert!(holds(double, &real(257)) && !holds(double, &real(256)));
        let oversize = WantedObject { oversize_length: Some(4), ..NOTHING };
        assert!(holds(oversize, b"\x04\x05abcde") && !holds(oversize, b"\x04\x04abcd"));
    }

    #[test]
    fn what_is_not_there_counts_for_nothing() {
        let all = WantedObject { bitstring_overflow: true, double_overflow: true, oversize_length: Some(1) };
        for cut in [&b"\x30\x84\xff\xff\xff\xff\x03\x01\xff"[..], b"\x03", b"\x03\x8f", b"\x1f\x81", b""] {
            assert!(!holds(all, cut), "{cut:?}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let bits = WantedObject { bitstring_overflow: true, ..NOTHING };
        let deep = [b"\x30\x80".repeat(100_000), b"\x03\x01\xff".to_vec()].concat();
        assert!(!holds(bits, &deep));
        let many = [b"\x05\x00".repeat(MAX_OBJECTS), b"\x03\x01\xff".to_vec()].concat();
        assert!(!holds(bits, &many));
    }
}
