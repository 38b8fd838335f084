//! One sender: sequence numbers, window, timestamps. RFC 9293, RFC 7323.

use smallvec::SmallVec;

use crate::{
    OverlapPolicy,
    sequence::{gt, le, lt},
};

/// Selectively acknowledged ranges remembered per direction.
const SACK_LIMIT: usize = 64;

/// What is known of one sender: its sequence numbers, and how far the receiver lets it go.
#[derive(Debug, Default)]
pub(crate) struct SenderState {
    /// Initial sequence number.
    pub(crate) isn: u32,
    /// The sequence number expected next.
    pub(crate) next: u32,
    /// What the receiver acknowledged, once it did.
    pub(crate) last_ack: u32,
    pub(crate) acknowledged: bool,
    /// The window the receiver offers, scaled.
    pub(crate) window: u32,
    /// First sequence number beyond the greatest window offered.
    pub(crate) window_end: u32,
    /// Shift of the windows the receiver offers.
    pub(crate) scale: u8,
    /// The sender's last timestamp, and when it was seen, in seconds.
    pub(crate) last_timestamp: u32,
    pub(crate) last_timestamp_at: u32,
    /// The sender's SYN carried a timestamp.
    pub(crate) offers_timestamps: bool,
    /// Its first timestamp was 0.
    pub(crate) zero_timestamp: bool,
    /// It sent an RST that the session may survive.
    pub(crate) reset_sent: bool,
    /// It sent a keep-alive that was not answered yet.
    pub(crate) keep_alive: bool,
    /// It probed a zero window.
    pub(crate) probed: bool,
    /// How the receiver resolves overlaps and judges RSTs.
    pub(crate) policy: OverlapPolicy,
    sacked: SmallVec<[(u32, u32); 2]>,
}

impl SenderState {
    /// Takes an acknowledgement; it only moves forward, and not before what was released.
    pub(crate) fn acknowledge(&mut self, acknowledgement: u32, base: u32) {
        if !self.acknowledged || gt(acknowledgement, self.last_ack) && gt(acknowledgement, base) {
            self.set_acknowledged(acknowledgement);
        }
    }

    /// Sets what was acknowledged.
    pub(crate) fn set_acknowledged(&mut self, acknowledgement: u32) {
        self.last_ack = acknowledgement;
        self.acknowledged = true;
        self.sacked.retain(|range| gt(range.1, acknowledgement));
    }

    /// The expected sequence number moves; with one side seen only, so does what counts as acknowledged.
    pub(crate) fn advance(&mut self, next: u32, one_sided: bool) {
        self.next = next;
        if one_sided && (!self.acknowledged || gt(next, self.last_ack)) {
            self.set_acknowledged(next);
        }
    }

    /// The greatest window offered so far, from a new offer. Selectively acknowledged octets come on top.
    pub(crate) fn extend_window(&mut self) {
        let sacked = self.sacked.iter().fold(0u32, |sum, range| sum.wrapping_add(range.1.wrapping_sub(range.0)));
        let end = self.last_ack.wrapping_add(self.window).wrapping_add(sacked);
        if gt(end, self.window_end) {
            self.window_end = end;
        }
    }

    /// The window as offered, counted from what is acknowledged.
    pub(crate) const fn set_window_end(&mut self) {
        self.window_end = self.last_ack.wrapping_add(self.window);
    }

    /// A window field on this sender's data, scaled.
    pub(crate) const fn scaled(&self, window: u16) -> u32 {
        (window as u32) << self.scale
    }

    /// Takes a selective acknowledgement (RFC 2018).
    pub(crate) fn sack(&mut self, left: u32, right: u32) {
        if !lt(left, right) || le(right, self.last_ack) || gt(right, self.window_end) {
            return;
        }
        let mut range = (if lt(left, self.last_ack) { self.last_ack } else { left }, right);
        self.sacked.retain(|&mut (from, to)| {
            let apart = gt(from, range.1) || lt(to, range.0);
            if !apart {
                range = (if lt(from, range.0) { from } else { range.0 }, if gt(to, range.1) { to } else { range.1 });
            }
            apart
        });
        if self.sacked.len() < SACK_LIMIT {
            self.sacked.push(range);
        }
    }

    /// Would this selective acknowledgement say anything new?
    pub(crate) fn is_sacked(&self, left: u32, right: u32) -> bool {
        le(right, self.last_ack) || self.sacked.iter().any(|&(from, to)| le(from, left) && le(right, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(last_ack: u32, window: u32) -> SenderState {
        let mut side = SenderState { window, ..SenderState::default() };
        side.set_acknowledged(last_ack);
        side.set_window_end();
        side
    }

    #[test]
    fn acknowledgements_move_forward_only() {
        let mut side = side(u32::MAX - 10, 100);
        side.acknowledge(5, u32::MAX - 10);
        assert_eq!(side.last_ack, 5, "over the end of the numbers");
        side.acknowledge(1, 0);
        assert_eq!(side.last_ack, 5);
        side.acknowledge(50, 60);
        assert_eq!(side.last_ack, 5, "not before what was released");
    }

    #[test]
    fn selective_acknowledgements_merge_and_widen_the_window() {
        let mut side = side(100, 100);
        side.sack(120, 130);
        side.sack(140, 150);
        side.sack(130, 140);
        assert!(side.is_sacked(120, 150) && !side.is_sacked(119, 121));
        side.sack(150, 500);
        assert!(!side.is_sacked(150, 160), "beyond the window");
        side.extend_window();
        assert_eq!(side.window_end, 230);
        side.set_acknowledged(150);
        side.extend_window();
        assert_eq!(side.window_end, 250);
    }

    #[test]
    fn selective_acknowledgements_are_bounded() {
        let mut side = side(0, 1 << 20);
        for start in (1..10_000).step_by(2) {
            side.sack(start, start + 1);
        }
        assert!(side.sacked.len() <= SACK_LIMIT);
    }
}
