//! Sigma rules on event logs.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use sidewire_engine::{
    Hunt, HuntConfig, JoinReport, JoinRequest, SigmaRequest, SigmaRules, SigmaTrace, explain_sigma, join_incidents,
};

use crate::convert::{failed, invalid, json};

/// A compiled set of Sigma rules; immutable, may serve any number of hunts.
#[napi]
pub struct NativeSigmaRules {
    rules: Arc<SigmaRules>,
}

impl NativeSigmaRules {
    /// The set, to be held by a run.
    pub(crate) fn shared(&self) -> Arc<SigmaRules> {
        Arc::clone(&self.rules)
    }
}

#[napi]
impl NativeSigmaRules {
    /// Number of rules in it.
    #[napi(getter)]
    #[must_use]
    pub fn rules(&self) -> u32 {
        u32::try_from(self.rules.set().len()).unwrap_or(u32::MAX)
    }

    /// Rules that were left out, as JSON: pairs of id and reason.
    #[napi]
    #[must_use]
    pub fn problems(&self) -> String {
        json(&self.rules.problems())
    }

    /// Milliseconds that compiling took.
    #[napi(getter)]
    #[must_use]
    pub fn elapsed(&self) -> f64 {
        self.rules.elapsed()
    }
}

/// Compiles batches of IR, each as JSON. `options` is JSON (`SigmaRequest`).
///
/// # Errors
/// `config/invalid` when the options cannot be read.
#[napi(ts_return_type = "Promise<NativeSigmaRules>")]
pub fn compile_sigma(batches: Vec<Buffer>, options: String) -> Result<AsyncTask<CompileSigma>> {
    let request = serde_json::from_str(&options).map_err(|error| invalid(&error))?;
    let batches = batches.iter().map(|batch| batch.to_vec()).collect();
    Ok(AsyncTask::new(CompileSigma { batches, request }))
}

/// Compiling, on a thread of libuv's pool.
pub struct CompileSigma {
    batches: Vec<Vec<u8>>,
    request: SigmaRequest,
}

impl Task for CompileSigma {
    type Output = SigmaRules;
    type JsValue = NativeSigmaRules;

    fn compute(&mut self) -> Result<SigmaRules> {
        SigmaRules::compile(&self.batches, &self.request).map_err(failed)
    }

    fn resolve(&mut self, _env: Env, rules: SigmaRules) -> Result<NativeSigmaRules> {
        Ok(NativeSigmaRules { rules: Arc::new(rules) })
    }
}

/// Begins a hunt. `config` is JSON (`HuntConfig`).
///
/// # Errors
/// `config/invalid`, `log/not-found`, `output/write`.
#[napi]
pub fn start_hunt(config: String, rules: &NativeSigmaRules) -> Result<NativeHunt> {
    let config: HuntConfig = serde_json::from_str(&config).map_err(|error| invalid(&error))?;
    Ok(NativeHunt { hunt: Arc::new(Hunt::start(&config, &rules.rules).map_err(failed)?) })
}

/// A hunt. Its thread ends with it.
#[napi]
pub struct NativeHunt {
    hunt: Arc<Hunt>,
}

#[napi]
impl NativeHunt {
    /// How far it has come, as JSON (`HuntProgress`).
    #[napi]
    #[must_use]
    pub fn progress(&self) -> String {
        json(&self.hunt.progress())
    }

    /// Asks it to stop.
    #[napi]
    pub fn stop(&self) {
        self.hunt.stop();
    }

    /// Waits for the end: the report, as JSON (`HuntReport`).
    #[napi(ts_return_type = "Promise<string>")]
    #[must_use]
    pub fn finished(&self) -> AsyncTask<HuntTask> {
        AsyncTask::new(HuntTask { hunt: Arc::clone(&self.hunt) })
    }
}

/// Waiting for the end.
pub struct HuntTask {
    hunt: Arc<Hunt>,
}

impl Task for HuntTask {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        match self.hunt.finish() {
            Some(report) => Ok(json(&report)),
            None => Err(Error::new(Status::GenericFailure, "[engine/finished] the hunt was waited for already")),
        }
    }

    fn resolve(&mut self, _env: Env, report: String) -> Result<String> {
        Ok(report)
    }
}

/// Joins the EVE lines of a run with event logs. `request` is JSON (`JoinRequest`); the report, as JSON (`JoinReport`).
///
/// # Errors
/// `config/invalid`, `log/not-found`, `output/write`.
#[napi(ts_return_type = "Promise<string>")]
pub fn join_logs(request: String) -> Result<AsyncTask<JoinLogs>> {
    let request = serde_json::from_str(&request).map_err(|error| invalid(&error))?;
    Ok(AsyncTask::new(JoinLogs { request }))
}

/// Joining, on a thread of libuv's pool.
pub struct JoinLogs {
    request: JoinRequest,
}

impl Task for JoinLogs {
    type Output = JoinReport;
    type JsValue = String;

    fn compute(&mut self) -> Result<JoinReport> {
        join_incidents(&self.request).map_err(failed)
    }

    fn resolve(&mut self, _env: Env, report: JoinReport) -> Result<String> {
        Ok(json(&report))
    }
}

/// What became of a rule on logs. `config` is JSON (`HuntConfig`); the trace, as JSON (`SigmaTrace`).
///
/// # Errors
/// `config/invalid`, `log/not-found`, `rules/compile` when no rule has this id.
#[napi(ts_return_type = "Promise<string>")]
pub fn explain_logs(config: String, rules: &NativeSigmaRules, rule: String) -> Result<AsyncTask<ExplainLogs>> {
    let config = serde_json::from_str(&config).map_err(|error| invalid(&error))?;
    Ok(AsyncTask::new(ExplainLogs { config, rules: Arc::clone(&rules.rules), rule }))
}

/// Explaining, on a thread of libuv's pool.
pub struct ExplainLogs {
    config: HuntConfig,
    rules: Arc<SigmaRules>,
    rule: String,
}

impl Task for ExplainLogs {
    type Output = SigmaTrace;
    type JsValue = String;

    fn compute(&mut self) -> Result<SigmaTrace> {
        explain_sigma(&self.config, &self.rules, &self.rule).map_err(failed)
    }

    fn resolve(&mut self, _env: Env, trace: SigmaTrace) -> Result<String> {
        Ok(json(&trace))
    }
}
