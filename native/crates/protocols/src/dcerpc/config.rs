//! The settings of DCERPC.

use sidewire_app_layer::{FromSettings, ProtocolSettings};
use sidewire_msrpc::RpcLimits;

/// Bounds on the state of a flow, and what rules see of it.
#[derive(Clone, Copy, Debug)]
pub struct DcerpcConfig {
    pub(super) limits: RpcLimits,
    /// Does `dcerpc.iface` hold on calls of an interface whose bind lacked the flag of a first fragment? Over TCP Suricata
    /// says no, so that clearing the flag hides the calls; over SMB it says yes.
    pub(super) unflagged_binds: bool,
}

impl FromSettings for DcerpcConfig {
    /// Reads `max-stub-size`, `unflagged-binds` and `infer-interfaces`, which are ours; Suricata has no such settings.
    fn from_settings(settings: &ProtocolSettings, _: &[&()]) -> Self {
        let defaults = RpcLimits::default();
        let stub = settings.size("max-stub-size").and_then(|size| usize::try_from(size).ok()).unwrap_or(defaults.stub);
        let limits = RpcLimits { stub, unfinished: defaults.unfinished.max(stub), ..defaults };
        // Suricata tells of a call at once, whatever is known of it.
        let infers = settings.truth("infer-interfaces").unwrap_or(false);
        let limits = RpcLimits { searches: if infers { limits.searches } else { 0 }, ..limits };
        Self { limits, unflagged_binds: settings.truth("unflagged-binds").unwrap_or(false) }
    }
}
