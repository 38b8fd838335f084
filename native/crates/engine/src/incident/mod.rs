//! Incidents: alerts and calls of one caller on one host brought together, and joined with what event logs say of the same
//! connections, logons and processes. Works on the EVE lines of a run, after it.

mod action;
mod evidence;
mod join;
mod named;
mod naming;
mod network;
mod wording;
mod write;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use serde::{Deserialize, Serialize};
use sidewire_eve::Object;
use ts_rs::TS;

use self::action::actions;
use self::evidence::HostEvidence;
use self::join::join;
use self::network::NetworkFacts;
use self::write::{IncidentWriter, endpoint};
use crate::EngineError;
use crate::hunt::read_logs;

/// Octets of a line of EVE.
const MAX_LINE: usize = 64 << 20;

/// What a join is told.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct JoinRequest {
    /// EVE lines of a run. Flows get what hosts say of them, and incidents are added at the end.
    pub eve: String,
    /// Event logs, directories of them.
    pub logs: Vec<String>,
}

/// What a join did.
#[derive(Clone, Debug, Default, Serialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct JoinReport {
    /// TCP flows.
    #[ts(type = "number")]
    pub flows: u64,
    /// Flows that a log knows.
    #[ts(type = "number")]
    pub joined: u64,
    /// Records of logs.
    #[ts(type = "number")]
    pub records: u64,
    /// Incidents, by their grade.
    pub confirmed: u32,
    /// As above.
    pub probable: u32,
    /// As above.
    pub network: u32,
    /// The incidents in words, in order.
    pub says: Vec<String>,
    /// Facts that were left out because there were too many.
    #[ts(type = "number")]
    pub dropped: u64,
    /// Records and logs that could not be read.
    #[ts(type = "number")]
    pub problems: u64,
}

/// Joins a run with event logs: rewrites its EVE file.
///
/// # Errors
/// [`EngineError`] when a log is not there, or the file cannot be read or written.
pub fn join_incidents(request: &JoinRequest) -> Result<JoinReport, EngineError> {
    let mut evidence = HostEvidence::default();
    read_logs(&request.logs, &mut evidence)?;
    let failed = |source| EngineError::Output { output: request.eve.clone(), source };
    let mut facts = NetworkFacts::default();
    each_line(&request.eve, &mut |line| {
        facts.line(line);
        Ok(())
    })
    .map_err(failed)?;
    let joins = join(&facts, &evidence);
    let found = actions(&facts, &joins, &evidence);
    let mut report = JoinReport {
        flows: facts.flows.len() as u64,
        joined: joins.flows.iter().filter(|join| !join.is_empty()).count() as u64,
        records: evidence.records,
        dropped: facts.dropped + evidence.dropped,
        problems: evidence.problems,
        ..JoinReport::default()
    };
    let part = format!("{}.part", request.eve);
    let mut out = BufWriter::with_capacity(256 << 10, File::create(&part).map_err(failed)?);
    let mut flow = 0;
    let written = each_line(&request.eve, &mut |line| {
        let known = facts.flows.get(flow).filter(|known| is_flow(line, known.id));
        let joined = known.and_then(|_| joins.flows.get(flow));
        flow += usize::from(known.is_some());
        match joined.filter(|join| !join.is_empty()).zip(line.trim_ascii_end().strip_suffix(b"}")) {
            None => out.write_all(line),
            Some((join, head)) => {
                let mut members = Vec::new();
                endpoint(&mut Object::new(&mut members), join);
                // The members of an object of their own, without its opening brace.
                out.write_all(head)?;
                out.write_all(b",")?;
                out.write_all(members.get(1..).unwrap_or_default())?;
                out.write_all(b"\n")
            }
        }
    });
    written.map_err(failed)?;
    let mut line = Vec::new();
    for action in &found {
        let writer = IncidentWriter { facts: &facts, joins: &joins, action };
        line.clear();
        writer.line(&mut line);
        out.write_all(&line).map_err(failed)?;
        report.says.push(format!("{}: {}", action.grade.name(), writer.says()));
        match action.grade {
            action::JoinGrade::Confirmed => report.confirmed += 1,
            action::JoinGrade::Probable => report.probable += 1,
            action::JoinGrade::Network => report.network += 1,
        }
    }
    out.flush().map_err(failed)?;
    fs::rename(&part, &request.eve).map_err(failed)?;
    Ok(report)
}

/// The line is the event of the flow, which comes in the same order as when it was read.
fn is_flow(line: &[u8], id: u64) -> bool {
    let head = line.get(..line.len().min(256)).unwrap_or_default();
    let has = |mark: &str| head.windows(mark.len()).any(|window| window == mark.as_bytes());
    has("\"event_type\":\"flow\"") && has(&format!("\"flow_id\":{id},"))
}

/// Calls `each` with every line of a file, its end included.
fn each_line(path: &str, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(256 << 10, File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut reader, MAX_LINE as u64).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        each(&line)?;
    }
}
