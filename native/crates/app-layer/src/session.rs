use sidewire_base::Direction;
use sidewire_eve::Object;

use crate::{
    BufferInfo, Context, EventInfo, ExtensionDef, FrameInfo, Info, LoggerInfo, Look, ProtocolDef, Settings,
    Transactions, TxHead, Value,
};

/// Bytes handed to a session.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// For a stream: everything that was not consumed yet, contiguous. For datagrams: one payload.
    pub data: &'a [u8],
    /// Stream offset of the first octet; 0 for datagrams.
    pub offset: u64,
    /// True when this direction ends with these octets: nothing will follow, leave nothing for later.
    pub last: bool,
}

/// What a session did with its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Octets it is done with. The rest is handed over again, with more behind it.
    pub consumed: usize,
    /// Do not call again before this many octets (counted from the consumed ones) are there; 0: call when anything is new.
    pub need: usize,
    /// The flow changes to another protocol behind the consumed octets (`CONNECT`, `STARTTLS`, `Upgrade`): its name, or
    /// the empty name for "detect anew".
    pub switch: Option<&'static str>,
    /// The session wants no more of this flow (encrypted from here, for instance): it goes on without parsing.
    pub finished: bool,
}

impl Step {
    /// Everything was consumed.
    #[must_use]
    pub fn all(input: &Input<'_>) -> Self {
        Self { consumed: input.data.len(), ..Self::default() }
    }

    /// `consumed` octets are done with, `need` more must be there before the next call.
    #[must_use]
    pub const fn need(consumed: usize, need: usize) -> Self {
        Self { consumed, need, switch: None, finished: false }
    }
}

/// The session gave up on the flow: it is not this protocol, or beyond repair. Its transactions so far stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// A buffer: what rules can look into. One row makes a keyword.
pub struct Buffer<T> {
    /// Name, documentation, kind, when it is there.
    pub info: BufferInfo,
    /// Its value for a transaction and direction. `nth` counts the items of lists, from 0; [`Value::Absent`] ends them.
    pub get: for<'t> fn(&'t T, Direction, u32) -> Value<'t>,
}

/// An EVE logger: what is written of a transaction.
pub struct Logger<T> {
    /// Type and key.
    pub info: LoggerInfo,
    /// True when the transaction should be written now; asked after each step, and with `last` once more at its end.
    pub ready: fn(&TxHead, &T, last: bool) -> bool,
    /// Direction of the event's `src_ip`: from which side the transaction is told.
    pub from: fn(&T) -> Direction,
    /// Writes the members of the protocol's object.
    pub write: fn(&T, &TxHead, &mut Object<'_>),
    /// Writes the form for other events that carry it (alerts, files); `None`: the same.
    pub extended: Option<fn(&T, &TxHead, &mut Object<'_>)>,
}

/// A protocol. Implemented once per folder; the implementing type is the state of one flow.
pub trait Protocol: Send + Sized + 'static {
    /// A request with its answer, or whatever unit the protocol has.
    type Tx: Send + 'static;
    /// Name, detection, stages.
    const INFO: Info;
    /// True when a flow of it always begins with the client's octets: a server that speaks first is an event.
    const CLIENT_FIRST: bool = false;
    /// True when a complete message lets rules on the stream look at what came so far, false when they wait until enough
    /// octets came together. As in Suricata, so that alerts fall on the same packets.
    const FLUSHES_STREAM: bool = true;
    /// True when what one flow of it says is needed to read another, as the answer of an activation is needed on the
    /// connection the object is called on: its octets are worth reading before they are acknowledged, which on a
    /// connection that falls silent may take a fifth of a second.
    const EARLY: bool = false;
    /// Octets of each direction a session follows where the configuration names no `stream-depth` for the protocol: 0 is
    /// no limit, `None` as many as of any stream.
    const STREAM_DEPTH: Option<u64> = None;
    /// State it keeps for all flows of a worker.
    const EXTENSIONS: &'static [ExtensionDef] = &[];
    /// What rules can look into.
    const BUFFERS: &'static [Buffer<Self::Tx>];
    /// Parts of the stream that rules can look into, told as [`Context::frames`](crate::Context::frames) while it is
    /// parsed. The first is the stream as a whole, which the engine frames.
    const FRAMES: &'static [FrameInfo] = &[];
    /// What can go wrong.
    const EVENTS: &'static [EventInfo];
    /// What is written; the first is the protocol's own.
    const LOGGERS: &'static [Logger<Self::Tx>];

    /// The `nth` value of a name in a row of [`BufferKind::Items`](crate::BufferKind::Items).
    fn item<'t>(tx: &'t Self::Tx, row: usize, direction: Direction, name: &str, nth: u32) -> Value<'t> {
        let _ = (tx, row, direction, name, nth);
        Value::Absent
    }

    /// Byte order of what a direction of a transaction carries, for `byte_test` and the like with `dce`: true for
    /// little-endian.
    fn little_endian(tx: &Self::Tx, direction: Direction) -> bool {
        let _ = (tx, direction);
        true
    }

    /// No rule will look at what a direction of a transaction carries, now or later: content that is not for logs either
    /// can go.
    fn inspected(tx: &mut Self::Tx, direction: Direction) {
        let _ = (tx, direction);
    }

    /// The state at the beginning of a flow.
    fn begin(settings: &Settings) -> Self;

    /// Takes bytes of one direction.
    ///
    /// # Errors
    /// [`Failed`] when the flow is not this protocol or cannot be followed any further.
    fn parse(
        &mut self,
        direction: Direction,
        input: Input<'_>,
        transactions: &mut Transactions<Self::Tx>,
        context: &mut Context<'_>,
    ) -> Result<Step, Failed>;

    /// `length` octets of one direction are missing; what was handed over but not consumed before them is gone too.
    /// The next input begins behind the gap.
    ///
    /// # Errors
    /// [`Failed`] when the protocol cannot go on after a gap; that is the default.
    fn gap(
        &mut self,
        _direction: Direction,
        _length: u64,
        _transactions: &mut Transactions<Self::Tx>,
        _context: &mut Context<'_>,
    ) -> Result<(), Failed> {
        Err(Failed)
    }

    /// One direction ended (FIN, RST, timeout, end of capture): whatever waits for more is as complete as it gets.
    fn close(&mut self, _direction: Direction, _transactions: &mut Transactions<Self::Tx>, _context: &mut Context<'_>) {
    }
}

/// A session of some protocol in one flow, erased.
pub trait Session: Send {
    /// What it is.
    fn info(&self) -> &'static Info;
    /// See [`Protocol::parse`].
    ///
    /// # Errors
    /// [`Failed`].
    fn parse(&mut self, direction: Direction, input: Input<'_>, context: &mut Context<'_>) -> Result<Step, Failed>;
    /// See [`Protocol::gap`].
    ///
    /// # Errors
    /// [`Failed`].
    fn gap(&mut self, direction: Direction, length: u64, context: &mut Context<'_>) -> Result<(), Failed>;
    /// See [`Protocol::close`].
    fn close(&mut self, direction: Direction, context: &mut Context<'_>);
    /// Number of open transactions.
    fn len(&self) -> usize;
    /// True when none is open.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// How many were ever opened.
    fn opened(&self) -> u64;
    /// Head of the transaction at a position, oldest first.
    fn head(&self, position: usize) -> Option<&TxHead>;
    /// Head of the transaction at a position, to note what was done with it.
    fn head_mut(&mut self, position: usize) -> Option<&mut TxHead>;
    /// The position of a transaction's id.
    fn position(&self, id: u64) -> Option<usize>;
    /// See [`Transactions::begin_step`].
    fn begin_step(&mut self);
    /// Did anything become complete in a direction since the step began?
    fn completed(&self, direction: Direction) -> bool;
    /// See [`Transactions::is_due`].
    fn is_due(&self, look: Look) -> bool;
    /// See [`Transactions::take_due`].
    fn take_due(&mut self, cursor: &mut usize, look: Look) -> Option<usize>;
    /// See [`Transactions::look_again`].
    fn look_again(&mut self, position: usize, look: Look);
    /// See [`Transactions::touch_all`].
    fn touch_all(&mut self);
    /// Value of a buffer row; `row` is its position in the protocol's list.
    fn value(&self, position: usize, row: usize, direction: Direction, nth: u32) -> Value<'_>;
    /// The `nth` value of a name in a row of named values.
    fn item(&self, position: usize, row: usize, direction: Direction, name: &str, nth: u32) -> Value<'_>;
    /// Byte order of what a direction of the transaction carries: see [`Protocol::little_endian`].
    fn little_endian(&self, position: usize, direction: Direction) -> bool;
    /// Is this logger's event due?
    fn log_ready(&self, position: usize, logger: usize, last: bool) -> bool;
    /// From which side the event is told.
    fn log_from(&self, position: usize, logger: usize) -> Direction;
    /// Writes the members of a logger's object.
    fn log(&self, position: usize, logger: usize, extended: bool, out: &mut Object<'_>);
    /// See [`Transactions::pass`].
    fn pass(&mut self, direction: Direction);
    /// See [`Transactions::passed`].
    fn passed(&self) -> [u64; 2];
    /// See [`Transactions::only_live`].
    fn only_live(&self, direction: Direction) -> Option<usize>;
    /// Drops the oldest so many transactions.
    fn evict(&mut self, count: usize);
    /// Drops transactions of those that something was due on, or of those that stay what rules need no more.
    fn settle(&mut self, keep: &mut dyn FnMut(&TxHead) -> Keep);
}

/// What becomes of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It is dropped.
    Nothing,
    /// It stays open.
    Open {
        /// Directions whose content no rule will look at any more.
        inspected: [bool; 2],
        /// It is to be asked about again, whether it changes or not.
        again: bool,
    },
}

/// A protocol's state with its transactions: the [`Session`] of every [`Protocol`].
pub struct Typed<P: Protocol> {
    protocol: P,
    transactions: Transactions<P::Tx>,
}

impl<P: Protocol> Typed<P> {
    /// A session at the beginning of a flow.
    pub fn new(settings: &Settings) -> Self {
        Self { protocol: P::begin(settings), transactions: Transactions::default() }
    }

    /// The transactions, for tests of the protocol.
    pub const fn transactions(&self) -> &Transactions<P::Tx> {
        &self.transactions
    }
}

impl<P: Protocol> Session for Typed<P> {
    fn info(&self) -> &'static Info {
        const { &P::INFO }
    }
    fn parse(&mut self, direction: Direction, input: Input<'_>, context: &mut Context<'_>) -> Result<Step, Failed> {
        self.protocol.parse(direction, input, &mut self.transactions, context)
    }
    fn gap(&mut self, direction: Direction, length: u64, context: &mut Context<'_>) -> Result<(), Failed> {
        self.protocol.gap(direction, length, &mut self.transactions, context)
    }
    fn close(&mut self, direction: Direction, context: &mut Context<'_>) {
        self.protocol.close(direction, &mut self.transactions, context);
    }
    fn len(&self) -> usize {
        self.transactions.len()
    }
    fn opened(&self) -> u64 {
        self.transactions.opened()
    }
    fn head(&self, position: usize) -> Option<&TxHead> {
        self.transactions.at(position).map(|slot| &slot.head)
    }
    fn head_mut(&mut self, position: usize) -> Option<&mut TxHead> {
        self.transactions.head_mut(position)
    }
    fn position(&self, id: u64) -> Option<usize> {
        self.transactions.position(id)
    }
    fn begin_step(&mut self) {
        self.transactions.begin_step();
    }
    fn completed(&self, direction: Direction) -> bool {
        self.transactions.completed(direction, P::INFO.complete(direction))
    }
    fn is_due(&self, look: Look) -> bool {
        self.transactions.is_due(look)
    }
    fn take_due(&mut self, cursor: &mut usize, look: Look) -> Option<usize> {
        self.transactions.take_due(cursor, look)
    }
    fn look_again(&mut self, position: usize, look: Look) {
        self.transactions.look_again(position, look);
    }
    fn touch_all(&mut self) {
        self.transactions.touch_all();
    }
    fn value(&self, position: usize, row: usize, direction: Direction, nth: u32) -> Value<'_> {
        match (self.transactions.at(position), P::BUFFERS.get(row)) {
            (Some(slot), Some(buffer)) => (buffer.get)(&slot.tx, direction, nth),
            _ => Value::Absent,
        }
    }
    fn item(&self, position: usize, row: usize, direction: Direction, name: &str, nth: u32) -> Value<'_> {
        self.transactions.at(position).map_or(Value::Absent, |slot| P::item(&slot.tx, row, direction, name, nth))
    }
    fn little_endian(&self, position: usize, direction: Direction) -> bool {
        self.transactions.at(position).is_none_or(|slot| P::little_endian(&slot.tx, direction))
    }
    fn log_ready(&self, position: usize, logger: usize, last: bool) -> bool {
        match (self.transactions.at(position), P::LOGGERS.get(logger)) {
            (Some(slot), Some(logger)) => (logger.ready)(&slot.head, &slot.tx, last),
            _ => false,
        }
    }
    fn log_from(&self, position: usize, logger: usize) -> Direction {
        match (self.transactions.at(position), P::LOGGERS.get(logger)) {
            (Some(slot), Some(logger)) => (logger.from)(&slot.tx),
            _ => Direction::ToServer,
        }
    }
    fn log(&self, position: usize, logger: usize, extended: bool, out: &mut Object<'_>) {
        if let (Some(slot), Some(logger)) = (self.transactions.at(position), P::LOGGERS.get(logger)) {
            let write = if extended { logger.extended.unwrap_or(logger.write) } else { logger.write };
            write(&slot.tx, &slot.head, out);
        }
    }
    fn pass(&mut self, direction: Direction) {
        self.transactions.pass(direction, P::INFO.complete(direction));
    }
    fn passed(&self) -> [u64; 2] {
        self.transactions.passed()
    }
    fn only_live(&self, direction: Direction) -> Option<usize> {
        self.transactions.only_live(direction)
    }
    fn evict(&mut self, count: usize) {
        self.transactions.evict(count);
    }
    fn settle(&mut self, keep: &mut dyn FnMut(&TxHead) -> Keep) {
        self.transactions.settle(|slot| match keep(&slot.head) {
            Keep::Nothing => false,
            Keep::Open { inspected, again } => {
                for (direction, _) in Direction::BOTH.into_iter().zip(inspected).filter(|(_, inspected)| *inspected) {
                    slot.head.due.clear(Look::Rules(direction));
                    P::inspected(&mut slot.tx, direction);
                }
                slot.head.due.unsettled(again);
                true
            }
        });
    }
}

/// The erased definition of a protocol.
#[must_use]
pub const fn def<P: Protocol>() -> ProtocolDef {
    ProtocolDef {
        info: P::INFO,
        client_first: P::CLIENT_FIRST,
        flushes_stream: P::FLUSHES_STREAM,
        early: P::EARLY,
        stream_depth: P::STREAM_DEPTH,
        extensions: P::EXTENSIONS,
        buffers: |row| P::BUFFERS.get(row).map(|buffer| &buffer.info),
        frames: P::FRAMES,
        events: P::EVENTS,
        loggers: |row| P::LOGGERS.get(row).map(|logger| logger.info),
        begin: |settings| Box::new(Typed::<P>::new(settings)),
    }
}
