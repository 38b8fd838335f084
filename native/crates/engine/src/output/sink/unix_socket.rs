//! A unix socket that somebody else listens on: a stream of lines, or a datagram for each.

use std::io::{self, Write};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::lines::{count, first_length, line_start};
use super::{LineSink, SinkKind, SinkOrders};

sidewire_base::settings! {
    /// What a socket is told.
    pub(crate) struct UnixSinkSettings {
        /// Its path.
        path: PathBuf = "filename";
    }
}

/// How long a write waits before it asks whether the run was stopped.
const PATIENCE: Duration = Duration::from_millis(250);
/// Least time between two attempts to connect again. Suricata's.
const RECONNECT: Duration = Duration::from_millis(500);

/// Kinds of unix sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SocketKind {
    Stream,
    Datagram,
}

/// Writes lines to a unix socket. While nobody listens, lines are lost, and counted; it connects again as soon as somebody
/// does.
pub(crate) struct UnixSink {
    path: PathBuf,
    kind: SocketKind,
    socket: Option<ClientSocket>,
    /// When it was last tried to connect.
    tried: Instant,
    orders: Arc<SinkOrders>,
}

enum ClientSocket {
    Stream(UnixStream),
    Datagram(UnixDatagram),
}

impl ClientSocket {
    fn connect(path: &Path, kind: SocketKind) -> io::Result<Self> {
        Ok(match kind {
            SocketKind::Stream => {
                let stream = UnixStream::connect(path)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Self::Stream(stream)
            }
            SocketKind::Datagram => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Self::Datagram(socket)
            }
        })
    }

    /// Sends what it takes at once: some of the octets, or one datagram. Gives how many octets are done with.
    fn send(&mut self, lines: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(stream) => stream.write(lines),
            Self::Datagram(socket) => {
                let length = first_length(lines);
                socket.send(lines.get(..length).unwrap_or(lines)).map(|_| length)
            }
        }
    }
}

const DATAGRAM: &str = "unix_dgram";

impl SinkKind for UnixSink {
    const FILETYPES: &'static [&'static str] = &["unix_stream", DATAGRAM];
    const DOC: &'static str = "A socket that somebody else listens on; with `unix_dgram` each line is a datagram.";
    type Settings = UnixSinkSettings;

    fn name(filetype: &str, settings: &UnixSinkSettings) -> String {
        format!("{filetype} {}", settings.path.display())
    }

    fn open(filetype: &str, settings: UnixSinkSettings, orders: &Arc<SinkOrders>) -> io::Result<Self> {
        let kind = if filetype == DATAGRAM { SocketKind::Datagram } else { SocketKind::Stream };
        Self::connect(settings.path, kind, orders)
    }
}

impl UnixSink {
    fn connect(path: PathBuf, kind: SocketKind, orders: &Arc<SinkOrders>) -> io::Result<Self> {
        let socket = Some(ClientSocket::connect(&path, kind)?);
        Ok(Self { path, kind, socket, tried: Instant::now(), orders: Arc::clone(orders) })
    }

    /// Connects again, unless that was tried a moment ago.
    fn reconnect(&mut self) -> bool {
        if self.socket.is_none() && self.tried.elapsed() >= RECONNECT {
            self.tried = Instant::now();
            self.socket = ClientSocket::connect(&self.path, self.kind).ok();
        }
        self.socket.is_some()
    }
}

impl LineSink for UnixSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<u64> {
        let (mut sent, mut lost) = (0, 0);
        while let Some(rest) = lines.get(sent..).filter(|rest| !rest.is_empty()) {
            if !self.reconnect() {
                return Ok(lost + count(rest));
            }
            let Some(socket) = &mut self.socket else { continue };
            match socket.send(rest) {
                Ok(octets) if octets > 0 => sent += octets,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It is there and does not read.
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if self.orders.is_given_up() {
                        return Ok(lost + count(rest));
                    }
                }
                // A datagram that is longer than the system takes.
                Err(_) if self.kind == SocketKind::Datagram && socket_takes_less(rest) => {
                    sent += first_length(rest);
                    lost += 1;
                }
                // It went away: a line that was cut is written again to whoever comes next.
                Ok(_) | Err(_) => {
                    self.socket = None;
                    sent = line_start(lines, sent);
                }
            }
        }
        Ok(lost)
    }

    fn flush(&mut self) -> io::Result<u64> {
        Ok(0)
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.socket = None;
        self.tried = Instant::now().checked_sub(RECONNECT).unwrap_or(self.tried);
        self.reconnect();
        Ok(())
    }
}

/// Octets of a datagram that every system takes; a longer one may be refused for its length.
const MAX_DATAGRAM: usize = 64 << 10;

fn socket_takes_less(lines: &[u8]) -> bool {
    first_length(lines) > MAX_DATAGRAM
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::net::UnixListener;

    use super::*;

    fn path(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("sidewire-sink-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        let _absent = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn a_stream_is_connected_again_and_what_nobody_took_is_counted() {
        let path = path("stream");
        let listener = UnixListener::bind(&path).unwrap();
        let orders = Arc::new(SinkOrders::default());
        let mut sink = UnixSink::connect(path.clone(), SocketKind::Stream, &orders).unwrap();
        let (first, _) = listener.accept().unwrap();
        assert_eq!(sink.write(b"one\ntwo\n").unwrap(), 0);
        let mut reader = BufReader::new(first);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert_eq!(line, "one\n");
        drop(reader);
        drop(listener);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(sink.write(b"three\nfour\n").unwrap(), 2, "nobody listens");
        let listener = UnixListener::bind(&path).unwrap();
        sink.reopen().unwrap();
        assert_eq!(sink.write(b"five\n").unwrap(), 0);
        drop(sink);
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        assert_eq!(text, "five\n");
    }

    #[test]
    fn each_line_is_a_datagram() {
        let path = path("datagram");
        let socket = UnixDatagram::bind(&path).unwrap();
        let orders = Arc::new(SinkOrders::default());
        let mut sink = UnixSink::connect(path.clone(), SocketKind::Datagram, &orders).unwrap();
        assert_eq!(sink.write(b"one\ntwo\n").unwrap(), 0);
        let mut buffer = [0; 64];
        let received: Vec<_> = (0..2).map(|_| socket.recv(&mut buffer).unwrap()).collect();
        assert_eq!(received, [4, 4]);
        assert_eq!(&buffer[..4], b"two\n");
    }

    #[test]
    fn a_stopped_run_waits_for_nobody() {
        let path = path("stuck");
        let listener = UnixListener::bind(&path).unwrap();
        let orders = Arc::new(SinkOrders::default());
        let mut sink = UnixSink::connect(path.clone(), SocketKind::Stream, &orders).unwrap();
        orders.abandoned.store(true, std::sync::atomic::Ordering::Relaxed);
        let lines = b"a line that nobody reads\n".repeat(100_000);
        let lost = sink.write(&lines).unwrap();
        assert!(lost > 0 && lost < 100_000, "{lost} lines did not fit the socket");
        drop(listener);
    }
}
