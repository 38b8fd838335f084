//! Conditions of a rule, ready to run.

use crate::keyword::file::FileTest;
use sidewire_app_layer::{BufferKind, FrameKind, Value};
use sidewire_base::Direction;
use sidewire_decode::DecodeEvent;
use sidewire_files::FilePolicy;
use sidewire_ir::{FlagCompare, FlowBitAction, StreamSide, XbitScope};

use crate::keyword::check::{Check, Ranges};
use crate::keyword::fields::{Field, Subject};
use crate::keyword::transform::TransformChain;
use crate::state::app_proto::{Taken, TakenFor};
use crate::state::names::Name;

/// What must hold of a packet and its flow.
#[derive(Debug)]
pub(crate) enum Condition {
    Field {
        field: &'static Field,
        test: FieldTest,
    },
    Buffer {
        buffer: usize,
        look: Look,
    },
    DecodeEvent {
        event: DecodeEvent,
        negated: bool,
    },
    StreamEvent {
        event: u16,
        negated: bool,
    },
    AppEvent {
        event: Box<str>,
        negated: bool,
    },
    AppProtocol(AppProtocol),
    SameIp {
        negated: bool,
    },
    /// An IPv4 option of this kind; `None`: any.
    IpOption {
        kind: Option<u64>,
        negated: bool,
    },
    StreamSize {
        side: StreamSide,
        test: Ranges,
    },
    FlowBits {
        set: bool,
        names: Box<[Name]>,
    },
    FlowInt {
        name: Name,
        compare: IntCompare,
        operand: IntOperand,
    },
    FlowIntSet {
        name: Name,
        set: bool,
    },
    XBit {
        set: bool,
        xbit: Xbit,
    },
}

/// What happens on a match.
#[derive(Debug)]
pub(crate) enum Effect {
    FlowBits { action: FlowBitAction, names: Box<[Name]> },
    FlowInt { name: Name, effect: IntEffect, operand: IntOperand },
    XBit { action: FlowBitAction, xbit: Xbit },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum IntEffect {
    Set,
    Add,
    Subtract,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum IntCompare {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl IntCompare {
    pub(crate) const fn holds(self, left: u32, right: u32) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::GreaterOrEqual => left >= right,
            Self::Greater => left > right,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum IntOperand {
    Number(u32),
    Variable(Name),
}

/// A bit kept by host, pair, flow or transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Xbit {
    pub(crate) name: Name,
    pub(crate) scope: XbitScope,
    /// Seconds.
    pub(crate) expire: u32,
}

/// Which application protocol a flow must have.
#[derive(Clone, Debug, Default)]
pub(crate) struct AppProtocol {
    pub(crate) of: AppPart,
    pub(crate) apps: Vec<usize>,
    pub(crate) failed: bool,
    pub(crate) unknown: bool,
    pub(crate) negated: bool,
}

/// Of what part of the flow a protocol is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AppPart {
    /// The direction of the packet.
    #[default]
    Packet,
    Side(Direction),
    Either,
    Flow,
    Original,
}

impl AppPart {
    /// The mode of `app-layer-protocol`; `None` when there is no such.
    pub(crate) fn named(mode: &str) -> Option<Self> {
        Some(match mode {
            "" => Self::Packet,
            "to_server" => Self::Side(Direction::ToServer),
            "to_client" => Self::Side(Direction::ToClient),
            "either" => Self::Either,
            "final" => Self::Flow,
            "original" => Self::Original,
            _ => return None,
        })
    }
}

impl AppProtocol {
    /// A negated test does not hold as long as the protocol is not known. `direction` is the packet's.
    pub(crate) fn holds(&self, taken: &TakenFor, direction: Direction) -> bool {
        let [to_server, to_client] = taken.sides;
        let side = |direction| if direction == Direction::ToServer { to_server } else { to_client };
        let asked = match self.of {
            AppPart::Packet => [side(direction); 2],
            AppPart::Side(direction) => [side(direction); 2],
            AppPart::Either => taken.sides,
            AppPart::Flow => [taken.flow; 2],
            AppPart::Original => [taken.original; 2],
        };
        if self.negated && asked == [Taken::Unknown; 2] {
            return false;
        }
        let wanted = |taken: Taken| match taken {
            Taken::For(app) => self.apps.contains(&app),
            Taken::Failed => self.failed,
            Taken::Unknown => self.unknown,
        };
        asked.into_iter().any(wanted) != self.negated
    }
}

/// A test on a number.
#[derive(Debug)]
pub(crate) enum FieldTest {
    Ranges(Ranges),
    Bits { compare: FlagCompare, value: u64, mask: u64, negated: bool },
}

impl FieldTest {
    pub(crate) fn holds(&self, number: u64) -> bool {
        match self {
            Self::Ranges(ranges) => ranges.holds(number),
            Self::Bits { compare, value, mask, negated } => {
                let (number, value) = (number & mask, value & mask);
                let holds = match compare {
                    FlagCompare::Exactly => number == value,
                    FlagCompare::All => number & value == value,
                    FlagCompare::Any => number & value != 0,
                    FlagCompare::None => number & value == 0,
                };
                holds != *negated
            }
        }
    }

    /// Holds for one of a field's values; a field that is not there satisfies nothing.
    pub(crate) fn holds_of(&self, field: &Field, subject: &Subject<'_>) -> bool {
        (0..).map_while(|nth| (field.get)(subject, nth)).any(|number| self.holds(number))
    }
}

impl core::fmt::Debug for Field {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)
    }
}

/// What must hold of a buffer.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) transforms: TransformChain,
    pub(crate) absence: Absence,
    /// Some check may change its answer while octets follow.
    pub(crate) needs_all: bool,
    pub(crate) checks: Vec<Check>,
}

/// The `absent` keyword.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Absence {
    /// The buffer must be there.
    #[default]
    No,
    /// It must not.
    Must,
    /// It must not, or the checks hold.
    OrElse,
}

/// What must hold of a transaction.
#[derive(Debug)]
pub(crate) struct TxCondition {
    /// In the rule.
    pub(crate) position: usize,
    /// Where it is asked: one for each protocol and direction that has the buffer.
    pub(crate) engines: Vec<BufferEngine>,
    /// What it wants of files; `None` when it does not look at any.
    pub(crate) files: Option<FilePolicy>,
    pub(crate) test: TxTest,
}

/// How a protocol gives a buffer in one direction: nothing of it is shared with other protocols that use the name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BufferEngine {
    /// The protocol, by position.
    pub(crate) app: usize,
    pub(crate) direction: Direction,
    /// Row of the protocol, or the number of an event.
    pub(crate) row: usize,
    /// Progress at which it can be asked.
    pub(crate) progress: u8,
    /// Progress from which on it is there a second time.
    pub(crate) again: Option<u8>,
    pub(crate) kind: BufferKind,
}

impl TxCondition {
    /// How it is asked of a protocol in a direction.
    pub(crate) fn engine(&self, app: usize, direction: Direction) -> Option<&BufferEngine> {
        self.engines.iter().find(|engine| engine.app == app && engine.direction == direction)
    }

    /// The only direction a protocol has it in; `None` when it has it in both, or not at all.
    pub(crate) fn only_side(&self, app: usize) -> Option<Direction> {
        let mut sides = self.engines.iter().filter(|engine| engine.app == app).map(|engine| engine.direction);
        let first = sides.next()?;
        sides.all(|side| side == first).then_some(first)
    }

    /// In which direction it is asked by a rule inspected in `direction`; `whole`: by one on whole transactions, of which
    /// what both sides have is the request's.
    pub(crate) fn side(&self, app: usize, direction: Direction, whole: bool) -> Direction {
        self.only_side(app).unwrap_or(if whole { Direction::ToServer } else { direction })
    }
}

/// How a transaction's row is tested.
#[derive(Debug)]
pub(crate) enum TxTest {
    Buffer(Look),
    /// A buffer's values of a name.
    Item(Box<str>, Look),
    Number(FieldTest),
    Interface(Interface),
    /// An event was raised; its number is the engine's row.
    Event {
        negated: bool,
    },
    /// All hold on one file.
    Files(FileTest),
    /// The progress was reached: the rule's hook.
    Reached,
}

/// What must hold of a frame.
#[derive(Debug)]
pub(crate) struct FrameTest {
    /// Application protocol whose frame it is.
    pub(crate) app: usize,
    pub(crate) kind: FrameKind,
    /// Without the protocol.
    pub(crate) name: &'static str,
    /// Positions in the rule, and what must hold there.
    pub(crate) looks: Vec<(usize, Look)>,
}

impl TxTest {
    /// The test of a file as a whole, if it is one.
    pub(crate) const fn file(&self) -> Option<&FileTest> {
        match self {
            Self::Files(test) => Some(test),
            _ => None,
        }
    }

    /// Can it be asked of a row of this kind?
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

/// `dcerpc.iface`.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) uuid: [u8; 16],
    pub(crate) version: Option<Ranges>,
    pub(crate) any_fragment: bool,
}

impl Interface {
    pub(crate) fn holds(&self, value: Value<'_>) -> bool {
        let Value::Interfaces(interfaces) = value else { return false };
        interfaces.iter().any(|interface| {
            interface.accepted
                && interface.used
                && interface.uuid == self.uuid
                && (self.any_fragment || interface.first_fragment)
                && self.version.as_ref().is_none_or(|version| version.holds(interface.version.into()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{ToClient, ToServer};

    #[test]
    fn a_protocol_is_asked_of_the_direction_unless_told_otherwise() {
        let (web, mail) = (Taken::For(0), Taken::For(1));
        let one_sided = TakenFor { flow: web, sides: [web, Taken::Unknown], original: mail };
        let mixed = TakenFor { flow: web, sides: [web, Taken::Failed], original: Taken::Unknown };
        let holds = |mode, negated, taken: &TakenFor, direction| {
            let of = AppPart::named(mode).expect("a mode");
            AppProtocol { of, apps: vec![0], negated, ..AppProtocol::default() }.holds(taken, direction)
        };
        assert!(holds("", false, &one_sided, ToServer) && !holds("", false, &one_sided, ToClient));
        assert!(!holds("", true, &one_sided, ToServer) && !holds("", true, &one_sided, ToClient), "not known yet");
        assert!(holds("", true, &mixed, ToClient));
        assert!(holds("to_server", false, &mixed, ToClient) && !holds("to_client", false, &mixed, ToServer));
        assert!(holds("either", false, &one_sided, ToClient) && !holds("either", true, &mixed, ToClient));
        assert!(holds("final", false, &one_sided, ToClient));
        assert!(!holds("original", false, &one_sided, ToServer) && holds("original", true, &one_sided, ToServer));
        assert!(!holds("original", true, &mixed, ToServer), "it was none");
        assert_eq!(AppPart::named("middle"), None);
    }
}
