//! What a run tells the control plane of itself: the shapes that cross to TypeScript, which are written nowhere else.

use std::collections::BTreeMap;

use serde::Serialize;
use sidewire_capture::{CaptureCount, SourceNotice};
use ts_rs::TS;

use crate::EngineError;
use crate::stats::OutputTotal;
use crate::summary::Summary;

/// What a run did.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "run.ts", rename = "Summary")]
pub struct RunReport {
    /// Frames read.
    #[ts(type = "number")]
    pub packets: u64,
    /// Octets of them.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Captures replayed to their end.
    #[ts(type = "number")]
    pub files: u64,
    /// Packet time of the first packet; absent without packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub first: Option<String>,
    /// Packet time of the last packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last: Option<String>,
    /// Seconds between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seconds: Option<f64>,
    /// Seconds of wall clock.
    pub elapsed: f64,
    /// The literal matcher that was used.
    pub matcher: String,
    /// Stopped before the end, on request.
    pub stopped: bool,
    /// Alerts that thresholds held back.
    #[ts(type = "number")]
    pub suppressed: u64,
    /// Captures whose checksums were so often wrong that they were ignored.
    #[ts(type = "number")]
    pub checksums_ignored: u64,
    /// Steps of packet time: jumps ahead by more than an hour, and steps back by more than a second.
    #[ts(type = "number")]
    pub time_steps: u64,
    /// Packets that sources had to drop.
    #[ts(type = "number")]
    pub source_dropped: u64,
    /// Events written, by type.
    #[ts(type = "Record<string, number>")]
    pub events: BTreeMap<&'static str, u64>,
    /// Alerts written, by rule.
    pub alerts: Vec<AlertTotal>,
    /// What became of the lines of each output.
    pub outputs: Vec<OutputTotal>,
    /// What went wrong, input by input and output by output.
    pub errors: Vec<RunError>,
    /// Named as in Suricata's stats.
    #[ts(type = "Record<string, number>")]
    pub counters: BTreeMap<String, u64>,
}

/// Alerts of one rule.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "run.ts", rename = "AlertCount")]
pub struct AlertTotal {
    /// Generator id.
    pub gid: u32,
    /// Signature id.
    pub sid: u32,
    /// How many were written.
    #[ts(type = "number")]
    pub count: u64,
    /// The rule's message.
    pub msg: String,
    /// The rule's priority.
    pub priority: u8,
}

/// What went wrong with one input or output.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "run.ts")]
pub struct RunError {
    /// The capture, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub file: Option<String>,
    /// Machine-readable kind: `capture/truncated`.
    pub code: &'static str,
    /// In words.
    pub message: String,
    /// Packets before the damage were processed.
    pub partial: bool,
}

/// How far a run has come.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "run.ts", rename = "Progress")]
pub struct RunProgress {
    /// Frames read.
    #[ts(type = "number")]
    pub packets: u64,
    /// Octets of them.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Octets read of the capture that is being read.
    #[ts(type = "number")]
    pub file_bytes: u64,
    /// Octets it has; 0 when that is not known.
    #[ts(type = "number")]
    pub file_total: u64,
    /// The capture.
    pub file: String,
    /// What each ring of each interface gave and lost.
    pub capture: Vec<CaptureReport>,
    /// Turns of the threads that read: while they wait for nobody, there are several a second.
    #[ts(type = "number")]
    pub turns: u64,
}

/// What one ring of an interface gave and lost so far.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "run.ts", rename = "CaptureCount")]
pub struct CaptureReport {
    /// The interface.
    pub interface: String,
    /// Which of its rings, from 0.
    pub ring: u32,
    /// Packets the kernel had for it, those it dropped among them.
    #[ts(type = "number")]
    pub packets: u64,
    /// Of these, packets that found no room in the ring.
    #[ts(type = "number")]
    pub dropped: u64,
    /// How often the ring became full.
    #[ts(type = "number")]
    pub full: u64,
    /// Packets that the interface itself lost. The same for each ring of an interface.
    #[ts(type = "number")]
    pub interface_dropped: u64,
    /// Packets of which only the beginning was captured.
    #[ts(type = "number")]
    pub truncated: u64,
    /// The interface is there and up.
    pub up: bool,
}

impl From<&CaptureCount> for CaptureReport {
    fn from(count: &CaptureCount) -> Self {
        let CaptureCount { interface, ring, packets, dropped, full, interface_dropped, truncated, up } = count.clone();
        Self { interface, ring, packets, dropped, full, interface_dropped, truncated, up }
    }
}

/// Something that happened to a live source.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "run.ts", rename = "Notice")]
pub struct NoticeReport {
    /// Machine-readable kind: `capture/interface-down`.
    pub code: &'static str,
    /// In words, with the interface.
    pub message: String,
}

impl From<SourceNotice> for NoticeReport {
    fn from(SourceNotice { code, message }: SourceNotice) -> Self {
        Self { code, message }
    }
}

impl From<Summary> for RunReport {
    fn from(summary: Summary) -> Self {
        let span = summary.span;
        let alerts = summary.alerts.into_iter().map(|((gid, sid), alert)| AlertTotal {
            gid,
            sid,
            count: alert.count,
            msg: alert.msg,
            priority: alert.priority,
        });
        let outputs = summary.outputs.into_iter().map(OutputTotal::from);
        #[expect(clippy::cast_precision_loss, reason = "a duration for people")]
        let seconds = span.map(|(first, last)| last.since(first) as f64 / 1e9);
        Self {
            packets: summary.packets,
            bytes: summary.bytes,
            files: summary.files,
            first: span.map(|(first, _)| sidewire_eve::timestamp(first)),
            last: span.map(|(_, last)| sidewire_eve::timestamp(last)),
            seconds,
            elapsed: summary.elapsed,
            matcher: summary.matcher,
            stopped: summary.stopped,
            suppressed: summary.suppressed,
            checksums_ignored: summary.checksums_ignored,
            time_steps: summary.time_steps,
            source_dropped: summary.source_dropped,
            events: summary.events,
            alerts: alerts.collect(),
            outputs: outputs.collect(),
            errors: summary.errors.iter().map(RunError::from).collect(),
            counters: summary.counters,
        }
    }
}

impl From<&EngineError> for RunError {
    fn from(error: &EngineError) -> Self {
        Self {
            file: error.path().map(|path| path.to_string_lossy().into_owned()),
            code: error.code(),
            message: error.to_string(),
            partial: matches!(error, EngineError::Capture { partial: true, .. }),
        }
    }
}
