//! Redis: a list, a channel or a stream, by the protocol RESP2 (<https://redis.io/docs/reference/protocol-spec/>).

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use sidewire_base::{ByteSize, SettingKind, SettingValue};

use super::server_stream::{ServerStream, connect_tcp, invalid};
use super::spool::{DeliveryResult, LineServer, PATIENCE, SpooledSink};
use super::{SinkKind, SinkOrders, lines};

sidewire_base::settings! {
    /// What Redis is told.
    pub(crate) struct RedisSettings {
        /// Its address, or the path of its unix socket.
        server: String = "redis.server", usually "127.0.0.1";
        /// Its port.
        port: u16 = "redis.port", usually "6379";
        /// How lines are kept: `list` and `lpush` put them in front of a list, `rpush` after it, `channel` and `publish` tell
        /// subscribers, `stream` and `xadd` append to a stream.
        mode: RedisMode = "redis.mode", usually "list";
        /// The list, channel or stream.
        key: String = "redis.key", usually "suricata";
        /// Entries a stream is cut to; without it, it grows.
        stream_maxlen: Option<u32> = "redis.stream-maxlen";
        /// A stream is cut to exactly that length, and not when it is cheap.
        stream_trim_exact: bool = "redis.stream-trim-exact", usually "no";
        /// Commands are sent without waiting for the answers of those before them. They are read in any case.
        pipelining: bool = "redis.pipelining.enabled", usually "yes";
        /// How many.
        batch_size: u16 = "redis.pipelining.batch-size", usually "64";
        /// As pipelining: answers are not waited for one by one.
        is_async: bool = "redis.async", usually "no";
        /// Octets of lines that wait while it is away.
        spool: ByteSize = "redis.spool", usually "16777216";
    }
}

/// How lines are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedisMode {
    LeftPush,
    RightPush,
    Publish,
    StreamAdd,
}

impl SettingValue for RedisMode {
    const KIND: SettingKind = SettingKind::OneOf(&["list", "lpush", "rpush", "channel", "publish", "stream", "xadd"]);

    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "list" | "lpush" => Self::LeftPush,
            "rpush" => Self::RightPush,
            "channel" | "publish" => Self::Publish,
            "stream" | "xadd" => Self::StreamAdd,
            _ => return None,
        })
    }
}

/// Octets of an answer that is believed.
const LONGEST_REPLY: usize = 64 << 10;
/// Octets sent before answers are read.
const PIPELINE_OCTETS: usize = 1 << 20;

/// Redis as a sink.
pub(crate) struct RedisSink(SpooledSink<RedisServer>);

impl SinkKind for RedisSink {
    const FILETYPES: &'static [&'static str] = &["redis"];
    const DOC: &'static str = "Redis: a list, a channel or a stream.";
    type Settings = RedisSettings;

    fn name(_: &str, settings: &RedisSettings) -> String {
        format!("redis {}", address(settings))
    }

    fn open(_: &str, settings: RedisSettings, orders: &Arc<SinkOrders>) -> io::Result<Self> {
        let spool = settings.spool.0;
        let server = RedisServer { settings, orders: Arc::clone(orders) };
        SpooledSink::open(server, spool, orders).map(Self)
    }
}

super::spool::line_sink!(RedisSink);

fn is_path(settings: &RedisSettings) -> bool {
    settings.server.starts_with('/')
}

fn address(settings: &RedisSettings) -> String {
    if is_path(settings) { settings.server.clone() } else { format!("{}:{}", settings.server, settings.port) }
}

pub(crate) struct RedisServer {
    settings: RedisSettings,
    orders: Arc<SinkOrders>,
}

pub(crate) struct RedisConnection {
    stream: ServerStream,
    /// What was received and not understood yet.
    received: Vec<u8>,
}

impl LineServer for RedisServer {
    type Connection = RedisConnection;

    fn connect(&mut self) -> io::Result<RedisConnection> {
        let settings = &self.settings;
        let stream = if is_path(settings) {
            let stream = UnixStream::connect(&settings.server)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            ServerStream::new(stream)
        } else {
            ServerStream::new(connect_tcp(&settings.server, settings.port)?)
        };
        Ok(RedisConnection { stream, received: Vec::new() })
    }

    fn deliver(&mut self, connection: &mut RedisConnection, lines: &[u8]) -> DeliveryResult {
        let settings = &self.settings;
        let most = if settings.pipelining || settings.is_async { usize::from(settings.batch_size.max(1)) } else { 1 };
        let (mut commands, mut lengths) = (Vec::new(), Vec::new());
        for line in lines::each(lines).take(most) {
            command(settings, lines::without_end(line), &mut commands);
            lengths.push(line.len());
            if commands.len() >= PIPELINE_OCTETS {
                break;
            }
        }
        if let Err(error) = connection.stream.send(&commands, &self.orders) {
            return DeliveryResult::failed(error);
        }
        let mut done = DeliveryResult::default();
        for length in lengths {
            match connection.reply(&self.orders) {
                Ok(RedisReply::Done) => {}
                // It was published, and nobody listens.
                Ok(RedisReply::Number(0)) if settings.mode == RedisMode::Publish => done.refused += 1,
                Ok(RedisReply::Number(_)) => {}
                Ok(RedisReply::Refused(text)) => {
                    self.orders.tell(&text);
                    done.refused += 1;
                }
                // What was answered is done with; the rest is sent once more.
                Err(error) => return DeliveryResult { error: Some(error), ..done },
            }
            done.octets += length;
        }
        done
    }
}

/// Writes the command for a line.
fn command(settings: &RedisSettings, line: &[u8], out: &mut Vec<u8>) {
    let key = settings.key.as_bytes();
    let maxlen = settings.stream_maxlen.map(|maxlen| maxlen.to_string());
    let parts: Vec<&[u8]> = match (settings.mode, &maxlen) {
        (RedisMode::LeftPush, _) => vec![b"LPUSH", key, line],
        (RedisMode::RightPush, _) => vec![b"RPUSH", key, line],
        (RedisMode::Publish, _) => vec![b"PUBLISH", key, line],
        (RedisMode::StreamAdd, None) => vec![b"XADD", key, b"*", b"eve", line],
        (RedisMode::StreamAdd, Some(maxlen)) => {
            let how: &[u8] = if settings.stream_trim_exact { b"=" } else { b"~" };
            vec![b"XADD", key, b"MAXLEN", how, maxlen.as_bytes(), b"*", b"eve", line]
        }
    };
    out.extend_from_slice(format!("*{}\r\n", parts.len()).as_bytes());
    for part in parts {
        out.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
enum RedisReply {
    Done,
    Number(i64),
    /// The command can never be done as it is.
    Refused(String),
}

/// Errors that pass: Redis is loading, has no memory or disk at the moment, or is not the master.
const PASSING: &[&str] = &[
    "LOADING",
    "BUSY",
    "OOM",
    "MISCONF",
    "READONLY",
    "MASTERDOWN",
    "NOREPLICAS",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "NOAUTH",
    "UNKILLABLE",
];

impl RedisConnection {
    fn reply(&mut self, orders: &SinkOrders) -> io::Result<RedisReply> {
        loop {
            if let Some((reply, length)) = parse(&self.received)? {
                self.received.drain(..length);
                return Ok(reply);
            }
            if self.received.len() > LONGEST_REPLY {
                return Err(invalid("an answer that does not end"));
            }
            self.stream.receive(&mut self.received, orders)?;
        }
    }
}

/// The first answer, and its octets; `None` when it is not whole.
fn parse(received: &[u8]) -> io::Result<Option<(RedisReply, usize)>> {
    let Some(end) = received.windows(2).position(|pair| pair == b"\r\n") else { return Ok(None) };
    let line = received.get(..end).unwrap_or_default();
    let (kind, text) = line.split_first().ok_or_else(|| invalid("an empty answer"))?;
    let text = String::from_utf8_lossy(text);
    let number = || text.parse::<i64>().map_err(|_| invalid("an answer that is no number"));
    let (reply, length) = match kind {
        b'+' => (RedisReply::Done, end + 2),
        b':' => (RedisReply::Number(number()?), end + 2),
        b'-' if PASSING.iter().any(|word| text.starts_with(word)) => return Err(io::Error::other(text.into_owned())),
        b'-' => (RedisReply::Refused(text.into_owned()), end + 2),
        b'$' => match usize::try_from(number()?) {
            // None at all.
            Err(_) => (RedisReply::Done, end + 2),
            Ok(length) if length > LONGEST_REPLY => return Err(invalid("an answer that is too long")),
            Ok(length) => (RedisReply::Done, end + 2 + length + 2),
        },
        _ => return Err(invalid("no answer of Redis")),
    };
    Ok((received.len() >= length).then_some((reply, length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidewire_base::DeclaredSettings;

    fn settings(pairs: &[(&str, &str)]) -> RedisSettings {
        let usual = RedisSettings::DEFS.iter().filter_map(|def| Some((def.key.to_owned(), def.usual?.to_owned())));
        let given = pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned()));
        RedisSettings::read(&usual.chain(given).collect()).unwrap()
    }

    fn commands(pairs: &[(&str, &str)]) -> String {
        let mut out = Vec::new();
        command(&settings(pairs), b"{}", &mut out);
        String::from_utf8(out).unwrap().replace("\r\n", " ")
    }

    #[test]
    fn a_line_is_a_command() {
        assert_eq!(commands(&[]), "*3 $5 LPUSH $8 suricata $2 {} ");
        assert_eq!(commands(&[("redis.mode", "channel"), ("redis.key", "k")]), "*3 $7 PUBLISH $1 k $2 {} ");
        let exact = [("redis.mode", "stream"), ("redis.stream-maxlen", "10"), ("redis.stream-trim-exact", "yes")];
        assert_eq!(commands(&exact), "*8 $4 XADD $8 suricata $6 MAXLEN $1 = $2 10 $1 * $3 eve $2 {} ");
    }

    #[test]
    fn answers_are_read_whole() {
        assert_eq!(parse(b":12\r\n+OK\r\n").unwrap(), Some((RedisReply::Number(12), 5)));
        assert_eq!(parse(b"$3\r\n1-").unwrap(), None);
        assert_eq!(parse(b"$3\r\n1-1\r\n").unwrap(), Some((RedisReply::Done, 9)));
        assert_eq!(parse(b"-WRONGTYPE no\r\n").unwrap(), Some((RedisReply::Refused("WRONGTYPE no".to_owned()), 15)));
        assert!(parse(b"-OOM command not allowed\r\n").is_err(), "that passes");
        assert!(parse(b"HTTP/1.1 400\r\n").is_err());
        assert!(parse(b"$99999999\r\n").is_err());
    }
}
