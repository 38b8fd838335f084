//! What is kept of a session: one transaction for each flow, as long as the flow lives.

use sidewire_base::PerDirection;

use super::banner::SshBanner;
use super::kex::Hassh;

/// An SSH session: what both sides said before it was encrypted.
#[derive(Debug, Default)]
pub struct SshTransaction {
    pub(super) sides: PerDirection<SshSide>,
    /// Fingerprints are made: the session is told when both can be.
    pub(super) hassh_wanted: bool,
}

/// What one side said.
#[derive(Debug, Default)]
pub(super) struct SshSide {
    pub(super) banner: Option<SshBanner>,
    pub(super) hassh: Option<Hassh>,
}
