//! Resource records and the data of the types that are read (RFC 1035 sections 3.3 and 4.1.3, and those named below).

use sidewire_base::{Cursor, Malformed};

use super::name::{DomainName, NameDecoder, TextSpan};
use super::rrtype;

/// A resource record. RFC 1035 section 4.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResourceRecord {
    pub(crate) name: DomainName,
    /// TYPE.
    pub(crate) rrtype: u16,
    /// Seconds.
    pub(crate) ttl: u32,
    pub(crate) data: RecordData,
}

/// RDATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordData {
    /// Of A and AAAA: 4 or 16 octets, unless it is malformed.
    Address(TextSpan),
    /// Of CNAME, MX (without its preference), NS and PTR.
    Name(DomainName),
    /// Of TXT: strings with an octet of length in front, see [`strings`].
    Txt(TextSpan),
    Null(TextSpan),
    Soa(SoaRecord),
    Srv(SrvRecord),
    Sshfp(SshfpRecord),
    /// Of OPT: options, see [`options`].
    Opt(TextSpan),
    /// Of all other types.
    Other(TextSpan),
}

/// Where a zone begins. RFC 1035 section 3.3.13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SoaRecord {
    /// MNAME: the zone's primary server.
    pub(crate) primary: DomainName,
    /// RNAME: the mailbox of who looks after it.
    pub(crate) mailbox: DomainName,
    pub(crate) serial: u32,
    /// Seconds, as those that follow.
    pub(crate) refresh: u32,
    pub(crate) retry: u32,
    pub(crate) expire: u32,
    pub(crate) minimum: u32,
}

/// Where a service is. RFC 2782.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SrvRecord {
    pub(crate) priority: u16,
    pub(crate) weight: u16,
    pub(crate) port: u16,
    pub(crate) target: DomainName,
}

/// The digest of an SSH host key. RFC 4255 section 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SshfpRecord {
    pub(crate) algorithm: u8,
    pub(crate) kind: u8,
    pub(crate) fingerprint: TextSpan,
}

/// CLASS in updates of what is to be deleted, or must not be there: such records have no data. RFC 2136 sections 2.4 and 2.5.
const CLASS_NONE: u16 = 254;
const CLASS_ANY: u16 = 255;

impl ResourceRecord {
    /// Reads a record. `cur` is over the whole message.
    ///
    /// # Errors
    /// [`Malformed`], when the record or its data contradicts itself.
    pub(crate) fn parse<'m>(cur: &mut Cursor<'m>, names: &mut NameDecoder<'m>) -> Result<Self, Malformed> {
        let name = names.name(cur)?;
        let (rrtype, class, ttl) = (cur.u16_be()?, cur.u16_be()?, cur.u32_be()?);
        let length = usize::from(cur.u16_be()?);
        let start = cur.position();
        cur.skip(length)?;
        let mut inside = Cursor::new(cur.whole().get(..cur.position()).unwrap_or_default());
        inside.seek(start)?;
        let data = match data(rrtype, &mut inside, names) {
            Err(_) if length == 0 && matches!(class, CLASS_NONE | CLASS_ANY) => RecordData::Other(TextSpan::default()),
            data => data?,
        };
        Ok(Self { name, rrtype, ttl, data })
    }
}

fn data<'m>(kind: u16, cur: &mut Cursor<'m>, names: &mut NameDecoder<'m>) -> Result<RecordData, Malformed> {
    Ok(match kind {
        rrtype::A | rrtype::AAAA => RecordData::Address(names.keep(cur.rest())),
        rrtype::CNAME | rrtype::NS | rrtype::PTR => RecordData::Name(names.name(cur)?),
        rrtype::MX => {
            cur.skip(2)?;
            RecordData::Name(names.name(cur)?)
        }
        rrtype::TXT => {
            let all = cur.rest();
            while !cur.is_empty() {
                let length = cur.u8()?;
                cur.skip(length.into())?;
            }
            RecordData::Txt(names.keep(all))
        }
        rrtype::NULL => RecordData::Null(names.keep(cur.rest())),
        rrtype::SOA => RecordData::Soa(SoaRecord {
            primary: names.name(cur)?,
            mailbox: names.name(cur)?,
            serial: cur.u32_be()?,
            refresh: cur.u32_be()?,
            retry: cur.u32_be()?,
            expire: cur.u32_be()?,
            minimum: cur.u32_be()?,
        }),
        rrtype::SRV => RecordData::Srv(SrvRecord {
            priority: cur.u16_be()?,
            weight: cur.u16_be()?,
            port: cur.u16_be()?,
            target: names.name(cur)?,
        }),
        rrtype::SSHFP => RecordData::Sshfp(SshfpRecord {
            algorithm: cur.u8()?,
            kind: cur.u8()?,
            fingerprint: names.keep(cur.rest()),
        }),
        rrtype::OPT => {
            let all = cur.rest();
            while !cur.is_empty() {
                cur.skip(2)?;
                let length = cur.u16_be()?;
                cur.skip(length.into())?;
            }
            RecordData::Opt(names.keep(all))
        }
        _ => RecordData::Other(names.keep(cur.rest())),
    })
}

/// The strings of TXT data.
pub(crate) fn strings(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut cur = Cursor::new(data);
    core::iter::from_fn(move || {
        let length = cur.u8().ok()?;
        cur.take(length.into()).ok()
    })
}

/// The options of OPT data: code and value. RFC 6891 section 6.1.2.
pub(crate) fn options(data: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut cur = Cursor::new(data);
    core::iter::from_fn(move || {
        let (code, length) = (cur.u16_be().ok()?, cur.u16_be().ok()?);
        Some((code, cur.take(length.into()).ok()?))
    })
}
