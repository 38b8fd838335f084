//! Why an interface cannot be captured.

use std::io;

/// Why an interface cannot be captured, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// There is none of this name.
    #[error("there is no such interface (there are: {})", others.join(", "))]
    NoInterface {
        /// Those there are.
        others: Vec<String>,
    },
    /// This process may not.
    #[error(
        "capturing needs CAP_NET_RAW: run as root (`--user NAME` gives root's rights up once everything is open), or \
         give the program the right (systemd: AmbientCapabilities=CAP_NET_RAW)"
    )]
    NoRights,
    /// What it hands over is not known here.
    #[error(
        "its packets are of hardware type {0}, which AF_PACKET hands over in a form that is not read here; try --pcap"
    )]
    Hardware(u16),
    /// libpcap knows more link types than are decoded here, but not this one.
    #[error("libpcap cannot capture it: {0}")]
    Pcap(String),
    /// libpcap is needed and not there.
    #[error("{what} needs libpcap, which is not installed ({why}); Debian: apt-get install libpcap0.8")]
    NoPcap {
        /// What needs it.
        what: &'static str,
        /// Why it cannot be opened.
        why: String,
    },
    /// A filter that libpcap does not understand.
    #[error("the filter `{filter}` is none: {why}")]
    Filter {
        /// The filter.
        filter: String,
        /// What libpcap says.
        why: String,
    },
    /// Too little memory for a ring.
    #[error("no memory for a ring of {octets} octets; a smaller ring-size or buffer-size may fit")]
    NoMemory {
        /// Octets asked for.
        octets: u64,
    },
    /// The kernel refused a step.
    #[error("{step}: {source}")]
    Refused {
        /// What was to be done.
        step: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// There is no AF_PACKET on this system.
    #[error("AF_PACKET exists on Linux only; use --pcap")]
    NoAfPacket,
}

impl LiveError {
    /// Machine-readable kind.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoInterface { .. } => "capture/no-interface",
            Self::NoRights => "capture/no-rights",
            Self::Hardware(_) => "capture/link-type",
            Self::Pcap(_) | Self::Refused { .. } => "capture/refused",
            Self::NoPcap { .. } => "capture/no-libpcap",
            Self::Filter { .. } => "capture/filter",
            Self::NoMemory { .. } => "capture/no-memory",
            Self::NoAfPacket => "capture/unsupported",
        }
    }

    /// The last system call's error, as what step it was.
    pub(crate) fn last(step: &'static str) -> Self {
        let source = io::Error::last_os_error();
        match source.raw_os_error() {
            Some(libc::EPERM) => Self::NoRights,
            _ => Self::Refused { step, source },
        }
    }
}
