//! Names that rules use, resolved once for all rules: each is a look into a map, however many protocols there are.

use hashbrown::HashMap;
use sidewire_app_layer::{BufferInfo, FrameInfo, FrameKind, ProtocolDef};
use sidewire_base::{BufferId, ProtocolId};

use crate::keyword::fields::{self, PacketField};

/// Which names mean what.
#[derive(Debug)]
pub(crate) struct KeywordIndex {
    protocols: HashMap<&'static str, Vec<ProtocolId>>,
    buffers: HashMap<&'static str, Vec<BufferRef>>,
    frames: HashMap<&'static str, FrameRef>,
    fields: HashMap<&'static str, &'static PacketField>,
    packet_buffers: HashMap<&'static str, usize>,
}

/// A row of a protocol's buffers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BufferRef {
    /// The protocol, by position.
    pub(crate) app: ProtocolId,
    pub(crate) buffer: BufferId,
    pub(crate) info: &'static BufferInfo,
}

/// A kind of frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameRef {
    /// The protocol, by position.
    pub(crate) app: ProtocolId,
    pub(crate) kind: FrameKind,
    /// Without the protocol.
    pub(crate) short: &'static str,
}

impl KeywordIndex {
    /// The names of these protocols, and of the fields and buffers of packets.
    pub(crate) fn new(defs: &'static [ProtocolDef]) -> Self {
        let (mut protocols, mut buffers, mut frames) =
            (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new(), HashMap::new());
        for (app, def) in (0..).map(ProtocolId).zip(defs) {
            let names = [&[def.info.name][..], def.info.aliases, def.info.matched_by].concat();
            for name in names {
                let of_name = protocols.entry(name).or_default();
                if of_name.last() != Some(&app) {
                    of_name.push(app);
                }
            }
            for (buffer, info) in (0..).map(BufferId).zip(def.rows()) {
                for name in [info.name].into_iter().chain(info.aliases.iter().copied()) {
                    buffers.entry(name).or_default().push(BufferRef { app, buffer, info });
                }
            }
            for (kind, frame) in (0..=u8::MAX).zip(def.info.frames) {
                frames.insert(frame.name, FrameRef { app, kind: FrameKind(kind), short: FrameInfo::short(frame) });
            }
        }
        let mut of_packets = HashMap::new();
        for field in fields::FIELDS {
            of_packets.extend([field.name].into_iter().chain(field.aliases.iter().copied()).map(|name| (name, field)));
        }
        let packet_buffers = (0..).zip(fields::BUFFERS).map(|(at, buffer)| (buffer.name, at)).collect();
        Self { protocols, buffers, frames, fields: of_packets, packet_buffers }
    }

    /// Positions of the protocols a name in a rule stands for; none when it is not known.
    pub(crate) fn protocols(&self, name: &str) -> &[ProtocolId] {
        self.protocols.get(name).map_or(&[], Vec::as_slice)
    }

    /// Rows of all protocols that have the name.
    pub(crate) fn buffers(&self, name: &str) -> &[BufferRef] {
        self.buffers.get(name).map_or(&[], Vec::as_slice)
    }

    /// A kind of frame, by its name with the protocol.
    pub(crate) fn frame(&self, name: &str) -> Option<FrameRef> {
        self.frames.get(name).copied()
    }

    /// A field of packets or flows by any of its names.
    pub(crate) fn field(&self, name: &str) -> Option<&'static PacketField> {
        self.fields.get(name).copied()
    }

    /// A buffer of packets, by position in [`fields::BUFFERS`].
    pub(crate) fn packet_buffer(&self, name: &str) -> Option<usize> {
        self.packet_buffers.get(name).copied()
    }
}
