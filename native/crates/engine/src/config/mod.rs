//! What a run is configured by, and what it comes to for each stage.

pub(crate) mod files;
mod run_config;
mod secrets;
pub(crate) mod setup;

pub use run_config::{
    ChecksumMode, DecodeConfig, DefragConfig, DetectConfig, EveOutput, FastOutput, FileStoreOutput, FilesConfig,
    FlowConfig, ProtocolConfig, RuleCounts, RunConfig, StatsConfig, StreamConfig, TransportConfig, XffConfig,
};
pub use secrets::{SecretSource, read_secrets};
