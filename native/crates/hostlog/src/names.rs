//! What exporters call the parts of an event.

/// A part of the header of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderPart {
    Channel,
    Provider,
    EventId,
    RecordId,
    Computer,
    /// A time of logging; those that stand earlier here are believed before others.
    Time(TimeRank),
    Message,
}

/// Which of several times of a record is when it was logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimeRank {
    /// `TimeCreated`.
    Created,
    /// The exporter's copy of it, perhaps in local time.
    Event,
    /// When a collector took it, in UTC.
    Stamp,
}

/// Paths of members in JSON, with dots between the levels, and what they are. The first of a part that a record has is taken.
/// Elastic Common Schema 8 and winlogbeat 6 to 8 (`winlog.*`, `event.*`; version 6 without `winlog`), NXLog's im_msvistalog
/// (names of its manual), Splunk's add-on for Windows (`EventCode`, `ComputerName`, `RecordNumber`).
pub(crate) const HEADER: &[(&str, HeaderPart)] = &[
    ("winlog.channel", HeaderPart::Channel),
    ("Channel", HeaderPart::Channel),
    ("log_name", HeaderPart::Channel),
    ("LogName", HeaderPart::Channel),
    ("winlog.provider_name", HeaderPart::Provider),
    ("SourceName", HeaderPart::Provider),
    ("source_name", HeaderPart::Provider),
    ("ProviderName", HeaderPart::Provider),
    ("Provider_Name", HeaderPart::Provider),
    ("event.provider", HeaderPart::Provider),
    ("winlog.event_id", HeaderPart::EventId),
    ("EventID", HeaderPart::EventId),
    ("EventCode", HeaderPart::EventId),
    ("event_id", HeaderPart::EventId),
    ("event.code", HeaderPart::EventId),
    ("winlog.record_id", HeaderPart::RecordId),
    ("RecordNumber", HeaderPart::RecordId),
    ("EventRecordID", HeaderPart::RecordId),
    ("record_number", HeaderPart::RecordId),
    ("winlog.computer_name", HeaderPart::Computer),
    ("Hostname", HeaderPart::Computer),
    ("Computer", HeaderPart::Computer),
    ("ComputerName", HeaderPart::Computer),
    ("computer_name", HeaderPart::Computer),
    ("host.name", HeaderPart::Computer),
    ("TimeCreated", HeaderPart::Time(TimeRank::Created)),
    ("winlog.time_created", HeaderPart::Time(TimeRank::Created)),
    ("SystemTime", HeaderPart::Time(TimeRank::Created)),
    ("EventTime", HeaderPart::Time(TimeRank::Event)),
    ("_time", HeaderPart::Time(TimeRank::Event)),
    ("@timestamp", HeaderPart::Time(TimeRank::Stamp)),
    ("Message", HeaderPart::Message),
    ("message", HeaderPart::Message),
];

/// Names of the Elastic Common Schema for what Windows' events name, for exports that leave `winlog.event_data` out.
pub(crate) const TRANSLATED: &[(&str, &str)] = &[
    ("process.executable", "Image"),
    ("process.command_line", "CommandLine"),
    ("process.working_directory", "CurrentDirectory"),
    ("process.pid", "ProcessId"),
    ("process.entity_id", "ProcessGuid"),
    ("process.pe.original_file_name", "OriginalFileName"),
    ("process.pe.description", "Description"),
    ("process.pe.company", "Company"),
    ("process.pe.product", "Product"),
    ("process.parent.executable", "ParentImage"),
    ("process.parent.command_line", "ParentCommandLine"),
    ("process.parent.pid", "ParentProcessId"),
    ("user.name", "User"),
    ("file.path", "TargetFilename"),
    ("registry.path", "TargetObject"),
    ("registry.data.strings", "Details"),
    ("dns.question.name", "QueryName"),
    ("source.ip", "SourceIp"),
    ("source.port", "SourcePort"),
    ("destination.ip", "DestinationIp"),
    ("destination.port", "DestinationPort"),
    ("dll.path", "ImageLoaded"),
];

/// The first octets and lengths of the names of a table: most paths are fields of events, and these send them away.
struct NameShapes([u64; 256]);

impl NameShapes {
    /// Takes a name in. Names are shorter than 64 octets.
    const fn with(mut self, name: &str) -> Self {
        let name = name.as_bytes();
        if let [first, ..] = name {
            // A table is made where it is written: an index beyond it would stop the build.
            #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
            {
                self.0[*first as usize] |= 1 << name.len();
            }
        }
        self
    }

    fn may_have(&self, name: &[u8]) -> bool {
        let lengths = name.first().and_then(|first| self.0.get(usize::from(*first))).copied().unwrap_or(0);
        name.len() < 64 && lengths >> name.len() & 1 == 1
    }
}

static HEADER_SHAPES: NameShapes = {
    let (mut shapes, mut rest) = (NameShapes([0; 256]), HEADER);
    while let [(name, _), others @ ..] = rest {
        shapes = shapes.with(name);
        rest = others;
    }
    shapes
};
static TRANSLATED_SHAPES: NameShapes = {
    let (mut shapes, mut rest) = (NameShapes([0; 256]), TRANSLATED);
    while let [(name, _), others @ ..] = rest {
        shapes = shapes.with(name);
        rest = others;
    }
    shapes
};

/// The part of the header that a path names, and how early it stands among those that name the same.
pub(crate) fn header_part(path: &[u8]) -> Option<(usize, HeaderPart)> {
    if !HEADER_SHAPES.may_have(path) {
        return None;
    }
    let found = HEADER.iter().enumerate().find(|(_, (name, _))| name.as_bytes() == path)?;
    Some((found.0, found.1.1))
}

/// Windows' name for a path of the Elastic Common Schema.
pub(crate) fn translated(path: &[u8]) -> Option<&'static str> {
    if !TRANSLATED_SHAPES.may_have(path) {
        return None;
    }
    TRANSLATED.iter().find(|(name, _)| name.as_bytes() == path).map(|(_, windows)| *windows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_others_are_not() {
        for (name, part) in HEADER {
            assert_eq!(header_part(name.as_bytes()).map(|(_, part)| part), Some(*part), "{name}");
        }
        for (name, windows) in TRANSLATED {
            assert_eq!(translated(name.as_bytes()), Some(*windows));
        }
        let long = vec![b'w'; 100];
        assert!(header_part(b"").is_none() && header_part(&long).is_none() && header_part(b"Chapters").is_none());
    }
}
