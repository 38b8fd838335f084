//! Entries for fuzzing: any protocol of the list, driven by arbitrary octets.

mod driver;
mod rpc_http;

use sidewire_app_layer::{ProtocolDef, Transport};
use sidewire_base::{Cursor, Direction};

use driver::{FlowContinuation, FuzzWorld, SessionDriver};
pub use rpc_http::rpc_http;

/// Client and server of a flow.
const PORTS: [u16; 2] = [49_152, 135];

/// Feeds octets to a session of the protocol called `name`, as one flow.
///
/// `data` begins with an octet of switches: 1, picked up in the middle; 2, all that follows is one direction as it stands, and
/// once more the other; the rest chooses one of the protocol's transports. Pieces follow, each with two octets in front: the
/// highest bit is the direction, the next one says that a gap comes before the piece, the rest is its length.
///
/// # Panics
/// When there is no such protocol, or a session breaks its contract: it consumes more than there is, or keeps octets
/// after the end.
pub fn protocol(name: &str, data: &[u8]) {
    let Some((switches, rest)) = data.split_first() else { return };
    let (protocol, transport) = chosen(name, switches >> 2);
    detect(protocol, rest);
    let begin = || (SessionDriver::new(protocol, transport, PORTS, switches & 1 != 0), FuzzWorld::default());
    if switches & 2 == 0 {
        conversation(begin(), rest);
        return;
    }
    for direction in Direction::BOTH {
        let (mut driver, mut world) = begin();
        driver.feed(&mut world, direction, rest, true);
        driver.look();
    }
}

fn conversation((mut driver, mut world): (SessionDriver, FuzzWorld), data: &[u8]) {
    let mut cur = Cursor::new(data);
    while let Ok(head) = cur.u16_be() {
        let direction = if head & 0x8000 == 0 { Direction::ToServer } else { Direction::ToClient };
        let length = usize::from(head & 0x3fff).min(cur.left());
        let Ok(piece) = cur.take(length) else { break };
        if head & 0x4000 != 0 && driver.gap(&mut world, direction, u64::from(head & 0xff) + 1) != FlowContinuation::More
        {
            break;
        }
        if driver.feed(&mut world, direction, piece, false) != FlowContinuation::More {
            break;
        }
        driver.look();
    }
    if let Some((driver, _another)) = driver.end(&mut world) {
        driver.end(&mut world);
    }
}

/// One of the transports of all protocols of a name: some have a line for each, some run over both.
fn chosen(name: &str, number: u8) -> (&'static ProtocolDef, Transport) {
    let of_name = crate::ALL.iter().filter(|protocol| protocol.info.name == name);
    let all: Vec<_> = of_name.flat_map(|def| def.info.transports.iter().map(move |over| (def, *over))).collect();
    match usize::from(number).checked_rem(all.len()).and_then(|number| all.get(number)) {
        Some(chosen) => *chosen,
        // A target that tests nothing must not look as if it did.
        #[allow(clippy::panic)]
        None => panic!("no protocol is called {name}"),
    }
}

/// A chain of certificates, as a server sends it.
pub fn certificates(data: &[u8]) {
    crate::tls::fuzz_certificates(data);
}

/// A compressed HTTP body: a line that names its encodings, then pieces with an octet of length in front.
pub fn http_body(data: &[u8]) {
    crate::http1::fuzz_body(data);
}

/// A form in an HTTP request: its boundary on a line, then pieces with an octet of length in front.
pub fn form(data: &[u8]) {
    crate::http1::fuzz_form(data);
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
