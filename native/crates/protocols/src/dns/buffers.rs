//! What rules can look into.

use sidewire_app_layer::{Buffer, BufferInfo, BufferKind, Hook, Value};
use sidewire_base::Direction;

use super::message::{DnsMessage, DnsSection};
use super::rrtype::{RCODES, TYPES};
use super::transaction::DnsTransaction;

pub(super) const BUFFERS: &[Buffer<DnsTransaction>] = &[
    Buffer {
        info: BufferInfo {
            aliases: &["dns_query"],
            ..names("dns.query", Hook::to_server(1), "Name a request asks for, with dots.")
        },
        get: |tx, direction, nth| name(tx.of(direction), DnsSection::Questions, nth),
    },
    Buffer {
        info: names("dns.query.name", BOTH, "Name a request asks for, or a response repeats."),
        get: |tx, direction, nth| name(tx.of(direction), DnsSection::Questions, nth),
    },
    Buffer {
        info: names("dns.queries.rrname", BOTH, "Name a request asks for, or a response repeats."),
        get: |tx, direction, nth| name(tx.of(direction), DnsSection::Questions, nth),
    },
    Buffer {
        info: names("dns.answer.name", BOTH, "Name an answer is about."),
        get: |tx, direction, nth| name(tx.of(direction), DnsSection::Answers, nth),
    },
    Buffer {
        info: names("dns.answers.rrname", BOTH, "Name an answer is about."),
        get: |tx, direction, nth| name(tx.of(direction), DnsSection::Answers, nth),
    },
    Buffer {
        info: names("dns.authorities.rrname", BOTH, "Name a record of the authority section is about."),
        get: |tx, _, nth| name(tx.answer(), DnsSection::Authorities, nth),
    },
    Buffer {
        info: names("dns.additionals.rrname", BOTH, "Name a record of the additional section is about."),
        get: |tx, _, nth| name(tx.answer(), DnsSection::Additionals, nth),
    },
    Buffer {
        info: names(
            "dns.response.rrname",
            Hook::to_client(1),
            "Any name in a response: of questions, of records, and data of CNAME, MX, NS, PTR and SOA (its primary server).",
        ),
        get: |tx, _, nth| text(tx.answer().and_then(|message| message.any_name(nth))),
    },
    Buffer {
        info: BufferInfo {
            kind: BufferKind::Uint(8),
            ..names(
                "dns.opcode",
                BOTH,
                "Kind of a message: 0 is a query, 4 a notification, 5 an update. RFC 6895 section 2.2.",
            )
        },
        get: |tx, direction, nth| once(tx, direction, nth, |message| message.header.opcode()),
    },
    Buffer {
        info: BufferInfo {
            kind: BufferKind::Enumeration(RCODES),
            ..names("dns.rcode", BOTH, "Code of an answer; 0 in requests. RFC 6895 section 2.3.")
        },
        get: |tx, direction, nth| once(tx, direction, nth, |message| message.header.rcode()),
    },
    Buffer {
        info: BufferInfo {
            kind: BufferKind::EnumerationList(TYPES),
            ..names("dns.rrtype", BOTH, "Types a request asks for, or a response answers with: one must hold.")
        },
        get: rrtype,
    },
];

pub(super) const MDNS_BUFFERS: &[Buffer<DnsTransaction>] = &[
    Buffer {
        info: names("mdns.queries.rrname", BOTH, "Name a multicast request asks for."),
        get: |tx, direction, nth| name(tx.of(direction), DnsSection::Questions, nth),
    },
    Buffer {
        info: names("mdns.answers.rrname", BOTH, "Name an answer is about; requests tell answers that are known."),
        get: |tx, _, nth| name(Some(&tx.message), DnsSection::Answers, nth),
    },
    Buffer {
        info: names("mdns.authorities.rrname", BOTH, "Name a record of a response's authority section is about."),
        get: |tx, _, nth| name(tx.answer(), DnsSection::Authorities, nth),
    },
    Buffer {
        info: names("mdns.additionals.rrname", BOTH, "Name a record of a response's additional section is about."),
        get: |tx, _, nth| name(tx.answer(), DnsSection::Additionals, nth),
    },
    Buffer {
        info: names(
            "mdns.response.rrname",
            Hook::to_server(1),
            "Any name in a multicast response: of questions, of records, and data of CNAME, MX, NS, PTR and SOA.",
        ),
        get: |tx, _, nth| text(tx.answer().and_then(|message| message.any_name(nth))),
    },
];

const BOTH: Hook = Hook::both(1, 1);

const fn names(name: &'static str, hook: Hook, doc: &'static str) -> BufferInfo {
    BufferInfo { name, aliases: &[], modifier: None, doc, kind: BufferKind::Multi, hook }
}

fn text(octets: Option<&[u8]>) -> Value<'_> {
    octets.map_or(Value::Absent, Value::Bytes)
}

fn name(message: Option<&DnsMessage>, section: DnsSection, nth: u32) -> Value<'_> {
    text(message.and_then(|message| message.owner(section, nth)))
}

fn once(tx: &DnsTransaction, direction: Direction, nth: u32, get: fn(&DnsMessage) -> u8) -> Value<'_> {
    tx.of(direction).filter(|_| nth == 0).map_or(Value::Absent, |message| Value::Uint(get(message).into()))
}

fn rrtype(tx: &DnsTransaction, direction: Direction, nth: u32) -> Value<'_> {
    let found = tx.of(direction).and_then(|message| match direction {
        Direction::ToServer => message.questions.get(nth as usize).map(|question| question.rrtype),
        Direction::ToClient => message.records(DnsSection::Answers).get(nth as usize).map(|record| record.rrtype),
    });
    found.map_or(Value::Absent, |rrtype| Value::Uint(rrtype.into()))
}
