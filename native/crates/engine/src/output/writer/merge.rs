//! Merges what workers wrote into packet order, and applies thresholds.

use std::collections::BTreeMap;
use std::sync::Arc;

use sidewire_base::Time;
use sidewire_base::fault::{FaultPlace, point};
use sidewire_detect::{RuleSet, ThresholdDecision, Thresholds};
use sidewire_eve::Object;

use crate::EngineError;
use crate::config::setup::RunSetup;
use crate::counters::{Counters, accumulate, derive};
use crate::output::format::eve::{EventKind, RunOutputs, write_stats};
use crate::output::format::stats_log::stats_text;
use crate::output::sink::queue::{OutputCount, OutputQueue};
use crate::output::writer::capture::count_capture;
use crate::output::writer::documents::DocumentStore;
use crate::output::writer::files::StoredFiles;
use crate::output::writer::record::{AlertKey, OutputBatch, OutputOrder, OutputRecord};
use crate::output::writer::sigma::{SigmaAlert, SigmaStage};
use crate::source::control::{CaptureState, RunControl, StatsBoard};
use crate::source::packet_sink::{StatsDue, StatsMoment};
use crate::stats::{RunStats, WorkerStats};

/// Takes what workers wrote, in packet order, applies thresholds, counts, and hands lines to the sinks. The only place
/// where state that spans host pairs is changed, so any number of workers gives the same output.
pub(crate) struct OutputMerger {
    outputs: Arc<RunOutputs>,
    sinks: Vec<OutputQueue>,
    /// The file store, when there is one.
    pub(crate) files: Option<StoredFiles>,
    /// Where what transactions carry goes.
    pub(crate) documents: DocumentStore,
    thresholds: Thresholds,
    decision: bool,
    /// Events written, by type.
    pub(crate) events: BTreeMap<&'static str, u64>,
    /// Alerts written, by generator and signature.
    pub(crate) alerts: BTreeMap<(u32, u32), AlertCount>,
    /// Alerts that thresholds held back.
    pub(crate) suppressed: u64,
    /// What live sources count, and what happened to them.
    capture: Arc<CaptureState>,
    /// What each worker last told of its counters.
    reports: BTreeMap<usize, Counters>,
    /// The sources of workers that have one each.
    sources: Vec<Arc<str>>,
    board: Arc<StatsBoard>,
    /// Sigma rules on what is written.
    sigma: SigmaStage,
    setup: Arc<RunSetup>,
}

/// Alerts of one rule.
#[derive(Clone, Debug)]
pub(crate) struct AlertCount {
    pub(crate) count: u64,
    pub(crate) msg: String,
    pub(crate) priority: u8,
}

impl OutputMerger {
    pub(crate) fn new(setup: &Arc<RunSetup>, sinks: Vec<OutputQueue>, control: &RunControl) -> Self {
        Self {
            outputs: Arc::clone(&setup.outputs),
            sinks,
            files: None,
            documents: DocumentStore::default(),
            thresholds: Thresholds::new(setup.config.detect.threshold_entries as usize),
            decision: true,
            events: BTreeMap::new(),
            alerts: BTreeMap::new(),
            suppressed: 0,
            capture: Arc::clone(&control.capture),
            reports: BTreeMap::new(),
            sources: Vec::new(),
            board: Arc::clone(&control.stats),
            sigma: SigmaStage::new(Arc::clone(&control.sigma)),
            setup: Arc::clone(setup),
        }
    }

    /// Each worker has a source of its own: these, in the order of the workers.
    pub(crate) fn name_sources(&mut self, sources: impl Iterator<Item = Arc<str>>) {
        self.sources = sources.collect();
    }

    /// Writes the batches of all workers for the same span of packets, merged by place.
    pub(crate) fn merge(&mut self, batches: &[OutputBatch], rules: &RuleSet) -> Result<(), EngineError> {
        self.sigma.renew();
        if let [batch] = batches
            && batch.records.is_sorted_by_key(|record| record.place)
        {
            return batch.lines().try_for_each(|(record, line)| self.record(record, line, rules));
        }
        let mut all: Vec<(OutputOrder, &OutputRecord, &[u8])> =
            batches.iter().flat_map(|batch| batch.lines().map(|(record, line)| (record.place, record, line))).collect();
        // Stable: events of one place come from one worker, in its order.
        all.sort_by_key(|(place, _, _)| *place);
        for (_, record, line) in all {
            self.record(record, line, rules)?;
        }
        Ok(())
    }

    /// Writes an event. A fault costs this one.
    fn record(&mut self, record: &OutputRecord, line: &[u8], rules: &RuleSet) -> Result<(), EngineError> {
        let setup = Arc::clone(&self.setup);
        setup.faults.contain(|| self.write_record(record, line, rules)).unwrap_or(Ok(()))
    }

    fn write_record(&mut self, record: &OutputRecord, line: &[u8], rules: &RuleSet) -> Result<(), EngineError> {
        point(FaultPlace::Merge);
        if let Some(file) = &record.file {
            if let Some(files) = &mut self.files {
                files.take(file, line);
            }
            return Ok(());
        }
        if let Some(document) = &record.document {
            self.documents.take(document, line);
            return Ok(());
        }
        if let Some(key) = &record.alert {
            if key.first {
                self.decision = self.decide(key, rules);
            }
            if !self.decision {
                return Ok(());
            }
        }
        // A line in fast.log is no event of its own; what is only looked at is none either.
        if !self.outputs.fast.contains(&record.output) && usize::from(record.output) < self.sinks.len() {
            *self.events.entry(self.outputs.kind_name(record.kind)).or_default() += 1;
        }
        let resolved = self.files.as_ref().and_then(|files| files.resolve(line));
        let line = resolved.as_deref().unwrap_or(line);
        if self.sigma.looks_at(record, &self.outputs) {
            self.match_sigma(record, line)?;
        }
        self.sinks.get_mut(usize::from(record.output)).map_or(Ok(()), |sink| sink.line(line))
    }

    /// Holds Sigma rules against an event, and writes what they say of it before it, as rules on packets do.
    fn match_sigma(&mut self, record: &OutputRecord, line: &[u8]) -> Result<(), EngineError> {
        let outputs = Arc::clone(&self.outputs);
        let prefix = outputs.list.iter().find(|output| output.number == record.output);
        let line = prefix.and_then(|output| line.strip_prefix(output.config.prefix.as_bytes())).unwrap_or(line);
        for alert in self.sigma.alerts(line) {
            for output in outputs.list.iter().filter(|output| output.wants(EventKind::ALERT)) {
                self.extra(output.number, "alert", &[output.config.prefix.as_bytes(), &alert.eve].concat())?;
            }
            for number in &outputs.fast {
                self.sinks.get_mut(usize::from(*number)).map_or(Ok(()), |sink| sink.line(&alert.fast))?;
            }
            let SigmaAlert { gid, sid, msg, priority, .. } = alert;
            self.alerts.entry((gid, sid)).or_insert(AlertCount { count: 0, msg, priority }).count += 1;
        }
        Ok(())
    }

    fn decide(&mut self, key: &AlertKey, rules: &RuleSet) -> bool {
        let rule = rules.rule(key.rule);
        let decision = self.thresholds.apply(
            rule,
            key.source.map(|endpoint| endpoint.address),
            key.destination.map(|endpoint| endpoint.address),
            Some(key.flow).filter(|id| *id != 0),
            key.time,
        );
        if decision != ThresholdDecision::Alert {
            self.suppressed += 1;
            return false;
        }
        self.alerts
            .entry((rule.gid, rule.sid))
            .or_insert_with(|| AlertCount { count: 0, msg: rule.msg.clone(), priority: rule.priority })
            .count += 1;
        true
    }

    /// Takes the counters of a worker, in place of those it told before.
    pub(crate) fn note_counters(&mut self, worker: usize, counters: Counters) {
        self.reports.insert(worker, counters);
    }

    /// Publishes what workers last told, and writes it as statistics when that is due.
    pub(crate) fn tell_stats(&mut self, due: StatsDue) -> Result<(), EngineError> {
        let mut total = Counters::new();
        for (name, value) in self.reports.values().flatten() {
            accumulate(&mut total, name, *value);
        }
        self.complete(&mut total);
        self.publish(&total, due.at);
        if due.written { self.write_counters(&total, due.at) } else { Ok(()) }
    }

    /// Shows counters to whoever asks from outside.
    pub(crate) fn publish(&self, total: &Counters, at: StatsMoment) {
        let source = |worker: usize| self.sources.get(worker).map_or("", |source| &**source).to_owned();
        let workers = self.reports.iter().map(|(&worker, counters)| WorkerStats {
            worker,
            source: source(worker),
            counters: counters.clone(),
        });
        self.board.publish(RunStats {
            time: sidewire_eve::timestamp(at.time),
            uptime: at.uptime,
            counters: total.clone(),
            workers: workers.collect(),
            events: self.events.clone(),
            outputs: self.sinks.iter().map(|sink| sink.count().into()).collect(),
        });
    }

    /// Adds the counters that are not the workers'.
    pub(crate) fn complete(&self, counters: &mut Counters) {
        derive(counters);
        count_capture(&self.capture.counts(), counters);
        counters.insert("engine.bugs".to_owned(), self.setup.faults.so_far());
        counters.insert("detect.alerts_suppressed".to_owned(), self.suppressed);
        counters.insert("detect.thresholds_evicted".to_owned(), self.thresholds.evicted());
        if let Some(files) = &self.files {
            files.count(counters);
        }
        self.documents.count(counters);
        let dropped = self.sinks.iter().map(OutputQueue::dropped).sum();
        if dropped > 0 {
            counters.insert("output.lines_dropped".to_owned(), dropped);
        }
    }

    /// Writes a `stats` event, for each output that wants it.
    pub(crate) fn write_counters(&mut self, counters: &Counters, at: StatsMoment) -> Result<(), EngineError> {
        let (outputs, rules) = (Arc::clone(&self.outputs), self.board.rules());
        for output in outputs.list.iter().filter(|output| output.wants(EventKind::STATS)) {
            let mut line = output.config.prefix.clone().into_bytes();
            write_stats(&mut line, counters, at, output.null_values, &rules);
            self.extra(output.number, "stats", &line)?;
        }
        for &(number, null_values) in &outputs.stats {
            let text = stats_text(counters, at, null_values);
            self.sinks.get_mut(usize::from(number)).map_or(Ok(()), |sink| sink.line(text.as_bytes()))?;
        }
        Ok(())
    }

    /// Writes an `engine` event about something that went wrong with a source.
    pub(crate) fn write_trouble(&mut self, code: &str, message: &str, time: Time) -> Result<(), EngineError> {
        let outputs = Arc::clone(&self.outputs);
        for output in outputs.list.iter().filter(|output| output.wants(EventKind::ENGINE)) {
            let mut line = output.config.prefix.clone().into_bytes();
            {
                let mut o = Object::new(&mut line);
                o.time("timestamp", time).str("event_type", "engine");
                o.object("engine", |o| {
                    o.str("error", code).str("message", message).str("module", "capture");
                });
            }
            line.push(b'\n');
            self.extra(output.number, "engine", &line)?;
        }
        Ok(())
    }

    /// Writes a line that no packet caused (`stats`), to one output.
    fn extra(&mut self, output: u16, kind: &'static str, line: &[u8]) -> Result<(), EngineError> {
        *self.events.entry(kind).or_default() += 1;
        self.sinks.get_mut(usize::from(output)).map_or(Ok(()), |sink| sink.line(line))
    }

    /// Writes what happened to live sources, and has everything seen outside.
    pub(crate) fn flush(&mut self) -> Result<(), EngineError> {
        for (time, notice) in self.capture.take_unwritten() {
            self.write_trouble(notice.code, &notice.message, time)?;
        }
        self.sinks.iter_mut().try_for_each(OutputQueue::flush)
    }

    /// Waits until all outputs have written everything, and tells what became of their lines.
    pub(crate) fn finish(&mut self) -> Result<Vec<OutputCount>, EngineError> {
        // All are waited for, whatever the first says.
        let finished: Vec<_> = core::mem::take(&mut self.sinks).into_iter().map(OutputQueue::finish).collect();
        finished.into_iter().collect()
    }
}
