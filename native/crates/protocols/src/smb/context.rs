//! What a step through a flow works on.

use sidewire_app_layer::{ParseContext, Transactions};
use sidewire_base::{Direction, Time};

use super::frame::SmbLayer;
use super::transaction::SmbTransaction;

/// What a session works on while it parses.
pub(super) struct SmbContext<'a, 'c> {
    pub(super) direction: Direction,
    pub(super) transactions: &'a mut Transactions<SmbTransaction>,
    pub(super) context: &'a mut ParseContext<'c>,
    pub(super) now: Time,
    /// Stream offset of what is read.
    pub(super) offset: u64,
}

impl<'a, 'c> SmbContext<'a, 'c> {
    pub(super) fn new(
        direction: Direction,
        transactions: &'a mut Transactions<SmbTransaction>,
        context: &'a mut ParseContext<'c>,
    ) -> Self {
        let now = context.time;
        Self { direction, transactions, context, now, offset: 0 }
    }

    /// Tells the frames of a PDU that begins where is read.
    pub(super) fn frame(&mut self, layer: SmbLayer, length: u32) {
        if let Some(frames) = &mut self.context.frames {
            layer.tell(frames, self.offset, length);
        }
    }
}
