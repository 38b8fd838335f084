//! A protocol as the engine and the rules meet it: erased. [`ProtocolDef`] says what it is, a [`Session`] is its state in
//! one flow.

use core::any::Any;
use core::fmt;
use std::sync::Arc;

use sidewire_base::{BufferId, Direction, PerDirection};
use sidewire_eve::Object;
use sidewire_files::TxFiles;

use crate::files::{file_row_count, file_rows, file_value};
use crate::{
    AppLayerResult, BufferInfo, FromEveOptions, FromSettings, Keep, LogForm, LoggerInfo, ParseContext, ParseFailed,
    ParseInput, Protocol, ProtocolInfo, ProtocolSettings, TransactionList, Transactions, TxConsumer, TxDocument,
    TxHead, Value,
};

/// A session of some protocol in one flow, erased.
pub trait Session: Send {
    /// See [`Protocol::parse`].
    ///
    /// # Errors
    /// [`ParseFailed`].
    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed>;
    /// See [`Protocol::gap`].
    ///
    /// # Errors
    /// [`ParseFailed`].
    fn gap(&mut self, direction: Direction, length: u64, context: &mut ParseContext<'_>) -> Result<(), ParseFailed>;
    /// See [`Protocol::close`].
    fn close(&mut self, direction: Direction, context: &mut ParseContext<'_>);
    /// See [`Protocol::outlives_silence`].
    fn outlives_silence(&self) -> bool;
    /// The open transactions, without the protocol's part.
    fn transactions(&self) -> &dyn TransactionList;
    /// The open transactions, to note what was done with them.
    fn transactions_mut(&mut self) -> &mut dyn TransactionList;
    /// Value of one of the protocol's buffers.
    fn value(&self, position: usize, buffer: BufferId, direction: Direction, nth: u32) -> Value<'_>;
    /// The `nth` value of a name in a buffer of named values.
    fn item(&self, position: usize, buffer: BufferId, direction: Direction, name: &str, nth: u32) -> Value<'_>;
    /// The files of a transaction.
    fn files(&self, position: usize) -> Option<&TxFiles>;
    /// The same, to note what was done with them.
    fn files_mut(&mut self, position: usize) -> Option<&mut TxFiles>;
    /// See [`Protocol::document`].
    fn document(&self, position: usize, direction: Direction) -> Option<TxDocument>;
    /// See [`Protocol::subject`].
    fn subject(&self, position: usize) -> Option<u64>;
    /// Byte order of what a direction of the transaction carries: see [`Protocol::little_endian`].
    fn little_endian(&self, position: usize, direction: Direction) -> bool;
    /// From which side a logger's event is told, when it is due: see [`TxLogger::ready`](crate::TxLogger::ready).
    fn log_due(&self, position: usize, logger: usize, last: bool) -> Option<Direction>;
    /// How many events of its own a logger has: one, for most.
    fn log_events(&self, position: usize, logger: usize) -> u32;
    /// True when an output with these options takes one of a logger's own events, by its number.
    fn log_wanted(&self, position: usize, logger: usize, event: u32, options: &EveTypeOptions) -> bool;
    /// Writes the members of a logger's object.
    fn log(&self, position: usize, logger: usize, form: LogForm, options: &EveTypeOptions, out: &mut Object<'_>);
    /// Writes the members of the object beside a logger's own.
    fn log_beside(&self, position: usize, logger: usize, form: LogForm, options: &EveTypeOptions, out: &mut Object<'_>);
    /// Drops transactions of those that something was due on, or of those that stay what rules need no more.
    fn settle(&mut self, keep: &mut dyn FnMut(&TxHead) -> Keep);
}

/// What a worker's configuration says of one protocol, in a type only the protocol knows.
#[derive(Clone)]
pub struct ParserConfig(Arc<dyn Any + Send + Sync>);

/// What one EVE output asks of one protocol's events, in a type only the protocol knows.
pub struct EveTypeOptions(Box<dyn Any + Send + Sync>);

impl fmt::Debug for EveTypeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EveTypeOptions")
    }
}

/// A protocol, erased: what it is, and how a session of it begins. Made by [`def`].
#[derive(Clone, Copy)]
pub struct ProtocolDef {
    /// What it declares of itself.
    pub info: ProtocolInfo,
    /// Its buffers; the position is the [`BufferId`].
    pub buffers: fn(usize) -> Option<&'static BufferInfo>,
    /// Its loggers; the first one is its own.
    pub loggers: fn(usize) -> Option<LoggerInfo>,
    /// Reads what an EVE output says under the protocol's type and under `alert`.
    pub eve_options: fn(&ProtocolSettings, &ProtocolSettings) -> EveTypeOptions,
    /// Reads its part of the configuration, with the options of all EVE outputs.
    pub configure: fn(&ProtocolSettings, &[&EveTypeOptions]) -> ParserConfig,
    /// Begins a session.
    pub begin: fn(&ParserConfig) -> Box<dyn Session>,
}

impl ProtocolDef {
    /// Its buffers, in the order of their ids.
    pub fn rows(&self) -> impl Iterator<Item = &'static BufferInfo> {
        (0..).map_while(self.buffers)
    }

    /// Its loggers, in order.
    pub fn logger_rows(&self) -> impl Iterator<Item = LoggerInfo> {
        (0..).map_while(self.loggers)
    }

    /// The buffer of a name.
    #[must_use]
    pub fn buffer_id(&self, name: &str) -> Option<BufferId> {
        self.rows().position(|info| info.name == name).map(BufferId::at)
    }

    /// A session under a configuration that says nothing, for tests.
    #[must_use]
    pub fn begin_default(&self) -> Box<dyn Session> {
        (self.begin)(&(self.configure)(&ProtocolSettings::default(), &[]))
    }

    /// The options of an EVE output that says nothing.
    #[must_use]
    pub fn default_eve_options(&self) -> EveTypeOptions {
        (self.eve_options)(&ProtocolSettings::default(), &ProtocolSettings::default())
    }
}

impl fmt::Debug for ProtocolDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProtocolDef").field(&self.info.name).finish()
    }
}

/// The erased definition of a protocol.
#[must_use]
pub const fn def<P: Protocol>() -> ProtocolDef {
    ProtocolDef {
        info: P::INFO,
        buffers: |row| match P::BUFFERS.get(row) {
            Some(buffer) => Some(&buffer.info),
            None => ProtocolSession::<P>::FILE_ROWS.get(..file_row_count(P::INFO.files))?.get(row - P::BUFFERS.len()),
        },
        loggers: |row| P::LOGGERS.get(row).map(|logger| logger.info),
        eve_options: |own, alert| EveTypeOptions(Box::new(P::EveOptions::from_options(own, alert))),
        configure: |settings, outputs| {
            let outputs: Vec<&P::EveOptions> = outputs.iter().filter_map(|one| one.0.downcast_ref()).collect();
            ParserConfig(Arc::new(P::Config::from_settings(settings, &outputs)))
        },
        begin: |config| {
            // Another protocol's configuration is none; a session has to begin all the same.
            let config = Arc::clone(&config.0).downcast::<P::Config>();
            let config =
                config.unwrap_or_else(|_| Arc::new(P::Config::from_settings(&ProtocolSettings::default(), &[])));
            Box::new(ProtocolSession::<P>::new(&config))
        },
    }
}

/// A protocol's state with its transactions: the [`Session`] of every [`Protocol`].
pub struct ProtocolSession<P: Protocol> {
    protocol: P,
    transactions: Transactions<P::Tx>,
}

impl<P: Protocol> ProtocolSession<P> {
    /// The rows of its files, after its own.
    const FILE_ROWS: &'static [BufferInfo] = match P::INFO.files {
        Some(info) => &file_rows(info),
        None => &[],
    };

    /// A session at the beginning of a flow.
    #[must_use]
    pub fn new(config: &Arc<P::Config>) -> Self {
        let complete = PerDirection::from_fn(|direction| P::INFO.complete(direction));
        Self { protocol: P::begin(config), transactions: Transactions::new(complete) }
    }

    /// A session under these settings, for tests.
    #[must_use]
    pub fn with_settings(settings: &ProtocolSettings) -> Self {
        Self::new(&Arc::new(P::Config::from_settings(settings, &[])))
    }

    /// The transactions with the protocol's part, for tests.
    pub const fn typed(&self) -> &Transactions<P::Tx> {
        &self.transactions
    }
}

impl<P: Protocol> Session for ProtocolSession<P> {
    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        self.protocol.parse(direction, input, &mut self.transactions, context)
    }
    fn gap(&mut self, direction: Direction, length: u64, context: &mut ParseContext<'_>) -> Result<(), ParseFailed> {
        self.protocol.gap(direction, length, &mut self.transactions, context)
    }
    fn close(&mut self, direction: Direction, context: &mut ParseContext<'_>) {
        self.protocol.close(direction, &mut self.transactions, context);
    }
    fn outlives_silence(&self) -> bool {
        self.protocol.outlives_silence()
    }
    fn transactions(&self) -> &dyn TransactionList {
        &self.transactions
    }
    fn transactions_mut(&mut self) -> &mut dyn TransactionList {
        &mut self.transactions
    }
    fn value(&self, position: usize, buffer: BufferId, direction: Direction, nth: u32) -> Value<'_> {
        match (self.transactions.at(position), P::BUFFERS.get(buffer.index())) {
            (Some(slot), Some(row)) => (row.get)(&slot.tx, direction, nth),
            (Some(slot), None) => P::files(&slot.tx)
                .map_or(Value::Absent, |files| file_value(files, buffer.index() - P::BUFFERS.len(), direction, nth)),
            (None, _) => Value::Absent,
        }
    }
    fn item(&self, position: usize, buffer: BufferId, direction: Direction, name: &str, nth: u32) -> Value<'_> {
        self.transactions.at(position).map_or(Value::Absent, |slot| P::item(&slot.tx, buffer, direction, name, nth))
    }
    fn files(&self, position: usize) -> Option<&TxFiles> {
        P::files(&self.transactions.at(position)?.tx)
    }
    fn files_mut(&mut self, position: usize) -> Option<&mut TxFiles> {
        P::files_mut(self.transactions.tx_mut(position)?)
    }
    fn document(&self, position: usize, direction: Direction) -> Option<TxDocument> {
        P::document(&self.transactions.at(position)?.tx, direction)
    }
    fn subject(&self, position: usize) -> Option<u64> {
        P::subject(&self.transactions.at(position)?.tx)
    }
    fn little_endian(&self, position: usize, direction: Direction) -> bool {
        self.transactions.at(position).is_none_or(|slot| P::little_endian(&slot.tx, direction))
    }
    fn log_due(&self, position: usize, logger: usize, last: bool) -> Option<Direction> {
        let (slot, logger) = (self.transactions.at(position)?, P::LOGGERS.get(logger)?);
        (logger.ready)(&slot.head, &slot.tx, last).then(|| (logger.from)(&slot.tx))
    }
    fn log_events(&self, position: usize, logger: usize) -> u32 {
        let each = P::LOGGERS.get(logger).and_then(|logger| logger.each.as_ref());
        each.zip(self.transactions.at(position)).map_or(1, |(each, slot)| (each.count)(&slot.tx))
    }
    fn log_wanted(&self, position: usize, logger: usize, event: u32, options: &EveTypeOptions) -> bool {
        match (self.transactions.at(position), P::LOGGERS.get(logger), options.0.downcast_ref()) {
            (Some(slot), Some(logger), Some(options)) => match &logger.each {
                Some(each) => (each.wanted)(&slot.tx, options, event),
                None => (logger.wanted)(&slot.tx, options),
            },
            _ => false,
        }
    }
    fn log(&self, position: usize, logger: usize, form: LogForm, options: &EveTypeOptions, out: &mut Object<'_>) {
        if let (Some(slot), Some(logger), Some(options)) =
            (self.transactions.at(position), P::LOGGERS.get(logger), options.0.downcast_ref())
        {
            match (form, &logger.each, logger.in_others) {
                (LogForm::Own(event), Some(each), _) => (each.write)(&slot.tx, &slot.head, options, event, out),
                (LogForm::InOthers, _, Some(write)) => write(&slot.tx, &slot.head, options, out),
                _ => (logger.write)(&slot.tx, &slot.head, options, out),
            }
        }
    }
    fn log_beside(
        &self,
        position: usize,
        logger: usize,
        form: LogForm,
        options: &EveTypeOptions,
        out: &mut Object<'_>,
    ) {
        let write = P::LOGGERS.get(logger).and_then(|logger| logger.beside);
        if let (Some(slot), Some(write)) = (self.transactions.at(position), write) {
            let options = if form == LogForm::InOthers { None } else { options.0.downcast_ref() };
            write(&slot.tx, &slot.head, options, out);
        }
    }
    fn settle(&mut self, keep: &mut dyn FnMut(&TxHead) -> Keep) {
        self.transactions.settle(|slot| match keep(&slot.head) {
            Keep::Nothing => false,
            Keep::Open { inspected, again } => {
                for (direction, _) in Direction::BOTH.into_iter().zip(inspected).filter(|(_, inspected)| *inspected) {
                    slot.head.due.clear(TxConsumer::Rules(direction));
                    P::inspected(&mut slot.tx, direction);
                    if let Some(files) = P::files_mut(&mut slot.tx) {
                        files.inspected(direction);
                    }
                }
                slot.head.due.unsettled(again);
                true
            }
        });
    }
}
