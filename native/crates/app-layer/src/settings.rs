//! What the configuration says of a protocol, as text, and how a protocol takes it into types of its own.

use std::collections::BTreeMap;

/// What the configuration says of a protocol, in a type of its own: read once for a worker, shared by its flows.
pub trait FromSettings<O = ()>: Send + Sync + 'static {
    /// Reads what stands under `app-layer.protocols.<name>`. `outputs` are the options of its events in each EVE output, for
    /// what must be kept because some output tells it.
    fn from_settings(settings: &ProtocolSettings, outputs: &[&O]) -> Self;
}

impl<O> FromSettings<O> for () {
    fn from_settings(_: &ProtocolSettings, _: &[&O]) -> Self {}
}

/// What one EVE output asks of a protocol's events, in a type of the protocol: read once for each output.
pub trait FromEveOptions: Send + Sync + 'static {
    /// Reads what stands under the protocol's own type (`outputs: - eve-log: types: - dns:`) and, for what alerts carry of
    /// it, under `alert`.
    fn from_options(own: &ProtocolSettings, alert: &ProtocolSettings) -> Self;
}

impl FromEveOptions for () {
    fn from_options(_: &ProtocolSettings, _: &ProtocolSettings) -> Self {}
}

/// A part of the configuration, flattened: `request-body-limit` -> `100kb`. Keys are relative to it; words of a list have
/// commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProtocolSettings {
    texts: BTreeMap<String, String>,
    /// Names of buffers of the protocol that rules look into.
    asked: Vec<&'static str>,
}

impl ProtocolSettings {
    /// Settings from pairs.
    #[must_use]
    pub fn new<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let texts = pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { texts, asked: Vec::new() }
    }

    /// The same for rules that look into these buffers of the protocol.
    #[must_use]
    pub fn asked(&self, buffers: impl IntoIterator<Item = &'static str>) -> Self {
        Self { texts: self.texts.clone(), asked: buffers.into_iter().collect() }
    }

    /// Do rules look into the buffer of a name? What is dear to make (`ja3-fingerprints: auto`) is made when they do.
    #[must_use]
    pub fn is_asked(&self, buffer: &str) -> bool {
        self.asked.contains(&buffer)
    }

    /// The text of a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// The items of a list of words.
    pub fn list(&self, key: &str) -> impl Iterator<Item = &str> {
        self.text(key).into_iter().flat_map(|items| items.split(',')).map(str::trim).filter(|item| !item.is_empty())
    }

    /// A whole number.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        self.text(key)?.trim().parse().ok()
    }

    /// `yes`/`true`/`on`/`1` or their opposites.
    #[must_use]
    pub fn truth(&self, key: &str) -> Option<bool> {
        match self.text(key)?.trim().to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" | "1" | "enabled" => Some(true),
            "no" | "false" | "off" | "0" | "disabled" => Some(false),
            _ => None,
        }
    }

    /// A size in octets: `100kb`, `2 MiB`, `4096`.
    #[must_use]
    pub fn size(&self, key: &str) -> Option<u64> {
        let text = self.text(key)?.trim().to_ascii_lowercase();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(digits)?;
        let factor = match unit.trim() {
            "" | "b" => 1,
            "k" | "kb" | "kib" => 1 << 10,
            "m" | "mb" | "mib" => 1 << 20,
            "g" | "gb" | "gib" => 1 << 30,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(factor)
    }
}
