//! One record of a log.

use core::ops::Range;

use sidewire_base::Time;

/// Provider of events of EVE, which name none.
pub const EVE_PROVIDER: &str = "eve";

/// Fields of one record; what is beyond is left out and counted.
pub(crate) const MAX_FIELDS: usize = 4096;

/// Where in its event a field stands. Names are taken from `Data` first: what a rule calls `ProcessId` is the event's, not the
/// logging process of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldOrigin {
    /// `EventData` or `UserData`, with a name.
    Data,
    /// `Data` without a name: one of a list.
    Unnamed,
    /// The rendered text of the event.
    Message,
    /// A name that another vendor gives to what Windows has a name for.
    Translated,
    /// The header of the event (`System`).
    System,
    /// Anything else the exporter wrote.
    Other,
}

/// How the octets of a value stand in the record's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueForm {
    /// As they are.
    Plain,
    /// With the escapes of a JSON string.
    Escaped,
    /// There is a name and no value.
    Null,
    /// Made of other values: a piece of the record's paths.
    Derived,
}

/// What a field is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FieldName {
    /// A piece of the record's text.
    Text(Range<usize>),
    /// A name of Windows for what the exporter calls otherwise.
    Known(&'static str),
    /// A piece of the record's paths: the names of a member and of the objects that it stands in, with dots in between.
    Path(Range<usize>),
}

/// A field of a record.
#[derive(Clone, Debug)]
pub struct LogField {
    pub(crate) name: FieldName,
    pub(crate) value: Range<usize>,
    pub(crate) form: ValueForm,
    /// Where it stands.
    pub origin: FieldOrigin,
}

/// A record: its header, and its fields as pieces of one text. Reused from one record to the next.
#[derive(Debug, Default)]
pub struct LogRecord {
    pub(crate) text: Vec<u8>,
    pub(crate) paths: Vec<u8>,
    pub(crate) fields: Vec<LogField>,
    /// `Channel`; empty when it is not said.
    pub channel: String,
    /// Name of the provider.
    pub provider: String,
    /// Name of the computer that logged it, not of the one that collected it.
    pub computer: String,
    /// `EventID`, without qualifiers.
    pub event_id: Option<u32>,
    /// `EventRecordID` of its header.
    pub record_id: Option<u64>,
    /// When it was logged.
    pub time: Time,
    /// Its number in the log, from 1; what cannot be read is not counted.
    pub position: u64,
    /// Fields beyond the bound.
    pub dropped: u32,
}

impl LogRecord {
    /// Forgets the record, keeps the room.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.paths.clear();
        self.fields.clear();
        self.channel.clear();
        self.provider.clear();
        self.computer.clear();
        self.event_id = None;
        self.record_id = None;
        self.time = Time::default();
        self.dropped = 0;
    }

    /// Its fields, in the order of the record. A name may come several times: it is a list then.
    #[must_use]
    pub fn fields(&self) -> &[LogField] {
        &self.fields
    }

    /// Name of a field.
    #[must_use]
    pub fn name(&self, field: &LogField) -> &[u8] {
        match &field.name {
            FieldName::Text(range) => self.text.get(range.clone()).unwrap_or_default(),
            FieldName::Known(name) => name.as_bytes(),
            FieldName::Path(range) => self.paths.get(range.clone()).unwrap_or_default(),
        }
    }

    /// The record is an event of EVE, about traffic: its channel is `event_type`, its fields are called by their paths.
    #[must_use]
    pub fn is_eve(&self) -> bool {
        self.provider == EVE_PROVIDER
    }

    /// The record as it was read, where it was JSON.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// True for a field without a value (`null`).
    #[must_use]
    pub const fn is_null(&self, field: &LogField) -> bool {
        matches!(field.form, ValueForm::Null)
    }

    /// Appends the value of a field. Octets that are no UTF-8 stay as they are.
    pub fn value_to(&self, field: &LogField, out: &mut Vec<u8>) {
        let of = if field.form == ValueForm::Derived { &self.paths } else { &self.text };
        let value = of.get(field.value.clone()).unwrap_or_default();
        match field.form {
            ValueForm::Plain | ValueForm::Derived => out.extend_from_slice(value),
            ValueForm::Escaped => unescape(value, out),
            ValueForm::Null => {}
        }
    }

    /// The first field of a name, compared as [`same_name`] does, as text.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<String> {
        let field = self.fields.iter().filter(|field| same_name(self.name(field), name.as_bytes()));
        let field = field.min_by_key(|field| field.origin)?;
        (!self.is_null(field)).then(|| self.text_value(field))
    }

    /// The value of a field as text.
    #[must_use]
    pub fn text_value(&self, field: &LogField) -> String {
        let mut out = Vec::new();
        self.value_to(field, &mut out);
        match String::from_utf8(out) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }

    /// Puts a field in, unless there are too many.
    pub(crate) fn push(&mut self, name: FieldName, value: Range<usize>, form: ValueForm, origin: FieldOrigin) {
        if self.fields.len() < MAX_FIELDS {
            self.fields.push(LogField { name, value, form, origin });
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

/// Names are the same without regard to case, blanks and dashes: Defender's `Threat Name` is what rules call `ThreatName`.
#[must_use]
pub(crate) fn same_name(a: &[u8], b: &[u8]) -> bool {
    let mut a = a.iter().filter(|octet| !matches!(octet, b' ' | b'-')).map(u8::to_ascii_lowercase);
    let mut b = b.iter().filter(|octet| !matches!(octet, b' ' | b'-')).map(u8::to_ascii_lowercase);
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (x, y) if x == y => {}
            _ => return false,
        }
    }
}

/// Resolves the escapes of a JSON string (RFC 8259, section 7). A lone surrogate becomes U+FFFD.
pub(crate) fn unescape(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', text) {
        let (before, rest) = text.split_at(at);
        out.extend_from_slice(before);
        let (escaped, after) = match rest.get(1) {
            Some(b'n') => (b'\n', 2),
            Some(b't') => (b'\t', 2),
            Some(b'r') => (b'\r', 2),
            Some(b'b') => (8, 2),
            Some(b'f') => (12, 2),
            Some(b'u') => {
                let (character, used) = unicode(rest);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                text = rest.get(used..).unwrap_or_default();
                continue;
            }
            Some(other) => (*other, 2),
            None => (b'\\', 1),
        };
        out.push(escaped);
        text = rest.get(after..).unwrap_or_default();
    }
    out.extend_from_slice(text);
}

/// The character of `\uXXXX`, or of two of them that are a surrogate pair, and the octets they take.
fn unicode(text: &[u8]) -> (char, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
    };
    let Some(first) = unit(0) else { return (char::REPLACEMENT_CHARACTER, text.len().min(2)) };
    if let Some(character) = char::from_u32(first) {
        return (character, 6);
    }
    if let (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) = (first, unit(6)) {
        let joined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::REPLACEMENT_CHARACTER, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_escapes_and_survives_broken_ones() {
        let of = |text: &str| {
            let mut out = Vec::new();
            unescape(text.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(of(r"C:\\a\tb\u0041\ud83d\ude00\/"), "C:\\a\tbA\u{1f600}/");
        assert_eq!(of(r"\ud83dx\u12"), "\u{fffd}x\u{fffd}12");
        assert_eq!(of("a\\"), "a\\");
    }

    #[test]
    fn names_are_compared_without_blanks_dashes_and_case() {
        assert!(same_name(b"Threat Name", b"ThreatName") && same_name(b"Process-ID", b"ProcessId"));
        assert!(!same_name(b"Threat Name", b"ThreatNames"));
    }
}
