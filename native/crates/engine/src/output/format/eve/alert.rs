//! `alert`, and its rule, transaction, flow and payload.

use core::net::IpAddr;

use sidewire_app_layer::LogForm;
use sidewire_base::{Direction, Endpoint, TxId};
use sidewire_decode::Packet;
use sidewire_detect::{RuleMatch, RuleMeta};
use sidewire_eve::{JsonName, Object};
use sidewire_files::write_fileinfo;
use sidewire_flow::Flow;
use sidewire_ir::{Action, RuleTarget};

use super::flow::{self, AppNames};
use super::frame::FrameFacts;
use super::ip_protocol::ip_protocol_name;
use super::outputs::{EveOutput, EventKind, RunOutputs, frame_limit};
use super::transaction::AlertTransaction;
use super::{envelope, packet};

/// What an alert tells beside its rule.
pub(crate) struct AlertFacts<'a, S> {
    pub(crate) rule: &'a RuleMeta,
    pub(crate) source: Option<Endpoint>,
    pub(crate) destination: Option<Endpoint>,
    pub(crate) direction: Direction,
    pub(crate) packet: Option<&'a Packet<'a>>,
    pub(crate) payload: AlertPayload<'a>,
    pub(crate) flow: Option<&'a Flow<S>>,
    pub(crate) app: AppNames,
    pub(crate) transaction: Option<AlertTransaction<'a>>,
    /// The rule did not match on the transaction: it is the only one there was.
    pub(crate) guessed: bool,
    /// The frame it matched in.
    pub(crate) frame: Option<FrameFacts<'a>>,
    pub(crate) found: &'a RuleMatch,
}

/// The octets a rule matched in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AlertPayload<'a> {
    /// What is held of the stream, in order, or the packet's.
    pub(crate) octets: &'a [u8],
    /// The rule matched in a stream.
    pub(crate) stream: bool,
}

impl<S> AlertFacts<'_, S> {
    /// The client behind a proxy, when the output wants it to take the place of an address (or to be told beside it).
    pub(crate) fn forwarded_for(&self, output: &EveOutput, overwrite: bool) -> Option<IpAddr> {
        self.transaction?.forwarded_for(output, EventKind::ALERT, overwrite)
    }

    pub(crate) fn write(&self, outputs: &RunOutputs, output: &EveOutput, out: &mut Object<'_>) {
        let options = output.alert;
        out.object("alert", |o| self.rule(output, o));
        if let Some(packet) = self.packet {
            tunnel(packet, output, out);
        }
        if self.guessed {
            out.bool("tx_guessed", true);
        }
        if let Some(tx) = self.transaction {
            self.transaction(tx, outputs, output, out);
        }
        self.app.write(out);
        if self.flow.is_some() {
            out.str("direction", if self.direction == Direction::ToServer { "to_server" } else { "to_client" });
        }
        if let Some(flow) = self.flow.filter(|_| options.flow) {
            flow::brief(flow, output, out);
        }
        self.payload(output, out);
        if let Some(frame) = &self.frame {
            out.object("frame", |o| frame.write(frame_limit(options.payload_limit), o));
        }
        if options.verdict {
            out.object("verdict", |o| {
                o.str("action", if self.rule.action == Action::Pass { "pass" } else { "alert" });
            });
        }
    }

    fn rule(&self, output: &EveOutput, out: &mut Object<'_>) {
        let (rule, options) = (self.rule, output.alert);
        out.str("action", "allowed");
        out.u64("gid", rule.gid).u64("signature_id", rule.sid).u64("rev", rule.rev);
        out.str("signature", &rule.msg).str("category", &rule.class).u64("severity", rule.priority);
        if let (Some(target), Some(source), Some(destination)) = (rule.target, self.source, self.destination) {
            let (attacker, victim) =
                if target == RuleTarget::SourceIp { (destination, source) } else { (source, destination) };
            out.object("source", |o| side(o, attacker, output)).object("target", |o| side(o, victim, output));
        }
        if let Some(address) = self.forwarded_for(output, false) {
            envelope::address(out, "xff", address, output);
        }
        if !self.found.alert_variables.is_empty() {
            out.object("context", |o| {
                for (name, value) in &self.found.alert_variables {
                    o.bytes(JsonName(name), value);
                }
            });
        }
        if options.rule_metadata && !rule.metadata.is_empty() {
            out.object("metadata", |o| {
                for (first, pair) in rule.metadata.iter().enumerate() {
                    let same = |other: &&sidewire_ir::Metadata| other.key == pair.key;
                    if rule.metadata.iter().take(first).any(|other| other.key == pair.key) {
                        continue;
                    }
                    o.array(JsonName(&pair.key), |list| {
                        for value in rule.metadata.iter().filter(same) {
                            list.str(&value.value);
                        }
                    });
                }
            });
        }
        if options.rule_references && !rule.references.is_empty() {
            out.array("references", |list| {
                for reference in &rule.references {
                    list.str(&reference.shown);
                }
            });
        }
        if options.rule_text {
            out.str("rule", &rule.text);
        }
    }

    fn transaction(&self, tx: AlertTransaction<'_>, outputs: &RunOutputs, output: &EveOutput, out: &mut Object<'_>) {
        let Some(head) = tx.session.transactions().head(tx.position) else { return };
        let info = &tx.protocol.info;
        for (key, direction) in [("ts_progress", Direction::ToServer), ("tc_progress", Direction::ToClient)] {
            if let Some(stage) = info.stages[direction].get(usize::from(head.progress[direction])) {
                out.str(key, stage);
            }
        }
        if !output.alert.app_layer {
            return;
        }
        for number in 0..outputs.logger_count(tx.number) {
            let (own, carried) = (number == 0, (tx.protocol.loggers)(number).is_some_and(|info| info.in_alerts));
            if carried && (own || output.alert.calls) {
                let form = if own { LogForm::InOthers } else { LogForm::Own(0) };
                tx.log_in_others(output, number, form, out);
            }
        }
        self.files(tx, head.id, out);
    }

    /// The files that the transaction carries in the direction of the alert.
    fn files(&self, tx: AlertTransaction<'_>, tx_id: TxId, out: &mut Object<'_>) {
        let files = tx.session.files(tx.position).map_or(&[][..], |files| files.of(self.direction));
        if !files.is_empty() {
            out.array("files", |list| {
                for file in files {
                    list.object(|o| write_fileinfo(file, tx_id, o));
                }
            });
        }
    }

    fn payload(&self, output: &EveOutput, out: &mut Object<'_>) {
        let options = output.alert;
        let AlertPayload { octets, stream } = self.payload;
        let shown = octets.get(..options.payload_limit).unwrap_or(octets);
        if options.shows_payload() && !octets.is_empty() {
            if options.payload {
                out.str("payload", &sidewire_eve::base64(shown));
            }
            if options.payload_printable {
                out.str("payload_printable", &sidewire_eve::printable(shown));
            }
            if options.payload_length {
                out.u64("payload_length", octets.len() as u64);
            }
            out.u64("stream", u8::from(stream));
        } else if options.payload || options.payload_printable {
            out.u64("stream", u8::from(stream));
        }
        if let Some(packet) = self.packet.filter(|_| options.packet) {
            packet::write(packet, usize::MAX, out);
        }
    }
}

/// The captured packet that this one came out of: a tunnel's outermost, or the last fragment of a datagram.
fn tunnel(packet: &Packet<'_>, output: &EveOutput, out: &mut Object<'_>) {
    let Some(root) = packet.root else { return };
    out.object("tunnel", |o| {
        envelope::address(o, "src_ip", root.source.address, output);
        o.u64("src_port", root.source.port);
        envelope::address(o, "dest_ip", root.destination.address, output);
        o.u64("dest_port", root.destination.port);
        match ip_protocol_name(root.protocol) {
            Some(name) => o.str("proto", name),
            None => o.fmt("proto", format_args!("{:03}", root.protocol)),
        };
        o.u64("depth", packet.level).u64("pcap_cnt", packet.ordinal).str("pkt_src", "wire/pcap");
    });
}

fn side(out: &mut Object<'_>, endpoint: Endpoint, output: &EveOutput) {
    envelope::address(out, "ip", endpoint.address, output);
    if endpoint.port != 0 {
        out.u64("port", endpoint.port);
    }
}
