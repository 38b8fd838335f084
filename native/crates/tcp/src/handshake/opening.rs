//! A segment without a session: a SYN opens one, any other may pick one up in the middle.

use sidewire_base::Direction::{self, ToClient, ToServer};
use sidewire_base::PerDirection;
use sidewire_decode::TcpHeader;

use super::offer::{HandshakeOffer, SCALE_MAX};
use crate::flags::SessionFlags;
use crate::segment::ArrivedSegment;
use crate::session::{SegmentContext, SegmentVerdict};
use crate::{StreamEvent, TcpSession, TcpState};

impl TcpSession {
    /// A segment without a session.
    pub(crate) fn open(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        let config = scope.config;
        if arrival.has(TcpHeader::RST) {
            return scope.reject(StreamEvent::RstButNoSession);
        }
        if arrival.has(TcpHeader::FIN) {
            if !config.midstream || arrival.payload.is_empty() {
                return scope.reject(StreamEvent::FinButNoSession);
            }
            return self.pick_up(TcpState::FinWait1, arrival, scope);
        }
        if arrival.is_syn_ack() {
            if config.midstream || config.async_oneside {
                return self.pick_up_syn_ack(arrival, scope);
            }
        } else if arrival.has(TcpHeader::SYN) {
            return self.open_with_syn(arrival, scope);
        } else if arrival.has(TcpHeader::ACK) && config.midstream {
            return self.pick_up(TcpState::Established, arrival, scope);
        }
        SegmentVerdict::Accept
    }

    pub(super) fn begin(&mut self, state: TcpState, scope: &mut SegmentContext<'_>) -> bool {
        if !scope.shared.charge_session(Self::SIZE) {
            scope.shared.counters.ssn_memcap_drop += 1;
            return false;
        }
        self.flags.add(SessionFlags::CHARGED);
        self.flags.set(SessionFlags::ONE_SIDED, scope.config.async_oneside);
        self.state = state;
        scope.outcome.began = true;
        scope.shared.counters.sessions += 1;
        scope.shared.counters.active_sessions += 1;
        true
    }

    pub(super) fn open_with_syn(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if !self.begin(TcpState::SynSent, scope) {
            return SegmentVerdict::Reject;
        }
        let offer = HandshakeOffer::of(arrival);
        self.take_syn(arrival.direction, &offer);
        if arrival.tcp.options.fast_open {
            self.flags.add(SessionFlags::FAST_OPEN);
            if !arrival.payload.is_empty() {
                let one_sided = self.flags.has(SessionFlags::ONE_SIDED);
                let own = &mut self.sides[arrival.direction];
                own.advance(own.next.wrapping_add(arrival.payload.len() as u32), one_sided);
                self.data_at(arrival, arrival.sequence.wrapping_add(1), scope);
            }
        }
        SegmentVerdict::Accept
    }

    /// What a SYN says of its sender, and of the window for the other side.
    pub(super) fn take_syn(&mut self, direction: Direction, offer: &HandshakeOffer) {
        let own = &mut self.sides[direction];
        own.isn = offer.sequence;
        own.next = own.isn.wrapping_add(1);
        if let Some(timestamp) = offer.timestamp {
            own.last_timestamp = timestamp;
            own.zero_timestamp |= timestamp == 0;
            own.last_timestamp_at = offer.seconds;
            own.offers_timestamps = true;
        }
        self.streams[direction].begin(own.next);
        self.flags.set(SessionFlags::SCALE_OFFERED, offer.scale.is_some());
        self.flags.set(SessionFlags::SACK_OFFERED, offer.sack);
        let peer = &mut self.sides[direction.flip()];
        peer.window = u32::from(offer.window);
        peer.scale = offer.scale.unwrap_or(0);
    }

    /// A session whose handshake was missed, from a segment with an acknowledgement.
    pub(super) fn pick_up(
        &mut self,
        state: TcpState,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if !self.begin(state, scope) {
            return SegmentVerdict::Reject;
        }
        scope.shared.counters.midstream_pickups += 1;
        self.flags.add(SessionFlags::MIDSTREAM);
        self.windowless = Some(arrival.direction.flip());
        self.flags.add(SessionFlags::SACK);
        let own = &mut self.sides[arrival.direction];
        own.scale = SCALE_MAX;
        own.isn = arrival.sequence.wrapping_sub(1);
        own.next = arrival.end.wrapping_add(u32::from(arrival.has(TcpHeader::FIN)));
        own.window = own.scaled(arrival.tcp.window);
        own.set_acknowledged(arrival.sequence);
        own.set_window_end();
        self.streams[arrival.direction].begin(arrival.sequence);
        let peer = &mut self.sides[arrival.direction.flip()];
        peer.scale = SCALE_MAX;
        peer.isn = arrival.acknowledgement.wrapping_sub(1);
        peer.next = arrival.acknowledgement;
        peer.set_acknowledged(arrival.acknowledgement);
        peer.window_end = arrival.acknowledgement;
        self.streams[arrival.direction.flip()].begin(arrival.acknowledgement);
        if let Some((value, echo)) = arrival.tcp.options.timestamps {
            self.flags.add(SessionFlags::TIMESTAMPS);
            let own = &mut self.sides[arrival.direction];
            own.last_timestamp = value;
            own.zero_timestamp = value == 0;
            own.last_timestamp_at = arrival.seconds;
            let peer = &mut self.sides[arrival.direction.flip()];
            peer.last_timestamp = echo;
            peer.zero_timestamp = echo == 0;
        }
        self.data(arrival, scope);
        if arrival.has(TcpHeader::FIN) {
            self.streams[arrival.direction].set_fin(arrival.end);
        }
        self.follow_one_side(arrival.direction);
        SegmentVerdict::Accept
    }

    /// When only one side is seen, what is in order counts as acknowledged.
    pub(super) fn follow_one_side(&mut self, direction: Direction) {
        if self.flags.has(SessionFlags::ONE_SIDED) {
            let own = &mut self.sides[direction];
            own.advance(own.next, true);
        }
    }

    /// A session picked up at its SYN/ACK: whoever sent it is the server.
    pub(super) fn pick_up_syn_ack(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if !self.begin(TcpState::SynRecv, scope) {
            return SegmentVerdict::Reject;
        }
        scope.shared.counters.midstream_pickups += 1;
        if arrival.direction == ToServer {
            scope.outcome.swap = true;
            let PerDirection { to_server, to_client } = &mut self.sides;
            core::mem::swap(&mut to_server.policy, &mut to_client.policy);
        }
        self.flags.add(SessionFlags::MIDSTREAM);
        self.flags.add(SessionFlags::FROM_SYN_ACK);
        let offer = HandshakeOffer::of(arrival);
        let PerDirection { to_server: client, to_client: server } = &mut self.sides;
        server.isn = offer.sequence;
        server.next = server.isn.wrapping_add(1);
        server.window = u32::from(offer.window);
        server.set_acknowledged(offer.sequence);
        server.set_window_end();
        client.isn = offer.acknowledgement.wrapping_sub(1);
        client.next = offer.acknowledgement;
        client.set_acknowledged(offer.acknowledgement);
        if let Some(scale) = offer.scale {
            client.scale = scale;
            server.scale = SCALE_MAX;
        }
        if let Some((value, echo)) = arrival.tcp.options.timestamps {
            self.flags.add(SessionFlags::TIMESTAMPS);
            server.last_timestamp = value;
            server.zero_timestamp = value == 0;
            server.last_timestamp_at = arrival.seconds;
            client.last_timestamp = echo;
            client.zero_timestamp = echo == 0;
        }
        self.flags.add_if(SessionFlags::SACK, offer.sack);
        self.streams[ToClient].begin(offer.sequence.wrapping_add(1));
        self.streams[ToServer].begin(offer.acknowledgement);
        SegmentVerdict::Accept
    }
}
