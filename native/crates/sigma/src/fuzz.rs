//! What fuzzing runs: any rules on any log.

use core::ops::ControlFlow;

use sidewire_hostlog::{LogInput, LogProblem, LogReading, LogRecord, RecordSink, read_log};
use sidewire_ir::SigmaBatch;
use sidewire_mpm::{MatcherBackend, MatcherCompiler};

use crate::evaluate::SigmaEvaluator;
use crate::set::SigmaSet;

/// Rules of one input: what is quadratic in them is not what is looked for.
const MAX_RULES: usize = 64;

/// Evaluates every record, and looks at what matched.
struct FuzzEvaluation {
    evaluator: SigmaEvaluator,
    left: u32,
}

impl RecordSink for FuzzEvaluation {
    fn record(&mut self, record: &LogRecord) -> ControlFlow<()> {
        let mut found = Vec::new();
        self.evaluator.evaluate(record, &mut found);
        for one in &found {
            let _fields = self.evaluator.matched(one);
        }
        self.left -= 1;
        if self.left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn problem(&mut self, _log: &str, _problem: LogProblem) {}

    fn begin(&mut self, _log: &str) {}

    fn end(&mut self, _reading: &LogReading) {}
}

/// Plans rules and holds them against a log.
pub fn fuzz_sigma(mut batch: SigmaBatch, log: &[u8]) {
    batch.rules.truncate(MAX_RULES);
    batch.correlations.truncate(MAX_RULES);
    let Ok(compiler) = MatcherCompiler::new(MatcherBackend::AhoCorasick, &[]) else { return };
    let Ok((set, _)) = SigmaSet::new(&[batch], &compiler) else { return };
    let mut sink = FuzzEvaluation { evaluator: SigmaEvaluator::new(set, true), left: 1000 };
    read_log(LogInput::Stream(Box::new(log)), "log", &mut sink);
}
