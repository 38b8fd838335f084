//! From nothing to ESTABLISHED: opening, handshake variants, pick-up in the middle.

use sidewire_base::Direction::{self, ToClient, ToServer};
use sidewire_base::PerDirection;
use sidewire_decode::Tcp;

use crate::{
    Event, Policy, Session, State,
    segment::Arrival,
    sequence::{gt, le},
    session::{Scope, Verdict},
};

/// The greatest window scale (RFC 7323, 2.3): assumed when the handshake was not seen.
const SCALE_MAX: u8 = 14;

/// What a SYN or SYN/ACK offers. Kept for those that were sent again with other contents, until it is clear which one the
/// peer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    sequence: u32,
    acknowledgement: u32,
    window: u16,
    scale: Option<u8>,
    timestamp: Option<u32>,
    sack: bool,
    seconds: u32,
}

impl Offer {
    fn of(arrival: &Arrival<'_>) -> Self {
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
    fn is_same(&self, other: &Self) -> bool {
        Self { seconds: 0, ..*self } == Self { seconds: 0, ..*other }
    }
}

impl Session {
    /// A segment without a session.
    pub(crate) fn open(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        let config = scope.config;
        if arrival.has(Tcp::RST) {
            return scope.reject(Event::RstButNoSession);
        }
        if arrival.has(Tcp::FIN) {
            if !config.midstream || arrival.payload.is_empty() {
                return scope.reject(Event::FinButNoSession);
            }
            return self.pick_up(State::FinWait1, arrival, scope);
        }
        if arrival.is_syn_ack() {
            if config.midstream || config.async_oneside {
                return self.pick_up_syn_ack(arrival, scope);
            }
        } else if arrival.has(Tcp::SYN) {
            return self.open_with_syn(arrival, scope);
        } else if arrival.has(Tcp::ACK) && config.midstream {
            return self.pick_up(State::Established, arrival, scope);
        }
        Verdict::Accept
    }

    fn begin(&mut self, state: State, scope: &mut Scope<'_>) -> bool {
        if !scope.shared.charge_session(Self::SIZE) {
            scope.shared.counters.ssn_memcap_drop += 1;
            return false;
        }
        self.traits.charged = true;
        self.traits.one_sided = scope.config.async_oneside;
        self.state = state;
        scope.outcome.began = true;
        scope.shared.counters.sessions += 1;
        scope.shared.counters.active_sessions += 1;
        true
    }

    fn open_with_syn(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        if !self.begin(State::SynSent, scope) {
            return Verdict::Reject;
        }
        let offer = Offer::of(arrival);
        self.take_syn(arrival.direction, &offer);
        if arrival.tcp.options.fast_open {
            self.traits.fast_open = true;
            if !arrival.payload.is_empty() {
                let one_sided = self.traits.one_sided;
                let own = &mut self.sides[arrival.direction];
                own.advance(own.next.wrapping_add(arrival.payload.len() as u32), one_sided);
                self.data_at(arrival, arrival.sequence.wrapping_add(1), scope);
            }
        }
        Verdict::Accept
    }

    /// What a SYN says of its sender, and of the window for the other side.
    fn take_syn(&mut self, direction: Direction, offer: &Offer) {
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
        self.traits.scale_offered = offer.scale.is_some();
        self.traits.sack_offered = offer.sack;
        let peer = &mut self.sides[direction.flip()];
        peer.window = u32::from(offer.window);
        peer.scale = offer.scale.unwrap_or(0);
    }

    /// A session whose handshake was missed, from a segment with an acknowledgement.
    fn pick_up(&mut self, state: State, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        if !self.begin(state, scope) {
            return Verdict::Reject;
        }
        scope.shared.counters.midstream_pickups += 1;
        self.traits.midstream = true;
        self.traits.windowless = Some(arrival.direction.flip());
        self.traits.sack = true;
        let own = &mut self.sides[arrival.direction];
        own.scale = SCALE_MAX;
        own.isn = arrival.sequence.wrapping_sub(1);
        own.next = arrival.end.wrapping_add(u32::from(arrival.has(Tcp::FIN)));
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
            self.traits.timestamps = true;
            let own = &mut self.sides[arrival.direction];
            own.last_timestamp = value;
            own.zero_timestamp = value == 0;
            own.last_timestamp_at = arrival.seconds;
            let peer = &mut self.sides[arrival.direction.flip()];
            peer.last_timestamp = echo;
            peer.zero_timestamp = echo == 0;
        }
        self.data(arrival, scope);
        if arrival.has(Tcp::FIN) {
            self.streams[arrival.direction].set_fin(arrival.end);
        }
        self.follow_one_side(arrival.direction);
        Verdict::Accept
    }

    /// When only one side is seen, what is in order counts as acknowledged.
    fn follow_one_side(&mut self, direction: Direction) {
        if self.traits.one_sided {
            let own = &mut self.sides[direction];
            own.advance(own.next, true);
        }
    }

    /// A session picked up at its SYN/ACK: whoever sent it is the server.
    fn pick_up_syn_ack(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        if !self.begin(State::SynRecv, scope) {
            return Verdict::Reject;
        }
        scope.shared.counters.midstream_pickups += 1;
        if arrival.direction == ToServer {
            scope.outcome.swap = true;
            let PerDirection { to_server, to_client } = &mut self.sides;
            core::mem::swap(&mut to_server.policy, &mut to_client.policy);
        }
        self.traits.midstream = true;
        self.traits.from_syn_ack = true;
        let offer = Offer::of(arrival);
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
            self.traits.timestamps = true;
            server.last_timestamp = value;
            server.zero_timestamp = value == 0;
            server.last_timestamp_at = arrival.seconds;
            client.last_timestamp = echo;
            client.zero_timestamp = echo == 0;
        }
        self.traits.sack |= offer.sack;
        self.streams[ToClient].begin(offer.sequence.wrapping_add(1));
        self.streams[ToServer].begin(offer.acknowledgement);
        Verdict::Accept
    }

    /// A SYN was seen.
    pub(crate) fn syn_sent(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        if arrival.is_syn_ack() {
            return match arrival.direction {
                ToClient => self.answer_syn(arrival, scope),
                ToServer => self.answer_simultaneous(arrival, scope),
            };
        }
        if !self.echoes_syn(arrival) {
            return scope.reject(Event::PacketInvalidTimestamp);
        }
        if arrival.has(Tcp::RST) {
            if !self.reset_is_valid(arrival, scope) {
                return Verdict::Reject;
            }
            let client = &self.sides[ToServer];
            let obeyed = arrival.direction == ToClient
                || arrival.sequence == client.isn
                    && arrival.tcp.window == 0
                    && arrival.acknowledgement == client.isn.wrapping_add(1);
            if obeyed {
                self.sides[arrival.direction].reset_sent = true;
                self.offers.clear();
                self.enter(State::Closed);
            }
        } else if arrival.has(Tcp::FIN) {
            // Means nothing before the SYN/ACK.
        } else if arrival.has(Tcp::SYN) {
            match arrival.direction {
                ToClient => {
                    self.traits.simultaneous = true;
                    // The window that the client's SYN offered is the client's; what this SYN offers is judged when the
                    // client answers it.
                    let offer = Offer::of(arrival);
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
                    self.traits.scale_offered = offer.scale.is_some();
                    self.traits.sack_offered = offer.sack;
                    self.streams[ToClient].begin(offer.sequence.wrapping_add(1));
                }
                ToServer => self.repeat_syn(arrival, scope),
            }
        } else if arrival.has(Tcp::ACK) && scope.config.async_oneside {
            return self.continue_one_sided(arrival, scope);
        }
        Verdict::Accept
    }

    /// A SYN again. The latest is followed, the ones before are kept: the SYN/ACK may answer any.
    fn repeat_syn(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) {
        let (client, server) = (&self.sides[ToServer], &self.sides[ToClient]);
        let offer = Offer { acknowledgement: 0, ..Offer::of(arrival) };
        let followed = Offer {
            sequence: client.isn,
            acknowledgement: 0,
            window: u16::try_from(server.window).unwrap_or(u16::MAX),
            scale: self.traits.scale_offered.then_some(server.scale),
            timestamp: client.offers_timestamps.then_some(client.last_timestamp),
            sack: self.traits.sack_offered,
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
                    scope.event(Event::ThreeWaySynFlood);
                    self.offers.remove(0);
                }
                self.offers.push(followed);
            }
        }
        self.take_syn(ToServer, &offer);
    }

    /// Does a segment of the server echo the timestamp of the SYN?
    fn echoes_syn(&self, arrival: &Arrival<'_>) -> bool {
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
    fn answer_syn(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        let liberal = scope.config.liberal_timestamps;
        let echoes = liberal || self.echoes_syn(arrival);
        let fast_open = arrival.tcp.options.fast_open || self.traits.fast_open;
        let client = &mut self.sides[ToServer];
        let ack = arrival.acknowledgement;
        let acknowledges_syn = ack == client.isn.wrapping_add(1);
        let acknowledges_data = fast_open && ack == client.next;
        if echoes && acknowledges_data {
            // All of the SYN's data was taken.
        } else if echoes && acknowledges_syn {
            if fast_open && client.next != ack {
                client.next = ack;
                self.traits.fast_open_ignored = true;
                scope.event(Event::ThreeWaySynAckTfoDataIgnored);
            }
        } else {
            let echo = arrival.tcp.options.timestamps.map(|(_, echo)| echo);
            let answered = self.offers.iter().copied().find(|kept| {
                kept.sequence == ack.wrapping_sub(1) && if echo.is_some() { kept.timestamp == echo } else { liberal }
            });
            let Some(answered) = answered else {
                let event = if acknowledges_syn || acknowledges_data {
                    Event::PacketInvalidTimestamp
                } else {
                    Event::ThreeWaySynAckWithWrongAck
                };
                return scope.reject(event);
            };
            self.take_syn(ToServer, &answered);
        }
        self.traits.fast_open = fast_open;
        self.offers.clear();
        self.take_syn_ack(&Offer::of(arrival));
        Verdict::Accept
    }

    /// What the SYN/ACK says.
    fn take_syn_ack(&mut self, offer: &Offer) {
        if self.state != State::SynRecv {
            self.enter(State::SynRecv);
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
                self.traits.timestamps = true;
            }
            None => {
                client.last_timestamp = 0;
                server.last_timestamp = 0;
                client.zero_timestamp = false;
            }
        }
        client.set_acknowledged(offer.acknowledgement);
        server.set_acknowledged(server.next);
        client.scale = offer.scale.filter(|_| self.traits.scale_offered).unwrap_or(0);
        self.traits.sack = self.traits.sack_offered && offer.sack;
        server.set_window_end();
        client.set_window_end();
        self.traits.simultaneous = false;
        self.streams[ToClient].begin(offer.sequence.wrapping_add(1));
    }

    /// Simultaneous open (RFC 9293, 3.5): after a SYN of either side the client answers the server's.
    fn answer_simultaneous(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        if !self.traits.simultaneous {
            return scope.reject(Event::ThreeWaySynAckInWrongDirection);
        }
        let PerDirection { to_server: client, to_client: server } = &mut self.sides;
        if arrival.acknowledgement != server.isn.wrapping_add(1) {
            return scope.reject(Event::FourWaySynAckWithWrongAck);
        }
        if arrival.sequence != client.isn {
            return scope.reject(Event::FourWaySynAckWithWrongSyn);
        }
        let offer = Offer::of(arrival);
        client.next = client.isn.wrapping_add(1);
        server.window = u32::from(offer.window);
        match offer.timestamp.filter(|_| server.offers_timestamps) {
            Some(timestamp) => {
                client.last_timestamp = timestamp;
                client.zero_timestamp |= timestamp == 0;
                client.last_timestamp_at = offer.seconds;
                self.traits.timestamps = true;
            }
            None => {
                server.last_timestamp = 0;
                client.last_timestamp = 0;
                server.zero_timestamp = false;
            }
        }
        server.set_acknowledged(offer.acknowledgement);
        client.set_acknowledged(client.next);
        server.scale = offer.scale.filter(|_| self.traits.scale_offered).unwrap_or(0);
        self.traits.sack |= self.traits.sack_offered && offer.sack;
        client.set_window_end();
        server.set_window_end();
        self.enter(State::SynRecv);
        Verdict::Accept
    }

    /// An ACK of the side that sent the SYN, without a SYN/ACK: the other side is not seen.
    fn continue_one_sided(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        let PerDirection { to_server: client, to_client: server } = &mut self.sides;
        if arrival.sequence != client.next {
            return scope.reject(Event::ThreeWayAsyncWrongSequence);
        }
        self.traits.one_sided = true;
        self.offers.clear();
        client.window = u32::from(arrival.tcp.window);
        client.set_acknowledged(arrival.sequence);
        client.set_window_end();
        server.isn = arrival.acknowledgement.wrapping_sub(1);
        server.next = arrival.acknowledgement;
        server.set_acknowledged(arrival.acknowledgement);
        server.window_end = arrival.acknowledgement;
        if self.traits.scale_offered {
            client.scale = SCALE_MAX;
        }
        if arrival.tcp.options.timestamps.is_some() && client.offers_timestamps {
            self.traits.timestamps = true;
            client.offers_timestamps = false;
            client.last_timestamp_at = arrival.seconds;
        } else {
            client.last_timestamp = 0;
            client.zero_timestamp = false;
        }
        self.traits.sack |= self.traits.sack_offered;
        self.streams[ToClient].begin(arrival.acknowledgement);
        self.enter(State::Established);
        self.data(arrival, scope);
        Verdict::Accept
    }

    /// A SYN/ACK was seen.
    pub(crate) fn syn_received(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        if arrival.has(Tcp::RST) {
            return self.reset_handshake(arrival, scope);
        }
        if arrival.has(Tcp::FIN) {
            if self.traits.timestamps && !self.timestamp_is_valid(arrival, scope) {
                return Verdict::Reject;
            }
            return self.finish(arrival, scope);
        }
        if arrival.is_syn_ack() {
            return self.repeat_syn_ack(arrival, scope);
        }
        if arrival.has(Tcp::SYN) {
            if arrival.direction == ToClient {
                return scope.reject(Event::ThreeWaySynToClientOnSynRecv);
            }
            if arrival.sequence != self.sides[ToServer].isn {
                return scope.reject(Event::ThreeWaySynResendDifferentSequenceOnSynRecv);
            }
            return Verdict::Accept;
        }
        if arrival.has(Tcp::ACK) {
            return self.complete_handshake(arrival, scope);
        }
        Verdict::Accept
    }

    fn reset_handshake(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        if !self.reset_is_valid(arrival, scope) {
            return Verdict::Reject;
        }
        // These take an RST after a handshake ACK with a wrong acknowledgement for a stray one.
        let ignores = matches!(
            self.sides[arrival.direction].policy,
            Policy::Linux | Policy::OldLinux | Policy::Solaris | Policy::OldSolaris
        );
        if !(self.traits.evasion && ignores) {
            self.enter(State::Closed);
            self.take_timestamp(arrival, scope);
        }
        Verdict::Accept
    }

    /// A SYN/ACK again. One with another sequence number is kept: the client may answer it.
    fn repeat_syn_ack(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        if arrival.direction == ToServer {
            return scope.reject(Event::ThreeWaySynAckToServerOnSynRecv);
        }
        if arrival.acknowledgement != self.sides[ToServer].last_ack {
            return scope.reject(Event::ThreeWaySynAckResendWithDifferentAck);
        }
        let offer = Offer::of(arrival);
        if arrival.sequence != self.sides[ToClient].isn && !self.offers.iter().any(|kept| kept.is_same(&offer)) {
            if self.offers.len() >= usize::from(scope.config.max_synack_queued) {
                return scope.reject(Event::ThreeWaySynAckFlood);
            }
            self.offers.push(offer);
        }
        Verdict::Accept
    }

    /// The last ACK of the handshake, or what stands for it.
    fn complete_handshake(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) -> Verdict {
        let answered = self.offers.iter().rev().copied().find(|kept| {
            kept.sequence == arrival.acknowledgement.wrapping_sub(1) && kept.acknowledgement == arrival.sequence
        });
        if let Some(answered) = answered {
            self.take_syn_ack(&answered);
        }
        if self.traits.timestamps && !self.timestamp_is_valid(arrival, scope) {
            return Verdict::Reject;
        }
        let (client, server) = (&self.sides[ToServer], &self.sides[ToClient]);
        if self.traits.simultaneous && arrival.direction == ToClient {
            if arrival.sequence != server.next {
                return scope.reject(Event::FourWayWrongSequence);
            }
            if !self.acknowledgement_is_valid(arrival, scope) {
                return scope.reject(Event::FourWayInvalidAck);
            }
            self.establish(arrival, scope);
            return Verdict::Accept;
        }
        let mut missed_ack = false;
        if arrival.direction == ToClient && !self.traits.from_syn_ack && !self.traits.fast_open {
            if scope.config.inline {
                // What the server says before the client confirmed it may be injected.
                let fits = arrival.acknowledgement == client.last_ack && arrival.sequence == server.next;
                return scope.reject(if fits && !arrival.payload.is_empty() {
                    Event::ThreeWayAckDataInject
                } else {
                    Event::ThreeWayAckInWrongDirection
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
            self.traits.one_sided = true;
            self.continue_server(arrival, scope);
        } else if sequence == client.next {
            self.traits.evasion = true;
            return scope.reject(Event::ThreeWayRightSequenceWrongAckEvasion);
        } else if !from_client && !scope.config.inline && gt(sequence, client.next) && gt(ack, client.last_ack) {
            // Both went on unseen.
            self.skip_lost(arrival, scope);
        } else if gt(sequence, client.next) && le(sequence, client.window_end) && ack == server.next {
            // The ACK (and data) before this one was lost.
            self.skip_lost(arrival, scope);
        } else if (missed_ack || self.traits.fast_open) && ack == client.last_ack && sequence == server.next {
            self.continue_server(arrival, scope);
        } else {
            return scope.reject(Event::ThreeWayWrongSequenceWrongAck);
        }
        Verdict::Accept
    }

    /// The handshake is complete with this segment.
    fn establish(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) {
        self.take_timestamp(arrival, scope);
        self.enter(State::Established);
        self.offers.clear();
        let one_sided = self.traits.one_sided;
        let peer_base = self.streams[arrival.direction.flip()].base_sequence();
        let own = &mut self.sides[arrival.direction];
        own.advance(own.next.wrapping_add(arrival.payload.len() as u32), one_sided);
        let peer = &mut self.sides[arrival.direction.flip()];
        peer.acknowledge(arrival.acknowledgement, peer_base);
        peer.window = peer.scaled(arrival.tcp.window);
        peer.set_window_end();
        if self.traits.midstream {
            let own = &mut self.sides[arrival.direction];
            own.window = own.scaled(arrival.tcp.window);
            own.set_window_end();
            self.assume_scale();
        }
        self.data(arrival, scope);
    }

    fn assume_scale(&mut self) {
        if !self.traits.from_syn_ack {
            self.sides.iter_mut().for_each(|side| side.scale = SCALE_MAX);
            self.traits.sack = true;
        }
    }

    /// The server's segment fits right behind its SYN/ACK.
    fn continue_server(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) {
        self.take_timestamp(arrival, scope);
        self.enter(State::Established);
        let one_sided = self.traits.one_sided;
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
        if self.traits.midstream && one_sided {
            server.window = u32::from(arrival.tcp.window);
            server.set_window_end();
            self.assume_scale();
        }
        self.data(arrival, scope);
    }

    /// The session goes on behind segments that were not seen.
    fn skip_lost(&mut self, arrival: &Arrival<'_>, scope: &mut Scope<'_>) {
        self.take_timestamp(arrival, scope);
        self.enter(State::Established);
        let peer_base = self.streams[arrival.direction.flip()].base_sequence();
        let own = &mut self.sides[arrival.direction];
        own.next = arrival.end;
        own.set_window_end();
        let peer = &mut self.sides[arrival.direction.flip()];
        peer.acknowledge(arrival.acknowledgement, peer_base);
        peer.window = peer.scaled(arrival.tcp.window);
        peer.set_window_end();
        if self.traits.midstream {
            self.assume_scale();
        }
        self.data(arrival, scope);
    }
}
