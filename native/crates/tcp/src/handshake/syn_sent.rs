//! A SYN was seen: another SYN, an answer, or what stands for one.

use sidewire_base::Direction::{ToClient, ToServer};
use sidewire_base::PerDirection;
use sidewire_decode::TcpHeader;

use super::offer::{HandshakeOffer, SCALE_MAX};
use crate::flags::SessionFlags;
use crate::segment::ArrivedSegment;
use crate::session::{SegmentContext, SegmentVerdict};
use crate::{StreamEvent, TcpSession, TcpState};

impl TcpSession {
    /// A SYN was seen.
    pub(crate) fn syn_sent(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        if arrival.is_syn_ack() {
            return match arrival.direction {
                ToClient => self.answer_syn(arrival, scope),
                ToServer => self.answer_simultaneous(arrival, scope),
            };
        }
        if !self.echoes_syn(arrival) {
            return scope.reject(StreamEvent::PacketInvalidTimestamp);
        }
        if arrival.has(TcpHeader::RST) {
            if !self.reset_is_valid(arrival, scope) {
                return SegmentVerdict::Reject;
            }
            let client = &self.sides[ToServer];
            let obeyed = arrival.direction == ToClient
                || arrival.sequence == client.isn
                    && arrival.tcp.window == 0
                    && arrival.acknowledgement == client.isn.wrapping_add(1);
            if obeyed {
                self.sides[arrival.direction].reset_sent = true;
                self.offers.clear();
                self.enter(TcpState::Closed);
            }
        } else if arrival.has(TcpHeader::FIN) {
            // Means nothing before the SYN/ACK.
        } else if arrival.has(TcpHeader::SYN) {
            match arrival.direction {
                ToClient => {
                    self.flags.add(SessionFlags::SIMULTANEOUS);
                    // The window that the client's SYN offered is the client's; what this SYN offers is judged when the
                    // client answers it.
                    let offer = HandshakeOffer::of(arrival);
                    let server = &mut self.sides[ToClient];
                    server.isn = offer.sequence;
                    server.next = server.isn.wrapping_add(1);
                    if let Some(timestamp) = offer.timestamp {
                        server.last_timestamp = timestamp;
                        server.zero_timestamp |= timestamp == 0;
                        server.last_timestamp_at = offer.seconds;
                        server.offers_timestamps = true;
                    }
                    server.window = u32::from(offer.window);
                    server.scale = offer.scale.unwrap_or(0);
                    self.flags.set(SessionFlags::SCALE_OFFERED, offer.scale.is_some());
                    self.flags.set(SessionFlags::SACK_OFFERED, offer.sack);
                    self.streams[ToClient].begin(offer.sequence.wrapping_add(1));
                }
                ToServer => self.repeat_syn(arrival, scope),
            }
        } else if arrival.has(TcpHeader::ACK) && scope.config.async_oneside {
            return self.continue_one_sided(arrival, scope);
        }
        SegmentVerdict::Accept
    }

    /// A SYN again. The latest is followed, the ones before are kept: the SYN/ACK may answer any.
    pub(super) fn repeat_syn(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) {
        let (client, server) = (&self.sides[ToServer], &self.sides[ToClient]);
        let offer = HandshakeOffer { acknowledgement: 0, ..HandshakeOffer::of(arrival) };
        let followed = HandshakeOffer {
            sequence: client.isn,
            acknowledgement: 0,
            window: u16::try_from(server.window).unwrap_or(u16::MAX),
            scale: self.flags.has(SessionFlags::SCALE_OFFERED).then_some(server.scale),
            timestamp: client.offers_timestamps.then_some(client.last_timestamp),
            sack: self.flags.has(SessionFlags::SACK_OFFERED),
            seconds: client.last_timestamp_at,
        };
        if offer != followed {
            let known = followed.timestamp.is_some()
                && self
                    .offers
                    .iter()
                    .any(|kept| kept.timestamp == followed.timestamp && kept.sequence == followed.sequence);
            if !known {
                if self.offers.len() >= usize::from(scope.config.max_syn_queued).max(1) {
                    scope.event(StreamEvent::ThreeWaySynFlood);
                    self.offers.remove(0);
                }
                self.offers.push(followed);
            }
        }
        self.take_syn(ToServer, &offer);
    }

    /// Does a segment of the server echo the timestamp of the SYN?
    pub(super) fn echoes_syn(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let Some((_, echo)) = arrival.tcp.options.timestamps else { return true };
        let client = &self.sides[ToServer];
        if arrival.direction == ToServer || echo == 0 {
            return true;
        }
        if client.offers_timestamps {
            client.last_timestamp == 0 || echo == client.last_timestamp
        } else {
            client.last_timestamp != 0
        }
    }

    /// The SYN/ACK.
    pub(super) fn answer_syn(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        let liberal = scope.config.liberal_timestamps;
        let echoes = liberal || self.echoes_syn(arrival);
        let fast_open = arrival.tcp.options.fast_open || self.flags.has(SessionFlags::FAST_OPEN);
        let client = &mut self.sides[ToServer];
        let ack = arrival.acknowledgement;
        let acknowledges_syn = ack == client.isn.wrapping_add(1);
        let acknowledges_data = fast_open && ack == client.next;
        if echoes && acknowledges_data {
            // All of the SYN's data was taken.
        } else if echoes && acknowledges_syn {
            if fast_open && client.next != ack {
                client.next = ack;
                self.flags.add(SessionFlags::FAST_OPEN_IGNORED);
                scope.event(StreamEvent::ThreeWaySynAckTfoDataIgnored);
            }
        } else {
            let echo = arrival.tcp.options.timestamps.map(|(_, echo)| echo);
            let answered = self.offers.iter().copied().find(|kept| {
                kept.sequence == ack.wrapping_sub(1) && if echo.is_some() { kept.timestamp == echo } else { liberal }
            });
            let Some(answered) = answered else {
                let event = if acknowledges_syn || acknowledges_data {
                    StreamEvent::PacketInvalidTimestamp
                } else {
                    StreamEvent::ThreeWaySynAckWithWrongAck
                };
                return scope.reject(event);
            };
            self.take_syn(ToServer, &answered);
        }
        self.flags.set(SessionFlags::FAST_OPEN, fast_open);
        self.offers.clear();
        self.take_syn_ack(&HandshakeOffer::of(arrival));
        SegmentVerdict::Accept
    }

    /// What the SYN/ACK says.
    pub(super) fn take_syn_ack(&mut self, offer: &HandshakeOffer) {
        if self.state != TcpState::SynRecv {
            self.enter(TcpState::SynRecv);
        }
        let PerDirection { to_server: client, to_client: server } = &mut self.sides;
        server.isn = offer.sequence;
        server.next = server.isn.wrapping_add(1);
        client.window = u32::from(offer.window);
        match offer.timestamp.filter(|_| client.offers_timestamps) {
            Some(timestamp) => {
                server.last_timestamp = timestamp;
                server.zero_timestamp |= timestamp == 0;
                server.last_timestamp_at = offer.seconds;
                self.flags.add(SessionFlags::TIMESTAMPS);
            }
            None => {
                client.last_timestamp = 0;
                server.last_timestamp = 0;
                client.zero_timestamp = false;
            }
        }
        client.set_acknowledged(offer.acknowledgement);
        server.set_acknowledged(server.next);
        client.scale = offer.scale.filter(|_| self.flags.has(SessionFlags::SCALE_OFFERED)).unwrap_or(0);
        self.flags.set(SessionFlags::SACK, self.flags.has(SessionFlags::SACK_OFFERED) && offer.sack);
        server.set_window_end();
        client.set_window_end();
        self.flags.remove(SessionFlags::SIMULTANEOUS);
        self.streams[ToClient].begin(offer.sequence.wrapping_add(1));
    }

    /// Simultaneous open (RFC 9293, 3.5): after a SYN of either side the client answers the server's.
    pub(super) fn answer_simultaneous(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        if !self.flags.has(SessionFlags::SIMULTANEOUS) {
            return scope.reject(StreamEvent::ThreeWaySynAckInWrongDirection);
        }
        let PerDirection { to_server: client, to_client: server } = &mut self.sides;
        if arrival.acknowledgement != server.isn.wrapping_add(1) {
            return scope.reject(StreamEvent::FourWaySynAckWithWrongAck);
        }
        if arrival.sequence != client.isn {
            return scope.reject(StreamEvent::FourWaySynAckWithWrongSyn);
        }
        let offer = HandshakeOffer::of(arrival);
        client.next = client.isn.wrapping_add(1);
        server.window = u32::from(offer.window);
        match offer.timestamp.filter(|_| server.offers_timestamps) {
            Some(timestamp) => {
                client.last_timestamp = timestamp;
                client.zero_timestamp |= timestamp == 0;
                client.last_timestamp_at = offer.seconds;
                self.flags.add(SessionFlags::TIMESTAMPS);
            }
            None => {
                server.last_timestamp = 0;
                client.last_timestamp = 0;
                server.zero_timestamp = false;
            }
        }
        server.set_acknowledged(offer.acknowledgement);
        client.set_acknowledged(client.next);
        server.scale = offer.scale.filter(|_| self.flags.has(SessionFlags::SCALE_OFFERED)).unwrap_or(0);
        self.flags.add_if(SessionFlags::SACK, self.flags.has(SessionFlags::SACK_OFFERED) && offer.sack);
        client.set_window_end();
        server.set_window_end();
        self.enter(TcpState::SynRecv);
        SegmentVerdict::Accept
    }

    /// An ACK of the side that sent the SYN, without a SYN/ACK: the other side is not seen.
    pub(super) fn continue_one_sided(
        &mut self,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        let PerDirection { to_server: client, to_client: server } = &mut self.sides;
        if arrival.sequence != client.next {
            return scope.reject(StreamEvent::ThreeWayAsyncWrongSequence);
        }
        self.flags.add(SessionFlags::ONE_SIDED);
        self.offers.clear();
        client.window = u32::from(arrival.tcp.window);
        client.set_acknowledged(arrival.sequence);
        client.set_window_end();
        server.isn = arrival.acknowledgement.wrapping_sub(1);
        server.next = arrival.acknowledgement;
        server.set_acknowledged(arrival.acknowledgement);
        server.window_end = arrival.acknowledgement;
        if self.flags.has(SessionFlags::SCALE_OFFERED) {
            client.scale = SCALE_MAX;
        }
        if arrival.tcp.options.timestamps.is_some() && client.offers_timestamps {
            self.flags.add(SessionFlags::TIMESTAMPS);
            client.offers_timestamps = false;
            client.last_timestamp_at = arrival.seconds;
        } else {
            client.last_timestamp = 0;
            client.zero_timestamp = false;
        }
        self.flags.add_if(SessionFlags::SACK, self.flags.has(SessionFlags::SACK_OFFERED));
        self.streams[ToClient].begin(arrival.acknowledgement);
        self.enter(TcpState::Established);
        self.data(arrival, scope);
        SegmentVerdict::Accept
    }
}
