//! The engine: reading, sharding, workers, sinks, statistics. The only crate with threads.

mod config;

pub use config::{
    ChecksumMode, DecodeConfig, DefragConfig, DetectConfig, EveOutput, FlowConfig, ProtocolConfig, RunConfig,
    StreamConfig, XffConfig,
};
