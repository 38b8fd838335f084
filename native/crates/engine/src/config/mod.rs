//! What a run is configured by, and what it comes to for each stage.

mod run_config;
mod secrets;
pub(crate) mod setup;

pub use run_config::{
    ChecksumMode, DecodeConfig, DefragConfig, DetectConfig, EveOutput, FastOutput, FlowConfig, ProtocolConfig,
    RuleCounts, RunConfig, StatsConfig, StreamConfig, XffConfig,
};
pub use secrets::{SecretSource, read_secrets};
