//! SMB: SMB1 (CIFS) and SMB 2.0.2 to 3.1.1 over TCP, directly or in NetBIOS sessions; remote procedure calls on named
//! pipes go to the `msrpc` crate.
//!
//! A message is taken apart as it arrives: its header and fixed part are waited for, the data of reads, writes and
//! pipe exchanges is passed on piece by piece and never kept. So any segmentation of the stream gives the same
//! transactions.

mod buffers;
mod context;
mod detect;
mod direction_state;
mod event;
mod file;
mod flow;
mod frame;
mod history;
mod kinds;
mod limits;
mod log;
mod names;
mod pipe;
mod places;
mod smb1;
mod smb2;
mod stage;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod transaction;
mod transaction_map;
mod wire1;
mod wire2;

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, FilesInfo, Hook, ParseContext, ParseFailed, ParseInput, Protocol, ProtocolInfo,
    Transactions, Transport, TxLogger, Value,
};
use sidewire_base::{BufferId, Direction};
use sidewire_files::TxFiles;

use event::SmbEvent;
use kinds::EveSmbOptions;
use limits::SmbLimits;

use crate::dcerpc::{EXTENSION, announce, rows};

pub use flow::SmbSession;
pub use transaction::SmbTransaction;

impl Protocol for SmbSession {
    type Tx = SmbTransaction;
    type Config = SmbLimits;
    type EveOptions = EveSmbOptions;

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "smb",
        matched_by: &["dcerpc"],
        doc: "Windows file and printer sharing, and the named pipes beside it.",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        probes: detect::PROBES,
        stages: stage::STAGES,
        events: SmbEvent::EVENTS,
        frames: frame::FramePart::FRAMES,
        extensions: &[EXTENSION, history::HISTORIES],
        flushes_stream: false,
        stream_depth: Some(0),
        files: Some(FilesInfo { hook: Hook::both(stage::STARTED, stage::STARTED), own_data: false }),
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<SmbTransaction>] = buffers::BUFFERS;
    const LOGGERS: &'static [TxLogger<SmbTransaction, EveSmbOptions>] = log::LOGGERS;

    fn little_endian(tx: &SmbTransaction, direction: Direction) -> bool {
        rows::little_endian(tx, direction)
    }

    fn subject(tx: &SmbTransaction) -> Option<u64> {
        rows::subject(tx)
    }

    fn item<'t>(tx: &'t SmbTransaction, _buffer: BufferId, _direction: Direction, name: &str, nth: u32) -> Value<'t> {
        rows::argument(tx, name, nth)
    }

    fn files(tx: &SmbTransaction) -> Option<&TxFiles> {
        tx.file().map(|file| &file.files)
    }

    fn files_mut(tx: &mut SmbTransaction) -> Option<&mut TxFiles> {
        match &mut tx.detail {
            transaction::TxDetail::File(file) => Some(&mut file.files),
            _ => None,
        }
    }

    fn begin(config: &Arc<SmbLimits>) -> Self {
        Self::new(**config)
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<SmbTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let step = self.take(&mut context::SmbContext::new(direction, transactions, context), &input);
        announce(context);
        if self.is_overrun() { Err(ParseFailed) } else { Ok(step) }
    }

    fn gap(
        &mut self,
        direction: Direction,
        _length: u64,
        transactions: &mut Transactions<SmbTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        self.gap_begins(&mut context::SmbContext::new(direction, transactions, context));
        Ok(())
    }

    fn outlives_silence(&self) -> bool {
        self.is_in_session()
    }

    fn close(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<SmbTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        self.ended(&mut context::SmbContext::new(direction, transactions, context));
        for slot in transactions.iter_mut() {
            if let transaction::TxDetail::File(file) = &mut slot.tx.detail
                && file.direction == direction
            {
                file.end(false, &mut context.files);
            }
        }
    }
}
