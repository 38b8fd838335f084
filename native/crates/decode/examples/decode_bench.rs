//! Packets per second through the decoder alone, on frames made here: `cargo run --release --example decode_bench`.

use std::time::Instant;

use sidewire_base::Time;
use sidewire_decode::{DecodeOptions, FrameDecoder, FrameSharder, LinkFrame};

const FRAMES: usize = 4_000_000;

fn main() {
    for (name, frame) in frames() {
        let decode = |options: DecodeOptions| {
            let mut decoder = FrameDecoder::new(options);
            rate(|ordinal| {
                let mut octets = 0;
                decoder.decode(&captured(&frame, ordinal), &mut |packet| octets += packet.payload.len());
                octets
            })
        };
        let plain = decode(DecodeOptions::default());
        let verified = decode(DecodeOptions { checksums: true, ..DecodeOptions::default() });
        let mut sharder = FrameSharder::new(&DecodeOptions::default());
        let sharded = rate(|ordinal| usize::from(sharder.key(&captured(&frame, ordinal)).is_some()));
        println!("{name:<16} {plain:>6.1} M/s decoded, {verified:>6.1} with checksums, {sharded:>6.1} sharded");
    }
}

fn captured(data: &[u8], ordinal: u64) -> LinkFrame<'_> {
    let wire_length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    LinkFrame {
        time: Time(0),
        ordinal,
        link_type: 1,
        data: std::hint::black_box(data),
        wire_length,
        interface: 0,
        checksums_pending: false,
    }
}

/// Millions of calls a second.
fn rate(mut one: impl FnMut(u64) -> usize) -> f64 {
    let start = Instant::now();
    let octets: usize = (0..FRAMES as u64).map(&mut one).sum();
    std::hint::black_box(octets);
    FRAMES as f64 / start.elapsed().as_secs_f64() / 1e6
}

/// Ethernet frames of the usual kinds.
fn frames() -> Vec<(&'static str, Vec<u8>)> {
    let ipv4 = |protocol: u8, body: &[u8]| {
        let [high, low] = u16::try_from(20 + body.len()).unwrap_or_default().to_be_bytes();
        [&[0x45, 0, high, low, 0, 1, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], body].concat()
    };
    let ethernet = |rest: &[u8]| [&[0; 12][..], &[8, 0], rest].concat();
    let tcp =
        [&[1, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 16, 1, 0, 0, 0, 0, 0][..], &[1, 1, 8, 10], &[0; 8]].concat();
    let segment = ipv4(6, &[&tcp[..], &[0; 64]].concat());
    let udp = ipv4(17, &[&[1, 0, 0, 53, 0, 40, 0, 0][..], &[0; 32]].concat());
    vec![
        ("tcp", ethernet(&segment)),
        ("udp", ethernet(&udp)),
        ("vlan tcp", [&[0; 12][..], &[0x81, 0, 0, 5, 8, 0], &segment].concat()),
        ("gre tcp", ethernet(&ipv4(47, &[&[0, 0, 8, 0][..], &segment].concat()))),
    ]
}
