//! One direction of the stream: NetBIOS session service framing (RFC 1002 4.3; direct TCP transport, [MS-SMB2] 2.1,
//! uses its message type 0 with a 24-bit length), and where in a message the stream is.

use memchr::memmem;
use sidewire_base::TxId;

use super::transaction::SmbCommand;
use super::transaction::SmbStatus;

pub(super) const SESSION_MESSAGE: u8 = 0x00;
pub(super) const SESSION_REQUEST: u8 = 0x81;
pub(super) const POSITIVE_RESPONSE: u8 = 0x82;
pub(super) const NEGATIVE_RESPONSE: u8 = 0x83;
pub(super) const RETARGET_RESPONSE: u8 = 0x84;
pub(super) const KEEP_ALIVE: u8 = 0x85;

/// The state of one direction.
#[derive(Debug, Default)]
pub(super) struct DirectionState {
    pub(super) place: FramingState,
    /// Stream offset of what comes next.
    pub(super) offset: u64,
    /// A gap lies before what comes next.
    pub(super) gap: bool,
    /// True once a message was found at the place where one had to be.
    pub(super) synced: bool,
}

/// Where in a message a direction is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum FramingState {
    /// At a NetBIOS header.
    #[default]
    Boundary,
    /// Nowhere: the next message has to be searched for.
    Lost,
    /// At an SMB header; octets left of the NetBIOS message.
    Message { left: u32 },
    /// In octets nobody wants; `after` octets of the NetBIOS message follow them.
    Skip { left: u32, after: u32 },
    /// In the data of a message, `lead` octets before it; `tail` octets of the message follow, and `after` octets of the
    /// NetBIOS message follow that.
    Data { lead: u32, left: u32, tail: u32, after: u32, data: DataTransfer },
}

impl FramingState {
    /// The place after a message of which the NetBIOS message has `left` octets more.
    pub(super) const fn behind(left: u32) -> Self {
        if left == 0 { Self::Boundary } else { Self::Message { left } }
    }

    /// The place after `left` octets that nobody wants.
    pub(super) const fn skip(left: u32, after: u32) -> Self {
        if left == 0 { Self::behind(after) } else { Self::Skip { left, after } }
    }
}

/// Data of a read, a write, or a pipe exchange on its way to a file or pipe.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataTransfer {
    /// Number of the open it belongs to.
    pub(super) open: u64,
    pub(super) command: SmbCommand,
    /// The message's exchange, with which the command's request is remembered.
    pub(super) exchange: u64,
    pub(super) session_id: u64,
    pub(super) tree_id: u32,
    /// Of a response.
    pub(super) status: Option<SmbStatus>,
    /// Where in the file it goes.
    pub(super) position: u64,
    /// Octets in all.
    pub(super) length: u32,
    /// It answers a request that waited for it (an asynchronous response).
    pub(super) waited: bool,
    pub(super) route: DataRoute,
}

/// Where data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataRoute {
    /// Its first octets decide.
    Undecided,
    /// To the pipe's RPC connection.
    Call,
    /// To the file of a transaction.
    File(TxId),
    Nowhere,
}

/// What the search for a message came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageSync {
    /// A NetBIOS header with an SMB message after it.
    Found(usize),
    /// None; this many octets cannot be the beginning of one.
    Nothing(usize),
}

/// Octets of a NetBIOS header and enough of an SMB header to believe in it.
const LOOK: usize = 4 + 14;

/// Looks for the next message after a gap: an SMB header that is sane, with a NetBIOS header in front that is too.
pub(super) fn find_message(data: &[u8]) -> MessageSync {
    for at in memmem::find_iter(data, b"SMB") {
        let Some(begin) = at.checked_sub(5) else { continue };
        let Some(candidate) = data.get(begin..) else { continue };
        match candidate.get(..LOOK) {
            Some(look) if is_message(look) => return MessageSync::Found(begin),
            Some(_) => {}
            None if candidate.first() == Some(&SESSION_MESSAGE) => return MessageSync::Nothing(begin),
            None => {}
        }
    }
    // The last octets may be the first of a NetBIOS header and a protocol identifier.
    MessageSync::Nothing(data.len().saturating_sub(7))
}

fn is_message(look: &[u8]) -> bool {
    let &[
        SESSION_MESSAGE,
        high,
        middle,
        low,
        generation,
        _,
        _,
        _,
        first,
        second,
        _,
        _,
        _,
        _,
        _,
        _,
        command,
        command_high,
    ] = look
    else {
        return false;
    };
    let length = u32::from_be_bytes([0, high, middle, low]);
    match generation {
        0xff => length >= 35,
        0xfe => length >= 64 && [first, second] == [64, 0] && command <= 18 && command_high == 0,
        0xfd => length >= 52,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_message_and_no_lookalike() {
        let mut message = vec![0, 0, 0, 64];
        message.extend(b"\xfeSMB\x40\0");
        message.resize(68, 0);
        let mut data = b"xxSMByy\0\0\0\x10\xfeSMB not one".to_vec();
        let noise = data.len();
        data.extend(&message);
        assert_eq!(find_message(&data), MessageSync::Found(noise));
        assert_eq!(find_message(&data[..noise + 12]), MessageSync::Nothing(noise), "may become one");
        assert_eq!(find_message(&[1; 20]), MessageSync::Nothing(13));
        assert_eq!(find_message(b"SMB"), MessageSync::Nothing(0));
    }
}
