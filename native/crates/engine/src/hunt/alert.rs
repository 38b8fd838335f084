//! EVE alerts of Sigma rules, on records of event logs and on events of traffic.

use std::collections::BTreeMap;

use sidewire_eve::{JsonName, Object};
use sidewire_hostlog::{FieldOrigin, LogRecord};
use sidewire_ir::SigmaHead;
use sidewire_sigma::{MatchedField, SigmaMatch};

/// Octets of a value that are shown of what matched; the event itself is beside, whole.
const MAX_MATCHED: usize = 4096;

/// Generator id of Sigma's alerts.
pub(crate) const GID: u32 = 1000;

/// Writes an alert as a line of EVE.
pub(crate) fn write(
    out: &mut Vec<u8>,
    head: &SigmaHead,
    found: &SigmaMatch,
    matched: &[MatchedField],
    record: &LogRecord,
    log: &str,
) {
    if record.is_eve() {
        return write_event(out, head, found, matched, record.text());
    }
    let mut event = Object::new(out);
    event.time("timestamp", record.time).str("event_type", "alert");
    event.object("alert", |o| alert(o, head));
    event.object("sigma", |o| sigma(o, head, found, matched));
    event.object("winlog", |o| winlog(o, record, log));
    drop(event);
    out.push(b'\n');
}

/// An alert on an event of EVE is the event, with the rule.
fn write_event(out: &mut Vec<u8>, head: &SigmaHead, found: &SigmaMatch, matched: &[MatchedField], event: &[u8]) {
    const TYPE: &[u8] = b"\"event_type\":\"";
    let Some(at) = event.windows(TYPE.len()).position(|window| window == TYPE) else { return };
    let (before, rest) = event.split_at(at + TYPE.len());
    let Some(behind) = rest.iter().position(|octet| *octet == b'"').and_then(|end| rest.get(end..)) else { return };
    out.extend_from_slice(before);
    out.extend_from_slice(b"alert");
    out.extend_from_slice(behind.trim_ascii_end().strip_suffix(b"}").unwrap_or(behind));
    out.push(b',');
    let start = out.len();
    {
        let mut members = Object::new(out);
        members.object("alert", |o| alert(o, head));
        members.object("sigma", |o| sigma(o, head, found, matched));
    }
    // Members of the event, not an object of their own.
    out.remove(start);
    out.push(b'\n');
}

fn alert(o: &mut Object<'_>, head: &SigmaHead) {
    o.str("action", "allowed").u64("gid", GID).u64("signature_id", head.sid).u64("rev", 1_u8);
    o.str("signature", &head.title).str("category", "Sigma").u64("severity", head.severity);
    o.object("metadata", |o| {
        o.array("sigma_id", |a| {
            a.str(&head.id);
        });
        if let Some(author) = &head.author {
            // The licence of most published rules asks that every message of a match name the author.
            o.array("author", |a| {
                a.str(author);
            });
        }
        if !head.techniques.is_empty() {
            o.array("mitre_technique_id", |a| {
                for technique in &head.techniques {
                    a.str(technique);
                }
            });
        }
    });
}

fn sigma(o: &mut Object<'_>, head: &SigmaHead, found: &SigmaMatch, matched: &[MatchedField]) {
    o.str("level", &head.level);
    if let Some(status) = &head.status {
        o.str("status", status);
    }
    if !matched.is_empty() {
        o.array("matched", |a| {
            for one in matched {
                a.object(|o| {
                    o.str("selection", &one.search);
                    if let Some(field) = &one.field {
                        o.str("field", field);
                    }
                    if let Some(value) = &one.value {
                        o.bytes("value", value.get(..value.len().min(MAX_MATCHED)).unwrap_or_default());
                    }
                    if one.completed {
                        o.bool("completed", true);
                    }
                });
            }
        });
    }
    if let sidewire_sigma::RuleNumber::Correlation(_) = found.rule {
        o.object("correlation", |o| {
            o.u64("events", found.events);
            if !found.group.is_empty() {
                o.object("group", |o| {
                    for (field, value) in &found.group {
                        o.str(JsonName(field), value);
                    }
                });
            }
        });
    }
}

fn winlog(o: &mut Object<'_>, record: &LogRecord, log: &str) {
    o.str("log", log).u64("position", record.position);
    if !record.channel.is_empty() {
        o.str("channel", &record.channel);
    }
    if !record.provider.is_empty() {
        o.str("provider", &record.provider);
    }
    if let Some(id) = record.event_id {
        o.u64("event_id", id);
    }
    if let Some(id) = record.record_id {
        o.u64("record_id", id);
    }
    if !record.computer.is_empty() {
        o.str("computer", &record.computer);
    }
    // Names in the order of the event; a name that comes several times is a list.
    let mut data: Vec<(&[u8], Vec<String>)> = Vec::new();
    let mut places: BTreeMap<&[u8], usize> = BTreeMap::new();
    for field in record.fields() {
        if !matches!(field.origin, FieldOrigin::Data | FieldOrigin::Unnamed | FieldOrigin::Translated)
            || record.is_null(field)
        {
            continue;
        }
        let name = record.name(field);
        let place = *places.entry(name).or_insert_with(|| {
            data.push((name, Vec::new()));
            data.len() - 1
        });
        if let Some((_, values)) = data.get_mut(place) {
            values.push(record.text_value(field));
        }
    }
    if data.is_empty() {
        return;
    }
    o.object("data", |o| {
        for (name, values) in &data {
            let name = String::from_utf8_lossy(name);
            match values.as_slice() {
                [value] => {
                    o.str(JsonName(&name), value);
                }
                values => {
                    o.array(JsonName(&name), |a| {
                        for value in values {
                            a.str(value);
                        }
                    });
                }
            }
        }
    });
}
