//! A transaction: one message. Requests and responses are not matched, as in Suricata.

use sidewire_base::Direction;

use super::message::DnsMessage;
use super::options::EveDnsOptions;

/// A message of DNS or of one of its relatives.
#[derive(Debug)]
pub struct DnsTransaction {
    /// Which way it went.
    pub(crate) direction: Direction,
    /// It is an answer: in DNS by its direction, in multicast DNS by its header.
    pub(crate) response: bool,
    pub(crate) message: DnsMessage,
}

impl DnsTransaction {
    /// The message, when it is the one of its kind that rules look for in a direction: requests go to the server.
    pub(crate) fn of(&self, direction: Direction) -> Option<&DnsMessage> {
        (self.response == (direction == Direction::ToClient)).then_some(&self.message)
    }

    /// The message, when it is a response.
    pub(crate) const fn answer(&self) -> Option<&DnsMessage> {
        if self.response { Some(&self.message) } else { None }
    }

    /// Does an output with these options take it, by what it asks for?
    pub(crate) fn is_wanted(&self, options: &EveDnsOptions) -> bool {
        let wanted = if self.response { options.responses } else { options.requests };
        wanted && self.message.questions.iter().any(|question| options.tells(question.rrtype))
    }

    /// Does an output that tells questions by themselves take this one, or all answers?
    pub(crate) fn is_wanted_in_v2(&self, options: &EveDnsOptions, question: u32) -> bool {
        let question = self.message.questions.get(question as usize);
        self.is_wanted(options) && (self.response || question.is_some_and(|question| options.tells(question.rrtype)))
    }
}
