//! Reads sources to their end, and feeds what takes their packets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sidewire_capture::{CaptureReader, OpenError, PacketSource, ReadError, SourceEvent};
use sidewire_decode::{link_type_is_known, link_type_name};

use crate::EngineError;
use crate::config::ChecksumMode;
use crate::config::setup::RunSetup;
use crate::faults::FaultWatch;
use crate::source::block::SourceBlock;
use crate::source::checksums;
use crate::source::clock::EngineClock;
use crate::source::control::{RunControl, lock};
use crate::source::loss::LossWatch;
use crate::source::overload::OverloadWatch;
use crate::source::packet_sink::{
    FlushRequest, PacketSink, SourceNames, SourceStart, SourceTick, StatsDue, StatsMoment,
};
use crate::source::pipe::{PipeSource, is_pipe};
use crate::summary::Summary;

/// How long what a live source brought may stay unseen: an alert is on disk within a second of its packet.
const FLUSH_INTERVAL: Duration = Duration::from_millis(250);

/// How old the counters are at most that are shown to whoever asks while packets come.
const PUBLISH_INTERVAL: Duration = Duration::from_secs(1);

/// A source that is open.
pub(crate) struct NamedSource {
    /// A file, an interface.
    pub(crate) name: Arc<str>,
    pub(crate) source: Box<dyn PacketSource>,
}

/// The reading side of a run, or of one of its sources: frames with engine time and ordinals, the time while there are none,
/// and what is due by the clock on the wall.
pub(crate) struct SourceDriver<'a> {
    setup: &'a RunSetup,
    control: &'a RunControl,
    clock: EngineClock,
    ordinal: u64,
    /// Generation of the rules that are in place.
    generation: u64,
    flushed: Instant,
    /// When the source was last asked what it counted.
    asked: Instant,
    stats_written: Instant,
    published: Instant,
    pub(crate) summary: Summary,
    /// Frames of the source of each link type that is not decoded.
    undecoded: BTreeMap<u32, u64>,
    /// The live source that is followed.
    source: Option<Arc<str>>,
    loss: LossWatch,
    overload: OverloadWatch,
    faults: FaultWatch,
    /// A live source brought something that was not handed over yet.
    unseen: bool,
    /// And has nothing more at the moment.
    drained: bool,
}

impl<'a> SourceDriver<'a> {
    pub(crate) fn new(setup: &'a RunSetup, control: &'a RunControl) -> Self {
        let now = Instant::now();
        Self {
            setup,
            control,
            clock: EngineClock::default(),
            ordinal: 0,
            generation: 0,
            flushed: now,
            asked: now,
            stats_written: now,
            published: now,
            summary: Summary::default(),
            undecoded: BTreeMap::new(),
            source: None,
            unseen: false,
            drained: false,
            loss: LossWatch::new(setup.config.loss_alert, now),
            overload: OverloadWatch::new(now),
            faults: FaultWatch::default(),
        }
    }

    /// Replays the captures of the configuration, one after the other.
    pub(crate) fn replay_files(&mut self, sink: &mut dyn PacketSink) -> Result<(), EngineError> {
        let config = &self.setup.config;
        for (number, input) in config.inputs.iter().enumerate() {
            if self.is_stopped() {
                break;
            }
            let fresh = number == 0 || !config.continue_files;
            match self.open(input) {
                Ok(None) => break,
                Ok(Some(mut source)) => {
                    self.replay_file(input, source.as_mut(), fresh, sink)?;
                    if !config.continue_files {
                        sink.finish(self.end())?;
                    }
                }
                Err(error) => self.summary.errors.push(open_error(input, &error)),
            }
        }
        if config.continue_files {
            sink.finish(self.end())?;
        }
        Ok(())
    }

    /// Follows one source to its end, as a run of its own.
    pub(crate) fn follow(&mut self, source: NamedSource, sink: &mut dyn PacketSink) -> Result<(), EngineError> {
        let NamedSource { name, mut source } = source;
        self.source = Some(Arc::clone(&name));
        self.summary.live_since = source.is_live().then(Instant::now);
        let ignore = self.setup.config.decode.checksums == ChecksumMode::Ignore;
        let interfaces = source.interfaces();
        let names = match interfaces.is_empty() {
            true => SourceNames::File(Arc::clone(&name)),
            false => SourceNames::Interfaces(interfaces.into_iter().map(Arc::from).collect()),
        };
        sink.begin_source(&SourceStart { names, fresh: true, ignore_checksums: ignore });
        let error = self.read(source.as_mut(), sink)?;
        self.note_end(&name, error, self.ordinal > 0);
        sink.finish(self.end())
    }

    /// Opens a capture; `None` when the run was stopped before there was anything in it.
    fn open(&self, input: &str) -> Result<Option<Box<dyn PacketSource>>, OpenError> {
        if is_pipe(input) {
            let pipe = PipeSource::open(input, || self.is_stopped())?;
            return Ok(pipe.map(|pipe| Box::new(pipe) as Box<dyn PacketSource>));
        }
        Ok(Some(Box::new(CaptureReader::open(input)?)))
    }

    fn replay_file(
        &mut self,
        input: &str,
        source: &mut dyn PacketSource,
        fresh: bool,
        sink: &mut dyn PacketSink,
    ) -> Result<(), EngineError> {
        if fresh {
            self.clock.restart();
            self.ordinal = 0;
        }
        let ignore = match self.setup.config.decode.checksums {
            ChecksumMode::Ignore => true,
            ChecksumMode::Verify => false,
            ChecksumMode::Auto => checksums::are_broken(input, self.setup),
        };
        self.summary.checksums_ignored += u64::from(ignore && self.setup.config.decode.checksums == ChecksumMode::Auto);
        let names = SourceNames::File(Arc::from(input));
        sink.begin_source(&SourceStart { names, fresh, ignore_checksums: ignore });
        input.clone_into(&mut lock(&self.control.file));
        self.control.file_total.store(source.progress().size().unwrap_or(0), Ordering::Relaxed);
        let before = self.ordinal;
        let error = self.read(source, sink)?;
        self.note_end(input, error, self.ordinal > before);
        Ok(())
    }

    /// Reads a source to its end. What it could not be read for, if that was no clean one.
    fn read(
        &mut self,
        source: &mut dyn PacketSource,
        sink: &mut dyn PacketSink,
    ) -> Result<Option<ReadError>, EngineError> {
        let live = source.is_live();
        let progress = source.progress();
        let mut block = SourceBlock::default();
        let mut outcome = None;
        loop {
            if self.is_stopped() {
                // What has come already is still followed, where that has an end.
                if !source.close() {
                    break;
                }
            }
            self.control.turns.fetch_add(1, Ordering::Relaxed);
            let deadline = live.then(|| self.deadline());
            let Self { setup, ordinal, clock, .. } = self;
            // What a source holds after a fault nobody knows: it is read no further, which is said.
            let event = setup
                .faults
                .contain(|| block.read(source, deadline, ordinal, clock))
                .unwrap_or(Err(ReadError::Fault { packets: *ordinal }));
            // Not before it was waited for: what comes after a reload meets the new rules.
            if let Some(rules) = self.control.rules_after(&mut self.generation) {
                sink.swap(rules)?;
            }
            match event {
                Ok(SourceEvent::Frames) => {
                    self.count(&block);
                    self.control.file_done.store(progress.read(), Ordering::Relaxed);
                    block = sink.block(block)?;
                    self.unseen = true;
                }
                Ok(SourceEvent::Tick(time)) => {
                    self.drained = self.unseen;
                    let update = self.clock.read(time);
                    if update.tick {
                        sink.tick(SourceTick { now: update.now, shown: time, ordinal: self.ordinal + 1 })?;
                    }
                }
                Ok(SourceEvent::Idle) => self.drained = self.unseen,
                Ok(SourceEvent::End) => break,
                Err(error) => {
                    outcome = Some(error);
                    break;
                }
            }
            if live && self.asked.elapsed() >= FLUSH_INTERVAL {
                self.ask(source);
            }
            self.hand_over_due(live, sink)?;
        }
        self.ask(source);
        self.summary.source_dropped += source.counts().iter().map(|count| count.dropped).sum::<u64>();
        Ok(outcome)
    }

    /// Asks a source what it counted and what happened to it.
    fn ask(&mut self, source: &mut dyn PacketSource) {
        let Some(name) = &self.source else { return };
        self.asked = Instant::now();
        let counts = source.counts();
        let now = Instant::now();
        let lost = self.loss.look(&counts, now);
        let shed = self.setup.config.shed_load.then(|| {
            let backlog = source.backlog();
            self.overload.look(&self.setup.shed, backlog, &counts, now)
        });
        let faults = self.faults.look(self.setup.faults.so_far(), now);
        for notice in source.notices().into_iter().chain(lost).chain(shed.flatten()).chain(faults) {
            self.control.capture.tell(self.clock.shown(), notice);
        }
        self.control.capture.set_counts(name, counts);
    }

    /// How long a live source may wait: not at all while something it brought was not handed over. When nothing more follows at
    /// once, that is seen at once, and not at the next interval.
    fn deadline(&self) -> Instant {
        if self.unseen { Instant::now() } else { self.flushed + FLUSH_INTERVAL }
    }

    /// What a live source brought is to be seen.
    fn is_due(&self, live: bool) -> bool {
        live && self.flushed.elapsed() >= FLUSH_INTERVAL
    }

    /// Has handed over what is due by the clock on the wall: what a live source brought, and statistics.
    fn hand_over_due(&mut self, live: bool, sink: &mut dyn PacketSink) -> Result<(), EngineError> {
        let now = Instant::now();
        let flush = live && (self.drained || self.is_due(live));
        let interval = self.setup.config.stats.as_ref().map(|stats| Duration::from_secs(stats.interval.into()));
        let written =
            interval.is_some_and(|interval| !interval.is_zero() && now.duration_since(self.stats_written) >= interval);
        let told = written || now.duration_since(self.published) >= PUBLISH_INTERVAL;
        if !flush && !told {
            return Ok(());
        }
        if flush {
            (self.flushed, self.unseen, self.drained) = (now, false, false);
        }
        if written {
            self.stats_written = now;
        }
        if told {
            self.published = now;
        }
        sink.hand_over(FlushRequest { flush, stats: told.then(|| StatsDue { at: self.stats_moment(), written }) })
    }

    fn stats_moment(&self) -> StatsMoment {
        StatsMoment { time: self.clock.shown(), uptime: self.summary.uptime() }
    }

    fn count(&mut self, block: &SourceBlock) {
        let (packets, bytes) = (self.summary.packets, self.summary.bytes);
        for (_, frame) in block.frames() {
            self.summary.note(frame.time, frame.data.len());
            if !link_type_is_known(frame.link_type) {
                *self.undecoded.entry(frame.link_type).or_default() += 1;
            }
        }
        self.control.packets.fetch_add(self.summary.packets - packets, Ordering::Relaxed);
        self.control.bytes.fetch_add(self.summary.bytes - bytes, Ordering::Relaxed);
    }

    fn note_end(&mut self, name: &str, error: Option<ReadError>, partial: bool) {
        self.summary.time_steps = self.clock.steps;
        let undecoded = std::mem::take(&mut self.undecoded);
        self.summary
            .errors
            .extend(undecoded.iter().map(|(link_type, frames)| undecoded_error(name, *link_type, *frames)));
        match error {
            Some(error) => self.summary.errors.push(read_error(name, &error, partial)),
            None => self.summary.files += 1,
        }
    }

    fn end(&self) -> SourceTick {
        SourceTick { now: self.clock.now(), shown: self.clock.shown(), ordinal: u64::MAX }
    }

    fn is_stopped(&self) -> bool {
        self.control.signals.stop.load(Ordering::Relaxed)
    }
}

fn open_error(input: &str, error: &OpenError) -> EngineError {
    let code = match error {
        OpenError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => "capture/not-found",
        OpenError::Io { .. } => "capture/unreadable",
        OpenError::NotCapture { .. } => "capture/no-capture",
        OpenError::Version { .. } => "capture/version",
        OpenError::HeaderCut { .. } => "capture/truncated",
    };
    let text = error.to_string();
    let reason = text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason).to_owned();
    EngineError::Capture { path: PathBuf::from(input), reason, code, partial: false }
}

fn read_error(input: &str, error: &ReadError, partial: bool) -> EngineError {
    let code = match error {
        ReadError::Truncated { .. } => "capture/truncated",
        ReadError::Damaged { .. } => "capture/damaged",
        ReadError::Io { .. } => "capture/unreadable",
        ReadError::Fault { .. } => "engine/internal",
    };
    EngineError::Capture { path: PathBuf::from(input), reason: error.to_string(), code, partial }
}

/// Says that frames were not looked into: no event of them means nothing.
fn undecoded_error(input: &str, link_type: u32, frames: u64) -> EngineError {
    let packets = if frames == 1 { "1 packet was".to_owned() } else { format!("{frames} packets were") };
    let name = link_type_name(link_type).map(|name| format!(" ({name})")).unwrap_or_default();
    let reason = format!("{packets} not decoded: link type {link_type}{name} is not known to this engine");
    EngineError::Capture { path: PathBuf::from(input), reason, code: "capture/link-type", partial: false }
}

/// Replays the captures into something that writes nothing, and tells what went wrong.
pub(crate) fn replay_into(setup: &RunSetup, sink: &mut dyn PacketSink) -> Result<Summary, EngineError> {
    let control = RunControl::default();
    let mut driver = SourceDriver::new(setup, &control);
    driver.replay_files(sink)?;
    Ok(driver.summary)
}
