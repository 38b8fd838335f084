//! Counters of sessions and streams.

sidewire_base::counters! {
    /// What sessions count; names as in Suricata's stats.
    pub struct StreamCounters {
        /// Sessions that began.
        sessions = "tcp.sessions",
        /// Sessions that are open.
        active_sessions = "tcp.active_sessions",
        /// SYN segments.
        syn = "tcp.syn",
        /// SYN/ACK segments.
        synack = "tcp.synack",
        /// RST segments.
        rst = "tcp.rst",
        /// URG segments.
        urg = "tcp.urg",
        /// Urgent octets taken out of streams.
        urgent_oob_data = "tcp.urgent_oob_data",
        /// Sessions picked up without a handshake.
        midstream_pickups = "tcp.midstream_pickups",
        /// Gaps.
        reassembly_gap = "tcp.reassembly_gap",
        /// Overlapping segments.
        overlap = "tcp.overlap",
        /// Of these: with different data.
        overlap_diff_data = "tcp.overlap_diff_data",
        /// Acknowledgements of data never seen.
        ack_unseen_data = "tcp.ack_unseen_data",
        /// Segments not stored: no memory.
        segment_memcap_drop = "tcp.segment_memcap_drop",
        /// Sessions not followed: no memory.
        ssn_memcap_drop = "tcp.ssn_memcap_drop",
        /// Streams that reached the depth.
        stream_depth_reached = "tcp.stream_depth_reached",
        /// Segments that could not be stored.
        insert_data_normal_fail = "tcp.insert_data_normal_fail",
        /// Overlapping segments that could not be stored.
        insert_data_overlap_fail = "tcp.insert_data_overlap_fail",
        /// Octets of session state in use.
        memuse = "tcp.memuse",
        /// Octets of stream data in use.
        reassembly_memuse = "tcp.reassembly_memuse",
        /// Flows that ended after octets were lost: their resets were obeyed whatever numbers they had.
        end_liberal = "flow.end.tcp_liberal",
        /// Flows that ended without a session.
        end_none = "flow.end.tcp_state.none",
        /// Flows that ended in SYN-SENT.
        end_syn_sent = "flow.end.tcp_state.syn_sent",
        /// Flows that ended in SYN-RECEIVED.
        end_syn_recv = "flow.end.tcp_state.syn_recv",
        /// Flows that ended in ESTABLISHED.
        end_established = "flow.end.tcp_state.established",
        /// Flows that ended in FIN-WAIT-1.
        end_fin_wait1 = "flow.end.tcp_state.fin_wait1",
        /// Flows that ended in FIN-WAIT-2.
        end_fin_wait2 = "flow.end.tcp_state.fin_wait2",
        /// Flows that ended in TIME-WAIT.
        end_time_wait = "flow.end.tcp_state.time_wait",
        /// Flows that ended in LAST-ACK.
        end_last_ack = "flow.end.tcp_state.last_ack",
        /// Flows that ended in CLOSE-WAIT.
        end_close_wait = "flow.end.tcp_state.close_wait",
        /// Flows that ended in CLOSING.
        end_closing = "flow.end.tcp_state.closing",
        /// Flows that ended closed.
        end_closed = "flow.end.tcp_state.closed",
    }
}
