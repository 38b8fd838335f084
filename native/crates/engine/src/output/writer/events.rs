//! Writes the events of one worker for every output that wants them.

use std::sync::atomic::{AtomicU64, Ordering};

use sidewire_decode::Packet;
use sidewire_detect::RuleMeta;
use sidewire_eve::Object;

use crate::output::format::eve::{EveOutput, EventEnvelope, EventKind, RunOutputs};
use crate::output::format::fast;
use crate::output::writer::record::{AlertKey, DocumentRecord, FileRecord, OutputBatch, OutputOrder, OutputRecord};

/// Where the number of a writer stands in the keys of its files: above more of them than any run stores.
const WRITER_SHIFT: u32 = 40;
/// Writers made so far.
static WRITERS: AtomicU64 = AtomicU64::new(0);

/// Writes events of one worker, in order, for every output that wants them.
pub(crate) struct EventWriter {
    pub(crate) outputs: std::sync::Arc<RunOutputs>,
    pub(crate) batch: OutputBatch,
    pub(crate) place: OutputOrder,
    /// Key of the last file handed to the file store: unlike those of other workers.
    last_file: u64,
}

impl EventWriter {
    pub(crate) fn new(outputs: std::sync::Arc<RunOutputs>) -> Self {
        Self {
            outputs,
            batch: OutputBatch::default(),
            place: OutputOrder::default(),
            last_file: WRITERS.fetch_add(1, Ordering::Relaxed) << WRITER_SHIFT,
        }
    }

    /// Writes an event of `kind` for every output that has it on. `fill` gets the output and the opened object.
    pub(crate) fn event(
        &mut self,
        kind: EventKind,
        envelope: &EventEnvelope<'_>,
        fill: impl FnMut(&EveOutput, &mut Object<'_>),
    ) {
        self.write(kind, envelope, None, |_| true, fill);
    }

    /// Writes an alert for every output that takes alerts, as EVE or as a line of text.
    pub(crate) fn alert(
        &mut self,
        envelope: &EventEnvelope<'_>,
        key: AlertKey,
        (rule, packet): (&RuleMeta, Option<&Packet<'_>>),
        fill: impl FnMut(&EveOutput, &mut Object<'_>),
    ) {
        let mut first = !self.write(EventKind::ALERT, envelope, Some(key), |_| true, fill);
        let outputs = std::sync::Arc::clone(&self.outputs);
        for number in &outputs.fast {
            fast::write(rule, packet, envelope, &mut self.batch.bytes);
            self.record(*number, EventKind::ALERT, Some(AlertKey { first, ..key }));
            first = false;
        }
    }

    /// As [`event`](Self::event), for the outputs for which `wanted` holds too.
    pub(crate) fn event_if(
        &mut self,
        kind: EventKind,
        envelope: &EventEnvelope<'_>,
        wanted: impl Fn(&EveOutput) -> bool,
        fill: impl FnMut(&EveOutput, &mut Object<'_>),
    ) {
        self.write(kind, envelope, None, wanted, fill);
    }

    /// True when some output took it.
    fn write(
        &mut self,
        kind: EventKind,
        envelope: &EventEnvelope<'_>,
        alert: Option<AlertKey>,
        wanted: impl Fn(&EveOutput) -> bool,
        mut fill: impl FnMut(&EveOutput, &mut Object<'_>),
    ) -> bool {
        let outputs = std::sync::Arc::clone(&self.outputs);
        let mut first = true;
        for output in &outputs.list {
            if !output.wants(kind) || !wanted(output) {
                continue;
            }
            self.batch.bytes.extend_from_slice(output.config.prefix.as_bytes());
            {
                let mut object = Object::new(&mut self.batch.bytes);
                envelope.write(outputs.type_name(kind), output, &mut object);
                fill(output, &mut object);
            }
            self.batch.bytes.push(b'\n');
            self.record(output.number, kind, alert.map(|key| AlertKey { first, ..key }));
            first = false;
        }
        !first
    }

    /// Notes that the line written last is for an output.
    fn record(&mut self, output: u16, kind: EventKind, alert: Option<AlertKey>) {
        self.batch.records.push(OutputRecord {
            place: self.place,
            output,
            kind: kind.number(),
            end: self.batch.bytes.len(),
            alert,
            file: None,
            document: None,
        });
    }

    /// The key of another file for the file store.
    pub(crate) const fn next_file(&mut self) -> u64 {
        self.last_file += 1;
        self.last_file
    }

    /// A step of a file for the file store, with its octets.
    pub(crate) fn file_octets(&mut self, file: FileRecord, octets: &[u8]) {
        self.batch.bytes.extend_from_slice(octets);
        self.file_record(file);
    }

    /// The last step of a file for the file store, with its event.
    pub(crate) fn file_event(
        &mut self,
        file: FileRecord,
        envelope: &EventEnvelope<'_>,
        fill: impl FnOnce(&EveOutput, &mut Object<'_>),
    ) {
        if let Some(output) = &self.outputs.file_store {
            let mut object = Object::new(&mut self.batch.bytes);
            envelope.write(self.outputs.type_name(EventKind::FILEINFO), output, &mut object);
            fill(output, &mut object);
        }
        self.file_record(file);
    }

    fn file_record(&mut self, file: FileRecord) {
        self.batch.records.push(OutputRecord {
            place: self.place,
            output: u16::MAX,
            kind: EventKind::FILEINFO.number(),
            end: self.batch.bytes.len(),
            alert: None,
            file: Some(file),
            document: None,
        });
    }

    /// What a transaction carries, for the store of its protocol.
    pub(crate) fn document(&mut self, document: DocumentRecord, notes: &[u8], octets: &[u8]) {
        self.batch.bytes.extend_from_slice(notes);
        self.batch.bytes.extend_from_slice(octets);
        self.batch.records.push(OutputRecord {
            place: self.place,
            output: u16::MAX,
            kind: EventKind::FILEINFO.number(),
            end: self.batch.bytes.len(),
            alert: None,
            file: None,
            document: Some(DocumentRecord { notes: notes.len(), ..document }),
        });
    }

    /// True when some output wants events of this kind.
    pub(crate) fn wants(&self, kind: EventKind) -> bool {
        kind == EventKind::ALERT && !self.outputs.fast.is_empty()
            || self.outputs.list.iter().any(|output| output.wants(kind))
    }
}
