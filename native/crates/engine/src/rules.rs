//! Compiling rules.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sidewire_detect::ir::RuleBatch;
use sidewire_detect::{CompileOptions, LeftOutRule, MatcherBackend, RuleSet, RuleType};
use ts_rs::TS;

use crate::EngineError;
use crate::config::DetectConfig;
use crate::rule_cache::{self, CachePlace, CacheWriter, CachedRules};

/// Each compiled set has a number of its own, so that inspection state of one is never read with another.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// How rules are to be compiled.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct CompileRequest {
    /// Literal matcher.
    pub matcher: Matcher,
    /// Files tried as the Vectorscan library before the system's.
    pub libraries: Vec<String>,
    /// Threads; 0: as many as there are cores.
    pub threads: u32,
    /// Limits.
    pub detect: DetectConfig,
    /// Where the compiled set is kept; `null`: nowhere.
    pub cache: Option<CachePlace>,
}

impl CompileRequest {
    fn options(&self) -> CompileOptions {
        CompileOptions {
            backend: match self.matcher {
                Matcher::Auto => MatcherBackend::Auto,
                Matcher::Vectorscan => MatcherBackend::Vectorscan,
                Matcher::AhoCorasick => MatcherBackend::AhoCorasick,
            },
            libraries: self.libraries.iter().map(PathBuf::from).collect(),
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
            stream_events: stream_event_names(),
            threads: self.threads as usize,
            alerts_per_packet: self.detect.packet_alert_max.into(),
            recursion_limit: self.detect.inspection_recursion_limit,
            pcre_match_limit: self.detect.pcre_match_limit,
            pcre_recursion_limit: self.detect.pcre_recursion_limit,
            ..CompileOptions::default()
        }
    }
}

fn unreadable_ir(error: &serde_json::Error) -> EngineError {
    EngineError::Rules(format!("the rule IR cannot be read: {error}"))
}

/// Literal matchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export, export_to = "config.ts")]
pub enum Matcher {
    /// Vectorscan when its library is found.
    Auto,
    /// Vectorscan or an error.
    Vectorscan,
    /// The portable twin.
    AhoCorasick,
}

/// A compiled rule set with what was left out of it.
#[derive(Debug)]
pub struct CompiledRules {
    set: Arc<RuleSet>,
    problems: Vec<LeftOutRule>,
    /// Milliseconds for decoding the batches.
    decode_ms: f64,
    /// What the rule compiler said when the set was made, where that was read from disk.
    findings: Option<String>,
    /// The file the set is to be kept in.
    keeping: Mutex<Option<CacheWriter>>,
}

/// A compilation that takes batches of IR as they are written: reading and planning go on beside the one who writes, and no
/// batch is kept.
#[derive(Debug)]
pub struct RuleCompiler {
    batches: Sender<Vec<u8>>,
    thread: JoinHandle<Result<CompiledRules, EngineError>>,
}

impl RuleCompiler {
    /// Begins, in a thread of its own.
    ///
    /// # Errors
    /// [`EngineError::Rules`] when no thread can be had.
    pub fn begin(request: CompileRequest) -> Result<Self, EngineError> {
        let (batches, arriving) = channel();
        let thread = std::thread::Builder::new()
            .name("rules".to_owned())
            .spawn(move || CompiledRules::compile(arriving, &request))
            .map_err(|error| EngineError::Rules(format!("no thread to compile rules: {error}")))?;
        Ok(Self { batches, thread })
    }

    /// Takes a batch, as JSON. What is wrong with it is told by [`RuleCompiler::finish`].
    pub fn add(&self, batch: Vec<u8>) {
        // The other end is gone once a batch could not be read.
        let _ = self.batches.send(batch);
    }

    /// Waits for the set.
    ///
    /// # Errors
    /// [`EngineError::Rules`] when a batch was no IR of this version, or the matcher cannot be had.
    pub fn finish(self) -> Result<CompiledRules, EngineError> {
        drop(self.batches);
        self.thread
            .join()
            .unwrap_or_else(|_| Err(EngineError::Rules("compiling rules ended without a result".to_owned())))
    }
}

impl CompiledRules {
    fn compile(batches: impl IntoIterator<Item = Vec<u8>>, request: &CompileRequest) -> Result<Self, EngineError> {
        // Where there is no room or no right to keep it, the set is compiled all the same.
        let mut keeping = request.cache.as_ref().and_then(|place| CacheWriter::begin(place).ok());
        let mut decoding = Duration::ZERO;
        let mut unreadable = None;
        let read = batches.into_iter().map_while(|batch| {
            if keeping.as_mut().is_some_and(|writer| writer.batch(&batch).is_err()) {
                keeping = None;
            }
            let began = Instant::now();
            let read = serde_json::from_slice::<RuleBatch>(&batch).map_err(|error| unreadable = Some(error)).ok();
            decoding += began.elapsed();
            read
        });
        let compiled = RuleSet::compile(read, &request.options(), sidewire_protocols::ALL);
        if let Some(error) = unreadable {
            return Err(unreadable_ir(&error));
        }
        let (set, problems) = compiled.map_err(|error| EngineError::Rules(error.to_string()))?;
        let decode_ms = decoding.as_secs_f64() * 1e3;
        Ok(Self { set: Arc::new(set), problems, decode_ms, findings: None, keeping: Mutex::new(keeping) })
    }

    /// A set that was [kept](Self::keep) before. `Ok(None)`: there is none.
    ///
    /// # Errors
    /// [`EngineError::RuleCache`] when there is one that cannot be used: compile the rules, which replaces it.
    pub fn cached(request: &CompileRequest) -> Result<Option<Self>, EngineError> {
        let Some(place) = &request.cache else { return Ok(None) };
        let Some(CachedRules { batches, matchers, saved, findings }) = rule_cache::read(place)? else {
            return Ok(None);
        };
        let options = CompileOptions { saved: Arc::new(matchers), ..request.options() };
        // One thread reads the IR, this one plans what was read.
        let (set, problems, decoding) = std::thread::scope(|scope| {
            let (decoded, arriving) = sync_channel(2);
            let reader = scope.spawn(move || {
                let began = Instant::now();
                for batch in batches {
                    let read = serde_json::from_slice::<RuleBatch>(&batch).map_err(|error| unreadable_ir(&error))?;
                    if decoded.send(read).is_err() {
                        break;
                    }
                }
                Ok::<_, EngineError>(began.elapsed())
            });
            let compiled = RuleSet::compile(arriving, &options, sidewire_protocols::ALL);
            let decoding = reader.join().unwrap_or_else(|_| Err(EngineError::internal("reading rules")))?;
            let (set, problems) = compiled.map_err(|error| EngineError::Rules(error.to_string()))?;
            Ok::<_, EngineError>((set, problems, decoding))
        })?;
        if set.stats().restored < saved {
            let why = "its matchers are of another Vectorscan or another kind of processor";
            return Err(EngineError::RuleCache(format!("{}: {why}", place.folder)));
        }
        let decode_ms = decoding.as_secs_f64() * 1e3;
        let keeping = Mutex::new(None);
        Ok(Some(Self { set: Arc::new(set), problems, decode_ms, findings: Some(findings), keeping }))
    }

    /// Keeps the set where its request said, with what the rule compiler had to say. Does nothing without a place.
    ///
    /// # Errors
    /// [`EngineError::RuleCache`] when it cannot be written.
    pub fn keep(&self, findings: &str) -> Result<(), EngineError> {
        let writer = self.keeping.lock().unwrap_or_else(PoisonError::into_inner).take();
        let kept = writer.map_or(Ok(()), |writer| writer.finish(&self.set, findings));
        kept.map_err(|error| EngineError::RuleCache(error.to_string()))
    }

    /// What the rule compiler had to say of a set that was [read from disk](Self::cached).
    #[must_use]
    pub fn findings(&self) -> Option<&str> {
        self.findings.as_deref()
    }

    /// A set without rules.
    #[must_use]
    pub fn none() -> Arc<RuleSet> {
        Arc::new(RuleSet::empty())
    }

    /// The set.
    #[must_use]
    pub fn set(&self) -> Arc<RuleSet> {
        Arc::clone(&self.set)
    }

    /// What compiling cost and gave.
    #[must_use]
    pub fn stats(&self) -> RulesetStats {
        let stats = self.set.stats();
        RulesetStats {
            types: RuleType::ALL.iter().zip(stats.rules).map(|(kind, number)| (kind.name(), number as u64)).collect(),
            groups: stats.groups,
            patterns: stats.patterns,
            matchers: stats.matchers,
            restored: stats.restored,
            decode_ms: self.decode_ms,
            plan_ms: stats.plan_ms,
            compile_ms: stats.compile_ms,
            matcher: stats.backend.to_owned(),
        }
    }

    /// Rules that were left out.
    #[must_use]
    pub fn problems(&self) -> Vec<RuleProblem> {
        let tell = |problem: &LeftOutRule| RuleProblem {
            gid: problem.gid,
            sid: problem.sid,
            message: problem.reason.to_string(),
        };
        self.problems.iter().map(tell).collect()
    }
}

/// What compiling cost and gave. Milliseconds.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "run.ts")]
pub struct RulesetStats {
    /// Rules by Suricata's rule type.
    #[ts(type = "Record<string, number>")]
    pub types: BTreeMap<&'static str, u64>,
    /// Groups of rules that are tried together.
    pub groups: u32,
    /// Fast patterns.
    pub patterns: u32,
    /// Literal matchers.
    pub matchers: u32,
    /// Those of them that were read from disk.
    pub restored: u32,
    /// Reading the rules' IR.
    pub decode_ms: f64,
    /// Planning.
    pub plan_ms: f64,
    /// Making the matchers.
    pub compile_ms: f64,
    /// The literal matcher.
    pub matcher: String,
}

/// A rule that was understood but could not be compiled.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "run.ts", rename = "Problem")]
pub struct RuleProblem {
    /// Generator id.
    pub gid: u32,
    /// Signature id.
    pub sid: u32,
    /// What is the matter.
    pub message: String,
}

/// Names of stream events by number, as rules say them.
fn stream_event_names() -> &'static [&'static str] {
    static NAMES: std::sync::LazyLock<Vec<&'static str>> =
        std::sync::LazyLock::new(|| sidewire_tcp::StreamEvent::ALL.iter().map(|event| event.name()).collect());
    &NAMES
}
