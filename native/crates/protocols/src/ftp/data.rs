//! A data connection: what is transferred, and nothing else. It is recognised by what the control connection said of it.

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, FilesInfo, Hook, ParseContext, ParseFailed, ParseInput, Protocol, ProtocolInfo,
    Transactions, Transport, TxLogger, Value, buffers,
};
use sidewire_base::Direction;
use sidewire_eve::Object;
use sidewire_files::TxFiles;

use super::channels::{EXTENSION, FtpTransfer, FtpTransfers};
use super::command::TransferCommand;
use super::event::FtpDataEvent;
use super::stage::{COMPLETE, STAGES, STARTED};

/// Commands as rules name them: their position in [`TransferCommand::ALL`].
const COMMANDS: &[(&str, u64)] =
    &[("appe", 0), ("list", 1), ("mlsd", 2), ("nlst", 3), ("retr", 4), ("stor", 5), ("stou", 6)];

const BUFFERS: &[Buffer<FtpDataTransaction>] = buffers! {
    /// The command that a data connection is for: `retr`, `stor`.
    "ftpdata_command": Enumeration(COMMANDS), both(STARTED, STARTED) => |tx, _, _| {
        let command = tx.transfer.as_ref().map(|transfer| transfer.command);
        let number = |command| TransferCommand::ALL.iter().position(|(known, _)| *known == command);
        Value::uint(command.and_then(number).map(|number| number as u64))
    };
};

/// EVE: the `ftp_data` event, which `ftp_data.eve.json` describes.
const LOGGERS: &[TxLogger<FtpDataTransaction>] = &[TxLogger::new(
    "ftp_data",
    |head, _, last| last || head.progress.iter().all(|progress| *progress >= COMPLETE),
    |tx: &FtpDataTransaction, _, (), out| write(tx, out),
)
.switched_by("ftp")
.without_tx()];

fn write(tx: &FtpDataTransaction, out: &mut Object<'_>) {
    let Some(transfer) = &tx.transfer else { return };
    if !transfer.name.is_empty() {
        out.bytes("filename", &transfer.name);
    }
    out.str("command", transfer.command.word());
}

/// What a data connection transfers.
#[derive(Debug, Default)]
pub struct FtpDataTransaction {
    /// What the control connection said of it.
    pub(super) transfer: Option<FtpTransfer>,
    files: TxFiles,
}

/// The state of a data connection.
#[derive(Debug, Default)]
pub struct FtpData {
    /// Octets of it were looked at.
    begun: bool,
}

impl Protocol for FtpData {
    type Tx = FtpDataTransaction;
    type Config = ();
    type EveOptions = ();

    const INFO: ProtocolInfo = ProtocolInfo {
        name: super::DATA,
        doc: "Data connections of FTP: files and lists of files (RFC 959).",
        transports: &[Transport::Tcp],
        by_announcement: true,
        stages: STAGES,
        events: FtpDataEvent::EVENTS,
        extensions: &[EXTENSION],
        flushes_stream: false,
        counts_transactions: false,
        files: Some(FilesInfo { hook: Hook::both(STARTED, STARTED), own_data: false }),
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<FtpDataTransaction>] = BUFFERS;
    const LOGGERS: &'static [TxLogger<FtpDataTransaction>] = LOGGERS;

    fn files(tx: &FtpDataTransaction) -> Option<&TxFiles> {
        Some(&tx.files)
    }

    fn files_mut(tx: &mut FtpDataTransaction) -> Option<&mut TxFiles> {
        Some(&mut tx.files)
    }

    fn begin(_: &Arc<()>) -> Self {
        Self::default()
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<FtpDataTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        self.begin_transfer(direction, transactions, context);
        if let Some(slot) = transactions.last_mut() {
            slot.head.updated = context.time;
            let expected = slot.tx.transfer.as_ref().map(|transfer| transfer.direction);
            if expected.is_some_and(|expected| expected != direction) {
                slot.raise(FtpDataEvent::UnexpectedDirection);
            }
            slot.tx.open_file(direction, context);
            slot.tx.files.append(direction, input.data, &mut context.files);
        }
        Ok(AppLayerResult::all(&input))
    }

    fn gap(
        &mut self,
        direction: Direction,
        length: u64,
        transactions: &mut Transactions<FtpDataTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        self.begin_transfer(direction, transactions, context);
        if let Some(slot) = transactions.last_mut() {
            slot.tx.open_file(direction, context);
            slot.tx.files.gap(direction, length);
        }
        Ok(())
    }

    fn close(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<FtpDataTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        if let Some(slot) = transactions.last_mut() {
            // The end of the connection is the end of the file: there is no other (RFC 959 section 3.4.1).
            slot.tx.files.close(direction, &mut context.files);
            slot.advance(direction, COMPLETE, context.time);
        }
    }
}

impl FtpData {
    /// Takes what the control connection said of the connection, with the first octets.
    fn begin_transfer(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<FtpDataTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        if core::mem::replace(&mut self.begun, true) {
            return;
        }
        let transfer = context.extensions.get::<FtpTransfers>().begin(context.client, context.server);
        let known = transfer.is_some();
        let slot = transactions.open(FtpDataTransaction { transfer, files: TxFiles::default() }, context.time);
        if !known {
            slot.raise(FtpDataEvent::NoCommand);
        }
        // Nothing is expected the other way.
        slot.advance(direction.flip(), COMPLETE, context.time);
    }
}

impl FtpDataTransaction {
    /// What is sent is a file, unless a list of files was asked for.
    fn open_file(&mut self, direction: Direction, context: &mut ParseContext<'_>) {
        let Self { transfer, files } = self;
        let is_file = transfer.as_ref().is_none_or(|transfer| transfer.command.is_file());
        if is_file && files.of(direction).is_empty() {
            let name = transfer.as_ref().map_or(&[][..], |transfer| &transfer.name);
            files.open(direction, name, true, &mut context.files);
        }
    }
}
