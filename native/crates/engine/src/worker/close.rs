//! Transactions that are done with, and the end of sessions and flows.
#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use sidewire_app_layer::{Frames, Keep};
use sidewire_base::Direction;
use sidewire_flow::EndReason;
use sidewire_tcp::{Consumer, Session};

use crate::worker::conversation::{Conversation, ConversationFlow};
use crate::worker::detect::Occasion;
use crate::worker::env::Env;
use crate::worker::observer::Watch;
use crate::worker::parse::ParseInput;

/// Open transactions of one flow; beyond it the oldest are finished early and counted.
const MAX_TRANSACTIONS: usize = 4096;

impl<W: Watch> Env<W> {
    /// Drops transactions nobody needs any more.
    #[inline]
    pub(crate) fn retire(&mut self, flow: &mut ConversationFlow, last: bool) {
        let app = &mut flow.data.app;
        app.dirty = false;
        if app.session.as_ref().is_some_and(|session| !session.is_empty()) {
            self.retire_open(flow, last);
        }
    }

    fn retire_open(&mut self, flow: &mut ConversationFlow, last: bool) {
        let Conversation { app, rules: state, .. } = &mut flow.data;
        let Some(session) = &mut app.session else { return };
        let count = session.len();
        let Some(number) = app.protocol.map(usize::from) else { return };
        let info = session.info();
        let watched = Direction::BOTH.map(|direction| !state.passed() && self.rules.inspects(number, direction));
        let excess = count.saturating_sub(MAX_TRANSACTIONS);
        if excess > 0 {
            self.counters.transactions_evicted += excess as u64;
            session.evict(excess);
        }
        if !self.rules.has_inspected(state) {
            session.touch_all();
        }
        // An alert on a frame tells of the transaction the frame belongs to.
        let frames = app.frames.as_deref();
        // One that alerts may tell stays until packets of both directions have passed it, as in Suricata.
        let passed = if self.setup.config.detect.guess_transaction { session.passed() } else { [u64::MAX; 2] };
        session.settle(&mut |head| {
            let complete = |direction: Direction| head.progress[direction] >= info.complete(direction);
            let inspected = Direction::BOTH.map(|direction| !watched[direction] || head.inspection[direction].done);
            let through = |direction: Direction| inspected[direction] || head.skip_inspection[direction];
            let done = Direction::BOTH.into_iter().all(|direction| complete(direction) && through(direction));
            // Loggers were asked before; one that is not due on a finished transaction never will be.
            let held = || {
                passed.iter().any(|passed| head.id >= *passed)
                    || frames.is_some_and(|frames| is_framed(frames, head.id))
            };
            if last || done && !held() { Keep::Nothing } else { Keep::Open { inspected, again: done } }
        });
    }

    /// A flow ended: what is held becomes visible, every open transaction is inspected and logged once.
    pub(crate) fn finish(&mut self, flow: &mut ConversationFlow, reason: EndReason) {
        let ordinal = self.writer.place.ordinal;
        if let Some(session) = &mut flow.data.tcp {
            let visible = session.close(&mut self.tcp);
            for direction in Direction::BOTH {
                // What a parser held back for want of more is offered again: it is all there will be.
                let waits = |session: &Session| session.stream(direction).available(Consumer::App).is_some();
                if visible[direction] || flow.data.tcp.as_deref().is_some_and(waits) {
                    self.feed_stream(flow, direction, ordinal);
                }
            }
        }
        if let Some(next) = flow.data.app.switch.take() {
            self.switch(flow, next, ordinal);
        }
        self.finish_session(flow, ordinal);
        self.log_flow(flow, reason);
        if let Some(mut session) = flow.data.tcp.take() {
            session.discard(&mut self.tcp);
        }
    }

    /// Ends the application session: every open transaction is inspected and logged once.
    pub(crate) fn finish_session(&mut self, flow: &mut ConversationFlow, ordinal: u64) {
        self.close_session(flow, ordinal);
        if let Some(session) = &mut flow.data.app.session {
            session.touch_all();
        }
        let was_established = flow.data.is_established(flow.both_seen());
        let end =
            Occasion { packet: None, was_established, events: &sidewire_tcp::Events::default(), in_stream: false };
        let pending = flow.data.app.session.as_ref().is_some_and(|session| !session.is_empty());
        let raw = |flow: &ConversationFlow, direction| {
            flow.data.tcp.as_ref().is_some_and(|tcp| tcp.stream(direction).available(Consumer::Raw).is_some())
        };
        for direction in Direction::BOTH {
            if pending || flow.data.app.has_frames(direction) || raw(flow, direction) {
                self.inspect(flow, direction, &end);
            }
            self.settle_frames(flow, direction, None);
        }
        self.log_transactions(flow, None, true);
        self.retire(flow, true);
    }

    /// Tells the session that nothing follows in either direction.
    pub(crate) fn close_session(&mut self, flow: &mut ConversationFlow, ordinal: u64) {
        let (client, server) = (flow.client, flow.server);
        let transport = if flow.data.tcp.is_some() {
            sidewire_app_layer::Transport::Tcp
        } else {
            sidewire_app_layer::Transport::Udp
        };
        let midstream = flow.data.tcp.as_ref().is_some_and(|session| session.midstream());
        let app = &mut flow.data.app;
        let Some(session) = &mut app.session else { return };
        for direction in Direction::BOTH {
            if !app.closed[direction] {
                app.closed[direction] = true;
                app.dirty = true;
                let input = ParseInput { time: self.now, ordinal, client, server, transport, midstream };
                // Nothing follows that could be a frame.
                let mut context = self.parse.context(input, None);
                session.close(direction, &mut context);
            }
        }
        self.note_expectations();
    }
}

/// A frame of this transaction is open.
#[cold]
fn is_framed(frames: &[Frames; 2], tx: u64) -> bool {
    frames.iter().any(|side| side.holds(tx))
}
