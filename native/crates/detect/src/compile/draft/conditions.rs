//! Conditions of the IR, each handed to the keyword that knows what it means.

use crate::ir;
use crate::keyword::file::{FileStoring, FileTest};
use sidewire_app_layer::BufferKind;
use sidewire_app_layer::FILES_ROW;
use sidewire_base::{Direction, EventId, ProtocolId};

use crate::compile::draft::PlanDraft;
use crate::error::RuleError;
use crate::keyword::app_protocol::AppProtocolTest;
use crate::keyword::condition::{CompiledPacketTest, MatchEffect, PacketCondition};
use crate::keyword::dcerpc_iface::InterfaceTest;
use crate::keyword::document::DocumentStoring;
use crate::keyword::events::{AppEventTest, DecodeEventTest, StreamEventTest};
use crate::keyword::field_test::FieldTest;
use crate::keyword::meaning::KeywordMeaning;
use crate::keyword::ranges::NumberRanges;
use crate::keyword::tx_condition::{BufferEngine, EngineTarget, TxCondition, TxTest};
use crate::keyword::{flowbits, flowint, xbits};
use crate::state::flow_tags::SessionTag;

impl PlanDraft<'_> {
    pub(super) fn condition(&mut self, position: usize, condition: &ir::Condition) -> Result<(), RuleError> {
        let condition = match condition {
            ir::Condition::Buffer { buffer, transforms, checks } => {
                return self.buffer(position, buffer, transforms, checks);
            }
            ir::Condition::Item { buffer, item, transforms, checks } => {
                let look = self.buffer_inspection(buffer, transforms, checks)?;
                return self.tx_condition(position, buffer, TxTest::Item(item.as_str().into(), look));
            }
            ir::Condition::Frame { buffer, transforms, checks } => {
                return self.frame(position, buffer, transforms, checks);
            }
            ir::Condition::Number { field, test } => {
                return self.field(position, field, FieldTest::Ranges(NumberRanges::new(test)));
            }
            ir::Condition::Flags { field, compare, value, mask, negated } => {
                let test = FieldTest::Bits { compare: *compare, value: *value, mask: *mask, negated: *negated };
                return self.field(position, field, test);
            }
            ir::Condition::Interface { uuid, version, any_fragment } => {
                let test = InterfaceTest::new(uuid, version.as_ref(), *any_fragment)?;
                return self.tx_condition(position, "dcerpc.iface", TxTest::Interface(test));
            }
            ir::Condition::AppLayerEvent { protocol: Some(protocol), event, negated } => {
                return self.app_event(position, protocol, event, *negated);
            }
            ir::Condition::AppLayerEvent { protocol: None, event, negated } => {
                PacketCondition::AppEvent(AppEventTest::new(event, *negated))
            }
            ir::Condition::AppLayerProtocol { part, protocols, failed, unknown, negated } => {
                let (apps, failed, unknown, negated) = (self.apps_of(protocols)?, *failed, *unknown, *negated);
                PacketCondition::AppProtocol(AppProtocolTest { part: *part, apps, failed, unknown, negated })
            }
            ir::Condition::DecodeEvent { event, negated } => {
                PacketCondition::DecodeEvent(DecodeEventTest::new(event, *negated)?)
            }
            ir::Condition::StreamEvent { event, negated } => {
                PacketCondition::StreamEvent(StreamEventTest::new(event, self.around.stream_events, *negated)?)
            }
            ir::Condition::Packet { test } => {
                let test = CompiledPacketTest::new(test)?;
                self.needs_both |= test.is_of_both();
                PacketCondition::Test(test)
            }
            ir::Condition::File { checks } => {
                self.storing = self.storing.or(FileStoring::new(checks));
                return self.tx_condition(position, FILES_ROW, TxTest::Files(FileTest::new(checks)?));
            }
            ir::Condition::Tag { count, metric } => {
                self.does(MatchEffect::Tag(SessionTag { sid: self.rule.sid, count: *count, metric: *metric }));
                return Ok(());
            }
            ir::Condition::FlowBits { action, names } => {
                let meaning = flowbits::compile(*action, names);
                self.ask_or_do(position, meaning, PacketCondition::FlowBits, MatchEffect::FlowBits);
                return Ok(());
            }
            ir::Condition::FlowInt { name, action, value } => {
                let meaning = flowint::compile(name, *action, value.as_ref())?;
                self.ask_or_do(position, meaning, PacketCondition::FlowInt, MatchEffect::FlowInt);
                return Ok(());
            }
            ir::Condition::StoreDocument => {
                self.does(MatchEffect::Document(DocumentStoring));
                return Ok(());
            }
            ir::Condition::XBits { action, name, scope, expire } => {
                let meaning = xbits::compile(*action, name, *scope, *expire);
                self.ask_or_do(position, meaning, PacketCondition::Xbit, MatchEffect::Xbit);
                return Ok(());
            }
        };
        self.ask(position, condition);
        Ok(())
    }

    /// The protocols of some names.
    fn apps_of(&self, names: &[String]) -> Result<Vec<ProtocolId>, RuleError> {
        let mut apps = Vec::new();
        for name in names {
            match self.around.names.protocols(name) {
                [] => return Err(RuleError::Protocol(name.clone())),
                found => apps.extend(found),
            }
        }
        Ok(apps)
    }

    /// Adds what a keyword means that is a condition in one rule and an effect in another.
    fn ask_or_do<C, E>(
        &mut self,
        position: usize,
        meaning: KeywordMeaning<C, E>,
        condition: fn(C) -> PacketCondition,
        effect: fn(E) -> MatchEffect,
    ) {
        match meaning {
            KeywordMeaning::Condition(test) => self.ask(position, condition(test)),
            KeywordMeaning::Effect(change) => self.does(effect(change)),
        }
    }

    /// Adds a condition on the packet or its flow.
    pub(super) fn ask(&mut self, position: usize, condition: PacketCondition) {
        self.needs_packet |= condition.needs_packet();
        self.host_state |= matches!(&condition, PacketCondition::Xbit(test) if test.is_shared());
        self.conditions.push((position, condition));
    }

    fn does(&mut self, effect: MatchEffect) {
        self.host_state |= matches!(&effect, MatchEffect::Xbit(change) if change.is_shared());
        self.effects.push(effect);
    }

    /// A number of a packet or flow, or else of a protocol.
    fn field(&mut self, position: usize, name: &str, test: FieldTest) -> Result<(), RuleError> {
        let Some(field) = self.around.names.field(name) else {
            return self.tx_condition(position, name, TxTest::Number(test));
        };
        self.ask(position, PacketCondition::Field { field, test });
        Ok(())
    }

    /// An event of a protocol, raised on a transaction.
    fn app_event(&mut self, position: usize, protocol: &str, name: &str, negated: bool) -> Result<(), RuleError> {
        let mut engines = Vec::new();
        for &app in self.around.names.protocols(protocol) {
            let list = self.around.protocols.get(app.index()).map_or(&[][..], |def| def.info.events);
            let Some(event) = list.iter().position(|event| event.name == name) else { continue };
            for direction in Direction::BOTH {
                engines.push(BufferEngine {
                    app,
                    direction,
                    target: EngineTarget::Event(EventId::at(event)),
                    progress: 0,
                    reinspect_at: None,
                    kind: BufferKind::Bytes,
                });
            }
        }
        if engines.is_empty() {
            return Err(RuleError::Value { keyword: "app-layer-event", value: format!("{protocol}.{name}") });
        }
        self.asks_event |= !negated;
        self.push_tx(TxCondition { position, engines, files: None, test: TxTest::Event { negated } })
    }
}
