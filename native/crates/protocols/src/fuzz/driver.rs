//! Drives the session of a flow as the engine does, with octets of a fuzzer.

use core::net::{IpAddr, Ipv4Addr};

use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{
    FrameKinds, Keep, LogForm, ParseContext, ParseInput, ProtocolDef, Session, StreamFrames, Transport, Value,
};
use sidewire_base::{BufferId, Direction, Endpoint, PerDirection, Time};
use sidewire_eve::Object;

/// Most octets handed over again and again; what a stream layer would keep at the most.
const WINDOW: usize = 1 << 18;
/// Most items read of a list.
const ITEMS: u32 = 64;
/// Transactions looked at between pieces, of a whole input: more of them would only be slow. The last look sees all.
const LOOKS: usize = 256;

/// What the flows of a worker share.
#[derive(Default)]
pub(super) struct FuzzWorld {
    harness: ParseHarness,
    /// Time: a second a call.
    calls: u32,
}

/// Drives the session of a flow as the engine does: octets that were not consumed come again, with more after them.
pub(super) struct SessionDriver {
    protocol: &'static ProtocolDef,
    session: Box<dyn Session>,
    sides: PerDirection<PendingSide>,
    transport: Transport,
    ports: [u16; 2],
    midstream: bool,
    /// The session failed, wants no more, or made way for another: it is told the end, and nothing else.
    stopped: bool,
    looks: usize,
    /// Those told of the octets that were given last.
    frames: StreamFrames,
}

/// The waiting octets of one direction.
#[derive(Default)]
struct PendingSide {
    kept: Vec<u8>,
    offset: u64,
    need: usize,
    over: bool,
}

/// How a flow goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FlowContinuation {
    More,
    /// The session wants or can take no more.
    Over,
    /// Another protocol follows; without a name, it is anybody's guess which.
    Switch(&'static str),
}

impl SessionDriver {
    /// A flow between the ports of client and server.
    pub(super) fn new(protocol: &'static ProtocolDef, transport: Transport, ports: [u16; 2], midstream: bool) -> Self {
        let session = protocol.begin_default();
        let mut frames = StreamFrames::default();
        frames.want(FrameKinds::ALL);
        let sides = Default::default();
        Self { protocol, session, sides, transport, ports, midstream, stopped: false, looks: LOOKS, frames }
    }

    fn with<T>(&mut self, world: &mut FuzzWorld, act: impl FnOnce(&mut dyn Session, &mut ParseContext<'_>) -> T) -> T {
        let end = |port| Endpoint { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port };
        let [client, server] = self.ports.map(end);
        world.calls += 1;
        let harness = &mut world.harness;
        (harness.client, harness.server, harness.transport, harness.midstream) =
            (client, server, self.transport, self.midstream);
        (harness.time, harness.ordinal) = (Time::new(world.calls.into(), 0), world.calls.into());
        harness.expectations.clear();
        let frames = (self.transport == Transport::Tcp).then_some(&mut self.frames);
        let mut context = ParseContext { frames, ..harness.context() };
        act(&mut *self.session, &mut context)
    }

    /// Gives a piece to the session.
    pub(super) fn feed(
        &mut self,
        world: &mut FuzzWorld,
        direction: Direction,
        octets: &[u8],
        last: bool,
    ) -> FlowContinuation {
        let side = &mut self.sides[direction];
        if side.over || self.stopped {
            return FlowContinuation::More;
        }
        side.kept.extend_from_slice(octets);
        if !last && side.kept.len() < side.need {
            return FlowContinuation::More;
        }
        let datagrams = self.transport == Transport::Udp;
        let kept = core::mem::take(&mut side.kept);
        let input = ParseInput { data: &kept, offset: if datagrams { 0 } else { side.offset }, last };
        let step = self.with(world, |session, context| session.parse(direction, input, context));
        let side = &mut self.sides[direction];
        side.kept = kept;
        let there = side.offset..=side.offset + side.kept.len() as u64;
        self.frames.retain(|frame| {
            assert!(there.contains(&frame.start), "a frame begins in what is there, or right behind");
            false
        });
        let Ok(step) = step else {
            self.stopped = true;
            return FlowContinuation::Over;
        };
        assert!(step.consumed <= side.kept.len(), "a session consumes what is there");
        let goes_on = !step.finished && step.switch.is_none();
        if datagrams {
            side.kept.clear();
        } else {
            assert!(!last || !goes_on || step.consumed == side.kept.len(), "nothing is kept behind the end");
            side.kept.drain(..step.consumed);
            side.offset += step.consumed as u64;
            side.need = step.need;
        }
        side.over = last && step.switch.is_none();
        self.stopped = !goes_on;
        match step.switch {
            Some(name) => FlowContinuation::Switch(name),
            None if step.finished => FlowContinuation::Over,
            None if self.sides[direction].kept.len() > WINDOW => self.gap(world, direction, 0),
            None => FlowContinuation::More,
        }
    }

    /// Octets that were not captured.
    pub(super) fn gap(&mut self, world: &mut FuzzWorld, direction: Direction, length: u64) -> FlowContinuation {
        let side = &mut self.sides[direction];
        side.offset += side.kept.len() as u64 + length;
        side.kept.clear();
        side.need = 0;
        let went = self.with(world, |session, context| session.gap(direction, length, context));
        self.stopped |= went.is_err();
        if went.is_ok() { FlowContinuation::More } else { FlowContinuation::Over }
    }

    /// The same flow under another protocol; what was not consumed is for it to read.
    pub(super) fn switch(mut self, world: &mut FuzzWorld, protocol: &'static ProtocolDef) -> Self {
        for direction in Direction::BOTH {
            self.with(world, |session, context| session.close(direction, context));
        }
        self.look_to_the_end();
        for side in &mut self.sides {
            side.need = 0;
        }
        let session = protocol.begin_default();
        Self { protocol, session, stopped: false, looks: LOOKS, ..self }
    }

    /// Neither direction goes on. A session may make way for another even then.
    pub(super) fn end(mut self, world: &mut FuzzWorld) -> Option<(Self, &'static str)> {
        for direction in Direction::BOTH {
            if let FlowContinuation::Switch(name) = self.feed(world, direction, &[], true) {
                return Some((self, name));
            }
            self.with(world, |session, context| session.close(direction, context));
        }
        self.look_to_the_end();
        None
    }

    /// Reads every buffer and writes every event, and lets go of what is complete, while there is time.
    pub(super) fn look(&mut self) {
        let open = self.session.transactions().len();
        if open <= self.looks {
            self.looks -= open;
            self.look_to_the_end();
        }
    }

    fn look_to_the_end(&mut self) {
        let (session, protocol) = (&mut self.session, self.protocol);
        let (mut out, options) = (Vec::new(), protocol.default_eve_options());
        for position in 0..session.transactions().len() {
            for (row, _) in protocol.rows().enumerate() {
                for direction in Direction::BOTH {
                    let _rest = (0..ITEMS).find(|nth| {
                        matches!(session.value(position, BufferId::at(row), direction, *nth), Value::Absent)
                    });
                }
            }
            for (logger, _) in protocol.logger_rows().enumerate() {
                out.clear();
                session.log(position, logger, LogForm::InOthers, &options, &mut Object::new(&mut out));
                out.clear();
                session.log_beside(position, logger, LogForm::Own(0), &options, &mut Object::new(&mut out));
            }
        }
        let complete = Direction::BOTH.map(|direction| protocol.info.complete(direction));
        session.transactions_mut().touch_all();
        session.settle(&mut |head| {
            let open = head.progress.iter().zip(complete).any(|(progress, complete)| *progress < complete);
            if open {
                Keep::Open { inspected: PerDirection::both(head.id.0 % 2 == 0), again: false }
            } else {
                Keep::Nothing
            }
        });
    }
}
