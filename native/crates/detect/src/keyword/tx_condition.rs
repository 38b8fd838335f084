//! What must hold of a transaction, and where it is evaluated.

use sidewire_app_layer::BufferKind;
use sidewire_base::{BufferId, Direction, EventId, ProtocolId};
use sidewire_files::FilePolicy;

use crate::keyword::buffer_test::BufferInspection;
use crate::keyword::dcerpc_iface::InterfaceTest;
use crate::keyword::field_test::FieldTest;
use crate::keyword::file::FileTest;

/// What must hold of a transaction.
#[derive(Debug)]
pub(crate) struct TxCondition {
    /// In the rule.
    pub(crate) position: usize,
    /// Where it is evaluated: one for each protocol and direction that has the buffer.
    pub(crate) engines: Vec<BufferEngine>,
    /// What it wants of files; `None` when it does not look at any.
    pub(crate) files: Option<FilePolicy>,
    pub(crate) test: TxTest,
}

/// How a protocol gives a buffer in one direction: nothing of it is shared with other protocols that use the name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BufferEngine {
    /// The protocol, by position.
    pub(crate) app: ProtocolId,
    pub(crate) direction: Direction,
    pub(crate) target: EngineTarget,
    /// Progress at which it can be evaluated.
    pub(crate) progress: u8,
    /// Progress from which on it is there a second time.
    pub(crate) reinspect_at: Option<u8>,
    pub(crate) kind: BufferKind,
}

/// What of a transaction an inspection engine looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EngineTarget {
    Buffer(BufferId),
    Event(EventId),
    /// How far it has come, and nothing of it.
    Progress,
}

impl BufferEngine {
    /// The buffer it looks into, if it looks into one.
    #[inline]
    pub(crate) const fn buffer(&self) -> Option<BufferId> {
        match self.target {
            EngineTarget::Buffer(buffer) => Some(buffer),
            EngineTarget::Event(_) | EngineTarget::Progress => None,
        }
    }
}

impl TxCondition {
    /// How it is evaluated for a protocol in a direction.
    pub(crate) fn engine(&self, app: ProtocolId, direction: Direction) -> Option<&BufferEngine> {
        self.engines.iter().find(|engine| engine.app == app && engine.direction == direction)
    }

    /// The only direction a protocol has it in; `None` when it has it in both, or not at all.
    pub(crate) fn only_side(&self, app: ProtocolId) -> Option<Direction> {
        let mut sides = self.engines.iter().filter(|engine| engine.app == app).map(|engine| engine.direction);
        let first = sides.next()?;
        sides.all(|side| side == first).then_some(first)
    }

    /// In which direction it is evaluated for a rule inspected in `direction`; `whole`: by one on whole transactions, of which
    /// what both sides have is the request's.
    pub(crate) fn side(&self, app: ProtocolId, direction: Direction, whole: bool) -> Direction {
        self.only_side(app).unwrap_or(if whole { Direction::ToServer } else { direction })
    }
}

/// How a transaction's row is tested.
#[derive(Debug)]
pub(crate) enum TxTest {
    Buffer(BufferInspection),
    /// A buffer's values of a name.
    Item(Box<str>, BufferInspection),
    Number(FieldTest),
    Interface(InterfaceTest),
    /// An event was raised: the engine's.
    Event {
        negated: bool,
    },
    /// All hold on one file.
    Files(FileTest),
    /// The progress was reached: the rule's hook.
    Reached,
}

impl TxTest {
    /// The test of a file as a whole, if it is one.
    pub(crate) const fn file(&self) -> Option<&FileTest> {
        match self {
            Self::Files(test) => Some(test),
            _ => None,
        }
    }

    /// Can it test a buffer of this kind?
    pub(crate) const fn can_ask(&self, kind: BufferKind) -> bool {
        match kind {
            BufferKind::Bytes | BufferKind::Multi | BufferKind::Body | BufferKind::Bodies => {
                matches!(self, Self::Buffer(_))
            }
            BufferKind::Files => matches!(self, Self::Files(_)),
            BufferKind::Items => matches!(self, Self::Item(..)),
            BufferKind::Interfaces => matches!(self, Self::Interface(_)),
            BufferKind::Uint(_)
            | BufferKind::UintList(_)
            | BufferKind::Enumeration(_)
            | BufferKind::EnumerationList(_)
            | BufferKind::Flags(_) => {
                matches!(self, Self::Number(_))
            }
        }
    }
}
