//! SMB: SMB1 (CIFS) and SMB 2.0.2 to 3.1.1 over TCP, directly or in NetBIOS sessions; remote procedure calls on named
//! pipes go to the `msrpc` crate.
//!
//! A message is taken apart as it arrives: its header and fixed part are waited for, the data of reads, writes and
//! pipe exchanges is passed on piece by piece and never kept. So any segmentation of the stream gives the same
//! transactions.

mod buffers;
mod detect;
mod event;
mod file;
mod flow;
mod frame;
mod kinds;
mod lane;
mod limits;
mod log;
mod names;
mod pipe;
mod smb1;
mod smb2;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod transaction;
mod wire1;
mod wire2;

use sidewire_app_layer::{
    Buffer, Context, EventInfo, ExtensionDef, Failed, FrameInfo, Info, Input, Logger, Protocol, Settings, Step,
    Transactions, Transport, Value,
};
use sidewire_base::Direction;

use crate::dcerpc::{EXTENSION, announce, rows};

pub use flow::Smb;
pub use transaction::Transaction;

impl Protocol for Smb {
    type Tx = Transaction;
    const INFO: Info = Info {
        name: "smb",
        aliases: &[],
        doc: "Windows file and printer sharing, and the named pipes beside it.",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        probes: detect::PROBES,
        stages: [&["request_started", "request_complete"], &["response_started", "response_complete"]],
        one_way: false,
    };
    const FLUSHES_STREAM: bool = false;
    const EXTENSIONS: &'static [ExtensionDef] = &[EXTENSION];
    const STREAM_DEPTH: Option<u64> = Some(0);
    const BUFFERS: &'static [Buffer<Transaction>] = buffers::BUFFERS;
    const FRAMES: &'static [FrameInfo] = frame::FRAMES;
    const EVENTS: &'static [EventInfo] = event::EVENTS;
    const LOGGERS: &'static [Logger<Transaction>] = log::LOGGERS;

    fn little_endian(tx: &Transaction, direction: Direction) -> bool {
        rows::little_endian(tx, direction)
    }

    fn item<'t>(tx: &'t Transaction, _row: usize, _direction: Direction, name: &str, nth: u32) -> Value<'t> {
        rows::argument(tx, name, nth)
    }

    fn inspected(tx: &mut Transaction, direction: Direction) {
        if let transaction::Detail::File(file) = &mut tx.detail
            && file.direction == direction
        {
            file.content.forget();
        }
    }

    fn begin(settings: &Settings) -> Self {
        Self::new(settings)
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: Input<'_>,
        transactions: &mut Transactions<Transaction>,
        context: &mut Context<'_>,
    ) -> Result<Step, Failed> {
        let step = self.take(&mut flow::Around::new(direction, transactions, context), &input);
        announce(context);
        if self.is_overrun() { Err(Failed) } else { Ok(step) }
    }

    fn gap(
        &mut self,
        direction: Direction,
        _length: u64,
        transactions: &mut Transactions<Transaction>,
        context: &mut Context<'_>,
    ) -> Result<(), Failed> {
        self.gap_begins(&mut flow::Around::new(direction, transactions, context));
        Ok(())
    }

    fn close(&mut self, direction: Direction, transactions: &mut Transactions<Transaction>, context: &mut Context<'_>) {
        self.ended(&mut flow::Around::new(direction, transactions, context));
        for slot in transactions.iter_mut() {
            if let transaction::Detail::File(file) = &mut slot.tx.detail
                && file.direction == direction
            {
                file.content.ended = true;
            }
        }
    }
}
