//! What a process creation of Security (4688) does not say of its parent, from the parent's own creation: its command line, and in
//! older versions of the event its image. A parent is known by host and process id, until its end or until the id is used again.

use std::collections::VecDeque;

use hashbrown::HashMap;
use sidewire_hostlog::LogRecord;

use crate::fold::folded;
use crate::names::{NameId, WantedNames};
use crate::test::numeric;

/// Processes that are remembered.
const MAX_PROCESSES: usize = 65_536;
/// Octets of a command line that are remembered.
const MAX_TEXT: usize = 8192;

/// A process, by the name of its host in lower case and its id.
type ProcessKey = (Box<str>, u64);

#[derive(Debug)]
struct SeenProcess {
    image: String,
    command_line: Option<String>,
    user: Option<String>,
    /// Which creation it is, so that an id used again is not forgotten with its first use.
    number: u64,
}

/// Processes whose creation was seen.
#[derive(Debug)]
pub(crate) struct ParentTable {
    processes: HashMap<ProcessKey, SeenProcess>,
    order: VecDeque<(ProcessKey, u64)>,
    created: u64,
    forgotten: u64,
    command_line: Option<NameId>,
    image: Option<NameId>,
    user: Option<NameId>,
}

/// What is known of the parent of the process whose creation is at hand.
#[derive(Debug)]
pub(crate) struct ParentCompletion<'p> {
    parent: &'p SeenProcess,
    command_line: Option<NameId>,
    image: Option<NameId>,
    user: Option<NameId>,
}

impl ParentCompletion<'_> {
    /// Fields by the names of rules, and their values.
    pub(crate) fn values(&self) -> impl Iterator<Item = (NameId, &[u8])> {
        let parent = self.parent;
        let image = Some(parent.image.as_str()).filter(|image| !image.is_empty());
        [(self.command_line, parent.command_line.as_deref()), (self.image, image), (self.user, parent.user.as_deref())]
            .into_iter()
            .filter_map(|(name, text)| Some((name?, text?.as_bytes())))
    }
}

impl ParentTable {
    pub(crate) fn new(names: &WantedNames) -> Self {
        let find = |name: &str| names.find(name.as_bytes(), &mut Vec::new());
        Self {
            processes: HashMap::new(),
            order: VecDeque::new(),
            created: 0,
            forgotten: 0,
            command_line: find("ParentCommandLine"),
            image: find("ParentImage"),
            user: find("User"),
        }
    }

    /// Processes forgotten because there were too many.
    pub(crate) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Takes note of what is created and what ends; what the parent of a process of Security's is.
    pub(crate) fn observe(&mut self, record: &LogRecord) -> Option<ParentCompletion<'_>> {
        let is_security = record.channel.eq_ignore_ascii_case("Security");
        let is_sysmon = record.channel.eq_ignore_ascii_case("Microsoft-Windows-Sysmon/Operational");
        match record.event_id {
            Some(4688) if is_security => self.security(record),
            Some(1) if is_sysmon => {
                let image = record.text_of("Image").unwrap_or_default();
                self.created(record, "ProcessId", image, record.text_of("User"));
                None
            }
            Some(4689) if is_security => self.ended(record),
            Some(5) if is_sysmon => self.ended(record),
            _ => None,
        }
    }

    fn security(&mut self, record: &LogRecord) -> Option<ParentCompletion<'_>> {
        let parent = record.text_of("ProcessId").and_then(|text| key_of(record, &text));
        let named = record.text_of("ParentProcessName").filter(|name| name.len() > 1);
        let user = subject(record);
        let image = record.text_of("NewProcessName").unwrap_or_default();
        self.created(record, "NewProcessId", image, user);
        let (command_line, image, user) = (self.command_line, self.image, self.user);
        let parent = self.processes.get(&parent?)?;
        // An id that belongs to another program now says nothing.
        let is_same = named.is_none_or(|name| folded(&name) == folded(&parent.image));
        is_same.then_some(ParentCompletion { parent, command_line, image, user })
    }

    fn created(&mut self, record: &LogRecord, id: &str, image: String, user: Option<String>) {
        let Some(key) = record.text_of(id).and_then(|text| key_of(record, &text)) else { return };
        self.created += 1;
        let command_line = record.text_of("CommandLine").filter(|text| !text.is_empty() && text.len() <= MAX_TEXT);
        let number = self.created;
        self.order.push_back((key.clone(), number));
        self.processes.insert(key, SeenProcess { image, command_line, user, number });
        while self.order.len() > MAX_PROCESSES {
            let Some((key, number)) = self.order.pop_front() else { return };
            if self.processes.get(&key).is_some_and(|process| process.number == number) {
                self.processes.remove(&key);
                self.forgotten += 1;
            }
        }
    }

    fn ended(&mut self, record: &LogRecord) -> Option<ParentCompletion<'_>> {
        let key = record.text_of("ProcessId").and_then(|text| key_of(record, &text))?;
        self.processes.remove(&key);
        None
    }
}

fn key_of(record: &LogRecord, id: &str) -> Option<ProcessKey> {
    let id = numeric(id.as_bytes()).filter(|id| *id >= 0.0 && *id <= f64::from(u32::MAX))?;
    Some((record.computer.to_lowercase().into_boxed_str(), id as u64))
}

/// Who created the process.
fn subject(record: &LogRecord) -> Option<String> {
    let name = record.text_of("SubjectUserName").filter(|name| name != "-" && !name.is_empty())?;
    Some(match record.text_of("SubjectDomainName").filter(|domain| domain != "-" && !domain.is_empty()) {
        Some(domain) => format!("{domain}\\{name}"),
        None => name,
    })
}
