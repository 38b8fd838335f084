//! Conditions on buffers, frames and the hook of the header.

use crate::ir;
use sidewire_app_layer::{BufferKind, FILES_ROW};
use sidewire_base::Direction;

use crate::compile::draft::PlanDraft;
use crate::compile::keyword_index::{BufferRef, FrameRef};
use crate::compile::plan::{BASE64_DATA, PAYLOAD};
use crate::error::RuleError;
use crate::keyword::buffer_test::{Absence, BufferInspection, FrameTest};
use crate::keyword::condition::PacketCondition;
use crate::keyword::file::file_policy;
use crate::keyword::tx_condition::{BufferEngine, EngineTarget, TxCondition, TxTest};
use crate::keyword::{self, Check};

impl PlanDraft<'_> {
    /// A condition on a row of the protocols: one inspection engine for each protocol and direction that has it.
    pub(super) fn tx_condition(&mut self, position: usize, name: &str, test: TxTest) -> Result<(), RuleError> {
        let ours = |row: &&BufferRef| self.apps.as_ref().is_none_or(|apps| apps.contains(&row.app));
        let rows = || self.around.names.buffers(name).iter().filter(ours);
        if rows().next().is_none() {
            return Err(RuleError::Keyword(name.to_owned()));
        }
        let engines = rows().filter(|row| test.can_ask(row.info.kind)).flat_map(|row| {
            let hook = row.info.hook;
            let of = move |direction| {
                let progress = hook.at(direction)?;
                let BufferRef { app, buffer, info } = *row;
                let (target, kind) = (EngineTarget::Buffer(buffer), info.kind);
                Some(BufferEngine { app, direction, target, progress, reinspect_at: hook.reinspect_at, kind })
            };
            Direction::BOTH.into_iter().filter_map(of)
        });
        let engines: Vec<_> = engines.collect();
        if engines.is_empty() {
            return Err(RuleError::Kind(name.to_owned()));
        }
        // Of files, rules look at their own rows; their protocols may have one of the same meaning (`file.data`).
        let of_files = rows().map(|row| row.info.name).find(|name| *name == FILES_ROW || name.starts_with("file."));
        let files = of_files.map(|name| file_policy(name, test.file()));
        self.push_tx(TxCondition { position, engines, files, test })
    }

    pub(super) fn buffer(
        &mut self,
        position: usize,
        name: &str,
        transforms: &[ir::Transform],
        checks: &[ir::Check],
    ) -> Result<(), RuleError> {
        if name == BASE64_DATA {
            let compiled = keyword::compile(checks, &mut self.scope)?;
            return self.base64(compiled);
        }
        let look = self.buffer_inspection(name, transforms, checks)?;
        if name == PAYLOAD {
            self.payload.push((position, look));
            return Ok(());
        }
        if let Some(buffer) = self.around.names.packet_buffer(name) {
            self.ask(position, PacketCondition::Buffer { buffer, look });
            return Ok(());
        }
        self.tx_condition(position, name, TxTest::Buffer(look))
    }

    /// A condition on a kind of frame.
    pub(super) fn frame(
        &mut self,
        position: usize,
        name: &str,
        transforms: &[ir::Transform],
        checks: &[ir::Check],
    ) -> Result<(), RuleError> {
        let look = self.buffer_inspection(name, transforms, checks)?;
        let FrameRef { app, kind, short } =
            self.around.names.frame(name).ok_or_else(|| RuleError::Frame(name.to_owned()))?;
        self.restrict(&[app])?;
        let frame = self.frame.get_or_insert(FrameTest { app, kind, name: short, looks: Vec::new() });
        if frame.kind != kind || frame.app != app {
            return Err(RuleError::Frames);
        }
        frame.looks.push((position, look));
        Ok(())
    }

    /// What looks into frames looks into nothing else.
    pub(super) fn unmixed(&self) -> Result<(), RuleError> {
        if self.frame.is_some() && !(self.tx.is_empty() && self.payload.is_empty()) {
            return Err(RuleError::MixedFrames);
        }
        Ok(())
    }

    /// A buffer's name without dots, as EVE has it.
    fn plain_name(&self, name: &str) -> String {
        if name == PAYLOAD {
            return "content".into();
        }
        let rows = self.around.names.buffers(name).iter().filter(|row| row.info.name == name);
        let modifier = rows.filter_map(|row| row.info.modifier).next();
        modifier.map_or_else(|| name.replace('.', "_"), str::to_owned)
    }

    pub(super) fn buffer_inspection(
        &mut self,
        name: &str,
        transforms: &[ir::Transform],
        checks: &[ir::Check],
    ) -> Result<BufferInspection, RuleError> {
        self.scope.buffer = self.plain_name(name);
        let compiled = keyword::compile(checks, &mut self.scope)?;
        let absence = checks.iter().find_map(|check| match check {
            ir::Check::Absent(absent) => Some(if absent.or_else { Absence::OrElse } else { Absence::Must }),
            _ => None,
        });
        Ok(BufferInspection {
            transforms: self.around.transforms.chain(transforms)?,
            absence: absence.unwrap_or_default(),
            needs_all: compiled.iter().any(Check::needs_complete_buffer),
            checks: compiled,
        })
    }

    /// Checks on what the last `base64_decode` decoded run inside of it.
    fn base64(&mut self, checks: Vec<Check>) -> Result<(), RuleError> {
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
                Check::Base64Decode(decode) => Some((position, &mut decode.nested)),
                _ => None,
            })
            .max_by_key(|(position, _)| *position);
        let (_, nested) = slot.ok_or(RuleError::Base64Data)?;
        *nested = checks.into();
        Ok(())
    }

    /// The hook of the header is a condition on progress: of each protocol, on its own stage of the name.
    pub(super) fn hook(&mut self) -> Result<(), RuleError> {
        let Some(hook) = &self.rule.hook else { return Ok(()) };
        let apps = self.apps.as_ref().ok_or(RuleError::HookProtocol)?;
        let mut engines = Vec::new();
        for (app, def) in apps.iter().filter_map(|app| Some((*app, self.around.protocols.get(app.index())?))) {
            for (direction, stages) in Direction::BOTH.into_iter().zip(def.info.stages) {
                let stage = stages.iter().position(|stage| *stage == hook.stage);
                let Some(progress) = stage.and_then(|stage| u8::try_from(stage).ok()) else { continue };
                engines.push(BufferEngine {
                    app,
                    direction,
                    target: EngineTarget::Progress,
                    progress,
                    reinspect_at: None,
                    kind: BufferKind::Bytes,
                });
            }
        }
        let side = |side| engines.iter().any(|engine| engine.direction == side);
        self.hook = Direction::BOTH.into_iter().find(|direction| side(*direction));
        if self.hook.is_none() {
            return Err(RuleError::Hook(hook.stage.clone()));
        }
        self.push_tx(TxCondition { position: self.rule.conditions.len(), engines, files: None, test: TxTest::Reached })
    }
}
