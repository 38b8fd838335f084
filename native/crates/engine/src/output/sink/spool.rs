//! A server that takes lines and says what it took, and what waits for it while it is away.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::lines::{count, first_length};
use super::{LineSink, SinkOrders};

/// How often who waits looks whether the run was stopped.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);
/// Least and greatest time between two attempts to connect.
const RETRY: Duration = Duration::from_millis(500);
const RETRY_MOST: Duration = Duration::from_secs(5);

/// What became of lines that were to be delivered.
#[derive(Debug, Default)]
pub(super) struct DeliveryResult {
    /// Octets of whole lines that are done with.
    pub(super) octets: usize,
    /// Of these lines, those that nobody got: the server refused them for good.
    pub(super) refused: u64,
    /// Why the connection is of no use any longer; lines of which nothing was said are delivered once more.
    pub(super) error: Option<io::Error>,
}

impl DeliveryResult {
    /// Nothing was delivered.
    pub(super) fn failed(error: io::Error) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}

/// A server of lines.
pub(super) trait LineServer: Send + 'static {
    type Connection: Send;

    /// Connects, within some seconds.
    fn connect(&mut self) -> io::Result<Self::Connection>;

    /// Delivers some of the lines, from the first on, and says which are done with; none, when it does not take any now.
    fn deliver(&mut self, connection: &mut Self::Connection, lines: &[u8]) -> DeliveryResult;
}

/// Writes lines to a server. While it is away they wait in a spool of bounded size; what finds no room there is lost and
/// counted, or waited for, as the output says. It is connected again as soon as it is there: at first after half a second,
/// then at longer intervals. A line is delivered at least once.
pub(super) struct SpooledSink<S: LineServer> {
    server: S,
    connection: Option<S::Connection>,
    spool: LineSpool,
    orders: Arc<SinkOrders>,
    /// When to try to connect again, and how long to wait after that.
    next_try: Instant,
    pause: Duration,
}

impl<S: LineServer> SpooledSink<S> {
    /// Connects. A server that is not there is waited for where lines may be dropped; else nothing begins without it.
    pub(super) fn open(mut server: S, spool: u64, orders: &Arc<SinkOrders>) -> io::Result<Self> {
        let connection = match server.connect() {
            Ok(connection) => Some(connection),
            Err(error) if orders.waits() => return Err(error),
            Err(error) => {
                orders.tell(&error);
                None
            }
        };
        let spool = LineSpool::new(usize::try_from(spool).unwrap_or(usize::MAX));
        let next_try = Instant::now() + RETRY;
        Ok(Self { server, connection, spool, orders: Arc::clone(orders), next_try, pause: RETRY })
    }

    fn connect(&mut self) -> bool {
        if self.connection.is_none() && Instant::now() >= self.next_try {
            match self.server.connect() {
                Ok(connection) => {
                    self.connection = Some(connection);
                    self.pause = RETRY;
                }
                Err(error) => self.lose(&error),
            }
        }
        self.connection.is_some()
    }

    fn lose(&mut self, error: &io::Error) {
        self.orders.tell(error);
        self.connection = None;
        self.next_try = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(RETRY_MOST);
    }

    /// Delivers what waits, as far as the server takes it. Gives the lines that it refused.
    fn pump(&mut self) -> u64 {
        let mut refused = 0;
        while !self.spool.is_empty() && self.connect() {
            let Some(connection) = &mut self.connection else { break };
            let done = self.server.deliver(connection, self.spool.lines());
            self.spool.take(done.octets);
            refused += done.refused;
            if let Some(error) = done.error {
                self.lose(&error);
            } else if done.octets == 0 {
                break;
            }
        }
        refused
    }
}

impl<S: LineServer> LineSink for SpooledSink<S> {
    fn write(&mut self, lines: &[u8]) -> io::Result<u64> {
        let mut lost = self.pump();
        if self.orders.waits() {
            while !self.spool.takes(lines) && !self.orders.is_given_up() {
                std::thread::park_timeout(PATIENCE);
                lost += self.pump();
            }
        }
        lost += match self.orders.waits() && self.spool.takes(lines) {
            true => self.spool.put_all(lines),
            false => self.spool.put(lines),
        };
        Ok(lost + self.pump())
    }

    fn flush(&mut self) -> io::Result<u64> {
        Ok(self.pump())
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.connection = None;
        self.next_try = Instant::now();
        Ok(())
    }

    fn close(&mut self) -> io::Result<u64> {
        let mut lost = self.pump();
        while !self.spool.is_empty() && !self.orders.is_given_up() {
            std::thread::park_timeout(PATIENCE);
            lost += self.pump();
        }
        Ok(lost + self.spool.waiting())
    }
}

/// A sink that is a [`SpooledSink`] of one kind of server.
macro_rules! line_sink {
    ($sink:ident) => {
        impl $crate::output::sink::LineSink for $sink {
            fn write(&mut self, lines: &[u8]) -> std::io::Result<u64> {
                self.0.write(lines)
            }

            fn flush(&mut self) -> std::io::Result<u64> {
                self.0.flush()
            }

            fn reopen(&mut self) -> std::io::Result<()> {
                self.0.reopen()
            }

            fn close(&mut self) -> std::io::Result<u64> {
                self.0.close()
            }
        }
    };
}
pub(super) use line_sink;

/// Lines that wait, oldest first.
struct LineSpool {
    octets: Vec<u8>,
    /// Where the oldest begins.
    start: usize,
    capacity: usize,
}

impl LineSpool {
    const fn new(capacity: usize) -> Self {
        Self { octets: Vec::new(), start: 0, capacity }
    }

    fn lines(&self) -> &[u8] {
        self.octets.get(self.start..).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.lines().is_empty()
    }

    /// There is room for all of these, or nothing else waits: a spool may be smaller than what comes at once.
    fn takes(&self, lines: &[u8]) -> bool {
        self.is_empty() || self.lines().len() + lines.len() <= self.capacity
    }

    fn waiting(&self) -> u64 {
        count(self.lines())
    }

    /// Takes all lines, whether there is room or not; none is lost.
    fn put_all(&mut self, lines: &[u8]) -> u64 {
        self.octets.drain(..self.start);
        self.start = 0;
        self.octets.extend_from_slice(lines);
        0
    }

    /// Takes lines as long as there is room; gives how many found none. A line that alone is longer than the spool is taken when
    /// nothing else waits.
    fn put(&mut self, lines: &[u8]) -> u64 {
        self.octets.drain(..self.start);
        self.start = 0;
        let room = self.capacity.saturating_sub(self.octets.len());
        let least = if self.is_empty() { first_length(lines) } else { 0 };
        let fitting = lines.get(..room).unwrap_or(lines);
        let end = fitting.iter().rposition(|octet| *octet == b'\n').map_or(0, |end| end + 1).max(least);
        let (kept, rest) = lines.split_at_checked(end).unwrap_or((&[], lines));
        self.octets.extend_from_slice(kept);
        count(rest)
    }

    /// Forgets the oldest lines: these octets.
    fn take(&mut self, octets: usize) {
        self.start = (self.start + octets).min(self.octets.len());
        if self.start == self.octets.len() {
            self.octets.clear();
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A server that is there or not, takes one line at a time, and refuses those that are `bad`.
    #[derive(Clone, Default)]
    struct TestServer {
        there: Arc<Mutex<bool>>,
        got: Arc<Mutex<Vec<String>>>,
    }

    impl LineServer for TestServer {
        type Connection = ();

        fn connect(&mut self) -> io::Result<()> {
            if *self.there.lock().unwrap() { Ok(()) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
        }

        fn deliver(&mut self, (): &mut (), lines: &[u8]) -> DeliveryResult {
            if let Err(error) = self.connect() {
                return DeliveryResult::failed(error);
            }
            let line = lines.split_inclusive(|octet| *octet == b'\n').next().unwrap();
            let text = String::from_utf8_lossy(line).trim().to_owned();
            let refused = u64::from(text == "bad");
            if refused == 0 {
                self.got.lock().unwrap().push(text);
            }
            DeliveryResult { octets: line.len(), refused, error: None }
        }
    }

    #[test]
    fn what_waits_goes_first_and_what_finds_no_room_is_counted() {
        let server = TestServer::default();
        let orders = Arc::new(SinkOrders::dropping());
        let mut sink = SpooledSink::open(server.clone(), 8, &orders).unwrap();
        assert_eq!(sink.write(b"one\ntwo\nthree\nfour\n").unwrap(), 2, "eight octets are two lines");
        assert!(orders.trouble().unwrap().contains("refused"));
        *server.there.lock().unwrap() = true;
        sink.reopen().unwrap();
        assert_eq!(sink.write(b"five\n").unwrap(), 0);
        assert_eq!(*server.got.lock().unwrap(), ["one", "two", "five"]);
        assert_eq!(sink.write(b"bad\nsix\n").unwrap(), 1, "refused for good");
        *server.there.lock().unwrap() = false;
        assert_eq!(sink.write(b"six\n").unwrap(), 0);
        orders.give_up();
        assert_eq!(sink.close().unwrap(), 1, "nobody waits for it any longer");
    }

    #[test]
    fn nothing_begins_without_a_server_that_is_waited_for() {
        assert!(SpooledSink::open(TestServer::default(), 8, &Arc::default()).is_err());
    }
}
