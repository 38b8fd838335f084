//! What `app-layer.protocols.ssh` of suricata.yaml says.

use sidewire_app_layer::{FromSettings, ProtocolSettings};

use crate::encryption::EncryptionHandling;

/// Buffers that ask for HASSH.
const HASSH_BUFFERS: &[&str] = &["ssh.hassh", "ssh.hassh.string", "ssh.hassh.server", "ssh.hassh.server.string"];

/// The settings of the protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct SshSettings {
    pub(super) encryption: EncryptionHandling,
    /// Fingerprints are made: the configuration asks for them (`hassh`), or a rule.
    pub(super) hassh: bool,
}

impl FromSettings for SshSettings {
    fn from_settings(settings: &ProtocolSettings, _: &[&()]) -> Self {
        let asked = || HASSH_BUFFERS.iter().any(|buffer| settings.is_asked(buffer));
        Self {
            encryption: EncryptionHandling::from_settings(settings),
            hassh: settings.truth("hassh").unwrap_or(false) || asked(),
        }
    }
}
