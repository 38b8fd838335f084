//! The counters of a run as they last stood: the shapes that cross to TypeScript, which are written nowhere else.

use std::collections::BTreeMap;

use serde::Serialize;
use ts_rs::TS;

use crate::output::sink::queue::OutputCount;

/// Counters of a run that goes on, as they last stood: at most a second old while packets come.
#[derive(Clone, Debug, Default, Serialize, TS)]
#[ts(export, export_to = "run.ts")]
pub struct RunStats {
    /// Packet time; empty before the first second is over.
    pub time: String,
    /// Seconds of packet time since the first packet.
    #[ts(type = "number")]
    pub uptime: i64,
    /// Of all workers; named as in Suricata's stats.
    #[ts(type = "Record<string, number>")]
    pub counters: BTreeMap<String, u64>,
    /// Of each worker.
    pub workers: Vec<WorkerStats>,
    /// Events written, by type.
    #[ts(type = "Record<string, number>")]
    pub events: BTreeMap<&'static str, u64>,
    /// What became of the lines of each output.
    pub outputs: Vec<OutputTotal>,
}

/// Counters of one worker.
#[derive(Clone, Debug, Default, Serialize, TS)]
#[ts(export, export_to = "run.ts")]
pub struct WorkerStats {
    /// Its number.
    #[ts(type = "number")]
    pub worker: usize,
    /// The source that it alone has: an interface. Empty when workers share one.
    pub source: String,
    /// Named as in Suricata's stats.
    #[ts(type = "Record<string, number>")]
    pub counters: BTreeMap<String, u64>,
}

/// Lines of one output.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "run.ts", rename = "OutputCount")]
pub struct OutputTotal {
    /// What it is called: a path, or a kind of sink and where it leads.
    pub output: String,
    /// Lines written for it.
    #[ts(type = "number")]
    pub lines: u64,
    /// Of these, lines that nobody got: its queue was full, or its reader away.
    #[ts(type = "number")]
    pub dropped: u64,
    /// What could not be done last: `connection refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub trouble: Option<String>,
}

impl From<OutputCount> for OutputTotal {
    fn from(OutputCount { output, lines, dropped, trouble }: OutputCount) -> Self {
        Self { output, lines, dropped, trouble }
    }
}
