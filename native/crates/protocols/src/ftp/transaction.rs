//! A command with its replies.

use super::address::DataAddress;
use super::reply::ReplyLine;

/// Lines that are kept of the replies to one command. A help text in use has some hundred.
const MAX_REPLY_LINES: usize = 1024;

/// Octets that are kept of the replies to one command.
const MAX_REPLY_OCTETS: usize = 64 * 1024;

/// Who is to listen for a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum DataMode {
    /// The client.
    Active,
    /// The server.
    Passive,
}

/// What was agreed on for a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DataAgreement {
    pub(super) mode: DataMode,
    pub(super) address: DataAddress,
    /// The address is none of the host that names it.
    pub(super) foreign: bool,
}

/// A command with its replies. What a server says by itself (when a connection begins) has no command.
#[derive(Debug, Default)]
pub struct FtpTransaction {
    /// In capitals; `None` without a command.
    pub(super) command: Option<Box<[u8]>>,
    pub(super) argument: Box<[u8]>,
    pub(super) command_cut: bool,
    pub(super) replies: Vec<ReplyLine>,
    pub(super) reply_octets: usize,
    pub(super) reply_cut: bool,
    /// Nothing more belongs to it.
    pub(super) answered: bool,
    /// The server will say nothing more.
    pub(super) server_left: bool,
    pub(super) data: Option<DataAgreement>,
}

impl FtpTransaction {
    /// Keeps a line of a reply; false when there is no room for it, or for another.
    pub(super) fn keep(&mut self, line: ReplyLine) -> bool {
        self.reply_octets += line.text.len();
        self.replies.push(line);
        self.replies.len() < MAX_REPLY_LINES && self.reply_octets < MAX_REPLY_OCTETS
    }

    /// Was it answered? `None` as long as the server said nothing to it and may yet.
    pub(super) fn reply_received(&self) -> Option<bool> {
        (self.answered || self.server_left || !self.replies.is_empty()).then_some(self.answered)
    }
}
