//! Services, tasks and providers of WMI that logs tell by their names: what a call names in the same way is the same thing.

use sidewire_hostlog::LogRecord;

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedKind {
    /// Installed: System 7045, Security 4697.
    Service,
    /// Registered or changed: Security 4698 and 4702, TaskScheduler 106; started a process: TaskScheduler 129.
    Task,
    /// Loaded into a host process: WMI-Activity 5857.
    Provider,
}

/// The records that are read: channel, event id, what it tells, and the fields of name, image and process.
const RECORDS: &[(&str, u32, NamedKind, [&str; 3])] = &[
    ("System", 7045, NamedKind::Service, ["ServiceName", "ImagePath", ""]),
    ("Security", 4697, NamedKind::Service, ["ServiceName", "ServiceFileName", ""]),
    ("Security", 4698, NamedKind::Task, ["TaskName", "TaskContent", ""]),
    ("Security", 4702, NamedKind::Task, ["TaskName", "TaskContentNew", ""]),
    (TASKS, 106, NamedKind::Task, ["TaskName", "", ""]),
    (TASKS, 129, NamedKind::Task, ["TaskName", "Path", "ProcessID"]),
    ("Microsoft-Windows-WMI-Activity/Operational", 5857, NamedKind::Provider, ["ProviderName", "", "ProcessID"]),
];
const TASKS: &str = "Microsoft-Windows-TaskScheduler/Operational";

/// What a record tells by name, apart from its host and place, and the channel it is of.
pub(super) struct NamedRecord {
    pub(super) channel: &'static str,
    pub(super) kind: NamedKind,
    pub(super) name: String,
    pub(super) image: String,
    pub(super) pid: Option<u32>,
}

/// Reads a record; `None` when it tells nothing by name.
pub(super) fn read(record: &LogRecord) -> Option<NamedRecord> {
    let id = record.event_id?;
    let is =
        |row: &&(&'static str, u32, NamedKind, [&str; 3])| row.1 == id && record.channel.eq_ignore_ascii_case(row.0);
    let (channel, _, kind, [name, image, pid]) = *RECORDS.iter().find(is)?;
    // What Windows itself names by this id is of one source.
    if id == 7045 && !record.provider.is_empty() && !record.provider.eq_ignore_ascii_case("Service Control Manager") {
        return None;
    }
    Some(NamedRecord {
        channel,
        kind,
        name: record.text_of(name).filter(|name| !name.is_empty())?,
        image: record.text_of(image).map(|text| command(&text)).unwrap_or_default(),
        pid: number(record, pid),
    })
}

/// The command of a task's definition ([MS-TSCH] 2.5.3), or the text as it is.
fn command(text: &str) -> String {
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(inside, _)| inside.to_owned())
    };
    let Some(command) = element("Command") else {
        return if text.trim_start().starts_with('<') { String::new() } else { text.to_owned() };
    };
    let whole = element("Arguments").map_or_else(|| command.clone(), |arguments| format!("{command} {arguments}"));
    let named = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&amp;", "&")];
    named.into_iter().fold(whole, |text, (entity, sign)| text.replace(entity, sign))
}

/// A process id: Sysmon writes decimal, Security hexadecimal.
pub(super) fn number(record: &LogRecord, name: &str) -> Option<u32> {
    let text = record.text_of(name)?;
    let text = text.trim();
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_of_tasks_have_a_command() {
        let definition =
            "<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/C a &gt; b</Arguments></Exec></Actions></Task>";
        assert_eq!(command(definition), "cmd.exe /C a > b");
        assert_eq!((command("<Task/>"), command("c:\\x.exe")), (String::new(), "c:\\x.exe".to_owned()));
    }
}
