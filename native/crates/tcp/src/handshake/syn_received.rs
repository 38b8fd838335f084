//! A SYN was answered: the last ACK, or what stands for it, establishes the session.

use sidewire_base::Direction::{ToClient, ToServer};
use sidewire_base::PerDirection;
use sidewire_decode::TcpHeader;

use super::offer::{HandshakeOffer, SCALE_MAX};
use crate::flags::SessionFlags;
use crate::segment::ArrivedSegment;
use crate::sequence::{gt, le};
use crate::session::{SegmentContext, SegmentVerdict};
use crate::{OverlapPolicy, StreamEvent, TcpSession, TcpState};

impl TcpSession {
    /// A SYN/ACK was seen.
    pub(crate) fn syn_received(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if arrival.has(TcpHeader::RST) {
            return self.reset_handshake(arrival, scope);
        }
        if arrival.has(TcpHeader::FIN) {
            if self.flags.has(SessionFlags::TIMESTAMPS) && !self.timestamp_is_valid(arrival, scope) {
                return SegmentVerdict::Reject;
            }
            return self.finish(arrival, scope);
        }
        if arrival.is_syn_ack() {
            return self.repeat_syn_ack(arrival, scope);
        }
        if arrival.has(TcpHeader::SYN) {
            if arrival.direction == ToClient {
                return scope.reject(StreamEvent::ThreeWaySynToClientOnSynRecv);
            }
            if arrival.sequence != self.sides[ToServer].isn {
                return scope.reject(StreamEvent::ThreeWaySynResendDifferentSequenceOnSynRecv);
            }
            return SegmentVerdict::Accept;
        }
        if arrival.has(TcpHeader::ACK) {
            return self.complete_handshake(arrival, scope);
        }
        SegmentVerdict::Accept
    }

    pub(super) fn reset_handshake(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if !self.reset_is_valid(arrival, scope) {
            return SegmentVerdict::Reject;
        }
        // These take an RST after a handshake ACK with a wrong acknowledgement for a stray one.
        let ignores = matches!(
            self.sides[arrival.direction].policy,
            OverlapPolicy::Linux | OverlapPolicy::OldLinux | OverlapPolicy::Solaris | OverlapPolicy::OldSolaris
        );
        if !(self.flags.has(SessionFlags::EVASION) && ignores) {
            self.enter(TcpState::Closed);
            self.take_timestamp(arrival, scope);
        }
        SegmentVerdict::Accept
    }

    /// A SYN/ACK again. One with another sequence number is kept: the client may answer it.
    pub(super) fn repeat_syn_ack(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if arrival.direction == ToServer {
            return scope.reject(StreamEvent::ThreeWaySynAckToServerOnSynRecv);
        }
        if arrival.acknowledgement != self.sides[ToServer].last_ack {
            return scope.reject(StreamEvent::ThreeWaySynAckResendWithDifferentAck);
        }
        let offer = HandshakeOffer::of(arrival);
        if arrival.sequence != self.sides[ToClient].isn && !self.offers.iter().any(|kept| kept.is_same(&offer)) {
            if self.offers.len() >= usize::from(scope.config.max_synack_queued) {
                return scope.reject(StreamEvent::ThreeWaySynAckFlood);
            }
            self.offers.push(offer);
        }
        SegmentVerdict::Accept
    }

    /// The last ACK of the handshake, or what stands for it.
    pub(super) fn complete_handshake(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        let answered = self.offers.iter().rev().copied().find(|kept| {
            kept.sequence == arrival.acknowledgement.wrapping_sub(1) && kept.acknowledgement == arrival.sequence
        });
        if let Some(answered) = answered {
            self.take_syn_ack(&answered);
        }
        if self.flags.has(SessionFlags::TIMESTAMPS) && !self.timestamp_is_valid(arrival, scope) {
            return SegmentVerdict::Reject;
        }
        let (client, server) = (&self.sides[ToServer], &self.sides[ToClient]);
        if self.flags.has(SessionFlags::SIMULTANEOUS) && arrival.direction == ToClient {
            if arrival.sequence != server.next {
                return scope.reject(StreamEvent::FourWayWrongSequence);
            }
            if !self.acknowledgement_is_valid(arrival, scope) {
                return scope.reject(StreamEvent::FourWayInvalidAck);
            }
            self.establish(arrival, scope);
            return SegmentVerdict::Accept;
        }
        let mut missed_ack = false;
        if arrival.direction == ToClient
            && !self.flags.has(SessionFlags::FROM_SYN_ACK)
            && !self.flags.has(SessionFlags::FAST_OPEN)
        {
            if scope.config.inline {
                // What the server says before the client confirmed it may be injected.
                let fits = arrival.acknowledgement == client.last_ack && arrival.sequence == server.next;
                return scope.reject(if fits && !arrival.payload.is_empty() {
                    StreamEvent::ThreeWayAckDataInject
                } else {
                    StreamEvent::ThreeWayAckInWrongDirection
                });
            }
            missed_ack = true;
        }
        let (sequence, ack) = (arrival.sequence, arrival.acknowledgement);
        let from_client = arrival.direction == ToServer;
        if sequence == client.next && ack == server.next {
            scope.outcome.confirmed_with_data = !arrival.payload.is_empty();
            self.establish(arrival, scope);
        } else if scope.config.async_oneside && sequence == server.next {
            // The server goes on; the client is not seen.
            self.flags.add(SessionFlags::ONE_SIDED);
            self.continue_server(arrival, scope);
        } else if sequence == client.next {
            self.flags.add(SessionFlags::EVASION);
            return scope.reject(StreamEvent::ThreeWayRightSequenceWrongAckEvasion);
        } else if !from_client && !scope.config.inline && gt(sequence, client.next) && gt(ack, client.last_ack) {
            // Both went on unseen.
            self.skip_lost(arrival, scope);
        } else if gt(sequence, client.next) && le(sequence, client.window_end) && ack == server.next {
            // The ACK (and data) before this one was lost.
            self.skip_lost(arrival, scope);
        } else if (missed_ack || self.flags.has(SessionFlags::FAST_OPEN))
            && ack == client.last_ack
            && sequence == server.next
        {
            self.continue_server(arrival, scope);
        } else {
            return scope.reject(StreamEvent::ThreeWayWrongSequenceWrongAck);
        }
        SegmentVerdict::Accept
    }

    /// The handshake is complete with this segment.
    pub(super) fn establish(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) {
        self.take_timestamp(arrival, scope);
        self.enter(TcpState::Established);
        self.offers.clear();
        let one_sided = self.flags.has(SessionFlags::ONE_SIDED);
        let peer_base = self.streams[arrival.direction.flip()].base_sequence();
        let own = &mut self.sides[arrival.direction];
        own.advance(own.next.wrapping_add(arrival.payload.len() as u32), one_sided);
        let peer = &mut self.sides[arrival.direction.flip()];
        peer.acknowledge(arrival.acknowledgement, peer_base);
        peer.window = peer.scaled(arrival.tcp.window);
        peer.set_window_end();
        if self.flags.has(SessionFlags::MIDSTREAM) {
            let own = &mut self.sides[arrival.direction];
            own.window = own.scaled(arrival.tcp.window);
            own.set_window_end();
            self.assume_scale();
        }
        self.data(arrival, scope);
    }

    pub(super) fn assume_scale(&mut self) {
        if !self.flags.has(SessionFlags::FROM_SYN_ACK) {
            self.sides.iter_mut().for_each(|side| side.scale = SCALE_MAX);
            self.flags.add(SessionFlags::SACK);
        }
    }

    /// The server's segment fits right after its SYN/ACK.
    pub(super) fn continue_server(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) {
        self.take_timestamp(arrival, scope);
        self.enter(TcpState::Established);
        let one_sided = self.flags.has(SessionFlags::ONE_SIDED);
        let PerDirection { to_server: client, to_client: server } = &mut self.sides;
        server.next = arrival.sequence;
        if one_sided {
            server.set_acknowledged(arrival.sequence);
            client.set_acknowledged(arrival.acknowledgement);
        }
        server.advance(arrival.end, one_sided);
        if one_sided {
            client.window = client.scaled(arrival.tcp.window);
            client.extend_window();
        } else {
            // As long as the client is silent, what the server offers is the best guess at what it was offered.
            server.window = server.scaled(arrival.tcp.window);
            server.set_window_end();
        }
        if self.flags.has(SessionFlags::MIDSTREAM) && one_sided {
            server.window = u32::from(arrival.tcp.window);
            server.set_window_end();
            self.assume_scale();
        }
        self.data(arrival, scope);
    }

    /// The session goes on after segments that were not seen.
    pub(super) fn skip_lost(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) {
        self.take_timestamp(arrival, scope);
        self.enter(TcpState::Established);
        let peer_base = self.streams[arrival.direction.flip()].base_sequence();
        let own = &mut self.sides[arrival.direction];
        own.next = arrival.end;
        own.set_window_end();
        let peer = &mut self.sides[arrival.direction.flip()];
        peer.acknowledge(arrival.acknowledgement, peer_base);
        peer.window = peer.scaled(arrival.tcp.window);
        peer.set_window_end();
        if self.flags.has(SessionFlags::MIDSTREAM) {
            self.assume_scale();
        }
        self.data(arrival, scope);
    }
}
