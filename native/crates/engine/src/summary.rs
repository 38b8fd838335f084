//! What a run did.

use std::collections::BTreeMap;

use sidewire_base::Time;
use sidewire_eve::{JsonName, Object};

use crate::EngineError;
use crate::counters::Counters;
use crate::output::writer::merge::AlertCount;

/// What a run did, for people and for tests.
#[derive(Debug, Default)]
pub struct Summary {
    /// Frames read.
    pub packets: u64,
    /// Octets of them.
    pub bytes: u64,
    /// Files replayed to their end.
    pub files: u64,
    /// Time of the first and last packet.
    pub span: Option<(Time, Time)>,
    /// Events written, by type.
    pub events: BTreeMap<&'static str, u64>,
    /// Alerts written, by generator and signature.
    pub(crate) alerts: BTreeMap<(u32, u32), AlertCount>,
    /// Alerts that thresholds held back.
    pub suppressed: u64,
    /// Counters, named as in Suricata's stats.
    pub counters: Counters,
    /// What went wrong, file by file.
    pub errors: Vec<EngineError>,
    /// Stopped before the end, on request.
    pub stopped: bool,
    /// Which literal matcher was used.
    pub matcher: String,
    /// Checksums were found broken at the source and ignored, in how many files.
    pub checksums_ignored: u64,
    /// Steps of packet time: jumps ahead by more than an hour, and steps back by more than a second.
    pub time_steps: u64,
    /// Packets that sources had to drop.
    pub source_dropped: u64,
    /// Seconds of wall clock.
    pub elapsed: f64,
}

impl Summary {
    /// Seconds of packet time so far.
    pub(crate) fn uptime(&self) -> i64 {
        self.span.map_or(0, |(first, last)| last.seconds() - first.seconds())
    }

    /// Adds what another source of the same run gave.
    pub(crate) fn join(&mut self, other: Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.files += other.files;
        self.errors.extend(other.errors);
        self.checksums_ignored += other.checksums_ignored;
        self.time_steps += other.time_steps;
        self.source_dropped += other.source_dropped;
        self.span = match (self.span, other.span) {
            (Some((first, last)), Some((other_first, other_last))) => {
                Some((first.min(other_first), last.max(other_last)))
            }
            (own, others) => own.or(others),
        };
    }

    /// Counts a frame.
    pub(crate) fn note(&mut self, time: Time, octets: usize) {
        self.packets += 1;
        self.bytes += octets as u64;
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    /// As JSON, for the control plane.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = Vec::new();
        {
            let mut o = Object::new(&mut text);
            o.u64("packets", self.packets).u64("bytes", self.bytes).u64("files", self.files);
            if let Some((first, last)) = self.span {
                o.time("first", first).time("last", last);
                #[expect(clippy::cast_precision_loss, reason = "a duration for people")]
                o.f64("seconds", last.since(first) as f64 / 1e9);
            }
            o.f64("elapsed", self.elapsed).str("matcher", &self.matcher).bool("stopped", self.stopped);
            o.u64("suppressed", self.suppressed).u64("checksums_ignored", self.checksums_ignored);
            o.u64("time_steps", self.time_steps).u64("source_dropped", self.source_dropped);
            o.object("events", |o| {
                for (kind, count) in &self.events {
                    o.u64(*kind, *count);
                }
            });
            o.array("alerts", |list| {
                for ((gid, sid), alert) in &self.alerts {
                    list.object(|o| {
                        o.u64("gid", *gid).u64("sid", *sid).u64("count", alert.count);
                        o.str("msg", &alert.msg).u64("priority", alert.priority);
                    });
                }
            });
            o.array("errors", |list| {
                for error in &self.errors {
                    list.object(|o| {
                        if let Some(path) = error.path() {
                            o.str("file", &path.to_string_lossy());
                        }
                        o.str("code", error.code()).str("message", &error.to_string());
                        let partial = matches!(error, EngineError::Capture { partial: true, .. });
                        o.bool("partial", partial);
                    });
                }
            });
            o.object("counters", |o| {
                for (name, value) in &self.counters {
                    o.u64(JsonName(name), *value);
                }
            });
        }
        String::from_utf8(text).unwrap_or_default()
    }
}
