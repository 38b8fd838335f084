//! What a name of a log and a name of a call have to do with each other, and with a process.

use super::evidence::{NamedSeen, ProcessSeen};
use super::named::NamedKind;
use super::network::CallFact;
use super::wording::{TELLING, file_name, plain};

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
    use std::sync::Arc;

    use sidewire_base::Time;

    use super::super::evidence::RecordPlace;
    use super::*;

    fn seen(kind: NamedKind, name: &str) -> NamedSeen {
        let place = RecordPlace { log: Arc::from(""), channel: "", record_id: None, position: 1 };
        let (host, image) = (Arc::from("B"), String::new());
        NamedSeen { host, kind, name: name.to_owned(), image, pid: None, time: Time::default(), place }
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
