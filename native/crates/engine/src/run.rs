//! A run: captures through the engine, from start to summary.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use sidewire_capture::PacketSource;
use sidewire_detect::RuleSet;
use sidewire_eve::Object;
use sidewire_magic::Magic;
use sidewire_msrpc::security::Secrets;

use crate::EngineError;
use crate::config::RunConfig;
use crate::config::setup::Setup;
use crate::output::sink::Sink;
use crate::output::writer::files::StoredFiles;
use crate::output::writer::merge::Merger;
use crate::pipeline::{parallel, read_ahead, sharded, single};
use crate::source::control::{Control, lock};
use crate::source::driver::{NamedSource, SourceDriver};
use crate::source::packet_sink::{PacketSink, StatsMoment};
use crate::summary::Summary;
use crate::worker::files::FilePolicies;

/// Batches of EVE lines that wait for the subscriber.
const SUBSCRIBER_QUEUE: usize = 8;
/// A run: captures going through the engine on threads of its own. Dropping it stops and joins them.
pub struct Run {
    control: Arc<Control>,
    thread: Mutex<Option<JoinHandle<Summary>>>,
    lines: Mutex<Option<Receiver<Vec<u8>>>>,
}

impl Run {
    /// Begins a run; `secrets` open sealed calls.
    ///
    /// # Errors
    /// [`EngineError`] when the configuration cannot be used or an output cannot be opened.
    pub fn start(config: RunConfig, rules: Arc<RuleSet>, secrets: Option<Arc<Secrets>>) -> Result<Self, EngineError> {
        Self::start_with(config, rules, secrets, Vec::new())
    }

    /// As [`Run::start`], with sources that are open in the place of the captures of the configuration, each with its name.
    /// Of several, each has a worker of its own: the packets of a flow are to come from one of them.
    ///
    /// # Errors
    /// As [`Run::start`].
    pub fn start_with(
        mut config: RunConfig,
        rules: Arc<RuleSet>,
        secrets: Option<Arc<Secrets>>,
        sources: Vec<(String, Box<dyn PacketSource>)>,
    ) -> Result<Self, EngineError> {
        if sources.len() > 1 {
            config.workers = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        }
        let sources = sources.into_iter().map(|(name, source)| NamedSource { name: Arc::from(name), source }).collect();
        let (sinks, lines) = sinks(&config)?;
        let setup = Arc::new(Setup::new(config, secrets)?);
        let files = setup.files.store.clone().map(StoredFiles::new).transpose()?;
        let control = Arc::new(Control::default());
        let shared = Arc::clone(&control);
        let thread = std::thread::Builder::new()
            .name("sidewire".to_owned())
            .spawn(move || drive(&setup, rules, sinks, sources, files, &shared))
            .map_err(EngineError::Thread)?;
        Ok(Self { control, thread: Mutex::new(Some(thread)), lines: Mutex::new(lines) })
    }

    /// The next batch of EVE lines; `None` once the run is over or there is no subscriber. Blocks.
    #[must_use]
    pub fn next(&self) -> Option<Vec<u8>> {
        lock(&self.lines).as_ref()?.recv().ok()
    }

    /// Puts another rule set in place, between two packets.
    pub fn swap(&self, rules: Arc<RuleSet>) {
        self.control.swap(rules);
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
fn drive(
    setup: &Arc<Setup>,
    rules: Arc<RuleSet>,
    sinks: Vec<Sink>,
    sources: Vec<NamedSource>,
    files: Option<StoredFiles>,
    control: &Control,
) -> Summary {
    let started = Instant::now();
    let matcher = rules.stats().backend.to_owned();
    let mut merger = Merger::new(setup, sinks);
    merger.files = files;
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
        let single = setup.config.workers <= 1 || rules.uses_host_state();
        let run = match single {
            true if read_ahead::is_worth_it(&setup.config) => read_ahead::run,
            true => single::run,
            false => sharded::run,
        };
        let outcome = run(setup, rules, &mut merger, &mut feed);
        (driver.summary, outcome)
    };
    summary.errors.extend(magic);
    summary.errors.extend(merger.files.as_ref().and_then(StoredFiles::refused));
    let written = outcome.and_then(|counters| {
        summary.counters = counters;
        merger.complete(&mut summary.counters);
        let time = summary.span.map(|(_, last)| last).unwrap_or_default();
        for (code, message) in troubles(&summary) {
            merger.write_trouble(code, &message, time)?;
        }
        if setup.config.stats.is_some() {
            merger.write_counters(&summary.counters, StatsMoment { time, uptime: summary.uptime() })?;
        }
        merger.flush()
    });
    if let Err(error) = written {
        summary.errors.push(error);
    }
    summary.matcher = matcher;
    summary.events = core::mem::take(&mut merger.events);
    summary.alerts = core::mem::take(&mut merger.alerts);
    summary.suppressed = merger.suppressed;
    summary.stopped = control.stop.load(Ordering::Relaxed);
    summary.elapsed = started.elapsed().as_secs_f64();
    summary
}

/// Kinds of files are wanted, by a rule or an output, and libmagic is not there: said once, because rules that ask for them
/// hold on nothing then.
fn missing_magic(setup: &Setup, rules: &RuleSet) -> Option<EngineError> {
    if !FilePolicies::new(rules, setup).want_magic() {
        return None;
    }
    Magic::open(setup.files.magic_database.as_deref()).err().map(|error| EngineError::Magic(error.to_string()))
}

/// What is to be told of each source that could not be read to its end, and of packet time that stepped.
fn troubles(summary: &Summary) -> Vec<(&'static str, String)> {
    let mut troubles: Vec<_> = summary.errors.iter().map(|error| (error.code(), error.to_string())).collect();
    if summary.time_steps > 0 {
        let times = if summary.time_steps == 1 { "once".to_owned() } else { format!("{} times", summary.time_steps) };
        let text = format!("packet time stepped {times}: ahead by more than an hour, or back by more than a second");
        troubles.push(("capture/time-jump", text));
    }
    troubles
}
