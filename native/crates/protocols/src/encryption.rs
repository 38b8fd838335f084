//! What becomes of flows that are encrypted (`encryption-handling`).

use sidewire_app_layer::ProtocolSettings;

/// What becomes of a flow that is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EncryptionHandling {
    /// Its records are followed; rules on the payload look at none of them.
    #[default]
    TrackOnly,
    /// It is not looked at any more.
    Bypass,
    /// As any other flow.
    Full,
}

impl EncryptionHandling {
    /// What the settings of a protocol say.
    pub(crate) fn from_settings(settings: &ProtocolSettings) -> Self {
        match settings.text("encryption-handling") {
            Some("full") => Self::Full,
            Some("bypass") => Self::Bypass,
            _ => Self::TrackOnly,
        }
    }
}
