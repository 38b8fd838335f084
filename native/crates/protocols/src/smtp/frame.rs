//! Frames of SMTP.

sidewire_app_layer::frames! {
    /// Kinds of frames.
    pub(super) enum SmtpFrame of "smtp" {
        /// A line in which the client says what it wants.
        CommandLine = "command_line",
        /// A mail as it was sent, with the line that ends it; a chunk of one.
        Data = "data",
        /// A line of a reply.
        ResponseLine = "response_line",
    }
}
