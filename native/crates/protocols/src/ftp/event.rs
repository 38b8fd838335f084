//! What can be odd about a control connection, and about a data connection.

sidewire_app_layer::events! {
    /// What can be odd about a control connection.
    pub(super) enum FtpEvent {
        /// A command is longer than is kept (`max-line-length`).
        RequestCommandTooLong = "request_command_too_long",
        /// A line of a reply is longer than is kept (`max-line-length`), or a reply has more lines.
        ResponseCommandTooLong = "response_command_too_long",
        /// More commands wait for their reply than are followed (`max-tx`): the rest of the connection is not read.
        TooManyTransactions = "too_many_transactions",
        /// A file is wanted, or sent, and no data connection was agreed on.
        FileBeforePort = "file_before_port",
        /// A command that is about a file names none.
        FileWithoutName = "file_without_name",
        /// A command got more replies that others follow than are kept.
        TooManyPreliminaryResponses = "too_many_preliminary_responses",
        /// The address or the port of a data connection cannot be read.
        InvalidDataAddress = "invalid_data_address",
        /// A data connection is to go to another host than the two of the control connection (RFC 2577 section 3).
        ForeignDataAddress = "foreign_data_address",
        /// A data connection is to go to a port below 1024, where other services are (RFC 2577 section 3): what goes there is
        /// not taken for a file.
        PrivilegedDataPort = "privileged_data_port",
        /// Octets are missing.
        Gap = "gap",
    }
}

sidewire_app_layer::events! {
    /// What can be odd about a data connection.
    pub(super) enum FtpDataEvent {
        /// Octets travel against the direction that the command asked for.
        UnexpectedDirection = "unexpected_direction",
        /// No command was seen that the connection belongs to.
        NoCommand = "no_command",
    }
}
