//! What `app-layer.protocols.ftp` of suricata.yaml says.

use sidewire_app_layer::{FromSettings, ProtocolSettings};

/// The settings of the protocol.
#[derive(Clone, Copy, Debug)]
pub struct FtpSettings {
    /// Commands that may wait for their reply (`max-tx`).
    pub(super) max_transactions: usize,
    /// Octets that are kept of a line (`max-line-length`).
    pub(super) max_line: usize,
}

impl FromSettings for FtpSettings {
    fn from_settings(settings: &ProtocolSettings, _: &[&()]) -> Self {
        let at_least_one = |key: &str, usual: u64| {
            let number = settings.size(key).filter(|number| *number > 0).unwrap_or(usual);
            usize::try_from(number).unwrap_or(usize::MAX)
        };
        Self {
            max_transactions: at_least_one("max-tx", 1024),
            // More octets than this no stream holds for a parser.
            max_line: at_least_one("max-line-length", 4096).min(64 * 1024),
        }
    }
}
