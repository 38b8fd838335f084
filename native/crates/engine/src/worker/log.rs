//! Events about packets, transactions and flows.

use std::sync::Arc;

use sidewire_app_layer::{ProtocolInfo, TxConsumer};
use sidewire_base::{Direction, ProtocolId, Time, TxId};
use sidewire_decode::Packet;
use sidewire_detect::RuleMatch;
use sidewire_flow::EndReason;

use crate::config::setup::RunSetup;
use crate::output::format::eve::{
    AlertTransaction, Anomaly, EtherAddresses, EveOutput, EventKind, FlowFacts, address_member, write_arp, write_packet,
};
use crate::output::writer::events::EventWriter;
use crate::output::writer::record::OutputOrder;
use crate::source::overload::ShedDegree;
use crate::source::packet_sink::SourceNames;
use crate::worker::conversation::ConversationFlow;
use crate::worker::envelope::{EventOrigin, ends, envelope};

/// Writes events, for every output that wants them.
pub(crate) struct LogStage {
    pub(crate) setup: Arc<RunSetup>,
    pub(crate) writer: EventWriter,
    /// Where packets are from.
    pub(crate) source: Option<SourceNames>,
    /// Number of the interface that this frame came by.
    pub(crate) interface: u32,
    /// Packet time: that of events without a packet.
    pub(crate) now: Time,
    pub(crate) counters: LogCounters,
}

/// What was written, and could not be.
#[derive(Debug, Default)]
pub(crate) struct LogCounters {
    /// Alerts raised.
    pub(crate) alerts: u64,
    /// Frames that were not taken up for want of room.
    pub(crate) frames_refused: u64,
    /// Events of protocols that were left out because packets came too fast.
    pub(crate) events_shed: u64,
}

impl LogStage {
    pub(crate) fn new(setup: &Arc<RunSetup>) -> Self {
        Self {
            writer: EventWriter::new(Arc::clone(&setup.outputs)),
            source: None,
            interface: 0,
            now: Time::default(),
            counters: LogCounters::default(),
            setup: Arc::clone(setup),
        }
    }

    /// A frame begins: what is written from here on belongs to it.
    pub(crate) fn begin(&mut self, now: Time, ordinal: u64) {
        self.now = now;
        self.writer.place = OutputOrder { ordinal, class: 1, flow: 0 };
    }

    /// Where an event is from: its packet, or else the first packet of its flow.
    pub(crate) fn origin(&self, packet: Option<&Packet<'_>>, flow: Option<&ConversationFlow>) -> EventOrigin {
        match &self.source {
            None => EventOrigin::default(),
            Some(SourceNames::File(name)) => EventOrigin { file: Some(Arc::clone(name)), interface: None },
            Some(SourceNames::Interfaces(names)) => {
                let number = match (packet, flow) {
                    (None, Some(flow)) => flow.data.interface,
                    _ => self.interface,
                };
                EventOrigin { file: None, interface: names.get(number as usize).cloned() }
            }
        }
    }

    /// Drops the line that a contained bug cut short.
    pub(crate) fn abandon_line(&mut self) {
        let batch = &mut self.writer.batch;
        batch.bytes.truncate(batch.records.last().map_or(0, |record| record.end));
    }

    /// Anomalies of a packet with a flow: decoder, stream, protocol detection.
    pub(crate) fn log_packet(
        &mut self,
        flow: &mut ConversationFlow,
        packet: &Packet<'_>,
        direction: Direction,
        events: &sidewire_tcp::StreamEvents,
    ) {
        if !packet.events.is_empty() {
            self.log_decoder_events(Some(flow), packet);
        }
        if !self.writer.wants(EventKind::ANOMALY) {
            return;
        }
        for event in events.iter() {
            self.anomaly(Some(flow), Some(packet), direction, None, Anomaly::Stream(event.name()));
        }
        let app = &mut flow.data.app;
        if app.events_logged < app.events.len() {
            let protocol = app.names(self.setup.protocols).flow.unwrap_or("unknown");
            let new: smallvec::SmallVec<[&'static str; 2]> =
                app.events.iter().skip(app.events_logged).copied().collect();
            app.events_logged = app.events.len();
            for event in new {
                self.anomaly(Some(flow), Some(packet), direction, None, Anomaly::Detection { protocol, event });
            }
        }
    }

    pub(crate) fn log_decoder_events(&mut self, flow: Option<&ConversationFlow>, packet: &Packet<'_>) {
        for event in &packet.events {
            self.anomaly(flow, Some(packet), Direction::ToServer, None, Anomaly::Decode(event.name()));
        }
    }

    /// An ARP packet, which has no flow.
    pub(crate) fn log_arp(&mut self, packet: &Packet<'_>) {
        let Some(arp) = packet.arp.filter(|_| self.writer.wants(EventKind::ARP)) else { return };
        let origin = self.origin(Some(packet), None);
        let envelope = envelope(Some(packet), None, self.now, (None, None), &origin);
        self.writer.event(EventKind::ARP, &envelope, |output, out| write_arp(&arp, output, out));
    }

    /// Tells a packet of the flow, if a `tag` asks for it by now.
    pub(crate) fn log_tagged(
        &mut self,
        flow: &mut ConversationFlow,
        packet: &Packet<'_>,
        direction: Direction,
        stamp: Time,
    ) {
        if !flow.data.rules.is_tagged(packet.frame.len(), stamp) || !self.writer.wants(EventKind::PACKET) {
            return;
        }
        let flow = &*flow;
        let endpoints = ends(Some(packet), Some(flow), direction);
        let community = |seed| sidewire_flow::community_id(flow, seed);
        let origin = self.origin(Some(packet), Some(flow));
        let mut envelope = envelope(Some(packet), Some(flow), self.now, endpoints, &origin);
        envelope.community = Some(&community);
        self.writer.event(EventKind::PACKET, &envelope, |_, out| write_packet(packet, usize::MAX, out));
    }

    /// What `pcre` of matching rules caught for this packet, or for the end of a flow.
    pub(crate) fn log_variables(
        &mut self,
        flow: Option<&ConversationFlow>,
        packet: Option<&Packet<'_>>,
        matches: &[RuleMatch],
    ) {
        let Some(found) = matches.iter().find(|found| !found.packet_variables.is_empty()) else { return };
        if !self.writer.wants(EventKind::METADATA) {
            return;
        }
        let origin = self.origin(packet, flow);
        let endpoints = ends(packet, flow, found.direction);
        let mut envelope = envelope(packet, flow, self.now, endpoints, &origin);
        envelope.variables.matches = matches;
        self.writer.event(EventKind::METADATA, &envelope, |_, _| {});
    }

    fn anomaly(
        &mut self,
        flow: Option<&ConversationFlow>,
        packet: Option<&Packet<'_>>,
        direction: Direction,
        tx: Option<TxId>,
        anomaly: Anomaly,
    ) {
        if !self
            .setup
            .outputs
            .list
            .iter()
            .any(|output| output.wants(EventKind::ANOMALY) && anomaly.wanted(output.anomaly))
        {
            return;
        }
        let endpoints = ends(packet, flow, direction);
        let origin = self.origin(packet, flow);
        let mut envelope = envelope(packet, flow, self.now, endpoints, &origin);
        envelope.tx = tx;
        let community = |seed| flow.map(|flow| sidewire_flow::community_id(flow, seed)).unwrap_or_default();
        if flow.is_some() {
            envelope.community = Some(&community);
        }
        self.writer.event_if(
            EventKind::ANOMALY,
            &envelope,
            |output| anomaly.wanted(output.anomaly),
            |output, out| anomaly.write(output.anomaly, packet, out),
        );
    }

    /// Writes what transactions have to say by now, after a packet of a direction; without one, nothing follows.
    pub(crate) fn log_transactions(&mut self, flow: &mut ConversationFlow, at: Option<(&Packet<'_>, Direction)>) {
        let (packet, last) = (at.map(|(packet, _)| packet), at.is_none());
        let waiting = core::mem::take(&mut flow.data.app.files_waiting);
        if !(flow.data.app.dirty || waiting || last) {
            return;
        }
        let setup = Arc::clone(&self.setup);
        let Some(number) = flow.data.app.protocol.map(ProtocolId::index) else { return };
        let Some(protocol) = setup.protocols.get(number) else { return };
        let origin = self.origin(packet, Some(flow));
        let loggers = setup.outputs.logger_count(number);
        let mut anomalies: Vec<(TxId, &'static str)> = Vec::new();
        let anomalies_wanted = self.writer.wants(EventKind::ANOMALY);
        let mut cursor = 0;
        while let Some(position) = flow
            .data
            .app
            .session
            .as_mut()
            .and_then(|session| session.transactions_mut().take_due(&mut cursor, TxConsumer::Log))
        {
            for logger in 0..loggers {
                let Some(session) = flow.data.app.session.as_deref() else { return };
                let Some(head) = session.transactions().head(position) else { continue };
                let bit = 1_u32 << logger.min(31);
                if head.logged & bit != 0 {
                    continue;
                }
                let Some(from) = session.log_due(position, logger, last) else { continue };
                let Some((kind, info)) = setup.outputs.logger(number, logger).zip((protocol.loggers)(logger)) else {
                    continue;
                };
                let (source, destination) = flow.endpoints(from);
                let tx = AlertTransaction { session, protocol, number, position };
                let client = |output: &EveOutput| tx.forwarded_for(output, kind, true);
                let community = |seed| sidewire_flow::community_id(flow, seed);
                let mut envelope = envelope(packet, Some(flow), self.now, (Some(source), Some(destination)), &origin);
                envelope.tx = info.names_tx.then_some(head.id);
                envelope.community = Some(&community);
                envelope.forwarded = Some((from, &client));
                for event in 0..session.log_events(position, logger) {
                    let wanted = |output: &EveOutput| tx.log_wanted(output, logger, event);
                    if self.sheds(kind, wanted) {
                        continue;
                    }
                    self.writer.event_if(kind, &envelope, wanted, |output, out| {
                        tx.log_event(output, logger, event, out);
                        if let Some(address) = tx.forwarded_for(output, kind, false) {
                            address_member(out, "xff", address, output);
                        }
                    });
                }
                let session = flow.data.app.session.as_deref_mut();
                if let Some(head) = session.and_then(|session| session.transactions_mut().head_mut(position)) {
                    head.logged |= bit;
                }
            }
            self.log_documents(flow, packet, (protocol, number, position));
            if protocol.info.files.is_some() {
                self.log_files(flow, at, (protocol, number, position));
            }
            let session = flow.data.app.session.as_deref_mut();
            let Some(head) = session.and_then(|session| session.transactions_mut().head_mut(position)) else {
                continue;
            };
            let logged = usize::from(head.events_logged);
            if logged < head.events.len() {
                if anomalies_wanted {
                    let names = head.events.iter().skip(logged);
                    anomalies.extend(names.filter_map(|n| Some((head.id, protocol.info.events.get(n.index())?.name))));
                }
                head.events_logged = u8::try_from(head.events.len()).unwrap_or(u8::MAX);
            }
        }
        self.parser_anomalies(flow, packet, &protocol.info, anomalies);
    }

    /// Writes the events that a parser has set on transactions.
    fn parser_anomalies(
        &mut self,
        flow: &ConversationFlow,
        packet: Option<&Packet<'_>>,
        protocol: &'static ProtocolInfo,
        events: Vec<(TxId, &'static str)>,
    ) {
        // Without a packet, it is the side that spoke at all.
        let silent = flow.packets[Direction::ToServer] == 0;
        let direction = if silent { Direction::ToClient } else { Direction::ToServer };
        for (tx, event) in events {
            self.anomaly(Some(flow), packet, direction, Some(tx), Anomaly::Parser { protocol, event });
        }
    }

    /// An event of a protocol is left out while packets come too fast, and counted where an output would have taken it.
    fn sheds(&mut self, kind: EventKind, wanted: impl Fn(&EveOutput) -> bool) -> bool {
        let sheds = self.setup.shed.degree() >= ShedDegree::Details;
        let is_due = || self.setup.outputs.list.iter().any(|output| output.wants(kind) && wanted(output));
        self.counters.events_shed += u64::from(sheds && is_due());
        sheds
    }

    pub(crate) fn log_flow(&mut self, flow: &ConversationFlow, reason: EndReason) {
        if !(self.writer.wants(EventKind::FLOW) || self.writer.wants(EventKind::NETFLOW)) {
            return;
        }
        let origin = self.origin(None, Some(flow));
        let endpoints = (Some(flow.client), Some(flow.server));
        let community = |seed| sidewire_flow::community_id(flow, seed);
        let mut envelope = envelope(None, Some(flow), self.now, endpoints, &origin);
        envelope.packet_source = None;
        envelope.icmp_response = flow.icmp.map(|icmp| icmp.response).filter(|_| flow.packets[Direction::ToClient] > 0);
        envelope.community = Some(&community);
        let macs = flow.data.macs.as_deref();
        envelope.ether = macs.map(|macs| EtherAddresses::Flow(macs, Direction::ToServer));
        let facts = FlowFacts {
            flow,
            reason,
            alerted: flow.data.alerted,
            transactions: flow.data.app.opened(),
            tcp: flow.data.tcp.as_deref(),
            app: flow.data.app.names(self.setup.protocols),
            malformed: flow.data.app.malformed,
            ttl: flow.data.ttl,
        };
        self.writer.event(EventKind::FLOW, &envelope, |_, out| facts.write(out));
        if self.writer.wants(EventKind::NETFLOW) {
            let types = [flow.icmp.map(|icmp| icmp.request), flow.icmp.map(|icmp| icmp.response)];
            envelope.icmp_response = None;
            for (direction, icmp) in Direction::BOTH.into_iter().zip(types) {
                // The answering side has a record only once it answered.
                if direction == Direction::ToClient && !flow.both_seen() {
                    continue;
                }
                let (source, destination) = flow.endpoints(direction);
                envelope.source = Some(source);
                envelope.destination = Some(destination);
                envelope.icmp = icmp;
                envelope.ether = macs.map(|macs| EtherAddresses::Flow(macs, direction));
                self.writer.event(EventKind::NETFLOW, &envelope, |_, out| facts.write_netflow(direction, out));
            }
        }
    }
}
