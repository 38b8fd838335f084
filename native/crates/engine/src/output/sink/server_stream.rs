//! A connection to a server that answers, and that may stop doing so.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::SinkOrders;
use super::spool::PATIENCE;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a server may neither take nor say anything before it counts as dead; the second once the run is over.
const SILENCE: Duration = Duration::from_secs(10);
const LAST_SILENCE: Duration = Duration::from_secs(2);

trait ByteStream: Read + Write + Send {}
impl<T: Read + Write + Send> ByteStream for T {}

/// A connection whose reads and writes return within [`PATIENCE`].
pub(super) struct ServerStream(Box<dyn ByteStream>);

/// Connects to the first of a host's addresses that answers.
pub(super) fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl ServerStream {
    pub(super) fn new(stream: impl Read + Write + Send + 'static) -> Self {
        Self(Box::new(stream))
    }

    /// Sends all of it.
    pub(super) fn send(&mut self, mut octets: &[u8], orders: &SinkOrders) -> io::Result<()> {
        let mut moved = Instant::now();
        while !octets.is_empty() {
            match self.0.write(octets) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => {
                    octets = octets.get(sent..).unwrap_or_default();
                    moved = Instant::now();
                }
                Err(error) => check_patience(error, moved, orders)?,
            }
        }
        Ok(())
    }

    /// Waits for what comes next, and appends it.
    pub(super) fn receive(&mut self, into: &mut Vec<u8>, orders: &SinkOrders) -> io::Result<()> {
        let began = Instant::now();
        let mut octets = [0; 4096];
        loop {
            match self.0.read(&mut octets) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => {
                    into.extend_from_slice(octets.get(..length).unwrap_or_default());
                    return Ok(());
                }
                Err(error) => check_patience(error, began, orders)?,
            }
        }
    }
}

/// Whether to go on waiting after an error.
fn check_patience(error: io::Error, since: Instant, orders: &SinkOrders) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            let silence = if orders.is_given_up() { LAST_SILENCE } else { SILENCE };
            if since.elapsed() < silence {
                return Ok(());
            }
            Err(io::Error::new(io::ErrorKind::TimedOut, "it does not answer"))
        }
        _ => Err(error),
    }
}

pub(super) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
