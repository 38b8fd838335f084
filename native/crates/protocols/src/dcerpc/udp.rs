use sidewire_app_layer::{
    Buffer, Context, EventInfo, ExtensionDef, Failed, Info, Input, Logger, Protocol, Settings, Step, Transactions,
    Transport, Value,
};
use sidewire_base::Direction;
use sidewire_msrpc::{Carriage, Datagrams, Event};
use smallvec::SmallVec;

use super::objects::{EXTENSION, announce};
use super::tcp::{BUFFERS, STAGES, limits};
use super::transaction::{Filling, LOGGERS};
use super::{EVENTS, Tx, detect, rows};

/// DCERPC over datagrams (ncadg_ip_udp).
pub struct Udp {
    calls: Datagrams,
    /// A bit for each direction that ended.
    closed: u8,
    waiting: SmallVec<[Event; 2]>,
}

impl Protocol for Udp {
    type Tx = Tx;
    const INFO: Info = Info {
        name: "dcerpc",
        aliases: &[],
        doc: "Connectionless remote procedure calls of DCE and Windows.",
        transports: &[Transport::Udp],
        patterns: &[],
        probes: detect::UDP_PROBES,
        stages: STAGES,
        one_way: false,
    };
    const EXTENSIONS: &'static [ExtensionDef] = &[EXTENSION];
    const BUFFERS: &'static [Buffer<Tx>] = BUFFERS;
    const EVENTS: &'static [EventInfo] = EVENTS;
    const LOGGERS: &'static [Logger<Tx>] = LOGGERS;

    fn little_endian(tx: &Tx, direction: Direction) -> bool {
        rows::little_endian(tx, direction)
    }

    fn item<'t>(tx: &'t Tx, _row: usize, _direction: Direction, name: &str, nth: u32) -> Value<'t> {
        rows::argument(tx, name, nth)
    }

    fn begin(settings: &Settings) -> Self {
        Self { calls: Datagrams::new(limits(settings)), closed: 0, waiting: SmallVec::new() }
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: Input<'_>,
        transactions: &mut Transactions<Tx>,
        context: &mut Context<'_>,
    ) -> Result<Step, Failed> {
        let (mut filling, mut around) = Filling::with(transactions, context, &mut self.waiting, Carriage::Udp, None);
        self.calls.datagram(direction, input.data, &mut filling, &mut around);
        announce(context);
        Ok(Step::all(&input))
    }

    fn close(&mut self, direction: Direction, transactions: &mut Transactions<Tx>, context: &mut Context<'_>) {
        self.closed |= 1 << direction.index();
        if self.closed == 0b11 {
            let (mut filling, _) = Filling::with(transactions, context, &mut self.waiting, Carriage::Udp, None);
            self.calls.finish(&mut filling);
        }
    }
}
