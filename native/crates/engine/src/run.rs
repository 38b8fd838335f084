//! A run: captures through the engine, from start to summary.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use sidewire_base::Time;
use sidewire_detect::RuleSet;
use sidewire_eve::Object;
use sidewire_msrpc::security::Secrets;

use crate::EngineError;
use crate::config::RunConfig;
use crate::config::setup::Setup;
use crate::output::format::eve::{Kind, nest};
use crate::output::sink::Sink;
use crate::output::writer::merge::Merger;
use crate::pipeline::{read_ahead, sharded, single};
use crate::source::clock::Clock;
use crate::source::control::{Control, lock};
use crate::source::driver::Reading;
use crate::summary::Summary;

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
        true if read_ahead::is_worth_it(&setup.config) => read_ahead::replay,
        true => single::replay,
        false => sharded::replay,
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
