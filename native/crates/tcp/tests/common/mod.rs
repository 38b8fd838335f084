//! A session to play segments into.
#![allow(dead_code, missing_docs, unreachable_pub)]

use core::net::{IpAddr, Ipv4Addr};

use sidewire_base::{Direction, Time};
use sidewire_decode::{TcpHeader, TcpOptions};
use sidewire_tcp::{SegmentOutcome, Stream, StreamConsumer, StreamPiece, TcpConfig, TcpContext, TcpSession};

/// Sequence number of the server's SYN.
const SERVER_ISN: u32 = 5000;

/// A header.
pub fn tcp(flags: u8, sequence: u32, acknowledgement: u32) -> TcpHeader<'static> {
    TcpHeader {
        source_port: 1024,
        destination_port: 80,
        sequence,
        acknowledgement,
        flags,
        reserved: 0,
        window: 65535,
        urgent: 0,
        checksum: 0,
        header: &[0; 20],
        options: TcpOptions::default(),
    }
}

/// A session and what it needs.
pub struct Rig {
    pub config: TcpConfig,
    pub shared: TcpContext,
    pub session: TcpSession,
    pub seconds: i64,
}

impl Rig {
    pub fn new(config: TcpConfig) -> Self {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            shared: TcpContext::new(&config, 1),
            session: TcpSession::new(&config, address, address),
            config,
            seconds: 1000,
        }
    }

    pub fn play(&mut self, direction: Direction, tcp: &TcpHeader<'_>, payload: &[u8]) -> SegmentOutcome {
        self.session.packet(tcp, payload, direction, Time::new(self.seconds, 0), &self.config, &mut self.shared)
    }
}

/// An established session whose client sends.
pub struct Pipe {
    pub rig: Rig,
    isn: u32,
}

impl Pipe {
    pub fn new(config: TcpConfig, isn: u32) -> Self {
        let mut pipe = Self { rig: Rig::new(config), isn };
        let first = isn.wrapping_add(1);
        pipe.rig.play(Direction::ToServer, &tcp(TcpHeader::SYN, isn, 0), b"");
        pipe.rig.play(Direction::ToClient, &tcp(TcpHeader::SYN | TcpHeader::ACK, SERVER_ISN, first), b"");
        let outcome = pipe.rig.play(Direction::ToServer, &tcp(TcpHeader::ACK, first, SERVER_ISN + 1), b"");
        assert!(outcome.established);
        pipe
    }

    pub fn sequence(&self, offset: u32) -> u32 {
        self.isn.wrapping_add(1).wrapping_add(offset)
    }

    pub fn send(&mut self, offset: u32, payload: &[u8]) -> SegmentOutcome {
        let header = tcp(TcpHeader::ACK | TcpHeader::PSH, self.sequence(offset), SERVER_ISN + 1);
        self.rig.play(Direction::ToServer, &header, payload)
    }

    pub fn acknowledge(&mut self, offset: u32) -> SegmentOutcome {
        let header = tcp(TcpHeader::ACK, SERVER_ISN + 1, self.sequence(offset));
        self.rig.play(Direction::ToClient, &header, b"")
    }

    pub fn stream(&mut self) -> &mut Stream {
        self.rig.session.stream_mut(Direction::ToServer)
    }

    pub fn close(&mut self) {
        self.rig.session.close(&mut self.rig.shared);
    }

    pub fn release(&mut self) {
        self.rig.session.release(&self.rig.config, TcpSession::NO_PINS, &mut self.rig.shared);
    }

    /// Everything visible; `None` where octets are missing.
    pub fn read_all(&mut self, consumer: StreamConsumer) -> Vec<Option<u8>> {
        let stream = self.stream();
        let mut out = Vec::new();
        while let Some(chunk) = stream.available(consumer) {
            let length = match chunk {
                StreamPiece::Data { bytes, .. } => {
                    out.extend(bytes.iter().copied().map(Some));
                    bytes.len() as u64
                }
                StreamPiece::Gap { length, .. } => {
                    out.extend((0..length).map(|_| None));
                    length
                }
            };
            stream.consume(consumer, length);
        }
        out
    }

    /// Consumes up to `limit` octets.
    pub fn drain(&mut self, consumer: StreamConsumer, limit: u64, out: &mut Vec<u8>) {
        let mut left = limit;
        let stream = self.stream();
        while let Some(StreamPiece::Data { bytes, .. }) = stream.available(consumer) {
            let length = (bytes.len() as u64).min(left);
            if length == 0 {
                return;
            }
            out.extend_from_slice(&bytes[..length as usize]);
            left -= length;
            stream.consume(consumer, length);
        }
    }

    pub fn finish(mut self) {
        self.rig.session.discard(&mut self.rig.shared);
        assert_eq!(self.rig.shared.counters.reassembly_memuse, 0);
        assert_eq!(self.rig.shared.counters.memuse, 0);
    }
}
