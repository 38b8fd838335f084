//! Entry for fuzzing: any protocol of the list, driven by arbitrary octets.

use core::net::{IpAddr, Ipv4Addr};

use sidewire_base::{Cursor, Direction, Endpoint, Time};
use sidewire_eve::Object;
use sidewire_msrpc::ObjectTable;
use sidewire_proto::{Context, Input, Keep, ProtocolDef, Session, Settings, Transport, Value};

/// Most octets handed over again and again; what a stream layer would keep at the most.
const WINDOW: usize = 1 << 18;
/// Most items read of a list.
const ITEMS: u32 = 64;
/// Transactions looked at between pieces, of a whole input: more of them would only be slow. The last look sees all.
const LOOKS: usize = 256;

/// The waiting octets of one direction.
#[derive(Default)]
struct Side {
    kept: Vec<u8>,
    offset: u64,
    need: usize,
    over: bool,
}

/// Feeds octets to a session of the protocol called `name` over its first transport, as one flow.
///
/// `data` begins with an octet of switches (1: picked up in the middle). Pieces follow, each with two octets in front: the
/// highest bit is the direction, the next one says that a gap comes before the piece, the rest is its length.
///
/// # Panics
/// When there is no such protocol, or a session breaks its contract: it consumes more than there is, or keeps octets
/// behind the end.
pub fn flow(name: &str, transport: Transport, data: &[u8]) {
    let protocol = protocol(name, transport);
    detect(protocol, data);
    let mut cur = Cursor::new(data);
    let Ok(switches) = cur.u8() else { return };
    let mut driver = Driver::new(protocol, transport, switches & 1 != 0);
    let mut sides: [Side; 2] = Default::default();
    while let Ok(head) = cur.u16_be() {
        let direction = if head & 0x8000 == 0 { Direction::ToServer } else { Direction::ToClient };
        let length = usize::from(head & 0x3fff).min(cur.left());
        let Ok(piece) = cur.take(length) else { return };
        let [to_server, to_client] = &mut sides;
        let side = if direction == Direction::ToServer { to_server } else { to_client };
        if head & 0x4000 != 0 && !driver.gap(side, direction, u64::from(head & 0xff) + 1) {
            return;
        }
        if !driver.feed(side, direction, piece, false) {
            return;
        }
        let open = driver.session.len();
        if open <= driver.looks {
            driver.looks -= open;
            driver.look(protocol);
        }
    }
    let [to_server, to_client] = &mut sides;
    for (side, direction) in [(to_server, Direction::ToServer), (to_client, Direction::ToClient)] {
        if driver.feed(side, direction, &[], true) {
            driver.with(|session, context| session.close(direction, context));
        }
    }
    driver.look(protocol);
}

/// The same octets as one direction of a flow and as the other, for detection and framing.
///
/// # Panics
/// As [`flow`].
pub fn stream(name: &str, data: &[u8]) {
    let protocol = protocol(name, Transport::Tcp);
    detect(protocol, data);
    for direction in Direction::BOTH {
        let mut driver = Driver::new(protocol, Transport::Tcp, false);
        driver.feed(&mut Side::default(), direction, data, true);
        driver.look(protocol);
    }
}

fn protocol(name: &str, transport: Transport) -> &'static ProtocolDef {
    let wanted = |protocol: &&ProtocolDef| protocol.info.name == name && protocol.info.transports.contains(&transport);
    let Some(protocol) = crate::ALL.iter().find(wanted) else {
        // A target that tests nothing must not look as if it did.
        #[allow(clippy::panic)]
        {
            panic!("no protocol is called {name}")
        }
    };
    protocol
}

/// A compressed HTTP body: a line that names its encodings, then pieces with an octet of length in front.
pub fn http_body(data: &[u8]) {
    crate::http1::fuzz_body(data);
}

/// Every look by which the protocol is recognised.
fn detect(protocol: &ProtocolDef, data: &[u8]) {
    for confirm in protocol.info.patterns.iter().filter_map(|pattern| pattern.confirm) {
        std::hint::black_box(confirm(data));
    }
    for probe in protocol.info.probes {
        for direction in Direction::BOTH {
            std::hint::black_box((probe.check)(direction, data));
        }
    }
}

struct Driver {
    session: Box<dyn Session>,
    objects: ObjectTable,
    transport: Transport,
    midstream: bool,
    pieces: u32,
    looks: usize,
}

impl Driver {
    fn new(protocol: &ProtocolDef, transport: Transport, midstream: bool) -> Self {
        let session = (protocol.begin)(&Settings::default());
        Self { session, objects: ObjectTable::default(), transport, midstream, pieces: 0, looks: LOOKS }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut dyn Session, &mut Context<'_>) -> T) -> T {
        let endpoint = |port| Endpoint { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port };
        self.pieces += 1;
        let mut context = Context {
            time: Time::new(self.pieces.into(), 0),
            ordinal: self.pieces.into(),
            client: endpoint(49_152),
            server: endpoint(135),
            transport: self.transport,
            midstream: self.midstream,
            objects: &mut self.objects,
            expectations: &mut Vec::new(),
        };
        act(&mut *self.session, &mut context)
    }

    /// Gives a piece to the session. False when it wants no more.
    fn feed(&mut self, side: &mut Side, direction: Direction, octets: &[u8], last: bool) -> bool {
        if side.over {
            return true;
        }
        side.kept.extend_from_slice(octets);
        if !last && side.kept.len() < side.need {
            return true;
        }
        let datagrams = self.transport == Transport::Udp;
        let input = Input { data: &side.kept, offset: if datagrams { 0 } else { side.offset }, last };
        let Ok(step) = self.with(|session, context| session.parse(direction, input, context)) else { return false };
        assert!(step.consumed <= side.kept.len(), "a session consumes what is there");
        if datagrams {
            side.kept.clear();
        } else {
            let over = step.finished || step.switch.is_some();
            assert!(!last || over || step.consumed == side.kept.len(), "nothing is kept behind the end");
            side.kept.drain(..step.consumed);
            side.offset += step.consumed as u64;
            side.need = step.need;
        }
        side.over = last;
        if side.kept.len() > WINDOW && !self.gap(side, direction, 0) {
            return false;
        }
        !step.finished && step.switch.is_none()
    }

    fn gap(&mut self, side: &mut Side, direction: Direction, length: u64) -> bool {
        side.offset += side.kept.len() as u64 + length;
        side.kept.clear();
        side.need = 0;
        self.with(|session, context| session.gap(direction, length, context)).is_ok()
    }

    /// Reads every buffer and writes every event, and lets go of what is complete.
    fn look(&mut self, protocol: &ProtocolDef) {
        let session = &mut self.session;
        let mut out = Vec::new();
        for position in 0..session.len() {
            for row in 0.. {
                if (protocol.buffers)(row).is_none() {
                    break;
                }
                for direction in Direction::BOTH {
                    let _rest =
                        (0..ITEMS).find(|nth| matches!(session.value(position, row, direction, *nth), Value::Absent));
                }
            }
            for logger in 0.. {
                if (protocol.loggers)(logger).is_none() {
                    break;
                }
                out.clear();
                session.log(position, logger, true, &mut Object::new(&mut out));
            }
        }
        let complete = Direction::BOTH.map(|direction| protocol.info.complete(direction));
        session.retain(&mut |head| {
            let open = head.progress.iter().zip(complete).any(|(progress, complete)| *progress < complete);
            if open { Keep::Open { inspected: [head.id % 2 == 0; 2] } } else { Keep::Nothing }
        });
    }
}
