//! A message: header, questions, and three sections of resource records (RFC 1035 section 4.1).

use core::ops::Range;

use sidewire_base::{Cursor, Malformed};
use smallvec::SmallVec;

use super::name::{DomainName, NameDecoder, NameFaults, TextSpan};
use super::record::{RecordData, ResourceRecord};

/// The header of a message. RFC 1035 section 4.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DnsHeader {
    /// What an answer is found by.
    pub(crate) id: u16,
    /// All bits between the identifier and the counts.
    pub(crate) flags: u16,
    /// Questions, answers, authorities and additional records that it announces.
    pub(crate) counts: [u16; 4],
}

impl DnsHeader {
    /// Octets.
    pub(crate) const LENGTH: usize = 12;

    /// Reads a header.
    ///
    /// # Errors
    /// [`Malformed::Truncated`].
    pub(crate) fn parse(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let (id, flags) = (cur.u16_be()?, cur.u16_be()?);
        Ok(Self { id, flags, counts: [cur.u16_be()?, cur.u16_be()?, cur.u16_be()?, cur.u16_be()?] })
    }

    /// True when a message of `length` octets may begin like this: what it announces has room, a request asks something,
    /// and nothing follows a header that announces nothing.
    pub(crate) fn is_plausible(&self, length: usize) -> bool {
        let announced: usize = self.counts.iter().copied().map(usize::from).sum();
        let [questions, ..] = self.counts;
        announced * 2 <= length && (announced > 0 || length <= Self::LENGTH) && (self.is_response() || questions > 0)
    }

    /// QR.
    pub(crate) const fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// OPCODE: 0 is a query, 5 a dynamic update.
    pub(crate) const fn opcode(&self) -> u8 {
        (self.flags >> 11 & 0xf) as u8
    }

    /// RCODE, without the upper bits that an OPT record may have.
    pub(crate) const fn rcode(&self) -> u8 {
        (self.flags & 0xf) as u8
    }

    /// Z, which has to be 0.
    pub(crate) const fn z(&self) -> bool {
        self.flags & 0x40 != 0
    }
}

/// A question. RFC 1035 section 4.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DnsQuestion {
    pub(crate) name: DomainName,
    /// QTYPE.
    pub(crate) rrtype: u16,
}

/// A section of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DnsSection {
    Questions,
    Answers,
    Authorities,
    Additionals,
}

impl DnsSection {
    const ALL: [Self; 4] = [Self::Questions, Self::Answers, Self::Authorities, Self::Additionals];

    const fn index(self) -> usize {
        self as usize
    }
}

/// Names of a message that are not the root's, as rules look into them.
#[derive(Debug, Default)]
struct NameIndex {
    /// Names of questions and owners of records.
    owners: SmallVec<[TextSpan; 4]>,
    /// By section, where its part of `owners` ends.
    ends: [u16; 4],
    /// Owners, each with the name that its data is, in the order of the message.
    all: SmallVec<[TextSpan; 6]>,
}

/// A message, as far as it could be read.
#[derive(Debug)]
pub(crate) struct DnsMessage {
    pub(crate) header: DnsHeader,
    pub(crate) questions: SmallVec<[DnsQuestion; 1]>,
    records: Vec<ResourceRecord>,
    /// By section, where its part of `records` ends; there are none of questions.
    ends: [u16; 4],
    /// Sections that could not be read to their end, a bit each. What follows one of them was not looked for.
    broken: u8,
    pub(crate) faults: NameFaults,
    names: NameIndex,
    text: Box<[u8]>,
}

impl DnsMessage {
    /// Reads a message. It begins with the header, which was read.
    pub(crate) fn parse(header: DnsHeader, octets: &[u8]) -> Self {
        let mut reader = MessageReader {
            decoder: NameDecoder::new(octets),
            questions: SmallVec::new(),
            records: Vec::new(),
            names: NameIndex::default(),
        };
        let mut cur = Cursor::new(octets);
        // A message that ends inside of its header has no sections.
        let _short = cur.skip(DnsHeader::LENGTH);
        let (mut ends, mut broken) = ([0; 4], 0);
        for (section, count) in DnsSection::ALL.into_iter().zip(header.counts) {
            if broken == 0 && reader.section(section, count, &mut cur).is_err() {
                broken |= 1 << section.index();
            }
            let position = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
            for (end, length) in
                [(&mut ends, reader.records.len()), (&mut reader.names.ends, reader.names.owners.len())]
            {
                if let Some(end) = end.get_mut(section.index()) {
                    *end = position(length);
                }
            }
        }
        let MessageReader { decoder, questions, records, names } = reader;
        Self { header, questions, records, ends, broken, faults: decoder.faults, names, text: decoder.finish() }
    }

    /// True when questions and answers could be read: the part without which nobody would take it for DNS.
    pub(crate) const fn is_sound(&self) -> bool {
        !self.is_broken(DnsSection::Questions) && !self.is_broken(DnsSection::Answers)
    }

    /// True when a section could not be read to its end.
    pub(crate) const fn is_broken(&self, section: DnsSection) -> bool {
        self.broken & 1 << section.index() != 0
    }

    /// The octets of a name, or of a record's data.
    pub(crate) fn text(&self, span: TextSpan) -> &[u8] {
        span.of(&self.text)
    }

    /// The records of a section.
    pub(crate) fn records(&self, section: DnsSection) -> &[ResourceRecord] {
        self.records.get(range(self.ends, section)).unwrap_or_default()
    }

    /// The `nth` name of a section's questions or owners that is not the root's.
    pub(crate) fn owner(&self, section: DnsSection, nth: u32) -> Option<&[u8]> {
        let owners = self.names.owners.get(range(self.names.ends, section))?;
        owners.get(nth as usize).map(|span| self.text(*span))
    }

    /// The `nth` of all names that are not the root's: of questions, owners of records, and the names that data is.
    pub(crate) fn any_name(&self, nth: u32) -> Option<&[u8]> {
        self.names.all.get(nth as usize).map(|span| self.text(*span))
    }
}

fn range(ends: [u16; 4], section: DnsSection) -> Range<usize> {
    let end = |section: usize| ends.get(section).copied().unwrap_or_default().into();
    section.index().checked_sub(1).map_or(0, end)..end(section.index())
}

/// A message being read.
struct MessageReader<'m> {
    decoder: NameDecoder<'m>,
    questions: SmallVec<[DnsQuestion; 1]>,
    records: Vec<ResourceRecord>,
    names: NameIndex,
}

impl<'m> MessageReader<'m> {
    fn section(&mut self, section: DnsSection, count: u16, cur: &mut Cursor<'m>) -> Result<(), Malformed> {
        // Each takes octets, of which there are 64 KiB at the most.
        for _ in 0..count {
            if section == DnsSection::Questions {
                let name = self.decoder.name(cur)?;
                let rrtype = cur.u16_be()?;
                cur.skip(2)?;
                self.note(name, None);
                self.questions.push(DnsQuestion { name, rrtype });
            } else {
                let record = ResourceRecord::parse(cur, &mut self.decoder)?;
                self.note(record.name, record.data.host());
                self.records.push(record);
            }
        }
        Ok(())
    }

    fn note(&mut self, owner: DomainName, host: Option<DomainName>) {
        if !owner.text.is_empty() {
            self.names.owners.push(owner.text);
            self.names.all.push(owner.text);
        }
        self.names.all.extend(host.map(|host| host.text).filter(|text| !text.is_empty()));
    }
}

impl RecordData {
    /// The name that it is, of those kinds that rules look into.
    const fn host(&self) -> Option<DomainName> {
        match self {
            Self::Name(name) => Some(*name),
            Self::Soa(soa) => Some(soa.primary),
            _ => None,
        }
    }
}
