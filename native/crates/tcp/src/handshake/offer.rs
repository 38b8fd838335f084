//! What a SYN or SYN/ACK offers.

use crate::segment::ArrivedSegment;

/// The greatest window scale (RFC 7323, 2.3): assumed when the handshake was not seen.
pub(super) const SCALE_MAX: u8 = 14;

/// What a SYN or SYN/ACK offers. Kept for those that were sent again with other contents, until it is clear which one the
/// peer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandshakeOffer {
    pub(super) sequence: u32,
    pub(super) acknowledgement: u32,
    pub(super) window: u16,
    pub(super) scale: Option<u8>,
    pub(super) timestamp: Option<u32>,
    pub(super) sack: bool,
    pub(super) seconds: u32,
}

impl HandshakeOffer {
    pub(super) fn of(arrival: &ArrivedSegment<'_>) -> Self {
        let options = &arrival.tcp.options;
        Self {
            sequence: arrival.sequence,
            acknowledgement: arrival.acknowledgement,
            window: arrival.tcp.window,
            scale: options.window_scale.map(|scale| scale.min(SCALE_MAX)),
            timestamp: options.timestamps.map(|(value, _)| value),
            sack: options.sack_permitted,
            seconds: arrival.seconds,
        }
    }

    /// The same, whenever it was sent.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Self { seconds: 0, ..*self } == Self { seconds: 0, ..*other }
    }
}
