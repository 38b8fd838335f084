//! Whole files: every format, byte order, wrapping and way of being broken, and pcap-parser as an oracle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::io::{self, Cursor, Read, Write};
use std::path::Path;

use pcap_parser::{Block, PcapBlockOwned, PcapError};
use proptest::prelude::*;
use sidewire_capture::{
    BlockFrames, CaptureCompression, CaptureFormat, CaptureReader, CapturedFrame, OpenError, ReadError, expand,
};

#[derive(Debug, Clone, PartialEq, Eq)]
struct Owned {
    nanos: i64,
    data: Vec<u8>,
    wire_length: u32,
    link_type: u32,
    interface: u32,
}

/// Hands out at most `step` octets a read, as a pipe would.
struct Trickle(Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(self.1);
        self.0.read(&mut buf[..n])
    }
}

/// Frame by frame and block by block, which must be the same.
fn read(data: Vec<u8>) -> (Vec<Owned>, Option<ReadError>) {
    let open = || CaptureReader::from_source("test", Cursor::new(data.clone()), None).unwrap();
    let (one_by_one, in_blocks) = (drain(open()), drain_blocks(open()));
    assert_eq!(one_by_one.0, in_blocks.0);
    let text = |error: &Option<ReadError>| error.as_ref().map(ToString::to_string);
    assert_eq!(text(&one_by_one.1), text(&in_blocks.1));
    one_by_one
}

fn drain(mut reader: CaptureReader) -> (Vec<Owned>, Option<ReadError>) {
    let mut frames = Vec::new();
    let error = loop {
        match reader.next() {
            Ok(Some(frame)) => frames.push(owned(frame)),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(matches!(reader.next(), Ok(None)), "after the end or an error there is nothing");
    (frames, error)
}

fn drain_blocks(mut reader: CaptureReader) -> (Vec<Owned>, Option<ReadError>) {
    // Two blocks at a time, as when one is worked on while the next is read.
    let (mut all, mut held, mut used) = (Vec::new(), BlockFrames::default(), BlockFrames::default());
    let error = loop {
        let next = match reader.frames(used) {
            Ok(frames) => frames,
            Err(error) => break Some(error),
        };
        if next.is_empty() {
            break None;
        }
        all.extend(held.iter().map(owned));
        used = core::mem::replace(&mut held, next);
    };
    all.extend(held.iter().map(owned));
    assert!(reader.frames(BlockFrames::default()).unwrap().is_empty(), "after the end or an error there is nothing");
    (all, error)
}

fn owned(frame: CapturedFrame<'_>) -> Owned {
    Owned {
        nanos: frame.time.0,
        data: frame.data.to_vec(),
        wire_length: frame.wire_length,
        link_type: frame.link_type,
        interface: frame.interface,
    }
}

fn u16s(big: bool, n: u16) -> Vec<u8> {
    if big { n.to_be_bytes().to_vec() } else { n.to_le_bytes().to_vec() }
}

fn u32s(big: bool, numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| if big { n.to_be_bytes() } else { n.to_le_bytes() }).collect()
}

fn pcap(big: bool, magic: u32, link_type: u32, records: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut file = u32s(big, &[magic]);
    file.extend(u16s(big, 2));
    file.extend(u16s(big, 4));
    file.extend(u32s(big, &[0, 0, 65535, link_type]));
    for (seconds, fraction, data) in records {
        file.extend(u32s(big, &[*seconds, *fraction, data.len() as u32, data.len() as u32 + 3]));
        if magic == 0xa1b2_cd34 {
            file.extend(u32s(big, &[7, 0]));
        }
        file.extend(*data);
    }
    file
}

fn block(big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = padded as u32 + 12;
    let mut block = u32s(big, &[kind, length]);
    block.extend(body);
    block.resize(8 + padded, 0);
    block.extend(u32s(big, &[length]));
    block
}

fn section(big: bool) -> Vec<u8> {
    let mut body = u32s(big, &[0x1a2b_3c4d]);
    body.extend(u16s(big, 1));
    body.extend(u16s(big, 0));
    body.extend([0xff; 8]);
    block(big, 0x0a0d_0d0a, &body)
}

fn interface(big: bool, link_type: u16, snap: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = u16s(big, link_type);
    body.extend([0, 0]);
    body.extend(u32s(big, &[snap]));
    for (code, value) in options {
        body.extend(u16s(big, *code));
        body.extend(u16s(big, value.len() as u16));
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    block(big, 1, &body)
}

fn enhanced(big: bool, interface: u32, ticks: u64, data: &[u8]) -> Vec<u8> {
    let mut body = u32s(big, &[interface, (ticks >> 32) as u32, ticks as u32, data.len() as u32, data.len() as u32]);
    body.extend(data);
    block(big, 6, &body)
}

#[test]
fn classic_files_in_both_orders_and_units() {
    for big in [false, true] {
        for (magic, unit) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1), (0xa1b2_cd34, 1000)] {
            let file = pcap(big, magic, 101, &[(5, 7, b"abc"), (6, 8, b"")]);
            let reader = CaptureReader::from_source("test", Cursor::new(file), None).unwrap();
            assert_eq!((reader.format(), reader.compression()), (CaptureFormat::Pcap, CaptureCompression::None));
            let (frames, error) = drain(reader);
            assert!(error.is_none());
            let interface = if magic == 0xa1b2_cd34 { 7 } else { 0 };
            let frame = |seconds: i64, fraction: i64, data: &[u8]| Owned {
                nanos: seconds * 1_000_000_000 + fraction * unit,
                data: data.to_vec(),
                wire_length: data.len() as u32 + 3,
                link_type: 101,
                interface,
            };
            assert_eq!(frames, [frame(5, 7, b"abc"), frame(6, 8, b"")]);
        }
    }
}

#[test]
fn sections_of_either_order_with_interfaces_of_their_own() {
    let mut file = section(false);
    file.extend(interface(false, 1, 0, &[]));
    file.extend(interface(false, 113, 0, &[(9, &[9]), (14, &10i64.to_le_bytes()), (0, &[])]));
    file.extend(block(false, 0x0bad, &[1, 2, 3]));
    file.extend(enhanced(false, 0, 1_000_001, b"one"));
    file.extend(enhanced(false, 1, 1_000_000_001, b"second"));
    file.extend(section(true));
    file.extend(interface(true, 101, 2, &[(9, &[0x81])]));
    file.extend(enhanced(true, 0, 3, b"x"));
    let mut simple = u32s(true, &[5]);
    simple.extend(b"yz");
    file.extend(block(true, 3, &simple));
    let mut obsolete = [u16s(true, 0), u16s(true, 0)].concat();
    obsolete.extend(u32s(true, &[0, 2, 1, 9]));
    obsolete.push(b'o');
    file.extend(block(true, 2, &obsolete));
    let (frames, error) = read(file);
    assert!(error.is_none(), "{error:?}");
    let got: Vec<_> =
        frames.iter().map(|f| (f.nanos, f.data.as_slice(), f.wire_length, f.link_type, f.interface)).collect();
    let expected: [(i64, &[u8], u32, u32, u32); 5] = [
        (1_000_001_000, b"one", 3, 1, 0),
        (11_000_000_001, b"second", 6, 113, 1),
        (1_500_000_000, b"x", 1, 101, 0),
        (0, b"yz", 5, 101, 0),
        (1_000_000_000, b"o", 9, 101, 0),
    ];
    assert_eq!(got, expected);
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_files_read_as_plain_ones() {
    // Octets that do not compress, so that half of the wrapped file holds about half of the records.
    let mut seed = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    })
    .take(400_000)
    .collect();
    let records: Vec<_> = noise.chunks(200).map(|data| (1, 0, data)).collect();
    let plain = pcap(false, 0xa1b2_c3d4, 1, &records);
    let (expected, _) = read(plain.clone());
    let (head, tail) = plain.split_at(1000);
    for (wrapped, compression) in [
        (gzip(&plain), CaptureCompression::Gzip),
        ([gzip(head), gzip(tail)].concat(), CaptureCompression::Gzip),
        (zstd::encode_all(&plain[..], 1).unwrap(), CaptureCompression::Zstd),
        ([zstd::encode_all(head, 1).unwrap(), zstd::encode_all(tail, 1).unwrap()].concat(), CaptureCompression::Zstd),
    ] {
        let size = wrapped.len();
        for step in [1, 4096] {
            let open = || {
                let source = Trickle(Cursor::new(wrapped.clone()), step);
                CaptureReader::from_source("test", source, Some(size as u64)).unwrap()
            };
            let reader = open();
            assert_eq!(reader.compression(), compression);
            let progress = reader.progress();
            let (frames, error) = drain(reader);
            assert!(error.is_none(), "{error:?}");
            assert_eq!(frames, expected);
            assert_eq!(drain_blocks(open()).0, expected);
            assert_eq!((progress.read(), progress.size()), (size as u64, Some(size as u64)));
        }
        let (frames, error) = read(wrapped[..size / 2].to_vec());
        assert!(matches!(error, Some(ReadError::Truncated { .. })), "{error:?}");
        assert!(expected.starts_with(&frames));
    }
}

#[test]
fn what_is_no_capture_is_named() {
    let message = |data: &[u8]| match CaptureReader::from_source("evidence.pcap", Cursor::new(data.to_vec()), None) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("opened {data:?}"),
    };
    assert_eq!(message(b""), "evidence.pcap: not a capture file (it seems to be empty)");
    assert!(message(b"\x7fELF\x02\x01").contains("an ELF program"));
    assert!(message(&gzip(b"{\"a\":1}")).contains("compressed JSON"));
    assert!(message(&zstd::encode_all(&b"hello"[..], 1).unwrap()).contains("compressed text"));
    assert!(message(&gzip(&gzip(b"x"))).contains("gzip inside another compression"));
    assert!(message(&pcap(false, 0xa1b2_c3d4, 1, &[])[..20]).contains("ends inside its header, after 20 octets"));
    let mut future = pcap(true, 0xa1b2_c3d4, 1, &[]);
    future[5] = 3;
    assert!(message(&future).contains("pcap version 3.4 is not supported"));
    assert!(matches!(CaptureReader::open(std::env::temp_dir()), Err(OpenError::NotCapture { .. })));
    assert!(CaptureReader::open("/absent/file").unwrap_err().to_string().starts_with("/absent/file: "));
}

#[test]
fn hostile_lengths_are_refused_without_taking_memory() {
    let mut file = pcap(false, 0xa1b2_c3d4, 1, &[(1, 1, b"ok")]);
    file.extend(u32s(false, &[0, 0, u32::MAX, u32::MAX]));
    let (frames, error) = read(file);
    assert_eq!(frames.len(), 1);
    assert!(matches!(error, Some(ReadError::Damaged { offset: 42, .. })), "{error:?}");

    for (kind, length) in [(6, 0xffff_fff0u32), (6, 16 << 20), (6, 7), (6, 14), (0x0bad, 0xffff_fff0)] {
        let mut file = section(false);
        file.extend(u32s(false, &[kind, length, 0, 0]));
        let (frames, error) = read(file);
        assert!(frames.is_empty());
        assert!(error.is_some(), "{kind} {length}");
    }
    let (_, error) = read([section(false), enhanced(false, 3, 0, b"")].concat());
    assert!(error.unwrap().to_string().contains("interface never described"));
}

/// Reads the same octets with pcap-parser: nanoseconds only where it gives them plainly.
fn oracle(data: &[u8]) -> Vec<(Vec<u8>, u32)> {
    let mut reader = pcap_parser::create_reader(1 << 20, Cursor::new(data)).unwrap();
    let (mut out, mut snaps, mut stuck) = (Vec::new(), Vec::new(), false);
    loop {
        match reader.next() {
            Ok((used, block)) => {
                match block {
                    PcapBlockOwned::Legacy(p) => out.push((p.data[..p.caplen as usize].to_vec(), p.origlen)),
                    PcapBlockOwned::NG(Block::EnhancedPacket(p)) => {
                        out.push((p.data[..p.caplen as usize].to_vec(), p.origlen));
                    }
                    PcapBlockOwned::NG(Block::SimplePacket(p)) => {
                        let snap: u32 = snaps.first().copied().filter(|n| *n != 0).unwrap_or(u32::MAX);
                        out.push((p.data[..p.origlen.min(snap) as usize].to_vec(), p.origlen));
                    }
                    PcapBlockOwned::NG(Block::InterfaceDescription(i)) => snaps.push(i.snaplen),
                    PcapBlockOwned::NG(Block::SectionHeader(_)) => snaps.clear(),
                    _ => {}
                }
                reader.consume(used);
                stuck = false;
            }
            Err(PcapError::Incomplete(_)) if !stuck => {
                stuck = true;
                if reader.refill().is_err() {
                    return out;
                }
                continue;
            }
            Err(_) => return out,
        }
    }
}

#[test]
fn shared_captures_read_as_pcap_parser_reads_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/conformance/suite");
    if !root.is_dir() {
        eprintln!("SKIPPED: no {}", root.display());
        return;
    }
    let (mut files, mut frames) = (0, 0);
    for path in expand(&root, true, sidewire_capture::DirectoryOrder::Name).unwrap() {
        if !path.extension().is_some_and(|e| e == "pcap" || e == "pcapng") {
            continue;
        }
        let data = std::fs::read(&path).unwrap();
        let Ok(reader) = CaptureReader::open(&path) else { continue };
        let ours: Vec<_> = drain(reader).0.into_iter().map(|f| (f.data, f.wire_length)).collect();
        let theirs = oracle(&data);
        assert!(ours.len() >= theirs.len(), "{}: {} frames, {} expected", path.display(), ours.len(), theirs.len());
        assert!(ours.starts_with(&theirs), "{}", path.display());
        files += 1;
        frames += ours.len();
    }
    eprintln!("{files} files, {frames} frames");
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(head in 0usize..8, tail in proptest::collection::vec(any::<u8>(), 0..400)) {
        let magic: &[&[u8]] = &[
            b"", b"\xa1\xb2\xc3\xd4\0\x02\0\x04", b"\xd4\xc3\xb2\xa1\x02\0\x04\0", b"\x34\xcd\xb2\xa1\x02\0\x04\0",
            b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd",
            b"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\x01\0\0",
        ];
        sidewire_capture::fuzz::capture(&[magic[head], &tail].concat());
    }

    #[test]
    fn a_cut_file_yields_what_it_holds(cut in 0usize..400, ng in any::<bool>(), step in 1usize..50) {
        let whole = if ng {
            let mut file = [section(false), interface(false, 1, 0, &[])].concat();
            (0..5).for_each(|n| file.extend(enhanced(false, 0, n, &vec![n as u8; n as usize * 9])));
            file
        } else {
            pcap(false, 0xa1b2_c3d4, 1, &[(1, 1, b"first"), (2, 2, &[9; 70]), (3, 3, b""), (4, 4, &[1; 31])])
        };
        let (all, _) = read(whole.clone());
        let part = whole[..cut.min(whole.len())].to_vec();
        if let Ok(reader) = CaptureReader::from_source("test", Trickle(Cursor::new(part.clone()), step), None) {
            let (frames, error) = drain(reader);
            prop_assert!(all.starts_with(&frames));
            let complete = part.len() == whole.len();
            if complete { prop_assert_eq!(frames, all); }
            let fine = matches!(error, None | Some(ReadError::Truncated { .. }));
            prop_assert!(fine, "{:?}", error);
        }
    }
}
