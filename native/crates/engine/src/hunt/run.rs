//! A hunt, from start to report.

use core::ops::ControlFlow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use serde::Serialize;
use sidewire_base::Time;
use sidewire_eve::timestamp;
use sidewire_hostlog::{LogInput, LogProblem, LogReading, LogRecord, RecordSink, read_log};
use sidewire_sigma::{RuleNumber, SigmaEvaluator, SigmaMatch};
use ts_rs::TS;

use super::alert;
use super::config::HuntConfig;
use super::logs::log_files;
use super::report::{HuntReport, LogReport, SigmaTotal, UnseenField};
use super::rules::SigmaRules;
use crate::EngineError;
use crate::source::control::lock;

/// Problems that are reported one by one.
const TOLD_PROBLEMS: usize = 20;
/// Hosts of a rule that are reported by name, and that are counted.
const TOLD_HOSTS: usize = 5;
const COUNTED_HOSTS: usize = 1000;
/// Logs that are reported one by one.
const TOLD_LOGS: usize = 10_000;

/// How far a hunt has come.
#[derive(Clone, Copy, Debug, Default, Serialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct HuntProgress {
    /// Records read.
    #[ts(type = "number")]
    pub records: u64,
    /// Alerts written.
    #[ts(type = "number")]
    pub alerts: u64,
}

/// What a hunt shares with those who watch it.
#[derive(Debug, Default)]
struct HuntControl {
    stop: AtomicBool,
    records: AtomicU64,
    alerts: AtomicU64,
}

/// A hunt: logs going through rules on a thread of its own. Dropping it stops and joins it.
#[derive(Debug)]
pub struct Hunt {
    control: Arc<HuntControl>,
    thread: Mutex<Option<JoinHandle<HuntReport>>>,
}

impl Hunt {
    /// Begins.
    ///
    /// # Errors
    /// [`EngineError`] when a log is not there, or the output cannot be opened.
    pub fn start(config: &HuntConfig, rules: &SigmaRules) -> Result<Self, EngineError> {
        let mut logs = Vec::new();
        for path in &config.logs {
            let found = log_files(path)?;
            let inside = found.len() != 1 || found.first().is_some_and(|one| one != Path::new(path));
            logs.extend(found.into_iter().map(|log| (log, inside)));
        }
        let eve = match &config.eve {
            None => None,
            Some(path) => {
                let failed = |source| EngineError::Output { output: path.clone(), source };
                Some(BufWriter::with_capacity(256 << 10, File::create(path).map_err(failed)?))
            }
        };
        let control = Arc::new(HuntControl::default());
        let shared = Arc::clone(&control);
        let evaluator = SigmaEvaluator::new(rules.set(), config.complete);
        let thread = std::thread::Builder::new()
            .name("hunt".to_owned())
            .spawn(move || {
                let started = Instant::now();
                let mut sink = HuntSink::new(evaluator, eve, shared);
                for (log, inside) in logs {
                    sink.inside = inside;
                    sink.read(&log);
                }
                sink.finish(started)
            })
            .map_err(EngineError::Thread)?;
        Ok(Self { control, thread: Mutex::new(Some(thread)) })
    }

    /// Asks it to stop.
    pub fn stop(&self) {
        self.control.stop.store(true, Ordering::Relaxed);
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> HuntProgress {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        HuntProgress { records: of(&self.control.records), alerts: of(&self.control.alerts) }
    }

    /// Waits for the end; `None` when called twice.
    #[must_use]
    pub fn finish(&self) -> Option<HuntReport> {
        let thread = lock(&self.thread).take()?;
        let panicked = || HuntReport { failed: Some("the hunt's thread panicked".to_owned()), ..HuntReport::default() };
        Some(thread.join().unwrap_or_else(|_| panicked()))
    }
}

impl Drop for Hunt {
    fn drop(&mut self) {
        self.stop();
        let _report = self.finish();
    }
}

/// What is counted of a rule.
#[derive(Debug, Default)]
struct RuleTally {
    count: u64,
    span: Option<(Time, Time)>,
    hosts: BTreeSet<String>,
}

/// Holds records against the rules and writes what matches.
struct HuntSink {
    evaluator: SigmaEvaluator,
    eve: Option<BufWriter<File>>,
    control: Arc<HuntControl>,
    found: Vec<SigmaMatch>,
    line: Vec<u8>,
    log: String,
    /// The log was found in a directory, where other things may lie.
    inside: bool,
    tallies: BTreeMap<RuleNumber, RuleTally>,
    span: Option<(Time, Time)>,
    report: HuntReport,
}

impl HuntSink {
    fn new(evaluator: SigmaEvaluator, eve: Option<BufWriter<File>>, control: Arc<HuntControl>) -> Self {
        Self {
            evaluator,
            eve,
            control,
            found: Vec::new(),
            line: Vec::new(),
            log: String::new(),
            inside: false,
            tallies: BTreeMap::new(),
            span: None,
            report: HuntReport::default(),
        }
    }

    fn read(&mut self, path: &Path) {
        if self.control.stop.load(Ordering::Relaxed) || self.report.failed.is_some() {
            return;
        }
        let name = path.display().to_string();
        if path.as_os_str() == "-" {
            return read_log(LogInput::Stream(Box::new(io::stdin().lock())), "standard input", self);
        }
        match File::open(path) {
            Ok(file) => read_log(LogInput::File(Box::new(file)), &name, self),
            Err(error) => self.problem(&name, LogProblem::Log(error.to_string())),
        }
    }

    fn tell(&mut self, found: &SigmaMatch, record: &LogRecord) {
        let matched = self.evaluator.matched(found);
        let Some(head) = self.evaluator.set().head(found.rule) else { return };
        self.line.clear();
        alert::write(&mut self.line, head, found, &matched, record, &self.log);
        if let Some(eve) = &mut self.eve
            && let Err(error) = eve.write_all(&self.line)
        {
            self.report.failed = Some(format!("the alerts cannot be written: {error}"));
        }
        self.report.alerts += 1;
        self.control.alerts.store(self.report.alerts, Ordering::Relaxed);
        let tally = self.tallies.entry(found.rule).or_default();
        tally.count += 1;
        tally.span = Some(widened(tally.span, record.time));
        if tally.hosts.len() < COUNTED_HOSTS && !tally.hosts.contains(&record.computer) {
            tally.hosts.insert(record.computer.clone());
        }
    }

    fn finish(mut self, started: Instant) -> HuntReport {
        if let Some(eve) = &mut self.eve
            && let Err(error) = eve.flush()
        {
            self.report.failed.get_or_insert(format!("the alerts cannot be written: {error}"));
        }
        let (counters, set) = (self.evaluator.counters(), self.evaluator.set());
        let mut report = self.report;
        for (rule, tally) in self.tallies {
            let Some(head) = set.head(rule) else { continue };
            let (first, last) = tally.span.unwrap_or_default();
            report.rules.push(SigmaTotal {
                id: head.id.clone(),
                title: head.title.clone(),
                level: head.level.clone(),
                severity: head.severity,
                count: tally.count,
                first: timestamp(first),
                last: timestamp(last),
                host_count: u32::try_from(tally.hosts.len()).unwrap_or(u32::MAX),
                hosts: tally.hosts.into_iter().take(TOLD_HOSTS).collect(),
            });
        }
        report.passed = counters.passed;
        report.completed = counters.completed;
        report.forgotten = counters.forgotten;
        report.uncorrelated = counters.uncorrelated;
        report.loaded = u32::try_from(set.len()).unwrap_or(u32::MAX);
        report.applied = self.evaluator.applied();
        report.unseen =
            self.evaluator.unseen().into_iter().map(|(field, rules)| UnseenField { field, rules }).collect();
        (report.first, report.last) = self.span.map(|(first, last)| (timestamp(first), timestamp(last))).unzip();
        set.backend_name().clone_into(&mut report.matcher);
        report.stopped = self.control.stop.load(Ordering::Relaxed);
        report.elapsed = started.elapsed().as_secs_f64();
        report
    }
}

fn widened(span: Option<(Time, Time)>, time: Time) -> (Time, Time) {
    span.map_or((time, time), |(first, last)| (first.min(time), last.max(time)))
}

impl RecordSink for HuntSink {
    fn record(&mut self, record: &LogRecord) -> ControlFlow<()> {
        self.report.records += 1;
        self.control.records.store(self.report.records, Ordering::Relaxed);
        if record.time != Time::default() {
            self.span = Some(widened(self.span, record.time));
        }
        let mut found = core::mem::take(&mut self.found);
        found.clear();
        self.evaluator.evaluate(record, &mut found);
        for one in found.iter().filter(|one| one.alerts) {
            self.tell(one, record);
        }
        self.found = found;
        let ends = self.control.stop.load(Ordering::Relaxed) || self.report.failed.is_some();
        if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn problem(&mut self, log: &str, problem: LogProblem) {
        // Notes lie beside logs.
        if problem == LogProblem::Foreign && self.inside {
            return;
        }
        self.report.problem_count += 1;
        if self.report.problems.len() < TOLD_PROBLEMS {
            self.report.problems.push(format!("{log}: {problem}"));
        }
    }

    fn begin(&mut self, log: &str) {
        log.clone_into(&mut self.log);
    }

    fn end(&mut self, reading: &LogReading) {
        if self.report.logs.len() < TOLD_LOGS {
            self.report.logs.push(LogReport {
                name: self.log.clone(),
                records: reading.records,
                shape: reading.shape.map(sidewire_hostlog::LogShape::name),
                zone: reading.zone,
                zone_missing: reading.zone_missing,
            });
        }
    }
}
