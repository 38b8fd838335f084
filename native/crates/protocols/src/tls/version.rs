//! Versions of SSL and TLS as they stand on the wire, and how Suricata spells them.

use core::fmt;

/// A version as two octets of the wire say it. RFC 8446 section 4.1.2 and appendix D.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TlsVersion(pub(super) u16);

impl TlsVersion {
    /// Nothing said yet.
    pub(super) const UNKNOWN: Self = Self(0);
    pub(super) const SSL2: Self = Self(0x0002);
    pub(super) const SSL3: Self = Self(0x0300);
    pub(super) const TLS10: Self = Self(0x0301);
    pub(super) const TLS11: Self = Self(0x0302);
    pub(super) const TLS12: Self = Self(0x0303);
    pub(super) const TLS13: Self = Self(0x0304);
    /// Suricata's value for the drafts of TLS 1.3 before the sixteenth, which did not say which one they were.
    pub(super) const EARLY_DRAFT: Self = Self(0x7f01);

    /// True for the versions a record may have: SSL 3.0 to TLS 1.3 and the drafts that were in use.
    pub(super) const fn is_valid(self) -> bool {
        matches!(self.0, 0x0300..=0x0304 | 0x7f01 | 0x7f10..=0x7f1c | 0xfb14..=0xfb17 | 0xfb1a)
    }

    /// True when a server hello names, in the place of earlier versions, one of the first drafts of TLS 1.3 (up to 21).
    pub(super) const fn is_draft_in_hello(self) -> bool {
        self.0 == Self::TLS13.0 || self.0 >> 8 == 0x7f
    }

    /// What is kept of the version of a hello: drafts that do not say which one they are become one value.
    pub(super) const fn of_hello(self) -> Self {
        match self.0 {
            0x0304 | 0x7f01..=0x7f0f => Self::EARLY_DRAFT,
            _ => self,
        }
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UNKNOWN => f.write_str("UNDETERMINED"),
            Self::SSL2 => f.write_str("SSLv2"),
            Self::SSL3 => f.write_str("SSLv3"),
            Self::TLS10 => f.write_str("TLSv1"),
            Self::TLS11 => f.write_str("TLS 1.1"),
            Self::TLS12 => f.write_str("TLS 1.2"),
            Self::TLS13 => f.write_str("TLS 1.3"),
            Self::EARLY_DRAFT => f.write_str("TLS 1.3 draft-<16"),
            Self(draft @ 0x7f10..=0x7f1c) => write!(f, "TLS 1.3 draft-{}", draft & 0xff),
            // Drafts as one large site deployed them.
            Self(draft @ (0xfb14..=0xfb17 | 0xfb1a)) => write!(f, "TLS 1.3 draft-{}-fb", draft & 0xff),
            Self(other) => write!(f, "0x{other:04x}"),
        }
    }
}

/// True for the values clients scatter through their lists so that servers learn to ignore what they do not know.
/// RFC 8701 section 2.
pub(super) const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_spelt_as_suricata_does() {
        let names = [0, 2, 0x0300, 0x0301, 0x0303, 0x0304, 0x7f01, 0x7f1c, 0xfb1a, 0x1234];
        let spelt = names.map(|version| TlsVersion(version).to_string());
        let wanted = [
            "UNDETERMINED",
            "SSLv2",
            "SSLv3",
            "TLSv1",
            "TLS 1.2",
            "TLS 1.3",
            "TLS 1.3 draft-<16",
            "TLS 1.3 draft-28",
            "TLS 1.3 draft-26-fb",
            "0x1234",
        ];
        assert_eq!(spelt, wanted);
    }

    #[test]
    fn grease_is_both_octets_alike() {
        assert!((0..=0xffff_u16).filter(|value| is_grease(*value)).count() == 16);
        assert!(is_grease(0x0a0a) && is_grease(0xfafa) && !is_grease(0x0a1a));
    }
}
