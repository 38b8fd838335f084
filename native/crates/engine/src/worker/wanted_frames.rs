//! Which kinds of frames rules and outputs want.

use sidewire_app_layer::{FrameKinds, ProtocolDef, StreamFrames};
use sidewire_base::{Direction, PerDirection, ProtocolId};
use sidewire_detect::RuleSet;

use crate::output::format::eve::{EventKind, RunOutputs};

/// Kinds of frames that rules or outputs want, per protocol and direction; nothing at all where nobody wants any.
#[derive(Debug, Default)]
pub(crate) struct WantedFrames(Vec<PerDirection<FrameKinds>>);

impl WantedFrames {
    pub(crate) fn new(rules: &RuleSet, outputs: &RunOutputs, protocols: &[ProtocolDef]) -> Self {
        let logged = outputs.list.iter().any(|output| output.wants(EventKind::FRAME));
        let of = |(app, def): (ProtocolId, &ProtocolDef)| {
            let logged = if logged && !def.info.frames.is_empty() { FrameKinds::ALL } else { FrameKinds::default() };
            PerDirection::from_fn(|direction| logged.union(rules.frame_kinds(app, direction)))
        };
        let all: Vec<_> = (0..).map(ProtocolId).zip(protocols).map(of).collect();
        let any = all.iter().flat_map(PerDirection::iter).any(|kinds| !kinds.is_empty());
        Self(if any { all } else { Vec::new() })
    }

    /// Where a protocol tells the frames of a direction; `None` when nobody wants them.
    #[inline]
    pub(crate) fn of<'a>(
        &self,
        protocol: Option<ProtocolId>,
        frames: &'a mut Option<Box<PerDirection<StreamFrames>>>,
        direction: Direction,
    ) -> Option<&'a mut StreamFrames> {
        if self.0.is_empty() { None } else { self.taken_up(protocol, frames, direction) }
    }

    #[cold]
    fn taken_up<'a>(
        &self,
        protocol: Option<ProtocolId>,
        frames: &'a mut Option<Box<PerDirection<StreamFrames>>>,
        direction: Direction,
    ) -> Option<&'a mut StreamFrames> {
        let kinds = self.0.get(protocol?.index())?[direction];
        if kinds.is_empty() {
            return None;
        }
        let frames = &mut frames.get_or_insert_default()[direction];
        frames.want(kinds);
        Some(frames)
    }
}
