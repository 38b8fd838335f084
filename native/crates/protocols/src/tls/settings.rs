//! What `app-layer.protocols.tls` of suricata.yaml says, and the options of EVE's `tls`.

use sidewire_app_layer::{FromEveOptions, FromSettings, ProtocolSettings};

use super::fields::TlsFields;
use crate::encryption::EncryptionHandling;

/// The settings of the protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct TlsSettings {
    pub(super) encryption: EncryptionHandling,
    /// Members of EVE's `tls` that are not made: JA3 is when it is asked for (`ja3-fingerprints`), by the configuration or
    /// a rule.
    pub(super) unwritten: TlsFields,
}

/// Buffers that ask for JA3.
const JA3_BUFFERS: &[&str] = &["ja3.hash", "ja3.string", "ja3s.hash", "ja3s.string"];

/// `yes`, `no`, or `auto`: when a rule asks for it.
fn is_wanted(settings: &ProtocolSettings, key: &str, buffers: &[&str]) -> bool {
    settings.truth(key).unwrap_or_else(|| buffers.iter().any(|buffer| settings.is_asked(buffer)))
}

impl FromSettings<EveTlsOptions> for TlsSettings {
    fn from_settings(settings: &ProtocolSettings, _: &[&EveTlsOptions]) -> Self {
        let told = settings.text("encryption-handling").is_some();
        let encryption = match settings.truth("no-reassemble") {
            Some(true) if !told => EncryptionHandling::Bypass,
            _ => EncryptionHandling::from_settings(settings),
        };
        let ja3 = is_wanted(settings, "ja3-fingerprints", JA3_BUFFERS);
        Self { encryption, unwritten: if ja3 { TlsFields::default() } else { TlsFields::ANY_JA3 } }
    }
}

/// What an EVE output asks of `tls` events.
#[derive(Clone, Copy, Debug)]
pub struct EveTlsOptions {
    /// Members of EVE's `tls`.
    pub(super) fields: TlsFields,
    /// Resumed sessions are told too (`session-resumption`).
    pub(super) tells_resumed: bool,
}

impl FromEveOptions for EveTlsOptions {
    fn from_options(own: &ProtocolSettings, _: &ProtocolSettings) -> Self {
        let tells_resumed = own.truth("session-resumption") != Some(false);
        let resumed = if tells_resumed { TlsFields::SESSION_RESUMED } else { TlsFields::default() };
        let custom: Vec<&str> = own.list("custom").collect();
        let fields = if !custom.is_empty() {
            TlsFields::named(custom.into_iter())
        } else if own.truth("extended") == Some(true) {
            TlsFields::EXTENDED
        } else {
            TlsFields::BASIC
        };
        Self { fields: fields.with(resumed), tells_resumed }
    }
}
