//! What can be odd about the protocol.

sidewire_app_layer::events! {
    /// What can be odd about the protocol.
    pub(super) enum TemplateEvent {
        /// Octets are missing, or a message contradicts itself.
        MalformedData = "malformed_data",
        /// A line is longer than is kept.
        LineTooLong = "line_too_long",
    }
}
