//! What a run is configured by, and what it comes to for each stage.

pub(crate) mod files;
mod live;
mod run_config;
mod secrets;
pub(crate) mod setup;

pub use live::{HostReport, InterfaceConfig, InterfaceReport, LiveChecksums, LiveConfig, LiveFanout, OpenedReport};
pub use run_config::{
    ChecksumMode, DecodeConfig, DefragConfig, DetectConfig, EveFormat, FileStoreOutput, FilesConfig, FlowConfig,
    FormatConfig, OutputConfig, ProtocolConfig, RuleCounts, RunConfig, SinkConfig, StatsConfig, StreamConfig,
    TransportConfig, WhenFull, XffConfig,
};
pub use secrets::{SecretSource, read_secrets};
