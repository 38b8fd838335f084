//! How rules are compiled and run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use sidewire_mpm::MatcherBackend;

/// How a rule set is compiled and run.
#[derive(Clone, Debug)]
pub struct CompileOptions {
    /// Matcher of literals.
    pub backend: MatcherBackend,
    /// Files to try as the Vectorscan library, before the system's.
    pub libraries: Vec<PathBuf>,
    /// Number of the rule set; inspection state of another number is not used with it.
    pub generation: u32,
    /// Names of stream events (`est_packet_out_of_window`); [`crate::InspectInput::stream_events`] holds positions in it.
    pub stream_events: &'static [&'static str],
    /// Threads that compile matchers; 0: as many as the machine has.
    pub threads: usize,
    /// `packet-alert-max`: matches kept for one packet.
    pub alerts_per_packet: usize,
    /// `inspection-recursion-limit`: checks tried for one buffer of one rule.
    pub recursion_limit: u32,
    /// `pcre.match-limit`.
    pub pcre_match_limit: u32,
    /// `pcre.match-limit-recursion`.
    pub pcre_recursion_limit: u32,
    /// Hosts and host pairs whose bits a worker keeps.
    pub host_bits: usize,
    /// Matchers of an earlier compilation by the same build.
    pub saved: Arc<SavedMatchers>,
}

/// Matchers as they were saved, by what tells their literals apart: those of a set that has the same need not be compiled again.
#[derive(Clone, Debug, Default)]
pub struct SavedMatchers {
    by_literals: BTreeMap<u64, Box<[u8]>>,
}

impl SavedMatchers {
    /// Adds one.
    pub fn add(&mut self, literals: u64, saved: Box<[u8]>) {
        self.by_literals.insert(literals, saved);
    }

    pub(crate) fn of(&self, literals: u64) -> Option<&[u8]> {
        self.by_literals.get(&literals).map(AsRef::as_ref)
    }
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self {
            backend: MatcherBackend::Auto,
            libraries: Vec::new(),
            generation: 1,
            stream_events: &[],
            threads: 0,
            alerts_per_packet: 15,
            recursion_limit: 3000,
            pcre_match_limit: 3500,
            pcre_recursion_limit: 1500,
            host_bits: 65_536,
            saved: Arc::default(),
        }
    }
}

/// Version of the Vectorscan library that would be used, with files to try before the system's; `None` where there is none.
#[must_use]
pub fn vectorscan_version(libraries: &[PathBuf]) -> Option<String> {
    sidewire_mpm::MatcherCompiler::new(MatcherBackend::Vectorscan, libraries).ok()?.library_version()
}
