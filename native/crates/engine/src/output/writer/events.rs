//! Writes the events of one worker for every output that wants them.

use sidewire_decode::Packet;
use sidewire_detect::RuleMeta;
use sidewire_eve::Object;

use crate::output::format::eve::{Envelope, Kind, Output, Outputs};
use crate::output::format::fast;
use crate::output::writer::record::{AlertKey, Batch, Place, Record};

/// Writes events of one worker, in order, for every output that wants them.
pub(crate) struct Writer {
    pub(crate) outputs: std::sync::Arc<Outputs>,
    pub(crate) batch: Batch,
    pub(crate) place: Place,
}

impl Writer {
    pub(crate) fn new(outputs: std::sync::Arc<Outputs>) -> Self {
        Self { outputs, batch: Batch::default(), place: Place::default() }
    }

    /// Writes an event of `kind` for every output that has it on. `fill` gets the output and the opened object.
    pub(crate) fn event(&mut self, kind: Kind, envelope: &Envelope<'_>, fill: impl FnMut(&Output, &mut Object<'_>)) {
        self.write(kind, envelope, None, |_| true, fill);
    }

    /// Writes an alert for every output that takes alerts, as EVE or as a line of text.
    pub(crate) fn alert(
        &mut self,
        envelope: &Envelope<'_>,
        key: AlertKey,
        (rule, packet): (&RuleMeta, Option<&Packet<'_>>),
        fill: impl FnMut(&Output, &mut Object<'_>),
    ) {
        let mut first = !self.write(Kind::ALERT, envelope, Some(key), |_| true, fill);
        let outputs = std::sync::Arc::clone(&self.outputs);
        for number in 0..outputs.fast {
            fast::write(rule, packet, envelope, &mut self.batch.bytes);
            self.record(outputs.list.len() + number, Kind::ALERT, Some(AlertKey { first, ..key }));
            first = false;
        }
    }

    /// As [`event`](Self::event), for the outputs for which `wanted` holds too.
    pub(crate) fn event_if(
        &mut self,
        kind: Kind,
        envelope: &Envelope<'_>,
        wanted: impl Fn(&Output) -> bool,
        fill: impl FnMut(&Output, &mut Object<'_>),
    ) {
        self.write(kind, envelope, None, wanted, fill);
    }

    /// True when some output took it.
    fn write(
        &mut self,
        kind: Kind,
        envelope: &Envelope<'_>,
        alert: Option<AlertKey>,
        wanted: impl Fn(&Output) -> bool,
        mut fill: impl FnMut(&Output, &mut Object<'_>),
    ) -> bool {
        let outputs = std::sync::Arc::clone(&self.outputs);
        let mut first = true;
        for (number, output) in outputs.list.iter().enumerate() {
            if !output.wants(kind) || !wanted(output) {
                continue;
            }
            {
                let mut object = Object::new(&mut self.batch.bytes);
                envelope.write(outputs.type_name(kind), output, &mut object);
                fill(output, &mut object);
            }
            self.batch.bytes.push(b'\n');
            self.record(number, kind, alert.map(|key| AlertKey { first, ..key }));
            first = false;
        }
        !first
    }

    /// Notes that the line written last is for an output.
    fn record(&mut self, output: usize, kind: Kind, alert: Option<AlertKey>) {
        self.batch.records.push(Record {
            place: self.place,
            output: u16::try_from(output).unwrap_or(u16::MAX),
            kind: kind.number(),
            end: self.batch.bytes.len(),
            alert,
        });
    }

    /// True when some output wants events of this kind.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        kind == Kind::ALERT && self.outputs.fast > 0 || self.outputs.list.iter().any(|output| output.wants(kind))
    }
}
