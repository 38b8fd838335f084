//! Headers of real captures as tshark reads them. Skips aloud where the captures or tshark are absent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use sidewire_base::Time;
use sidewire_decode::{DecodeOptions, FrameDecoder, LinkFrame, TransportLayer};

const CAPTURES: &[&str] =
    &["zeek_smb1.pcap", "elc_wmiexec-pro-create-service-alternative-class.pcap", "elc_mmcexec.pcap"];

const FIELDS: &[&str] = &[
    "frame.cap_len",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "tcp.srcport",
    "tcp.dstport",
    "udp.srcport",
    "udp.dstport",
    "tcp.seq_raw",
    "tcp.window_size_value",
    "tcp.len",
];

/// Frames and link type of a little-endian classic file.
fn frames(file: &[u8]) -> (u32, Vec<&[u8]>) {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    assert_eq!(word(0), 0xa1b2_c3d4, "these captures are classic ones");
    let (mut at, mut frames) = (24, Vec::new());
    while at + 16 <= file.len() {
        let length = word(at + 8) as usize;
        frames.push(&file[at + 16..at + 16 + length]);
        at += 16 + length;
    }
    (word(20), frames)
}

fn ours(link_type: u32, data: &[u8], decoder: &mut FrameDecoder) -> Vec<String> {
    let mut row = Vec::new();
    let frame = LinkFrame {
        time: Time(0),
        ordinal: 1,
        link_type,
        data,
        wire_length: 0,
        interface: 0,
        checksums_pending: false,
    };
    decoder.decode(&frame, &mut |packet| {
        if packet.level > 0 || packet.reassembled {
            return;
        }
        row = vec![String::new(); FIELDS.len()];
        row[0] = packet.frame.len().to_string();
        if let Some(ip) = &packet.ip {
            let at = if ip.version == 4 { 1 } else { 3 };
            (row[at], row[at + 1]) = (ip.source.to_string(), ip.destination.to_string());
        }
        let (source, destination) = packet.transport.ports();
        match &packet.transport {
            TransportLayer::Tcp(tcp) => {
                (row[5], row[6]) = (source.to_string(), destination.to_string());
                (row[9], row[10]) = (tcp.sequence.to_string(), tcp.window.to_string());
                row[11] = packet.payload.len().to_string();
            }
            TransportLayer::Udp(_) => (row[7], row[8]) = (source.to_string(), destination.to_string()),
            // tshark shows the ports of the datagram that an error message quotes.
            TransportLayer::Icmp(icmp) => {
                if let Some(quoted) = icmp.embedded.filter(|quoted| quoted.protocol == 17) {
                    (row[7], row[8]) = (quoted.source.port.to_string(), quoted.destination.port.to_string());
                }
            }
            _ => {}
        }
    });
    row
}

#[test]
fn headers_are_those_that_tshark_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/captures");
    for name in CAPTURES {
        let path = root.join(name);
        let Ok(file) = std::fs::read(&path) else {
            eprintln!("SKIPPED: no {}", path.display());
            continue;
        };
        let mut tshark = Command::new("tshark");
        tshark.args(["-n", "-o", "ip.defragment:FALSE", "-T", "fields", "-E", "occurrence=f", "-r"]).arg(&path);
        FIELDS.iter().for_each(|field| {
            tshark.args(["-e", field]);
        });
        let Ok(output) = tshark.output() else {
            eprintln!("SKIPPED: no tshark");
            return;
        };
        let text = String::from_utf8(output.stdout).unwrap();
        let (link_type, frames) = frames(&file);
        assert_eq!(text.lines().count(), frames.len(), "{name}");
        let mut decoder = FrameDecoder::new(DecodeOptions::default());
        for (number, (line, data)) in text.lines().zip(frames).enumerate() {
            let mut theirs: Vec<String> = line.split('\t').map(str::to_owned).collect();
            for address in &mut theirs[1..5] {
                if let Ok(parsed) = address.parse::<IpAddr>() {
                    *address = parsed.to_string();
                }
            }
            assert_eq!(ours(link_type, data, &mut decoder), theirs, "{name} frame {}", number + 1);
        }
    }
}
