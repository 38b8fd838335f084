//! Services, tasks and providers of WMI that logs tell by their names: what a call names in the same way is the same thing.

use std::sync::Arc;

use sidewire_base::Time;
use sidewire_hostlog::LogRecord;

use super::action::{TELLING, file_name, plain};
use super::evidence::{ProcessSeen, RecordPlace};
use super::network::CallFact;

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

/// Something that a log tells by its name.
#[derive(Clone, Debug)]
pub(super) struct NamedSeen {
    pub(super) host: Arc<str>,
    pub(super) kind: NamedKind,
    pub(super) name: String,
    /// What a service or task runs; empty where the record does not say.
    pub(super) image: String,
    /// The process that a task started, or that hosts a provider.
    pub(super) pid: Option<u32>,
    pub(super) time: Time,
    pub(super) place: RecordPlace,
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
        pid: super::evidence::number(record, pid),
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

impl NamedSeen {
    /// What it is called in joins.
    pub(super) const fn key(&self) -> &'static str {
        match self.kind {
            NamedKind::Service => "service name",
            NamedKind::Task => "task name",
            NamedKind::Provider => "provider",
        }
    }

    /// It started a process: the task by its process id, the service by what it runs, the provider as the parent.
    pub(super) fn started(&self, process: &ProcessSeen) -> bool {
        let is = |pid: Option<u32>| self.pid.is_some() && self.pid == pid;
        match self.kind {
            NamedKind::Task => is(process.pid),
            NamedKind::Provider => is(process.parent_pid),
            NamedKind::Service => {
                let (runs, line) = (plain(&self.image), plain(&process.command_line));
                file_name(&process.parent_image).eq_ignore_ascii_case("services.exe")
                    && runs.len() >= TELLING
                    && (line.contains(&runs) || runs.contains(&line) && line.len() >= TELLING)
            }
        }
    }

    /// A call names it: the service that it creates, opens or starts, the task that it registers or runs.
    pub(super) fn is_named_by(&self, call: &CallFact) -> bool {
        let interfaces: &[&str] = match self.kind {
            NamedKind::Service => &["svcctl"],
            NamedKind::Task => &["ITaskSchedulerService"],
            NamedKind::Provider => return false,
        };
        // Tasks are paths: `\name`.
        let bare = |text: &str| text.trim_start_matches('\\').to_lowercase();
        let name = bare(&self.name);
        interfaces.contains(&call.interface.as_str()) && call.names.iter().any(|one| bare(one) == name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::network::CallFact;
    use super::*;

    fn seen(kind: NamedKind, name: &str) -> NamedSeen {
        let place = RecordPlace { log: Arc::from(""), channel: "", record_id: None, position: 1 };
        let (host, image) = (Arc::from("B"), String::new());
        NamedSeen { host, kind, name: name.to_owned(), image, pid: None, time: Time::default(), place }
    }

    #[test]
    fn definitions_of_tasks_have_a_command() {
        let definition =
            "<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/C a &gt; b</Arguments></Exec></Actions></Task>";
        assert_eq!(command(definition), "cmd.exe /C a > b");
        assert_eq!((command("<Task/>"), command("c:\\x.exe")), (String::new(), "c:\\x.exe".to_owned()));
    }

    #[test]
    fn names_are_compared_without_case_and_the_root_of_tasks() {
        let call = |interface: &str, name: &str| CallFact {
            time: Time::default(),
            interface: interface.to_owned(),
            procedure: String::new(),
            server_pid: None,
            client_pid: None,
            sealed: false,
            says: None,
            texts: Vec::new(),
            names: vec![name.to_owned()],
            packet: None,
        };
        assert!(seen(NamedKind::Service, "bTOb").is_named_by(&call("svcctl", "btob")));
        assert!(seen(NamedKind::Task, "\\atexec").is_named_by(&call("ITaskSchedulerService", "\\ATexec")));
        assert!(seen(NamedKind::Task, "\\a").is_named_by(&call("ITaskSchedulerService", "a")));
        assert!(!seen(NamedKind::Task, "\\a").is_named_by(&call("svcctl", "a")));
        assert!(!seen(NamedKind::Service, "").is_named_by(&call("winreg", "x")));
        assert!(!seen(NamedKind::Provider, "CIMWin32").is_named_by(&call("svcctl", "CIMWin32")));
    }
}
