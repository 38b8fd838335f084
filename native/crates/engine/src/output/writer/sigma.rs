//! Sigma rules on the events that a run writes. They are evaluated where events are in packet order, so any number of workers
//! gives the same alerts, and once for each event, however many outputs take it.

use std::sync::Arc;

use sidewire_hostlog::{EveReader, LogRecord};
use sidewire_sigma::{SigmaEvaluator, SigmaMatch};

use crate::hunt::alert;
use crate::output::format::eve::RunOutputs;
use crate::output::format::fast;
use crate::output::writer::record::{OutputOrder, OutputRecord};
use crate::run_rules::SigmaPlace;

/// What is written of a match.
pub(crate) struct SigmaAlert {
    pub(crate) gid: u32,
    pub(crate) sid: u32,
    pub(crate) msg: String,
    pub(crate) priority: u8,
    /// A line of EVE: the event, with the rule.
    pub(crate) eve: Vec<u8>,
    /// A line of fast.log.
    pub(crate) fast: Vec<u8>,
}

/// Holds the Sigma rules that are in place against events.
pub(crate) struct SigmaStage {
    place: Arc<SigmaPlace>,
    generation: u64,
    evaluator: Option<SigmaEvaluator>,
    /// By the number of an event type: some rule looks at it. Known once one was met.
    wanted: Vec<Option<bool>>,
    /// The line before: its event's place and type, and the output it was for.
    last: Option<(OutputOrder, u16, u16)>,
    reader: EveReader,
    record: LogRecord,
    found: Vec<SigmaMatch>,
}

impl SigmaStage {
    pub(crate) fn new(place: Arc<SigmaPlace>) -> Self {
        Self {
            place,
            generation: 0,
            evaluator: None,
            wanted: Vec::new(),
            last: None,
            reader: EveReader::default(),
            record: LogRecord::default(),
            found: Vec::new(),
        }
    }

    /// Takes up rules that were put in place.
    pub(crate) fn renew(&mut self) {
        if let Some(set) = self.place.after(&mut self.generation) {
            self.evaluator = set.map(|set| SigmaEvaluator::new(set, false));
            self.wanted.clear();
        }
    }

    /// Some rule looks at the event, and it is not one that another output has got before.
    pub(crate) fn looks_at(&mut self, record: &OutputRecord, outputs: &RunOutputs) -> bool {
        let Some(evaluator) = &self.evaluator else { return false };
        let kind = usize::from(record.kind);
        if self.wanted.len() <= kind {
            self.wanted.resize(kind + 1, None);
        }
        let Some(wanted) = self.wanted.get_mut(kind) else { return false };
        if !*wanted.get_or_insert_with(|| evaluator.set().looks_at_eve(outputs.kind_name(record.kind))) {
            return false;
        }
        // The lines of one event come one after another, by the number of their output.
        let (place, kind, output) = (record.place, record.kind, record.output);
        let before = self.last.replace((place, kind, output));
        before.is_none_or(|before| (before.0, before.1) != (place, kind) || before.2 >= output)
    }

    /// What rules say of an event.
    pub(crate) fn alerts(&mut self, line: &[u8]) -> Vec<SigmaAlert> {
        let Some(evaluator) = &mut self.evaluator else { return Vec::new() };
        if !self.reader.read(line, &mut self.record) {
            return Vec::new();
        }
        self.found.clear();
        evaluator.evaluate(&self.record, &mut self.found);
        let mut alerts = Vec::new();
        for found in self.found.iter().filter(|found| found.alerts) {
            let matched = evaluator.matched(found);
            let Some(head) = evaluator.set().head(found.rule) else { continue };
            let (mut eve, mut fast) = (Vec::new(), Vec::new());
            alert::write(&mut eve, head, found, &matched, &self.record, "");
            fast::write_sigma(head, &self.record, &mut fast);
            let (gid, sid) = (alert::GID, head.sid);
            alerts.push(SigmaAlert { gid, sid, msg: head.title.clone(), priority: head.severity, eve, fast });
        }
        alerts
    }
}
