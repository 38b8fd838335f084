//! Stream events: `stream-event` of rules.

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)*) => {
        /// Something odd about a segment or a session: Suricata's stream events.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum StreamEvent { $($(#[doc = $doc])+ $variant,)* }

        impl StreamEvent {
            /// All, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Name in the `stream-event` keyword.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

events! {
    /// Handshake ACK from the side that sent the SYN/ACK.
    ThreeWayAckInWrongDirection = "3whs_ack_in_wrong_dir",
    /// One-sided handshake whose sequence number does not follow.
    ThreeWayAsyncWrongSequence = "3whs_async_wrong_seq",
    /// Handshake ACK with the right sequence but a wrong acknowledgement number.
    ThreeWayRightSequenceWrongAckEvasion = "3whs_right_seq_wrong_ack_evasion",
    /// SYN/ACK from the side that sent the SYN.
    ThreeWaySynAckInWrongDirection = "3whs_synack_in_wrong_direction",
    /// SYN/ACK again with another acknowledgement number.
    ThreeWaySynAckResendWithDifferentAck = "3whs_synack_resend_with_diff_ack",
    /// SYN/ACK again with another sequence number.
    ThreeWaySynAckResendWithDifferentSequence = "3whs_synack_resend_with_diff_seq",
    /// SYN/ACK to the server after a SYN/ACK.
    ThreeWaySynAckToServerOnSynRecv = "3whs_synack_toserver_on_syn_recv",
    /// SYN/ACK that does not acknowledge the SYN.
    ThreeWaySynAckWithWrongAck = "3whs_synack_with_wrong_ack",
    /// More different SYN/ACKs than `max-synack-queued`.
    ThreeWaySynAckFlood = "3whs_synack_flood",
    /// SYN/ACK that acknowledges the SYN but not its fast open data.
    ThreeWaySynAckTfoDataIgnored = "3whs_synack_tfo_data_ignored",
    /// More different SYNs than `max-syn-queued`.
    ThreeWaySynFlood = "3whs_syn_flood",
    /// SYN with another sequence number after the SYN/ACK.
    ThreeWaySynResendDifferentSequenceOnSynRecv = "3whs_syn_resend_diff_seq_on_syn_recv",
    /// SYN to the client after the SYN/ACK.
    ThreeWaySynToClientOnSynRecv = "3whs_syn_toclient_on_syn_recv",
    /// Handshake ACK with wrong sequence and acknowledgement numbers.
    ThreeWayWrongSequenceWrongAck = "3whs_wrong_seq_wrong_ack",
    /// Data from the server right after its SYN/ACK (inline only).
    ThreeWayAckDataInject = "3whs_ack_data_inject",
    /// Simultaneous open: SYN/ACK with a wrong acknowledgement number.
    FourWaySynAckWithWrongAck = "4whs_synack_with_wrong_ack",
    /// Simultaneous open: SYN/ACK with a sequence number other than the SYN's.
    FourWaySynAckWithWrongSyn = "4whs_synack_with_wrong_syn",
    /// Simultaneous open: wrong sequence number.
    FourWayWrongSequence = "4whs_wrong_seq",
    /// Simultaneous open: wrong acknowledgement number.
    FourWayInvalidAck = "4whs_invalid_ack",
    /// CLOSE-WAIT: ACK outside the window.
    CloseWaitAckOutOfWindow = "closewait_ack_out_of_window",
    /// CLOSE-WAIT: FIN outside the window.
    CloseWaitFinOutOfWindow = "closewait_fin_out_of_window",
    /// CLOSE-WAIT: retransmission of acknowledged data.
    CloseWaitPacketBeforeLastAck = "closewait_pkt_before_last_ack",
    /// CLOSE-WAIT: invalid acknowledgement.
    CloseWaitInvalidAck = "closewait_invalid_ack",
    /// CLOSING: wrong sequence number.
    ClosingAckWrongSequence = "closing_ack_wrong_seq",
    /// CLOSING: invalid acknowledgement.
    ClosingInvalidAck = "closing_invalid_ack",
    /// ESTABLISHED: segment outside the window.
    EstablishedPacketOutOfWindow = "est_packet_out_of_window",
    /// ESTABLISHED: retransmission of acknowledged data.
    EstablishedPacketBeforeLastAck = "est_pkt_before_last_ack",
    /// ESTABLISHED: SYN/ACK again.
    EstablishedSynAckResend = "est_synack_resend",
    /// ESTABLISHED: SYN/ACK again with another acknowledgement number.
    EstablishedSynAckResendWithDifferentAck = "est_synack_resend_with_diff_ack",
    /// ESTABLISHED: SYN/ACK again with another sequence number.
    EstablishedSynAckResendWithDifferentSequence = "est_synack_resend_with_diff_seq",
    /// ESTABLISHED: SYN/ACK to the server.
    EstablishedSynAckToServer = "est_synack_toserver",
    /// ESTABLISHED: SYN again.
    EstablishedSynResend = "est_syn_resend",
    /// ESTABLISHED: SYN again with another sequence number.
    EstablishedSynResendDifferentSequence = "est_syn_resend_diff_seq",
    /// ESTABLISHED: SYN to the client.
    EstablishedSynToClient = "est_syn_toclient",
    /// ESTABLISHED: invalid acknowledgement.
    EstablishedInvalidAck = "est_invalid_ack",
    /// ESTABLISHED: acknowledgement of zero window probe data.
    EstablishedAckZeroWindowProbe = "est_ack_zwp_data",
    /// FIN with an invalid acknowledgement.
    FinInvalidAck = "fin_invalid_ack",
    /// FIN-WAIT-1: ACK with a wrong sequence number.
    Fin1AckWrongSequence = "fin1_ack_wrong_seq",
    /// FIN-WAIT-1: FIN with a wrong sequence number.
    Fin1FinWrongSequence = "fin1_fin_wrong_seq",
    /// FIN-WAIT-1: invalid acknowledgement.
    Fin1InvalidAck = "fin1_invalid_ack",
    /// FIN-WAIT-2: ACK with a wrong sequence number.
    Fin2AckWrongSequence = "fin2_ack_wrong_seq",
    /// FIN-WAIT-2: FIN with a wrong sequence number.
    Fin2FinWrongSequence = "fin2_fin_wrong_seq",
    /// FIN-WAIT-2: invalid acknowledgement.
    Fin2InvalidAck = "fin2_invalid_ack",
    /// FIN without a session.
    FinButNoSession = "fin_but_no_session",
    /// FIN outside the window.
    FinOutOfWindow = "fin_out_of_window",
    /// SYN and FIN together.
    FinSyn = "fin_syn",
    /// LAST-ACK: wrong sequence number.
    LastAckAckWrongSequence = "lastack_ack_wrong_seq",
    /// LAST-ACK: invalid acknowledgement.
    LastAckInvalidAck = "lastack_invalid_ack",
    /// RST without a session.
    RstButNoSession = "rst_but_no_session",
    /// TIME-WAIT: wrong sequence number.
    TimeWaitAckWrongSequence = "timewait_ack_wrong_seq",
    /// TIME-WAIT: invalid acknowledgement.
    TimeWaitInvalidAck = "timewait_invalid_ack",
    /// Timestamp older than the last one.
    PacketInvalidTimestamp = "pkt_invalid_timestamp",
    /// Invalid acknowledgement.
    PacketInvalidAck = "pkt_invalid_ack",
    /// Acknowledgement number without the ACK flag.
    PacketBrokenAck = "pkt_broken_ack",
    /// RST with an invalid acknowledgement.
    RstInvalidAck = "rst_invalid_ack",
    /// RST that carries data.
    RstWithData = "rst_with_data",
    /// Retransmission.
    PacketRetransmission = "pkt_retransmission",
    /// Retransmission of acknowledged data.
    PacketSpuriousRetransmission = "pkt_spurious_retransmission",
    /// Window update that does not fit what was seen.
    PacketBadWindowUpdate = "pkt_bad_window_update",
    /// SYN while the session shuts down.
    ShutdownSynResend = "shutdown_syn_resend",
    /// Data after an RST the receiver should have obeyed.
    SuspectedRstInject = "suspected_rst_inject",
    /// Packet of a flow that another thread owns.
    WrongThread = "wrong_thread",
    /// Segment before the beginning of the stream.
    ReassemblySegmentBeforeBase = "reassembly_segment_before_base_seq",
    /// No memory for a segment.
    ReassemblyNoSegment = "reassembly_no_segment",
    /// Data is missing that the peer acknowledged.
    ReassemblySequenceGap = "reassembly_seq_gap",
    /// Two segments give different data for the same place.
    ReassemblyOverlapDifferentData = "reassembly_overlap_different_data",
    /// The depth was reached.
    ReassemblyDepthReached = "reassembly_depth_reached",
    /// The reassembly memory cap was hit.
    ReassemblyInsertMemcap = "reassembly_insert_memcap",
    /// The limit of segments or regions was hit.
    ReassemblyInsertLimit = "reassembly_insert_limit",
    /// A segment could not be placed.
    ReassemblyInsertInvalid = "reassembly_insert_invalid",
    /// More urgent octets out of band than are followed.
    ReassemblyUrgentOobLimitReached = "reassembly_urgent_oob_limit_reached",
}

impl StreamEvent {
    /// From its name in the `stream-event` keyword, with the older spellings rules use.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "3whs_synack_resend_with_different_ack" => "3whs_synack_resend_with_diff_ack",
            "est_synack_resend_with_different_ack" => "est_synack_resend_with_diff_ack",
            other => other,
        };
        Self::ALL.iter().copied().find(|event| event.name() == name)
    }
}

/// A set of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamEvents(u128);

impl StreamEvents {
    /// None.
    pub const NONE: Self = Self(0);

    /// Adds one.
    #[inline]
    pub const fn insert(&mut self, event: StreamEvent) {
        self.0 |= 1 << event as u8;
    }

    /// Is it there?
    #[inline]
    #[must_use]
    pub const fn contains(self, event: StreamEvent) -> bool {
        self.0 >> event as u8 & 1 != 0
    }

    /// True when there are none.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of either set.
    #[inline]
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Each, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = StreamEvent> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            let event = StreamEvent::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(*event)
        })
    }
}
