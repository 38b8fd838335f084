//! The alerts that matches raise.

use sidewire_base::TxId;
use sidewire_decode::Packet;
use sidewire_detect::{RuleMatch, RuleType};
use sidewire_ir::Action;

use crate::output::format::eve::{AlertFacts, AlertPayload, AlertTransaction, EveOutput, EventKind, FrameFacts};
use crate::output::format::pieces::joined;
use crate::output::writer::record::AlertKey;
use crate::worker::conversation::{AppLayerState, ConversationFlow};
use crate::worker::detect::FoundMatches;
use crate::worker::envelope::{ends, envelope};
use crate::worker::frames::frame_source;
use crate::worker::log::LogStage;

/// Stream octets shown of an alert that matched in the stream.
const MAX_STREAM_PAYLOAD: usize = 1 << 20;

impl LogStage {
    /// Raises the alerts of a packet's matches (or of those at the end of a flow), and tells what they took down.
    pub(crate) fn log_matches(
        &mut self,
        mut flow: Option<&mut ConversationFlow>,
        packet: Option<&Packet<'_>>,
        all: FoundMatches<'_>,
    ) {
        for found in all.matches {
            self.log_alert(flow.as_deref_mut(), packet, found, all);
        }
        self.log_variables(flow.as_deref(), packet, all.matches);
    }

    /// Raises the alert of one of a packet's `matches`.
    fn log_alert(
        &mut self,
        mut flow: Option<&mut ConversationFlow>,
        packet: Option<&Packet<'_>>,
        found: &RuleMatch,
        all: FoundMatches<'_>,
    ) {
        let rule = all.rules.rule(found.rule);
        if rule.noalert || matches!(rule.action, Action::Pass | Action::Config) {
            return;
        }
        if let Some(flow) = &mut flow {
            flow.data.alerted = true;
        }
        self.counters.alerts += 1;
        if !self.writer.wants(EventKind::ALERT) {
            return;
        }
        let guessed = flow.as_mut().and_then(|flow| self.guess(&mut flow.data.app, found, rule.kind));
        let tx = found.tx.or(guessed);
        let flow = flow.map(|flow| &*flow);
        let (source, destination) = ends(packet, flow, found.direction);
        let session = matched_session(flow, found);
        let held = self.held_octets(flow, found);
        let payload = AlertPayload {
            octets: match &held {
                Some(held) if !held.is_empty() => held,
                _ => packet.map_or(&[], |packet| packet.payload),
            },
            stream: session,
        };
        let setup = std::sync::Arc::clone(&self.setup);
        let transaction = tx.and_then(|(position, _)| {
            let app = &flow?.data.app;
            let number = app.protocol?.index();
            let session = app.session.as_deref()?;
            Some(AlertTransaction { session, protocol: setup.protocols.get(number)?, number, position })
        });
        let facts = AlertFacts {
            rule,
            source,
            destination,
            direction: found.direction,
            packet,
            payload,
            flow,
            app: flow.map(|flow| flow.data.app.names(setup.protocols)).unwrap_or_default(),
            transaction,
            guessed: guessed.is_some(),
            frame: self.matched_frame(flow, packet, found),
            found,
        };
        let key = AlertKey {
            rule: found.rule,
            source,
            destination,
            flow: flow.map_or(0, |flow| flow.id),
            time: all.stamp,
            first: true,
        };
        let community = |seed| flow.map(|flow| sidewire_flow::community_id(flow, seed)).unwrap_or_default();
        let origin = self.origin(packet, flow);
        let mut envelope = envelope(packet, flow, self.now, (source, destination), &origin);
        envelope.variables.matches = all.matches;
        envelope.tx = tx.map(|(_, id)| id);
        let client = |output: &EveOutput| facts.forwarded_for(output, true);
        envelope.forwarded = Some((found.direction, &client));
        if flow.is_some() {
            envelope.community = Some(&community);
        }
        self.writer.alert(&envelope, key, (rule, packet), |output, out| facts.write(&setup.outputs, output, out));
    }

    /// Where the run asks for it: position and id of the transaction that an alert tells although its rule looks at none. It
    /// is the only one that packets of the direction have not passed, or none is.
    fn guess(&self, app: &mut AppLayerState, found: &RuleMatch, kind: RuleType) -> Option<(usize, TxId)> {
        let detect = &self.setup.config.detect;
        if !detect.guess_transaction || found.tx.is_some() || found.frame.is_some() || kind == RuleType::IpOnly {
            return None;
        }
        let list = app.session.as_deref_mut()?.transactions_mut();
        let position = list.only_live(found.direction)?;
        let head = list.head_mut(position).filter(|head| head.guessed < detect.guesses_per_transaction)?;
        head.guessed += 1;
        Some((position, head.id))
    }

    /// What is held of the stream a rule matched in, where an output shows it.
    fn held_octets(&self, flow: Option<&ConversationFlow>, found: &RuleMatch) -> Option<Vec<u8>> {
        if !self.setup.outputs.payloads || !matched_session(flow, found) {
            return None;
        }
        let stream = flow?.data.tcp.as_ref()?.stream(found.direction);
        Some(joined(stream.pieces(), stream.released(), MAX_STREAM_PAYLOAD).0)
    }

    /// The frame a rule matched in.
    fn matched_frame<'a>(
        &self,
        flow: Option<&'a ConversationFlow>,
        packet: Option<&'a Packet<'_>>,
        found: &RuleMatch,
    ) -> Option<FrameFacts<'a>> {
        let flow = flow?;
        let frame = flow.data.app.frames.as_deref()?[found.direction].by_id(found.frame?)?;
        let source = frame_source(flow.data.tcp.as_deref(), found.direction, packet)?;
        let extent = frame.extent(source.settled(), packet.is_none() || source.is_over());
        Some(FrameFacts { frame, extent, source, direction: found.direction, name: self.frame_name(flow, frame) })
    }
}

/// What matched in a stream, or on a transaction that came in one, is shown with what is held of it.
fn matched_session(flow: Option<&ConversationFlow>, found: &RuleMatch) -> bool {
    flow.is_some_and(|flow| flow.data.tcp.is_some()) && (found.stream || found.tx.is_some())
}
