//! Which members EVE's `tls` has: `extended` and `custom` of its options.

/// A set of members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TlsFields(u32);

macro_rules! fields {
    ($($constant:ident $name:literal $bit:literal)*) => {
        impl TlsFields {
            $(pub(super) const $constant: Self = Self(1 << $bit);)*
            /// Names as `custom` lists them.
            const NAMES: &[(&str, Self)] = &[$(($name, Self::$constant)),*];
        }
    };
}

fields! {
    VERSION "version" 0
    SUBJECT "subject" 1
    ISSUER "issuer" 2
    SERIAL "serial" 3
    FINGERPRINT "fingerprint" 4
    NOT_BEFORE "not_before" 5
    NOT_AFTER "not_after" 6
    SERVER_NAME "sni" 7
    CERTIFICATE "certificate" 8
    CHAIN "chain" 9
    SESSION_RESUMED "session_resumed" 10
    JA3 "ja3" 11
    JA3S "ja3s" 12
    CLIENT "client" 13
    CLIENT_CERTIFICATE "client_certificate" 14
    CLIENT_CHAIN "client_chain" 15
    JA4 "ja4" 16
    ALTERNATIVE_NAMES "subjectaltname" 17
    CLIENT_ALPNS "client_alpns" 18
    SERVER_ALPNS "server_alpns" 19
    CLIENT_HANDSHAKE "client_handshake" 20
    SERVER_HANDSHAKE "server_handshake" 21
}

impl TlsFields {
    /// Without options.
    pub(super) const BASIC: Self = Self(Self::SUBJECT.0 | Self::ISSUER.0 | Self::ALTERNATIVE_NAMES.0);

    /// What JA3 is made for.
    pub(super) const ANY_JA3: Self = Self(Self::JA3.0 | Self::JA3S.0);

    /// `extended: yes`, and in alerts.
    pub(super) const EXTENDED: Self = Self(
        Self::BASIC.0
            | Self::VERSION.0
            | Self::SERIAL.0
            | Self::FINGERPRINT.0
            | Self::NOT_BEFORE.0
            | Self::NOT_AFTER.0
            | Self::JA3.0
            | Self::JA3S.0
            | Self::JA4.0
            | Self::CLIENT.0
            | Self::CLIENT_ALPNS.0
            | Self::SERVER_ALPNS.0
            | Self::SERVER_NAME.0,
    );

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn has(self, field: Self) -> bool {
        self.0 & field.0 != 0
    }

    /// Of names in a list; those that are no members are left out.
    pub(super) fn named<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let of = |name: &str| Self::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let all = names.filter_map(of).fold(Self::default(), |all, (_, field)| all.with(*field));
        if all.has(Self::CLIENT_CERTIFICATE.with(Self::CLIENT_CHAIN)) { all.with(Self::CLIENT) } else { all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names() {
        let fields = TlsFields::named(["subject", "SNI", "no_such"].into_iter());
        assert_eq!(fields, TlsFields::SUBJECT.with(TlsFields::SERVER_NAME));
        assert!(TlsFields::named(["client_chain"].into_iter()).has(TlsFields::CLIENT));
    }
}
