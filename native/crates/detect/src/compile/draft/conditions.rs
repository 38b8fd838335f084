//! Conditions on packets, flows and what rules keep.

use crate::keyword::file::{FileStoring, FileTest};
use sidewire_app_layer::BufferKind;
use sidewire_app_layer::FILES_ROW;
use sidewire_base::Direction;
use sidewire_decode::DecodeEvent;
use sidewire_ir as ir;
use sidewire_ir::{FlowBitAction, FlowIntAction};

use crate::compile::draft::Draft;
use crate::error::RuleError;
use crate::keyword::check::{Ranges, unhex};
use crate::keyword::condition::{
    AppPart, AppProtocol, BufferEngine, Condition, Effect, FieldTest, IntCompare, IntEffect, IntOperand, Interface,
    TxCondition, TxTest, Xbit,
};
use crate::keyword::fields;
use crate::state::names::Name;

impl Draft<'_> {
    pub(super) fn condition(&mut self, position: usize, condition: &ir::Condition) -> Result<(), RuleError> {
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
                let uuid = octets.try_into().map_err(|_| RuleError::Uuid(uuid.clone()))?;
                let version = version.as_ref().map(Ranges::new);
                let interface = Interface { uuid, version, any_fragment: *any_fragment };
                self.tx_condition(position, "dcerpc.iface", TxTest::Interface(interface))
            }
            ir::Condition::File { checks } => {
                self.storing = self.storing.or(FileStoring::new(checks));
                self.tx_condition(position, FILES_ROW, TxTest::Files(FileTest::new(checks)?))
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

    pub(super) fn packet_condition(&mut self, position: usize, condition: Condition) {
        self.conditions.push((position, condition));
    }

    fn flow_int(
        &mut self,
        position: usize,
        name: &str,
        action: FlowIntAction,
        value: Option<&ir::Operand>,
    ) -> Result<(), RuleError> {
        let name = Name::new(name);
        let operand = || match value {
            Some(ir::Operand::Number(number)) => u32::try_from(*number).map(IntOperand::Number).map_err(|_| {
                RuleError::Range { keyword: "flowint", value: *number, least: 0, greatest: u32::MAX.into() }
            }),
            Some(ir::Operand::Variable(name)) => Ok(IntOperand::Variable(Name::new(name))),
            None => Err(RuleError::Missing("flowint")),
        };
        let compare = |compare| Ok::<_, RuleError>(Condition::FlowInt { name, compare, operand: operand()? });
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

    fn field(&mut self, position: usize, name: &str, test: FieldTest) -> Result<(), RuleError> {
        if let Some(field) = self.around.names.field(name) {
            self.needs_packet |= field.of_packet;
            self.packet_condition(position, Condition::Field { field, test });
            return Ok(());
        }
        self.tx_condition(position, name, TxTest::Number(test))
    }

    fn presence(&mut self, position: usize, field: &str, value: &str, negated: bool) -> Result<(), RuleError> {
        let unknown = |keyword: &'static str| RuleError::Value { keyword, value: value.to_owned() };
        let at = |keyword, names: &[&str]| {
            let found = names.iter().position(|name| *name == value).and_then(|at| u16::try_from(at).ok());
            found.ok_or_else(|| unknown(keyword))
        };
        let condition = match field {
            "decode-event" => {
                self.needs_packet = true;
                Condition::DecodeEvent { event: DecodeEvent(at("decode-event", DecodeEvent::NAMES)?), negated }
            }
            "stream-event" => {
                self.needs_packet = true;
                Condition::StreamEvent { event: at("stream-event", self.around.stream_events)?, negated }
            }
            "app-layer-event" => match value.split_once('.') {
                Some((protocol, name)) => return self.app_event(position, protocol, name, negated),
                None => Condition::AppEvent { event: value.into(), negated },
            },
            "app-layer-protocol" => {
                let (names, mode) = value.split_once(',').unwrap_or((value, ""));
                let of = AppPart::named(mode.trim()).ok_or_else(|| unknown("app-layer-protocol"))?;
                let mut wanted = AppProtocol { of, negated, ..AppProtocol::default() };
                for name in names.split('|').map(str::trim) {
                    match name {
                        "failed" => wanted.failed = true,
                        "unknown" => wanted.unknown = true,
                        name => wanted.apps.extend(self.around.names.protocols(name)),
                    }
                }
                if !wanted.failed && !wanted.unknown && wanted.apps.is_empty() {
                    return Err(unknown("app-layer-protocol"));
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
                            .ok_or_else(|| unknown("ipopts"))?,
                    ),
                };
                Condition::IpOption { kind, negated }
            }
            _ => return Err(RuleError::Keyword(field.to_owned())),
        };
        self.packet_condition(position, condition);
        Ok(())
    }

    fn app_event(&mut self, position: usize, protocol: &str, name: &str, negated: bool) -> Result<(), RuleError> {
        let mut engines = Vec::new();
        for &app in self.around.names.protocols(protocol) {
            let list = self.around.protocols.get(app).map_or(&[][..], |def| def.info.events);
            let Some(row) = list.iter().position(|event| event.name == name) else { continue };
            for direction in Direction::BOTH {
                engines.push(BufferEngine { app, direction, row, progress: 0, again: None, kind: BufferKind::Bytes });
            }
        }
        if engines.is_empty() {
            return Err(RuleError::Value { keyword: "app-layer-event", value: format!("{protocol}.{name}") });
        }
        self.asks_event |= !negated;
        self.push_tx(TxCondition { position, engines, files: None, test: TxTest::Event { negated } })
    }
}
