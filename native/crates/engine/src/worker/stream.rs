//! TCP streams of a flow: what a segment does to its session.

use std::sync::Arc;

use sidewire_base::{Direction, PerDirection};
use sidewire_decode::{Packet, TcpHeader};
use sidewire_tcp::{StreamConsumer, StreamEvents, TcpContext, TcpSession};

use crate::config::setup::RunSetup;
use crate::worker::conversation::{ConversationFlow, FlowStorage, swap_direction};

/// Keeps sessions and their streams.
pub(crate) struct StreamStage {
    setup: Arc<RunSetup>,
    pub(crate) shared: TcpContext,
}

/// Who will look at stream octets, beside the application layer.
#[derive(Clone, Copy)]
pub(crate) struct RawReaders {
    /// There are rules at all.
    pub(crate) any: bool,
    /// Rules read streams of the direction.
    pub(crate) streams: PerDirection<bool>,
}

/// What a segment did.
pub(crate) struct StreamUpdate {
    pub(crate) events: StreamEvents,
    /// Its payload was handed to the stream.
    pub(crate) in_stream: bool,
    /// It completed the handshake, and carries data.
    pub(crate) confirmed_with_data: bool,
    /// New octets are visible.
    pub(crate) visible: PerDirection<bool>,
}

impl StreamStage {
    pub(crate) fn new(setup: &Arc<RunSetup>) -> Self {
        Self { shared: TcpContext::new(&setup.tcp, setup.workers()), setup: Arc::clone(setup) }
    }

    /// Takes a TCP packet. `direction` is the packet's, which turns with the flow.
    pub(crate) fn follow(
        &mut self,
        flow: &mut ConversationFlow,
        tcp: &TcpHeader<'_>,
        packet: &Packet<'_>,
        direction: &mut Direction,
        readers: RawReaders,
    ) -> StreamUpdate {
        let setup = &self.setup;
        let (client, server) = (flow.client.address, flow.server.address);
        let session = flow.data.tcp.get_or_insert_with(|| Box::new(TcpSession::new(&setup.tcp, client, server)));
        for side in Direction::BOTH {
            let stream = session.stream_mut(side);
            if readers.any {
                stream.want_raw(readers.streams[side]);
            } else {
                // Nobody will look at stream octets: they need not be kept.
                stream.disable(StreamConsumer::Raw);
            }
        }
        let outcome = session.packet(tcp, packet.payload, *direction, packet.time, &setup.tcp, &mut self.shared);
        if outcome.swap {
            swap_direction(flow);
            *direction = direction.flip();
        }
        let mut visible = outcome.visible;
        visible[*direction] |= self.expose_unacknowledged(flow, *direction);
        StreamUpdate {
            events: outcome.events,
            in_stream: outcome.in_stream,
            confirmed_with_data: outcome.confirmed_with_data,
            visible,
        }
    }

    /// Makes octets of a direction visible that are not acknowledged. True when something is new.
    pub(crate) fn reveal(&mut self, flow: &mut ConversationFlow, direction: Direction) -> bool {
        flow.data.tcp.as_mut().is_some_and(|tcp| tcp.reveal_unacknowledged(direction, &mut self.shared))
    }

    /// The flow ends: what is held becomes visible. Which directions have new octets.
    pub(crate) fn close(&mut self, flow: &mut ConversationFlow) -> PerDirection<bool> {
        let Some(session) = &mut flow.data.tcp else { return PerDirection::default() };
        session.close(&mut self.shared)
    }

    /// Lets go of the session.
    pub(crate) fn discard(&mut self, flow: &mut ConversationFlow) {
        if let Some(mut session) = flow.data.tcp.take() {
            session.discard(&mut self.shared);
        }
    }

    /// Lets go of octets that nobody needs, from the pins of each direction on.
    pub(crate) fn release(&mut self, session: &mut TcpSession, pins: PerDirection<u64>) {
        session.release(&self.setup.tcp, pins, &mut self.shared);
    }

    /// Where the run reads calls early, a flow whose answers are needed on other flows waits for no acknowledgement. True
    /// when that made octets visible.
    fn expose_unacknowledged(&mut self, flow: &mut ConversationFlow, direction: Direction) -> bool {
        let setup = &self.setup;
        if !setup.config.stream.early_calls {
            return false;
        }
        let FlowStorage { tcp: Some(tcp), app, .. } = &mut flow.data else { return false };
        let protocol = app.protocol.filter(|_| app.session.is_some());
        protocol.and_then(|at| setup.protocols.get(at.index())).is_some_and(|protocol| protocol.info.early)
            && tcp.reveal_unacknowledged(direction, &mut self.shared)
    }
}
