//! `flow` and `netflow`, and the flow's part of alerts.

use sidewire_base::{Direction, PerDirection};
use sidewire_eve::Object;
use sidewire_flow::{EndReason, Flow, FlowState};
use sidewire_tcp::{TcpSession, TcpState};

use super::envelope;
use super::outputs::EveOutput;

/// Least and greatest TTL of the packets in one direction; none before the first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TtlRange(pub(crate) Option<(u8, u8)>);

impl TtlRange {
    pub(crate) fn add(&mut self, ttl: u8) {
        let (least, greatest) = self.0.unwrap_or((ttl, ttl));
        self.0 = Some((least.min(ttl), greatest.max(ttl)));
    }
}

/// What a flow event tells beside the flow itself.
pub(crate) struct FlowFacts<'a, S> {
    pub(crate) flow: &'a Flow<S>,
    pub(crate) reason: EndReason,
    pub(crate) alerted: bool,
    pub(crate) transactions: Option<u64>,
    pub(crate) tcp: Option<&'a TcpSession>,
    pub(crate) app: AppNames,
    /// Octets of its protocol could not be parsed.
    pub(crate) malformed: bool,
    pub(crate) ttl: PerDirection<TtlRange>,
}

/// `app_proto` and its variants.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AppNames {
    /// The flow's protocol, `failed`, or none while it is unknown.
    pub(crate) flow: Option<&'static str>,
    /// What each direction was taken for by itself; `failed` when it told nothing.
    pub(crate) sides: PerDirection<Option<&'static str>>,
    /// The protocol before a change (`CONNECT`, `STARTTLS`).
    pub(crate) original: Option<&'static str>,
    /// The protocol that another flow announced.
    pub(crate) expected: Option<&'static str>,
}

impl AppNames {
    pub(crate) fn write(&self, out: &mut Object<'_>) {
        if let Some(name) = self.flow {
            out.str("app_proto", name);
        }
        for (key, side) in [("app_proto_ts", self.sides.to_server), ("app_proto_tc", self.sides.to_client)] {
            if let Some(name) = side.filter(|name| Some(*name) != self.flow) {
                out.str(key, name);
            }
        }
        if let Some(name) = self.original.filter(|name| Some(*name) != self.flow) {
            out.str("app_proto_orig", name);
        }
        if let Some(name) = self.expected.filter(|name| Some(*name) != self.flow) {
            out.str("app_proto_expected", name);
        }
    }
}

impl<S> FlowFacts<'_, S> {
    pub(crate) fn write(&self, out: &mut Object<'_>) {
        let flow = self.flow;
        self.app.write(out);
        out.object("flow", |o| {
            counts(flow, o);
            o.time("start", flow.first);
            o.time("end", flow.last);
            o.i64("age", flow.last.seconds() - flow.first.seconds());
            o.str("state", flow.state().name());
            if flow.state() == FlowState::LocalBypassed {
                o.str("bypass", "local");
            }
            o.str("reason", self.reason.name()).bool("alerted", self.alerted);
            self.write_exceptions(o);
            if let Some(count) = self.transactions {
                o.u64("tx_cnt", count);
            }
        });
        if let Some(tcp) = self.tcp {
            out.object("tcp", |o| tcp_facts(tcp, o));
        }
    }

    /// What Suricata has an exception policy for. Nothing is dropped or passed here for it: the policy is `ignore`.
    fn write_exceptions(&self, out: &mut Object<'_>) {
        let midstream = self.tcp.is_some_and(TcpSession::midstream);
        let targets = [("stream_midstream", midstream), ("app_layer_error", self.malformed)];
        let mut met = targets.into_iter().filter(|(_, met)| *met).peekable();
        if met.peek().is_some() {
            out.array("exception_policy", |list| {
                for (target, _) in met {
                    list.object(|o| {
                        o.str("target", target).str("policy", "ignore");
                    });
                }
            });
        }
    }

    /// One `netflow` event of one direction.
    pub(crate) fn write_netflow(&self, direction: Direction, out: &mut Object<'_>) {
        let flow = self.flow;
        AppNames { flow: self.app.flow.or(Some("unknown")), ..self.app }.write(out);
        out.object("netflow", |o| {
            o.u64("pkts", flow.packets[direction]).u64("bytes", flow.bytes[direction]);
            o.time("start", flow.first);
            o.time("end", flow.last);
            o.i64("age", flow.last.seconds() - flow.first.seconds());
            if let Some((least, greatest)) = self.ttl[direction].0 {
                o.u64("min_ttl", least).u64("max_ttl", greatest);
            }
            if let Some(count) = self.transactions {
                o.u64("tx_cnt", count);
            }
        });
        if let Some(tcp) = self.tcp {
            let flags = tcp.stream(direction).tcp_flags();
            out.object("tcp", |o| {
                o.hex_u8("tcp_flags", flags);
                flag_names(flags, o);
            });
        }
    }
}

/// The flow's part of an alert.
pub(crate) fn brief<S>(flow: &Flow<S>, output: &EveOutput, out: &mut Object<'_>) {
    out.object("flow", |o| {
        counts(flow, o);
        o.time("start", flow.first);
        envelope::address(o, "src_ip", flow.client.address, output);
        envelope::address(o, "dest_ip", flow.server.address, output);
        if matches!(flow.protocol, 6 | 17 | 132) {
            o.u64("src_port", flow.client.port).u64("dest_port", flow.server.port);
        }
    });
}

fn counts<S>(flow: &Flow<S>, out: &mut Object<'_>) {
    out.u64("pkts_toserver", flow.packets.to_server).u64("pkts_toclient", flow.packets.to_client);
    out.u64("bytes_toserver", flow.bytes.to_server).u64("bytes_toclient", flow.bytes.to_client);
}

fn tcp_facts(tcp: &TcpSession, out: &mut Object<'_>) {
    let [server, client] = Direction::BOTH.map(|direction| tcp.stream(direction));
    let flags = tcp.tcp_flags();
    out.hex_u8("tcp_flags", flags);
    out.hex_u8("tcp_flags_ts", server.tcp_flags());
    out.hex_u8("tcp_flags_tc", client.tcp_flags());
    flag_names(flags, out);
    if tcp.state() == TcpState::None {
        return; // nothing but segments that begin no session
    }
    out.str("state", tcp.state().name());
    out.u64("ts_max_regions", server.max_regions()).u64("tc_max_regions", client.max_regions());
    for (key, stream) in [("ts_gap", server), ("tc_gap", client)] {
        if stream.has_gaps() {
            out.bool(key, true);
        }
    }
    for (key, stream) in [("ts_urgent_oob_data", server), ("tc_urgent_oob_data", client)] {
        if stream.urgent_octets() > 0 {
            out.u64(key, stream.urgent_octets());
        }
    }
}

fn flag_names(flags: u8, out: &mut Object<'_>) {
    const NAMES: [(u8, &str); 8] = [
        (0x02, "syn"),
        (0x01, "fin"),
        (0x04, "rst"),
        (0x08, "psh"),
        (0x10, "ack"),
        (0x20, "urg"),
        (0x40, "ecn"),
        (0x80, "cwr"),
    ];
    for (bit, name) in NAMES {
        if flags & bit != 0 {
            out.bool(name, true);
        }
    }
}
