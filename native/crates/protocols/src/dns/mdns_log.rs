//! EVE: the `mdns` event, which tells as `dns` does in other words.

use sidewire_app_layer::TxLogger;
use sidewire_eve::{Array, JsonName, Object};

use super::log::{AddressText, NamedCode, has_content, opt, soa, srv, sshfp, truncated};
use super::message::{DnsMessage, DnsSection};
use super::record::{RecordData, ResourceRecord, strings};
use super::rrtype::TYPES;
use super::transaction::DnsTransaction;

pub(super) const LOGGERS: &[TxLogger<DnsTransaction>] =
    &[TxLogger::new("mdns", |_, _, _| true, |tx, _, (), out| write_message(tx, &FLAGS, out))
        .told_from(|tx| tx.direction)
        .without_tx()];

/// The bits of the header by name.
const FLAGS: [(u16, &str); 7] =
    [(0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0040, "z"), (0x0020, "ad"), (0x0010, "cd")];

/// Writes a message of either kind of multicast; `flags` are the bits of its header by name.
pub(super) fn write_message(tx: &DnsTransaction, flags: &[(u16, &str)], out: &mut Object<'_>) {
    let message = &tx.message;
    let header = message.header;
    out.str("type", if tx.response { "response" } else { "request" }).u64("id", header.id);
    if flags.iter().any(|(bit, _)| header.flags & bit != 0) {
        out.array("flags", |list| {
            for (_, name) in flags.iter().filter(|(bit, _)| header.flags & bit != 0) {
                list.str(name);
            }
        });
    }
    out.u64("opcode", header.opcode()).u64("rcode", header.rcode());
    if !message.questions.is_empty() {
        out.array("queries", |list| {
            for question in &message.questions {
                list.object(|o| {
                    o.bytes("rrname", message.text(question.name.text)).str("rrtype", &type_key(question.rrtype));
                    truncated(question.name, "rrname_truncated", o);
                });
            }
        });
    }
    section(message, "answers", DnsSection::Answers, out);
    section(message, "authorities", DnsSection::Authorities, out);
    section(message, "additionals", DnsSection::Additionals, out);
}

fn section(message: &DnsMessage, key: &'static str, section: DnsSection, out: &mut Object<'_>) {
    let told = |record: &&ResourceRecord| section != DnsSection::Additionals || has_content(record);
    let records = message.records(section);
    if records.iter().any(|record| told(&record)) {
        out.array(key, |list| records.iter().filter(told).for_each(|record| entry(message, record, list)));
    }
}

/// A record's data is under the name of its type.
fn entry(message: &DnsMessage, record: &ResourceRecord, list: &mut Array<'_>) {
    let key = type_key(record.rrtype);
    let key = JsonName(&key);
    list.object(|o| {
        o.bytes("rrname", message.text(record.name.text));
        truncated(record.name, "rrname_truncated", o);
        match record.data {
            RecordData::Address(octets) => {
                o.fmt(key, format_args!("{}", AddressText(message.text(octets))));
            }
            RecordData::Name(name) => {
                o.bytes(key, message.text(name.text));
                truncated(name, "rdata_truncated", o);
            }
            RecordData::Txt(data) => {
                o.array(key, |list| {
                    strings(message.text(data)).for_each(|string| {
                        list.bytes(string);
                    });
                });
            }
            RecordData::Null(octets) | RecordData::Other(octets) => {
                o.bytes(key, message.text(octets));
            }
            RecordData::Soa(record) => {
                o.object(key, |o| soa(message, record, o));
            }
            RecordData::Sshfp(record) => {
                o.object(key, |o| sshfp(message, record, o));
            }
            RecordData::Srv(record) => {
                o.object(key, |o| srv(message, record, o));
            }
            RecordData::Opt(data) => {
                o.array(key, |list| opt(message.text(data), list));
            }
        }
    });
}

/// The name of a type in lower case.
fn type_key(rrtype: u16) -> String {
    NamedCode(TYPES, rrtype.into()).to_string().to_ascii_lowercase()
}
