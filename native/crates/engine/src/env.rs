use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use sidewire_app_layer::Expectation;
use sidewire_base::{Endpoint, Time};
use sidewire_detect::{Detector, Match, RuleSet};
use sidewire_msrpc::ObjectTable;

use crate::conversation::App;
use crate::eve::Writer;
use crate::frames::Wanted;
use crate::setup::Setup;
use crate::worker::Watch;

/// Announced flows that are remembered, oldest forgotten first.
const MAX_EXPECTATIONS: usize = 16_384;

/// Everything but the flow table, so that a flow can be worked on while it stays in its table.
pub(crate) struct Env<W: Watch> {
    pub(crate) setup: Arc<Setup>,
    pub(crate) tcp: sidewire_tcp::Shared,
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) frames: Wanted,
    pub(crate) detector: Detector,
    pub(crate) watch: W,
    pub(crate) matches: Vec<Match>,
    pub(crate) objects: ObjectTable,
    pub(crate) announced: Vec<Expectation>,
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

/// Counters of the application layer, by protocol.
#[derive(Debug, Default)]
pub(crate) struct AppCounters {
    pub(crate) flows: Vec<u64>,
    pub(crate) transactions: Vec<u64>,
    pub(crate) gap_errors: Vec<u64>,
    pub(crate) parser_errors: Vec<u64>,
    pub(crate) failed_tcp: u64,
    pub(crate) failed_udp: u64,
    pub(crate) transactions_evicted: u64,
    /// Frames that were not taken up for want of room.
    pub(crate) frames_refused: u64,
    pub(crate) alerts: u64,
}

impl AppCounters {
    pub(crate) fn new(protocols: usize) -> Self {
        Self {
            flows: vec![0; protocols],
            transactions: vec![0; protocols],
            gap_errors: vec![0; protocols],
            parser_errors: vec![0; protocols],
            ..Self::default()
        }
    }
}

/// Flows that others announced, by where they will go.
#[derive(Debug, Default)]
pub(crate) struct Expectations {
    pub(crate) by_server: HashMap<Endpoint, &'static str>,
    pub(crate) order: VecDeque<Endpoint>,
}

impl Expectations {
    pub(crate) fn add(&mut self, expectation: &Expectation) {
        if self.by_server.insert(expectation.server, expectation.protocol).is_none() {
            self.order.push_back(expectation.server);
            if self.order.len() > MAX_EXPECTATIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.by_server.remove(&oldest);
            }
        }
    }

    /// What a new flow was announced to speak. One whose first packet is the server's has its ends the wrong way round.
    pub(crate) fn of(&self, client: Endpoint, server: Endpoint) -> Option<&'static str> {
        if self.by_server.is_empty() {
            return None;
        }
        self.by_server.get(&server).or_else(|| self.by_server.get(&client)).copied()
    }
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
            objects: ObjectTable::with_secrets(setup.secrets.clone()),
            announced: Vec::new(),
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
        self.objects = ObjectTable::with_secrets(self.setup.secrets.clone());
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
        for expectation in self.announced.drain(..) {
            self.expectations.add(&expectation);
        }
    }
}
