//! Holds rules against event logs and says how fast: `records RULES.json LOG...`, rules being IR as the control plane writes it.
//! With `MATCHER=portable`, by the portable matcher.
#![allow(clippy::print_stdout, reason = "a program for people")]

use core::ops::ControlFlow;
use std::error::Error;
use std::fs::File;
use std::time::Instant;

use sidewire_hostlog::{LogInput, LogProblem, LogReading, LogRecord, RecordSink, read_log};
use sidewire_ir::SigmaBatch;
use sidewire_mpm::{MatcherBackend, MatcherCompiler};
use sidewire_sigma::{SigmaEvaluator, SigmaSet};

struct Counting {
    evaluator: Option<SigmaEvaluator>,
    records: u64,
    matches: usize,
}

impl RecordSink for Counting {
    fn record(&mut self, record: &LogRecord) -> ControlFlow<()> {
        let mut found = Vec::new();
        if let Some(evaluator) = &mut self.evaluator {
            evaluator.evaluate(record, &mut found);
        }
        self.records += 1;
        self.matches += found.len();
        ControlFlow::Continue(())
    }
    fn problem(&mut self, _log: &str, _problem: LogProblem) {}
    fn begin(&mut self, _log: &str) {}
    fn end(&mut self, _reading: &LogReading) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rules = arguments.next().ok_or("records RULES.json LOG...")?;
    let started = Instant::now();
    // Without rules, reading alone is measured.
    let evaluator = if rules == "-" {
        None
    } else {
        let portable = std::env::var_os("MATCHER").is_some_and(|name| name == "portable");
        let backend = if portable { MatcherBackend::AhoCorasick } else { MatcherBackend::Auto };
        let batch: SigmaBatch = serde_json::from_slice(&std::fs::read(rules)?)?;
        let (set, _) = SigmaSet::new(&[batch], &MatcherCompiler::new(backend, &[])?)?;
        println!("{} rules, {} in {:.3} s", set.len(), set.backend_name(), started.elapsed().as_secs_f64());
        Some(SigmaEvaluator::new(set, true))
    };
    let mut sink = Counting { evaluator, records: 0, matches: 0 };
    let started = Instant::now();
    for log in arguments {
        read_log(LogInput::File(Box::new(File::open(&log)?)), &log, &mut sink);
    }
    let elapsed = started.elapsed().as_secs_f64();
    let rate = sink.records as f64 / elapsed;
    println!("{} records, {} matches in {elapsed:.2} s: {rate:.0} records/s", sink.records, sink.matches);
    if let Some(evaluator) = &sink.evaluator {
        println!("{:?}", evaluator.counters());
    }
    Ok(())
}
