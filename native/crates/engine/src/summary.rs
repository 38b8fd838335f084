//! What a run did.

use std::collections::BTreeMap;
use std::time::Instant;

use sidewire_base::Time;

use crate::EngineError;
use crate::counters::Counters;
use crate::output::sink::queue::OutputCount;
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
    /// What became of the lines of each output.
    pub(crate) outputs: Vec<OutputCount>,
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
    /// When following a live source began.
    pub(crate) live_since: Option<Instant>,
    /// Seconds of wall clock.
    pub elapsed: f64,
}

impl Summary {
    /// Seconds so far: of packet time, or by the clock on the wall where packets are taken as they come.
    pub(crate) fn uptime(&self) -> i64 {
        match self.live_since {
            Some(since) => i64::try_from(since.elapsed().as_secs()).unwrap_or(i64::MAX),
            None => self.span.map_or(0, |(first, last)| last.seconds() - first.seconds()),
        }
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
        self.live_since = self.live_since.or(other.live_since);
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
}
