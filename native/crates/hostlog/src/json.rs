//! Records written as JSON, told apart by their shape as they are walked: what `evtx_dump` and the evtx crate write (`Event`),
//! winlogbeat and the Elastic Common Schema (`winlog`, `event`), NXLog (flat), Splunk's export (`result`), EVE (`event_type`).

use core::ops::Range;

use crate::clock::{LogTime, parse_time, zone_between};
use crate::eve::{self, TreePaths};
use crate::names::{HeaderPart, TimeRank, header_part, translated};
use crate::record::{EVE_PROVIDER, FieldName, FieldOrigin, LogRecord, ValueForm, unescape};
use crate::shape::LogShape;

/// Objects and arrays inside each other.
const MAX_DEPTH: u32 = 24;

/// What an object is, which says what its members are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JsonSection {
    /// The record, or what wraps it.
    Root,
    /// `Event`.
    Event,
    /// `Event.System`, and what is inside it.
    System,
    /// `EventData`, or what is inside `UserData`.
    Data,
    /// `UserData`, whose only member is the event.
    User,
    /// `EventData.Data`: values without names.
    Unnamed,
    /// `RenderingInfo`.
    Rendering,
    /// Any other: members are known by their path.
    Path,
    /// An event of EVE, or what is inside it.
    Eve,
}

/// Reads JSON records into [`LogRecord`]s; knows the zone of the log once a record has told it.
#[derive(Debug, Default)]
pub(crate) struct JsonShapes {
    /// Dotted path of the object that is walked, where paths matter.
    path: Vec<u8>,
    /// For each header part that was found, how early its name stands in the table.
    ranks: [Option<usize>; 6],
    /// The time taken so far, and the others that tell the zone.
    time: Option<(TimeRank, LogTime)>,
    stamp: Option<LogTime>,
    received: Option<LogTime>,
    utc: Option<LogTime>,
    /// An event as XML inside the JSON (`_raw`).
    pub(crate) raw_xml: Option<Range<usize>>,
    /// Seconds that local time is ahead of UTC.
    pub(crate) zone: Option<i64>,
    /// A record had a time without a zone while none was known.
    pub(crate) zone_missing: bool,
    /// What the last record looked like.
    pub(crate) shape: Option<LogShape>,
    scratch: Vec<u8>,
    /// EVE: the trees of SMB.
    trees: TreePaths,
}

impl JsonShapes {
    /// Walks the record whose text stands in `record`. `None` when it is no JSON object; the offset of what is wrong is lost, the
    /// line is what people look for.
    pub(crate) fn read(&mut self, record: &mut LogRecord) -> Option<()> {
        self.path.clear();
        self.ranks = [None; 6];
        (self.time, self.stamp, self.received, self.utc) = (None, None, None, None);
        self.raw_xml = None;
        self.shape = None;
        let text = core::mem::take(&mut record.text);
        let mut walk = JsonWalk { shapes: self, record, text: &text };
        let at = walk.skip_blanks(0);
        let section = if eve::is_event(walk.text) { JsonSection::Eve } else { JsonSection::Root };
        let end = walk.object(at, section, MAX_DEPTH);
        let whole = end.is_some_and(|end| walk.skip_blanks(end) == text.len());
        record.text = text;
        if section == JsonSection::Eve {
            self.shape = Some(LogShape::Eve);
            eve::complete(record, &mut self.trees);
        } else {
            self.settle_time(record);
        }
        whole.then_some(())
    }

    /// Gives the record its time. Local times become UTC by the zone that this record, or one before it, tells.
    fn settle_time(&mut self, record: &mut LogRecord) {
        let (rank, read) = match (self.time, self.stamp) {
            (Some(time), _) => time,
            (None, Some(stamp)) => (TimeRank::Stamp, stamp),
            (None, None) => return,
        };
        if read.zoned || rank == TimeRank::Stamp {
            record.time = read.time;
            return;
        }
        let told = match (self.received, self.stamp, self.utc) {
            // NXLog's time of receiving is local, the collector's stamp of the same moment is not.
            (Some(received), Some(stamp), _) if !received.zoned => zone_between(received.time, stamp.time),
            (_, _, Some(utc)) => zone_between(read.time, utc.time),
            _ => None,
        };
        self.zone = told.or(self.zone);
        self.zone_missing |= self.zone.is_none();
        record.time = read.time.plus_seconds(-self.zone.unwrap_or(0));
    }
}

/// One walk over one text.
struct JsonWalk<'w> {
    shapes: &'w mut JsonShapes,
    record: &'w mut LogRecord,
    text: &'w [u8],
}

impl JsonWalk<'_> {
    fn skip_blanks(&self, mut at: usize) -> usize {
        while self.text.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        at
    }

    /// The inside of a string that begins at `at`, whether it has escapes, and what comes behind it.
    fn string(&self, at: usize) -> Option<(Range<usize>, bool, usize)> {
        if self.text.get(at) != Some(&b'"') {
            return None;
        }
        let start = at + 1;
        let (mut from, mut escaped) = (start, false);
        loop {
            let found = from + memchr::memchr2(b'"', b'\\', self.text.get(from..)?)?;
            if self.text.get(found) == Some(&b'"') {
                return Some((start..found, escaped, found + 1));
            }
            escaped = true;
            from = found + 2;
        }
    }

    /// An object; the offset behind it.
    fn object(&mut self, at: usize, section: JsonSection, depth: u32) -> Option<usize> {
        if self.text.get(at) != Some(&b'{') || depth == 0 {
            return None;
        }
        let mut at = self.skip_blanks(at + 1);
        if self.text.get(at) == Some(&b'}') {
            return Some(at + 1);
        }
        loop {
            let (name, _, behind) = self.string(at)?;
            let colon = self.skip_blanks(behind);
            if self.text.get(colon) != Some(&b':') {
                return None;
            }
            let value = self.skip_blanks(colon + 1);
            let end = self.member(name, value, section, depth)?;
            at = self.skip_blanks(end);
            match self.text.get(at)? {
                b',' => at = self.skip_blanks(at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// A member of an object, whose value begins at `at`; the offset behind it.
    fn member(&mut self, name: Range<usize>, at: usize, section: JsonSection, depth: u32) -> Option<usize> {
        match self.text.get(at)? {
            b'{' => {
                let key = self.text.get(name.clone())?;
                let inside = self.enter(section, key);
                let length = self.shapes.path.len();
                // Attributes and text of an element stand for the element.
                if !key.starts_with(b"#") && matches!(inside, JsonSection::Path | JsonSection::Eve) {
                    self.shapes.path.extend_from_slice(key);
                    self.shapes.path.push(b'.');
                }
                let end = self.object(at, inside, depth - 1);
                self.shapes.path.truncate(length);
                end
            }
            b'[' => self.array(name, at, section, depth),
            b'"' => {
                let (value, escaped, end) = self.string(at)?;
                let form = if escaped { ValueForm::Escaped } else { ValueForm::Plain };
                self.leaf(name, value, form, section);
                Some(end)
            }
            _ => {
                let end = self.bare(at)?;
                let form = if self.text.get(at) == Some(&b'n') { ValueForm::Null } else { ValueForm::Plain };
                self.leaf(name, at..end, form, section);
                Some(end)
            }
        }
    }

    /// An array: each of its values is a value of the member.
    fn array(&mut self, name: Range<usize>, at: usize, section: JsonSection, depth: u32) -> Option<usize> {
        if depth <= 1 {
            return None;
        }
        let mut at = self.skip_blanks(at + 1);
        if self.text.get(at) == Some(&b']') {
            return Some(at + 1);
        }
        loop {
            let end = self.member(name.clone(), at, section, depth - 1)?;
            at = self.skip_blanks(end);
            match self.text.get(at)? {
                b',' => at = self.skip_blanks(at + 1),
                b']' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// The end of a number, `true`, `false` or `null`.
    fn bare(&self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        let length =
            rest.iter().position(|octet| !octet.is_ascii_alphanumeric() && !matches!(octet, b'-' | b'+' | b'.'));
        let length = length.unwrap_or(rest.len());
        (length > 0).then_some(at + length)
    }

    /// What the object that is the value of a member is.
    fn enter(&mut self, section: JsonSection, key: &[u8]) -> JsonSection {
        use JsonSection::{Data, Event, Path, Rendering, Root, System, Unnamed, User};
        match (section, key) {
            (Root, b"Event") => {
                self.shapes.shape = Some(LogShape::EvtxDump);
                Event
            }
            (Root, b"result") => {
                self.shapes.shape = Some(LogShape::Splunk);
                Root
            }
            (Root, b"_source") => Root,
            (Root, b"event_data" | b"user_data") => {
                self.shapes.shape = Some(LogShape::Winlogbeat);
                Data
            }
            (Root, b"EventData") => Data,
            (Root, b"winlog") => {
                self.shapes.shape = Some(LogShape::Winlogbeat);
                Path
            }
            (Path, b"event_data" | b"user_data") if self.shapes.path == b"winlog." => Data,
            (Root, _) => Path,
            (Event, b"System") => System,
            (Event, b"EventData") => Data,
            (Event, b"UserData") => User,
            (Event, b"RenderingInfo") => Rendering,
            (Event, _) => Event,
            (User, _) => Data,
            (Data, b"Data") => Unnamed,
            (other, _) => other,
        }
    }

    /// A value that is neither object nor array.
    fn leaf(&mut self, name: Range<usize>, value: Range<usize>, form: ValueForm, section: JsonSection) {
        let Some(key) = self.text.get(name.clone()) else { return };
        match section {
            JsonSection::Data if key == b"Data" => {
                self.put(FieldName::Known("Data"), value, form, FieldOrigin::Unnamed)
            }
            // The name space of the element, which is no field.
            JsonSection::Data if key == b"xmlns" => {}
            JsonSection::Data | JsonSection::User => self.put(FieldName::Text(name), value, form, FieldOrigin::Data),
            JsonSection::Unnamed => self.put(FieldName::Known("Data"), value, form, FieldOrigin::Unnamed),
            JsonSection::System => self.system(key, name.clone(), value, form),
            JsonSection::Rendering => {
                if key == b"Message" {
                    self.put(FieldName::Known("Message"), value, form, FieldOrigin::Message);
                }
            }
            JsonSection::Event => {}
            JsonSection::Eve => self.eve(name, value, form),
            JsonSection::Root | JsonSection::Path => self.by_path(name, value, form, section),
        }
    }

    /// A value of an event.
    fn eve(&mut self, name: Range<usize>, value: Range<usize>, form: ValueForm) {
        let Some(key) = self.text.get(name) else { return };
        let text = self.text.get(value.clone()).unwrap_or_default();
        match key {
            b"event_type" if self.shapes.path.is_empty() => {
                self.record.channel.clear();
                self.record.channel.push_str(&String::from_utf8_lossy(text));
                EVE_PROVIDER.clone_into(&mut self.record.provider);
            }
            b"timestamp" if self.shapes.path.is_empty() => {
                self.record.time = parse_time(text).map(|read| read.time).unwrap_or_default();
            }
            _ => {}
        }
        let start = self.record.paths.len();
        self.record.paths.extend_from_slice(&self.shapes.path);
        self.record.paths.extend_from_slice(key);
        let path = start..self.record.paths.len();
        self.record.push(FieldName::Path(path), value, form, FieldOrigin::Data);
    }

    fn put(&mut self, name: FieldName, value: Range<usize>, form: ValueForm, origin: FieldOrigin) {
        if let (FieldName::Text(key), FieldOrigin::Data | FieldOrigin::Other) = (&name, origin)
            && self.text.get(key.clone()) == Some(b"UtcTime")
        {
            self.shapes.utc = self.text.get(value.clone()).and_then(parse_time);
        }
        self.record.push(name, value, form, origin);
    }

    /// A value of `System`. Attributes have their own names; the text of an element that has attributes is `#text`.
    fn system(&mut self, key: &[u8], name: Range<usize>, value: Range<usize>, form: ValueForm) {
        match key {
            b"Name" => {
                self.header(HeaderPart::Provider, &value, form, 0);
                self.put(FieldName::Known("Provider_Name"), value, form, FieldOrigin::System);
            }
            b"SystemTime" => self.header(HeaderPart::Time(TimeRank::Created), &value, form, 0),
            // `EventID` is the only element of `System` that has both attributes and text.
            b"EventID" | b"#text" => self.header(HeaderPart::EventId, &value, form, 0),
            b"EventRecordID" => self.header(HeaderPart::RecordId, &value, form, 0),
            b"Channel" => self.header(HeaderPart::Channel, &value, form, 0),
            b"Computer" => {
                self.header(HeaderPart::Computer, &value, form, 0);
                self.put(FieldName::Known("Computer"), value, form, FieldOrigin::System);
            }
            _ => self.put(FieldName::Text(name), value, form, FieldOrigin::System),
        }
    }

    /// A value of a flat record, or of one whose members are known by their paths.
    fn by_path(&mut self, name: Range<usize>, value: Range<usize>, form: ValueForm, section: JsonSection) {
        let Some(key) = self.text.get(name.clone()) else { return };
        let nested = section == JsonSection::Path && !self.shapes.path.is_empty();
        let mut path = core::mem::take(&mut self.shapes.path);
        let length = path.len();
        path.extend_from_slice(key);
        let known = header_part(&path);
        let windows = if known.is_none() && path.contains(&b'.') { translated(&path) } else { None };
        let field = path.strip_prefix(b"winlog.event_data.").is_some();
        path.truncate(length);
        self.shapes.path = path;
        if let Some((rank, part)) = known {
            if key == b"Hostname" && self.shapes.shape.is_none() {
                self.shapes.shape = Some(LogShape::Nxlog);
            }
            self.header(part, &value, form, rank);
            let told = match part {
                HeaderPart::Provider => "Provider_Name",
                HeaderPart::Computer => "Computer",
                HeaderPart::Message => "Message",
                _ => return,
            };
            let origin = if part == HeaderPart::Message { FieldOrigin::Message } else { FieldOrigin::System };
            return self.put(FieldName::Known(told), value, form, origin);
        }
        match key {
            b"EventReceivedTime" => self.shapes.received = self.text.get(value.clone()).and_then(parse_time),
            b"_raw" => self.shapes.raw_xml = Some(value.clone()),
            _ => {}
        }
        if field {
            // Flattened: the name is what stands behind the last dot.
            let behind = key.iter().rposition(|octet| *octet == b'.').map_or(0, |dot| dot + 1);
            self.put(FieldName::Text(name.start + behind..name.end), value, form, FieldOrigin::Data);
        } else if let Some(windows) = windows {
            self.shapes.shape.get_or_insert(LogShape::Ecs);
            self.put(FieldName::Known(windows), value, form, FieldOrigin::Translated);
        } else {
            self.put(FieldName::Text(name), value, form, if nested { FieldOrigin::Other } else { FieldOrigin::Data });
        }
    }

    /// Takes a value into the header, unless a name that stands earlier in the table gave one.
    fn header(&mut self, part: HeaderPart, value: &Range<usize>, form: ValueForm, rank: usize) {
        if form == ValueForm::Null {
            return;
        }
        let scratch = &mut self.shapes.scratch;
        scratch.clear();
        let raw = self.text.get(value.clone()).unwrap_or_default();
        if form == ValueForm::Escaped {
            unescape(raw, scratch)
        } else {
            scratch.extend_from_slice(raw)
        }
        if let HeaderPart::Time(rank) = part {
            let Some(read) = parse_time(scratch) else { return };
            if rank == TimeRank::Stamp {
                self.shapes.stamp = Some(read);
            } else if self.shapes.time.is_none_or(|(before, _)| rank < before) {
                self.shapes.time = Some((rank, read));
            }
            return;
        }
        let slot = match part {
            HeaderPart::Channel => 0,
            HeaderPart::Provider => 1,
            HeaderPart::EventId => 2,
            HeaderPart::RecordId => 3,
            HeaderPart::Computer => 4,
            HeaderPart::Message | HeaderPart::Time(_) => return,
        };
        match self.shapes.ranks.get_mut(slot) {
            Some(before) if before.is_none_or(|before| rank < before) => *before = Some(rank),
            _ => return,
        }
        let number = core::str::from_utf8(scratch).ok().and_then(|text| text.trim().parse::<u64>().ok());
        let text = match part {
            HeaderPart::Channel => &mut self.record.channel,
            HeaderPart::Provider => &mut self.record.provider,
            HeaderPart::Computer => &mut self.record.computer,
            HeaderPart::EventId => {
                // Exports that keep the qualifiers put them above the 16 bits of the id.
                self.record.event_id = number.map(|number| (number & 0xffff) as u32);
                return;
            }
            _ => {
                self.record.record_id = number;
                return;
            }
        };
        text.clear();
        text.push_str(&String::from_utf8_lossy(scratch));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidewire_base::Time;

    fn read(text: &str) -> (LogRecord, JsonShapes) {
        let mut record = LogRecord { text: text.as_bytes().to_vec(), ..LogRecord::default() };
        let mut shapes = JsonShapes::default();
        shapes.read(&mut record).expect(text);
        (record, shapes)
    }

    #[test]
    fn evtx_dump() {
        let (record, shapes) = read(
            r##"{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"PowerShell"}},"EventID":{"#attributes":{"Qualifiers":0},"#text":800},"TimeCreated":{"#attributes":{"SystemTime":"2021-12-09T19:54:03.5Z"}},"EventRecordID":54705,"Channel":"Windows PowerShell","Computer":"fs03","Security":null},"EventData":{"Data":{"#text":["a\r\n","b"]},"Named":"c:\\d"}}}"##,
        );
        assert_eq!(shapes.shape, Some(LogShape::EvtxDump));
        assert_eq!(
            (record.channel.as_str(), record.event_id, record.record_id),
            ("Windows PowerShell", Some(800), Some(54705))
        );
        assert_eq!((record.provider.as_str(), record.computer.as_str()), ("PowerShell", "fs03"));
        assert_eq!(record.time, Time::new(1_639_079_643, 500_000_000));
        let data: Vec<_> = record.fields().iter().filter(|field| field.origin == FieldOrigin::Unnamed).collect();
        assert_eq!(data.iter().map(|field| record.text_value(field)).collect::<Vec<_>>(), ["a\r\n", "b"]);
        assert_eq!(record.text_of("Named").as_deref(), Some("c:\\d"));
    }

    #[test]
    fn user_data() {
        let (record, _) = read(
            r##"{"Event":{"System":{"EventID":5857},"UserData":{"Op":{"#attributes":{"xmlns":"y"},"Pid":"7"}}}}"##,
        );
        assert_eq!(record.text_of("Pid").as_deref(), Some("7"));
        assert_eq!(record.fields().len(), 1);
    }

    #[test]
    fn winlogbeat_in_both_forms() {
        for text in [
            r#"{"@timestamp":"2021-12-09T19:54:03Z","winlog":{"channel":"Security","provider_name":"P","event_id":4688,"record_id":7,"computer_name":"a","event_data":{"NewProcessName":"x"}},"host":{"name":"collector"},"event":{"code":"1"}}"#,
            r#"{"@timestamp":"2021-12-09T19:54:03Z","host.name":"collector","winlog.channel":"Security","winlog.provider_name":"P","event.code":4688,"winlog.record_id":"7","winlog.computer_name":"a","winlog.event_data.NewProcessName":"x"}"#,
        ] {
            let (record, _) = read(text);
            assert_eq!((record.channel.as_str(), record.event_id, record.record_id), ("Security", Some(4688), Some(7)));
            assert_eq!(record.computer, "a");
            assert_eq!(record.text_of("NewProcessName").as_deref(), Some("x"));
            assert_eq!(record.time, Time::new(1_639_079_643, 0));
        }
    }

    #[test]
    fn nxlog_and_its_zone() {
        let (record, shapes) = read(
            r#"{"EventID":4103,"Channel":"C","Hostname":"WS5","SourceName":"S","EventTime":"2020-09-18 13:07:54","EventReceivedTime":"2020-09-18 13:07:55","@timestamp":"2020-09-18T17:07:55.811Z","RecordNumber":22972,"Payload":"p","host":"wec"}"#,
        );
        assert_eq!((shapes.zone, shapes.shape), (Some(-14_400), Some(LogShape::Nxlog)));
        assert_eq!(record.time, parse_time(b"2020-09-18T17:07:54Z").unwrap().time);
        assert_eq!((record.computer.as_str(), record.provider.as_str()), ("WS5", "S"));
        assert_eq!(record.text_of("Payload").as_deref(), Some("p"));
    }

    #[test]
    fn splunk_and_ecs() {
        let (record, shapes) = read(
            r#"{"preview":false,"result":{"EventCode":"4688","Channel":"Security","ComputerName":"b","_time":"1639079643","New_Process_Name":"x"}}"#,
        );
        assert_eq!(
            (shapes.shape, record.event_id, record.computer.as_str()),
            (Some(LogShape::Splunk), Some(4688), "b")
        );
        let (record, shapes) = read(
            r#"{"event":{"code":"1","provider":"Microsoft-Windows-Sysmon"},"process":{"executable":"c:\\x","parent":{"command_line":"y"}}}"#,
        );
        assert_eq!(shapes.shape, Some(LogShape::Ecs));
        assert_eq!(record.text_of("Image").as_deref(), Some("c:\\x"));
        assert_eq!(record.text_of("ParentCommandLine").as_deref(), Some("y"));
    }

    #[test]
    fn refuses_what_is_no_object() {
        let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
        for text in ["", "[]", "{", "{\"a\"}", "{\"a\":1", "{\"a\":1}x", "{\"a\":\"\\", deep.as_str()] {
            let mut record = LogRecord { text: text.as_bytes().to_vec(), ..LogRecord::default() };
            assert!(JsonShapes::default().read(&mut record).is_none(), "{text}");
        }
    }
}
