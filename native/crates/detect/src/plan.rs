//! One rule, from the IR to what is executed.
#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use sidewire_app_layer::{BufferKind, FrameInfo, FrameKind, ProtocolDef, Transport};
use sidewire_base::Direction;
use sidewire_decode::DecodeEvent;
use sidewire_ir as ir;
use sidewire_ir::{FlowBitAction, FlowIntAction, HeaderProtocol};
use sidewire_mpm::Limits;

use crate::address::AddressList;
use crate::address_table::{AddressId, AddressTable};
use crate::check::{self, Check, Ranges, Scope, unhex};
use crate::condition::{
    Absence, AppPart, AppProtocol, Condition, Effect, FieldTest, IntCompare, IntEffect, IntOperand, Interface, Look,
    TxCondition, TxTest, Xbit,
};
use crate::fast_pattern::{self, FastPattern, Site};
use crate::fields;
use crate::frame::FrameTest;
use crate::names::Name;
use crate::port_table::{PortId, PortTable};
use crate::rule::{RuleMeta, RuleType, Suppress};
use crate::transform::Transform;

/// Buffer of the packet's or stream's payload.
pub(crate) const PAYLOAD: &str = "payload";
/// Buffer of what `base64_decode` decoded.
pub(crate) const BASE64_DATA: &str = "base64_data";
/// Conditions a rule may have on transactions: what held is kept in the bits of one word, the last is the payload's.
pub(crate) const TX_CONDITIONS: usize = 63;

/// Classes of packets, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Classes(pub(crate) u8);

impl Classes {
    pub(crate) const TCP: u8 = 1;
    pub(crate) const UDP: u8 = 2;
    pub(crate) const ICMP: u8 = 4;
    pub(crate) const SCTP: u8 = 8;
    /// Any other IP packet.
    pub(crate) const IP: u8 = 16;
    /// No IP packet.
    pub(crate) const NONE: u8 = 32;
}

/// A rule, ready to run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) meta: RuleMeta,
    pub(crate) classes: Classes,
    /// 4, 6, or 0 for both.
    pub(crate) ip_version: u8,
    /// Only packets that are no IP packets are looked at by `arp` and `ether` rules with this type; 0: any.
    pub(crate) ether_type: u16,
    /// Application protocols it is for, by position; `None`: whatever the flow speaks.
    pub(crate) apps: Option<Box<[usize]>>,
    pub(crate) source: AddressId,
    pub(crate) destination: AddressId,
    pub(crate) source_port: PortId,
    pub(crate) destination_port: PortId,
    /// `<>`: the header may hold either way.
    pub(crate) both_ways: bool,
    pub(crate) flow: ir::FlowRequirement,
    /// Directions it is inspected in.
    pub(crate) directions: [bool; 2],
    /// It looks at packets.
    pub(crate) on_packet: bool,
    /// It looks at the stream.
    pub(crate) on_stream: bool,
    /// It needs a payload.
    pub(crate) has_payload: bool,
    /// Its payload conditions leave open where in the stream they hold.
    pub(crate) spans: bool,
    pub(crate) conditions: Vec<(usize, Condition)>,
    pub(crate) payload: Vec<(usize, Look)>,
    pub(crate) tx: Vec<TxCondition>,
    pub(crate) frame: Option<FrameTest>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) variables: usize,
    pub(crate) fast: Option<FastPattern>,
    /// `pass`, `drop`, `reject`, `alert`: smaller runs first.
    pub(crate) order: Order,
    /// Keeps bits of single hosts.
    pub(crate) host_state: bool,
    /// It waits for an event of a transaction.
    pub(crate) asks_event: bool,
    /// `=>`: it looks at both halves of a transaction.
    pub(crate) whole_tx: bool,
}

/// Where a rule stands among the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Order {
    pub(crate) action: u8,
    pub(crate) flowbits: StateUse,
    /// Among rules that both read and set bits: those whose bits others read come first.
    pub(crate) depth: u32,
    pub(crate) flowints: StateUse,
    pub(crate) xbits: StateUse,
    pub(crate) priority: u8,
    pub(crate) gid: u32,
    pub(crate) sid: u32,
}

/// What a rule does with some kind of state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StateUse {
    Sets,
    SetsAndReads,
    Reads,
    #[default]
    None,
}

impl StateUse {
    const fn new(sets: bool, reads: bool) -> Self {
        match (sets, reads) {
            (true, false) => Self::Sets,
            (true, true) => Self::SetsAndReads,
            (false, true) => Self::Reads,
            (false, false) => Self::None,
        }
    }
}

/// What rules are planned against.
pub(crate) struct Planner<'p> {
    pub(crate) protocols: &'static [ProtocolDef],
    pub(crate) stream_events: &'static [&'static str],
    pub(crate) limits: Limits,
    pub(crate) addresses: &'p mut AddressTable,
    pub(crate) ports: &'p mut PortTable,
}

impl Planner<'_> {
    /// Plans a rule of a batch with these sets.
    ///
    /// # Errors
    /// A sentence about what cannot be done.
    pub(crate) fn plan(
        &mut self,
        rule: &ir::Rule,
        lists: &[Result<AddressList, String>],
        sets: &ir::BatchSets,
    ) -> Result<Plan, String> {
        let list = |at: u32| match lists.get(at as usize) {
            Some(Ok(list)) => Ok(list.clone()),
            Some(Err(why)) => Err(why.clone()),
            None => Err(format!("address set {at} is not in the batch")),
        };
        let port = |at: u32| sets.ports.get(at as usize).ok_or_else(|| format!("port set {at} is not in the batch"));
        let suppressions = rule
            .suppressions
            .iter()
            .map(|line| Ok(Suppress { track: line.track, addresses: list(line.addresses)? }))
            .collect::<Result<_, String>>()?;
        let (source_list, destination_list) = (list(rule.source)?, list(rule.destination)?);
        let negated_addresses = [rule.source, rule.destination]
            .iter()
            .any(|at| sets.addresses.get(*at as usize).is_some_and(|set| !set.exclude.is_empty()));

        let mut draft = Draft::new(self.protocols, self.stream_events, rule, self.limits);
        draft.header()?;
        for (position, condition) in rule.conditions.iter().enumerate() {
            draft.condition(position, condition)?;
        }
        draft.hook()?;
        draft.unmixed()?;
        let source_port = self.ports.add(port(rule.source_port)?);
        let destination_port = self.ports.add(port(rule.destination_port)?);
        let (kind, on_packet, on_stream) = draft.kind(negated_addresses);
        let directions = draft.directions(kind);
        let fast = fast_pattern::choose(rule, kind, &draft.tx, draft.frame.as_ref(), &draft.payload);
        let order = draft.order();
        let whole_tx = kind == RuleType::AppTx && directions == [true, true] && draft.is_whole_tx();
        let has_payload = !draft.payload.is_empty();
        let spans = draft.payload.iter().flat_map(|(_, look)| &look.checks).all(Check::is_placeless);
        Ok(Plan {
            classes: draft.classes,
            ip_version: draft.ip_version,
            ether_type: draft.ether_type,
            apps: draft.apps.take().map(Into::into),
            source: self.addresses.add(source_list),
            destination: self.addresses.add(destination_list),
            source_port,
            destination_port,
            both_ways: rule.direction == ir::Direction::Both,
            flow: rule.flow,
            directions,
            on_packet,
            on_stream,
            has_payload,
            spans,
            variables: draft.scope.len(),
            conditions: draft.conditions,
            payload: draft.payload,
            tx: draft.tx,
            frame: draft.frame,
            effects: draft.effects,
            fast,
            order,
            host_state: draft.host_state,
            asks_event: draft.asks_event,
            whole_tx,
            meta: RuleMeta {
                gid: rule.gid,
                sid: rule.sid,
                rev: rule.rev,
                action: rule.action,
                msg: rule.msg.clone(),
                class: rule.class.clone(),
                priority: rule.priority,
                protocol: rule.protocol.clone(),
                references: rule.references.clone(),
                metadata: rule.metadata.clone(),
                target: rule.target,
                noalert: rule.noalert,
                tag: rule.tag.clone(),
                text: rule.text.clone(),
                threshold: rule.threshold,
                detection_filter: rule.detection_filter,
                suppressions,
                kind,
            },
        })
    }
}

/// A plan while the conditions are read.
struct Draft<'r> {
    protocols: &'static [ProtocolDef],
    stream_events: &'static [&'static str],
    rule: &'r ir::Rule,
    scope: Scope,
    classes: Classes,
    ip_version: u8,
    ether_type: u16,
    apps: Option<Vec<usize>>,
    conditions: Vec<(usize, Condition)>,
    payload: Vec<(usize, Look)>,
    tx: Vec<TxCondition>,
    frame: Option<FrameTest>,
    effects: Vec<Effect>,
    /// Something that only packets have is asked for.
    needs_packet: bool,
    needs_both: bool,
    host_state: bool,
    asks_event: bool,
    hook: Option<Direction>,
}

impl<'r> Draft<'r> {
    fn new(
        protocols: &'static [ProtocolDef],
        stream_events: &'static [&'static str],
        rule: &'r ir::Rule,
        limits: Limits,
    ) -> Self {
        Self {
            protocols,
            stream_events,
            rule,
            scope: Scope::new(limits),
            classes: Classes(0),
            ip_version: 0,
            ether_type: 0,
            apps: None,
            conditions: Vec::new(),
            payload: Vec::new(),
            tx: Vec::new(),
            frame: None,
            effects: Vec::new(),
            needs_packet: false,
            needs_both: false,
            host_state: false,
            asks_event: false,
            hook: None,
        }
    }

    fn header(&mut self) -> Result<(), String> {
        const ANY_IP: u8 = Classes::TCP | Classes::UDP | Classes::ICMP | Classes::SCTP | Classes::IP;
        let (classes, version) = match &self.rule.protocol {
            HeaderProtocol::Ip => (ANY_IP, 0),
            HeaderProtocol::Ipv4 => (ANY_IP, 4),
            HeaderProtocol::Ipv6 => (ANY_IP, 6),
            HeaderProtocol::Tcp | HeaderProtocol::TcpPacket | HeaderProtocol::TcpStream => (Classes::TCP, 0),
            HeaderProtocol::Udp => (Classes::UDP, 0),
            HeaderProtocol::Icmp => (Classes::ICMP, 0),
            HeaderProtocol::Icmpv4 => (Classes::ICMP, 4),
            HeaderProtocol::Icmpv6 => (Classes::ICMP, 6),
            HeaderProtocol::Sctp => (Classes::SCTP, 0),
            HeaderProtocol::Ethernet | HeaderProtocol::Pkthdr => (ANY_IP | Classes::NONE, 0),
            HeaderProtocol::Arp => {
                self.ether_type = 0x0806;
                (Classes::NONE, 0)
            }
            HeaderProtocol::Application(name) => {
                let apps = self.apps_named(name);
                if apps.is_empty() {
                    return Err(format!("application protocol `{name}` is not known"));
                }
                let classes = self.classes_of(&apps);
                self.apps = Some(apps);
                (classes, 0)
            }
        };
        self.classes = Classes(classes);
        self.ip_version = version;
        Ok(())
    }

    /// The protocols a name in a rule stands for.
    fn apps_named(&self, name: &str) -> Vec<usize> {
        let stands_for = |def: &ProtocolDef| {
            let info = &def.info;
            info.name == name
                || info.aliases.contains(&name)
                || match name {
                    "http" => matches!(info.name, "http1" | "http2"),
                    "dcerpc" => info.name == "smb",
                    "dns" => info.name == "doh2",
                    _ => false,
                }
        };
        (0..).zip(self.protocols).filter(|(_, def)| stands_for(def)).map(|(at, _)| at).collect()
    }

    fn classes_of(&self, apps: &[usize]) -> u8 {
        let transports = apps.iter().filter_map(|at| self.protocols.get(*at)).flat_map(|def| def.info.transports);
        transports.fold(0, |classes, transport| {
            classes
                | match transport {
                    Transport::Tcp => Classes::TCP,
                    Transport::Udp => Classes::UDP,
                }
        })
    }

    fn condition(&mut self, position: usize, condition: &ir::Condition) -> Result<(), String> {
        match condition {
            ir::Condition::Buffer { buffer, transforms, checks } => self.buffer(position, buffer, transforms, checks),
            ir::Condition::Item { buffer, item, transforms, checks } => {
                let look = self.look(buffer, transforms, checks)?;
                self.tx_condition(position, buffer, TxTest::Item(item.as_str().into(), look))
            }
            ir::Condition::Frame { buffer, transforms, checks } => self.frame(position, buffer, transforms, checks),
            ir::Condition::Number { field, test } => self.field(position, field, FieldTest::Ranges(Ranges::new(test))),
            ir::Condition::Flags { field, compare, value, mask, negated } => {
                let test = FieldTest::Bits { compare: *compare, value: *value, mask: *mask, negated: *negated };
                self.field(position, field, test)
            }
            ir::Condition::Presence { field, value, negated } => self.presence(position, field, value, *negated),
            ir::Condition::Interface { uuid, version, any_fragment } => {
                let octets = unhex(&uuid.replace('-', ""))?;
                let uuid = octets.try_into().map_err(|_| format!("`{uuid}` is no UUID"))?;
                let version = version.as_ref().map(Ranges::new);
                let interface = Interface { uuid, version, any_fragment: *any_fragment };
                self.tx_condition(position, "dcerpc.iface", TxTest::Interface(interface))
            }
            ir::Condition::StreamSize { side, test } => {
                self.needs_both = true;
                self.packet_condition(position, Condition::StreamSize { side: *side, test: Ranges::new(test) });
                Ok(())
            }
            ir::Condition::FlowBits { action, names } => {
                let names: Box<[Name]> = names.iter().map(|name| Name::new(name)).collect();
                match action {
                    FlowBitAction::Set | FlowBitAction::Unset | FlowBitAction::Toggle => {
                        self.effects.push(Effect::FlowBits { action: *action, names });
                    }
                    FlowBitAction::IsSet => self.packet_condition(position, Condition::FlowBits { set: true, names }),
                    FlowBitAction::IsNotSet => {
                        self.packet_condition(position, Condition::FlowBits { set: false, names });
                    }
                }
                Ok(())
            }
            ir::Condition::FlowInt { name, action, value } => self.flow_int(position, name, *action, value.as_ref()),
            ir::Condition::XBits { action, name, scope, expire } => {
                let xbit = Xbit { name: Name::new(name), scope: *scope, expire: *expire };
                self.host_state |= matches!(scope, ir::XbitScope::Source | ir::XbitScope::Destination);
                match action {
                    FlowBitAction::Set | FlowBitAction::Unset | FlowBitAction::Toggle => {
                        self.effects.push(Effect::XBit { action: *action, xbit });
                    }
                    FlowBitAction::IsSet => self.packet_condition(position, Condition::XBit { set: true, xbit }),
                    FlowBitAction::IsNotSet => self.packet_condition(position, Condition::XBit { set: false, xbit }),
                }
                Ok(())
            }
        }
    }

    fn packet_condition(&mut self, position: usize, condition: Condition) {
        self.conditions.push((position, condition));
    }

    fn flow_int(
        &mut self,
        position: usize,
        name: &str,
        action: FlowIntAction,
        value: Option<&ir::Operand>,
    ) -> Result<(), String> {
        let name = Name::new(name);
        let operand = || match value {
            Some(ir::Operand::Number(number)) => u32::try_from(*number)
                .map(IntOperand::Number)
                .map_err(|_| format!("flowint: {number} is not between 0 and {}", u32::MAX)),
            Some(ir::Operand::Variable(name)) => Ok(IntOperand::Variable(Name::new(name))),
            None => Err("flowint: the value is missing".to_owned()),
        };
        let compare = |compare| Ok::<_, String>(Condition::FlowInt { name, compare, operand: operand()? });
        let condition = match action {
            FlowIntAction::Set | FlowIntAction::Add | FlowIntAction::Subtract => {
                let effect = match action {
                    FlowIntAction::Set => IntEffect::Set,
                    FlowIntAction::Add => IntEffect::Add,
                    _ => IntEffect::Subtract,
                };
                self.effects.push(Effect::FlowInt { name, effect, operand: operand()? });
                return Ok(());
            }
            FlowIntAction::IsSet => Condition::FlowIntSet { name, set: true },
            FlowIntAction::NotSet => Condition::FlowIntSet { name, set: false },
            FlowIntAction::Less => compare(IntCompare::Less)?,
            FlowIntAction::LessOrEqual => compare(IntCompare::LessOrEqual)?,
            FlowIntAction::Equal => compare(IntCompare::Equal)?,
            FlowIntAction::NotEqual => compare(IntCompare::NotEqual)?,
            FlowIntAction::GreaterOrEqual => compare(IntCompare::GreaterOrEqual)?,
            FlowIntAction::Greater => compare(IntCompare::Greater)?,
        };
        self.packet_condition(position, condition);
        Ok(())
    }

    fn field(&mut self, position: usize, name: &str, test: FieldTest) -> Result<(), String> {
        if let Some(field) = fields::field(name) {
            self.needs_packet |= field.of_packet;
            self.packet_condition(position, Condition::Field { field, test });
            return Ok(());
        }
        self.tx_condition(position, name, TxTest::Number(test))
    }

    fn presence(&mut self, position: usize, field: &str, value: &str, negated: bool) -> Result<(), String> {
        let unknown = || format!("{field}: `{value}` is not known");
        let at = |names: &[&str]| {
            names.iter().position(|name| *name == value).and_then(|at| u16::try_from(at).ok()).ok_or_else(unknown)
        };
        let condition = match field {
            "decode-event" => {
                self.needs_packet = true;
                Condition::DecodeEvent { event: DecodeEvent(at(DecodeEvent::NAMES)?), negated }
            }
            "stream-event" => {
                self.needs_packet = true;
                Condition::StreamEvent { event: at(self.stream_events)?, negated }
            }
            "app-layer-event" => match value.split_once('.') {
                Some((protocol, name)) => return self.app_event(position, protocol, name, negated),
                None => Condition::AppEvent { event: value.into(), negated },
            },
            "app-layer-protocol" => {
                let (names, mode) = value.split_once(',').unwrap_or((value, ""));
                let of = AppPart::named(mode.trim()).ok_or_else(unknown)?;
                let mut wanted = AppProtocol { of, negated, ..AppProtocol::default() };
                for name in names.split('|').map(str::trim) {
                    match name {
                        "failed" => wanted.failed = true,
                        "unknown" => wanted.unknown = true,
                        name => wanted.apps.extend(self.apps_named(name)),
                    }
                }
                if !wanted.failed && !wanted.unknown && wanted.apps.is_empty() {
                    return Err(unknown());
                }
                Condition::AppProtocol(wanted)
            }
            "sameip" => {
                self.needs_packet = true;
                Condition::SameIp { negated }
            }
            "ipopts" => {
                self.needs_packet = true;
                let kind = match value {
                    "any" => None,
                    name => Some(
                        fields::IP_OPTIONS
                            .iter()
                            .find(|(known, _)| *known == name)
                            .map(|(_, kind)| *kind)
                            .ok_or_else(unknown)?,
                    ),
                };
                Condition::IpOption { kind, negated }
            }
            _ => return Err(format!("`{field}` is not known")),
        };
        self.packet_condition(position, condition);
        Ok(())
    }

    fn app_event(&mut self, position: usize, protocol: &str, name: &str, negated: bool) -> Result<(), String> {
        let mut events = Vec::new();
        for app in self.apps_named(protocol) {
            let list = self.protocols.get(app).map_or(&[][..], |def| def.events);
            if let Some(at) = list.iter().position(|event| event.name == name) {
                events.push((app, u16::try_from(at).unwrap_or(u16::MAX)));
            }
        }
        if events.is_empty() {
            return Err(format!("app-layer-event: `{protocol}.{name}` is not known"));
        }
        self.restrict(events.iter().map(|(app, _)| *app).collect())?;
        self.asks_event |= !negated;
        let rows = events.into_iter().map(|(app, event)| (app, usize::from(event))).collect();
        self.push_tx(TxCondition {
            position,
            rows,
            progress: [Some(0), Some(0)],
            again: None,
            kind: BufferKind::Bytes,
            test: TxTest::Event { negated },
        })
    }

    /// Keeps those application protocols that are in `apps` too.
    fn restrict(&mut self, apps: Vec<usize>) -> Result<(), String> {
        let narrowed: Vec<usize> = match self.apps.take() {
            Some(known) => known.into_iter().filter(|app| apps.contains(app)).collect(),
            None => apps,
        };
        if narrowed.is_empty() {
            return Err("its keywords belong to different application protocols".into());
        }
        self.classes.0 &= self.classes_of(&narrowed);
        self.apps = Some(narrowed);
        Ok(())
    }

    fn push_tx(&mut self, condition: TxCondition) -> Result<(), String> {
        if self.tx.len() >= TX_CONDITIONS {
            return Err(format!("more than {TX_CONDITIONS} buffers"));
        }
        self.tx.push(condition);
        Ok(())
    }

    /// A condition on a row of the protocols.
    fn tx_condition(&mut self, position: usize, name: &str, test: TxTest) -> Result<(), String> {
        let mut rows = Vec::new();
        let (mut progress, mut again, mut kind) = ([None, None], None, None);
        for (app, def) in (0..).zip(self.protocols) {
            if self.apps.as_ref().is_some_and(|apps| !apps.contains(&app)) {
                continue;
            }
            let found = (0..).map_while(|row| (def.buffers)(row).map(|info| (row, info)));
            for (row, info) in found.filter(|(_, info)| info.name == name || info.aliases.contains(&name)) {
                rows.push((app, row));
                for direction in Direction::BOTH {
                    progress[direction] = progress[direction].max(info.hook.at(direction));
                }
                again = again.max(info.hook.again);
                kind = Some(info.kind);
            }
        }
        let Some(kind) = kind else {
            return Err(format!("`{name}` is not known, or not for this rule's protocol"));
        };
        let bytes = matches!(kind, BufferKind::Bytes | BufferKind::Multi | BufferKind::Body);
        let named = matches!(kind, BufferKind::Items);
        if bytes != matches!(test, TxTest::Buffer(_)) || named != matches!(test, TxTest::Item(..)) {
            return Err(format!("`{name}` cannot be asked this way"));
        }
        self.restrict(rows.iter().map(|(app, _)| *app).collect())?;
        self.push_tx(TxCondition { position, rows: rows.into(), progress, again, kind, test })
    }

    fn buffer(
        &mut self,
        position: usize,
        name: &str,
        transforms: &[ir::Transform],
        checks: &[ir::Check],
    ) -> Result<(), String> {
        if name == BASE64_DATA {
            let compiled = check::compile(checks, &mut self.scope)?;
            return self.base64(compiled);
        }
        let look = self.look(name, transforms, checks)?;
        if name == PAYLOAD {
            self.payload.push((position, look));
            return Ok(());
        }
        if let Some(buffer) = fields::buffer(name) {
            self.needs_packet = true;
            self.packet_condition(position, Condition::Buffer { buffer, look });
            return Ok(());
        }
        self.tx_condition(position, name, TxTest::Buffer(look))
    }

    /// A condition on a kind of frame.
    fn frame(
        &mut self,
        position: usize,
        name: &str,
        transforms: &[ir::Transform],
        checks: &[ir::Check],
    ) -> Result<(), String> {
        let look = self.look(name, transforms, checks)?;
        let of = |def: &ProtocolDef| def.frames.iter().position(|frame| frame.name == name);
        let found =
            (0..).zip(self.protocols).find_map(|(app, def)| of(def).map(|kind| (app, kind, def.frames.get(kind))));
        let (app, kind, info) = found.ok_or_else(|| format!("frame `{name}` is not known"))?;
        let name = info.map_or("", FrameInfo::short);
        let kind = FrameKind(u8::try_from(kind).map_err(|_| format!("frame `{name}` has no number"))?);
        self.restrict(vec![app])?;
        let frame = self.frame.get_or_insert(FrameTest { app, kind, name, looks: Vec::new() });
        if frame.kind != kind {
            return Err("it looks into two kinds of frames".into());
        }
        frame.looks.push((position, look));
        Ok(())
    }

    /// What looks into frames looks into nothing else.
    fn unmixed(&self) -> Result<(), String> {
        if self.frame.is_some() && !(self.tx.is_empty() && self.payload.is_empty()) {
            return Err("frames go with no other buffer, nor with the payload".into());
        }
        Ok(())
    }

    /// A buffer's name without dots, as EVE has it.
    fn plain_name(&self, name: &str) -> String {
        if name == PAYLOAD {
            return "content".into();
        }
        let rows = self.protocols.iter().flat_map(|def| (0..).map_while(|row| (def.buffers)(row)));
        let modifier = rows.filter(|info| info.name == name).find_map(|info| info.modifier);
        modifier.map_or_else(|| name.replace('.', "_"), str::to_owned)
    }

    fn look(&mut self, name: &str, transforms: &[ir::Transform], checks: &[ir::Check]) -> Result<Look, String> {
        if checks.iter().any(|check| matches!(check, ir::Check::Entropy(_))) {
            self.scope.buffer = self.plain_name(name);
        }
        let compiled = check::compile(checks, &mut self.scope)?;
        let absence = checks.iter().find_map(|check| match check {
            ir::Check::Absent { or_else } => Some(if *or_else { Absence::OrElse } else { Absence::Must }),
            _ => None,
        });
        Ok(Look {
            transforms: transforms.iter().map(Transform::new).collect::<Result<_, _>>()?,
            absence: absence.unwrap_or_default(),
            needs_all: compiled.iter().any(needs_all),
            checks: compiled,
        })
    }

    /// Checks on what the last `base64_decode` decoded run inside of it.
    fn base64(&mut self, checks: Vec<Check>) -> Result<(), String> {
        let in_tx = self.tx.iter_mut().filter_map(|condition| match &mut condition.test {
            TxTest::Buffer(look) | TxTest::Item(_, look) => Some((condition.position, look)),
            _ => None,
        });
        let in_frames = self.frame.iter_mut().flat_map(|frame| &mut frame.looks).map(|(at, look)| (*at, look));
        let in_payload = self.payload.iter_mut().map(|(position, look)| (*position, look));
        let slot = in_tx
            .chain(in_frames)
            .chain(in_payload)
            .flat_map(|(position, look)| look.checks.iter_mut().map(move |check| (position, check)))
            .filter_map(|(position, check)| match check {
                Check::Base64 { nested, .. } => Some((position, nested)),
                _ => None,
            })
            .max_by_key(|(position, _)| *position);
        let (_, nested) = slot.ok_or("`base64_data` without `base64_decode` before it")?;
        *nested = checks.into();
        Ok(())
    }

    /// The hook of the header is a condition on progress.
    fn hook(&mut self) -> Result<(), String> {
        let Some(hook) = &self.rule.hook else { return Ok(()) };
        let apps = self.apps.clone().ok_or("a hook needs an application protocol")?;
        let mut progress = [None, None];
        for direction in Direction::BOTH {
            for def in apps.iter().filter_map(|app| self.protocols.get(*app)) {
                let stage = def.info.stages[direction].iter().position(|stage| *stage == hook.stage);
                progress[direction] = progress[direction].max(stage.and_then(|stage| u8::try_from(stage).ok()));
            }
        }
        self.hook = Direction::BOTH.into_iter().find(|direction| progress[*direction].is_some());
        if self.hook.is_none() {
            return Err(format!("hook `{}` is not known", hook.stage));
        }
        self.push_tx(TxCondition {
            position: self.rule.conditions.len(),
            rows: apps.into_iter().map(|app| (app, 0)).collect(),
            progress,
            again: None,
            kind: BufferKind::Bytes,
            test: TxTest::Reached,
        })
    }

    /// The rule's type, and whether it looks at packets and at the stream.
    fn kind(&self, negated_addresses: bool) -> (RuleType, bool, bool) {
        if self.frame.is_some() {
            return (RuleType::Frame, false, false);
        }
        if !self.tx.is_empty() {
            return (RuleType::AppTx, true, true);
        }
        let conditions = || self.conditions.iter().map(|(_, condition)| condition);
        let flow = &self.rule.flow;
        let stateless = self.payload.is_empty() && self.apps.is_none();
        let keeps_bits = |condition: &Condition| matches!(condition, Condition::XBit { .. });
        if stateless
            && flow.is_direction_only()
            && conditions().any(|condition| matches!(condition, Condition::AppProtocol(_)))
            && conditions().all(|condition| matches!(condition, Condition::AppProtocol(_)) || keeps_bits(condition))
        {
            return (RuleType::ProtocolOnly, true, false);
        }
        let addresses_only = |condition: &Condition| {
            keeps_bits(condition) || matches!(condition, Condition::Field { field, .. } if field.name == "ip_proto")
        };
        let compatible = |effect: &Effect| {
            matches!(effect, Effect::FlowBits { action: ir::FlowBitAction::Set, .. } | Effect::XBit { .. })
        };
        if stateless
            && *flow == ir::FlowRequirement::default()
            && self.classes.0 & Classes::NONE == 0
            && conditions().all(addresses_only)
            && self.effects.iter().all(compatible)
        {
            return (if negated_addresses { RuleType::LikeIpOnly } else { RuleType::IpOnly }, true, false);
        }
        let is_event =
            |condition: &Condition| matches!(condition, Condition::DecodeEvent { .. } | Condition::StreamEvent { .. });
        if self.payload.is_empty() && !self.conditions.is_empty() && conditions().all(is_event) {
            return (RuleType::DecoderEvent, true, false);
        }
        let only_packet = self.needs_packet || flow.no_stream || self.rule.protocol == HeaderProtocol::TcpPacket;
        let only_stream = flow.only_stream || self.rule.protocol == HeaderProtocol::TcpStream;
        if !self.payload.is_empty() {
            if self.classes.0 & Classes::TCP == 0 || only_packet {
                return (RuleType::Packet, true, self.classes.0 & !Classes::TCP == 0 && !only_packet);
            }
            let anchored = self.payload.iter().flat_map(|(_, look)| &look.checks).any(|check| match check {
                Check::Content(content) => !content.relative && (content.start.is_some() || content.end.is_some()),
                _ => false,
            });
            return match only_stream {
                false if anchored || self.needs_both => (RuleType::PacketStream, true, true),
                _ => (RuleType::Stream, false, true),
            };
        }
        if self.apps.is_some() && self.conditions.is_empty() && flow.is_direction_only() {
            return (RuleType::AppLayer, true, false);
        }
        (RuleType::Packet, true, false)
    }

    fn directions(&self, kind: RuleType) -> [bool; 2] {
        let flow = &self.rule.flow;
        if kind == RuleType::AppTx && self.rule.direction == ir::Direction::Transaction {
            return [true, true];
        }
        if flow.to_server || flow.to_client {
            return [flow.to_server, flow.to_client];
        }
        if let Some(hook) = self.hook {
            return [hook == Direction::ToServer, hook == Direction::ToClient];
        }
        if self.tx.is_empty() {
            return [true, true];
        }
        let only = |direction: Direction| {
            self.tx.iter().any(|condition| {
                condition.progress[direction].is_some() && condition.progress[direction.flip()].is_none()
            })
        };
        match (only(Direction::ToServer), only(Direction::ToClient)) {
            (true, false) => [true, false],
            (false, true) => [false, true],
            _ => [true, true],
        }
    }

    /// Its conditions are on both halves of a transaction.
    fn is_whole_tx(&self) -> bool {
        let only = |direction: Direction| {
            self.tx.iter().any(|condition| {
                condition.progress[direction].is_some() && condition.progress[direction.flip()].is_none()
            })
        };
        self.rule.direction == ir::Direction::Transaction || (only(Direction::ToServer) && only(Direction::ToClient))
    }

    fn order(&self) -> Order {
        let reads = |wanted: fn(&Condition) -> bool| self.conditions.iter().any(|(_, condition)| wanted(condition));
        let sets = |wanted: fn(&Effect) -> bool| self.effects.iter().any(wanted);
        Order {
            action: match self.rule.action {
                ir::Action::Pass => 0,
                ir::Action::Drop => 1,
                ir::Action::Reject | ir::Action::RejectSrc | ir::Action::RejectDst | ir::Action::RejectBoth => 2,
                ir::Action::Alert | ir::Action::Config => 3,
            },
            flowbits: StateUse::new(
                sets(|effect| matches!(effect, Effect::FlowBits { .. })),
                reads(|condition| matches!(condition, Condition::FlowBits { .. })),
            ),
            depth: 0,
            flowints: StateUse::new(
                sets(|effect| matches!(effect, Effect::FlowInt { .. })),
                reads(|condition| matches!(condition, Condition::FlowInt { .. } | Condition::FlowIntSet { .. })),
            ),
            xbits: StateUse::new(
                sets(|effect| matches!(effect, Effect::XBit { .. })),
                reads(|condition| matches!(condition, Condition::XBit { .. })),
            ),
            priority: self.rule.priority,
            gid: self.rule.gid,
            sid: self.rule.sid,
        }
    }
}

/// Checks whose answer can change as long as octets follow.
fn needs_all(check: &Check) -> bool {
    match check {
        Check::Content(content) => content.negated || content.ends_with,
        Check::Pcre(pcre) => pcre.negated,
        Check::IsDataAt { negated, .. } => *negated,
        Check::Size(_) | Check::Entropy { .. } => true,
        Check::ByteJump(jump) => jump.from_end,
        Check::ByteTest(_) | Check::ByteExtract(_) | Check::ByteMath(_) | Check::Base64 { .. } => false,
    }
}

impl Plan {
    /// The set of ports of the side that offers the service, seen by packets of one direction.
    pub(crate) const fn service_ports(&self, direction: Direction) -> PortId {
        match direction {
            Direction::ToServer => self.destination_port,
            Direction::ToClient => self.source_port,
        }
    }

    /// Does it have something to look at when a flow ends, where there is no packet? The rest of the stream, an event, or what
    /// the flow turned out to speak; what it asks of a packet or of the flow at a packet holds nowhere then, as in Suricata.
    pub(crate) fn outlives_packets(&self) -> bool {
        self.has_payload
            || self.meta.kind == RuleType::AppLayer
            || self.conditions.iter().any(|(_, condition)| matches!(condition, Condition::AppEvent { .. }))
    }

    /// A rule on transactions that neither a pattern in them nor an event makes a candidate: it is one for each look.
    pub(crate) fn is_plain_on_tx(&self) -> bool {
        !self.asks_event && !self.fast.as_ref().is_some_and(|fast| matches!(fast.site, Site::Tx(_)))
    }

    /// The fast pattern, when it is looked for in the payload.
    pub(crate) fn payload_pattern(&self) -> Option<&FastPattern> {
        self.fast.as_ref().filter(|fast| fast.site == Site::Payload)
    }
}
