//! RPC over HTTP: connections of HTTP that become channels of virtual connections.

use sidewire_app_layer::Transport;
use sidewire_base::{Cursor, Direction};

use super::chosen;
use super::driver::{FlowContinuation, FuzzWorld, SessionDriver};

/// Connections of one input.
const CONNECTIONS: usize = 4;
const CLIENT_PORTS: u16 = 49_152;
const SERVER_PORT: u16 = 593;

/// Pieces of a few connections between two hosts, all of HTTP at first, each with two octets in front: the highest bit is
/// the direction, the next says that a gap comes before the piece, two choose the connection, the rest is the length. A
/// piece of no length ends its connection; the next one of that number begins another.
///
/// # Panics
/// As [`flow`](super::flow).
pub fn rpc_http(data: &[u8]) {
    std::hint::black_box(channels(data));
}

/// Follows the connections; gives how many became channels.
fn channels(data: &[u8]) -> usize {
    let mut cur = Cursor::new(data);
    let mut all = FuzzConnections::default();
    while let Ok(head) = cur.u16_be() {
        let direction = if head & 0x8000 == 0 { Direction::ToServer } else { Direction::ToClient };
        let Ok(piece) = cur.take(usize::from(head & 0x0fff).min(cur.left())) else { break };
        let gap = (head & 0x4000 != 0).then_some(u64::from(head & 0xff) + 1);
        all.piece(usize::from(head >> 12 & 3), direction, gap, piece);
    }
    for driver in core::mem::take(&mut all.open).into_iter().flatten() {
        all.end(driver);
    }
    all.channels
}

#[derive(Default)]
struct FuzzConnections {
    world: FuzzWorld,
    open: [Option<SessionDriver>; CONNECTIONS],
    opened: u16,
    channels: usize,
}

impl FuzzConnections {
    fn piece(&mut self, number: usize, direction: Direction, gap: Option<u64>, piece: &[u8]) {
        let Some(place) = self.open.get_mut(number) else { return };
        let mut driver = place.take().unwrap_or_else(|| {
            let ports = [CLIENT_PORTS.wrapping_add(self.opened), SERVER_PORT];
            self.opened = self.opened.wrapping_add(1);
            SessionDriver::new(chosen("http", 0).0, Transport::Tcp, ports, false)
        });
        if piece.is_empty() {
            self.end(driver);
            return;
        }
        let mut next = gap.map_or(FlowContinuation::More, |length| driver.gap(&mut self.world, direction, length));
        if next == FlowContinuation::More {
            next = driver.feed(&mut self.world, direction, piece, false);
        }
        let goes_on = self.go_on(driver, next);
        if let Some(place) = self.open.get_mut(number) {
            *place = goes_on;
        }
    }

    /// Follows a connection into the protocol it changed to; `None` when nobody reads on.
    fn go_on(&mut self, mut driver: SessionDriver, next: FlowContinuation) -> Option<SessionDriver> {
        match next {
            FlowContinuation::More => driver.look(),
            FlowContinuation::Switch("dcerpc") => {
                driver = self.switch(driver);
                for direction in Direction::BOTH {
                    if driver.feed(&mut self.world, direction, &[], false) != FlowContinuation::More {
                        return None;
                    }
                }
            }
            FlowContinuation::Switch(_) | FlowContinuation::Over => {
                self.end(driver);
                return None;
            }
        }
        Some(driver)
    }

    fn switch(&mut self, driver: SessionDriver) -> SessionDriver {
        self.channels += 1;
        driver.switch(&mut self.world, chosen("dcerpc", 0).0)
    }

    fn end(&mut self, driver: SessionDriver) {
        if let Some((driver, "dcerpc")) = driver.end(&mut self.world) {
            let rest = self.switch(driver).end(&mut self.world);
            assert!(rest.is_none(), "calls are the end of a connection");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONN/A1 or the beginning of CONN/B1: a version and the virtual connection's cookie. [MS-RPCH] 2.2.4.2, 2.2.4.5.
    const CONNECT: &[u8] = b"\x05\0\x14\x03\x10\0\0\0\x30\0\0\0\0\0\0\0\0\0\x02\0\
        \x06\0\0\0\x01\0\0\0\x03\0\0\0cookiecookiecook";

    #[test]
    fn both_connections_become_channels() {
        let mut data = Vec::new();
        for (connection, method, length) in [(0_u16, "IN", 1 << 30), (1, "OUT", CONNECT.len())] {
            let head =
                format!("RPC_{method}_DATA /rpc/rpcproxy.dll?dc1:593 HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
            let answer = b"HTTP/1.1 200 Success\r\nContent-Length: 1073741824\r\n\r\n";
            for (answers, octets) in [(0_u16, [head.as_bytes(), CONNECT].concat()), (1, answer.to_vec())] {
                let length = u16::try_from(octets.len()).unwrap();
                data.extend((answers << 15 | connection << 12 | length).to_be_bytes());
                data.extend(octets);
            }
        }
        assert_eq!(channels(&data), 2);
    }
}
