//! What a worker counts, named as in Suricata's stats.

use crate::counters::{Counters, accumulate};
use crate::worker::flow_worker::{FlowWorker, TrackedFlows};
use crate::worker::observer::RuleTracer;

impl<W: RuleTracer> FlowWorker<W> {
    /// Adds this worker's counters.
    pub(crate) fn count(&self, into: &mut Counters) {
        let stages = &self.tracked.stages;
        let mut add = |name: &str, value: u64| accumulate(into, name, value);
        self.decoder.stats().values().for_each(|(name, value)| add(name, value));
        self.tracked.table.counters().rows().for_each(|(name, value)| add(name, value));
        stages.stream.shared.counters.rows().for_each(|(name, value)| add(name, value));
        add("tcp.invalid_checksum", stages.invalid_checksum);
        let counters = &stages.app_layer.counters;
        let tables = [
            ("app_layer.flow.", &counters.flows, ""),
            ("app_layer.tx.", &counters.transactions, ""),
            ("app_layer.error.", &counters.gap_errors, ".gap"),
            ("app_layer.error.", &counters.parser_errors, ".parser"),
        ];
        for (before, values, after) in tables {
            for (number, protocol) in stages.setup.protocols.iter().enumerate() {
                for (name, value) in values.rows(number, &protocol.info) {
                    add(&format!("{before}{name}{after}"), value);
                }
            }
        }
        add("app_layer.flow.failed_tcp", counters.failed_tcp);
        add("app_layer.flow.failed_udp", counters.failed_udp);
        add("app_layer.transactions_evicted", counters.transactions_evicted);
        add("app_layer.frames_refused", stages.log.counters.frames_refused);
        stages.app_layer.table_counters(&mut add);
        if stages.setup.config.shed_load {
            add("shed.degree", stages.setup.shed.degree().number().into());
            add("shed.flows", stages.flows_shed);
            add("shed.events", stages.log.counters.events_shed);
        }
        add("detect.alert", stages.log.counters.alerts);
        add("detect.alert_queue_overflow", stages.detect.detector.overflow());
        let given_up = stages.detect.detector.given_up();
        add("detect.pcre_limit", given_up.expressions);
        add("detect.matcher_error", given_up.scans);
        add("detect.recursion_limit", given_up.tries);
        add("memcap.pressure", self.tracked.pressure());
        add("memcap.pressure_max", self.tracked.pressure_max());
    }
}

impl<W: RuleTracer> TrackedFlows<W> {
    /// How full the fullest of the memory caps is, of what this worker has of them. Percent.
    fn pressure(&self) -> u64 {
        let (setup, tcp) = (&self.stages.setup, &self.stages.stream.shared.counters);
        let share = |cap: u64| cap / setup.workers().max(1);
        [
            (self.table.counters().memuse, self.table.config().memcap),
            (tcp.memuse, share(setup.tcp.memcap)),
            (tcp.reassembly_memuse, share(setup.tcp.reassembly.memcap)),
        ]
        .into_iter()
        .filter_map(|(used, cap)| used.saturating_mul(100).checked_div(cap))
        .max()
        .unwrap_or(0)
    }

    pub(super) fn pressure_max(&self) -> u64 {
        self.pressure().max(self.stages.pressure_max)
    }
}
