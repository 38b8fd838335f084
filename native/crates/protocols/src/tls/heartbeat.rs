//! Heartbeats (RFC 6520), and what was made of them (CVE-2014-0160).

use sidewire_base::Direction;

use super::event::TlsEvent;

/// Type and length of a payload.
const HEADER: usize = 3;

/// Octets of padding that a request has at least.
const MIN_PADDING: usize = 16;

/// The heartbeat that was not answered yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeartbeatState {
    from: Option<Direction>,
    /// Octets of an encrypted request.
    sealed: Option<usize>,
}

impl HeartbeatState {
    /// Looks at the fragment of a heartbeat record.
    ///
    /// # Errors
    /// The event that says what is wrong with it.
    pub(super) fn take(&mut self, from: Direction, fragment: &[u8], encrypted: bool) -> Result<(), TlsEvent> {
        let Some(&[kind, high, low]) = fragment.first_chunk::<HEADER>() else { return Ok(()) };
        if !encrypted && !matches!(kind, 1 | 2) {
            return Err(TlsEvent::InvalidHeartbeatMessage);
        }
        match self.from {
            None => {
                self.from = Some(from);
                if encrypted {
                    self.sealed = Some(fragment.len());
                    return Ok(());
                }
                let payload = usize::from(u16::from_be_bytes([high, low])) + HEADER;
                match fragment.len().checked_sub(payload) {
                    None => Err(TlsEvent::OverflowHeartbeatMessage),
                    Some(padding) if padding < MIN_PADDING => Err(TlsEvent::InvalidHeartbeatMessage),
                    Some(_) => Ok(()),
                }
            }
            Some(before) if before == from => Err(TlsEvent::InvalidHeartbeatMessage),
            Some(_) => {
                self.from = None;
                let request = self.sealed.take();
                if encrypted && request.is_some_and(|request| request < fragment.len()) {
                    return Err(TlsEvent::DataleakHeartbeatMismatch);
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_its_payload_and_its_padding() {
        let take = |fragment: &[u8]| HeartbeatState::default().take(Direction::ToServer, fragment, false);
        assert_eq!(take(b"\x01\x40\x00"), Err(TlsEvent::OverflowHeartbeatMessage));
        assert_eq!(take(b"\x01\x00\x02ab0123456789"), Err(TlsEvent::InvalidHeartbeatMessage));
        assert_eq!(take(b"\x01\x00\x02ab0123456789abcdef"), Ok(()));
        assert_eq!(take(b"\x03\x00\x02ab0123456789abcdef"), Err(TlsEvent::InvalidHeartbeatMessage));
        assert_eq!(take(b"\x01\x00"), Ok(()));
    }

    #[test]
    fn an_answer_is_no_longer_than_its_request() {
        let mut state = HeartbeatState::default();
        assert_eq!(state.take(Direction::ToServer, &[7; 40], true), Ok(()));
        assert_eq!(state.take(Direction::ToClient, &[9; 40], true), Ok(()));
        assert_eq!(state.take(Direction::ToServer, &[7; 40], true), Ok(()));
        assert_eq!(state.take(Direction::ToClient, &[9; 41], true), Err(TlsEvent::DataleakHeartbeatMismatch));
        assert_eq!(state.take(Direction::ToServer, &[7; 40], true), Ok(()));
        assert_eq!(state.take(Direction::ToServer, &[7; 40], true), Err(TlsEvent::InvalidHeartbeatMessage));
    }
}
