//! What is known of a flow while its packets come: its counters, and what protocol it was taken for.

use sidewire_base::{PerDirection, ProtocolId};

/// Counters of a flow, per direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowStats {
    /// Packets, this one included.
    pub packets: PerDirection<u64>,
    /// Octets, this packet's included.
    pub bytes: PerDirection<u64>,
    /// Seconds since the first packet.
    pub age: u64,
}

/// What octets were taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AppProto {
    /// Not known yet.
    #[default]
    Unknown,
    /// No protocol that is known.
    Failed,
    /// A protocol, by its position in the list.
    For(ProtocolId),
}

/// What a flow was taken for, as a whole and by its parts. `app-layer-protocol` asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppProtoState {
    /// All of it.
    pub flow: AppProto,
    /// Each direction by itself.
    pub sides: PerDirection<AppProto>,
    /// Before it changed its protocol.
    pub original: AppProto,
}
