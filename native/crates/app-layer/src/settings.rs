use std::collections::BTreeMap;

/// A protocol's part of the configuration, flattened: `request-body-limit` -> `100kb`. Keys are relative to
/// `app-layer.protocols.<name>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Settings from pairs.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The text of a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
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
