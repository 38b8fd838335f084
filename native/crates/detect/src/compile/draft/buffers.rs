//! Conditions on buffers, frames and the hook of the header.
#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use sidewire_app_layer::{BufferKind, FrameInfo, FrameKind, ProtocolDef};
use sidewire_base::Direction;
use sidewire_ir as ir;

use crate::compile::draft::Draft;
use crate::compile::plan::{BASE64_DATA, PAYLOAD};
use crate::keyword::check::{self, Check, needs_all};
use crate::keyword::condition::{Absence, Condition, FrameTest, Look, TxCondition, TxTest};
use crate::keyword::fields;
use crate::keyword::transform::Transform;

impl Draft<'_> {
    /// A condition on a row of the protocols.
    pub(in crate::compile) fn tx_condition(&mut self, position: usize, name: &str, test: TxTest) -> Result<(), String> {
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

    pub(in crate::compile) fn buffer(
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
    pub(in crate::compile) fn frame(
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
    pub(in crate::compile) fn unmixed(&self) -> Result<(), String> {
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

    pub(in crate::compile) fn look(
        &mut self,
        name: &str,
        transforms: &[ir::Transform],
        checks: &[ir::Check],
    ) -> Result<Look, String> {
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
    pub(in crate::compile) fn hook(&mut self) -> Result<(), String> {
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
}
