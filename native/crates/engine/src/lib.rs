//! The engine: reading, sharding, workers, sinks, statistics. The only crate with threads.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod catalog;
mod config;
mod counters;
mod error;
mod explain;
mod faults;
mod hunt;
mod incident;
mod live;
mod output;
mod pipeline;
mod profile;
mod report;
mod rule_cache;
mod rules;
mod run;
mod run_rules;
mod service_manager;
mod source;
mod stats;
mod summary;
mod worker;

pub use catalog::catalog;
pub use config::{
    ChecksumMode, DecodeConfig, DefragConfig, DetectConfig, EveFormat, FileStoreOutput, FilesConfig, FlowConfig,
    FormatConfig, HostReport, InterfaceConfig, InterfaceReport, LiveChecksums, LiveConfig, LiveFanout, OpenedReport,
    OutputConfig, ProtocolConfig, RuleCounts, RunConfig, SecretSource, SinkConfig, StatsConfig, StreamConfig,
    TransportConfig, WhenFull, XffConfig, read_secrets,
};
pub use error::EngineError;
pub use explain::{ExplainedRule, FlowTrace, FrameOf, RuleResult, RuleStage, Trace, explain};
pub use hunt::{
    Hunt, HuntConfig, HuntProgress, HuntReport, LogReport, SigmaFailure, SigmaRequest, SigmaRules, SigmaTotal,
    SigmaTrace, TracePlace, UnseenField, explain_sigma,
};
pub use incident::{JoinReport, JoinRequest, join_incidents};
pub use live::{LiveCapture, confine_process, drop_rights, host_report};
pub use profile::{RuleCost, RuleProfile, profile};
pub use report::{AlertTotal, CaptureReport, NoticeReport, RunError, RunProgress, RunReport};
pub use rule_cache::CachePlace;
pub use rules::{CompileRequest, CompiledRules, Matcher, RuleCompiler, RuleProblem, RulesetStats};
pub use run::Run;
pub use run_rules::RunRules;
pub use service_manager::notify_service_manager;
pub use sidewire_msrpc::security::DecryptionSecrets;
pub use stats::{OutputTotal, RunStats, WorkerStats};
pub use summary::Summary;

/// Version of libmagic, which names kinds of files; `None` where it is not installed.
#[must_use]
pub fn magic_version() -> Option<String> {
    sidewire_magic::Magic::version().ok()
}
