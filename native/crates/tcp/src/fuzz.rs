//! Drives a session from arbitrary octets. Not part of the interface.

use core::net::{IpAddr, Ipv4Addr};

use sidewire_base::{Cursor, Direction, Malformed, Time};
use sidewire_decode::{TcpHeader, TcpOptions};

use crate::{OverlapPolicy, StreamConsumer, StreamPiece, TcpConfig, TcpContext, TcpSession};

/// Reads a configuration and segments from `data` and plays them through a session; checks what must always hold.
///
/// # Panics
/// When an invariant is broken.
pub fn session(data: &[u8]) {
    let mut cursor = Cursor::new(data);
    let _ = play(&mut cursor);
}

fn play(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    const PAYLOAD: &[u8] = &[0x5a; 256];
    let switches = cursor.u8()?;
    let policies = [
        OverlapPolicy::Bsd,
        OverlapPolicy::Linux,
        OverlapPolicy::OldLinux,
        OverlapPolicy::Solaris,
        OverlapPolicy::First,
        OverlapPolicy::Last,
    ];
    let mut config = TcpConfig {
        midstream: switches & 1 != 0,
        async_oneside: switches & 2 != 0,
        inline: switches & 4 != 0,
        policies: crate::HostOsPolicies::all(policies.get(usize::from(switches >> 5)).copied().unwrap_or_default()),
        ..TcpConfig::default()
    };
    config.reassembly.depth = if switches & 8 != 0 { 1000 } else { 0 };
    config.reassembly.memcap = if switches & 16 != 0 { 8192 } else { 0 };
    config.reassembly.max_segments = 64;
    let mut shared = TcpContext::new(&config, 1);
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut session = TcpSession::new(&config, address, address);
    let mut seconds = 0;
    while let (Ok(flags), Ok(control), Ok(sequence), Ok(ack), Ok(length), Ok(fill)) =
        (cursor.u8(), cursor.u8(), cursor.u16_be(), cursor.u16_be(), cursor.u8(), cursor.u8())
    {
        let direction = if control & 1 == 0 { Direction::ToServer } else { Direction::ToClient };
        // Sequence numbers lie around a wrap.
        let number = |value: u16| u32::from(value).wrapping_sub(0x4000);
        let header = [0u8; 20];
        let tcp = TcpHeader {
            source_port: 1,
            destination_port: 2,
            sequence: number(sequence),
            acknowledgement: number(ack),
            flags,
            reserved: 0,
            window: if control & 2 == 0 { 8192 } else { u16::from(fill) },
            urgent: u16::from(control >> 4),
            checksum: 0,
            header: &header,
            options: TcpOptions {
                timestamps: (control & 4 != 0).then_some((u32::from(fill), u32::from(length))),
                window_scale: (control & 8 != 0).then_some(fill),
                fast_open: fill == 0xff,
                ..TcpOptions::default()
            },
        };
        let payload = PAYLOAD.get(..usize::from(length)).unwrap_or_default();
        seconds += i64::from(control >> 6);
        let outcome = session.packet(&tcp, payload, direction, Time::new(seconds, 0), &config, &mut shared);
        for (direction, visible) in Direction::BOTH.into_iter().zip(outcome.visible) {
            if visible || fill & 1 == 0 {
                read(&mut session, direction, u64::from(fill));
            }
        }
        if fill & 2 == 0 {
            session.release(&config, TcpSession::NO_PINS, &mut shared);
        }
        assert!(config.reassembly.memcap == 0 || shared.counters.reassembly_memuse <= 2 * config.reassembly.memcap);
    }
    session.close(&mut shared);
    for direction in Direction::BOTH {
        read(&mut session, direction, u64::MAX);
    }
    session.discard(&mut shared);
    assert_eq!(shared.counters.reassembly_memuse, 0, "all stream memory is given back");
    assert_eq!(shared.counters.memuse, 0, "all session memory is given back");
    Ok(())
}

/// Consumes up to `limit` octets of each piece, as both consumers.
fn read(session: &mut TcpSession, direction: Direction, limit: u64) {
    let stream = session.stream_mut(direction);
    for consumer in [StreamConsumer::App, StreamConsumer::Raw] {
        while let Some(chunk) = stream.available_with_overlap(consumer, 16) {
            let progress = stream.progress(consumer);
            let length = match chunk {
                StreamPiece::Data { offset, bytes, seen, .. } => {
                    assert!(bytes.len() > seen, "a piece is never empty");
                    assert_eq!(offset + seen as u64, progress, "pieces follow each other");
                    (bytes.len() - seen) as u64
                }
                StreamPiece::Gap { offset, length } => {
                    assert_eq!(offset, progress, "a gap begins where the piece before it ended");
                    length
                }
            };
            stream.consume(consumer, length.min(limit.max(1)));
            if limit < length {
                break;
            }
        }
    }
}
