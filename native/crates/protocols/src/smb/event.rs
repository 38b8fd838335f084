use sidewire_app_layer::EventInfo;

/// What can be odd in an SMB flow; the value is the position in [`EVENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code)] // rules may name events that are never raised here
pub(super) enum Event {
    InternalError,
    MalformedData,
    RecordOverflow,
    MalformedNtlmsspRequest,
    MalformedNtlmsspResponse,
    DuplicateNegotiate,
    NegotiateMalformedDialects,
    FileOverlap,
    RequestToClient,
    ResponseToServer,
    NegotiateMaxReadSizeTooLarge,
    NegotiateMaxWriteSizeTooLarge,
    ReadRequestTooLarge,
    ReadResponseTooLarge,
    ReadQueueSizeExceeded,
    ReadQueueCntExceeded,
    WriteRequestTooLarge,
    WriteQueueSizeExceeded,
    WriteQueueCntExceeded,
    UnusualNtlmsspOrder,
    TooManyTransactions,
}

const fn row(name: &'static str, doc: &'static str) -> EventInfo {
    EventInfo { name, doc }
}

pub(super) const EVENTS: &[EventInfo] = &[
    row("internal_error", "The engine contradicted itself; never raised by input."),
    row("malformed_data", "A message contradicts itself or is cut short."),
    row("record_overflow", "Data of a message reaches past the message's end."),
    row("malformed_ntlmssp_request", "An NTLM authenticate message could not be read."),
    row("malformed_ntlmssp_response", "An NTLM challenge could not be read."),
    row("duplicate_negotiate", "A second negotiate request came before the first was answered."),
    row("negotiate_malformed_dialects", "A dialect has no name, or the server chose one that was not offered."),
    row("file_overlap", "A read or write covers octets of a file that were seen before."),
    row("request_to_client", "The server sent a request."),
    row("response_to_server", "The client sent a response."),
    row("negotiate_max_read_size_too_large", "The server allows reads greater than the configured limit."),
    row("negotiate_max_write_size_too_large", "The server allows writes greater than the configured limit."),
    row("read_request_too_large", "A read asks for more than was negotiated or is configured."),
    row("read_response_too_large", "A read was answered with more than was negotiated or is configured."),
    row("read_queue_size_exceeded", "Too many octets of a file being read wait behind a hole."),
    row("read_queue_cnt_exceeded", "Too many chunks of a file being read wait behind a hole."),
    row("write_request_too_large", "A write brings more than was negotiated or is configured."),
    row("write_queue_size_exceeded", "Too many octets of a file being written wait behind a hole."),
    row("write_queue_cnt_exceeded", "Too many chunks of a file being written wait behind a hole."),
    row("unusual_ntlmssp_order", "The names of an NTLM authenticate message stand in an unusual order."),
    row("too_many_transactions", "More transactions were open than are followed; the oldest was closed."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_positions() {
        assert_eq!(EVENTS[Event::FileOverlap as usize].name, "file_overlap");
        assert_eq!(EVENTS[Event::ReadRequestTooLarge as usize].name, "read_request_too_large");
        assert_eq!(EVENTS[Event::TooManyTransactions as usize].name, "too_many_transactions");
        assert_eq!(EVENTS.len(), Event::TooManyTransactions as usize + 1);
    }
}
