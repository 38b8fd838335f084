//! Compiling Sigma rules.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sidewire_ir::SigmaBatch;
use sidewire_mpm::{MatcherBackend, MatcherCompiler};
use sidewire_sigma::{SigmaProblem, SigmaSet};
use ts_rs::TS;

use crate::{EngineError, Matcher};

/// How Sigma rules are to be compiled.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct SigmaRequest {
    /// Literal matcher.
    pub matcher: Matcher,
    /// Files tried as the Vectorscan library before the system's.
    pub libraries: Vec<String>,
}

/// A compiled set of Sigma rules, with what was left out of it.
#[derive(Debug)]
pub struct SigmaRules {
    set: Arc<SigmaSet>,
    problems: Vec<SigmaProblem>,
    /// Milliseconds.
    elapsed: f64,
}

impl SigmaRules {
    /// Compiles batches of IR, as JSON.
    ///
    /// # Errors
    /// [`EngineError::Rules`] when a batch is no IR of this version, or the matcher cannot be had.
    pub fn compile(batches: &[Vec<u8>], request: &SigmaRequest) -> Result<Self, EngineError> {
        let started = Instant::now();
        let failed = |error: &dyn core::fmt::Display| EngineError::Rules(error.to_string());
        let batches: Vec<SigmaBatch> = batches
            .iter()
            .map(|batch| serde_json::from_slice(batch).map_err(|error| failed(&error)))
            .collect::<Result<_, _>>()?;
        let backend = match request.matcher {
            Matcher::Auto => MatcherBackend::Auto,
            Matcher::Vectorscan => MatcherBackend::Vectorscan,
            Matcher::AhoCorasick => MatcherBackend::AhoCorasick,
        };
        let libraries: Vec<PathBuf> = request.libraries.iter().map(PathBuf::from).collect();
        let compiler = MatcherCompiler::new(backend, &libraries).map_err(|error| failed(&error))?;
        let (set, problems) = SigmaSet::new(&batches, &compiler).map_err(|error| failed(&error))?;
        Ok(Self { set, problems, elapsed: started.elapsed().as_secs_f64() * 1000.0 })
    }

    /// The rules.
    #[must_use]
    pub fn set(&self) -> Arc<SigmaSet> {
        Arc::clone(&self.set)
    }

    /// Rules that were left out: their ids, and why.
    #[must_use]
    pub fn problems(&self) -> Vec<(&str, &str)> {
        self.problems.iter().map(|problem| (problem.id.as_str(), problem.message.as_str())).collect()
    }

    /// Milliseconds that compiling took.
    #[must_use]
    pub const fn elapsed(&self) -> f64 {
        self.elapsed
    }
}
