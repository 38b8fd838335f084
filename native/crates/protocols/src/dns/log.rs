//! EVE: the `dns` event, and `dns` in alerts.

use core::fmt;

use sidewire_app_layer::{LogEach, TxHead, TxLogger};
use sidewire_eve::{Array, Object};

use super::message::{DnsHeader, DnsMessage, DnsSection};
use super::name::DomainName;
use super::options::EveDnsOptions;
use super::record::{RecordData, ResourceRecord, SoaRecord, SrvRecord, SshfpRecord, options, strings};
use super::rrtype::{RCODES, TYPES, name_of};
use super::transaction::DnsTransaction;

pub(super) const LOGGERS: &[TxLogger<DnsTransaction, EveDnsOptions>] = &[
    TxLogger::new("dns", |_, _, _| true, |tx, head, options: &EveDnsOptions, out| write_v3(tx, head, *options, out))
        .told_from(|tx: &DnsTransaction| tx.direction)
        .wanted_if(|tx, options| options.version == 3 && tx.is_wanted(options))
        .in_others(|tx, head, _, out| write_v3(tx, head, EveDnsOptions::IN_ALERTS, out))
        .without_tx(),
    // Told from the client, whoever spoke.
    TxLogger::new("dns", |_, _, _| true, |tx, head, options, out| write_v2(tx, head, options, 0, out))
        .each(LogEach {
            count: |tx| if tx.response { 1 } else { u32::try_from(tx.message.questions.len()).unwrap_or(u32::MAX) },
            wanted: |tx, options, event| options.version == 2 && tx.is_wanted_in_v2(options, event),
            write: write_v2,
        })
        .without_tx(),
];

/// The bits of the header that have a key.
const FLAGS: [(u16, &str); 6] =
    [(0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0040, "z")];

/// One event tells a whole message.
fn write_v3(tx: &DnsTransaction, head: &TxHead, options: EveDnsOptions, out: &mut Object<'_>) {
    let message = &tx.message;
    out.u64("version", 3_u8).str("type", if tx.response { "response" } else { "request" });
    out.u64("tx_id", head.id.0).u64("id", message.header.id);
    flags(message.header, out);
    out.u64("opcode", message.header.opcode());
    out.fmt("rcode", format_args!("{}", NamedCode(RCODES, message.header.rcode().into())));
    if !message.questions.is_empty() {
        out.array("queries", |list| {
            for question in message.questions.iter().filter(|question| options.tells(question.rrtype)) {
                list.object(|o| {
                    o.bytes("rrname", message.text(question.name.text));
                    o.fmt("rrtype", format_args!("{}", NamedCode(TYPES, question.rrtype.into())));
                    truncated(question.name, "rrname_truncated", o);
                });
            }
        });
    }
    sections(message, options, out);
}

/// One event tells a question, or all answers.
fn write_v2(tx: &DnsTransaction, head: &TxHead, options: &EveDnsOptions, question: u32, out: &mut Object<'_>) {
    let message = &tx.message;
    let header = message.header;
    out.u64("version", 2_u8).str("type", if tx.response { "answer" } else { "query" }).u64("id", header.id);
    if tx.response {
        flags(header, out);
        out.u64("opcode", header.opcode());
    }
    if let Some(question) = message.questions.get(question as usize) {
        out.bytes("rrname", message.text(question.name.text));
        truncated(question.name, "rrname_truncated", out);
        out.fmt("rrtype", format_args!("{}", NamedCode(TYPES, question.rrtype.into())));
    }
    if tx.response {
        out.fmt("rcode", format_args!("{}", NamedCode(RCODES, header.rcode().into())));
        sections(message, *options, out);
    } else {
        out.u64("tx_id", head.id.0);
        if header.z() {
            out.bool("z", true);
        }
        out.u64("opcode", header.opcode());
    }
}

fn flags(header: DnsHeader, out: &mut Object<'_>) {
    out.fmt("flags", format_args!("{:x}", header.flags));
    for (bit, key) in FLAGS {
        if header.flags & bit != 0 {
            out.bool(key, true);
        }
    }
}

fn sections(message: &DnsMessage, options: EveDnsOptions, out: &mut Object<'_>) {
    let answers = message.records(DnsSection::Answers);
    if !answers.is_empty() {
        if options.detailed {
            out.array("answers", |list| answers.iter().for_each(|record| entries(message, record, list)));
        }
        if options.grouped {
            out.object("grouped", |o| grouped(message, answers, o));
        }
    }
    let authorities = message.records(DnsSection::Authorities);
    if !authorities.is_empty() {
        out.array("authorities", |list| authorities.iter().for_each(|record| entries(message, record, list)));
    }
    let additionals = message.records(DnsSection::Additionals);
    if additionals.iter().any(has_content) {
        out.array("additionals", |list| {
            additionals.iter().filter(|record| has_content(record)).for_each(|record| entries(message, record, list));
        });
    }
}

/// An OPT record without options only says how large answers may be.
pub(super) const fn has_content(record: &ResourceRecord) -> bool {
    !matches!(record.data, RecordData::Opt(data) if data.is_empty())
}

/// A record; of several strings each by itself.
fn entries(message: &DnsMessage, record: &ResourceRecord, list: &mut Array<'_>) {
    match record.data {
        RecordData::Txt(data) => {
            for string in strings(message.text(data)) {
                list.object(|o| {
                    owner(message, record, o);
                    o.bytes("rdata", string);
                });
            }
        }
        _ => {
            list.object(|o| {
                owner(message, record, o);
                detail(message, record.data, o);
            });
        }
    }
}

fn owner(message: &DnsMessage, record: &ResourceRecord, out: &mut Object<'_>) {
    out.bytes("rrname", message.text(record.name.text));
    truncated(record.name, "rrname_truncated", out);
    out.fmt("rrtype", format_args!("{}", NamedCode(TYPES, record.rrtype.into()))).u64("ttl", record.ttl);
}

fn detail(message: &DnsMessage, data: RecordData, out: &mut Object<'_>) {
    match data {
        RecordData::Address(octets) => {
            out.fmt("rdata", format_args!("{}", AddressText(message.text(octets))));
        }
        RecordData::Name(name) => {
            out.bytes("rdata", message.text(name.text));
            truncated(name, "rdata_truncated", out);
        }
        RecordData::Null(octets) => {
            out.bytes("rdata", message.text(octets));
        }
        RecordData::Soa(record) => {
            out.object("soa", |o| soa(message, record, o));
        }
        RecordData::Sshfp(record) => {
            out.object("sshfp", |o| sshfp(message, record, o));
        }
        RecordData::Srv(record) => {
            out.object("srv", |o| srv(message, record, o));
        }
        RecordData::Opt(data) => {
            out.array("opt", |list| opt(message.text(data), list));
        }
        RecordData::Txt(_) | RecordData::Other(_) => {}
    }
}

/// Values of the answers by type, in the order in which types come.
fn grouped(message: &DnsMessage, answers: &[ResourceRecord], out: &mut Object<'_>) {
    let groups = |record: &&ResourceRecord| !matches!(record.data, RecordData::Opt(_) | RecordData::Other(_));
    // Types with data that is read: a dozen.
    let mut told: smallvec::SmallVec<[u16; 4]> = smallvec::SmallVec::new();
    for first in answers.iter().filter(groups) {
        if told.contains(&first.rrtype) {
            continue;
        }
        told.push(first.rrtype);
        let Some(key) = name_of(TYPES, first.rrtype.into()) else { continue };
        out.array(key, |list| {
            for record in answers.iter().filter(groups).filter(|record| record.rrtype == first.rrtype) {
                match record.data {
                    RecordData::Address(octets) => {
                        list.fmt(format_args!("{}", AddressText(message.text(octets))));
                    }
                    RecordData::Name(name) => {
                        list.bytes(message.text(name.text));
                    }
                    RecordData::Null(octets) => {
                        list.bytes(message.text(octets));
                    }
                    RecordData::Txt(data) => strings(message.text(data)).for_each(|string| {
                        list.bytes(string);
                    }),
                    RecordData::Soa(record) => {
                        list.object(|o| soa(message, record, o));
                    }
                    RecordData::Sshfp(record) => {
                        list.object(|o| sshfp(message, record, o));
                    }
                    RecordData::Srv(record) => {
                        list.object(|o| srv(message, record, o));
                    }
                    RecordData::Opt(_) | RecordData::Other(_) => {}
                }
            }
        });
    }
}

pub(super) fn soa(message: &DnsMessage, soa: SoaRecord, out: &mut Object<'_>) {
    out.bytes("mname", message.text(soa.primary.text));
    truncated(soa.primary, "mname_truncated", out);
    out.bytes("rname", message.text(soa.mailbox.text));
    truncated(soa.mailbox, "rname_truncated", out);
    out.u64("serial", soa.serial).u64("refresh", soa.refresh).u64("retry", soa.retry);
    out.u64("expire", soa.expire).u64("minimum", soa.minimum);
}

pub(super) fn srv(message: &DnsMessage, srv: SrvRecord, out: &mut Object<'_>) {
    out.u64("priority", srv.priority).u64("weight", srv.weight).u64("port", srv.port);
    out.bytes("name", message.text(srv.target.text));
}

pub(super) fn sshfp(message: &DnsMessage, sshfp: SshfpRecord, out: &mut Object<'_>) {
    out.fmt("fingerprint", format_args!("{}", HexText(message.text(sshfp.fingerprint), ":")));
    out.u64("algo", sshfp.algorithm).u64("type", sshfp.kind);
}

pub(super) fn opt(data: &[u8], list: &mut Array<'_>) {
    for (code, value) in options(data) {
        list.object(|o| {
            o.u64("code", code).fmt("data", format_args!("{}", HexText(value, "")));
        });
    }
}

pub(super) fn truncated(name: DomainName, key: &'static str, out: &mut Object<'_>) {
    if name.truncated {
        out.bool(key, true);
    }
}

/// A value by its name in a table, or else its number.
pub(super) struct NamedCode(pub(super) &'static [(&'static str, u64)], pub(super) u64);

impl fmt::Display for NamedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match name_of(self.0, self.1) {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.1),
        }
    }
}

/// An address: of IPv6 all digits, as Suricata writes them here. Nothing when there are too many octets, or too few.
pub(super) struct AddressText<'a>(pub(super) &'a [u8]);

impl fmt::Display for AddressText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [a, b, c, d] => write!(f, "{a}.{b}.{c}.{d}"),
            octets if octets.len() == 16 => {
                for (at, [high, low]) in octets.as_chunks::<2>().0.iter().enumerate() {
                    let colon = if at == 0 { "" } else { ":" };
                    write!(f, "{colon}{high:02x}{low:02x}")?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Octets in hexadecimal digits, with something in between.
pub(super) struct HexText<'a>(pub(super) &'a [u8], pub(super) &'static str);

impl fmt::Display for HexText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, octet) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { self.1 };
            write!(f, "{between}{octet:02x}")?;
        }
        Ok(())
    }
}
