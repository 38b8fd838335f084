//! A rule while its conditions are read.
#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

mod buffers;
mod conditions;
mod kind;

use sidewire_app_layer::{ProtocolDef, Transport};
use sidewire_base::Direction;
use sidewire_ir as ir;
use sidewire_ir::HeaderProtocol;
use sidewire_mpm::Limits;

use crate::compile::plan::{Classes, TX_CONDITIONS};
use crate::keyword::check::Scope;
use crate::keyword::condition::{Condition, Effect, FrameTest, Look, TxCondition};

/// A plan while the conditions are read.
pub(in crate::compile) struct Draft<'r> {
    pub(in crate::compile) protocols: &'static [ProtocolDef],
    pub(in crate::compile) stream_events: &'static [&'static str],
    pub(in crate::compile) rule: &'r ir::Rule,
    pub(in crate::compile) scope: Scope,
    pub(in crate::compile) classes: Classes,
    pub(in crate::compile) ip_version: u8,
    pub(in crate::compile) ether_type: u16,
    pub(in crate::compile) apps: Option<Vec<usize>>,
    pub(in crate::compile) conditions: Vec<(usize, Condition)>,
    pub(in crate::compile) payload: Vec<(usize, Look)>,
    pub(in crate::compile) tx: Vec<TxCondition>,
    pub(in crate::compile) frame: Option<FrameTest>,
    pub(in crate::compile) effects: Vec<Effect>,
    /// Something that only packets have is asked for.
    pub(in crate::compile) needs_packet: bool,
    pub(in crate::compile) needs_both: bool,
    pub(in crate::compile) host_state: bool,
    pub(in crate::compile) asks_event: bool,
    pub(in crate::compile) hook: Option<Direction>,
}

impl<'r> Draft<'r> {
    pub(in crate::compile) fn new(
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

    pub(in crate::compile) fn header(&mut self) -> Result<(), String> {
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
    pub(in crate::compile) fn apps_named(&self, name: &str) -> Vec<usize> {
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

    pub(in crate::compile) fn classes_of(&self, apps: &[usize]) -> u8 {
        let transports = apps.iter().filter_map(|at| self.protocols.get(*at)).flat_map(|def| def.info.transports);
        transports.fold(0, |classes, transport| {
            classes
                | match transport {
                    Transport::Tcp => Classes::TCP,
                    Transport::Udp => Classes::UDP,
                }
        })
    }

    /// Keeps those application protocols that are in `apps` too.
    pub(in crate::compile) fn restrict(&mut self, apps: Vec<usize>) -> Result<(), String> {
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

    pub(in crate::compile) fn push_tx(&mut self, condition: TxCondition) -> Result<(), String> {
        if self.tx.len() >= TX_CONDITIONS {
            return Err(format!("more than {TX_CONDITIONS} buffers"));
        }
        self.tx.push(condition);
        Ok(())
    }
}
