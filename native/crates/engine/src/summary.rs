//! What a run did.

use std::collections::BTreeMap;

use sidewire_base::Time;
use sidewire_eve::{Name, Object};

use crate::EngineError;
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
    pub counters: BTreeMap<String, u64>,
    /// What went wrong, file by file.
    pub errors: Vec<EngineError>,
    /// Stopped before the end, on request.
    pub stopped: bool,
    /// Which literal matcher was used.
    pub matcher: String,
    /// Checksums were found broken at the source and ignored, in how many files.
    pub checksums_ignored: u64,
    /// Jumps of packet time that were not believed.
    pub time_jumps: u64,
    /// Seconds of wall clock.
    pub elapsed: f64,
}

/// Adds a counter of one worker or file to the total. The greatest packet and memory pressure are the greatest of all;
/// everything else adds up. (The average is taken once all are in.)
pub(crate) fn accumulate(total: &mut BTreeMap<String, u64>, name: &str, value: u64) {
    let slot = total.entry(name.to_owned()).or_default();
    let greatest = matches!(name, "decoder.max_pkt_size" | "memcap.pressure" | "memcap.pressure_max");
    *slot = if greatest { value.max(*slot) } else { *slot + value };
}

impl Summary {
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
            o.u64("time_jumps", self.time_jumps);
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
                    o.u64(Name(name), *value);
                }
            });
        }
        String::from_utf8(text).unwrap_or_default()
    }
}
