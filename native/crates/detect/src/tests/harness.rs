//! Builders for tests: rules in the IR, packets, a protocol with a few rows.

use std::sync::Arc;

use crate::ir;
use crate::ir::{
    Action, AddressRange, AddressSet, BatchSets, ByteExtract, Check, Condition, Content, Endian, FastPattern,
    FlowBitAction, FlowRequirement, HeaderProtocol, Operand, Pcre, PortRange, PortSet, Rule, RuleBatch, Window,
};
use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{
    AppLayerResult, Buffer, BufferInfo, BufferKind, EventInfo, FrameInfo, Hook, ParseContext, ParseFailed,
    ParseInput as Bytes, PerDirection, Protocol, ProtocolDef, ProtocolInfo, Session, Transactions, TxLogger, Value,
    def,
};
use sidewire_base::{Direction, Endpoint, EventId, ProtocolId, Time, TxId};
use sidewire_decode::{BadChecksum, Ip, Packet, TcpHeader, TransportLayer};

use crate::{
    AppProto, AppProtoState, CompileOptions, DetectEngine, DetectFlowState, FlowInput, FlowStats, FramesInput,
    InspectInput, InspectObserver, RuleMatch, RuleSet, SilentObserver,
};

/// Sets of every batch here: 0 is any address and any port; addresses 1 are 10.0.0.0/24, 2 all but those; ports 1 is 80,
/// 2 is 443 and 8000-8100.
pub(crate) fn sets() -> BatchSets {
    let range = |from: &str, to: &str| AddressRange { from: from.into(), to: to.into() };
    let all = || vec![range("0.0.0.0", "255.255.255.255"), range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")];
    let home = || vec![range("10.0.0.0", "10.0.0.255")];
    let ports =
        |ranges: &[(u16, u16)]| PortSet { ranges: ranges.iter().map(|&(from, to)| PortRange { from, to }).collect() };
    BatchSets {
        addresses: vec![
            AddressSet { include: all(), exclude: vec![] },
            AddressSet { include: home(), exclude: vec![] },
            AddressSet { include: all(), exclude: home() },
        ],
        ports: vec![ports(&[(0, 65_535)]), ports(&[(80, 80)]), ports(&[(443, 443), (8000, 8100)])],
    }
}

pub(crate) fn rule(sid: u32, protocol: &str) -> Rule {
    let protocol = match protocol {
        "ip" => HeaderProtocol::Ip,
        "tcp" => HeaderProtocol::Tcp,
        "tcp-pkt" => HeaderProtocol::TcpPacket,
        "tcp-stream" => HeaderProtocol::TcpStream,
        "udp" => HeaderProtocol::Udp,
        "pkthdr" => HeaderProtocol::Pkthdr,
        name => HeaderProtocol::Application(name.into()),
    };
    Rule {
        gid: 1,
        sid,
        rev: 1,
        action: Action::Alert,
        msg: format!("rule {sid}"),
        protocol,
        hook: None,
        source: 0,
        source_port: 0,
        destination: 0,
        destination_port: 0,
        direction: ir::RuleDirection::OneWay,
        flow: FlowRequirement::default(),
        conditions: vec![],
        priority: 3,
        class: String::new(),
        references: vec![],
        metadata: vec![],
        target: None,
        noalert: false,
        threshold: None,
        detection_filter: None,
        suppressions: vec![],
        text: String::new(),
        tag: String::new(),
    }
}

/// No rule.
pub(crate) const NONE: [u32; 0] = [];

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A plain content.
pub(crate) fn content(octets: &[u8]) -> Content {
    Content {
        pattern: hex(octets),
        nocase: false,
        negated: false,
        window: Window { relative: false, start: None, end: None },
        ends_with: false,
        fast_pattern: FastPattern::Auto,
    }
}

/// A content `distance` after the last match, ending `within`.
pub(crate) fn after(octets: &[u8], distance: i64, within: Option<i64>) -> Check {
    let window = Window { relative: true, start: Some(Operand::Number(distance)), end: within.map(Operand::Number) };
    Check::Content(Content { window, ..content(octets) })
}

pub(crate) fn has(octets: &[u8]) -> Check {
    Check::Content(content(octets))
}

pub(crate) fn lacks(octets: &[u8]) -> Check {
    Check::Content(Content { negated: true, ..content(octets) })
}

pub(crate) fn buffer(name: &str, checks: Vec<Check>) -> Condition {
    Condition::Buffer { buffer: name.into(), transforms: vec![], checks }
}

pub(crate) fn frame(name: &str, checks: Vec<Check>) -> Condition {
    Condition::Frame { buffer: name.into(), transforms: vec![], checks }
}

pub(crate) fn payload(checks: Vec<Check>) -> Condition {
    buffer("payload", checks)
}

pub(crate) fn with(sid: u32, protocol: &str, conditions: Vec<Condition>) -> Rule {
    Rule { conditions, ..rule(sid, protocol) }
}

pub(crate) fn equals(number: u64) -> ir::Number {
    ir::Number { ranges: vec![ir::NumberRange { min: number, max: number }], negated: false }
}

pub(crate) fn compile(rules: Vec<Rule>) -> RuleSet {
    let (set, problems) = compile_with(rules, &CompileOptions::default());
    assert_eq!(problems, []);
    set
}

pub(crate) fn compile_with(rules: Vec<Rule>, options: &CompileOptions) -> (RuleSet, Vec<crate::LeftOutRule>) {
    let options = CompileOptions { stream_events: &["odd", "even"], threads: 1, ..options.clone() };
    let batch = RuleBatch { version: ir::IR_VERSION, sets: sets(), rules };
    RuleSet::compile([batch], &options, PROTOCOLS).unwrap()
}

pub(crate) fn endpoint(address: &str, port: u16) -> Endpoint {
    Endpoint { address: address.parse().unwrap(), port }
}

/// A TCP packet from 10.0.0.1:1000 to 192.0.2.1:80, or back.
pub(crate) fn tcp(payload: &[u8], direction: Direction) -> Packet<'_> {
    let (client, server) = (endpoint("10.0.0.1", 1000), endpoint("192.0.2.1", 80));
    let (source, destination) = match direction {
        Direction::ToServer => (client, server),
        Direction::ToClient => (server, client),
    };
    Packet {
        time: Time::new(0, 0),
        ordinal: 1,
        frame: payload,
        link_type: 101,
        wire_length: 40,
        ethernet: None,
        vlans: Default::default(),
        ip: Some(Ip {
            version: 4,
            source: source.address,
            destination: destination.address,
            protocol: 6,
            ttl: 64,
            tos: 0,
            id: 7,
            fragment_flags: 2,
            fragment_offset: 0,
            header: &[0x45, 0, 0, 40, 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1],
            options: &[],
            payload,
        }),
        arp: None,
        transport: TransportLayer::Tcp(TcpHeader {
            source_port: source.port,
            destination_port: destination.port,
            sequence: 1,
            acknowledgement: 1,
            flags: TcpHeader::ACK | TcpHeader::PSH,
            reserved: 0,
            window: 512,
            urgent: 0,
            checksum: 0,
            header: &[],
            options: Default::default(),
        }),
        payload,
        events: Default::default(),
        bad_checksum: BadChecksum::default(),
        level: 0,
        tunnel: None,
        root: None,
        carries: Default::default(),
        invalid: false,
        malformed_options: false,
        fragment: false,
        reassembled: false,
    }
}

/// A flow with its session and detector, fed by hand.
pub(crate) struct Bench {
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) detector: DetectEngine,
    pub(crate) state: DetectFlowState,
    pub(crate) session: Option<Box<dyn Session>>,
    pub(crate) time: Time,
    pub(crate) established: bool,
}

impl Bench {
    pub(crate) fn new(rules: RuleSet) -> Self {
        let rules = Arc::new(rules);
        Self {
            detector: DetectEngine::new(&rules),
            rules,
            state: DetectFlowState::default(),
            session: None,
            time: Time::new(100, 0),
            established: true,
        }
    }

    /// Runs one packet; what matched, by sid.
    pub(crate) fn run(
        &mut self,
        packet: Option<&Packet<'_>>,
        direction: Direction,
        stream: Option<crate::StreamInput<'_>>,
        last: bool,
    ) -> Vec<u32> {
        self.observe(packet, direction, stream, last, &mut SilentObserver).iter().map(|found| self.sid(found)).collect()
    }

    pub(crate) fn observe<O: InspectObserver>(
        &mut self,
        packet: Option<&Packet<'_>>,
        direction: Direction,
        stream: Option<crate::StreamInput<'_>>,
        last: bool,
        observer: &mut O,
    ) -> Vec<RuleMatch> {
        let template = tcp(&[], direction);
        let mut matches = Vec::new();
        let taken = if self.session.is_some() { AppProto::For(ProtocolId(0)) } else { AppProto::Unknown };
        let input = InspectInput {
            time: self.time,
            ordinal: 1,
            packet,
            source: packet.map_or(template.source(), Packet::source),
            destination: packet.map_or(template.destination(), Packet::destination),
            flow: Some(FlowInput {
                direction,
                established: self.established,
                was_established: self.established,
                protocol: 6,
                app: self.session.is_some().then_some(ProtocolId(0)),
                taken: AppProtoState { flow: taken, sides: [taken; 2].into(), original: AppProto::Unknown },
                app_events: &[],
                state: &mut self.state,
                session: self.session.as_deref_mut(),
                frames: None,
                packet_in_stream: stream.is_some(),
                opaque: false,
                stream,
                stream_sizes: Some([10, 1000].into()),
                stats: FlowStats { packets: [3, 2].into(), bytes: [300, 200].into(), age: 5 },
            }),
            stream_events: &[],
            last,
        };
        self.detector.inspect(input, observer, &mut matches);
        matches
    }

    /// Runs over frames of what the client sends; what matched, by sid.
    pub(crate) fn framed(&mut self, frames: FramesInput<'_>, last: bool) -> Vec<u32> {
        let packet = tcp(&[], Direction::ToServer);
        let mut matches = Vec::new();
        let input = InspectInput {
            time: self.time,
            ordinal: 1,
            packet: (!last).then_some(&packet),
            source: packet.source(),
            destination: packet.destination(),
            flow: Some(FlowInput {
                direction: Direction::ToServer,
                established: true,
                was_established: true,
                protocol: 6,
                app: Some(ProtocolId(0)),
                taken: AppProtoState::default(),
                app_events: &[],
                state: &mut self.state,
                session: None,
                stream: None,
                frames: Some(frames),
                stream_sizes: None,
                stats: FlowStats::default(),
                packet_in_stream: true,
                opaque: false,
            }),
            stream_events: &[],
            last,
        };
        self.detector.inspect(input, &mut SilentObserver, &mut matches);
        matches.iter().map(|found| self.sid(found)).collect()
    }

    pub(crate) fn sid(&self, found: &RuleMatch) -> u32 {
        self.rules.rule(found.rule).sid
    }

    /// A packet to the server whose payload is no stream's.
    pub(crate) fn packet(&mut self, payload: &[u8]) -> Vec<u32> {
        self.run(Some(&tcp(payload, Direction::ToServer)), Direction::ToServer, None, false)
    }

    /// The transaction at a position of the toy protocol, to change.
    pub(crate) fn toy(&mut self, steps: &[u8], direction: Direction) -> Vec<u32> {
        let session = self.session.get_or_insert_with(|| PROTOCOLS[0].begin_default());
        let mut harness = ParseHarness::default().between(endpoint("10.0.0.1", 1000), endpoint("192.0.2.1", 80));
        session.parse(direction, Bytes { data: steps, offset: 0, last: false }, &mut harness.context()).unwrap();
        self.run(Some(&tcp(&[], direction)), direction, None, false)
    }
}

/// A protocol for tests. Its input is commands of one line: `n` opens a transaction; `v TEXT` sets the request's line
/// (progress 1); `b TEXT` appends to the request's body (progress 2); `i TEXT` adds an item; `e` raises an event; `t TEXT`
/// appends to the line, which then is there a second time at the end; `.` ends the request; `r TEXT` answers and ends the
/// response. They are about the last transaction, or about the one that `s DIGIT` named by its id before them.
pub(crate) struct Toy;

#[derive(Default)]
pub(crate) struct ToyTx {
    line: Option<Vec<u8>>,
    trailed: bool,
    body: Vec<u8>,
    complete: bool,
    items: Vec<Vec<u8>>,
    answer: Option<Vec<u8>>,
}

const fn row(name: &'static str, kind: BufferKind, hook: Hook) -> BufferInfo {
    BufferInfo { name, aliases: &[], modifier: None, doc: "For tests.", kind, hook }
}

fn bytes(value: Option<&[u8]>) -> Value<'_> {
    value.map_or(Value::Absent, Value::Bytes)
}

impl Protocol for Toy {
    type Tx = ToyTx;
    type Config = ();
    type EveOptions = ();
    const INFO: ProtocolInfo = ProtocolInfo {
        name: "toy",
        aliases: &["toys"],
        doc: "For tests.",
        transports: &[sidewire_app_layer::Transport::Tcp],
        stages: PerDirection::new(&["begun", "line", "body", "complete"], &["begun", "answered"]),
        events: &[EventInfo { name: "odd", doc: "For tests." }],
        frames: &[
            FrameInfo { name: "toy.stream", doc: "For tests." },
            FrameInfo { name: "toy.part", doc: "For tests." },
            FrameInfo { name: "toy.other", doc: "For tests." },
        ],
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<ToyTx>] = &[
        Buffer {
            info: row("toy.line", BufferKind::Bytes, Hook::to_server(1).reinspect_at(3)),
            get: |tx, _, nth| bytes(tx.line.as_deref().filter(|_| nth == 0 || tx.trailed)),
        },
        Buffer {
            info: row("toy.body", BufferKind::Body, Hook::to_server(2)),
            get: |tx, _, _| Value::Body { data: &tx.body, base: 0, complete: tx.complete },
        },
        Buffer {
            info: row("toy.items", BufferKind::Multi, Hook::to_server(1)),
            get: |tx, _, nth| bytes(tx.items.get(nth as usize).map(Vec::as_slice)),
        },
        Buffer {
            info: row("toy.length", BufferKind::Uint(32), Hook::to_server(1)),
            get: |tx, _, _| tx.line.as_ref().map_or(Value::Absent, |line| Value::Uint(line.len() as u64)),
        },
        Buffer {
            info: row("toy.answer", BufferKind::Bytes, Hook::to_client(1)),
            get: |tx, _, _| bytes(tx.answer.as_deref()),
        },
    ];
    const LOGGERS: &'static [TxLogger<ToyTx>] = &[];

    fn begin(_: &Arc<()>) -> Self {
        Self
    }

    fn parse(
        &mut self,
        _: Direction,
        input: Bytes<'_>,
        transactions: &mut Transactions<ToyTx>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let mut selected = None;
        for line in input.data.split(|octet| *octet == b'\n') {
            let text = line.get(2..).unwrap_or_default();
            if let [b's', _, digit] = line {
                selected = Some(u64::from(digit - b'0'));
                continue;
            }
            if line.first() == Some(&b'n') {
                transactions.open(ToyTx::default(), context.time);
                continue;
            }
            let slot = match selected {
                Some(id) => transactions.by_id(TxId(id)),
                None => transactions.last_mut(),
            };
            let Some(slot) = slot else { continue };
            let (mut server, mut client) = (0, 0);
            match line.first() {
                Some(b'v') => {
                    slot.tx.line = Some(text.to_vec());
                    server = 1;
                }
                Some(b'b') => {
                    slot.tx.body.extend_from_slice(text);
                    server = 2;
                }
                Some(b'i') => slot.tx.items.push(text.to_vec()),
                Some(b't') => {
                    slot.tx.line.get_or_insert_default().extend_from_slice(text);
                    slot.tx.trailed = true;
                }
                Some(b'e') => slot.raise(EventId(0)),
                Some(b'.') => {
                    slot.tx.complete = true;
                    server = 3;
                }
                Some(b'r') => {
                    slot.tx.answer = Some(text.to_vec());
                    client = 1;
                }
                _ => {}
            }
            slot.advance(Direction::ToServer, server, context.time);
            slot.advance(Direction::ToClient, client, context.time);
        }
        Ok(AppLayerResult::all(&input))
    }
}

/// A protocol that shares names with [`Toy`] and gives their buffers later, of other kinds and in another direction. No
/// session of it is ever begun: it is there for what its rows do to rules that name no protocol.
pub(crate) struct Slow;

impl Protocol for Slow {
    type Tx = ToyTx;
    type Config = ();
    type EveOptions = ();
    const INFO: ProtocolInfo = ProtocolInfo {
        name: "slow",
        stages: PerDirection::new(
            &["begun", "hello", "more", "line", "complete"],
            &["begun", "more", "answered", "closed"],
        ),
        events: &[],
        frames: &[],
        ..Toy::INFO
    };
    const BUFFERS: &'static [Buffer<ToyTx>] = &[
        Buffer { info: row("toy.line", BufferKind::Body, Hook::to_server(3)), get: |_, _, _| Value::Absent },
        Buffer { info: row("toy.length", BufferKind::Bytes, Hook::to_server(3)), get: |_, _, _| Value::Absent },
        Buffer { info: row("toy.items", BufferKind::Multi, Hook::both(3, 2)), get: |_, _, _| Value::Absent },
        Buffer { info: row("toy.answer", BufferKind::Bytes, Hook::to_client(2)), get: |_, _, _| Value::Absent },
    ];
    const LOGGERS: &'static [TxLogger<ToyTx>] = &[];

    fn begin(_: &Arc<()>) -> Self {
        Self
    }

    fn parse(
        &mut self,
        _: Direction,
        input: Bytes<'_>,
        _: &mut Transactions<ToyTx>,
        _: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        Ok(AppLayerResult::all(&input))
    }
}

pub(crate) static PROTOCOLS: &[ProtocolDef] = &[def::<Toy>(), def::<Slow>()];

pub(crate) fn at(octets: &[u8], start: Option<i64>, end: Option<i64>) -> Check {
    let window = Window { relative: false, start: start.map(Operand::Number), end: end.map(Operand::Number) };
    Check::Content(Content { window, ..content(octets) })
}

pub(crate) fn pcre(pattern: &str, flags: &str) -> Pcre {
    Pcre { pattern: pattern.into(), flags: flags.into(), negated: false, relative: false, captures: vec![] }
}

pub(crate) fn number(number: i64) -> Operand {
    Operand::Number(number)
}

pub(crate) fn extract(name: &str) -> ByteExtract {
    ByteExtract {
        bytes: 1,
        offset: 0,
        name: name.into(),
        relative: false,
        endian: Endian::Big,
        string_base: 0,
        multiplier: 1,
        align: 0,
        bitmask: 0,
    }
}

pub(crate) fn field(name: &str, value: u64) -> Condition {
    Condition::Number { field: name.into(), test: equals(value) }
}

pub(crate) fn bits(action: FlowBitAction, name: &str) -> Condition {
    Condition::FlowBits { action, names: vec![name.into()] }
}
