//! Whether acknowledgements, RSTs and timestamps are believed.

use sidewire_base::Direction;
use sidewire_decode::TcpHeader;

use crate::flags::SessionFlags;
use crate::{
    OverlapPolicy, StreamEvent, TcpSession, TcpState,
    segment::ArrivedSegment,
    sequence::{ge, gt, le, lt},
    session::SegmentContext,
};

/// After so long without a segment a timestamp clock may have wrapped (RFC 7323, 5.5), in seconds.
const TIMESTAMP_LIFETIME: u32 = 24 * 24 * 3600;

impl TcpSession {
    /// Does the acknowledgement number lie in what the peer may have sent? Without the ACK flag there is nothing to judge.
    pub(crate) fn acknowledgement_is_valid(
        &self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> bool {
        let peer = &self.sides[arrival.direction.flip()];
        let ack = arrival.acknowledgement;
        if !arrival.has(TcpHeader::ACK) || gt(ack, peer.last_ack) && le(ack, peer.window_end) || ack == peer.last_ack {
            return true;
        }
        let valid = if lt(ack, peer.last_ack) {
            // An old one, but not older than a window.
            peer.window == 0 || ge(ack, peer.last_ack.wrapping_sub(peer.window))
        } else if self.flags.has(SessionFlags::ONE_SIDED) {
            true
        } else {
            // An RST that answers a SYN acknowledges it as a SYN/ACK would.
            self.state == TcpState::SynSent
                && arrival.direction == Direction::ToClient
                && arrival.has(TcpHeader::RST)
                && ack == peer.isn.wrapping_add(1)
        };
        if !valid {
            scope.event(StreamEvent::PacketInvalidAck);
        }
        valid
    }

    /// Would the receiver obey this RST?
    pub(crate) fn reset_is_valid(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> bool {
        if self.flags.has(SessionFlags::LOSSY) {
            return true;
        }
        if self.flags.has(SessionFlags::TIMESTAMPS) && !self.timestamp_is_valid(arrival, scope) {
            return false;
        }
        if !arrival.payload.is_empty() {
            scope.event(StreamEvent::RstWithData);
        }
        if arrival.has(TcpHeader::ACK) && arrival.acknowledgement != 0 && !self.acknowledgement_is_valid(arrival, scope)
        {
            scope.event(StreamEvent::RstInvalidAck);
            return false;
        }
        let own = &mut self.sides[arrival.direction];
        if is_authenticated(arrival) {
            // The receiver may reject it; if the sender goes on, it was injected.
            own.reset_sent = true;
        }
        if self.flags.has(SessionFlags::ONE_SIDED) {
            return ge(arrival.sequence, own.next);
        }
        match own.policy {
            OverlapPolicy::HpUx11 => ge(arrival.sequence, own.next),
            OverlapPolicy::OldLinux | OverlapPolicy::Linux | OverlapPolicy::Solaris | OverlapPolicy::OldSolaris => {
                ge(arrival.end, own.last_ack) && lt(arrival.sequence, own.next.wrapping_add(own.window))
            }
            _ => arrival.sequence == own.next,
        }
    }

    /// Protection against wrapped sequence numbers (RFC 7323, 5), as the receiver's system does it. An old timestamp is an
    /// event.
    pub(crate) fn timestamp_is_valid(&self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> bool {
        let Some((timestamp, _)) = arrival.tcp.options.timestamps else { return true };
        let own = &self.sides[arrival.direction];
        let in_order = own.next == arrival.sequence;
        let mut check = own.policy != OverlapPolicy::HpUx11 || in_order;
        if own.zero_timestamp {
            match own.policy {
                OverlapPolicy::Linux | OverlapPolicy::Windows2k3 => check = false,
                OverlapPolicy::OldLinux | OverlapPolicy::Windows | OverlapPolicy::Vista if in_order => check = false,
                _ => {}
            }
        }
        let takes_zero = matches!(
            own.policy,
            OverlapPolicy::OldLinux
                | OverlapPolicy::Windows
                | OverlapPolicy::Windows2k3
                | OverlapPolicy::Vista
                | OverlapPolicy::Solaris
                | OverlapPolicy::OldSolaris
        );
        let valid = if timestamp == 0 && !takes_zero {
            false
        } else {
            !check || self.timestamp_advances(timestamp, arrival, scope) || in_order && self.timestamp_expired(arrival)
        };
        if !valid {
            scope.event(StreamEvent::PacketInvalidTimestamp);
        }
        valid
    }

    fn timestamp_advances(&self, timestamp: u32, arrival: &ArrivedSegment<'_>, scope: &SegmentContext<'_>) -> bool {
        let own = &self.sides[arrival.direction];
        // Linux takes one that is off by one.
        let slack = u32::from(own.policy == OverlapPolicy::Linux || scope.config.liberal_timestamps);
        let difference = timestamp.wrapping_sub(own.last_timestamp).wrapping_add(slack) as i32;
        difference >= 0 && (own.last_timestamp == 0 || !self.timestamp_expired(arrival))
    }

    fn timestamp_expired(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let own = &self.sides[arrival.direction];
        let unknown = own.last_timestamp_at == 0 && self.flags.has(SessionFlags::MIDSTREAM);
        !unknown && arrival.seconds > own.last_timestamp_at.saturating_add(TIMESTAMP_LIFETIME)
    }

    /// Remembers the timestamp of a segment that was accepted.
    pub(crate) fn take_timestamp(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) {
        if !self.flags.has(SessionFlags::TIMESTAMPS) {
            return;
        }
        let Some((timestamp, _)) = arrival.tcp.options.timestamps else {
            // Solaris stops using timestamps when one is missing.
            if matches!(self.sides[arrival.direction].policy, OverlapPolicy::Solaris | OverlapPolicy::OldSolaris) {
                self.flags.remove(SessionFlags::TIMESTAMPS);
            }
            return;
        };
        let valid = self.timestamp_is_valid(arrival, scope);
        let own = &mut self.sides[arrival.direction];
        let in_order = own.next == arrival.sequence;
        if own.zero_timestamp {
            match own.policy {
                OverlapPolicy::Linux | OverlapPolicy::Windows2k3 => {
                    // They do not negotiate timestamps with a zero one.
                    self.flags.remove(SessionFlags::TIMESTAMPS);
                    return;
                }
                OverlapPolicy::OldLinux | OverlapPolicy::Windows | OverlapPolicy::Vista => {
                    own.zero_timestamp = false;
                    if in_order {
                        own.last_timestamp = timestamp;
                        return;
                    }
                }
                _ => {}
            }
        }
        if valid {
            if in_order {
                own.last_timestamp = timestamp;
            }
            own.last_timestamp_at = arrival.seconds;
        }
    }
}

/// Carries an MD5 signature (RFC 2385) or an authentication option (RFC 5925).
fn is_authenticated(arrival: &ArrivedSegment<'_>) -> bool {
    arrival.option_kinds().any(|kind| matches!(kind, 19 | 29))
}
