//! What is known of a flow while its packets come: its counters, and what protocol it was taken for.

/// Counters of a flow, per direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowStats {
    /// Packets, this one included.
    pub packets: [u64; 2],
    /// Octets, this packet's included.
    pub bytes: [u64; 2],
    /// Seconds since the first packet.
    pub age: u64,
}

/// What octets were taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    /// Not known yet.
    #[default]
    Unknown,
    /// No protocol that is known.
    Failed,
    /// A protocol, by its position in the list.
    For(usize),
}

/// What a flow was taken for, as a whole and by its parts. `app-layer-protocol` asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenFor {
    /// All of it.
    pub flow: Taken,
    /// Each direction by itself.
    pub sides: [Taken; 2],
    /// Before it changed its protocol.
    pub original: Taken,
}
