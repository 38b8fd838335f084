//! The rules of a run: those on packets and streams, and Sigma rules on the events that are written.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sidewire_detect::RuleSet;
use sidewire_sigma::SigmaSet;

use crate::hunt::SigmaRules;

/// The rules of a run.
#[derive(Clone, Debug)]
pub struct RunRules {
    pub(crate) network: Arc<RuleSet>,
    pub(crate) sigma: Option<Arc<SigmaSet>>,
}

impl RunRules {
    /// With Sigma rules: they are held against every event that the run writes.
    #[must_use]
    pub fn with_sigma(self, rules: &SigmaRules) -> Self {
        Self { sigma: Some(rules.set()), ..self }
    }
}

impl From<Arc<RuleSet>> for RunRules {
    fn from(network: Arc<RuleSet>) -> Self {
        Self { network, sigma: None }
    }
}

/// Where the writer finds the Sigma rules that are in place.
#[derive(Debug, Default)]
pub(crate) struct SigmaPlace {
    set: Mutex<Option<Arc<SigmaSet>>>,
    /// How often they were changed.
    generation: AtomicU64,
}

impl SigmaPlace {
    /// Puts rules in place: they hold from the next events that are written.
    pub(crate) fn put(&self, set: Option<Arc<SigmaSet>>) {
        *self.lock() = set;
        self.generation.fetch_add(1, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<SigmaSet>>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules that came after those of this generation, if they were changed.
    pub(crate) fn after(&self, generation: &mut u64) -> Option<Option<Arc<SigmaSet>>> {
        let current = self.generation.load(Ordering::Acquire);
        if current == *generation {
            return None;
        }
        *generation = current;
        Some(self.lock().clone())
    }
}
