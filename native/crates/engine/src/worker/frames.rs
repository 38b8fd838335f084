//! Frames of flows: which are wanted, how long their octets stay, and how they are reported.

use sidewire_app_layer::{Frame, FrameExtent, FrameKind, FrameKinds, StreamFrames};
use sidewire_base::{Direction, PerDirection};
use sidewire_decode::Packet;
use sidewire_detect::{FRAME_STEP, FRAME_WINDOW, FrameSource, RuleSet};
use sidewire_tcp::TcpSession;

use crate::output::format::eve::{EventKind, FrameFacts};
use crate::worker::conversation::{AppLayerState, ConversationFlow};
use crate::worker::envelope::envelope;
use crate::worker::log::LogStage;

/// Octets before those that were looked at that stay for a rule on a whole stream. Other frames end, and keep more.
const STREAM_WINDOW: u64 = 4096;

/// Visible octets that stay in a direction at most, looked at or not.
const MAX_PINNED: u64 = 1 << 18;

/// Stream offsets from which octets stay for open frames, per direction.
#[inline]
pub(crate) fn pins(app: &AppLayerState, session: &TcpSession) -> PerDirection<u64> {
    app.frames.as_deref().map_or(TcpSession::NO_PINS, |frames| pins_of(frames, session))
}

#[cold]
fn pins_of(frames: &PerDirection<StreamFrames>, session: &TcpSession) -> PerDirection<u64> {
    PerDirection::from_fn(|direction| {
        let first = frames[direction].iter().map(pin).min();
        let least = session.stream(direction).visible().saturating_sub(MAX_PINNED);
        first.map_or(u64::MAX, |first| first.max(least))
    })
}

fn pin(frame: &Frame) -> u64 {
    let window = if frame.kind == FrameKind::STREAM { STREAM_WINDOW } else { FRAME_WINDOW };
    frame.start.saturating_add(frame.inspection.seen.saturating_sub(window))
}

/// What the frames of a direction are parts of. Those of datagrams end with the packet.
pub(crate) fn frame_source<'a>(
    tcp: Option<&'a TcpSession>,
    direction: Direction,
    packet: Option<&'a Packet<'_>>,
) -> Option<FrameSource<'a>> {
    match tcp {
        Some(session) => Some(FrameSource::Stream(session.stream(direction))),
        None => packet.map(|packet| FrameSource::Datagram(packet.payload)),
    }
}

impl LogStage {
    /// Tells the frames of a direction that are worth it by now, and forgets those that are done with.
    #[inline]
    pub(crate) fn settle_frames(
        &mut self,
        flow: &mut ConversationFlow,
        direction: Direction,
        packet: Option<&Packet<'_>>,
        rules: &RuleSet,
    ) {
        if let Some(mut frames) = flow.data.app.frames.take() {
            self.settle(flow, &mut frames[direction], direction, packet, rules);
            flow.data.app.frames = Some(frames);
        }
    }

    #[cold]
    fn settle(
        &mut self,
        flow: &ConversationFlow,
        frames: &mut StreamFrames,
        direction: Direction,
        packet: Option<&Packet<'_>>,
        rules: &RuleSet,
    ) {
        self.counters.frames_refused += frames.take_refused();
        if frames.is_empty() {
            return;
        }
        let source = frame_source(flow.data.tcp.as_deref(), direction, packet);
        let (Some(source), Some(number)) = (source, flow.data.app.protocol) else { return };
        let (settled, ended) = (source.settled(), packet.is_none() || source.is_over());
        let logging = self.writer.wants(EventKind::FRAME);
        for frame in frames.iter_mut().filter(|frame| logging && !frame.logged) {
            let extent = frame.extent(settled, ended);
            if extent.over || extent.end - frame.start >= FRAME_STEP {
                self.log_frame(flow, frame, extent, source, direction, packet);
                frame.logged = true;
            }
        }
        let passed = flow.data.rules.passed();
        let ruled = if passed { FrameKinds::default() } else { rules.frame_kinds(number, direction) };
        frames.retain(|frame| {
            let over = frame.extent(settled, ended).over;
            !over && (ruled.contains(frame.kind) || logging && !frame.logged)
        });
    }

    fn log_frame(
        &mut self,
        flow: &ConversationFlow,
        frame: &Frame,
        extent: FrameExtent,
        source: FrameSource<'_>,
        direction: Direction,
        packet: Option<&Packet<'_>>,
    ) {
        let (from, to) = flow.endpoints(direction);
        let origin = self.origin(packet, Some(flow));
        let community = |seed| sidewire_flow::community_id(flow, seed);
        let mut envelope = envelope(packet, Some(flow), self.now, (Some(from), Some(to)), &origin);
        envelope.community = Some(&community);
        let app = flow.data.app.names(self.setup.protocols);
        let facts = FrameFacts { frame, extent, source, direction, name: self.frame_name(flow, frame) };
        self.writer.event(EventKind::FRAME, &envelope, |output, out| {
            app.write(out);
            out.object("frame", |o| facts.write(output.frame_payload, o));
        });
    }

    /// A frame's kind, without the protocol.
    pub(crate) fn frame_name(&self, flow: &ConversationFlow, frame: &Frame) -> &'static str {
        let protocol = flow.data.app.protocol.and_then(|number| self.setup.protocols.get(number.index()));
        let info = protocol.and_then(|def| def.info.frames.get(usize::from(frame.kind.0)));
        info.map_or("", |info| info.short())
    }
}
