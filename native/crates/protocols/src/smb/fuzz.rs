//! Entry for fuzzing: a flow made of arbitrary octets.

// Arrays of two are indexed by `Direction`, which cannot fail; the lint does not see that.
#![allow(clippy::indexing_slicing)]

use core::net::{IpAddr, Ipv4Addr};

use sidewire_base::{Direction, Endpoint, Time};
use sidewire_eve::Object;
use sidewire_msrpc::ObjectTable;
use sidewire_proto::{Context, Input, Protocol as _, Session as _, Settings, Transport, Typed, Value};

use super::Smb;

/// Most octets handed over at once that were not consumed before; what a stream layer would keep.
const WINDOW: usize = 1 << 18;

/// A session with its surroundings, driven by hand.
struct Driver {
    session: Typed<Smb>,
    kept: [Vec<u8>; 2],
    offsets: [u64; 2],
    objects: ObjectTable,
    time: Time,
}

impl Driver {
    fn new() -> Self {
        Self {
            session: Typed::new(&Settings::default()),
            kept: Default::default(),
            offsets: [0; 2],
            objects: ObjectTable::default(),
            time: Time::default(),
        }
    }

    fn with(&mut self, midstream: bool, act: impl FnOnce(&mut Typed<Smb>, &mut Context<'_>)) {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut context = Context {
            time: self.time,
            ordinal: 0,
            client: Endpoint { address, port: 49152 },
            server: Endpoint { address, port: 445 },
            transport: Transport::Tcp,
            midstream,
            objects: &mut self.objects,
            expectations: &mut Vec::new(),
        };
        act(&mut self.session, &mut context);
    }

    fn feed(&mut self, midstream: bool, direction: Direction, octets: &[u8], last: bool) {
        let mut kept = core::mem::take(&mut self.kept[direction]);
        kept.extend_from_slice(octets);
        let mut consumed = 0;
        let offset = self.offsets[direction];
        self.with(midstream, |session, context| {
            if let Ok(step) = session.parse(direction, Input { data: &kept, offset, last }, context) {
                assert!(step.consumed <= kept.len(), "consumed more than there is");
                assert!(!last || step.consumed == kept.len(), "kept octets behind the end");
                consumed = step.consumed;
            }
        });
        kept.drain(..consumed);
        self.offsets[direction] += consumed as u64;
        if kept.len() > WINDOW {
            self.offsets[direction] += kept.len() as u64;
            kept.clear();
            self.with(midstream, |session, context| {
                let _ = session.gap(direction, 0, context);
            });
        }
        self.kept[direction] = kept;
    }

    fn look(&self) {
        let mut out = Vec::new();
        for position in 0..self.session.len() {
            for row in 0..Smb::BUFFERS.len() {
                for direction in Direction::BOTH {
                    let _: Value<'_> = self.session.value(position, row, direction, 0);
                }
            }
            for logger in 0..Smb::LOGGERS.len() {
                out.clear();
                self.session.log(position, logger, true, &mut Object::new(&mut out));
            }
        }
    }
}

/// Cuts `data` into pieces by its own octets and feeds them to a flow: each piece has two octets of length, whose upper
/// bits say the direction and whether a gap comes before it.
pub fn run(data: &[u8]) {
    let midstream = data.first().is_some_and(|octet| octet & 1 != 0);
    let mut driver = Driver::new();
    let mut rest = data;
    while let Some((&[high, low], tail)) = rest.split_first_chunk::<2>() {
        let direction = if high & 0x80 == 0 { Direction::ToServer } else { Direction::ToClient };
        let length = usize::from(u16::from_be_bytes([high & 0x3f, low])).min(tail.len());
        let (piece, behind) = tail.split_at(length);
        if high & 0x40 != 0 {
            driver.offsets[direction] += driver.kept[direction].len() as u64 + u64::from(low);
            driver.kept[direction].clear();
            driver.with(midstream, |session, context| {
                let _ = session.gap(direction, u64::from(low), context);
            });
        }
        driver.feed(midstream, direction, piece, false);
        rest = behind;
    }
    for direction in Direction::BOTH {
        driver.feed(midstream, direction, &[], true);
        driver.with(midstream, |session, context| session.close(direction, context));
    }
    driver.look();
}

/// The same octets as one direction of a flow, for detection and framing.
pub fn stream(data: &[u8]) {
    for direction in Direction::BOTH {
        for pattern in Smb::INFO.patterns {
            if let Some(confirm) = pattern.confirm {
                let _ = confirm(data);
            }
        }
        for probe in Smb::INFO.probes {
            let _ = (probe.check)(direction, data);
        }
        let mut driver = Driver::new();
        driver.feed(false, direction, data, true);
        driver.look();
    }
}
