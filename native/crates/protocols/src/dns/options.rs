//! What EVE tells of DNS: `outputs.eve-log.types.dns`.

use sidewire_app_layer::{FromEveOptions, ProtocolSettings};

use super::rrtype::TYPES;

/// How `dns` events are written. `version` 3 has one event for each message, 2 one for each question or answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EveDnsOptions {
    pub(crate) version: u8,
    /// `requests`, in version 1 `query`.
    pub(crate) requests: bool,
    /// `responses`.
    pub(crate) responses: bool,
    /// `formats`: an object for each answer.
    pub(crate) detailed: bool,
    /// `formats`: values of answers by type.
    pub(crate) grouped: bool,
    /// `types`: messages with a question of one of these, a bit each by its place in [`TYPES`]. `None`: all.
    types: Option<u64>,
}

impl Default for EveDnsOptions {
    fn default() -> Self {
        Self { version: 3, requests: true, responses: true, detailed: true, grouped: true, types: None }
    }
}

impl FromEveOptions for EveDnsOptions {
    fn from_options(own: &ProtocolSettings, _: &ProtocolSettings) -> Self {
        let formats: Vec<_> = own.list("formats").collect();
        let format = |name: &str| formats.is_empty() || formats.iter().any(|format| format.eq_ignore_ascii_case(name));
        let types: Vec<_> = own.list("types").collect();
        let truth = |name: &str| own.truth(name).unwrap_or(true);
        Self {
            version: if own.number("version") == Some(2) { 2 } else { 3 },
            requests: truth("requests"),
            responses: truth("responses"),
            detailed: format("detailed"),
            grouped: format("grouped"),
            types: (!types.is_empty()).then(|| {
                let named = |name: &str| types.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
                (0..).zip(TYPES).filter(|(_, (name, _))| named(name)).fold(0, |bits, (at, _)| bits | 1_u64 << at)
            }),
        }
    }
}

impl EveDnsOptions {
    /// How alerts tell of a message, whatever its own events are like.
    pub(crate) const IN_ALERTS: Self =
        Self { version: 3, requests: true, responses: true, detailed: true, grouped: false, types: None };

    /// Are messages that ask for this type told?
    pub(crate) fn tells(&self, rrtype: u16) -> bool {
        let Some(types) = self.types else { return true };
        let at = TYPES.binary_search_by_key(&u64::from(rrtype), |(_, value)| *value);
        at.is_ok_and(|at| types >> at & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rrtype;
    use super::*;

    fn options(pairs: &[(&'static str, &'static str)]) -> EveDnsOptions {
        EveDnsOptions::from_options(&ProtocolSettings::new(pairs.iter().copied()), &ProtocolSettings::default())
    }

    #[test]
    fn reads_what_is_to_be_told() {
        assert!(TYPES.len() <= 64, "a bit each");
        assert_eq!(options(&[]), EveDnsOptions::default());
        assert!(options(&[]).tells(64), "a type without a name");
        let some = options(&[("version", "2"), ("requests", "no"), ("formats", "grouped"), ("types", "aaaa,uri")]);
        assert_eq!((some.version, some.requests, some.responses), (2, false, true));
        assert!(some.grouped && !some.detailed);
        assert!(some.tells(rrtype::AAAA) && some.tells(256) && !some.tells(rrtype::A) && !some.tells(64));
    }
}
