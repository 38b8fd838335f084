//! What stops a run, or a part of it.

use std::path::PathBuf;

/// What stops a run, or a part of it. Odd packets never do.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A capture cannot be opened or is no capture.
    #[error("{}: {reason}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// Machine-readable kind: `capture/not-found`, `capture/no-capture`, `capture/truncated`, `capture/damaged`,
        /// `capture/link-type` and others.
        code: &'static str,
        /// True when packets before the damage were processed.
        partial: bool,
    },
    /// An output cannot be opened or written.
    #[error("{output}: cannot write: {source}")]
    Output {
        /// What it is called: a path, or a kind of sink and where it leads.
        output: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file store could not do what it should.
    #[error("file store: {0}")]
    FileStore(String),
    /// Kinds of files are wanted and cannot be had.
    #[error("kinds of files (`file.magic`, `force-magic`): {0}")]
    Magic(String),
    /// The configuration cannot be used.
    #[error("configuration: {0}")]
    Config(String),
    /// A rule set cannot be compiled.
    #[error("rules: {0}")]
    Rules(String),
    /// Compiled rules on disk that cannot be used.
    #[error("compiled rules on disk: {0}")]
    RuleCache(String),
    /// A bug of ours: a thread ended in the middle of its work.
    #[error("internal error: {0}")]
    Internal(&'static str),
    /// Bugs of ours that cost no more than what they met.
    #[error(
        "{0} times a bug in the engine was met: the packet, its flow or what was written for it is not in the results"
    )]
    Faults(u64),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// A secret that was given is none of its kind. Its value is not in the text.
    #[error("{0}")]
    Secrets(String),
}

impl EngineError {
    pub(crate) const fn internal(what: &'static str) -> Self {
        Self::Internal(what)
    }

    /// Machine-readable kind.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Capture { code, .. } => code,
            Self::Output { .. } => "output/write",
            Self::FileStore(_) => "file-store/refused",
            Self::Magic(_) => "magic/missing",
            Self::Config(_) => "config/invalid",
            Self::Rules(_) => "rules/compile",
            Self::RuleCache(_) => "rules/cache",
            Self::Internal(_) | Self::Thread(_) => "engine/internal",
            Self::Faults(_) => "engine/fault",
            Self::Secrets(_) => "secrets/invalid",
        }
    }

    /// The capture concerned, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&std::path::Path> {
        match self {
            Self::Capture { path, .. } => Some(path),
            Self::Output { .. }
            | Self::FileStore(_)
            | Self::Magic(_)
            | Self::Config(_)
            | Self::Rules(_)
            | Self::RuleCache(_)
            | Self::Internal(_)
            | Self::Faults(_)
            | Self::Thread(_)
            | Self::Secrets(_) => None,
        }
    }
}
