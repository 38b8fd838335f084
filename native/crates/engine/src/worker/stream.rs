//! What a packet does to its flow, before rules look at it: streams, and what the protocol makes of them.
#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use sidewire_base::Direction;
use sidewire_decode::{Packet, Tcp};
use sidewire_tcp::{Consumer, Outcome, Session, State};

use crate::worker::app_layer::Turn;
use crate::worker::conversation::{Conversation, ConversationFlow, swap_direction};
use crate::worker::env::Env;
use crate::worker::observer::Watch;

impl<W: Watch> Env<W> {
    /// Keeps what flow events tell of link and network headers.
    pub(crate) fn note_headers(&self, flow: &mut ConversationFlow, packet: &Packet<'_>, direction: Direction) {
        if let Some(ip) = &packet.ip {
            flow.data.ttl[direction].add(ip.ttl);
        }
        if self.setup.outputs.ethernet
            && let Some(header) = &packet.ethernet
        {
            flow.data.macs.get_or_insert_default().add(direction, header);
        }
    }

    /// Takes a TCP packet. `direction` is the packet's, which turns with the flow.
    pub(crate) fn follow(
        &mut self,
        flow: &mut ConversationFlow,
        tcp: &Tcp<'_>,
        packet: &Packet<'_>,
        direction: &mut Direction,
    ) -> Outcome {
        let setup = &self.setup;
        let (client, server) = (flow.client.address, flow.server.address);
        let session = flow.data.tcp.get_or_insert_with(|| Box::new(Session::new(&setup.tcp, client, server)));
        for side in Direction::BOTH {
            let stream = session.stream_mut(side);
            if self.rules.is_empty() {
                // Nobody will look at stream octets: they need not be kept.
                stream.disable(Consumer::Raw);
            } else {
                stream.want_raw(W::ACTIVE || self.rules.reads_streams(side));
            }
        }
        let mut outcome = session.packet(tcp, packet.payload, *direction, packet.time, &setup.tcp, &mut self.tcp);
        if outcome.swap {
            swap_direction(flow);
            *direction = direction.flip();
        }
        self.reveal_early(flow, *direction, &mut outcome.visible);
        // Data that became visible travels against the acknowledgement: the other direction first.
        for seen in [direction.flip(), *direction] {
            if outcome.visible[seen] {
                self.take_stream(flow, seen, packet.ordinal, direction);
            }
        }
        self.feed_waiting(flow, packet.ordinal);
        self.end_streams(flow, packet.ordinal);
        outcome
    }

    /// Where the run reads calls early, a flow whose answers are needed on other flows waits for no acknowledgement.
    fn reveal_early(&mut self, flow: &mut ConversationFlow, direction: Direction, visible: &mut [bool; 2]) {
        let setup = &self.setup;
        if !setup.config.stream.early_calls {
            return;
        }
        let Conversation { tcp: Some(tcp), app, .. } = &mut flow.data else { return };
        let protocol = app.protocol.filter(|_| app.session.is_some());
        if protocol.and_then(|at| setup.protocols.get(usize::from(at))).is_some_and(|protocol| protocol.early) {
            visible[direction] |= tcp.reveal_unacknowledged(direction, &mut self.tcp);
        }
    }

    /// Hands what is visible of a stream to its protocol. `direction` is the packet's, which turns with the flow.
    fn take_stream(&mut self, flow: &mut ConversationFlow, seen: Direction, ordinal: u64, direction: &mut Direction) {
        if self.feed_stream(flow, seen, ordinal) == Turn::Reversed {
            swap_direction(flow);
            *direction = direction.flip();
            if let Some(session) = &mut flow.data.tcp {
                session.swap_direction();
            }
            flow.data.app.swap_direction();
            for seen in Direction::BOTH {
                self.feed_stream(flow, seen, ordinal);
            }
        }
    }

    /// A request may have waited for its answer (`CONNECT`): once that is there, what was held back is offered again.
    fn feed_waiting(&mut self, flow: &mut ConversationFlow, ordinal: u64) {
        let Conversation { tcp: Some(tcp), app, .. } = &flow.data else { return };
        let waits = app.session.is_some() && !app.stopped && app.need[Direction::ToServer] == 0;
        if waits && tcp.stream(Direction::ToServer).available(Consumer::App).is_some() {
            self.feed_stream(flow, Direction::ToServer, ordinal);
        }
    }

    /// Once the connection is closed, nothing will follow: messages that end with it are complete.
    fn end_streams(&mut self, flow: &mut ConversationFlow, ordinal: u64) {
        let Conversation { tcp: Some(tcp), app, .. } = &flow.data else { return };
        let over = tcp.state() == State::Closed && app.session.is_some() && app.closed != [true; 2];
        // What a reset left unacknowledged becomes visible when the flow ends, and belongs to the messages too.
        let all_seen = |side| {
            let stream = tcp.stream(side);
            let held = stream.pieces().map(|(offset, piece)| offset + piece.len() as u64).max();
            stream.available(Consumer::App).is_none() && held.is_none_or(|end| end <= stream.visible())
        };
        if over && Direction::BOTH.into_iter().all(all_seen) {
            self.close_session(flow, ordinal);
        }
    }

    /// Takes a UDP packet. `direction` is the packet's, which turns with the flow.
    pub(crate) fn take_datagram(
        &mut self,
        flow: &mut ConversationFlow,
        packet: &Packet<'_>,
        direction: &mut Direction,
    ) {
        if self.feed_datagram(flow, packet, *direction) == Turn::Reversed {
            swap_direction(flow);
            *direction = direction.flip();
            self.feed_datagram(flow, packet, *direction);
        }
    }
}
