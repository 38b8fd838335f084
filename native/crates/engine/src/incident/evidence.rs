//! What event logs say of connections, logons and processes: the host's side of a join.

use core::net::IpAddr;
use core::ops::ControlFlow;
use std::collections::HashMap;
use std::sync::Arc;

use sidewire_base::Time;
use sidewire_hostlog::{LogProblem, LogReading, LogRecord, RecordSink};

use super::named::{self, NamedKind, NamedRecord, number};

/// Things of each kind that are kept; beyond, they are counted.
const MAX_SEEN: usize = 1 << 20;

/// An end of a connection.
pub(super) type ConnectionEnd = (IpAddr, u16);

/// A record, to be pointed at.
#[derive(Clone, Debug)]
pub(super) struct RecordPlace {
    pub(super) log: Arc<str>,
    pub(super) channel: &'static str,
    pub(super) record_id: Option<u64>,
    pub(super) position: u64,
}

/// A connection as a host saw it: Sysmon 3, Security 5156.
#[derive(Clone, Debug)]
pub(super) struct ConnectionSeen {
    pub(super) host: Arc<str>,
    pub(super) pid: Option<u32>,
    pub(super) image: String,
    /// The host began it.
    pub(super) initiated: bool,
    pub(super) time: Time,
    /// `sysmon 3` or `security 5156`.
    pub(super) source: &'static str,
    pub(super) place: RecordPlace,
}

/// A logon over the network: 4624.
#[derive(Clone, Debug)]
pub(super) struct LogonSeen {
    pub(super) host: Arc<str>,
    pub(super) id: u64,
    pub(super) user: String,
    pub(super) time: Time,
    pub(super) place: RecordPlace,
}

/// The creation of a process: Sysmon 1, Security 4688.
#[derive(Clone, Debug)]
pub(super) struct ProcessSeen {
    pub(super) host: Arc<str>,
    pub(super) pid: Option<u32>,
    pub(super) image: String,
    pub(super) command_line: String,
    pub(super) parent_pid: Option<u32>,
    pub(super) parent_image: String,
    pub(super) parent_command_line: String,
    /// Logon of the process, and of who created it.
    pub(super) logons: [Option<u64>; 2],
    pub(super) time: Time,
    pub(super) place: RecordPlace,
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

/// Everything that logs say and a join can use.
#[derive(Debug, Default)]
pub(super) struct HostEvidence {
    /// By source and destination as the record has them.
    pub(super) connections: HashMap<(ConnectionEnd, ConnectionEnd), Vec<ConnectionSeen>>,
    /// By the address and port that logged on.
    pub(super) logons: HashMap<ConnectionEnd, Vec<LogonSeen>>,
    pub(super) processes: Vec<ProcessSeen>,
    /// Services, tasks and providers.
    pub(super) named: Vec<NamedSeen>,
    pub(super) records: u64,
    /// Records beyond the bound.
    pub(super) dropped: u64,
    pub(super) problems: u64,
    seen: usize,
    hosts: HashMap<String, Arc<str>>,
    log: Option<Arc<str>>,
}

impl HostEvidence {
    /// A computer by the first label of its name, in upper case, as Windows calls itself.
    fn host(&mut self, record: &LogRecord) -> Arc<str> {
        if let Some(known) = self.hosts.get(&record.computer) {
            return Arc::clone(known);
        }
        let label = record.computer.split('.').next().unwrap_or_default().to_uppercase();
        let host: Arc<str> = Arc::from(label);
        if self.hosts.len() < MAX_SEEN {
            self.hosts.insert(record.computer.clone(), Arc::clone(&host));
        }
        host
    }

    fn place(&self, record: &LogRecord, channel: &'static str) -> RecordPlace {
        let log = self.log.clone().unwrap_or_else(|| Arc::from(""));
        RecordPlace { log, channel, record_id: record.record_id, position: record.position }
    }

    fn sysmon_connection(&mut self, record: &LogRecord) -> Option<()> {
        let key = (end(record, "SourceIp", "SourcePort")?, end(record, "DestinationIp", "DestinationPort")?);
        let initiated = record.text_of("Initiated")?.eq_ignore_ascii_case("true");
        self.connection(record, key, initiated, "Image", "sysmon 3", SYSMON);
        Some(())
    }

    fn filtered_connection(&mut self, record: &LogRecord) -> Option<()> {
        let key = (end(record, "SourceAddress", "SourcePort")?, end(record, "DestAddress", "DestPort")?);
        let direction = record.text_of("Direction")?;
        // %%14593 is "Outbound", %%14592 "Inbound" (messages of Microsoft-Windows-Security-Auditing).
        let initiated = direction.contains("14593") || direction.eq_ignore_ascii_case("outbound");
        self.connection(record, key, initiated, "Application", "security 5156", SECURITY);
        Some(())
    }

    fn connection(
        &mut self,
        record: &LogRecord,
        key: (ConnectionEnd, ConnectionEnd),
        initiated: bool,
        image: &str,
        source: &'static str,
        channel: &'static str,
    ) {
        let seen = ConnectionSeen {
            host: self.host(record),
            pid: number(record, "ProcessId"),
            image: record.text_of(image).unwrap_or_default(),
            initiated,
            time: record.time,
            source,
            place: self.place(record, channel),
        };
        self.connections.entry(key).or_default().push(seen);
    }

    fn logon(&mut self, record: &LogRecord) -> Option<()> {
        let from = end(record, "IpAddress", "IpPort").filter(|(_, port)| *port != 0)?;
        let id = logon_id(record, "TargetLogonId")?;
        let name = record.text_of("TargetUserName").unwrap_or_default();
        let domain = record.text_of("TargetDomainName").filter(|domain| domain.len() > 1);
        let user = domain.map_or(name.clone(), |domain| format!("{domain}\\{name}"));
        let seen =
            LogonSeen { host: self.host(record), id, user, time: record.time, place: self.place(record, SECURITY) };
        self.logons.entry(from).or_default().push(seen);
        Some(())
    }

    fn named(&mut self, record: &LogRecord, read: NamedRecord) {
        let NamedRecord { channel, kind, name, image, pid } = read;
        let (host, place) = (self.host(record), self.place(record, channel));
        self.named.push(NamedSeen { host, kind, name, image, pid, time: record.time, place });
    }

    fn process(&mut self, record: &LogRecord, security: bool) {
        let text = |name: &str| record.text_of(name).unwrap_or_default();
        let [pid, image, parent_pid, parent_image] = if security {
            ["NewProcessId", "NewProcessName", "ProcessId", "ParentProcessName"]
        } else {
            ["ProcessId", "Image", "ParentProcessId", "ParentImage"]
        };
        let logons = if security { ["TargetLogonId", "SubjectLogonId"] } else { ["LogonId", "LogonId"] };
        let seen = ProcessSeen {
            host: self.host(record),
            pid: number(record, pid),
            image: text(image),
            command_line: text("CommandLine"),
            parent_pid: number(record, parent_pid),
            parent_image: text(parent_image),
            parent_command_line: text("ParentCommandLine"),
            logons: logons.map(|name| logon_id(record, name)),
            time: record.time,
            place: self.place(record, if security { SECURITY } else { SYSMON }),
        };
        self.processes.push(seen);
    }
}

const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";
const SECURITY: &str = "Security";

impl RecordSink for HostEvidence {
    fn record(&mut self, record: &LogRecord) -> ControlFlow<()> {
        self.records += 1;
        let is_sysmon = record.channel.eq_ignore_ascii_case(SYSMON);
        let is_security = record.channel.eq_ignore_ascii_case(SECURITY);
        let known = match record.event_id {
            Some(id @ (1 | 3)) if is_sysmon => Some(id),
            Some(id @ (4624 | 4688 | 5156)) if is_security => Some(id),
            _ => None,
        };
        let named = if known.is_none() { named::read(record) } else { None };
        if known.is_none() && named.is_none() {
            return ControlFlow::Continue(());
        }
        if self.seen >= MAX_SEEN {
            self.dropped += 1;
            return ControlFlow::Continue(());
        }
        self.seen += 1;
        if let Some(named) = named {
            self.named(record, named);
        }
        let _ = match known {
            Some(3) => self.sysmon_connection(record),
            Some(5156) => self.filtered_connection(record),
            Some(4624) => self.logon(record),
            Some(_) => {
                self.process(record, is_security);
                Some(())
            }
            None => None,
        };
        ControlFlow::Continue(())
    }

    fn problem(&mut self, _log: &str, _problem: LogProblem) {
        self.problems += 1;
    }

    fn begin(&mut self, log: &str) {
        self.log = Some(Arc::from(log));
    }

    fn end(&mut self, _reading: &LogReading) {}
}

/// An address and a port. IPv4 in IPv6 is IPv4.
fn end(record: &LogRecord, address: &str, port: &str) -> Option<ConnectionEnd> {
    let address = record.text_of(address)?;
    let address: IpAddr = address.split('%').next()?.trim().parse().ok()?;
    Some((address.to_canonical(), record.text_of(port)?.trim().parse().ok()?))
}

/// A logon's id; those of the system itself (0x3e4, 0x3e5, 0x3e7) name no logon over the network.
fn logon_id(record: &LogRecord, name: &str) -> Option<u64> {
    let text = record.text_of(name)?;
    let id = u64::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()?;
    (id > 0x3e7).then_some(id)
}
