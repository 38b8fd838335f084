//! A run: captures through the engine, from start to summary.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use sidewire_capture::PacketSource;
use sidewire_detect::RuleSet;
use sidewire_magic::Magic;
use sidewire_msrpc::security::DecryptionSecrets;

use crate::EngineError;
use crate::config::setup::RunSetup;
use crate::config::{RuleCounts, RunConfig};
use crate::faults::limit_messages;
use crate::live::LiveCapture;
use crate::output::sink::SinkSignals;
use crate::output::sink::queue::{OutputQueue, SinkItem};
use crate::output::writer::documents::DocumentStore;
use crate::output::writer::files::StoredFiles;
use crate::output::writer::merge::OutputMerger;
use crate::pipeline::{parallel, read_ahead, sharded, single};
use crate::report::{CaptureReport, NoticeReport, RunProgress};
use crate::run_rules::RunRules;
use crate::source::control::{LoadedRules, RunControl, lock, wall_time};
use crate::source::driver::{NamedSource, SourceDriver};
use crate::source::packet_sink::{PacketSink, StatsMoment};
use crate::stats::RunStats;
use crate::summary::Summary;
use crate::worker::files::FilePolicies;

/// A run: captures going through the engine on threads of its own. Dropping it stops and joins them.
pub struct Run {
    control: Arc<RunControl>,
    thread: Mutex<Option<JoinHandle<Summary>>>,
    lines: Mutex<Option<Receiver<SinkItem>>>,
}

impl Run {
    /// Begins a run; `secrets` open sealed calls.
    ///
    /// # Errors
    /// [`EngineError`] when the configuration cannot be used or an output cannot be opened.
    pub fn start(
        config: RunConfig,
        rules: impl Into<RunRules>,
        secrets: Option<Arc<DecryptionSecrets>>,
    ) -> Result<Self, EngineError> {
        Self::start_with(config, rules, secrets, Vec::new())
    }

    /// Begins to follow interfaces, until it is stopped.
    ///
    /// # Errors
    /// As [`Run::start`].
    pub fn start_live(
        config: RunConfig,
        rules: impl Into<RunRules>,
        secrets: Option<Arc<DecryptionSecrets>>,
        capture: LiveCapture,
    ) -> Result<Self, EngineError> {
        Self::start_with(config, rules, secrets, vec![capture.into_source()])
    }

    /// As [`Run::start`], with sources that are open in the place of the captures of the configuration, each with its name.
    /// Of several, each has a worker of its own: the packets of a flow are to come from one of them.
    ///
    /// # Errors
    /// As [`Run::start`].
    pub fn start_with(
        mut config: RunConfig,
        rules: impl Into<RunRules>,
        secrets: Option<Arc<DecryptionSecrets>>,
        sources: Vec<(String, Box<dyn PacketSource>)>,
    ) -> Result<Self, EngineError> {
        if sources.len() > 1 {
            config.workers = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        }
        let sources: Vec<_> =
            sources.into_iter().map(|(name, source)| NamedSource { name: Arc::from(name), source }).collect();
        let control = Arc::new(RunControl::default());
        let is_live = sources.iter().any(|named| named.source.is_live());
        control.stats.set_rules(LoadedRules { counts: config.rules, at: is_live.then(wall_time) });
        let RunRules { network, sigma } = rules.into();
        control.sigma.put(sigma);
        limit_messages();
        let setup = Arc::new(RunSetup::new(config, secrets)?);
        let (sinks, lines) = open_outputs(&setup, &control.signals)?;
        let files = setup.files.store.clone().map(StoredFiles::new).transpose()?;
        let documents = DocumentStore::new(&setup.config, setup.protocols)?;
        let shared = Arc::clone(&control);
        let thread = std::thread::Builder::new()
            .name("sidewire".to_owned())
            .spawn(move || drive(&setup, network, sinks, sources, (files, documents), &shared))
            .map_err(EngineError::Thread)?;
        Ok(Self { control, thread: Mutex::new(Some(thread)), lines: Mutex::new(lines) })
    }

    /// The next batch of EVE lines; `None` once the run is over or there is no subscriber. Blocks.
    #[must_use]
    pub fn next(&self) -> Option<Vec<u8>> {
        let lines = lock(&self.lines);
        loop {
            if let SinkItem::Lines(lines) = lines.as_ref()?.recv().ok()? {
                return Some(lines);
            }
        }
    }

    /// Puts another rule set in place, between two packets. `counts`: what became of its rules, for `stats`.
    pub fn swap(&self, rules: impl Into<RunRules>, counts: RuleCounts) {
        self.control.swap(rules.into(), counts);
    }

    /// The counters as they last stood.
    #[must_use]
    pub fn stats(&self) -> RunStats {
        self.control.stats.latest()
    }

    /// Has outputs begin again under their names, before what they write next: files that were moved away are made again,
    /// sockets connected again.
    pub fn reopen_outputs(&self) {
        self.control.signals.reopen.fetch_add(1, Ordering::Relaxed);
    }

    /// Asks the run to stop. Returns at once; [`Run::finish`] waits.
    pub fn stop(&self) {
        self.control.signals.stop.store(true, Ordering::Relaxed);
    }

    /// How far the run has come.
    #[must_use]
    pub fn progress(&self) -> RunProgress {
        let control = &self.control;
        RunProgress {
            packets: control.packets.load(Ordering::Relaxed),
            bytes: control.bytes.load(Ordering::Relaxed),
            file_bytes: control.file_done.load(Ordering::Relaxed),
            file_total: control.file_total.load(Ordering::Relaxed),
            file: lock(&control.file).clone(),
            capture: control.capture.counts().iter().map(CaptureReport::from).collect(),
            turns: control.turns.load(Ordering::Relaxed),
        }
    }

    /// What happened to live sources since this was last asked.
    #[must_use]
    pub fn notices(&self) -> Vec<NoticeReport> {
        self.control.capture.take_unshown().into_iter().map(NoticeReport::from).collect()
    }

    /// Waits for the end and says what was done. Lines that nobody took are dropped. `None` when called twice.
    ///
    /// # Panics
    /// Never: a panic of the run's thread becomes an error in the summary.
    #[must_use]
    pub fn finish(&self) -> Option<Summary> {
        let thread = lock(&self.thread).take()?;
        Some(thread.join().unwrap_or_else(|_| Summary {
            errors: vec![EngineError::internal("the run's thread panicked")],
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

/// The outputs of a run, in the order of its configuration; and what the subscriber takes from, if there is one.
type OpenOutputs = (Vec<OutputQueue>, Option<Receiver<SinkItem>>);

fn open_outputs(setup: &Arc<RunSetup>, signals: &Arc<SinkSignals>) -> Result<OpenOutputs, EngineError> {
    let (mut outputs, mut lines) = (Vec::new(), None);
    for output in &setup.config.outputs {
        outputs.push(match &output.sink {
            Some(sink) => OutputQueue::open(sink, output.when_full, signals, setup)?,
            None => {
                let (queue, items) = OutputQueue::subscriber();
                lines = Some(items);
                queue
            }
        });
    }
    Ok((outputs, lines))
}

/// The thread of a run: reads, and (with one worker) does everything else as well.
fn drive(
    setup: &Arc<RunSetup>,
    rules: Arc<RuleSet>,
    sinks: Vec<OutputQueue>,
    sources: Vec<NamedSource>,
    (files, documents): (Option<StoredFiles>, DocumentStore),
    control: &RunControl,
) -> Summary {
    // Whoever inspects what strangers send can do nothing but that: the threads of workers begin here.
    if sources.iter().any(|named| named.source.is_live()) {
        crate::live::drop_rights();
    }
    let started = Instant::now();
    let matcher = rules.stats().backend.to_owned();
    let mut merger = OutputMerger::new(setup, sinks, control);
    merger.files = files;
    merger.documents = documents;
    let magic = missing_magic(setup, &rules);
    let (mut summary, outcome) = if sources.len() > 1 {
        parallel::run(setup, &rules, &mut merger, sources, control)
    } else {
        let mut driver = SourceDriver::new(setup, control);
        let mut sources = sources;
        let mut feed = |sink: &mut dyn PacketSink| match sources.pop() {
            Some(source) => driver.follow(source, sink),
            None => driver.replay_files(sink),
        };
        let single = setup.config.workers <= 1;
        let run = match single {
            true if read_ahead::is_worth_it(&setup.config) => read_ahead::run,
            true => single::run,
            false => sharded::run,
        };
        // A fault that no stage contains ends the run, but not what was written before.
        let outcome = setup.faults.contain(|| run(setup, rules, &mut merger, &mut feed));
        (driver.summary, outcome.unwrap_or_else(|| Err(EngineError::internal("a thread of the run panicked"))))
    };
    summary.errors.extend(magic);
    summary.errors.extend(merger.files.as_ref().and_then(StoredFiles::refused));
    summary.errors.extend(merger.documents.refused());
    let written = outcome.and_then(|counters| {
        merger.flush()?;
        summary.counters = counters;
        merger.complete(&mut summary.counters);
        let time = summary.span.map(|(_, last)| last).unwrap_or_default();
        for (code, message) in troubles(&summary, setup.faults.error().as_ref()) {
            merger.write_trouble(code, &message, time)?;
        }
        let at = StatsMoment { time, uptime: summary.uptime() };
        merger.publish(&summary.counters, at);
        if setup.config.stats.is_some() { merger.write_counters(&summary.counters, at) } else { Ok(()) }
    });
    let finished = merger.finish();
    match written.and(finished) {
        Ok(outputs) => summary.outputs = outputs,
        Err(error) => summary.errors.push(error),
    }
    // Sinks have written what they had: nothing follows that could fault.
    summary.errors.extend(setup.faults.error());
    summary.counters.insert("engine.bugs".to_owned(), setup.faults.so_far());
    summary.matcher = matcher;
    summary.events = core::mem::take(&mut merger.events);
    summary.alerts = core::mem::take(&mut merger.alerts);
    summary.suppressed = merger.suppressed;
    summary.stopped = control.signals.stop.load(Ordering::Relaxed);
    summary.elapsed = started.elapsed().as_secs_f64();
    summary
}

/// Kinds of files are wanted, by a rule or an output, and libmagic is not there: said once, because rules that ask for them
/// hold on nothing then.
fn missing_magic(setup: &RunSetup, rules: &RuleSet) -> Option<EngineError> {
    if !FilePolicies::new(rules, setup).want_magic() {
        return None;
    }
    Magic::open(setup.files.magic_database.as_deref()).err().map(|error| EngineError::Magic(error.to_string()))
}

/// What is to be told of each source that could not be read to its end, of faults, and of packet time that stepped.
fn troubles(summary: &Summary, faults: Option<&EngineError>) -> Vec<(&'static str, String)> {
    let mut troubles: Vec<_> =
        summary.errors.iter().chain(faults).map(|error| (error.code(), error.to_string())).collect();
    if summary.time_steps > 0 {
        let times = if summary.time_steps == 1 { "once".to_owned() } else { format!("{} times", summary.time_steps) };
        let text = format!("packet time stepped {times}: ahead by more than an hour, or back by more than a second");
        troubles.push(("capture/time-jump", text));
    }
    troubles
}
