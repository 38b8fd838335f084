//! What `app-layer.protocols.tls` of suricata.yaml says.

use sidewire_app_layer::Settings;

use super::fields::TlsFields;

/// What becomes of a flow that is encrypted (`encryption-handling`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Its records are followed; rules on the payload look at none of them.
    #[default]
    TrackOnly,
    /// It is not looked at any more.
    Bypass,
    /// As any other flow.
    Full,
}

/// The settings of the protocol.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TlsSettings {
    pub(super) encryption: Encryption,
    /// Members of EVE's `tls`.
    pub(super) fields: TlsFields,
    /// Members of `tls` in alerts.
    pub(super) alert_fields: TlsFields,
    /// Resumed sessions are told too (`session-resumption`).
    pub(super) tells_resumed: bool,
}

impl TlsSettings {
    pub(super) fn new(settings: &Settings) -> Self {
        let bypass = settings.truth("no-reassemble") == Some(true);
        let encryption = match settings.text("encryption-handling") {
            Some("full") => Encryption::Full,
            Some("bypass") => Encryption::Bypass,
            None if bypass => Encryption::Bypass,
            _ => Encryption::TrackOnly,
        };
        let tells_resumed = settings.truth("eve.session-resumption") != Some(false);
        let resumed = if tells_resumed { TlsFields::SESSION_RESUMED } else { TlsFields::default() };
        let custom: Vec<&str> = (0..).map_while(|nth| settings.text(&format!("eve.custom.{nth}"))).collect();
        let fields = if !custom.is_empty() {
            TlsFields::named(custom.into_iter())
        } else if settings.truth("eve.extended") == Some(true) {
            TlsFields::EXTENDED
        } else {
            TlsFields::BASIC
        };
        // JA3 is made when it is asked for (`ja3-fingerprints`), by the configuration or a rule.
        let ja3 =
            if settings.truth("ja3-fingerprints") == Some(true) { TlsFields::default() } else { TlsFields::ANY_JA3 };
        Self {
            encryption,
            fields: fields.with(resumed).without(ja3),
            alert_fields: TlsFields::EXTENDED.without(ja3),
            tells_resumed,
        }
    }
}
