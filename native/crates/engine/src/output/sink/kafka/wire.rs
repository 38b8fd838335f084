//! Requests and answers of Kafka's protocol (<https://kafka.apache.org/protocol>): `Metadata` 1 and `Produce` 3, which brokers
//! from 0.11 to 4 understand.

use std::io;

use super::super::server_stream::invalid;

/// What an answer may have of each thing it counts.
const MOST: i32 = 100_000;

/// Octets of a request.
#[derive(Default)]
pub(super) struct RequestWriter(pub(super) Vec<u8>);

impl RequestWriter {
    /// Begins a request: its head, version 1.
    pub(super) fn request(key: i16, version: i16, correlation: i32, client: &str) -> Self {
        let mut out = Self::default();
        out.i32(0).i16(key).i16(version).i32(correlation).text(client);
        out
    }

    pub(super) fn i16(&mut self, value: i16) -> &mut Self {
        self.octets(&value.to_be_bytes())
    }

    pub(super) fn i32(&mut self, value: i32) -> &mut Self {
        self.octets(&value.to_be_bytes())
    }

    pub(super) fn i64(&mut self, value: i64) -> &mut Self {
        self.octets(&value.to_be_bytes())
    }

    pub(super) fn octets(&mut self, octets: &[u8]) -> &mut Self {
        self.0.extend_from_slice(octets);
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.i16(i16::try_from(text.len()).unwrap_or(i16::MAX)).octets(text.as_bytes())
    }

    /// A signed number, in zigzag and groups of seven bits.
    pub(super) fn varint(&mut self, value: i64) -> &mut Self {
        let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
        while rest >= 0x80 {
            self.0.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
        self
    }

    /// The request with its length in front.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let length = i32::try_from(self.0.len().saturating_sub(4)).unwrap_or(i32::MAX);
        if let Some(place) = self.0.get_mut(..4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
        self.0
    }
}

/// Octets of an answer that were not read yet.
pub(super) struct KafkaReply<'a>(pub(super) &'a [u8]);

impl<'a> KafkaReply<'a> {
    fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| invalid("an answer that is cut"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn skip(&mut self, length: usize) -> io::Result<&mut Self> {
        self.take(length).map(|_| self)
    }

    pub(super) fn i16(&mut self) -> io::Result<i16> {
        Ok(i16::from_be_bytes(self.take(2)?.try_into().unwrap_or_default()))
    }

    pub(super) fn i32(&mut self) -> io::Result<i32> {
        Ok(i32::from_be_bytes(self.take(4)?.try_into().unwrap_or_default()))
    }

    /// A text; empty for none.
    pub(super) fn text(&mut self) -> io::Result<&'a str> {
        let length = usize::try_from(self.i16()?).unwrap_or(0);
        core::str::from_utf8(self.take(length)?).map_err(|_| invalid("a name that is no text"))
    }

    /// How many of something follow.
    pub(super) fn count(&mut self) -> io::Result<i32> {
        let count = self.i32()?;
        if count > MOST { Err(invalid("an answer that counts too much")) } else { Ok(count) }
    }
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KafkaBroker {
    pub(super) node: i32,
    pub(super) host: String,
    pub(super) port: u16,
}

/// A partition of a topic, and the node that leads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KafkaPartition {
    pub(super) number: i32,
    pub(super) leader: i32,
}

/// Where the partitions of a topic are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TopicMetadata {
    pub(super) brokers: Vec<KafkaBroker>,
    pub(super) partitions: Vec<KafkaPartition>,
}

/// Asks where the partitions of a topic are; a broker that may makes a topic that is not there.
pub(super) fn metadata_request(topic: &str, correlation: i32, client: &str) -> Vec<u8> {
    let mut out = RequestWriter::request(3, 1, correlation, client);
    out.i32(1).text(topic);
    out.finish()
}

/// Reads the answer, after its correlation.
pub(super) fn metadata_reply(octets: &[u8]) -> io::Result<TopicMetadata> {
    let mut reply = KafkaReply(octets);
    let mut found = TopicMetadata::default();
    for _ in 0..reply.count()? {
        let (node, host, port) = (reply.i32()?, reply.text()?.to_owned(), reply.i32()?);
        let _rack = reply.text()?;
        let port = u16::try_from(port).map_err(|_| invalid("a port that is none"))?;
        found.brokers.push(KafkaBroker { node, host, port });
    }
    let _controller = reply.i32()?;
    for _ in 0..reply.count()? {
        let error = reply.i16()?;
        let _name = reply.skip(0)?.text()?;
        reply.skip(1)?;
        if error != 0 {
            return Err(io::Error::other(error_text(error)));
        }
        for _ in 0..reply.count()? {
            let (error, number, leader) = (reply.i16()?, reply.i32()?, reply.i32()?);
            for _ in 0..2 {
                let nodes = usize::try_from(reply.count()?).unwrap_or(0);
                reply.skip(4 * nodes)?;
            }
            if error == 0 && leader >= 0 {
                found.partitions.push(KafkaPartition { number, leader });
            }
        }
    }
    if found.partitions.is_empty() {
        return Err(io::Error::other(error_text(LEADER_NOT_AVAILABLE)));
    }
    Ok(found)
}

/// Hands a batch of records to a partition.
pub(super) struct ProduceRequest<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: i32,
    /// 1: the leader has it; -1: all replicas that are in step have it.
    pub(super) acks: i16,
    /// Milliseconds.
    pub(super) timeout: i32,
    pub(super) batch: &'a [u8],
}

impl ProduceRequest<'_> {
    pub(super) fn write(&self, correlation: i32, client: &str) -> Vec<u8> {
        let mut out = RequestWriter::request(0, 3, correlation, client);
        // No transaction.
        out.i16(-1).i16(self.acks).i32(self.timeout);
        out.i32(1).text(self.topic).i32(1).i32(self.partition);
        out.i32(i32::try_from(self.batch.len()).unwrap_or(i32::MAX)).octets(self.batch);
        out.finish()
    }
}

/// Reads the answer, after its correlation: the error of the only partition; 0 is none.
pub(super) fn produce_reply(octets: &[u8]) -> io::Result<i16> {
    let mut reply = KafkaReply(octets);
    if reply.count()? != 1 {
        return Err(invalid("an answer about other topics"));
    }
    let _topic = reply.text()?;
    if reply.count()? != 1 {
        return Err(invalid("an answer about other partitions"));
    }
    let _partition = reply.i32()?;
    reply.i16()
}

const LEADER_NOT_AVAILABLE: i16 = 5;

/// What is wrong with what was sent, and will be again: `CORRUPT_MESSAGE`, `MESSAGE_TOO_LARGE`, `RECORD_LIST_TOO_LARGE`,
/// `UNSUPPORTED_FOR_MESSAGE_FORMAT`, `INVALID_RECORD`.
pub(super) const fn is_refusal(error: i16) -> bool {
    matches!(error, 2 | 10 | 18 | 43 | 87)
}

/// An error by the protocol's name.
pub(super) fn error_text(error: i16) -> String {
    let name = match error {
        2 => "CORRUPT_MESSAGE",
        3 => "UNKNOWN_TOPIC_OR_PARTITION",
        LEADER_NOT_AVAILABLE => "LEADER_NOT_AVAILABLE",
        6 => "NOT_LEADER_OR_FOLLOWER",
        7 => "REQUEST_TIMED_OUT",
        10 => "MESSAGE_TOO_LARGE",
        17 => "INVALID_TOPIC_EXCEPTION",
        18 => "RECORD_LIST_TOO_LARGE",
        19 => "NOT_ENOUGH_REPLICAS",
        20 => "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
        29 => "TOPIC_AUTHORIZATION_FAILED",
        35 => "UNSUPPORTED_VERSION",
        43 => "UNSUPPORTED_FOR_MESSAGE_FORMAT",
        56 => "KAFKA_STORAGE_ERROR",
        87 => "INVALID_RECORD",
        _ => return format!("error {error} of Kafka"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_zigzag() {
        let mut out = RequestWriter::default();
        out.varint(0).varint(-1).varint(1).varint(-65).varint(300);
        assert_eq!(out.0, [0, 1, 2, 0x81, 0x01, 0xd8, 0x04]);
    }

    #[test]
    fn a_request_has_its_length_in_front() {
        let request = metadata_request("eve", 7, "me");
        assert_eq!(request, b"\0\0\0\x15\0\x03\0\x01\0\0\0\x07\0\x02me\0\0\0\x01\0\x03eve");
    }

    #[test]
    fn partitions_are_read_with_their_leaders() {
        let mut reply = RequestWriter::default();
        reply.i32(1).i32(4).text("host").i32(9092).i16(-1).i32(4);
        reply.i32(1).i16(0).text("eve").octets(&[0]).i32(1).i16(0).i32(2).i32(4).i32(1).i32(4).i32(0);
        let found = metadata_reply(&reply.0).unwrap();
        assert_eq!(found.brokers, [KafkaBroker { node: 4, host: "host".to_owned(), port: 9092 }]);
        assert_eq!(found.partitions, [KafkaPartition { number: 2, leader: 4 }]);
        for cut in 0..reply.0.len() {
            assert!(metadata_reply(&reply.0[..cut]).is_err(), "cut at {cut}");
        }
    }
}
