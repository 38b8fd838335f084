//! The Node addon: converts, calls the engine, returns. Nothing is decided here.
#![allow(unsafe_code)] // napi-derive writes the FFI glue

mod memory;

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use sidewire_engine::{
    CompileRequest, CompiledRules, DecryptionSecrets, LiveCapture, LiveConfig, RuleCompiler, Run, RunConfig, RunReport,
    RunRules, SecretSource, SigmaRules,
};

mod convert;
pub mod hunt;

use convert::{failed, internal, invalid, json};
use hunt::NativeSigmaRules;

/// The system's allocator grows the heap of a thread page by page; this one does not, and is faster beside. Only Rust
/// uses it: Node keeps its own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The engine's version.
#[napi]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Version of libmagic, which names kinds of files; none where it is not installed.
#[napi]
#[must_use]
pub fn magic_version() -> Option<String> {
    sidewire_engine::magic_version()
}

/// Tells the service manager at a socket (`NOTIFY_SOCKET`; one that begins with `@` is abstract) of a state; whether it could
/// be told.
#[napi]
#[must_use]
pub fn notify_service_manager(socket: String, state: String) -> bool {
    sidewire_engine::notify_service_manager(&socket, &state).is_ok()
}

/// Gives memory that is free back to the system.
#[napi(ts_return_type = "Promise<void>")]
#[must_use]
pub fn release_memory() -> AsyncTask<ReleaseMemory> {
    AsyncTask::new(ReleaseMemory)
}

/// Giving memory back, on a thread of libuv's pool.
pub struct ReleaseMemory;

impl Task for ReleaseMemory {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> Result<()> {
        memory::give_back();
        Ok(())
    }

    fn resolve(&mut self, _env: Env, (): ()) -> Result<()> {
        Ok(())
    }
}

/// The keywords the engine has, as JSON (`Catalog`).
///
/// # Errors
/// Never in practice: the catalog is plain data.
#[napi]
pub fn catalog() -> Result<String> {
    serde_json::to_string(&sidewire_engine::catalog()).map_err(internal)
}

/// A compilation off the main thread; batches are taken as they are written.
#[napi]
pub struct NativeRuleCompiler {
    compiler: Option<RuleCompiler>,
}

/// Begins a compilation. `options` is JSON (`CompileRequest`).
///
/// # Errors
/// `config/invalid` when the options cannot be read, `rules/compile` when no thread can be had.
#[napi]
pub fn begin_rules(options: String) -> Result<NativeRuleCompiler> {
    let request = serde_json::from_str(&options).map_err(|error| invalid(&error))?;
    Ok(NativeRuleCompiler { compiler: Some(RuleCompiler::begin(request).map_err(failed)?) })
}

#[napi]
impl NativeRuleCompiler {
    /// Takes a batch, as JSON.
    #[napi]
    pub fn add(&self, batch: Buffer) {
        if let Some(compiler) = &self.compiler {
            compiler.add(batch.to_vec());
        }
    }

    /// Waits for the set; once.
    #[napi(ts_return_type = "Promise<NativeRuleset>")]
    pub fn finish(&mut self) -> AsyncTask<CompileTask> {
        AsyncTask::new(CompileTask { compiler: self.compiler.take() })
    }
}

/// A set that was kept before; `null` when there is none. `options` is JSON (`CompileRequest`).
///
/// # Errors
/// `config/invalid` when the options cannot be read, `rules/cache` when the set cannot be used.
#[napi(ts_return_type = "Promise<NativeRuleset | null>")]
pub fn cached_rules(options: String) -> Result<AsyncTask<CachedTask>> {
    let request = serde_json::from_str(&options).map_err(|error| invalid(&error))?;
    Ok(AsyncTask::new(CachedTask { request }))
}

/// Reading a set, on a thread of libuv's pool.
pub struct CachedTask {
    request: CompileRequest,
}

impl Task for CachedTask {
    type Output = Option<CompiledRules>;
    type JsValue = Option<NativeRuleset>;

    fn compute(&mut self) -> Result<Option<CompiledRules>> {
        CompiledRules::cached(&self.request).map_err(failed)
    }

    fn resolve(&mut self, _env: Env, rules: Option<CompiledRules>) -> Result<Option<NativeRuleset>> {
        Ok(rules.map(|rules| NativeRuleset { rules: Some(Arc::new(rules)), sigma: None }))
    }
}

/// Keeping a set, on a thread of libuv's pool.
pub struct KeepRules {
    rules: Arc<CompiledRules>,
    findings: String,
}

impl Task for KeepRules {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> Result<()> {
        self.rules.keep(&self.findings).map_err(failed)
    }

    fn resolve(&mut self, _env: Env, (): ()) -> Result<()> {
        Ok(())
    }
}

/// The end of compiling, awaited on a thread of libuv's pool.
pub struct CompileTask {
    compiler: Option<RuleCompiler>,
}

impl Task for CompileTask {
    type Output = CompiledRules;
    type JsValue = NativeRuleset;

    fn compute(&mut self) -> Result<CompiledRules> {
        let compiler = self.compiler.take().ok_or_else(|| internal("these rules were finished before"))?;
        compiler.finish().map_err(failed)
    }

    fn resolve(&mut self, _env: Env, rules: CompiledRules) -> Result<NativeRuleset> {
        Ok(NativeRuleset { rules: Some(Arc::new(rules)), sigma: None })
    }
}

/// A compiled rule set; immutable, may serve any number of runs.
#[napi]
pub struct NativeRuleset {
    /// `None`: it was closed.
    rules: Option<Arc<CompiledRules>>,
    /// Sigma rules beside them.
    sigma: Option<Arc<SigmaRules>>,
}

impl NativeRuleset {
    fn open(&self) -> Result<&Arc<CompiledRules>> {
        self.rules.as_ref().ok_or_else(|| Error::new(Status::GenericFailure, "[rules/closed] this rule set was closed"))
    }

    /// What a run takes.
    fn for_run(&self) -> Result<RunRules> {
        let network = RunRules::from(self.open()?.set());
        Ok(match &self.sigma {
            Some(sigma) => network.with_sigma(sigma),
            None => network,
        })
    }
}

#[napi]
impl NativeRuleset {
    /// Number of rules in it.
    ///
    /// # Errors
    /// `rules/closed`.
    #[napi(getter)]
    pub fn rules(&self) -> Result<u32> {
        Ok(u32::try_from(self.open()?.set().len()).unwrap_or(u32::MAX))
    }

    /// Keeps the set where its request said, with what the rule compiler had to say.
    ///
    /// # Errors
    /// `rules/closed`, `rules/cache`.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn keep(&self, findings: String) -> Result<AsyncTask<KeepRules>> {
        Ok(AsyncTask::new(KeepRules { rules: Arc::clone(self.open()?), findings }))
    }

    /// What the rule compiler had to say of a set that was kept; `null` of one that was compiled.
    ///
    /// # Errors
    /// `rules/closed`.
    #[napi]
    pub fn findings(&self) -> Result<Option<String>> {
        Ok(self.open()?.findings().map(str::to_owned))
    }

    /// What compiling cost and gave, as JSON (`RulesetStats`).
    ///
    /// # Errors
    /// `rules/closed`.
    #[napi]
    pub fn stats(&self) -> Result<String> {
        Ok(json(&self.open()?.stats()))
    }

    /// Rules that were left out, as JSON (`Problem[]`).
    ///
    /// # Errors
    /// `rules/closed`.
    #[napi]
    pub fn problems(&self) -> Result<String> {
        Ok(json(&self.open()?.problems()))
    }

    /// Puts Sigma rules beside the set: they are held against the events that a run writes.
    #[napi]
    pub fn add_sigma(&mut self, rules: &NativeSigmaRules) {
        self.sigma = Some(rules.shared());
    }

    /// Lets go of the set: its memory is free as soon as no run uses it, whenever JavaScript collects garbage.
    #[napi]
    pub fn close(&mut self) {
        self.sigma = None;
        self.rules = None;
    }
}

/// A secret: `kind` is `password`, `ntlm-hash`, `keytab` or `file`, `name` what messages call it.
#[napi(object)]
pub struct NativeSecret {
    /// Kind.
    pub kind: String,
    /// An option or a file.
    pub name: String,
    /// The secret, or the octets of the file.
    pub octets: Buffer,
}

/// Secrets that open sealed calls. Beside the configuration, not in it, so that they are in no text; wiped at the end.
#[napi]
pub struct NativeSecrets {
    secrets: Arc<DecryptionSecrets>,
}

/// Reads secrets.
///
/// # Errors
/// `secrets/invalid`: what is none, without its value.
#[napi]
pub fn read_secrets(sources: Vec<NativeSecret>) -> Result<NativeSecrets> {
    let each = sources.iter().map(|NativeSecret { kind, name, octets }| SecretSource { kind, name, octets });
    let secrets = sidewire_engine::read_secrets(each).map_err(failed)?;
    Ok(NativeSecrets { secrets: Arc::new(secrets) })
}

/// Begins a run. `config` is JSON (`RunConfig`).
///
/// # Errors
/// `config/invalid`, `output/write`.
#[napi]
pub fn start_run(config: String, rules: Option<&NativeRuleset>, secrets: Option<&NativeSecrets>) -> Result<NativeRun> {
    let secrets = secrets.map(|given| Arc::clone(&given.secrets));
    let config: RunConfig = serde_json::from_str(&config).map_err(|error| invalid(&error))?;
    let set = rules.map_or_else(|| Ok(RunRules::from(CompiledRules::none())), NativeRuleset::for_run)?;
    Ok(NativeRun { run: Arc::new(Run::start(config, set, secrets).map_err(failed)?) })
}

/// Opens interfaces. `config` is JSON (`LiveConfig`).
///
/// # Errors
/// `config/invalid`, and `capture/...` with the interface.
#[napi]
pub fn open_capture(config: String) -> Result<NativeCapture> {
    let config: LiveConfig = serde_json::from_str(&config).map_err(|error| invalid(&error))?;
    Ok(NativeCapture { capture: Some(LiveCapture::open(&config).map_err(failed)?) })
}

/// Interfaces that are open, until a run follows them.
#[napi]
pub struct NativeCapture {
    capture: Option<LiveCapture>,
}

#[napi]
impl NativeCapture {
    /// What is to be known of the interfaces, as JSON (`OpenedReport[]`).
    #[napi]
    #[must_use]
    pub fn opened(&self) -> String {
        json(&self.capture.as_ref().map(LiveCapture::opened).unwrap_or_default())
    }

    /// Begins a run that follows them until it is stopped; once. `config` is JSON (`RunConfig`).
    ///
    /// # Errors
    /// `config/invalid`, `output/write`.
    #[napi]
    pub fn follow(
        &mut self,
        config: String,
        rules: Option<&NativeRuleset>,
        secrets: Option<&NativeSecrets>,
    ) -> Result<NativeRun> {
        let secrets = secrets.map(|given| Arc::clone(&given.secrets));
        let config: RunConfig = serde_json::from_str(&config).map_err(|error| invalid(&error))?;
        let set = rules.map_or_else(|| Ok(RunRules::from(CompiledRules::none())), NativeRuleset::for_run)?;
        let capture = self.capture.take().ok_or_else(|| internal("these interfaces are followed already"))?;
        Ok(NativeRun { run: Arc::new(Run::start_live(config, set, secrets, capture).map_err(failed)?) })
    }
}

/// Gives up, for this thread and those it starts from now on, what capturing does not need once everything is open.
#[napi]
pub fn drop_rights() {
    sidewire_engine::drop_rights();
}

/// Has the kernel refuse to every thread of this process what a sensor never asks for. False where there is nothing of the kind.
#[napi]
#[must_use]
pub fn confine_process() -> bool {
    sidewire_engine::confine_process()
}

/// What this host offers to a sensor, as JSON (`HostReport`). A ring of so many octets is tried; `libraries` are files to try
/// as Vectorscan before the system's.
#[napi]
#[must_use]
pub fn host_report(ring_length: u32, libraries: Vec<String>) -> String {
    let libraries: Vec<std::path::PathBuf> = libraries.into_iter().map(Into::into).collect();
    json(&sidewire_engine::host_report(ring_length.into(), &libraries))
}

/// A run. Its threads end with it.
#[napi]
pub struct NativeRun {
    run: Arc<Run>,
}

#[napi]
impl NativeRun {
    /// The next batch of EVE lines; null at the end.
    #[napi(ts_return_type = "Promise<Buffer | null>")]
    #[must_use]
    pub fn next(&self) -> AsyncTask<NextLinesTask> {
        AsyncTask::new(NextLinesTask { run: Arc::clone(&self.run) })
    }

    /// Puts another rule set in place, between two packets. `counts` is JSON (`RuleCounts`).
    ///
    /// # Errors
    /// `rules/closed`, `config/invalid`.
    #[napi]
    pub fn swap(&self, rules: &NativeRuleset, counts: String) -> Result<()> {
        self.run.swap(rules.for_run()?, serde_json::from_str(&counts).map_err(|error| invalid(&error))?);
        Ok(())
    }

    /// The counters as they last stood, as JSON (`RunStats`).
    #[napi]
    #[must_use]
    pub fn stats(&self) -> String {
        json(&self.run.stats())
    }

    /// How far the run has come, as JSON (`Progress`).
    #[napi]
    #[must_use]
    pub fn progress(&self) -> String {
        json(&self.run.progress())
    }

    /// What happened to interfaces since this was last asked, as JSON (`Notice[]`).
    #[napi]
    #[must_use]
    pub fn notices(&self) -> String {
        json(&self.run.notices())
    }

    /// Has outputs begin again under their names: files that were moved away are made anew, sockets connected again.
    #[napi]
    pub fn reopen(&self) {
        self.run.reopen_outputs();
    }

    /// Asks the run to stop.
    #[napi]
    pub fn stop(&self) {
        self.run.stop();
    }

    /// Waits for the end: the summary, as JSON (`Summary`).
    #[napi(ts_return_type = "Promise<string>")]
    #[must_use]
    pub fn finished(&self) -> AsyncTask<FinishTask> {
        AsyncTask::new(FinishTask { run: Arc::clone(&self.run) })
    }
}

/// Waiting for lines.
pub struct NextLinesTask {
    run: Arc<Run>,
}

impl Task for NextLinesTask {
    type Output = Option<Vec<u8>>;
    type JsValue = Option<Buffer>;

    fn compute(&mut self) -> Result<Option<Vec<u8>>> {
        Ok(self.run.next())
    }

    fn resolve(&mut self, _env: Env, lines: Option<Vec<u8>>) -> Result<Option<Buffer>> {
        Ok(lines.map(Buffer::from))
    }
}

/// Waiting for the end.
pub struct FinishTask {
    run: Arc<Run>,
}

impl Task for FinishTask {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        match self.run.finish() {
            Some(summary) => Ok(json(&RunReport::from(summary))),
            None => Err(Error::new(Status::GenericFailure, "[engine/finished] the run was waited for already")),
        }
    }

    fn resolve(&mut self, _env: Env, summary: String) -> Result<String> {
        Ok(summary)
    }
}

/// For each flow and transaction, the first stage at which a rule failed, as JSON (`RuleTrace`).
///
/// # Errors
/// `config/invalid`, `rules/compile` when no rule has this id, `capture/...`.
#[napi(ts_return_type = "Promise<string>")]
pub fn explain(
    config: String,
    rules: &NativeRuleset,
    secrets: Option<&NativeSecrets>,
    sid: u32,
) -> Result<AsyncTask<ExplainTask>> {
    let secrets = secrets.map(|given| Arc::clone(&given.secrets));
    let config: RunConfig = serde_json::from_str(&config).map_err(|error| invalid(&error))?;
    Ok(AsyncTask::new(ExplainTask { config: Some(config), rules: Arc::clone(rules.open()?), secrets, sid }))
}

/// Explaining, on a thread of libuv's pool.
pub struct ExplainTask {
    config: Option<RunConfig>,
    rules: Arc<CompiledRules>,
    secrets: Option<Arc<DecryptionSecrets>>,
    sid: u32,
}

impl Task for ExplainTask {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        let config = self.config.take().ok_or_else(|| internal("explained twice"))?;
        sidewire_engine::explain(config, &self.rules.set(), self.secrets.take(), self.sid)
            .map(|trace| json(&trace))
            .map_err(failed)
    }

    fn resolve(&mut self, _env: Env, trace: String) -> Result<String> {
        Ok(trace)
    }
}

/// What each rule costs on the captures, as JSON (`RuleProfile`).
///
/// # Errors
/// `config/invalid`, `capture/...`.
#[napi(ts_return_type = "Promise<string>")]
pub fn profile(
    config: String,
    rules: &NativeRuleset,
    secrets: Option<&NativeSecrets>,
) -> Result<AsyncTask<ProfileTask>> {
    let secrets = secrets.map(|given| Arc::clone(&given.secrets));
    let config: RunConfig = serde_json::from_str(&config).map_err(|error| invalid(&error))?;
    Ok(AsyncTask::new(ProfileTask { config: Some(config), rules: Arc::clone(rules.open()?), secrets }))
}

/// Profiling, on a thread of libuv's pool.
pub struct ProfileTask {
    config: Option<RunConfig>,
    rules: Arc<CompiledRules>,
    secrets: Option<Arc<DecryptionSecrets>>,
}

impl Task for ProfileTask {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        let config = self.config.take().ok_or_else(|| internal("profiled twice"))?;
        sidewire_engine::profile(config, &self.rules.set(), self.secrets.take())
            .map(|profile| json(&profile))
            .map_err(failed)
    }

    fn resolve(&mut self, _env: Env, profile: String) -> Result<String> {
        Ok(profile)
    }
}
