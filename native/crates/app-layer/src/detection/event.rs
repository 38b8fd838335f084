//! What can be odd about how a protocol was found.

/// What was odd about how the protocol was found. Rules name them `app-layer-event:<name>`, without a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectionEvent {
    /// The two directions were taken for different protocols.
    MismatchBothDirections,
    /// The server spoke first in a protocol where the client does.
    WrongDirectionFirstData,
    /// Only one direction could be recognised.
    OnlyOneDirection,
    /// One direction told nothing, and went on for so long that the other was not waited for.
    Skipped,
    /// After `STARTTLS`, something that is not TLS.
    NoTlsAfterStarttls,
    /// After a protocol change, another protocol than was announced.
    UnexpectedProtocol,
}

impl DetectionEvent {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::MismatchBothDirections,
        Self::WrongDirectionFirstData,
        Self::OnlyOneDirection,
        Self::Skipped,
        Self::NoTlsAfterStarttls,
        Self::UnexpectedProtocol,
    ];

    /// The name rules and EVE use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MismatchBothDirections => "applayer_mismatch_protocol_both_directions",
            Self::WrongDirectionFirstData => "applayer_wrong_direction_first_data",
            Self::OnlyOneDirection => "applayer_detect_protocol_only_one_direction",
            Self::Skipped => "applayer_proto_detection_skipped",
            Self::NoTlsAfterStarttls => "applayer_no_tls_after_starttls",
            Self::UnexpectedProtocol => "applayer_unexpected_protocol",
        }
    }
}
