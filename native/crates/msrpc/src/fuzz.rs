use sidewire_base::{Direction, Endpoint, Time};

use crate::{Connection, Datagrams, Event, Exchange, Exchanges, Limits, ObjectTable, Surroundings, write_msrpc};

#[derive(Default)]
struct Kept(Vec<Exchange>);

impl Exchanges for Kept {
    fn open(&mut self, exchange: Exchange) -> u64 {
        self.0.push(exchange);
        self.0.len() as u64 - 1
    }
    fn get(&mut self, id: u64) -> Option<&mut Exchange> {
        self.0.get_mut(usize::try_from(id).ok()?)
    }
    fn updated(&mut self, _id: u64) {}
    fn raise(&mut self, _id: Option<u64>, _event: Event) {}
}

/// Pieces of a conversation: an octet of direction and kind, an octet of length, the piece.
pub fn connection(data: &[u8]) {
    let (mut kept, mut objects) = (Kept::default(), ObjectTable::default());
    let (mut stream, mut pipe) = (Connection::new(Limits::default()), Connection::new(Limits::default()));
    let mut datagrams = Datagrams::new(Limits::default());
    let end = |last, port| Endpoint { address: [10, 0, 0, last].into(), port };
    let mut around = Surroundings {
        objects: &mut objects,
        time: Time::default(),
        client: end(1, 50_000),
        server: end(2, 135),
        session: None,
    };
    let mut left = [Vec::new(), Vec::new()];
    let mut rest = data;
    while let [kind, length, tail @ ..] = rest {
        let (piece, later) = tail.split_at((usize::from(*length) * 4).min(tail.len()));
        rest = later;
        let direction = if kind & 1 == 0 { Direction::ToServer } else { Direction::ToClient };
        match kind >> 1 & 3 {
            0 | 1 => {
                let [to_server, to_client] = &mut left;
                let waiting = if kind & 1 == 0 { to_server } else { to_client };
                waiting.extend_from_slice(piece);
                let fed = stream.feed(direction, waiting, kind & 0x80 != 0, &mut kept, &mut around);
                waiting.drain(..fed.consumed.min(waiting.len()));
            }
            2 => {
                left = [Vec::new(), Vec::new()];
                stream.gap(direction, u64::from(*length) * 16, &mut kept, &mut around);
            }
            _ => {
                pipe.message(direction, piece, &mut kept, &mut around);
                datagrams.datagram(piece, &mut kept);
            }
        }
    }
    stream.finish(&mut kept);
    pipe.finish(&mut kept);
    datagrams.finish(&mut kept);
    let mut out = Vec::new();
    for exchange in &kept.0 {
        write_msrpc(exchange, crate::Carriage::Tcp, None, Time::default(), &mut sidewire_eve::Object::new(&mut out));
        out.clear();
    }
}
