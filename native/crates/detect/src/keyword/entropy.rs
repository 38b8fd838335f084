//! `entropy`: the Shannon entropy of the buffer, or a part of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, CheckVerdict, RemainingChecks};
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};
use crate::state::names::StateName;

/// `entropy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Entropy {
    /// Octets looked at; 0: all.
    pub bytes: u32,
    /// Where to begin.
    pub offset: i32,
    /// How it is compared.
    pub operator: Compare,
    /// With what, 0.0 to 8.0.
    pub value: f64,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum Compare {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

#[derive(Debug)]
pub(crate) struct EntropyCheck {
    /// What EVE calls the buffer.
    of: StateName,
    /// Octets looked at; 0: all.
    bytes: usize,
    offset: i32,
    operator: Compare,
    /// Bits an octet.
    value: f64,
}

impl Operator for EntropyCheck {
    type Ir = Entropy;

    fn compile(ir: &Entropy, scope: &mut CompileScope) -> Result<Self, RuleError> {
        let of = StateName::new(&scope.buffer);
        Ok(Self { of, bytes: ir.bytes as usize, offset: ir.offset, operator: ir.operator, value: ir.value })
    }

    fn placement(&self) -> OperatorPlacement {
        OperatorPlacement::Edges
    }

    fn needs_complete_buffer(&self) -> bool {
        true
    }

    fn eval(&self, run: &mut BufferRun<'_, '_>, _: RemainingChecks<'_>) -> CheckVerdict {
        let area = usize::try_from(self.offset).ok().and_then(|from| run.view.data.get(from..));
        let Some(mut area) = area.filter(|area| !area.is_empty()) else { return CheckVerdict::Fails };
        if self.bytes != 0 {
            let Some(head) = area.get(..self.bytes) else { return CheckVerdict::Fails };
            area = head;
        }
        let entropy = shannon(area);
        run.work.entropies.retain(|(name, _)| *name != self.of);
        run.work.entropies.push((self.of.clone(), entropy));
        let holds = match self.operator {
            Compare::Less => entropy < self.value,
            Compare::LessOrEqual => entropy <= self.value,
            Compare::Equal => (entropy - self.value).abs() < 1e-9,
            Compare::NotEqual => (entropy - self.value).abs() >= 1e-9,
            Compare::GreaterOrEqual => entropy >= self.value,
            Compare::Greater => entropy > self.value,
        };
        holds.into()
    }
}

/// Shannon entropy in bits per octet.
fn shannon(data: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &octet in data {
        if let Some(count) = counts.get_mut(usize::from(octet)) {
            *count += 1;
        }
    }
    let total = data.len() as f64;
    -counts
        .iter()
        .filter(|count| **count > 0)
        .map(|&count| {
            let share = f64::from(count) / total;
            share * share.log2()
        })
        .sum::<f64>()
}
