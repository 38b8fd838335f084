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

/// The part of the header that a path names, and how early it stands among those that name the same.
pub(crate) fn header_part(path: &[u8]) -> Option<(usize, HeaderPart)> {
    // Most paths are fields of events: their first octet and length send them away.
    let found = HEADER.iter().enumerate().find(|(_, (name, _))| name.as_bytes() == path)?;
    Some((found.0, found.1.1))
}

/// Windows' name for a path of the Elastic Common Schema.
pub(crate) fn translated(path: &[u8]) -> Option<&'static str> {
    TRANSLATED.iter().find(|(name, _)| name.as_bytes() == path).map(|(_, windows)| *windows)
}
