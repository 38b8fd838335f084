//! What a context handle stands for.

use core::hash::{Hash, Hasher};
use core::net::IpAddr;
use std::hash::DefaultHasher;
use std::sync::Arc;

use crate::Uuid;

/// What a context handle stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandleObject {
    /// `service`, `key`, `printer`, `policy`, `group`, `file` and so on.
    pub kind: &'static str,
    /// Its name; a key's is its path, an account's its SID. `None` where it has none, or it was not seen.
    pub name: Option<Arc<str>>,
    /// False on the call that opens it.
    pub opened_before: bool,
}

impl HandleObject {
    /// A number for it: the same for the same kind and name, upper and lower case alike, as the systems have it. `None` without
    /// a name.
    #[must_use]
    pub fn key(&self) -> Option<u64> {
        let name = self.name.as_deref()?;
        let mut hasher = DefaultHasher::new();
        self.kind.hash(&mut hasher);
        name.chars().flat_map(char::to_lowercase).for_each(|c| c.hash(&mut hasher));
        Some(hasher.finish())
    }
}

/// A context handle: client, server, and its UUID, which the server made up.
pub(crate) type HandleKey = (IpAddr, IpAddr, Uuid);
