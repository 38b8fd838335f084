//! The settings of DCERPC.

use sidewire_app_layer::{FromSettings, Settings};
use sidewire_msrpc::RpcLimits;

/// Bounds on the state of a flow.
#[derive(Clone, Copy, Debug)]
pub struct DcerpcConfig {
    pub(super) limits: RpcLimits,
}

impl FromSettings for DcerpcConfig {
    /// Reads `max-stub-size`, which is ours; Suricata has no such setting.
    fn from_settings(settings: &Settings, _: &[&()]) -> Self {
        let defaults = RpcLimits::default();
        let stub = settings.size("max-stub-size").and_then(|size| usize::try_from(size).ok()).unwrap_or(defaults.stub);
        Self { limits: RpcLimits { stub, unfinished: defaults.unfinished.max(stub), ..defaults } }
    }
}
