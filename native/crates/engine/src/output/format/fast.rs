//! `fast.log`: a line of text for each alert, as Suricata writes it.

use core::net::IpAddr;
use std::io::Write as _;

use sidewire_base::Time;
use sidewire_decode::Packet;
use sidewire_detect::RuleMeta;
use sidewire_hostlog::LogRecord;
use sidewire_ir::SigmaHead;

use super::eve::envelope::EventEnvelope;
use super::eve::ip_protocol::ip_protocol_name;
use crate::hunt::alert;

/// Octets shown of a packet without an IP header.
const RAW_LIMIT: usize = 32;

/// Writes the line of an alert. What a rule does not say is `(null)`.
pub(crate) fn write(rule: &RuleMeta, packet: Option<&Packet<'_>>, envelope: &EventEnvelope<'_>, out: &mut Vec<u8>) {
    head(envelope.time, (rule.gid, rule.sid, rule.rev), (&rule.msg, &rule.class, rule.priority), out);
    if let (Some(source), Some(destination), Some(protocol)) =
        (envelope.source, envelope.destination, envelope.protocol)
    {
        // Type and code of ICMP stand where others have ports.
        let (from, to) =
            envelope.icmp.map_or((source.port, destination.port), |(kind, code)| (kind.into(), code.into()));
        let _written = match ip_protocol_name(protocol) {
            Some(name) => write!(out, "{{{name}}} "),
            None => write!(out, "{{PROTO:{protocol:03}}} "),
        };
        address(source.address, out);
        let _written = write!(out, ":{from} -> ");
        address(destination.address, out);
        let _written = write!(out, ":{to}");
    } else {
        out.extend_from_slice(b"[**] [Raw pkt: ");
        let frame = packet.map_or(&[][..], |packet| packet.frame);
        for octet in frame.iter().take(RAW_LIMIT) {
            let _written = write!(out, "{octet:02X} ");
        }
        let _written = write!(out, "] [pcap file packet: {}]", envelope.ordinal.unwrap_or(0));
    }
    out.push(b'\n');
}

/// Writes the line of a Sigma rule that matched an event.
pub(crate) fn write_sigma(rule: &SigmaHead, event: &LogRecord, out: &mut Vec<u8>) {
    head(event.time, (alert::GID, rule.sid, 1), (&rule.title, "Sigma", rule.severity), out);
    let of = |name: &str| event.text_of(name).unwrap_or_default();
    let side = |host: &str, port: &str, out: &mut Vec<u8>| {
        match of(host).parse() {
            Ok(host) => address(host, out),
            Err(_) => out.extend_from_slice(b"(null)"),
        }
        let port = of(port);
        let _written = write!(out, ":{}", if port.is_empty() { "0" } else { &port });
    };
    let _written = write!(out, "{{{}}} ", of("proto"));
    side("src_ip", "src_port", out);
    out.extend_from_slice(b" -> ");
    side("dest_ip", "dest_port", out);
    out.push(b'\n');
}

/// What every line begins with: the time, the rule's numbers, its message, class and priority.
fn head(time: Time, (gid, sid, rev): (u32, u32, u32), (msg, class, priority): (&str, &str, u8), out: &mut Vec<u8>) {
    let given = |text: &str| if text.is_empty() { "(null)".to_owned() } else { text.to_owned() };
    // Writing to memory cannot fail.
    let _written = write!(
        out,
        "{}  [**] [{gid}:{sid}:{rev}] {} [**] [Classification: {}] [Priority: {priority}] ",
        date(time),
        given(msg),
        given(class)
    );
}

/// `MM/DD/YYYY-HH:MM:SS.uuuuuu`.
pub(crate) fn date(time: Time) -> String {
    let text = sidewire_eve::timestamp(time);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("{}/{}/{}-{}", part(5, 7), part(8, 10), part(0, 4), part(11, 26))
}

/// IPv6 addresses are written in full.
fn address(address: IpAddr, out: &mut Vec<u8>) {
    let _written = match address {
        IpAddr::V4(v4) => write!(out, "{v4}"),
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.segments();
            write!(out, "{a:04x}:{b:04x}:{c:04x}:{d:04x}:{e:04x}:{f:04x}:{g:04x}:{h:04x}")
        }
    };
}

#[cfg(test)]
mod tests {
    use sidewire_base::{Endpoint, Time};

    use super::*;

    fn line(envelope: &EventEnvelope<'_>) -> String {
        let rule = RuleMeta {
            gid: 1,
            sid: 7,
            rev: 2,
            action: sidewire_ir::Action::Alert,
            msg: "odd".to_owned(),
            class: String::new(),
            priority: 3,
            protocol: sidewire_ir::HeaderProtocol::Ip,
            references: Vec::new(),
            metadata: Vec::new(),
            target: None,
            noalert: false,
            tag: String::new(),
            text: String::new(),
            threshold: None,
            detection_filter: None,
            suppressions: Vec::new(),
            kind: sidewire_detect::RuleType::ALL[0],
        };
        let mut out = Vec::new();
        write(&rule, None, envelope, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn shows_ports_or_what_icmp_has_instead() {
        let side = |text: &str, port| Some(Endpoint { address: text.parse().unwrap(), port });
        let tcp = EventEnvelope {
            time: Time::new(1, 5000),
            source: side("10.0.0.1", 1024),
            destination: side("10.0.0.2", 80),
            protocol: Some(6),
            ..EventEnvelope::default()
        };
        assert_eq!(
            line(&tcp),
            "01/01/1970-00:00:01.000005  [**] [1:7:2] odd [**] [Classification: (null)] [Priority: 3] {TCP} \
             10.0.0.1:1024 -> 10.0.0.2:80\n"
        );
        let icmp = EventEnvelope { protocol: Some(1), icmp: Some((8, 0)), source: side("::1", 0), ..tcp };
        assert!(line(&icmp).ends_with("{ICMP} 0000:0000:0000:0000:0000:0000:0000:0001:8 -> 10.0.0.2:0\n"));
    }

    #[test]
    fn shows_octets_of_what_is_no_ip() {
        let text = line(&EventEnvelope { ordinal: Some(4), ..EventEnvelope::default() });
        assert!(text.ends_with("[Priority: 3] [**] [Raw pkt: ] [pcap file packet: 4]\n"));
    }
}
