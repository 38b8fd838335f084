//! What a hunt tells the control plane: shapes that cross to TypeScript.

use serde::Serialize;
use ts_rs::TS;

/// What a hunt did.
#[derive(Clone, Debug, Default, Serialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct HuntReport {
    /// Each log that was read.
    pub logs: Vec<LogReport>,
    /// Records.
    #[ts(type = "number")]
    pub records: u64,
    /// Records that no rule looks at: by channel, provider and id.
    #[ts(type = "number")]
    pub passed: u64,
    /// Alerts.
    #[ts(type = "number")]
    pub alerts: u64,
    /// Rules that matched, in their order.
    pub rules: Vec<SigmaTotal>,
    /// Rules in the set.
    pub loaded: u32,
    /// Rules for which the logs had events that they look at.
    pub applied: u32,
    /// Fields that rules asked of these events and that none of them had.
    pub unseen: Vec<UnseenField>,
    /// Values that came from a parent's own event.
    #[ts(type = "number")]
    pub completed: u64,
    /// Processes that were forgotten because there were too many, so that nothing could be completed from them.
    #[ts(type = "number")]
    pub forgotten: u64,
    /// Matches that correlations did not remember because there were too many.
    #[ts(type = "number")]
    pub uncorrelated: u64,
    /// Time of the first record; absent without records.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub first: Option<String>,
    /// Time of the last record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last: Option<String>,
    /// What could not be read; the first of them.
    pub problems: Vec<String>,
    /// How many there were.
    #[ts(type = "number")]
    pub problem_count: u64,
    /// Writing stopped, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub failed: Option<String>,
    /// The literal matcher that was used.
    pub matcher: String,
    /// Stopped before the end, on request.
    pub stopped: bool,
    /// Seconds of wall clock.
    pub elapsed: f64,
}

/// A log that was read.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct LogReport {
    /// Its path; of a file in an archive, after the path of the archive.
    pub name: String,
    /// Records.
    #[ts(type = "number")]
    pub records: u64,
    /// What it looks like; absent without records.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub shape: Option<&'static str>,
    /// Seconds that its local times are ahead of UTC, where it has such and tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub zone: Option<i64>,
    /// It has local times and does not tell how far they are from UTC; they were taken for UTC.
    pub zone_missing: bool,
}

/// Matches of a rule.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct SigmaTotal {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: String,
    /// 1 is the highest.
    pub severity: u8,
    /// Alerts.
    #[ts(type = "number")]
    pub count: u64,
    /// Time of the first.
    pub first: String,
    /// Time of the last.
    pub last: String,
    /// Computers, the first of them.
    pub hosts: Vec<String>,
    /// How many there were; more than a bound are not told apart.
    pub host_count: u32,
}

/// A field that no event had.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct UnseenField {
    /// As rules call it.
    pub field: String,
    /// How many of the rules that apply ask for it.
    pub rules: u32,
}
