//! The engine: reading, sharding, workers, sinks, statistics. The only crate with threads.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod config;
mod counters;
mod error;
mod explain;
mod output;
mod pipeline;
mod report;
mod rules;
mod run;
mod source;
mod summary;
mod worker;

pub use config::{
    ChecksumMode, DecodeConfig, DefragConfig, DetectConfig, EveFormat, FileStoreOutput, FilesConfig, FlowConfig,
    FormatConfig, OutputConfig, ProtocolConfig, RuleCounts, RunConfig, SecretSource, SinkConfig, StatsConfig,
    StreamConfig, TransportConfig, WhenFull, XffConfig, read_secrets,
};
pub use error::EngineError;
pub use explain::{ExplainedRule, FlowTrace, FrameOf, RuleResult, RuleStage, Trace, explain};
pub use report::{AlertTotal, OutputTotal, RunError, RunProgress, RunReport};
pub use rules::{CompileRequest, Matcher, RuleCompiler, RuleProblem, Rules, RulesetStats};
pub use run::Run;
pub use sidewire_msrpc::security::Secrets;
pub use summary::Summary;

/// The keywords this engine has: header fields, and the buffers and events of its protocols.
#[must_use]
pub fn catalog() -> sidewire_ir::Catalog {
    sidewire_detect::catalog(sidewire_protocols::ALL)
}

/// Version of libmagic, which names kinds of files; `None` where it is not installed.
#[must_use]
pub fn magic_version() -> Option<String> {
    sidewire_magic::Magic::version().ok()
}

#[cfg(test)]
mod tests {
    /// Writes `catalog.json` beside the exported types, as they are written: the rule compiler reads it.
    #[test]
    fn export_bindings_catalog() {
        let Ok(folder) = std::env::var("TS_RS_EXPORT_DIR") else { return };
        let mut text = serde_json::to_string_pretty(&super::catalog()).unwrap();
        text.push('\n');
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join("catalog.json"), text).unwrap();
    }
}
