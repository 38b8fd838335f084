//! What can be odd about a message.

/// What can be odd about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MimeFault {
    /// More headers, parts in parts, or links than are followed.
    TooMuch,
    /// A character that base64 does not have.
    InvalidBase64,
    /// An escape that quoted-printable does not have.
    InvalidQuotedPrintable,
    /// A line beyond 998 octets. [RFC 5322] 2.1.1.
    LongLine,
    /// An encoded line beyond 76 octets. [RFC 2045] 6.7, 6.8.
    LongEncodedLine,
    /// A name of a header beyond 75 octets.
    LongHeaderName,
    /// A value of a header beyond what is kept.
    LongHeaderValue,
    /// A boundary beyond 254 octets.
    LongBoundary,
    /// A name of a file beyond 255 octets.
    LongFilename,
}

impl MimeFault {
    pub(crate) const ALL: [Self; 9] = [
        Self::TooMuch,
        Self::InvalidBase64,
        Self::InvalidQuotedPrintable,
        Self::LongLine,
        Self::LongEncodedLine,
        Self::LongHeaderName,
        Self::LongHeaderValue,
        Self::LongBoundary,
        Self::LongFilename,
    ];
}

/// A set of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MimeFaults(u16);

impl MimeFaults {
    pub(super) const fn add(&mut self, fault: MimeFault) {
        self.0 |= 1 << fault as u16;
    }

    pub(super) const fn add_if(&mut self, odd: bool, fault: MimeFault) {
        if odd {
            self.add(fault);
        }
    }

    /// Takes what was noted since the last call.
    pub(super) const fn take(&mut self) -> Self {
        core::mem::replace(self, Self(0))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = MimeFault> {
        MimeFault::ALL.into_iter().filter(move |fault| self.0 >> *fault as u16 & 1 == 1)
    }
}
