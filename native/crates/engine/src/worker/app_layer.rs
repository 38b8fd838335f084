//! Application layer: detection of the protocol, and parsing.
#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use std::sync::Arc;

use sidewire_app_layer::{DetectionState, Input, Outcome, ProtocolDef};
use sidewire_base::{Direction, Endpoint};
use sidewire_decode::Packet;
use sidewire_tcp::{Chunk, Consumer, Session};

use crate::worker::conversation::{App, Conversation, ConversationFlow};
use crate::worker::counters::AppCounters;
use crate::worker::env::Env;
use crate::worker::observer::Watch;
use crate::worker::parse::ParseInput;

/// Did protocol detection find that a flow runs the other way?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Straight,
    Reversed,
}

/// What became of a look at a direction's first octets.
enum Found {
    /// The protocol is known.
    Session,
    /// It is known, and the flow runs the other way.
    Reversed,
    /// More octets are needed.
    Wait,
    /// Nobody knows.
    Failed,
}

impl<W: Watch> Env<W> {
    pub(crate) fn feed_stream(&mut self, flow: &mut ConversationFlow, direction: Direction, ordinal: u64) -> Turn {
        let Conversation { tcp: Some(tcp), app, .. } = &mut flow.data else { return Turn::Straight };
        let (client, server) = (flow.client, flow.server);
        let mut known = app.session.is_some();
        loop {
            if app.switch.is_some() {
                return Turn::Straight;
            }
            if app.stopped {
                tcp.stream_mut(direction).disable(Consumer::App);
                return Turn::Straight;
            }
            let (offset, bytes, last, gap) = match tcp.stream(direction).available(Consumer::App) {
                None => return Turn::Straight,
                Some(Chunk::Gap { length, .. }) => {
                    let completed = self.gap(app, direction, length, ordinal, (client, server), tcp.midstream());
                    let stream = tcp.stream_mut(direction);
                    stream.consume(Consumer::App, length);
                    if completed {
                        stream.flush_raw();
                    }
                    continue;
                }
                Some(Chunk::Data { offset, bytes, last, gap, .. }) => (offset, bytes, last, gap),
            };
            let total = bytes.len();
            if app.closed[direction] {
                return Turn::Straight;
            }
            if !app.detection.is_decided(direction) && !app.failed {
                let begins = app.session.is_none();
                match self.identify(
                    app,
                    sidewire_app_layer::Transport::Tcp,
                    direction,
                    bytes,
                    (client, server),
                    tcp.midstream(),
                    last,
                ) {
                    Found::Session => {
                        if begins
                            && app.session.is_some()
                            && let Some(depth) = app.protocol.and_then(|number| self.setup.stream_depth(number))
                        {
                            for side in Direction::BOTH {
                                tcp.stream_mut(side).set_depth(depth);
                            }
                            continue;
                        }
                    }
                    Found::Reversed => return Turn::Reversed,
                    // What was waited for is missing: detection has its word on the gap.
                    Found::Wait if app.session.is_none() && gap => {
                        tcp.stream_mut(direction).consume(Consumer::App, total as u64);
                        continue;
                    }
                    Found::Wait if app.session.is_none() => return Turn::Straight,
                    Found::Wait => {}
                    Found::Failed => continue,
                }
            }
            let Some(session) = &mut app.session else {
                // Known but not parsed, or given up.
                app.stopped = true;
                continue;
            };
            if total < app.need[direction] && !last && !gap {
                return Turn::Straight;
            }
            app.dirty = true;
            let opened = session.opened();
            session.begin_step();
            let mut frames = self.frames.of(app.protocol, &mut app.frames, direction);
            if let Some(frames) = &mut frames {
                frames.begin_stream(offset);
            }
            let input = ParseInput {
                time: self.now,
                ordinal,
                client,
                server,
                transport: sidewire_app_layer::Transport::Tcp,
                midstream: tcp.midstream(),
            };
            let mut context = self.parse.context(input, frames);
            let step = if total == 0 {
                Ok(sidewire_app_layer::Step::default())
            } else {
                session.parse(direction, Input { data: bytes, offset, last }, &mut context)
            };
            if let (Ok(step), true) = (&step, last)
                && step.switch.is_none()
            {
                session.close(direction, &mut context);
                app.closed[direction] = true;
            }
            let new = session.opened() - opened;
            self.count_transactions(app.protocol, new);
            self.note_expectations();
            match step {
                Ok(step) => {
                    let consumed = step.consumed.min(total);
                    let flushes = flushes_stream(self.setup.protocols, app.protocol) && session.completed(direction);
                    app.need[direction] = step.need;
                    let stream = tcp.stream_mut(direction);
                    // What a gap follows will not be completed: it goes with the gap, which is told next.
                    let lost = gap && consumed == 0 && step.switch.is_none();
                    stream.consume(Consumer::App, if lost { total } else { consumed } as u64);
                    if flushes {
                        // Rules on the stream need not wait for more.
                        stream.flush_raw();
                    }
                    if let Some(next) = step.switch {
                        app.switch = Some(next);
                    } else if step.finished {
                        app.stopped = true;
                    }
                    if last && step.switch.is_none() {
                        stream_done(tcp, direction);
                        return Turn::Straight;
                    }
                    if consumed == 0 && step.switch.is_none() && !gap {
                        return Turn::Straight;
                    }
                }
                Err(_) => {
                    self.parser_error(app);
                    app.stopped = true;
                }
            }
            // The first direction that told makes the other one's octets readable as well.
            if !known && app.session.is_some() {
                known = true;
                let other = direction.flip();
                if tcp.stream(other).available(Consumer::App).is_some() {
                    let turn = self.feed_stream(flow, other, ordinal);
                    debug_assert!(turn == Turn::Straight, "the flow's direction is settled");
                    return self.feed_stream(flow, direction, ordinal);
                }
            }
        }
    }

    /// Tells the session of missing octets. True when that completed a message, and rules on the stream need not wait.
    fn gap(
        &mut self,
        app: &mut App,
        direction: Direction,
        length: u64,
        ordinal: u64,
        (client, server): (Endpoint, Endpoint),
        midstream: bool,
    ) -> bool {
        let Some(session) = &mut app.session else {
            // Protocol detection needs the beginning: midstream it may find one behind the gap.
            if !midstream {
                app.detection_gave_up(&mut self.counters);
            }
            return false;
        };
        app.dirty = true;
        app.need[direction] = 0;
        let opened = session.opened();
        session.begin_step();
        let transport = sidewire_app_layer::Transport::Tcp;
        let input = ParseInput { time: self.now, ordinal, client, server, transport, midstream };
        // What it missed, nobody can look into.
        let mut context = self.parse.context(input, None);
        let outcome = session.gap(direction, length, &mut context);
        let new = session.opened() - opened;
        let completed = session.completed(direction);
        if outcome.is_err() {
            app.stopped = true;
            if let Some(count) = app.protocol.and_then(|n| self.counters.gap_errors.get_mut(usize::from(n))) {
                *count += 1;
            }
        }
        self.count_transactions(app.protocol, new);
        self.note_expectations();
        completed && flushes_stream(self.setup.protocols, app.protocol)
    }

    #[expect(clippy::too_many_arguments, reason = "one call site per transport; the parts belong to different owners")]
    fn identify(
        &mut self,
        app: &mut App,
        transport: sidewire_app_layer::Transport,
        direction: Direction,
        bytes: &[u8],
        (client, server): (Endpoint, Endpoint),
        midstream: bool,
        last: bool,
    ) -> Found {
        if !app.begun {
            app.begun = true;
            app.detection = DetectionState::new(midstream).announced(app.expected);
        }
        let setup = Arc::clone(&self.setup);
        let outcome =
            setup.detection.identify(&mut app.detection, transport, direction, bytes, (client.port, server.port), last);
        app.take_detection_events();
        match outcome {
            Outcome::More => Found::Wait,
            Outcome::Failed => {
                let other = app.detection.is_decided(direction.flip());
                // A datagram is all there is of its message: nothing that follows makes more of it.
                let datagram = transport == sidewire_app_layer::Transport::Udp;
                if app.session.is_some() || !(other || datagram) {
                    return Found::Wait;
                }
                app.stopped = other;
                if !app.failed {
                    app.failed = true;
                    match transport {
                        sidewire_app_layer::Transport::Tcp => self.counters.failed_tcp += 1,
                        sidewire_app_layer::Transport::Udp => self.counters.failed_udp += 1,
                    }
                }
                Found::Failed
            }
            Outcome::Found { protocol, reversed } => {
                if app.session.is_none() {
                    app.protocol = Some(protocol);
                    // A flow is counted once; of datagrams the first side may have told nothing.
                    let counted = core::mem::take(&mut app.failed);
                    if let Some(count) = self.counters.flows.get_mut(usize::from(protocol)) {
                        *count += u64::from(!counted);
                    }
                    if setup.detection.parses(protocol) {
                        let settings = setup.settings.get(usize::from(protocol)).cloned().unwrap_or_default();
                        app.session = setup.protocols.get(usize::from(protocol)).map(|def| (def.begin)(&settings));
                    }
                }
                if reversed { Found::Reversed } else { Found::Session }
            }
        }
    }

    /// The flow speaks another protocol from here on: the session so far ends, and detection begins anew.
    pub(crate) fn switch(&mut self, flow: &mut ConversationFlow, next: &str, ordinal: u64) {
        self.finish_session(flow, ordinal);
        let expected = (!next.is_empty()).then(|| self.setup.detection.position(next)).flatten();
        let app = &mut flow.data.app;
        app.original = app.original.or(app.protocol);
        app.expected = expected;
        app.detection.restart(expected);
        app.protocol = None;
        app.session = None;
        app.frames = None;
        app.need = [0; 2];
        app.closed = [false; 2];
        for direction in Direction::BOTH {
            self.feed_stream(flow, direction, ordinal);
        }
    }

    pub(crate) fn feed_datagram(
        &mut self,
        flow: &mut ConversationFlow,
        packet: &Packet<'_>,
        direction: Direction,
    ) -> Turn {
        let (client, server) = (flow.client, flow.server);
        let app = &mut flow.data.app;
        if app.stopped || packet.payload.is_empty() {
            return Turn::Straight;
        }
        if !app.detection.is_decided(direction) {
            match self.identify(
                app,
                sidewire_app_layer::Transport::Udp,
                direction,
                packet.payload,
                (client, server),
                false,
                true,
            ) {
                Found::Session => {}
                Found::Reversed => return Turn::Reversed,
                Found::Wait if app.session.is_none() => return Turn::Straight,
                Found::Wait => {}
                Found::Failed => return Turn::Straight,
            }
        }
        let Some(session) = &mut app.session else { return Turn::Straight };
        app.dirty = true;
        let opened = session.opened();
        let transport = sidewire_app_layer::Transport::Udp;
        let input = ParseInput { time: self.now, ordinal: packet.ordinal, client, server, transport, midstream: false };
        // Frames are parts of streams.
        let mut context = self.parse.context(input, None);
        let step = session.parse(direction, Input { data: packet.payload, offset: 0, last: true }, &mut context);
        let new = session.opened() - opened;
        self.count_transactions(app.protocol, new);
        self.note_expectations();
        if step.is_err() {
            // A datagram stands for itself: the next one may be sound again.
            self.parser_error(app);
        }
        Turn::Straight
    }
}

/// Does a complete message of this protocol let rules look at the stream so far?
fn flushes_stream(protocols: &[ProtocolDef], protocol: Option<u16>) -> bool {
    protocol.and_then(|number| protocols.get(usize::from(number))).is_some_and(|protocol| protocol.flushes_stream)
}

fn stream_done(tcp: &mut Session, direction: Direction) {
    tcp.stream_mut(direction).disable(Consumer::App);
}

impl App {
    fn detection_gave_up(&mut self, counters: &mut AppCounters) {
        if !self.failed && self.session.is_none() {
            self.failed = true;
            self.stopped = true;
            counters.failed_tcp += 1;
        }
    }
}
