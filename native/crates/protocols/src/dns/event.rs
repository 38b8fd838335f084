//! What can be odd about a message.

use sidewire_app_layer::EventInfo;

/// The value is the position in [`EVENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DnsEvent {
    MalformedData,
    NotRequest,
    NotResponse,
    ZFlagSet,
    InvalidOpcode,
    NameTooLong,
    InfiniteLoop,
    TooManyLabels,
    InvalidAdditionals,
    InvalidAuthorities,
}

const fn row(name: &'static str, doc: &'static str) -> EventInfo {
    EventInfo { name, doc }
}

pub(crate) const EVENTS: &[EventInfo] = &[
    row("malformed_data", "A message contradicts itself or is cut short."),
    row("not_request", "What the client sent is no request."),
    row("not_response", "What the server sent is no response."),
    row("z_flag_set", "The bit Z of the header, which has to be 0, is set."),
    row("invalid_opcode", "The kind of the message is none that was assigned (7 and more)."),
    row("name_too_long", "A name is longer than any can be, and was cut."),
    row("infinite_loop", "A name points at itself."),
    row("too_many_labels", "A name has more labels and pointers than any can have."),
    row("invalid_additionals", "The additional records could not be read to their end."),
    row("invalid_authorities", "The records of authorities could not be read to their end."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_positions() {
        assert_eq!(EVENTS[DnsEvent::ZFlagSet as usize].name, "z_flag_set");
        assert_eq!(EVENTS[DnsEvent::InfiniteLoop as usize].name, "infinite_loop");
        assert_eq!(EVENTS[DnsEvent::InvalidAuthorities as usize].name, "invalid_authorities");
        assert_eq!(EVENTS.len(), DnsEvent::InvalidAuthorities as usize + 1);
    }
}
