//! Conditions on packets, flows and what rules keep.

use sidewire_app_layer::BufferKind;
use sidewire_decode::DecodeEvent;
use sidewire_ir as ir;
use sidewire_ir::{FlowBitAction, FlowIntAction};

use crate::compile::draft::Draft;
use crate::keyword::check::{Ranges, unhex};
use crate::keyword::condition::{
    AppPart, AppProtocol, Condition, Effect, FieldTest, IntCompare, IntEffect, IntOperand, Interface, TxCondition,
    TxTest, Xbit,
};
use crate::keyword::fields;
use crate::state::names::Name;

impl Draft<'_> {
    pub(in crate::compile) fn condition(&mut self, position: usize, condition: &ir::Condition) -> Result<(), String> {
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

    pub(in crate::compile) fn packet_condition(&mut self, position: usize, condition: Condition) {
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
}
