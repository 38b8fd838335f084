use sidewire_base::Direction;
use sidewire_decode::DecodeEvent;
use sidewire_ir::{FlagCompare, FlowBitAction, StreamSide, XbitScope};
use sidewire_proto::{BufferKind, Value};

use crate::check::{Check, Ranges};
use crate::fields::{Field, Subject};
use crate::names::Name;
use crate::transform::Transform;

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
    pub(crate) apps: Vec<usize>,
    pub(crate) failed: bool,
    pub(crate) unknown: bool,
    pub(crate) negated: bool,
}

impl AppProtocol {
    /// A negated test does not hold as long as the protocol is not known.
    pub(crate) fn holds(&self, app: Option<usize>, failed: bool) -> bool {
        match app {
            Some(app) => self.apps.contains(&app) != self.negated,
            None if failed => self.failed != self.negated,
            None => self.unknown && !self.negated,
        }
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
    pub(crate) transforms: Box<[Transform]>,
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
    /// Application protocol and row (or event number).
    pub(crate) rows: Box<[(usize, usize)]>,
    /// Progress at which it can be asked, where it exists.
    pub(crate) progress: [Option<u8>; 2],
    pub(crate) kind: BufferKind,
    pub(crate) test: TxTest,
}

impl TxCondition {
    pub(crate) fn row(&self, app: usize) -> Option<usize> {
        self.rows.iter().find(|(known, _)| *known == app).map(|(_, row)| *row)
    }

    /// In which direction it is asked by a rule inspected in `direction`.
    pub(crate) fn side(&self, direction: Direction, both: bool) -> Direction {
        match self.progress {
            [Some(_), None] => Direction::ToServer,
            [None, Some(_)] => Direction::ToClient,
            // Of a rule on whole transactions: what both sides have is the request's.
            _ if both => Direction::ToServer,
            _ => direction,
        }
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
    /// An event was raised; its number is the row.
    Event {
        negated: bool,
    },
    /// The progress was reached: the rule's hook.
    Reached,
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
