//! A rule while its conditions are read.

mod buffers;
mod conditions;
mod kind;

use crate::ir;
use crate::keyword::file::FileStoring;
use sidewire_app_layer::{ProtocolDef, Transport};
use sidewire_base::{Direction, ProtocolId};
use sidewire_ir::HeaderProtocol;
use sidewire_mpm::RegexLimits;

use crate::compile::keyword_index::KeywordIndex;
use crate::compile::plan::{PacketClasses, TX_CONDITIONS};
use crate::error::RuleError;
use crate::keyword::buffer_test::{BufferInspection, FrameTest};
use crate::keyword::condition::{MatchEffect, PacketCondition};
use crate::keyword::operator::CompileScope;
use crate::keyword::transform::TransformTable;
use crate::keyword::tx_condition::TxCondition;

/// What the names in rules are resolved against.
pub(super) struct DraftContext<'p> {
    pub(super) protocols: &'static [ProtocolDef],
    pub(super) stream_events: &'static [&'static str],
    pub(super) names: &'p KeywordIndex,
    pub(super) transforms: &'p mut TransformTable,
    pub(super) limits: RegexLimits,
}

/// A plan while the conditions are read.
pub(super) struct PlanDraft<'p> {
    rule: &'p ir::Rule,
    around: DraftContext<'p>,
    pub(super) scope: CompileScope,
    pub(super) classes: PacketClasses,
    pub(super) ip_version: u8,
    pub(super) ether_type: u16,
    pub(super) apps: Option<Vec<ProtocolId>>,
    pub(super) conditions: Vec<(usize, PacketCondition)>,
    pub(super) payload: Vec<(usize, BufferInspection)>,
    pub(super) tx: Vec<TxCondition>,
    pub(super) frame: Option<FrameTest>,
    pub(super) effects: Vec<MatchEffect>,
    /// Something that only packets have is tested.
    needs_packet: bool,
    needs_both: bool,
    pub(super) host_state: bool,
    pub(super) asks_event: bool,
    pub(super) storing: Option<FileStoring>,
    hook: Option<Direction>,
}

impl<'p> PlanDraft<'p> {
    /// Reads the whole of a rule.
    ///
    /// # Errors
    /// What cannot be used.
    pub(super) fn read(rule: &'p ir::Rule, around: DraftContext<'p>) -> Result<Self, RuleError> {
        let scope = CompileScope::new(around.limits);
        let mut draft = Self {
            rule,
            around,
            scope,
            classes: PacketClasses(0),
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
            storing: None,
            hook: None,
        };
        draft.header()?;
        for (position, condition) in rule.conditions.iter().enumerate() {
            draft.condition(position, condition)?;
        }
        draft.hook()?;
        draft.unmixed()?;
        // Later conditions may have left fewer protocols than earlier ones were compiled for.
        if let Some(apps) = &draft.apps {
            for condition in &mut draft.tx {
                condition.engines.retain(|engine| apps.contains(&engine.app));
            }
        }
        Ok(draft)
    }

    fn header(&mut self) -> Result<(), RuleError> {
        const ANY_IP: u8 =
            PacketClasses::TCP | PacketClasses::UDP | PacketClasses::ICMP | PacketClasses::SCTP | PacketClasses::IP;
        let (classes, version) = match &self.rule.protocol {
            HeaderProtocol::Ip => (ANY_IP, 0),
            HeaderProtocol::Ipv4 => (ANY_IP, 4),
            HeaderProtocol::Ipv6 => (ANY_IP, 6),
            HeaderProtocol::Tcp | HeaderProtocol::TcpPacket | HeaderProtocol::TcpStream => (PacketClasses::TCP, 0),
            HeaderProtocol::Udp => (PacketClasses::UDP, 0),
            HeaderProtocol::Icmp => (PacketClasses::ICMP, 0),
            HeaderProtocol::Icmpv4 => (PacketClasses::ICMP, 4),
            HeaderProtocol::Icmpv6 => (PacketClasses::ICMP, 6),
            HeaderProtocol::Sctp => (PacketClasses::SCTP, 0),
            HeaderProtocol::Ethernet | HeaderProtocol::Pkthdr => (ANY_IP | PacketClasses::NONE, 0),
            HeaderProtocol::Arp => {
                self.ether_type = 0x0806;
                (PacketClasses::NONE, 0)
            }
            HeaderProtocol::Application(name) => {
                let apps = self.around.names.protocols(name).to_vec();
                if apps.is_empty() {
                    return Err(RuleError::Protocol(name.clone()));
                }
                let classes = self.classes_of(&apps);
                self.apps = Some(apps);
                (classes, 0)
            }
        };
        self.classes = PacketClasses(classes);
        self.ip_version = version;
        Ok(())
    }

    fn classes_of(&self, apps: &[ProtocolId]) -> u8 {
        let protocols = self.around.protocols;
        let transports = apps.iter().filter_map(|at| protocols.get(at.index())).flat_map(|def| def.info.transports);
        transports.fold(0, |classes, transport| {
            classes
                | match transport {
                    Transport::Tcp => PacketClasses::TCP,
                    Transport::Udp => PacketClasses::UDP,
                }
        })
    }

    /// Keeps those application protocols that are in `apps` too.
    fn restrict(&mut self, apps: &[ProtocolId]) -> Result<(), RuleError> {
        let mut narrowed: Vec<ProtocolId> = match self.apps.take() {
            Some(known) => known.into_iter().filter(|app| apps.contains(app)).collect(),
            None => apps.to_vec(),
        };
        narrowed.dedup();
        if narrowed.is_empty() {
            return Err(RuleError::Protocols);
        }
        self.classes.0 &= self.classes_of(&narrowed);
        self.apps = Some(narrowed);
        Ok(())
    }

    /// Adds a condition on transactions; the rule is for protocols that have it from here on.
    fn push_tx(&mut self, condition: TxCondition) -> Result<(), RuleError> {
        if self.tx.len() >= TX_CONDITIONS {
            return Err(RuleError::Buffers(TX_CONDITIONS));
        }
        let apps: Vec<ProtocolId> = condition.engines.iter().map(|engine| engine.app).collect();
        self.restrict(&apps)?;
        self.tx.push(condition);
        Ok(())
    }
}
