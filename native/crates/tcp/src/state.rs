//! States of a session. RFC 9293, section 3.3.2.

/// Where a session stands, as Suricata names it. It follows both sides at once, not one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TcpState {
    /// Nothing was seen that could begin a session.
    #[default]
    None,
    /// Not used by a passive observer; kept for its name.
    Listen,
    /// A SYN was seen.
    SynSent,
    /// A SYN/ACK was seen.
    SynRecv,
    /// The handshake is complete, or the session was picked up.
    Established,
    /// The client sent a FIN.
    FinWait1,
    /// That FIN was acknowledged.
    FinWait2,
    /// Both FINs were seen and acknowledged.
    TimeWait,
    /// The server sent its FIN after the client's.
    LastAck,
    /// The server sent a FIN.
    CloseWait,
    /// Both sent a FIN at once.
    Closing,
    /// Over.
    Closed,
}

impl TcpState {
    /// EVE's `tcp.state`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Listen => "listen",
            Self::SynSent => "syn_sent",
            Self::SynRecv => "syn_recv",
            Self::Established => "established",
            Self::FinWait1 => "fin_wait1",
            Self::FinWait2 => "fin_wait2",
            Self::TimeWait => "time_wait",
            Self::LastAck => "last_ack",
            Self::CloseWait => "close_wait",
            Self::Closing => "closing",
            Self::Closed => "closed",
        }
    }
}
