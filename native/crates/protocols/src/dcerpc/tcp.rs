use sidewire_base::{Direction, Endpoint};
use sidewire_msrpc::{Carriage, Connection, Event, Limits, Surroundings};
use sidewire_proto::{
    Buffer, Context, EventInfo, Expectation, Failed, Info, Input, Logger, Protocol, Settings, Step, Transactions,
    Transport, Value,
};
use smallvec::SmallVec;

use super::transaction::{Filling, LOGGERS};
use super::{EVENTS, Tx, detect, rows};

/// DCERPC over a TCP connection (ncacn_ip_tcp).
pub struct Tcp {
    connection: Connection,
    /// A bit for each direction that ended.
    closed: u8,
    waiting: SmallVec<[Event; 2]>,
}

pub(super) const STAGES: [&[&str]; 2] =
    [&["request_started", "request_complete"], &["response_started", "response_complete"]];

pub(super) const BUFFERS: &[Buffer<Tx>] = &[
    rows::iface(),
    rows::opnum(),
    rows::stub_data(),
    rows::procedure(),
    rows::interface_name(),
    rows::auth_level(),
    rows::stub_visibility(),
    rows::known(),
    rows::clsid(),
    rows::progid(),
    rows::method(),
    rows::iid(),
    rows::command_line(),
    rows::request_size(),
    rows::response_size(),
    rows::result(),
    rows::fault(),
    rows::client(),
    rows::arg(),
    rows::dispid(),
    rows::wmi_class(),
    rows::wmi_method(),
    rows::wmi_namespace(),
];

impl Protocol for Tcp {
    type Tx = Tx;
    const INFO: Info = Info {
        name: "dcerpc",
        aliases: &[],
        doc: "Remote procedure calls of DCE and Windows, and the DCOM calls built on them.",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        probes: detect::PROBES,
        stages: STAGES,
        one_way: false,
    };
    const EARLY: bool = true;
    const BUFFERS: &'static [Buffer<Tx>] = BUFFERS;
    const EVENTS: &'static [EventInfo] = EVENTS;
    const LOGGERS: &'static [Logger<Tx>] = LOGGERS;

    fn item<'t>(tx: &'t Tx, _row: usize, _direction: Direction, name: &str, nth: u32) -> Value<'t> {
        rows::argument(tx, name, nth)
    }

    fn begin(settings: &Settings) -> Self {
        Self { connection: Connection::new(limits(settings)), closed: 0, waiting: SmallVec::new() }
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: Input<'_>,
        transactions: &mut Transactions<Tx>,
        context: &mut Context<'_>,
    ) -> Result<Step, Failed> {
        let (connection, mut filling, mut around) = self.parts(transactions, context);
        let fed = connection.feed(direction, input.data, input.last, &mut filling, &mut around);
        announce(context);
        Ok(Step::need(fed.consumed, fed.need))
    }

    fn gap(
        &mut self,
        direction: Direction,
        length: u64,
        transactions: &mut Transactions<Tx>,
        context: &mut Context<'_>,
    ) -> Result<(), Failed> {
        let (connection, mut filling, mut around) = self.parts(transactions, context);
        connection.gap(direction, length, &mut filling, &mut around);
        Ok(())
    }

    fn close(&mut self, direction: Direction, transactions: &mut Transactions<Tx>, context: &mut Context<'_>) {
        self.closed |= 1 << direction.index();
        let both = self.closed == 0b11;
        let (connection, mut filling, mut around) = self.parts(transactions, context);
        connection.close(direction, &mut filling, &mut around);
        if both {
            connection.finish(&mut filling);
        }
    }
}

impl Tcp {
    fn parts<'a>(
        &'a mut self,
        transactions: &'a mut Transactions<Tx>,
        context: &'a mut Context<'_>,
    ) -> (&'a mut Connection, Filling<'a>, Surroundings<'a>) {
        let filling = Filling {
            transactions,
            carriage: Carriage::Tcp,
            now: context.time,
            reversed: self.connection.is_reversed(),
            waiting: &mut self.waiting,
        };
        let (client, server) = (context.client, context.server);
        let around = Surroundings { objects: context.objects, time: context.time, client, server, session: None };
        (&mut self.connection, filling, around)
    }
}

/// Hands on the dynamic ports that answers named: what connects to them will speak DCERPC.
pub(crate) fn announce(context: &mut Context<'_>) {
    for socket in context.objects.take_announced() {
        context.expectations.push(Expectation {
            client: None, // another host may have the reference by now
            server: Endpoint { address: socket.ip(), port: socket.port() },
            transport: Transport::Tcp,
            protocol: "dcerpc",
            first: None,
        });
    }
}

/// The limits of the configuration: `max-stub-size` is ours; Suricata has no such setting.
pub(super) fn limits(settings: &Settings) -> Limits {
    let defaults = Limits::default();
    let stub = settings.size("max-stub-size").and_then(|size| usize::try_from(size).ok()).unwrap_or(defaults.stub);
    Limits { stub, unfinished: defaults.unfinished.max(stub), ..defaults }
}
