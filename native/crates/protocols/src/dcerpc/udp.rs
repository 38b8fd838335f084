use sidewire_base::Direction;
use sidewire_msrpc::{Carriage, Datagrams, Event, Surroundings};
use sidewire_proto::{
    Buffer, Context, EventInfo, Failed, Info, Input, Logger, Protocol, Settings, Step, Transactions, Transport, Value,
};
use smallvec::SmallVec;

use super::tcp::{BUFFERS, STAGES, announce, limits};
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
    const BUFFERS: &'static [Buffer<Tx>] = BUFFERS;
    const EVENTS: &'static [EventInfo] = EVENTS;
    const LOGGERS: &'static [Logger<Tx>] = LOGGERS;

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
        let (calls, mut filling, mut around) = self.parts(transactions, context);
        calls.datagram(direction, input.data, &mut filling, &mut around);
        announce(context);
        Ok(Step::all(&input))
    }

    fn close(&mut self, direction: Direction, transactions: &mut Transactions<Tx>, context: &mut Context<'_>) {
        self.closed |= 1 << direction.index();
        let both = self.closed == 0b11;
        let (calls, mut filling, _) = self.parts(transactions, context);
        if both {
            calls.finish(&mut filling);
        }
    }
}

impl Udp {
    fn parts<'a>(
        &'a mut self,
        transactions: &'a mut Transactions<Tx>,
        context: &'a mut Context<'_>,
    ) -> (&'a mut Datagrams, Filling<'a>, Surroundings<'a>) {
        let waiting = &mut self.waiting;
        let filling = Filling {
            transactions,
            carriage: Carriage::Udp,
            now: context.time,
            reversed: false,
            waiting,
            frames: None,
        };
        let (client, server) = (context.client, context.server);
        let around = Surroundings { objects: context.objects, time: context.time, client, server, session: None };
        (&mut self.calls, filling, around)
    }
}
