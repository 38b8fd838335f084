//! The configuration of a hunt.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The configuration of a hunt. There are no defaults here: the control plane writes everything down.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct HuntConfig {
    /// Logs, directories of logs, `-` for standard input; in this order.
    pub logs: Vec<String>,
    /// File that receives the alerts as EVE lines.
    pub eve: Option<String>,
    /// What a process creation of Security does not say of its parent is taken from the parent's own creation.
    pub complete: bool,
}
