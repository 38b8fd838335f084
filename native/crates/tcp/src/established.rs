//! ESTABLISHED, and what ends it: FIN and RST.

use sidewire_base::Direction::{ToClient, ToServer};
use sidewire_decode::TcpHeader;

use crate::flags::SessionFlags;
use crate::{
    StreamEvent, TcpSession, TcpState,
    segment::ArrivedSegment,
    sequence::{ge, gt, le, lt},
    session::{SegmentContext, SegmentVerdict},
};

impl TcpSession {
    /// The handshake is complete.
    pub(crate) fn established(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if arrival.has(TcpHeader::RST) {
            let verdict = self.reset(arrival, scope);
            if verdict == SegmentVerdict::Accept {
                let own = &mut self.sides[arrival.direction];
                own.next = arrival.end.wrapping_add(u32::from(arrival.direction == ToClient));
                self.sides[arrival.direction.flip()].next = arrival.acknowledgement;
            }
            return verdict;
        }
        if arrival.is_syn_ack() && !arrival.has(TcpHeader::FIN) {
            return self.syn_ack_again(arrival, scope);
        }
        if arrival.has(TcpHeader::SYN) && !arrival.has(TcpHeader::FIN) {
            return self.syn_again(arrival, scope);
        }
        if !arrival.has(TcpHeader::ACK | TcpHeader::FIN) {
            return SegmentVerdict::Accept;
        }
        if self.flags.has(SessionFlags::TIMESTAMPS) && !self.timestamp_is_valid(arrival, scope) {
            return SegmentVerdict::Reject;
        }
        if arrival.has(TcpHeader::FIN) {
            return self.finish(arrival, scope);
        }
        self.flags.add_if(SessionFlags::CONFIRMED, arrival.direction == ToClient);
        if !self.transfer(arrival, scope) {
            // Rejected, but nothing to drop: the receiver judges it by itself.
            scope.outcome.valid = false;
        }
        SegmentVerdict::Accept
    }

    fn syn_ack_again(&self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        if arrival.direction == ToServer {
            return scope.reject(StreamEvent::EstablishedSynAckToServer);
        }
        if arrival.acknowledgement != self.sides[ToServer].last_ack {
            return scope.reject(StreamEvent::EstablishedSynAckResendWithDifferentAck);
        }
        if arrival.sequence != self.sides[ToClient].isn {
            return scope.reject(StreamEvent::EstablishedSynAckResendWithDifferentSequence);
        }
        if self.flags.has(SessionFlags::CONFIRMED) {
            return scope.reject(StreamEvent::EstablishedSynAckResend);
        }
        // The server has not seen the last ACK of the handshake.
        SegmentVerdict::Accept
    }

    fn syn_again(&self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        scope.reject(if arrival.direction == ToClient {
            StreamEvent::EstablishedSynToClient
        } else if arrival.acknowledgement == self.sides[ToServer].isn {
            // Suricata compares the acknowledgement number. Rules are written for what it reports.
            StreamEvent::EstablishedSynResend
        } else {
            StreamEvent::EstablishedSynResendDifferentSequence
        })
    }

    /// An ordinary segment. False when it is rejected.
    fn transfer(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> bool {
        let peer = &self.sides[arrival.direction.flip()];
        if arrival.has(TcpHeader::ACK) {
            if peer.probed && arrival.acknowledgement == peer.next.wrapping_add(1) {
                scope.event(StreamEvent::EstablishedAckZeroWindowProbe);
            } else if !self.acknowledgement_is_valid(arrival, scope) {
                scope.event(StreamEvent::EstablishedInvalidAck);
                return false;
            }
        }
        if self.windowless == Some(arrival.direction) {
            // What it offers is the best guess at what it is offered.
            self.windowless = None;
            let own = &mut self.sides[arrival.direction];
            own.window = own.scaled(arrival.tcp.window);
            own.set_window_end();
        }
        if !self.is_after_last_ack(arrival, scope) {
            scope.event(StreamEvent::EstablishedPacketBeforeLastAck);
            return false;
        }
        let one_sided = self.flags.has(SessionFlags::ONE_SIDED);
        let lenient = one_sided || self.flags.has(SessionFlags::MIDSTREAM);
        let own = &mut self.sides[arrival.direction];
        if arrival.payload.len() == 1 && arrival.sequence == own.next && own.window == 0 {
            own.probed = true;
            self.data(arrival, scope);
            return true;
        }
        if ge(arrival.end, own.next) {
            own.advance(arrival.end, one_sided);
        }
        if !lenient && !le(arrival.end, own.window_end) {
            scope.event(StreamEvent::EstablishedPacketOutOfWindow);
            return false;
        }
        self.take_window(arrival);
        if arrival.has(TcpHeader::ACK) {
            self.take_acknowledgement(arrival);
            let peer = &self.sides[arrival.direction.flip()];
            if !one_sided && gt(peer.last_ack, peer.next) {
                scope.shared.counters.ack_unseen_data += 1;
            }
        }
        self.take_timestamp(arrival, scope);
        self.take_sacks(arrival);
        self.sides[arrival.direction.flip()].extend_window();
        self.data(arrival, scope);
        true
    }

    /// Does the segment end after what the peer acknowledged? If not, may it be taken nevertheless?
    fn is_after_last_ack(&mut self, arrival: &ArrivedSegment<'_>, scope: &SegmentContext<'_>) -> bool {
        let midstream = self.flags.has(SessionFlags::MIDSTREAM);
        let own = &mut self.sides[arrival.direction];
        let keep_alive = arrival.payload.len() <= 1 && arrival.sequence == own.next.wrapping_sub(1);
        if keep_alive || ge(arrival.end, own.last_ack) {
            return true;
        }
        if self.flags.has(SessionFlags::ONE_SIDED) {
            if arrival.direction == ToClient {
                own.set_acknowledged(arrival.sequence);
            }
            return true;
        }
        let nothing_acknowledged = own.last_ack == own.isn.wrapping_add(1);
        if arrival.direction == ToServer
            && scope.config.async_oneside
            && midstream
            && (own.next == arrival.sequence || nothing_acknowledged)
        {
            self.flags.add(SessionFlags::ONE_SIDED);
            return true;
        }
        // The acknowledgement overtook the data.
        gt(own.last_ack, own.next) && gt(arrival.end, own.next)
    }

    /// A FIN in ESTABLISHED or before.
    pub(crate) fn finish(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        if !self.acknowledgement_is_valid(arrival, scope) {
            return scope.reject(StreamEvent::FinInvalidAck);
        }
        let own = &self.sides[arrival.direction];
        if lt(arrival.sequence, own.last_ack) || gt(arrival.end, own.window_end) {
            return scope.reject(StreamEvent::FinOutOfWindow);
        }
        if arrival.direction == ToServer && arrival.has(TcpHeader::SYN) {
            return scope.reject(StreamEvent::FinSyn);
        }
        let own = &mut self.sides[arrival.direction];
        // Suricata counts the FIN among the server's sequence numbers here, not among the client's.
        match arrival.direction {
            ToServer => {
                own.next = arrival.end;
                self.enter(TcpState::CloseWait);
            }
            ToClient => {
                own.next = arrival.end.wrapping_add(1);
                self.enter(TcpState::FinWait1);
            }
        }
        self.take_window(arrival);
        self.take_timestamp(arrival, scope);
        self.catch_up(arrival, 0);
        if arrival.has(TcpHeader::ACK) {
            self.take_acknowledgement(arrival);
        }
        self.end_data(arrival, scope);
        SegmentVerdict::Accept
    }

    /// An RST in any state from ESTABLISHED on.
    pub(crate) fn reset(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        if !self.reset_is_valid(arrival, scope) {
            return SegmentVerdict::Reject;
        }
        self.enter(TcpState::Closed);
        if arrival.has(TcpHeader::ACK) && self.acknowledgement_is_valid(arrival, scope) {
            self.take_acknowledgement(arrival);
        }
        let base = self.streams[arrival.direction].base_sequence();
        self.sides[arrival.direction].acknowledge(arrival.sequence, base);
        self.take_timestamp(arrival, scope);
        SegmentVerdict::Accept
    }

    /// The payload of a FIN, and the end of the stream after it.
    pub(crate) fn end_data(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) {
        self.data(arrival, scope);
        self.streams[arrival.direction].set_fin(arrival.end);
    }

    /// The window this segment offers the peer.
    pub(crate) fn take_window(&mut self, arrival: &ArrivedSegment<'_>) {
        let peer = &mut self.sides[arrival.direction.flip()];
        peer.window = peer.scaled(arrival.tcp.window);
    }

    /// The acknowledgement of what the peer sent.
    pub(crate) fn take_acknowledgement(&mut self, arrival: &ArrivedSegment<'_>) {
        let base = self.streams[arrival.direction.flip()].base_sequence();
        self.sides[arrival.direction.flip()].acknowledge(arrival.acknowledgement, base);
    }

    pub(crate) fn take_sacks(&mut self, arrival: &ArrivedSegment<'_>) {
        if self.flags.has(SessionFlags::SACK) && arrival.tcp.options.sack_blocks > 0 {
            let peer = &mut self.sides[arrival.direction.flip()];
            for (left, right) in arrival.sacks() {
                peer.sack(left, right);
            }
        }
    }

    /// The peer sent what is acknowledged here, seen or not. `fin`: its FIN is among it.
    pub(crate) fn catch_up(&mut self, arrival: &ArrivedSegment<'_>, fin: u32) {
        let peer = &mut self.sides[arrival.direction.flip()];
        if lt(peer.next.wrapping_sub(fin), arrival.acknowledgement) {
            peer.next = arrival.acknowledgement;
        }
    }

    /// Was the payload seen before? Says so in an event.
    pub(crate) fn is_retransmission(&self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> bool {
        let own = &self.sides[arrival.direction];
        let again = !arrival.payload.is_empty()
            && (lt(arrival.sequence, own.last_ack) && gt(arrival.end, own.last_ack)
                || le(arrival.end, own.last_ack)
                || le(arrival.end, own.next));
        if again {
            scope.event(StreamEvent::PacketRetransmission);
            scope.outcome.retransmission = true;
        }
        again
    }
}
