//! What can be odd about a message.

sidewire_app_layer::events! {
    /// What can be odd about a message.
    pub(crate) enum DnsEvent {
        /// A message contradicts itself or is cut short.
        MalformedData = "malformed_data",
        /// What the client sent is no request.
        NotRequest = "not_request",
        /// What the server sent is no response.
        NotResponse = "not_response",
        /// The bit Z of the header, which has to be 0, is set.
        ZFlagSet = "z_flag_set",
        /// The kind of the message is none that was assigned (7 and more).
        InvalidOpcode = "invalid_opcode",
        /// A name is longer than any can be, and was cut.
        NameTooLong = "name_too_long",
        /// A name points at itself.
        InfiniteLoop = "infinite_loop",
        /// A name has more labels and pointers than any can have.
        TooManyLabels = "too_many_labels",
        /// The additional records could not be read to their end.
        InvalidAdditionals = "invalid_additionals",
        /// The records of authorities could not be read to their end.
        InvalidAuthorities = "invalid_authorities",
    }
}
