//! Commands that wait for their replies, which come in the same order. [RFC 2920].

use sidewire_base::TxId;
use std::collections::VecDeque;

/// Commands that may wait; the replies to more than that are matched with nothing.
const MAX_PENDING: usize = 4096;

/// What a reply is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PendingKind {
    Data,
    /// The end of a mail.
    MailEnd,
    /// `RSET`.
    Reset,
    /// `HELO` or `EHLO`, but for the first: it resets the session, too.
    Hello,
    StartTls,
    Quit,
    Other,
}

/// A command that waits for its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PendingCommand {
    pub(super) kind: PendingKind,
    /// Id of its transaction.
    pub(super) tx: TxId,
}

/// Commands that wait for their replies, the oldest first.
#[derive(Debug, Default)]
pub(super) struct PendingCommands {
    waiting: VecDeque<PendingCommand>,
    /// Some were not kept: replies cannot be matched any more.
    lost: bool,
}

impl PendingCommands {
    pub(super) fn push(&mut self, command: PendingCommand) {
        if self.waiting.len() >= MAX_PENDING {
            self.forget();
            self.lost = true;
        }
        if !self.lost {
            self.waiting.push_back(command);
        }
    }

    /// The one whose reply is next.
    pub(super) fn first(&self) -> Option<PendingCommand> {
        self.waiting.front().copied()
    }

    /// The youngest.
    pub(super) fn last(&self) -> Option<PendingCommand> {
        self.waiting.back().copied()
    }

    /// The oldest has its reply.
    pub(super) fn pop(&mut self) {
        self.waiting.pop_front();
    }

    /// Replies were missed: which are to come is not known.
    pub(super) fn forget(&mut self) {
        self.waiting.clear();
    }

    pub(super) fn has(&self, kind: PendingKind, tx: TxId) -> bool {
        self.waiting.iter().rev().any(|command| *command == PendingCommand { kind, tx })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_are_forgotten() {
        let mut pending = PendingCommands::default();
        let command = PendingCommand { kind: PendingKind::Other, tx: TxId(1) };
        for _ in 0..=MAX_PENDING {
            pending.push(command);
        }
        assert_eq!((pending.first(), pending.last()), (None, None));
        pending.push(command);
        assert!(!pending.has(PendingKind::Other, TxId(1)), "none is matched from there on");
    }
}
