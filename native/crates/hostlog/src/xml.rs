//! Events as XML (Windows' `Event` schema): Event Viewer's exports, `wevtutil qe`, Splunk's XmlWinEventLog.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::clock::parse_time;
use crate::record::{FieldName, FieldOrigin, LogRecord, ValueForm};

/// Elements inside each other.
const MAX_DEPTH: usize = 24;

/// What the element that is read means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum XmlElement {
    /// Outside of what is told.
    Other,
    Event,
    System,
    /// A child of `System`.
    Header,
    EventData,
    UserData,
    /// `Data`, or a member of what is inside `UserData`: its text is a field.
    Field,
    /// The only child of `UserData`.
    UserEvent,
    Rendering,
}

/// Reads the first `Event` of a text into the record, which is empty.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read_event(text: &str, record: &mut LogRecord) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    // A name is told once; a command line may hold an ampersand that some exporter left as it was.
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_dangling_amp = true;
    let mut reading = EventReading { record, open: Vec::new(), text: Vec::new(), name: None, seen: false };
    loop {
        match reader.read_event().map_err(|error| format!("at octet {}: {error}", reader.error_position()))? {
            Event::Start(start) => {
                if reading.open.len() >= MAX_DEPTH {
                    return Err(format!("more than {MAX_DEPTH} elements inside each other"));
                }
                reading.start(&start);
            }
            Event::Empty(start) => {
                reading.start(&start);
                if reading.end() {
                    return Ok(());
                }
            }
            Event::End(_) => {
                if reading.end() {
                    return Ok(());
                }
            }
            Event::Text(part) => reading.text.extend_from_slice(part.as_bytes()),
            Event::CData(part) => reading.text.extend_from_slice(part.as_bytes()),
            Event::GeneralRef(reference) => reading.reference(&reference),
            Event::Eof => return Err("there is no whole <Event> element".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
        }
    }
}

struct EventReading<'r> {
    record: &'r mut LogRecord,
    open: Vec<(XmlElement, bool)>,
    text: Vec<u8>,
    /// Of the field that is open: a piece of the record's text, or none for `Data` without a name.
    name: Option<core::ops::Range<usize>>,
    seen: bool,
}

impl EventReading<'_> {
    fn start(&mut self, start: &BytesStart<'_>) {
        let local = start.local_name();
        let local: &str = local.as_ref();
        let parent = self.open.last().map_or(XmlElement::Other, |(element, _)| *element);
        let element = match (parent, local) {
            (XmlElement::Other, "Event") => XmlElement::Event,
            (XmlElement::Event, "System") => XmlElement::System,
            (XmlElement::Event, "EventData") => XmlElement::EventData,
            (XmlElement::Event, "UserData") => XmlElement::UserData,
            (XmlElement::Event, "RenderingInfo") => XmlElement::Rendering,
            (XmlElement::System | XmlElement::Rendering, _) => XmlElement::Header,
            (XmlElement::UserData, _) => XmlElement::UserEvent,
            (XmlElement::EventData | XmlElement::UserEvent | XmlElement::Field, _) => XmlElement::Field,
            _ => XmlElement::Other,
        };
        self.seen |= element == XmlElement::Event;
        if let Some((XmlElement::Field, leaf)) = self.open.last_mut() {
            *leaf = false;
        }
        self.open.push((element, true));
        self.text.clear();
        match element {
            XmlElement::Header => {
                self.name = Some(self.keep(local.as_bytes()));
                self.header_attributes(start);
            }
            XmlElement::Field => {
                let named = attribute(start, "Name");
                let is_data = parent == XmlElement::EventData && matches!(local, "Data" | "ComplexData");
                self.name = match named {
                    Some(name) => Some(self.keep(name.as_bytes())),
                    None if is_data => None,
                    None => Some(self.keep(local.as_bytes())),
                };
            }
            _ => {}
        }
    }

    /// True behind the event.
    fn end(&mut self) -> bool {
        let Some((element, leaf)) = self.open.pop() else { return false };
        match element {
            XmlElement::Field if leaf => {
                let value = self.take_text();
                match self.name.take() {
                    Some(name) => self.record.push(FieldName::Text(name), value, ValueForm::Plain, FieldOrigin::Data),
                    None => self.record.push(FieldName::Known("Data"), value, ValueForm::Plain, FieldOrigin::Unnamed),
                }
            }
            XmlElement::Header => self.header_text(),
            _ => {}
        }
        self.text.clear();
        element == XmlElement::Event && self.seen
    }

    fn keep(&mut self, octets: &[u8]) -> core::ops::Range<usize> {
        let start = self.record.text.len();
        self.record.text.extend_from_slice(octets);
        start..self.record.text.len()
    }

    fn take_text(&mut self) -> core::ops::Range<usize> {
        let text = core::mem::take(&mut self.text);
        let range = self.keep(&text);
        self.text = text;
        range
    }

    fn reference(&mut self, reference: &quick_xml::events::BytesRef<'_>) {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return;
        }
        let name: &str = reference;
        match name {
            "lt" => self.text.push(b'<'),
            "gt" => self.text.push(b'>'),
            "amp" => self.text.push(b'&'),
            "quot" => self.text.push(b'"'),
            "apos" => self.text.push(b'\''),
            other => self.text.extend([b"&", other.as_bytes(), b";"].concat()),
        }
    }

    /// Attributes of a child of `System`: provider, time, execution, user.
    fn header_attributes(&mut self, start: &BytesStart<'_>) {
        for attribute in start.attributes().flatten() {
            let key = attribute.key.as_ref();
            let value = unescaped(&attribute.value);
            match key {
                "Name" => {
                    self.record.provider.clone_from(&value);
                    let range = self.keep(value.as_bytes());
                    self.record.push(FieldName::Known("Provider_Name"), range, ValueForm::Plain, FieldOrigin::System);
                }
                "SystemTime" => {
                    if let Some(read) = parse_time(value.as_bytes()) {
                        self.record.time = read.time;
                    }
                }
                _ => {
                    let (name, value) = (self.keep(key.as_bytes()), self.keep(value.as_bytes()));
                    self.record.push(FieldName::Text(name), value, ValueForm::Plain, FieldOrigin::System);
                }
            }
        }
    }

    /// Text of a child of `System` or `RenderingInfo`.
    fn header_text(&mut self) {
        let text = String::from_utf8_lossy(self.text.trim_ascii()).into_owned();
        let Some(name) = self.name.take().filter(|_| !text.is_empty()) else { return };
        let key = self.record.text.get(name.clone()).unwrap_or_default().to_vec();
        let parent = self.open.last().map(|(element, _)| *element);
        match key.as_slice() {
            b"Message" if parent == Some(XmlElement::Rendering) => {
                let range = self.take_text();
                self.record.push(FieldName::Known("Message"), range, ValueForm::Plain, FieldOrigin::Message);
            }
            // The words of the event's publisher for level, task and opcode, whose numbers stand in `System`.
            _ if parent == Some(XmlElement::Rendering) => {}
            b"EventID" => self.record.event_id = text.parse::<u32>().ok().map(|number| number & 0xffff),
            b"EventRecordID" => self.record.record_id = text.parse().ok(),
            b"Channel" => self.record.channel = text,
            b"Computer" => {
                let range = self.keep(text.as_bytes());
                self.record.push(FieldName::Known("Computer"), range, ValueForm::Plain, FieldOrigin::System);
                self.record.computer = text;
            }
            _ => {
                let range = self.keep(text.as_bytes());
                self.record.push(FieldName::Text(name), range, ValueForm::Plain, FieldOrigin::System);
            }
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    start.attributes().flatten().find(|attribute| attribute.key.as_ref() == name).map(|found| unescaped(&found.value))
}

fn unescaped(value: &str) -> String {
    quick_xml::escape::unescape(value).map_or_else(|_| value.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_event() {
        let mut record = LogRecord::default();
        read_event(
            r#"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Sysmon' Guid='{5770}'/><EventID>1</EventID><TimeCreated SystemTime='2021-05-27T19:30:47.965239600Z'/><EventRecordID>9</EventRecordID><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>a.b</Computer><Security UserID='S-1'/></System><EventData><Data Name='CommandLine'>cmd.exe /c a&gt;b &amp; c&#x41;</Data><Data>plain</Data><Data Name='Empty'/></EventData><RenderingInfo Culture='en-US'><Message>said</Message><Level>Information</Level></RenderingInfo></Event>"#,
            &mut record,
        )
        .unwrap();
        assert_eq!((record.event_id, record.record_id, record.computer.as_str()), (Some(1), Some(9), "a.b"));
        assert_eq!(record.channel, "Microsoft-Windows-Sysmon/Operational");
        assert_eq!(record.provider, "Microsoft-Windows-Sysmon");
        assert_eq!(record.text_of("CommandLine").as_deref(), Some("cmd.exe /c a>b & cA"));
        assert_eq!(record.text_of("Data").as_deref(), Some("plain"));
        assert_eq!(record.text_of("Empty").as_deref(), Some(""));
        assert_eq!(record.text_of("Message").as_deref(), Some("said"));
        assert_eq!(record.text_of("Level"), None);
        assert_eq!(record.time.subsec_micros(), 965_239);
    }

    #[test]
    fn reads_user_data_and_refuses_what_is_cut() {
        let mut record = LogRecord::default();
        read_event(
            "<Event><UserData><Op xmlns='u'><Pid>7</Pid><In><Deep>x</Deep></In></Op></UserData></Event>",
            &mut record,
        )
        .unwrap();
        assert_eq!(record.text_of("Pid").as_deref(), Some("7"));
        assert_eq!(record.text_of("Deep").as_deref(), Some("x"));
        for text in ["", "<Event>", "<a></a>", "<Event><", &"<a>".repeat(50)] {
            assert!(read_event(text, &mut LogRecord::default()).is_err(), "{text}");
        }
    }
}
