//! From the first FIN to CLOSED.

use sidewire_base::Direction::{ToClient, ToServer};
use sidewire_decode::TcpHeader;

use crate::flags::SessionFlags;
use crate::{
    StreamEvent, TcpSession, TcpState,
    segment::ArrivedSegment,
    sequence::{gt, le, lt},
    session::{SegmentContext, SegmentVerdict},
};

impl TcpSession {
    /// What every state of the shutdown does first. `None`: go on with the state's own rules.
    fn shutdown(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> Option<SegmentVerdict> {
        if arrival.has(TcpHeader::RST) {
            return Some(self.reset(arrival, scope));
        }
        if arrival.has(TcpHeader::SYN) && !arrival.has(TcpHeader::FIN) {
            return Some(scope.reject(StreamEvent::ShutdownSynResend));
        }
        if !arrival.has(TcpHeader::ACK | TcpHeader::FIN) {
            return Some(SegmentVerdict::Accept);
        }
        let checked = self.flags.has(SessionFlags::TIMESTAMPS) && !self.timestamp_is_valid(arrival, scope);
        checked.then_some(SegmentVerdict::Reject)
    }

    /// Within the window, or no window is known.
    fn fits_window(&self, arrival: &ArrivedSegment<'_>) -> bool {
        le(arrival.end, self.sides[arrival.direction].window_end)
            || self.flags.has(SessionFlags::MIDSTREAM)
            || self.flags.has(SessionFlags::ONE_SIDED)
    }

    fn beyond_window(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let own = &self.sides[arrival.direction];
        gt(arrival.sequence, own.last_ack.wrapping_add(own.window))
    }

    /// Payload, FIN, acknowledgement, window of a segment that was accepted.
    fn take(&mut self, arrival: &ArrivedSegment<'_>, expected: u32, scope: &mut SegmentContext<'_>) {
        let one_sided = self.flags.has(SessionFlags::ONE_SIDED);
        let own = &mut self.sides[arrival.direction];
        if arrival.sequence == expected {
            own.advance(arrival.end, one_sided);
        }
        if arrival.has(TcpHeader::ACK) {
            self.take_acknowledgement(arrival);
        }
        if arrival.has(TcpHeader::FIN) {
            self.end_data(arrival, scope);
        } else {
            self.data(arrival, scope);
        }
    }

    /// The server sent a FIN.
    pub(crate) fn fin_wait_1(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if let Some(verdict) = self.shutdown(arrival, scope) {
            return verdict;
        }
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        let from_server = arrival.direction == ToClient;
        let (next, peer_next, peer_ack) = (own.next, peer.next, peer.last_ack);
        let mut again = self.is_retransmission(arrival, scope);
        if arrival.has(TcpHeader::FIN) {
            again |= from_server && arrival.sequence == next.wrapping_sub(1) && arrival.acknowledgement == peer_ack;
            if !again && (lt(arrival.sequence, next.wrapping_sub(1)) || self.beyond_window(arrival)) {
                return scope.reject(StreamEvent::Fin1FinWrongSequence);
            }
            if !self.acknowledgement_is_valid(arrival, scope) {
                return scope.reject(StreamEvent::Fin1InvalidAck);
            }
            if !again {
                // A FIN of the other side that acknowledges this one ends both.
                self.enter(if arrival.has(TcpHeader::ACK) { TcpState::TimeWait } else { TcpState::Closing });
                self.take_window(arrival);
            }
            scope.outcome.retransmission |= again;
            self.take_timestamp(arrival, scope);
            if !(again && from_server) {
                self.catch_up(arrival, 1);
            }
            let expected = if from_server || !arrival.has(TcpHeader::ACK) { next.wrapping_sub(1) } else { next };
            self.take(arrival, expected, scope);
            return SegmentVerdict::Accept;
        }
        if !self.acknowledgement_is_valid(arrival, scope) {
            return scope.reject(StreamEvent::Fin1InvalidAck);
        }
        // The client confirms the FIN by acknowledging it; the server by going on after it.
        let confirms = if from_server { !again } else { !again && arrival.acknowledgement == peer_next };
        if confirms {
            if !self.fits_window(arrival) {
                return scope.reject(StreamEvent::Fin1AckWrongSequence);
            }
            let expected = if from_server { next.wrapping_sub(1) } else { next };
            if arrival.sequence == expected {
                self.enter(TcpState::FinWait2);
            }
            self.take_window(arrival);
        }
        self.take_timestamp(arrival, scope);
        self.catch_up(arrival, 1);
        let expected = if from_server { next.wrapping_sub(1) } else { next };
        self.take(arrival, expected, scope);
        self.take_sacks(arrival);
        self.sides[arrival.direction.flip()].extend_window();
        SegmentVerdict::Accept
    }

    /// The server's FIN was acknowledged.
    pub(crate) fn fin_wait_2(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if let Some(verdict) = self.shutdown(arrival, scope) {
            return verdict;
        }
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        let next = own.next;
        if arrival.has(TcpHeader::FIN) {
            let same = arrival.sequence == next.wrapping_sub(1) && arrival.acknowledgement == peer.last_ack;
            let again = same || self.is_retransmission(arrival, scope);
            if !again && (lt(arrival.sequence, next) || self.beyond_window(arrival)) {
                return scope.reject(StreamEvent::Fin2FinWrongSequence);
            }
            if !self.acknowledgement_is_valid(arrival, scope) {
                return scope.reject(StreamEvent::Fin2InvalidAck);
            }
            if !again {
                self.enter(TcpState::TimeWait);
                self.take_window(arrival);
            }
            scope.outcome.retransmission |= again;
            self.take_timestamp(arrival, scope);
            self.catch_up(arrival, 0);
            self.take(arrival, next, scope);
            return SegmentVerdict::Accept;
        }
        let again = self.is_retransmission(arrival, scope);
        if !self.acknowledgement_is_valid(arrival, scope) {
            return scope.reject(StreamEvent::Fin2InvalidAck);
        }
        if !again {
            if !self.fits_window(arrival) {
                return scope.reject(StreamEvent::Fin2AckWrongSequence);
            }
            self.take_window(arrival);
        }
        self.take_timestamp(arrival, scope);
        self.take(arrival, next, scope);
        self.take_sacks(arrival);
        self.sides[arrival.direction.flip()].extend_window();
        SegmentVerdict::Accept
    }

    /// Both sent a FIN at once.
    pub(crate) fn closing(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        if let Some(verdict) = self.shutdown(arrival, scope) {
            return verdict;
        }
        if !arrival.has(TcpHeader::ACK) {
            return SegmentVerdict::Accept;
        }
        let again = self.is_retransmission(arrival, scope);
        let next = self.sides[arrival.direction].next;
        if arrival.sequence != next {
            return scope.reject(StreamEvent::ClosingAckWrongSequence);
        }
        if !self.acknowledgement_is_valid(arrival, scope) {
            return scope.reject(StreamEvent::ClosingInvalidAck);
        }
        if !again {
            self.enter(TcpState::TimeWait);
            self.take_window(arrival);
        }
        self.take_timestamp(arrival, scope);
        self.catch_up(arrival, 0);
        self.take_acknowledgement(arrival);
        self.data(arrival, scope);
        SegmentVerdict::Accept
    }

    /// The client sent a FIN.
    pub(crate) fn close_wait(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if let Some(verdict) = self.shutdown(arrival, scope) {
            return verdict;
        }
        let again = self.is_retransmission(arrival, scope);
        let own = &self.sides[arrival.direction];
        let next = own.next;
        if arrival.has(TcpHeader::FIN) {
            if !again && (lt(arrival.sequence, next) || self.beyond_window(arrival)) {
                return scope.reject(StreamEvent::CloseWaitFinOutOfWindow);
            }
            if !self.acknowledgement_is_valid(arrival, scope) {
                return scope.reject(StreamEvent::CloseWaitInvalidAck);
            }
            if !again {
                if arrival.direction == ToClient {
                    self.enter(TcpState::LastAck);
                }
                self.take_window(arrival);
            }
            self.take_timestamp(arrival, scope);
            self.catch_up(arrival, 0);
            if arrival.has(TcpHeader::ACK) {
                self.take_acknowledgement(arrival);
            }
            if arrival.direction == ToClient && arrival.sequence == next {
                let one_sided = self.flags.has(SessionFlags::ONE_SIDED);
                self.sides[ToClient].advance(arrival.end, one_sided);
            }
            self.end_data(arrival, scope);
            return SegmentVerdict::Accept;
        }
        if !arrival.payload.is_empty() && le(arrival.end, own.last_ack) {
            return scope.reject(StreamEvent::CloseWaitPacketBeforeLastAck);
        }
        if self.beyond_window(arrival) {
            return scope.reject(StreamEvent::CloseWaitAckOutOfWindow);
        }
        if !self.acknowledgement_is_valid(arrival, scope) {
            return scope.reject(StreamEvent::CloseWaitInvalidAck);
        }
        if !again {
            self.take_window(arrival);
        }
        self.take_timestamp(arrival, scope);
        self.catch_up(arrival, 0);
        self.take(arrival, next, scope);
        SegmentVerdict::Accept
    }

    /// Both sent a FIN, the client first; its ACK is missing.
    pub(crate) fn last_ack(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        if let Some(verdict) = self.shutdown(arrival, scope) {
            return verdict;
        }
        if arrival.has(TcpHeader::FIN) || arrival.direction == ToClient {
            return SegmentVerdict::Accept;
        }
        let again = self.is_retransmission(arrival, scope);
        if !self.acknowledgement_is_valid(arrival, scope) {
            return scope.reject(StreamEvent::LastAckInvalidAck);
        }
        let next = self.sides[ToServer].next;
        if !again {
            if arrival.sequence == next || arrival.sequence == next.wrapping_add(1) {
                self.enter(TcpState::Closed);
            } else if !lt(arrival.sequence, next) {
                return scope.reject(StreamEvent::LastAckAckWrongSequence);
            }
            self.take_window(arrival);
        }
        self.take_timestamp(arrival, scope);
        self.catch_up(arrival, 0);
        self.take_acknowledgement(arrival);
        self.data(arrival, scope);
        SegmentVerdict::Accept
    }

    /// Both FINs were seen; the last ACK is missing.
    pub(crate) fn time_wait(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        if let Some(verdict) = self.shutdown(arrival, scope) {
            return verdict;
        }
        if arrival.has(TcpHeader::FIN) {
            return SegmentVerdict::Accept;
        }
        let again = self.is_retransmission(arrival, scope);
        let own = &self.sides[arrival.direction];
        if !again {
            let (first, second) = match arrival.direction {
                ToServer => (own.next, own.next.wrapping_add(1)),
                ToClient => (own.next.wrapping_sub(1), own.next),
            };
            if arrival.sequence != first && arrival.sequence != second {
                if arrival.direction == ToClient && !arrival.payload.is_empty() && arrival.sequence == own.last_ack {
                    return SegmentVerdict::Accept;
                }
                return scope.reject(StreamEvent::TimeWaitAckWrongSequence);
            }
        }
        if !self.acknowledgement_is_valid(arrival, scope) {
            return scope.reject(StreamEvent::TimeWaitInvalidAck);
        }
        if !again {
            self.enter(TcpState::Closed);
            self.take_window(arrival);
        }
        self.take_timestamp(arrival, scope);
        self.catch_up(arrival, 0);
        self.take_acknowledgement(arrival);
        self.data(arrival, scope);
        SegmentVerdict::Accept
    }
}
