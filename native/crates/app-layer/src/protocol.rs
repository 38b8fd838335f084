//! What the author of a protocol writes: its declaration and a parser. Everything else is done with these.

use std::sync::Arc;

use sidewire_base::{BufferId, Direction};
use sidewire_eve::Object;
use sidewire_files::TxFiles;

use crate::{
    BufferInfo, FromEveOptions, FromSettings, LoggerInfo, ParseContext, ProtocolInfo, Transactions, TxDocument, TxHead,
    Value,
};

/// Bytes handed to a session.
#[derive(Clone, Copy, Debug)]
pub struct ParseInput<'a> {
    /// For a stream: everything that was not consumed yet, contiguous. For datagrams: one payload.
    pub data: &'a [u8],
    /// Stream offset of the first octet; 0 for datagrams.
    pub offset: u64,
    /// True when this direction ends with these octets: nothing will follow, leave nothing for later.
    pub last: bool,
}

/// What a session did with its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppLayerResult {
    /// Octets it is done with. The rest is handed over again, with more after it.
    pub consumed: usize,
    /// Do not call again before this many octets (counted from the consumed ones) are there; 0: call when anything is new.
    pub need: usize,
    /// The flow changes to another protocol after the consumed octets (`CONNECT`, `STARTTLS`, `Upgrade`): its name, or
    /// the empty name for "detect again".
    pub switch: Option<&'static str>,
    /// The session wants no more of this flow (encrypted from here, for instance): it goes on without parsing.
    pub finished: bool,
    /// What follows is encrypted: rules look at what there is of payload and stream, and at nothing after it.
    pub opaque: bool,
    /// Nobody looks at the flow any more, from the next packet on (Suricata's local bypass): its packets are counted.
    pub bypass: bool,
    /// A message is complete: rules on the stream need not wait for more, although the transaction goes on.
    pub flush: bool,
}

impl AppLayerResult {
    /// Everything was consumed.
    #[must_use]
    pub fn all(input: &ParseInput<'_>) -> Self {
        Self { consumed: input.data.len(), ..Self::default() }
    }

    /// `consumed` octets are done with, `need` more must be there before the next call.
    #[must_use]
    pub const fn need(consumed: usize, need: usize) -> Self {
        Self { consumed, need, switch: None, finished: false, opaque: false, bypass: false, flush: false }
    }
}

/// The session gave up on the flow: it is not this protocol, or beyond repair. Its transactions so far stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseFailed;

/// A buffer: what rules can look into. One row makes a keyword; see [`buffers!`](crate::buffers).
pub struct Buffer<T> {
    /// Name, documentation, kind, when it is there.
    pub info: BufferInfo,
    /// Its value for a transaction and direction. `nth` counts the items of lists, from 0; [`Value::Absent`] ends them. Of
    /// buffers with one value only item 0 is asked for.
    pub get: for<'t> fn(&'t T, Direction, u32) -> Value<'t>,
}

impl<T> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Buffer<T> {}

/// An EVE logger: what is written of a transaction. `O` are the options that an EVE output may give the protocol's type.
pub struct TxLogger<T, O = ()> {
    /// Type and key.
    pub info: LoggerInfo,
    /// True when the transaction should be written now; asked after each step, and with `last` once more at its end.
    pub ready: fn(&TxHead, &T, last: bool) -> bool,
    /// True when an output with these options takes it.
    pub wanted: fn(&T, &O) -> bool,
    /// Direction of the event's `src_ip`: from which side the transaction is told.
    pub from: fn(&T) -> Direction,
    /// Writes the members of the protocol's object.
    pub write: fn(&T, &TxHead, &O, &mut Object<'_>),
    /// Writes the form for other events that carry it (alerts, files); `None`: the same.
    pub in_others: Option<LogWrite<T, O>>,
    /// Of a transaction that has several events, each by itself: `wanted` and `write` are for the others.
    pub each: Option<LogEach<T, O>>,
    /// Writes the object that stands beside its own, wherever that stands; see [`Self::beside`].
    pub beside: Option<LogBeside<T, O>>,
}

/// How several events are written of one transaction.
pub struct LogEach<T, O> {
    /// How many there are.
    pub count: fn(&T) -> u32,
    /// True when an output with these options takes one of them.
    pub wanted: fn(&T, &O, u32) -> bool,
    /// Writes the members of one's object.
    pub write: fn(&T, &TxHead, &O, u32, &mut Object<'_>),
}

/// Which object tells of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// That of an event of its own, by its number; most have one.
    Own(u32),
    /// That in events of others that carry it (alerts, files).
    InOthers,
}

/// Writes the members of an object beside another; events of others ask for none of its options.
pub type LogBeside<T, O> = fn(&T, &TxHead, Option<&O>, &mut Object<'_>);

/// Writes the members of an object that tells of a transaction.
pub type LogWrite<T, O> = fn(&T, &TxHead, &O, &mut Object<'_>);

impl<T, O> TxLogger<T, O> {
    /// A logger that writes an `event_type` once a transaction is `ready`: told from the client, taken by every output that
    /// has the type, carried by alerts.
    #[must_use]
    pub const fn new(event_type: &'static str, ready: fn(&TxHead, &T, bool) -> bool, write: LogWrite<T, O>) -> Self {
        let info = LoggerInfo { event_type, switched_by: event_type, in_alerts: true, names_tx: true, beside: None };
        Self {
            info,
            ready,
            wanted: |_, _| true,
            from: |_| Direction::ToServer,
            write,
            in_others: None,
            each: None,
            beside: None,
        }
    }

    /// Told from the side that `from` names.
    #[must_use]
    pub const fn told_from(self, from: fn(&T) -> Direction) -> Self {
        Self { from, ..self }
    }

    /// Taken by outputs for which `wanted` holds.
    #[must_use]
    pub const fn wanted_if(self, wanted: fn(&T, &O) -> bool) -> Self {
        Self { wanted, ..self }
    }

    /// Written in another form where other events carry it.
    #[must_use]
    pub const fn in_others(self, write: LogWrite<T, O>) -> Self {
        Self { in_others: Some(write), ..self }
    }

    /// Its events do not say which transaction they are about.
    #[must_use]
    pub const fn without_tx(self) -> Self {
        let info = LoggerInfo { names_tx: false, ..self.info };
        Self { info, ..self }
    }

    /// Switched on in configurations by the type of another protocol that this one belongs to.
    #[must_use]
    pub const fn switched_by(self, event_type: &'static str) -> Self {
        let info = LoggerInfo { switched_by: event_type, ..self.info };
        Self { info, ..self }
    }

    /// Another object stands beside its own under this key, in its events and in those of others, unless it is empty: what
    /// a transaction carries and is told by itself.
    #[must_use]
    pub const fn beside(self, key: &'static str, write: LogBeside<T, O>) -> Self {
        let info = LoggerInfo { beside: Some(key), ..self.info };
        Self { info, beside: Some(write), ..self }
    }

    /// Several events of one transaction, which alerts do not carry.
    #[must_use]
    pub const fn each(self, each: LogEach<T, O>) -> Self {
        let info = LoggerInfo { in_alerts: false, ..self.info };
        Self { info, each: Some(each), ..self }
    }
}

/// A protocol. Implemented once per folder; the implementing type is the state of one flow.
pub trait Protocol: Send + Sized + 'static {
    /// A request with its answer, or whatever unit the protocol has.
    type Tx: Send + 'static;
    /// Its part of the configuration.
    type Config: FromSettings<Self::EveOptions>;
    /// What an EVE output may ask of its events.
    type EveOptions: FromEveOptions;

    /// Everything that is said about it once.
    const INFO: ProtocolInfo;
    /// What rules can look into.
    const BUFFERS: &'static [Buffer<Self::Tx>];
    /// What is written; the first is the protocol's own.
    const LOGGERS: &'static [TxLogger<Self::Tx, Self::EveOptions>];

    /// The `nth` value of a name in a row of [`BufferKind::Items`](crate::BufferKind::Items).
    fn item<'t>(tx: &'t Self::Tx, buffer: BufferId, direction: Direction, name: &str, nth: u32) -> Value<'t> {
        let _ = (tx, buffer, direction, name, nth);
        Value::Absent
    }

    /// The files of a transaction; `None` when it has none.
    fn files(tx: &Self::Tx) -> Option<&TxFiles> {
        let _ = tx;
        None
    }

    /// The same, to note what was done with them.
    fn files_mut(tx: &mut Self::Tx) -> Option<&mut TxFiles> {
        let _ = tx;
        None
    }

    /// What a direction of a transaction carries, to be stored ([`ProtocolInfo::documents`]); `None` as long as it is not there.
    fn document(tx: &Self::Tx, direction: Direction) -> Option<TxDocument> {
        let _ = (tx, direction);
        None
    }

    /// Byte order of what a direction of a transaction carries, for `byte_test` and the like with `dce`: true for
    /// little-endian.
    fn little_endian(tx: &Self::Tx, direction: Direction) -> bool {
        let _ = (tx, direction);
        true
    }

    /// What a transaction is about, as a number: transactions between the same two hosts are about the same thing when it is the
    /// same. Rules keep bits by it (`xbits: .. track handle`).
    fn subject(tx: &Self::Tx) -> Option<u64> {
        let _ = tx;
        None
    }

    /// No rule will look at what a direction of a transaction carries, now or later: content that is not for logs either
    /// can go.
    fn inspected(tx: &mut Self::Tx, direction: Direction) {
        let _ = (tx, direction);
    }

    /// The state at the beginning of a flow.
    fn begin(config: &Arc<Self::Config>) -> Self;

    /// Takes bytes of one direction.
    ///
    /// # Errors
    /// [`ParseFailed`] when the flow is not this protocol or cannot be followed any further.
    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<Self::Tx>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed>;

    /// `length` octets of one direction are missing; what was handed over but not consumed before them is gone too.
    /// The next input begins after the gap.
    ///
    /// # Errors
    /// [`ParseFailed`] when the protocol cannot go on after a gap; that is the default.
    fn gap(
        &mut self,
        _direction: Direction,
        _length: u64,
        _transactions: &mut Transactions<Self::Tx>,
        _context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        Err(ParseFailed)
    }

    /// The connection fell silent for longer than flows live, and everything that came was read: does the state hold what
    /// later messages are read by (contexts, sessions, open files)? The flow then stays for hours, within limits.
    fn outlives_silence(&self) -> bool {
        false
    }

    /// One direction ended (FIN, RST, timeout, end of capture): whatever waits for more is as complete as it gets.
    fn close(
        &mut self,
        _direction: Direction,
        _transactions: &mut Transactions<Self::Tx>,
        _context: &mut ParseContext<'_>,
    ) {
    }
}
