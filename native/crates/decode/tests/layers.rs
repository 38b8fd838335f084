//! One frame for each layer, and one for each way of being broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod frames;

use std::net::IpAddr;

use frames::*;
use sidewire_decode::{
    DecodeOptions, EmbeddedPacket, FrameDecoder, FrameSharder, ShardKey, TcpHeader, TransportLayer, TunnelKind,
    TunnelPorts,
};

const ETHERNET: u32 = 1;

#[test]
fn the_usual_path_reads_every_field() {
    let data = eth(0x0800, &ipv4(6, &tcp(&[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2])));
    let mut count = 0;
    FrameDecoder::new(DecodeOptions::default()).decode(&frame(ETHERNET, &data), &mut |packet| {
        count += 1;
        let ethernet = packet.ethernet.unwrap();
        assert_eq!(ethernet.destination, [1, 2, 3, 4, 5, 6]);
        assert_eq!((ethernet.source, ethernet.ether_type), ([7, 8, 9, 10, 11, 12], 0x0800));
        let ip = packet.ip.as_ref().unwrap();
        assert_eq!((ip.version, ip.protocol, ip.ttl, ip.tos, ip.id, ip.fragment_flags), (4, 6, 64, 3, 9, 2));
        assert_eq!((ip.header.len(), ip.options.len(), ip.payload.len()), (20, 0, 36));
        let TransportLayer::Tcp(tcp) = &packet.transport else { panic!("{packet:?}") };
        assert_eq!((tcp.source_port, tcp.destination_port, tcp.sequence, tcp.acknowledgement), (1, 80, 5, 6));
        assert_eq!((tcp.flags, tcp.window, tcp.header.len()), (TcpHeader::ACK | TcpHeader::PSH, 256, 32));
        assert_eq!(tcp.options.timestamps, Some((1, 2)));
        assert_eq!(packet.payload, b"data");
        assert_eq!(packet.source().unwrap().port, 1);
        assert!(packet.events.is_empty() && !packet.invalid && !packet.fragment);
    });
    assert_eq!(count, 1);
}

#[test]
fn every_link_type_reaches_ip() {
    let (four, six) = (ipv4(17, &udp(9, b"x")), ipv6(17, &udp(9, b"x")));
    let sll = |kind: u16| [&[0; 14][..], &kind.to_be_bytes()].concat();
    let sll2 = |kind: u16| [&kind.to_be_bytes()[..], &[0; 18]].concat();
    let cases: &[(u32, Vec<u8>, &[u8])] = &[
        (1, eth(0x0800, &[]), &four),
        (1, eth(0x86dd, &[]), &six),
        (0, vec![2, 0, 0, 0], &four),
        (0, vec![0, 0, 0, 2], &four),
        (108, vec![0, 0, 0, 30], &six),
        (0, vec![24, 0, 0, 0], &six),
        (12, vec![], &four),
        (14, vec![], &six),
        (101, vec![], &six),
        (228, vec![], &four),
        (229, vec![], &six),
        (113, sll(0x0800), &four),
        (276, sll2(0x86dd), &six),
        (239, [&[2, 0, 0, 0, 6, 0, 10, 0, 1, 2, 0, 0][..], &[four.len() as u8 + 4, 0, 9, 0]].concat(), &four),
        (239, [&[10, 0, 0, 0, 0, 5, 0, 1, 1, 0, 0, 0][..], &[0, six.len() as u8 + 4, 0, 9]].concat(), &six),
        (281, [&[0; 12][..], &[0x20, 0, 0, 3, 8, 0]].concat(), &four),
        (282, [&[0x20, 0, 0, 3][..], &eth(0x86dd, &[])].concat(), &six),
        (284, [&[0; 12][..], &[0xc0, 0, 0, 0, 8, 0]].concat(), &four),
        (285, [&[0; 12][..], &[0xda, 0xda, 0, 0, 0xc0, 0, 0, 0, 0x86, 0xdd]].concat(), &six),
        (9, vec![0xff, 3, 0, 0x21], &four),
        (9, vec![0, 0x57], &six),
        (9, vec![0x21], &four),
        (50, vec![0xff, 3, 0x57], &six),
        (51, vec![0x11, 0, 0, 1, 0, 50, 0, 0x21], &four),
        (104, vec![0x0f, 0, 8, 0], &four),
        (1, eth(0x8864, &[0x11, 0, 0, 1, 0, 50, 0, 0x57]), &six),
        (1, eth(0x8100, &[0, 5, 0x88, 0xa8, 0, 6, 0x91, 0, 0x20, 7, 8, 0]), &four),
        (1, eth(0x88e7, &[0; 16].iter().chain(&[8, 0]).copied().collect::<Vec<_>>()), &four),
        (1, eth(0x8926, &[0, 0, 0, 0, 8, 0]), &four),
        (1, eth(0x8903, &[&[0, 0][..], &eth(0x86dd, &[])].concat()), &six),
        (1, eth(0x8847, &[0, 0x3e, 0x80, 0, 0, 0x3e, 0x81, 0xff]), &four),
        (1, eth(0x8848, &[0, 0, 0x21, 0xff]), &six),
        (1, eth(0x8847, &[&[0, 0x3e, 0x81, 0xff, 0, 0, 0, 0][..], &eth(0x0800, &[])].concat()), &four),
        (1, eth(0x894f, &[0, 2, 2, 2, 0, 0, 1, 1]), &six),
    ];
    for (link_type, head, packet) in cases {
        let got = decode(*link_type, &[head, *packet].concat());
        assert_eq!(got.len(), 1);
        assert_eq!(
            (got[0].protocol, got[0].ports, &got[0].payload[..]),
            (17, (1, 9), &b"x"[..]),
            "{link_type} {head:x?}"
        );
        assert_eq!(got[0].events, [""; 0], "{link_type} {head:x?}");
    }
    let tagged = eth(0x8100, &[&[0, 5, 0x88, 0xa8, 0, 6, 0x91, 0, 0x20, 7, 8, 0], &four[..]].concat());
    assert_eq!(decode(1, &tagged)[0].vlans, [5, 6, 7]);
}

#[test]
fn link_layers_that_are_broken_say_so() {
    let vlan4 = [0, 5, 0x81, 0].repeat(4);
    for (link_type, data, event) in [
        (1, vec![1; 13], "ethernet.pkt_too_small"),
        (1, eth(0x1234, b"x"), "ethernet.unknown_ethertype"),
        (1, eth(0x8100, &[0, 5, 8]), "vlan.header_too_small"),
        (1, eth(0x8100, &vlan4), "vlan.too_many_layers"),
        (1, eth(0x8926, &[0; 5]), "vntag.header_too_small"),
        (1, eth(0x88e7, &[0; 17]), "ieee8021ah.header_too_small"),
        (1, eth(0x8903, &[0; 15]), "dce.pkt_too_small"),
        (1, eth(0x8847, &[0, 0x3e, 0x80, 0, 0]), "mpls.header_too_small"),
        (1, eth(0x8847, &[0, 0x3e, 0x81, 0, 0x45]), "mpls.pkt_too_small"),
        (1, eth(0x8847, &[0, 0, 0x11, 0]), "mpls.bad_label_router_alert"),
        (1, eth(0x8847, &[0, 0, 0x31, 0]), "mpls.bad_label_implicit_null"),
        (1, eth(0x8847, &[0, 0, 0xe1, 0]), "mpls.bad_label_reserved"),
        (1, eth(0x8847, &[0, 0x3e, 0x81, 0, 0x50, 0, 0, 0]), "mpls.unknown_payload_type"),
        (1, eth(0x894f, &[0; 7]), "nsh.header_too_small"),
        (1, eth(0x894f, &[0x40, 2, 2, 1, 0, 0, 0, 0, 0]), "nsh.unsupported_version"),
        (1, eth(0x894f, &[0, 2, 2, 1, 0, 0, 0, 0]), "nsh.bad_header_length"),
        (1, eth(0x894f, &[0, 2, 1, 1, 0, 0, 0, 0, 0]), "nsh.bad_header_length"),
        (1, eth(0x894f, &[0, 2, 15, 1, 0, 0, 0, 0, 0]), "nsh.reserved_type"),
        (1, eth(0x894f, &[0, 2, 3, 1, 0, 0, 0, 0, 0]), "nsh.unsupported_type"),
        (1, eth(0x894f, &[0, 2, 2, 9, 0, 0, 0, 0, 0]), "nsh.unknown_payload"),
        (1, eth(0x8863, &[0x11, 9, 0, 0, 0]), "pppoe.pkt_too_small"),
        (1, eth(0x8863, &[0x11, 1, 0, 0, 0, 0]), "pppoe.wrong_code"),
        (1, eth(0x8863, &[0x11, 9, 0, 0, 0, 4]), "pppoe.malformed_tags"),
        (1, eth(0x8864, &[0x11, 0, 0, 1, 0, 9]), "pppoe.pkt_too_small"),
        (9, vec![], "ppp.pkt_too_small"),
        (9, vec![0xff, 3, 0], "ppp.pkt_too_small"),
        (9, vec![0, 0x21, 0x45], "ppp.ip4_pkt_too_small"),
        (9, vec![0, 0x57, 0x60], "ppp.ip6_pkt_too_small"),
        (9, vec![0, 0x2f, 0x45], "ppp.vju_pkt_too_small"),
        (9, vec![0, 0x29, 0], "ppp.unsup_proto"),
        (9, vec![0x12, 0x34, 0], "ppp.wrong_type"),
        (113, vec![0; 15], "sll.pkt_too_small"),
        (276, vec![0; 19], "sll2.pkt_too_small"),
        (281, vec![0; 17], "ethernet.pkt_too_small"),
        (285, vec![0; 21], "ethernet.pkt_too_small"),
        (104, vec![0; 3], "chdlc.pkt_too_small"),
        (0, vec![0; 3], "ltnull.pkt_too_small"),
        (0, vec![99, 0, 0, 0], "ltnull.unsupported_type"),
        (101, vec![0x45], "ipv4.pkt_too_small"),
        (101, vec![0x55; 20], "ipraw.invalid_ip_version"),
    ] {
        assert_eq!(events(link_type, &data), [event], "{data:x?}");
    }
    let unknown = eth(0x8100, &[0, 5, 0x12, 0x34]);
    assert_eq!(events(1, &unknown), ["ethernet.unknown_ethertype", "vlan.unknown_type"]);
    let deep = eth(0x8847, &[0, 0x3e, 0x81, 0xff, 0, 0, 0, 0]);
    assert_eq!(events(1, &deep.repeat(20)), ["too_many_layers"]);
}

#[test]
fn arp_is_checked() {
    let mut good = vec![0, 1, 8, 0, 6, 4, 0, 1];
    good.extend([7; 20]);
    let padded = eth(0x0806, &[&good[..], &[0; 18]].concat());
    FrameDecoder::new(DecodeOptions::default()).decode(&frame(1, &padded), &mut |packet| {
        let arp = packet.arp.unwrap();
        assert_eq!((arp.opcode(), arp.sender(), arp.target()), (1, ([7; 6], [7; 4].into()), ([7; 6], [7; 4].into())));
    });
    let change = |at: usize, value: u8| {
        let mut bad = good.clone();
        bad[at] = value;
        eth(0x0806, &bad)
    };
    for (data, event) in [
        (eth(0x0806, &good[..7]), "arp.pkt_too_small"),
        (eth(0x0806, &good[..27]), "arp.invalid_pkt"),
        (change(1, 6), "arp.unsupported_hardware"),
        (change(2, 9), "arp.unsupported_protocol"),
        (change(4, 5), "arp.invalid_hardware_size"),
        (change(5, 6), "arp.invalid_protocol_size"),
        (change(7, 5), "arp.unsupported_opcode"),
    ] {
        assert_eq!(events(1, &data), [event]);
    }
}

#[test]
fn ipv4_headers_and_options_that_are_broken_say_so() {
    let change = |at: usize, value: u8| {
        let mut bad = ipv4(6, &tcp(&[]));
        bad[at] = value;
        bad
    };
    for (packet, event) in [
        (vec![0x45; 19], "ipv4.pkt_too_small"),
        (change(0, 0x65), "ipv4.wrong_ip_version"),
        (change(0, 0x44), "ipv4.hlen_too_small"),
        (change(3, 19), "ipv4.iplen_smaller_than_hlen"),
        (change(3, 200), "ipv4.trunc_pkt"),
        (ipv4(58, b"x"), "ipv4.icmpv6"),
    ] {
        let got = decode(1, &eth(0x0800, &packet));
        assert_eq!(got[0].events, [event]);
        assert_eq!((got[0].hosts.is_empty(), got[0].invalid), (event != "ipv4.icmpv6", true));
    }
    for (options, expected) in [
        (&[1u8, 1, 1, 0][..], &["ipv4.opt_pad_required"][..]),
        (&[148, 4, 0, 0, 148, 4, 0, 0], &["ipv4.opt_duplicate"]),
        (&[148, 3, 0, 0, 0, 0, 0, 0], &["ipv4.opt_invalid_len"]),
        (&[148, 9, 0, 0, 0, 0, 0, 0], &["ipv4.opt_invalid_len"]),
        (&[7, 7, 5, 0, 0, 0, 0, 0], &["ipv4.opt_malformed"]),
        (&[68, 8, 4, 0, 0, 0, 0, 0], &["ipv4.opt_malformed"]),
        (&[99, 8, 4, 0, 0, 0, 0, 0], &["ipv4.opt_invalid"]),
        (&[1, 1, 1, 1, 1, 1, 1, 148], &["ipv4.opt_eol_required"]),
        (&[7, 7, 4, 0, 0, 0, 0, 0], &[]),
        (&[68, 8, 5, 0, 0, 0, 0, 0], &[]),
        (&[134, 10, 0, 0, 0, 1, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0], &[]),
        (&[134, 10, 0, 0, 0, 1, 9, 4, 0, 0, 0, 0, 0, 0, 0, 0], &["ipv4.opt_malformed"]),
    ] {
        assert_eq!(events(1, &eth(0x0800, &ipv4_with(6, options, &tcp(&[])))), expected, "{options:?}");
    }
}

#[test]
fn a_length_of_zero_means_offload_only_when_asked_for() {
    let mut packet = ipv4(6, &tcp(&[]));
    (packet[2], packet[3]) = (0, 0);
    let data = eth(0x0800, &packet);
    assert_eq!(events(1, &data), ["ipv4.iplen_smaller_than_hlen"]);
    let got = decode_with(DecodeOptions::default(), 1, &data);
    assert_eq!((&got[0].payload[..], got[0].events.len()), (&b"data"[..], 0));
    let mut packet = ipv6(6, &tcp(&[]));
    (packet[4], packet[5]) = (0, 0);
    assert_eq!(decode_with(DecodeOptions::default(), 1, &eth(0x86dd, &packet))[0].payload, b"data");
    assert_eq!(events(1, &eth(0x86dd, &packet)), ["tcp.pkt_too_small"]);
}

#[test]
fn ipv6_extension_headers_are_followed_and_checked() {
    let pad = |next: u8| vec![next, 0, 1, 4, 0, 0, 0, 0];
    let alert = |next: u8| vec![next, 0, 5, 2, 0, 0, 0, 0];
    let chain = |first: u8, headers: &[Vec<u8>]| eth(0x86dd, &ipv6(first, &headers.concat()));
    let ends = udp(9, b"end");
    let good = chain(
        0,
        &[
            alert(43),
            vec![60, 0, 4, 0, 0, 0, 0, 0],
            alert(135),
            vec![51, 0, 0, 0, 0, 0, 0, 0],
            vec![17, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            ends.clone(),
        ],
    );
    let got = decode(1, &good);
    assert_eq!((got[0].protocol, got[0].ports, &got[0].payload[..]), (17, (1, 9), &b"end"[..]));
    assert_eq!(got[0].events, [""; 0]);
    let fragment = |next: u8, reserved: u8| vec![next, reserved, 0, 0, 0, 0, 0, 1];
    for (data, expected) in [
        (chain(0, &[pad(17), ends.clone()]), &["ipv6.hopopts_only_padding"][..]),
        (chain(60, &[pad(17), ends.clone()]), &["ipv6.dstopts_only_padding"]),
        (chain(0, &[vec![17, 0, 99, 0, 5, 2, 0, 0], ends.clone()]), &["ipv6.hopopts_unknown_opt"]),
        (chain(60, &[vec![17, 0, 99, 0, 5, 2, 0, 0], ends.clone()]), &["ipv6.dstopts_unknown_opt"]),
        (chain(60, &[vec![17, 0, 5, 2, 0, 0, 1, 9], ends.clone()]), &["ipv6.exthdr_invalid_optlen"]),
        (chain(60, &[vec![17, 0, 5, 2, 0, 0, 1, 0], ends.clone()]), &["ipv6.zero_len_padn"]),
        (chain(0, &[alert(0), alert(17), ends.clone()]), &["ipv6.exthdr_dupl_hh"]),
        (chain(60, &[alert(60), alert(60), alert(17), ends.clone()]), &["ipv6.exthdr_dupl_dh"]),
        (
            chain(43, &[vec![43, 0, 4, 0, 0, 0, 0, 0], vec![17, 0, 4, 0, 0, 0, 0, 0], ends.clone()]),
            &["ipv6.exthdr_dupl_rh"],
        ),
        (chain(43, &[vec![17, 0, 0, 0, 0, 0, 0, 0], ends.clone()]), &["ipv6.rh_type_0"]),
        (chain(51, &[vec![17, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0], ends.clone()]), &["ipv6.exthdr_ah_res_not_null"]),
        (chain(44, &[fragment(17, 0), ends.clone()]), &["ipv6.exthdr_useless_fh"]),
        (
            chain(44, &[fragment(44, 1), fragment(17, 0), ends.clone()]),
            &["ipv6.fh_non_zero_reserved_field", "ipv6.exthdr_useless_fh", "ipv6.exthdr_dupl_fh"],
        ),
        (chain(59, &[vec![0]]), &["ipv6.data_after_none_header"]),
        (chain(59, &[]), &[]),
        (chain(0, &[vec![17, 9, 0, 0]]), &["ipv6.trunc_exthdr"]),
        (chain(0, &[alert(99), vec![0; 8]]), &["ipv6.unknown_next_header"]),
        (chain(99, &[]), &["ipv6.unknown_next_header"]),
        (chain(1, &[]), &["ipv6.icmpv4"]),
        (chain(4, &[vec![0x45]]), &["ipv6.ipv4_in_ipv6_too_small"]),
        (chain(4, &[vec![0x65; 20]]), &["ipv6.ipv4_in_ipv6_wrong_version"]),
        (chain(41, &[vec![0x65]]), &["ipv6.ipv6_in_ipv6_too_small"]),
        (chain(41, &[vec![0x45; 40]]), &["ipv6.ipv6_in_ipv6_wrong_version"]),
        (chain(50, &[vec![0; 7]]), &["esp.pkt_too_small"]),
        (chain(50, &[vec![0; 8]]), &[]),
    ] {
        assert_eq!(events(1, &data), expected, "{data:x?}");
    }
    let mut cut = good;
    cut.pop();
    assert_eq!(events(1, &cut), ["ipv6.trunc_pkt"]);
}

#[test]
fn transport_headers_that_are_broken_say_so() {
    let change = |at: usize, value: u8| {
        let mut bad = tcp(&[]);
        bad[at] = value;
        bad
    };
    for (protocol, body, expected) in [
        (6, vec![0; 19], &["tcp.pkt_too_small"][..]),
        (6, change(12, 0x80), &["tcp.hlen_too_small"]),
        (6, change(12, 0x40), &["tcp.invalid_optlen"]),
        (6, tcp(&[2, 3, 0, 0]), &["tcp.opt_invalid_len"]),
        (6, tcp(&[2, 9, 0, 0]), &["tcp.opt_invalid_len"]),
        (6, tcp(&[2, 4, 5, 0xb4, 2, 4, 5, 0xb4]), &["tcp.opt_duplicate"]),
        (6, tcp(&[3, 3, 15, 1]), &["tcp.opt_wscale_over_max"]),
        (6, tcp(&[5, 2, 1, 1]), &[]),
        (17, vec![0; 7], &["udp.hlen_too_small"]),
        (17, vec![0, 1, 0, 2, 0, 9, 0, 0], &["udp.pkt_too_small"]),
        (17, vec![0, 1, 0, 2, 0, 7, 0, 0], &["udp.len_invalid"]),
        (132, vec![0; 11], &["sctp.pkt_too_small"]),
        (50, vec![0; 7], &["esp.pkt_too_small"]),
        (1, vec![8; 7], &["icmpv4.pkt_too_small"]),
        (1, vec![8, 1, 0, 0, 0, 0, 0, 0], &["icmpv4.unknown_code"]),
        (1, vec![99, 0, 0, 0, 0, 0, 0, 0], &["icmpv4.unknown_type"]),
        (1, vec![3, 1, 0, 0, 0, 0, 0, 0, 0x45], &["icmpv4.ipv4_trunc_pkt"]),
        (1, [vec![3, 1, 0, 0, 0, 0, 0, 0], vec![0x65; 20]].concat(), &["icmpv4.ipv4_unknown_ver"]),
        (47, vec![0; 3], &["gre.pkt_too_small"]),
        (47, vec![0, 5, 8, 0], &["gre.wrong_version"]),
        (47, vec![1, 0, 8, 0], &["gre.version0_recur"]),
        (47, vec![0, 8, 8, 0], &["gre.version0_flags"]),
        (47, vec![0x20, 0, 8, 0], &["gre.version0_hdr_too_big"]),
        (47, vec![0x40, 0, 8, 0, 0, 0, 0, 0], &["gre.version0_malformed_sre_hdr"]),
        (47, vec![0x80, 1, 0x88, 0x0b], &["gre.version1_chksum"]),
        (47, vec![0x40, 1, 0x88, 0x0b], &["gre.version1_route"]),
        (47, vec![0x08, 1, 0x88, 0x0b], &["gre.version1_ssr"]),
        (47, vec![0x01, 1, 0x88, 0x0b], &["gre.version1_recur"]),
        (47, vec![0x20, 9, 0x88, 0x0b], &["gre.version1_flags"]),
        (47, vec![0x20, 1, 8, 0], &["gre.version1_wrong_protocol"]),
        (47, vec![0, 1, 0x88, 0x0b], &["gre.version1_no_key"]),
        (47, vec![0x20, 1, 0x88, 0x0b], &["gre.version1_hdr_too_big"]),
    ] {
        let got = decode(1, &eth(0x0800, &ipv4(protocol, &body)));
        assert_eq!((got.len(), &got[0].events[..], &got[0].hosts[..]), (1, expected, HOSTS), "{body:x?}");
    }
    for (body, expected) in [
        (vec![128, 0, 0, 0, 0, 1, 0], &["icmpv6.pkt_too_small"][..]),
        (vec![128, 1, 0, 0, 0, 1, 0, 2], &["icmpv6.unknown_code"]),
        (vec![130, 0, 0, 0, 0, 1, 0, 2], &["icmpv6.mld_message_with_invalid_hl"]),
        (vec![101, 0, 0, 0, 0, 1, 0, 2], &["icmpv6.experimentation_type"]),
        (vec![90, 0, 0, 0, 0, 1, 0, 2], &["icmpv6.unassigned_type"]),
        (vec![127, 0, 0, 0, 0, 1, 0, 2], &["icmpv6.unknown_type"]),
        (vec![1, 0, 0, 0, 0, 1, 0, 2], &["icmpv6.ipv6_trunc_pkt"]),
        ([vec![1, 0, 0, 0, 0, 1, 0, 2], vec![0x45; 40]].concat(), &["icmpv6.ipv6_unknown_version"]),
    ] {
        assert_eq!(events(1, &eth(0x86dd, &ipv6(58, &body))), expected, "{body:x?}");
    }
}

/// Whoever gets such a packet may take it: only an event must come of it. Linux drops those of IP.
#[test]
fn malformed_options_do_not_hide_what_follows() {
    let tcp_options: [&[u8]; 7] = [
        &[8, 0, 0, 0],
        &[8, 1, 0, 0],
        &[2, 40, 5, 0xb4],
        &[19, 0, 0, 0],
        &[19, 4, 0, 0],
        &[1, 1, 1, 1, 3, 1, 7, 7],
        &[2, 4, 5, 0xb4, 8, 10, 0, 0],
    ];
    for options in tcp_options {
        for packet in [eth(0x0800, &ipv4(6, &tcp(options))), eth(0x86dd, &ipv6(6, &tcp(options)))] {
            let got = decode(1, &packet);
            assert_eq!((&got[0].payload[..], got[0].invalid), (&b"data"[..], false), "{options:?}");
            assert_eq!(got[0].events, ["tcp.opt_invalid_len"], "{options:?}");
        }
    }
    let drops = DecodeOptions { drop_malformed_ip_options: true, ..DecodeOptions::default() };
    let padded = |length: u8| eth(0x86dd, &ipv6(60, &[vec![6, 0, 5, length, 0, 0, 1, 0], tcp(&[])].concat()));
    for (packet, event) in [
        (eth(0x0800, &ipv4_with(6, &[7, 7, 5, 0, 0, 0, 0, 0], &tcp(&[]))), "ipv4.opt_malformed"),
        (eth(0x0800, &ipv4_with(6, &[148, 3, 0, 0, 0, 0, 0, 0], &tcp(&[]))), "ipv4.opt_invalid_len"),
        (padded(1), "ipv6.exthdr_invalid_optlen"),
        (padded(7), "ipv6.exthdr_invalid_optlen"),
    ] {
        let got = decode(1, &packet);
        assert_eq!((&got[0].payload[..], got[0].invalid), (&b"data"[..], false), "{event}");
        assert_eq!(got[0].events, [event]);
        let got = decode_with(drops.clone(), 1, &packet);
        assert_eq!((&got[0].events[..], got[0].invalid), (&[event][..], true));
    }
    // Where the length of an option cannot be, nobody takes the packet.
    let got = decode(1, &eth(0x0800, &ipv4_with(6, &[148, 1, 0, 0, 0, 0, 0, 0], &tcp(&[]))));
    assert_eq!((&got[0].events[..], got[0].invalid), (&["ipv4.opt_invalid_len"][..], true));
}

#[test]
fn error_messages_quote_a_packet() {
    let quoted = ipv4(6, &tcp(&[]));
    let body = [&[3, 3, 0, 0, 0, 0, 0, 0], &quoted[..28]].concat();
    let mut embedded: Option<EmbeddedPacket> = None;
    let data = eth(0x0800, &ipv4(1, &body));
    FrameDecoder::new(DecodeOptions::default()).decode(&frame(1, &data), &mut |packet| {
        if let TransportLayer::Icmp(icmp) = &packet.transport {
            embedded = icmp.embedded;
        }
    });
    let embedded = embedded.unwrap();
    assert_eq!((embedded.protocol, embedded.source.port, embedded.destination.port), (6, 1, 80));
    assert_eq!(embedded.source.address, IpAddr::from([10, 0, 0, 1]));
}

#[test]
fn tunnels_yield_both_packets() {
    let inner = ipv6(17, &udp(53, b"inner"));
    let inner_frame = eth(0x86dd, &inner);
    let vxlan = [&[8, 0, 0, 0, 0, 0, 5, 0], &inner_frame[..]].concat();
    let tagged = [&[8, 0, 0, 0, 0, 0, 5, 0], &eth(0x8100, &[&[0, 7, 0x86, 0xdd], &inner[..]].concat())[..]].concat();
    let geneve = [&[1, 0, 0x65, 0x58, 0, 0, 5, 0, 0, 0, 0, 0], &inner_frame[..]].concat();
    let teredo = [&[0, 0, 1, 1, 1, 1, 1, 1], &inner[..]].concat();
    let gre =
        |flags: [u8; 2], kind: u16, extra: &[u8], rest: &[u8]| [&flags, &kind.to_be_bytes()[..], extra, rest].concat();
    let ppp = [&[0xff, 3, 0, 0x57], &inner[..]].concat();
    for (protocol, body, tunnel, vlans) in [
        (41, inner.clone(), TunnelKind::IpInIp, &[][..]),
        (47, gre([0, 0], 0x86dd, &[], &inner), TunnelKind::Gre, &[]),
        (47, gre([0xb0, 0], 0x6558, &[0; 12], &inner_frame), TunnelKind::Gre, &[]),
        (47, gre([0, 0], 0x8100, &[0, 5, 0x86, 0xdd], &inner), TunnelKind::Gre, &[5]),
        (47, gre([0x30, 0x81], 0x880b, &[0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &ppp), TunnelKind::Gre, &[]),
        (47, gre([0, 0], 0x88be, &[], &inner_frame), TunnelKind::Erspan, &[]),
        (47, gre([0x10, 0], 0x88be, &[0, 0, 0, 1, 0x10, 9, 0, 0, 0, 0, 0, 0], &inner_frame), TunnelKind::Erspan, &[9]),
        (17, udp(4789, &vxlan), TunnelKind::Vxlan, &[]),
        (17, udp(4789, &tagged), TunnelKind::Vxlan, &[7]),
        (17, udp(6081, &geneve), TunnelKind::Geneve, &[]),
        (17, udp(3544, &teredo), TunnelKind::Teredo, &[]),
    ] {
        let data = eth(0x0800, &ipv4(protocol, &body));
        let got = decode(1, &data);
        assert_eq!(got.len(), 2, "{tunnel:?} {body:x?}");
        assert_eq!((&got[0].hosts[..], got[0].level, got[0].tunnel, got[0].carries), (HOSTS, 0, None, Some(tunnel)));
        assert_eq!((&got[1].hosts[..], got[1].level, got[1].tunnel), ("fe80::1 fe80::2", 1, Some(tunnel)));
        assert_eq!((&got[1].payload[..], &got[1].vlans[..]), (&b"inner"[..], vlans));
        assert_eq!((got[0].root, got[1].root), (None, Some((protocol, got[0].ports.1))));
        let pair = FrameSharder::new(&DecodeOptions::default()).key(&frame(1, &data)).unwrap().pair;
        assert_eq!(format!("{} {}", pair.low, pair.high), "fe80::1 fe80::2");
    }
    // On another port it is data, unless Teredo is looked for everywhere.
    let data = eth(0x0800, &ipv4(17, &udp(99, &teredo)));
    assert_eq!(decode(1, &data).len(), 1);
    assert_eq!(decode_with(DecodeOptions { teredo: TunnelPorts::Any, ..DecodeOptions::default() }, 1, &data).len(), 2);
    // An inner packet that cannot be read is none.
    let broken = eth(0x0800, &ipv4(47, &gre([0, 0], 0x0800, &[], &[0x45; 10])));
    assert_eq!(decode(1, &broken).len(), 1);
}

#[test]
fn erspan_and_geneve_events() {
    let erspan = |version: u8| [&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, version << 4, 0][..], &[0; 40]].concat();
    assert_eq!(decode(1, &eth(0x0800, &ipv4(47, &erspan(3)))).len(), 1, "type III is not read");
    let geneve = [&[0, 0, 0x12, 0x34, 0, 0, 5, 0][..], b"x"].concat();
    assert_eq!(events(1, &eth(0x0800, &ipv4(17, &udp(6081, &geneve)))), ["geneve.unknown_payload_type"]);
}

#[test]
fn checksums_are_verified_on_request() {
    // A DNS query captured with good checksums: IPv4 header and UDP.
    let mut packet = ipv4(17, &udp(53, b"odd"));
    let sum = |words: &[u8], start: u32| {
        let mut total = start;
        for pair in words.chunks(2) {
            total += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        }
        while total > 0xffff {
            total = (total & 0xffff) + (total >> 16);
        }
        !(total as u16)
    };
    let header = sum(&packet[..20], 0).to_be_bytes();
    packet[10..12].copy_from_slice(&header);
    let pseudo = (0x0a00 + 0x0001 + 0x0a00 + 0x0002) + 17 + 11;
    let transport = sum(&packet[20..], pseudo).to_be_bytes();
    packet[26..28].copy_from_slice(&transport);
    let verify = |data: &[u8]| {
        let mut bad = None;
        let options = DecodeOptions { checksums: true, ..DecodeOptions::default() };
        FrameDecoder::new(options).decode(&frame(101, data), &mut |packet| bad = Some(packet.bad_checksum));
        let bad = bad.unwrap();
        (bad.network, bad.transport)
    };
    assert_eq!(verify(&packet), (false, false));
    packet[28] ^= 1;
    assert_eq!(verify(&packet), (false, true));
    packet[8] ^= 1;
    assert_eq!(verify(&packet), (true, true));
    (packet[26], packet[27]) = (0, 0);
    assert_eq!(verify(&packet), (true, false), "zero means none");
}

#[test]
fn a_checksum_left_to_the_network_card_is_right_if_asked() {
    let mut packet = ipv4(17, &udp(53, b"odd"));
    let bad = |packet: &[u8], partial_checksums| {
        let mut bad = None;
        let options = DecodeOptions { checksums: true, partial_checksums, ..DecodeOptions::default() };
        FrameDecoder::new(options).decode(&frame(101, packet), &mut |packet| bad = Some(packet.bad_checksum.transport));
        bad.unwrap()
    };
    let pseudo = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17;
    for length in [11, 0] {
        packet[26..28].copy_from_slice(&(pseudo + length as u16).to_be_bytes());
        assert!(bad(&packet, false));
        assert!(!bad(&packet, true));
    }
    packet[27] ^= 1;
    assert!(bad(&packet, true));
}

#[test]
fn statistics_are_named_and_add_up() {
    let mut decoder = FrameDecoder::new(DecodeOptions::default());
    for data in [eth(0x0800, &ipv4(6, &tcp(&[]))), eth(0x1234, b"x"), vec![1], eth(0x8847, &[0, 0, 0x11, 0])] {
        decoder.decode(&frame(1, &data), &mut |_| {});
    }
    let mut sum = decoder.stats().clone();
    sum.merge(decoder.stats());
    let all: std::collections::BTreeMap<_, _> = sum.values().collect();
    for (name, value) in [
        ("decoder.pkts", 8),
        ("decoder.ethernet", 8),
        ("decoder.ipv4", 2),
        ("decoder.tcp", 2),
        ("decoder.invalid", 2),
        ("decoder.unknown_ethertype", 2),
        ("decoder.max_pkt_size", 58),
        ("decoder.event.ethernet.pkt_too_small", 2),
        ("decoder.event.mpls.bad_label_router_alert", 2),
        ("decoder.too_many_layers", 0),
    ] {
        assert_eq!(all[name], value, "{name}");
    }
}

#[test]
fn both_directions_have_one_shard() {
    let mut sharder = FrameSharder::new(&DecodeOptions::default());
    let there = eth(0x0800, &ipv4(6, &tcp(&[])));
    let mut back = there.clone();
    (back[29], back[33]) = (2, 1);
    let key = |sharder: &mut FrameSharder, data: &[u8]| sharder.key(&frame(1, data));
    let first = key(&mut sharder, &there).unwrap();
    assert_eq!(Some(first), key(&mut sharder, &back));
    let mut fragment = there.clone();
    fragment[20] = 0x20;
    assert_eq!(key(&mut sharder, &fragment), Some(ShardKey { fragment: true, ..first }));
    assert_eq!(key(&mut sharder, &eth(0x0806, &[0; 28])), None);
}
