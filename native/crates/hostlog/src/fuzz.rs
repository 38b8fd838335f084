//! What fuzzing runs: any octets as a log.

use core::ops::ControlFlow;

use crate::input::LogInput;
use crate::reader::{LogProblem, LogReading, RecordSink, read_log};
use crate::record::LogRecord;

/// Looks at every value, and stops after many records: a small archive may hold a great deal.
#[derive(Debug, Default)]
struct FuzzRecords {
    records: u32,
    octets: usize,
    value: Vec<u8>,
}

impl RecordSink for FuzzRecords {
    fn record(&mut self, record: &LogRecord) -> ControlFlow<()> {
        for field in record.fields() {
            self.value.clear();
            record.value_to(field, &mut self.value);
            self.octets = self.octets.wrapping_add(self.value.len() + record.name(field).len());
        }
        self.records += 1;
        if self.records > 10_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn problem(&mut self, _log: &str, problem: LogProblem) {
        self.octets = self.octets.wrapping_add(problem.to_string().len());
    }

    fn begin(&mut self, _log: &str) {}

    fn end(&mut self, _reading: &LogReading) {}
}

/// Reads any octets as a log.
pub fn fuzz_log(octets: &[u8]) {
    let mut sink = FuzzRecords::default();
    read_log(LogInput::Stream(Box::new(octets)), "log", &mut sink);
}
