//! Lines with their place in packet order.

use sidewire_base::{Endpoint, RuleId, Time};

/// Where an event belongs in the output: packet order first. The same for any number of workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OutputOrder {
    /// Ordinal of the packet that caused it; `u64::MAX` at the end of the capture.
    pub(crate) ordinal: u64,
    /// Flows that end before a packet is looked at come before the packet's own events: 0, then 1.
    pub(crate) class: u8,
    /// Tie-break of ended flows: ordinal of their first packet.
    pub(crate) flow: u64,
}

/// An EVE line in a [`OutputBatch`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutputRecord {
    pub(crate) place: OutputOrder,
    /// Which output it is for.
    pub(crate) output: u16,
    /// Number of the event type (see `RunOutputs::type_name`).
    pub(crate) kind: u16,
    /// End of the line's octets in the batch; it begins where the record before it ends.
    pub(crate) end: usize,
    /// For alerts: what thresholds are decided by.
    pub(crate) alert: Option<AlertKey>,
    /// It is no line: a step of a file on its way to the file store.
    pub(crate) file: Option<FileRecord>,
    /// It is no line: what a transaction carries, for the store of its protocol.
    pub(crate) document: Option<DocumentRecord>,
}

/// What a transaction carries, for the store of its protocol. The record's octets are its notes and then itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DocumentRecord {
    /// The protocol, by its position.
    pub(crate) protocol: u16,
    pub(crate) prefix: &'static str,
    pub(crate) extension: &'static str,
    /// Time of the packet that brought it.
    pub(crate) time: Time,
    /// Octets of the notes.
    pub(crate) notes: usize,
}

/// A step of a file on its way to the file store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileRecord {
    /// Number of the file among those of its worker.
    pub(crate) key: u64,
    pub(crate) step: FileStep,
}

/// What happens to a file in the file store.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FileStep {
    /// It begins.
    Begin,
    /// The record's octets are its next.
    Octets,
    /// It is over; the record's octets are its event.
    End {
        sha256: [u8; 32],
        /// Engine time.
        time: Time,
    },
}

/// What thresholds need to know of an alert.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AlertKey {
    pub(crate) rule: RuleId,
    pub(crate) source: Option<Endpoint>,
    pub(crate) destination: Option<Endpoint>,
    pub(crate) flow: u64,
    pub(crate) time: Time,
    /// Alerts of one match for several outputs are decided once: on the first.
    pub(crate) first: bool,
}

/// Lines in order, as one worker wrote them.
#[derive(Debug, Default)]
pub(crate) struct OutputBatch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) records: Vec<OutputRecord>,
}

impl OutputBatch {
    /// Octets of lines after which a batch is handed over.
    const LARGE: usize = 1 << 20;

    /// Holds enough to be handed over before its time.
    pub(crate) const fn is_large(&self) -> bool {
        self.bytes.len() >= Self::LARGE
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }

    /// The lines with their records.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&OutputRecord, &[u8])> {
        let mut start = 0;
        self.records.iter().map(move |record| {
            let line = self.bytes.get(start..record.end).unwrap_or_default();
            start = record.end;
            (record, line)
        })
    }
}
