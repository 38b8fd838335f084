//! What transactions carry that rules have stored: `tls.store`.

use std::fmt::Write as _;

use sidewire_app_layer::{ProtocolDef, TxDocument};
use sidewire_base::Direction;
use sidewire_decode::Packet;

use crate::output::format::fast;
use crate::output::writer::record::DocumentRecord;
use crate::worker::conversation::ConversationFlow;
use crate::worker::log::LogStage;

/// Width of the names of notes.
const NAMES: usize = 19;

impl LogStage {
    /// Hands what a transaction carries to the store of its protocol, once a rule wants it and it is there.
    pub(super) fn log_documents(
        &mut self,
        flow: &mut ConversationFlow,
        packet: Option<&Packet<'_>>,
        (protocol, number, position): (&ProtocolDef, usize, usize),
    ) {
        let Some(info) = protocol.info.documents else { return };
        let wanted = flow.data.rules.wanted_documents();
        if !self.setup.config.document_stores.contains_key(info.output) {
            return;
        }
        for direction in Direction::BOTH.into_iter().filter(|direction| wanted[*direction]) {
            let Some(session) = flow.data.app.session.as_deref_mut() else { return };
            if session.transactions().head(position).is_none_or(|head| head.stored[direction]) {
                continue;
            }
            let Some(document) = session.document(position, direction) else { continue };
            if let Some(head) = session.transactions_mut().head_mut(position) {
                head.stored[direction] = true;
            }
            self.store_document(flow, packet, number, &document);
        }
    }

    fn store_document(
        &mut self,
        flow: &ConversationFlow,
        packet: Option<&Packet<'_>>,
        protocol: usize,
        document: &TxDocument,
    ) {
        let time = packet.map_or(self.now, |packet| packet.time);
        let mut notes = String::new();
        let mut note = |name: &str, text: &str| {
            // Writing to memory cannot fail.
            let _written = writeln!(notes, "{:NAMES$}{text}", format!("{name}:"));
        };
        note("TIME", &fast::date(time));
        if let Some(packet) = packet {
            note("PCAP PKT NUM", &packet.ordinal.to_string());
        }
        note("SRC IP", &flow.client.address.to_string());
        note("DST IP", &flow.server.address.to_string());
        note("PROTO", &flow.protocol.to_string());
        note("SRC PORT", &flow.client.port.to_string());
        note("DST PORT", &flow.server.port.to_string());
        for (name, text) in &document.notes {
            note(name, text);
        }
        let record = DocumentRecord {
            protocol: u16::try_from(protocol).unwrap_or(u16::MAX),
            prefix: document.prefix,
            extension: document.extension,
            time,
            notes: 0,
        };
        self.writer.document(record, notes.as_bytes(), &document.octets);
    }
}
