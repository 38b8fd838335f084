//! Kafka: a record for each line, handed to the leaders of a topic's partitions in turn. Without TLS and logging in: who needs
//! these publishes what the library hands over.

mod record_batch;
mod wire;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sidewire_base::{ByteSize, SettingKind, SettingValue};

use self::record_batch::record_batch;
use self::wire::{
    KafkaPartition, ProduceRequest, TopicMetadata, error_text, is_refusal, metadata_reply, metadata_request,
    produce_reply,
};
use super::server_stream::{ServerStream, connect_tcp, invalid};
use super::spool::{DeliveryResult, LineServer, SpooledSink};
use super::{SinkKind, SinkOrders, lines};

sidewire_base::settings! {
    /// What Kafka is told.
    pub(crate) struct KafkaSettings {
        /// Brokers to begin with, with their ports: `one:9092,other:9092`.
        brokers: String = "kafka.brokers", usually "127.0.0.1:9092";
        /// The topic.
        topic: String = "kafka.topic", usually "suricata";
        /// Who has to have a record before it counts as delivered: the `leader`, or `all` replicas that are in step.
        acks: KafkaAcks = "kafka.acks", usually "all";
        /// What brokers know this client by.
        client_id: String = "kafka.client-id", usually "sidewire";
        /// Octets of lines that are handed over together.
        batch_size: ByteSize = "kafka.batch-size", usually "524288";
        /// Octets of lines that wait while no broker is there.
        spool: ByteSize = "kafka.spool", usually "16777216";
    }
}

/// Who has to have a record before it counts as delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KafkaAcks {
    Leader,
    All,
}

impl SettingValue for KafkaAcks {
    const KIND: SettingKind = SettingKind::OneOf(&["leader", "all"]);

    fn read(text: &str) -> Option<Self> {
        match text {
            "leader" => Some(Self::Leader),
            "all" => Some(Self::All),
            _ => None,
        }
    }
}

/// How long a broker may wait for replicas. Milliseconds.
const REPLICAS: i32 = 5000;
/// Octets of an answer that is believed.
const LONGEST_REPLY: usize = 4 << 20;
/// The port of a broker that is named without one.
const PORT: u16 = 9092;

/// Kafka as a sink.
pub(crate) struct KafkaSink(SpooledSink<KafkaServer>);

impl SinkKind for KafkaSink {
    const FILETYPES: &'static [&'static str] = &["kafka"];
    const DOC: &'static str = "Kafka: a record of a topic for each line.";
    type Settings = KafkaSettings;

    fn name(_: &str, settings: &KafkaSettings) -> String {
        format!("kafka {} {}", settings.brokers, settings.topic)
    }

    fn open(_: &str, settings: KafkaSettings, orders: &Arc<SinkOrders>) -> io::Result<Self> {
        let spool = settings.spool.0;
        let server = KafkaServer { settings, orders: Arc::clone(orders), turn: 0 };
        SpooledSink::open(server, spool, orders).map(Self)
    }
}

super::spool::line_sink!(KafkaSink);

pub(crate) struct KafkaServer {
    settings: KafkaSettings,
    orders: Arc<SinkOrders>,
    /// Which partition is next.
    turn: usize,
}

/// Where the topic is, and the connections to brokers by their numbers.
pub(crate) struct KafkaConnection {
    topic: TopicMetadata,
    brokers: HashMap<i32, BrokerConnection>,
}

struct BrokerConnection {
    stream: ServerStream,
    correlation: i32,
}

impl LineServer for KafkaServer {
    type Connection = KafkaConnection;

    fn connect(&mut self) -> io::Result<KafkaConnection> {
        let mut last = invalid("no broker is named");
        for address in self.settings.brokers.split(',').map(str::trim).filter(|address| !address.is_empty()) {
            match self.find(address) {
                Ok(topic) => return Ok(KafkaConnection { topic, brokers: HashMap::new() }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn deliver(&mut self, connection: &mut KafkaConnection, lines: &[u8]) -> DeliveryResult {
        let batch = self.batch(lines);
        match self.produce(connection, batch) {
            Ok(0) => DeliveryResult { octets: batch.len(), ..DeliveryResult::default() },
            // One of them is the culprit: each goes alone.
            Ok(error) if is_refusal(error) => self.deliver_one(connection, lines, error),
            Ok(error) => DeliveryResult::failed(io::Error::other(error_text(error))),
            Err(error) => DeliveryResult::failed(error),
        }
    }
}

impl KafkaServer {
    /// Asks a broker where the topic is.
    fn find(&self, address: &str) -> io::Result<TopicMetadata> {
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| invalid("a port that is none"))?),
            None => (address, PORT),
        };
        let mut broker = BrokerConnection::connect(host.trim_matches(['[', ']']), port)?;
        let KafkaSettings { topic, client_id, .. } = &self.settings;
        let reply = broker.ask(|correlation| metadata_request(topic, correlation, client_id), &self.orders)?;
        metadata_reply(&reply)
    }

    /// The first lines, as many as go together.
    fn batch<'l>(&self, lines: &'l [u8]) -> &'l [u8] {
        let most = usize::try_from(self.settings.batch_size.0).unwrap_or(usize::MAX);
        let mut end = 0;
        for line in lines::each(lines) {
            if end > 0 && end + line.len() > most {
                break;
            }
            end += line.len();
        }
        lines.get(..end).unwrap_or(lines)
    }

    /// Hands a batch to the next partition; the error that its leader answers.
    fn produce(&mut self, connection: &mut KafkaConnection, batch: &[u8]) -> io::Result<i16> {
        let KafkaConnection { topic, brokers } = connection;
        let at = self.turn % topic.partitions.len().max(1);
        let KafkaPartition { number, leader } = *topic.partitions.get(at).ok_or_else(|| invalid("no partition"))?;
        self.turn = self.turn.wrapping_add(1);
        let broker = match brokers.entry(leader) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let found = topic.brokers.iter().find(|broker| broker.node == leader);
                let found = found.ok_or_else(|| invalid("a leader that is no broker"))?;
                place.insert(BrokerConnection::connect(&found.host, found.port)?)
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let records = record_batch(batch, i64::try_from(now).unwrap_or(i64::MAX));
        let KafkaSettings { topic, client_id, acks, .. } = &self.settings;
        let acks = if *acks == KafkaAcks::All { -1 } else { 1 };
        let request = ProduceRequest { topic, partition: number, acks, timeout: REPLICAS, batch: &records };
        let reply = broker.ask(|correlation| request.write(correlation, client_id), &self.orders)?;
        produce_reply(&reply)
    }

    /// Hands over the first line alone; one that is refused alone is lost.
    fn deliver_one(&mut self, connection: &mut KafkaConnection, lines: &[u8], before: i16) -> DeliveryResult {
        self.orders.tell(&error_text(before));
        let line = lines.get(..lines::first_length(lines)).unwrap_or(lines);
        match self.produce(connection, line) {
            Ok(0) => DeliveryResult { octets: line.len(), ..DeliveryResult::default() },
            Ok(error) if is_refusal(error) => DeliveryResult { octets: line.len(), refused: 1, error: None },
            Ok(error) => DeliveryResult::failed(io::Error::other(error_text(error))),
            Err(error) => DeliveryResult::failed(error),
        }
    }
}

impl BrokerConnection {
    fn connect(host: &str, port: u16) -> io::Result<Self> {
        Ok(Self { stream: ServerStream::new(connect_tcp(host, port)?), correlation: 0 })
    }

    /// Sends a request and waits for its answer, which is given without its head.
    fn ask(&mut self, request: impl FnOnce(i32) -> Vec<u8>, orders: &SinkOrders) -> io::Result<Vec<u8>> {
        self.correlation = self.correlation.wrapping_add(1);
        self.stream.send(&request(self.correlation), orders)?;
        let mut received = Vec::new();
        loop {
            if let Some(head) = received.first_chunk::<4>() {
                let length = usize::try_from(i32::from_be_bytes(*head)).unwrap_or(usize::MAX);
                if length > LONGEST_REPLY {
                    return Err(invalid("an answer that is too long"));
                }
                if let Some(reply) = received.get(4..4 + length) {
                    let (correlation, body) =
                        reply.split_at_checked(4).ok_or_else(|| invalid("an answer that is cut"))?;
                    if correlation != self.correlation.to_be_bytes() {
                        return Err(invalid("an answer to another question"));
                    }
                    return Ok(body.to_vec());
                }
            }
            self.stream.receive(&mut received, orders)?;
        }
    }
}
