//! Counters of the flow table.

sidewire_base::counters! {
    /// What the table counts; names as in Suricata's stats.
    pub struct FlowCounters {
        /// Flows that began.
        total = "flow.total",
        /// Flows that are open.
        active = "flow.active",
        /// Of `total`: TCP.
        tcp = "flow.tcp",
        /// Of `total`: UDP.
        udp = "flow.udp",
        /// Of `total`: ICMP.
        icmpv4 = "flow.icmpv4",
        /// Of `total`: ICMPv6.
        icmpv6 = "flow.icmpv6",
        /// Flows replaced by a new TCP session.
        tcp_reuse = "flow.tcp_reuse",
        /// Octets in use.
        memuse = "flow.memuse",
        /// Packets without a flow because the cap was hit.
        memcap = "flow.memcap",
        /// Flows evicted for memory.
        get_used = "flow.get_used",
        /// Times emergency mode began.
        emerg_mode_entered = "flow.emerg_mode_entered",
        /// Times emergency mode ended.
        emerg_mode_over = "flow.emerg_mode_over",
        /// Flows that ended as new.
        end_new = "flow.end.state.new",
        /// Flows that ended established.
        end_established = "flow.end.state.established",
        /// Flows that ended closed.
        end_closed = "flow.end.state.closed",
        /// Flows that ended locally bypassed.
        end_local_bypassed = "flow.end.state.local_bypassed",
        /// Flows that ended bypassed by the capture method.
        end_capture_bypassed = "flow.end.state.capture_bypassed",
        /// Packets of locally bypassed flows.
        bypassed_packets = "flow_bypassed.local_pkts",
        /// Octets of locally bypassed flows.
        bypassed_octets = "flow_bypassed.local_bytes",
        /// Flows looked at for their timeout.
        flows_checked = "flow.mgr.flows_checked",
        /// Of these: not timed out.
        flows_notimeout = "flow.mgr.flows_notimeout",
        /// Of these: timed out.
        flows_timeout = "flow.mgr.flows_timeout",
        /// Flows ended by the timeout check.
        flows_evicted = "flow.mgr.flows_evicted",
        /// Flows found timed out by a packet of their tuple.
        wrk_flows_evicted = "flow.wrk.flows_evicted",
    }
}
