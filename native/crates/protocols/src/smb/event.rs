//! What can be odd in an SMB flow.

sidewire_app_layer::events! {
    /// What can be odd in an SMB flow.
    pub(super) enum SmbEvent {
        /// The engine contradicted itself; never raised by input.
        InternalError = "internal_error",
        /// A message contradicts itself or is cut short.
        MalformedData = "malformed_data",
        /// Data of a message reaches past the message's end.
        RecordOverflow = "record_overflow",
        /// An NTLM authenticate message could not be read.
        MalformedNtlmsspRequest = "malformed_ntlmssp_request",
        /// An NTLM challenge could not be read.
        MalformedNtlmsspResponse = "malformed_ntlmssp_response",
        /// A second negotiate request came before the first was answered.
        DuplicateNegotiate = "duplicate_negotiate",
        /// A dialect has no name, or the server chose one that was not offered.
        NegotiateMalformedDialects = "negotiate_malformed_dialects",
        /// A read or write covers octets of a file that were seen before.
        FileOverlap = "file_overlap",
        /// The server sent a request.
        RequestToClient = "request_to_client",
        /// The client sent a response.
        ResponseToServer = "response_to_server",
        /// The server allows reads greater than the configured limit.
        NegotiateMaxReadSizeTooLarge = "negotiate_max_read_size_too_large",
        /// The server allows writes greater than the configured limit.
        NegotiateMaxWriteSizeTooLarge = "negotiate_max_write_size_too_large",
        /// A read asks for more than was negotiated or is configured.
        ReadRequestTooLarge = "read_request_too_large",
        /// A read was answered with more than was negotiated or is configured.
        ReadResponseTooLarge = "read_response_too_large",
        /// Too many octets of a file being read wait after a hole.
        ReadQueueSizeExceeded = "read_queue_size_exceeded",
        /// Too many chunks of a file being read wait after a hole.
        ReadQueueCntExceeded = "read_queue_cnt_exceeded",
        /// A write brings more than was negotiated or is configured.
        WriteRequestTooLarge = "write_request_too_large",
        /// Too many octets of a file being written wait after a hole.
        WriteQueueSizeExceeded = "write_queue_size_exceeded",
        /// Too many chunks of a file being written wait after a hole.
        WriteQueueCntExceeded = "write_queue_cnt_exceeded",
        /// The names of an NTLM authenticate message stand in an unusual order.
        UnusualNtlmsspOrder = "unusual_ntlmssp_order",
        /// More transactions were open than are followed; the oldest was closed.
        TooManyTransactions = "too_many_transactions",
    }
}
