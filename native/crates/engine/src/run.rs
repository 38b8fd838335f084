use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use sidewire_base::Time;
use sidewire_capture::{OpenError, ReadError, Reader};
use sidewire_decode::{Decoder, Transport};
use sidewire_detect::RuleSet;
use sidewire_eve::Object;
use sidewire_msrpc::security::Secrets;

use crate::EngineError;
use crate::block::Block;
use crate::clock::Clock;
use crate::config::{ChecksumMode, RunConfig};
use crate::eve::{Kind, nest};
use crate::merge::Merger;
use crate::setup::Setup;
use crate::sink::Sink;
use crate::summary::Summary;

/// Packets between two merges of what several workers wrote.
pub(crate) const EPOCH: usize = 4096;
/// Octets of frames after which an epoch ends early.
pub(crate) const EPOCH_BYTES: usize = 8 << 20;
/// Epochs a worker may lag behind the reader.
pub(crate) const LAG: usize = 4;
/// Batches of EVE lines that wait for the subscriber.
const SUBSCRIBER_QUEUE: usize = 8;
/// Frames looked at to decide about checksums in automatic mode.
const CHECKSUM_SAMPLE: u64 = 1000;
/// Seed of table hashes: collisions cannot be prepared without knowing it, and it never shows in output.
static SEED: AtomicU64 = AtomicU64::new(0);

/// A run: captures going through the engine on threads of its own. Dropping it stops and joins them.
pub struct Run {
    control: Arc<Control>,
    thread: Mutex<Option<JoinHandle<Summary>>>,
    lines: Mutex<Option<Receiver<Vec<u8>>>>,
}

/// What the outside may ask of a run, and see of it.
#[derive(Default)]
struct Control {
    stop: AtomicBool,
    rules: Mutex<Option<Arc<RuleSet>>>,
    packets: AtomicU64,
    bytes: AtomicU64,
    file_done: AtomicU64,
    file_total: AtomicU64,
    file: Mutex<String>,
}

impl Run {
    /// Begins a run; `secrets` open sealed calls.
    ///
    /// # Errors
    /// [`EngineError`] when the configuration cannot be used or an output cannot be opened.
    pub fn start(config: RunConfig, rules: Arc<RuleSet>, secrets: Option<Arc<Secrets>>) -> Result<Self, EngineError> {
        let (sinks, lines) = sinks(&config)?;
        let setup = Arc::new(Setup::new(config, secrets)?);
        let control = Arc::new(Control::default());
        let shared = Arc::clone(&control);
        let thread = std::thread::Builder::new()
            .name("sidewire".to_owned())
            .spawn(move || drive(&setup, rules, sinks, &shared))
            .map_err(|error| EngineError::Config(format!("cannot start a thread: {error}")))?;
        Ok(Self { control, thread: Mutex::new(Some(thread)), lines: Mutex::new(lines) })
    }

    /// The next batch of EVE lines; `None` once the run is over or there is no subscriber. Blocks.
    #[must_use]
    pub fn next(&self) -> Option<Vec<u8>> {
        lock(&self.lines).as_ref()?.recv().ok()
    }

    /// Puts another rule set in place, between two packets.
    pub fn swap(&self, rules: Arc<RuleSet>) {
        *lock(&self.control.rules) = Some(rules);
    }

    /// Asks the run to stop. Returns at once; [`Run::finish`] waits.
    pub fn stop(&self) {
        self.control.stop.store(true, Ordering::Relaxed);
    }

    /// How far the run has come, as JSON.
    #[must_use]
    pub fn progress(&self) -> String {
        let control = &self.control;
        let mut text = Vec::new();
        {
            let mut o = Object::new(&mut text);
            o.u64("packets", control.packets.load(Ordering::Relaxed))
                .u64("bytes", control.bytes.load(Ordering::Relaxed));
            o.u64("fileBytes", control.file_done.load(Ordering::Relaxed));
            o.u64("fileTotal", control.file_total.load(Ordering::Relaxed));
            o.str("file", &lock(&control.file));
        }
        String::from_utf8(text).unwrap_or_default()
    }

    /// Waits for the end and says what was done. Lines that nobody took are dropped. `None` when called twice.
    ///
    /// # Panics
    /// Never: a panic of the run's thread becomes an error in the summary.
    #[must_use]
    pub fn finish(&self) -> Option<Summary> {
        let thread = lock(&self.thread).take()?;
        Some(thread.join().unwrap_or_else(|_| Summary {
            errors: vec![EngineError::Config("internal error: the run's thread panicked".to_owned())],
            ..Summary::default()
        }))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.stop();
        *lock(&self.lines) = None;
        let _summary = self.finish();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Sinks = (Vec<Sink>, Option<Receiver<Vec<u8>>>);

fn sinks(config: &RunConfig) -> Result<Sinks, EngineError> {
    let mut list =
        config.outputs.iter().map(|output| Sink::file(&output.path, output.append)).collect::<Result<Vec<_>, _>>()?;
    let mut lines = None;
    if config.subscribe.is_some() {
        let (sender, receiver) = sync_channel(SUBSCRIBER_QUEUE);
        list.push(Sink::subscriber(sender));
        lines = Some(receiver);
    }
    for output in &config.fast {
        list.push(Sink::file(&output.path, output.append)?);
    }
    Ok((list, lines))
}

/// The thread of a run: reads, and (with one worker) does everything else as well.
fn drive(setup: &Arc<Setup>, rules: Arc<RuleSet>, sinks: Vec<Sink>, control: &Control) -> Summary {
    let started = Instant::now();
    let entries = setup.config.detect.threshold_entries as usize;
    let mut merger = Merger::new(Arc::clone(&setup.outputs), sinks, entries);
    let mut summary = Summary { matcher: rules.stats().backend.to_owned(), ..Summary::default() };
    let mut reading = Reading { setup, control, clock: Clock::default(), ordinal: 0, summary: &mut summary };
    let single = setup.config.workers <= 1 || rules.uses_host_state();
    let replay = match single {
        true if crate::ahead::is_worth_it(&setup.config) => crate::ahead::replay,
        true => crate::alone::replay,
        false => crate::shards::replay,
    };
    let outcome = replay(setup, rules, &mut merger, &mut reading);
    let last = reading.summary.span.map(|(_, last)| last);
    let written = outcome.and_then(|counters| {
        summary.counters = counters;
        let average = summary.counters.get("decoder.bytes").copied().unwrap_or(0)
            / summary.counters.get("decoder.pkts").copied().unwrap_or(0).max(1);
        summary.counters.insert("decoder.avg_pkt_size".to_owned(), average);
        summary.counters.insert("detect.alerts_suppressed".to_owned(), merger.suppressed);
        write_troubles(setup, &summary, last, &mut merger)?;
        write_stats(setup, &summary, last, &mut merger)?;
        merger.flush()
    });
    if let Err(error) = written {
        summary.errors.push(error);
    }
    summary.events = core::mem::take(&mut merger.events);
    summary.alerts = core::mem::take(&mut merger.alerts);
    summary.suppressed = merger.suppressed;
    summary.stopped = control.stop.load(Ordering::Relaxed);
    summary.elapsed = started.elapsed().as_secs_f64();
    summary
}

/// Replays into something that writes nothing, and tells what went wrong.
pub(crate) fn drive_into(setup: &Setup, intake: &mut impl Intake) -> Result<Vec<EngineError>, EngineError> {
    let control = Control::default();
    let mut summary = Summary::default();
    Reading { setup, control: &control, clock: Clock::default(), ordinal: 0, summary: &mut summary }.replay(intake)?;
    Ok(summary.errors)
}

/// An `engine` event for each capture that could not be read to its end, and for packet time that jumped.
fn write_troubles(
    setup: &Setup,
    summary: &Summary,
    last: Option<Time>,
    merger: &mut Merger,
) -> Result<(), EngineError> {
    let mut troubles: Vec<(&str, String)> =
        summary.errors.iter().map(|error| (error.code(), error.to_string())).collect();
    if summary.time_jumps > 0 {
        let text = format!(
            "{} packets lay far ahead of the time of those around them and did not move it",
            summary.time_jumps
        );
        troubles.push(("capture/time-jump", text));
    }
    for (number, output) in setup.outputs.list.iter().enumerate() {
        for (code, message) in troubles.iter().filter(|_| output.wants(Kind::ENGINE)) {
            let mut line = Vec::new();
            {
                let mut o = Object::new(&mut line);
                o.time("timestamp", last.unwrap_or_default()).str("event_type", "engine");
                o.object("engine", |o| {
                    o.str("error", code).str("message", message).str("module", "capture");
                });
            }
            line.push(b'\n');
            merger.extra(number, "engine", &line)?;
        }
    }
    Ok(())
}

/// One `stats` event at the end, for each output that wants it. Its time is the capture's, not the clock's.
fn write_stats(setup: &Setup, summary: &Summary, last: Option<Time>, merger: &mut Merger) -> Result<(), EngineError> {
    for (number, output) in setup.outputs.list.iter().enumerate() {
        if !output.wants(Kind::STATS) {
            continue;
        }
        let mut line = Vec::new();
        {
            let mut o = Object::new(&mut line);
            o.time("timestamp", last.unwrap_or_default()).str("event_type", "stats");
            o.object("stats", |o| {
                let seconds = summary.span.map_or(0, |(first, last)| last.seconds() - first.seconds());
                o.i64("uptime", seconds);
                nest(&summary.counters, output.null_values, &setup.config.rules, o);
            });
        }
        line.push(b'\n');
        merger.extra(number, "stats", &line)?;
    }
    Ok(())
}

/// The reading side of a run: files in order, frames with engine time and ordinals.
pub(crate) struct Reading<'a> {
    setup: &'a Setup,
    control: &'a Control,
    clock: Clock,
    ordinal: u64,
    summary: &'a mut Summary,
}

/// What takes the frames: one worker in place, or one or many behind queues.
pub(crate) trait Intake {
    fn begin_file(&mut self, path: &Arc<str>, fresh: bool, ignore_checksums: bool);
    /// Takes frames, and gives back a block that is done with, for its memory.
    fn block(&mut self, block: Block) -> Result<Block, EngineError>;
    /// Flows end: the file was a run of its own, or everything is over.
    /// `now` is engine time at the last packet, whichever worker had it.
    fn finish(&mut self, now: Time) -> Result<(), EngineError>;
    fn swap(&mut self, rules: Arc<RuleSet>) -> Result<(), EngineError>;
}

impl Reading<'_> {
    pub(crate) fn replay(&mut self, intake: &mut impl Intake) -> Result<(), EngineError> {
        let config = &self.setup.config;
        for (number, input) in config.inputs.iter().enumerate() {
            if self.control.stop.load(Ordering::Relaxed) {
                break;
            }
            let fresh = number == 0 || !config.continue_files;
            if fresh {
                self.clock = Clock::default();
                self.ordinal = 0;
            }
            match Reader::open(input) {
                Ok(reader) => {
                    self.file(input, reader, fresh, intake)?;
                    if !config.continue_files {
                        intake.finish(self.clock.now())?;
                    }
                }
                Err(error) => self.summary.errors.push(open_error(input, &error)),
            }
        }
        if config.continue_files {
            intake.finish(self.clock.now())?;
        }
        Ok(())
    }

    fn file(
        &mut self,
        input: &str,
        mut reader: Reader,
        fresh: bool,
        intake: &mut impl Intake,
    ) -> Result<(), EngineError> {
        let ignore = match self.setup.config.decode.checksums {
            ChecksumMode::Ignore => true,
            ChecksumMode::Verify => false,
            ChecksumMode::Auto => checksums_are_broken(input, self.setup),
        };
        self.summary.checksums_ignored += u64::from(ignore && self.setup.config.decode.checksums == ChecksumMode::Auto);
        let path: Arc<str> = Arc::from(input);
        intake.begin_file(&path, fresh, ignore);
        input.clone_into(&mut lock(&self.control.file));
        let progress = reader.progress();
        self.control.file_total.store(progress.size().unwrap_or(0), Ordering::Relaxed);
        let before = self.ordinal;
        let mut block = Block::default();
        let error = loop {
            if self.control.stop.load(Ordering::Relaxed) {
                break None;
            }
            if let Some(rules) = lock(&self.control.rules).take() {
                intake.swap(rules)?;
            }
            block = match block.read(&mut reader, &mut self.ordinal, &mut self.clock) {
                Ok(block) if block.len() == 0 => break None,
                Ok(block) => block,
                Err(error) => break Some(error),
            };
            block.frames().for_each(|(_, frame)| self.summary.note(frame.time, frame.data.len()));
            self.control.packets.store(self.summary.packets, Ordering::Relaxed);
            self.control.bytes.store(self.summary.bytes, Ordering::Relaxed);
            self.control.file_done.store(progress.read(), Ordering::Relaxed);
            block = intake.block(block)?;
        };
        self.summary.time_jumps += core::mem::take(&mut self.clock.jumps);
        match error {
            Some(error) => self.summary.errors.push(read_error(input, &error, self.ordinal > before)),
            None => self.summary.files += 1,
        }
        Ok(())
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
    };
    EngineError::Capture { path: PathBuf::from(input), reason: error.to_string(), code, partial }
}

/// Automatic checksum mode: are so many of the first packets wrong that the capturing host must have left checksums to
/// its network card? A tenth is Suricata's bound. Standard input cannot be read twice and is verified.
fn checksums_are_broken(input: &str, setup: &Setup) -> bool {
    if input == "-" {
        return false;
    }
    let Ok(mut reader) = Reader::open(input) else { return false };
    let mut decoder = Decoder::new(setup.decode.clone());
    let (mut seen, mut wrong, mut ordinal) = (0_u64, 0_u64, 0);
    while let Ok(Some(frame)) = reader.next() {
        ordinal += 1;
        let input = sidewire_decode::Frame {
            time: frame.time,
            ordinal,
            data: frame.data,
            wire_length: frame.wire_length,
            link_type: frame.link_type,
        };
        decoder.decode(&input, &mut |packet: &sidewire_decode::Packet<'_>| {
            if !matches!(packet.transport, Transport::None) {
                seen += 1;
                wrong += u64::from(packet.bad_checksum.network || packet.bad_checksum.transport);
            }
        });
        if ordinal >= CHECKSUM_SAMPLE {
            break;
        }
    }
    wrong * 10 > seen
}

/// A new seed for the tables of a worker.
pub(crate) fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(SEED.fetch_add(1, Ordering::Relaxed));
    random | 1
}
