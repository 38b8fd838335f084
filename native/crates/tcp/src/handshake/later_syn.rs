//! Handshakes that begin after a session was picked up in the middle.

use sidewire_base::Direction;
use sidewire_decode::TcpHeader;

use crate::TcpSession;
use crate::flags::SessionFlags;
use crate::segment::ArrivedSegment;

/// SYNs that are remembered of a session that was picked up.
const MAX_LATER_SYNS: usize = 8;

impl TcpSession {
    /// A SYN/ACK of a handshake that began after the session was picked up. A packet that no host takes, sent in front of a
    /// handshake, must not have the session judged by its numbers.
    pub(crate) fn answers_later_syn(&self, tcp: &TcpHeader<'_>, direction: Direction) -> bool {
        let client = direction.flip();
        let answered = (client, tcp.acknowledgement.wrapping_sub(1));
        self.later_syns.contains(&answered) && self.sides[client].isn != answered.1
    }

    pub(crate) fn note_later_syn(&mut self, arrival: &ArrivedSegment<'_>) {
        let plain = arrival.tcp.flags & (TcpHeader::SYN | TcpHeader::ACK | TcpHeader::RST) == TcpHeader::SYN;
        let syn = (arrival.direction, arrival.sequence);
        if !plain || !self.flags.has(SessionFlags::MIDSTREAM) || self.later_syns.contains(&syn) {
            return;
        }
        if self.later_syns.len() >= MAX_LATER_SYNS {
            self.later_syns.remove(0);
        }
        self.later_syns.push(syn);
    }
}
