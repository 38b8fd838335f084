//! What a worker has beside its flow table.

use std::sync::Arc;

use sidewire_app_layer::Extensions;
use sidewire_base::Time;
use sidewire_detect::{Detector, Match, RuleSet};

use crate::config::setup::Setup;
use crate::output::writer::events::Writer;
use crate::worker::conversation::App;
use crate::worker::counters::AppCounters;
use crate::worker::expectations::Expectations;
use crate::worker::observer::Watch;
use crate::worker::parse::ParseShared;
use crate::worker::wanted_frames::Wanted;

/// Everything but the flow table, so that a flow can be worked on while it stays in its table.
pub(crate) struct Env<W: Watch> {
    pub(crate) setup: Arc<Setup>,
    pub(crate) tcp: sidewire_tcp::Shared,
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) frames: Wanted,
    pub(crate) detector: Detector,
    pub(crate) watch: W,
    pub(crate) matches: Vec<Match>,
    pub(crate) parse: ParseShared,
    pub(crate) expectations: Expectations,
    pub(crate) writer: Writer,
    pub(crate) file: Option<Arc<str>>,
    pub(crate) ignore_checksums: bool,
    pub(crate) now: Time,
    pub(crate) counters: AppCounters,
    pub(crate) invalid_checksum: u64,
    /// Greatest memory pressure so far, in percent.
    pub(crate) pressure_max: u64,
    /// Panics that were contained.
    pub(crate) bugs: u64,
}

impl<W: Watch> Env<W> {
    pub(crate) fn new(setup: &Arc<Setup>, rules: &Arc<RuleSet>, watch: W) -> Self {
        Self {
            tcp: sidewire_tcp::Shared::new(&setup.tcp, setup.workers()),
            detector: Detector::new(rules),
            rules: Arc::clone(rules),
            frames: Wanted::new(rules, &setup.outputs, setup.protocols),
            watch,
            matches: Vec::new(),
            parse: ParseShared {
                extensions: Extensions::new(setup.protocols, setup.resources.clone()),
                announced: Vec::new(),
            },
            expectations: Expectations::default(),
            writer: Writer::new(Arc::clone(&setup.outputs)),
            file: None,
            ignore_checksums: false,
            now: Time::default(),
            counters: AppCounters::new(setup.protocols.len()),
            invalid_checksum: 0,
            pressure_max: 0,
            bugs: 0,
            setup: Arc::clone(setup),
        }
    }

    /// Counts a contained bug and drops the line that it cut short.
    pub(crate) fn abandon_line(&mut self) {
        self.bugs += 1;
        let batch = &mut self.writer.batch;
        batch.bytes.truncate(batch.records.last().map_or(0, |record| record.end));
    }

    /// Goes on with other rules.
    pub(crate) fn swap_rules(&mut self, rules: &Arc<RuleSet>) {
        self.detector.swap(Arc::clone(rules));
        self.frames = Wanted::new(rules, &self.setup.outputs, self.setup.protocols);
        self.rules = Arc::clone(rules);
    }

    /// Forgets everything that was seen.
    pub(crate) fn reset(&mut self) {
        self.tcp = sidewire_tcp::Shared::new(&self.setup.tcp, self.setup.workers());
        self.detector = Detector::new(&self.rules);
        self.parse.extensions.reset(self.setup.protocols);
        self.expectations = Expectations::default();
        self.counters = AppCounters::new(self.setup.protocols.len());
        self.invalid_checksum = 0;
        self.pressure_max = 0;
    }

    pub(crate) fn count_transactions(&mut self, protocol: Option<u16>, new: u64) {
        if let Some(count) = protocol.and_then(|n| self.counters.transactions.get_mut(usize::from(n))) {
            *count += new;
        }
    }

    pub(crate) fn parser_error(&mut self, app: &mut App) {
        app.malformed = true;
        if let Some(count) = app.protocol.and_then(|n| self.counters.parser_errors.get_mut(usize::from(n))) {
            *count += 1;
        }
    }

    pub(crate) fn note_expectations(&mut self) {
        for expectation in self.parse.announced.drain(..) {
            self.expectations.add(&expectation);
        }
    }
}
