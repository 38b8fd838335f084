//! What rules can look into.

use sidewire_app_layer::{Buffer, Hook, Value, buffers};
use sidewire_base::Direction;

use super::message::{DnsMessage, DnsSection};
use super::rrtype::{RCODES, TYPES};
use super::stage::COMPLETE;
use super::transaction::DnsTransaction;

pub(super) const BUFFERS: &[Buffer<DnsTransaction>] = buffers! {
    /// Name a request asks for, with dots.
    "dns.query" [alias "dns_query"]: Multi, to_server(COMPLETE)
        => |tx, direction, nth| name(tx.of(direction), DnsSection::Questions, nth);
    /// Name a request asks for, or a response repeats.
    "dns.query.name": Multi, BOTH => |tx, direction, nth| name(tx.of(direction), DnsSection::Questions, nth);
    /// Name a request asks for, or a response repeats.
    "dns.queries.rrname": Multi, BOTH => |tx, direction, nth| name(tx.of(direction), DnsSection::Questions, nth);
    /// Name an answer is about.
    "dns.answer.name": Multi, BOTH => |tx, direction, nth| name(tx.of(direction), DnsSection::Answers, nth);
    /// Name an answer is about.
    "dns.answers.rrname": Multi, BOTH => |tx, direction, nth| name(tx.of(direction), DnsSection::Answers, nth);
    /// Name a record of the authority section is about.
    "dns.authorities.rrname": Multi, BOTH => |tx, _, nth| name(tx.answer(), DnsSection::Authorities, nth);
    /// Name a record of the additional section is about.
    "dns.additionals.rrname": Multi, BOTH => |tx, _, nth| name(tx.answer(), DnsSection::Additionals, nth);
    /// Any name in a response: of questions, of records, and data of CNAME, MX, NS, PTR and SOA (its primary server).
    "dns.response.rrname": Multi, to_client(COMPLETE)
        => |tx, _, nth| Value::bytes(tx.answer().and_then(|message| message.any_name(nth)));
    /// Kind of a message: 0 is a query, 4 a notification, 5 an update. RFC 6895 section 2.2.
    "dns.opcode": Uint(8), BOTH
        => |tx, direction, nth| once(tx, direction, nth, |message| message.header.opcode());
    /// Code of an answer; 0 in requests. RFC 6895 section 2.3.
    "dns.rcode": Enumeration(RCODES), BOTH
        => |tx, direction, nth| once(tx, direction, nth, |message| message.header.rcode());
    /// Types a request asks for, or a response answers with: one must hold.
    "dns.rrtype": EnumerationList(TYPES), BOTH => rrtype;
};

pub(super) const MDNS_BUFFERS: &[Buffer<DnsTransaction>] = buffers! {
    /// Name a multicast request asks for.
    "mdns.queries.rrname": Multi, BOTH => |tx, direction, nth| name(tx.of(direction), DnsSection::Questions, nth);
    /// Name an answer is about; requests tell answers that are known.
    "mdns.answers.rrname": Multi, BOTH => |tx, _, nth| name(Some(&tx.message), DnsSection::Answers, nth);
    /// Name a record of a response's authority section is about.
    "mdns.authorities.rrname": Multi, BOTH => |tx, _, nth| name(tx.answer(), DnsSection::Authorities, nth);
    /// Name a record of a response's additional section is about.
    "mdns.additionals.rrname": Multi, BOTH => |tx, _, nth| name(tx.answer(), DnsSection::Additionals, nth);
    /// Any name in a multicast response: of questions, of records, and data of CNAME, MX, NS, PTR and SOA.
    "mdns.response.rrname": Multi, to_server(COMPLETE)
        => |tx, _, nth| Value::bytes(tx.answer().and_then(|message| message.any_name(nth)));
};

pub(super) const LLMNR_BUFFERS: &[Buffer<DnsTransaction>] = buffers! {
    /// Name a request asks all on a link for, or a response repeats.
    "llmnr.queries.rrname": Multi, BOTH => |tx, _, nth| name(Some(&tx.message), DnsSection::Questions, nth);
    /// Name an answer is about.
    "llmnr.answers.rrname": Multi, BOTH => |tx, _, nth| name(tx.answer(), DnsSection::Answers, nth);
    /// Any name in a response: of questions, of records, and in the data of records.
    "llmnr.response.rrname": Multi, to_server(COMPLETE)
        => |tx, _, nth| Value::bytes(tx.answer().and_then(|message| message.any_name(nth)));
};

const BOTH: Hook = Hook::both(COMPLETE, COMPLETE);

fn name(message: Option<&DnsMessage>, section: DnsSection, nth: u32) -> Value<'_> {
    Value::bytes(message.and_then(|message| message.owner(section, nth)))
}

fn once(tx: &DnsTransaction, direction: Direction, nth: u32, get: fn(&DnsMessage) -> u8) -> Value<'_> {
    Value::uint(tx.of(direction).filter(|_| nth == 0).map(get))
}

fn rrtype(tx: &DnsTransaction, direction: Direction, nth: u32) -> Value<'_> {
    let found = tx.of(direction).and_then(|message| match direction {
        Direction::ToServer => message.questions.get(nth as usize).map(|question| question.rrtype),
        Direction::ToClient => message.records(DnsSection::Answers).get(nth as usize).map(|record| record.rrtype),
    });
    Value::uint(found)
}
