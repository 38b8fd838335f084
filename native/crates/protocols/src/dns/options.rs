//! What EVE tells of DNS: `outputs.eve-log.types.dns`.

use sidewire_app_layer::Settings;

use super::rrtype::TYPES;

/// How `dns` events are written. `version` 3 has one event for each message, 2 one for each question or answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DnsLogOptions {
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

impl Default for DnsLogOptions {
    fn default() -> Self {
        Self { version: 3, requests: true, responses: true, detailed: true, grouped: true, types: None }
    }
}

impl DnsLogOptions {
    /// How alerts tell of a message, whatever its own events are like.
    pub(crate) const IN_ALERTS: Self =
        Self { version: 3, requests: true, responses: true, detailed: true, grouped: false, types: None };

    /// Reads `eve.*`.
    pub(crate) fn new(settings: &Settings) -> Self {
        let list = |name: &str| (0..).map_while(|n| settings.text(&format!("eve.{name}.{n}"))).collect::<Vec<_>>();
        let formats = list("formats");
        let format = |name: &str| formats.is_empty() || formats.iter().any(|format| format.eq_ignore_ascii_case(name));
        let types = list("types");
        let truth = |name: &str| settings.truth(name).unwrap_or(true);
        Self {
            version: if settings.number("eve.version") == Some(2) { 2 } else { 3 },
            requests: truth("eve.requests"),
            responses: truth("eve.responses"),
            detailed: format("detailed"),
            grouped: format("grouped"),
            types: (!types.is_empty()).then(|| {
                let named = |name: &str| types.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
                (0..).zip(TYPES).filter(|(_, (name, _))| named(name)).fold(0, |bits, (at, _)| bits | 1_u64 << at)
            }),
        }
    }

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

    fn options(pairs: &[(&str, &str)]) -> DnsLogOptions {
        DnsLogOptions::new(&Settings::new(pairs.iter().map(|(key, value)| ((*key).into(), (*value).into()))))
    }

    #[test]
    fn reads_what_is_to_be_told() {
        assert!(TYPES.len() <= 64, "a bit each");
        assert_eq!(options(&[]), DnsLogOptions::default());
        assert!(options(&[]).tells(64), "a type without a name");
        let some = options(&[
            ("eve.version", "2"),
            ("eve.requests", "no"),
            ("eve.formats.0", "grouped"),
            ("eve.types.0", "aaaa"),
            ("eve.types.1", "uri"),
        ]);
        assert_eq!((some.version, some.requests, some.responses), (2, false, true));
        assert!(some.grouped && !some.detailed);
        assert!(some.tells(rrtype::AAAA) && some.tells(256) && !some.tells(rrtype::A) && !some.tells(64));
    }
}
