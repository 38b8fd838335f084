//! Frames of the record layer.

sidewire_app_layer::frames! {
    /// Kinds of frames.
    pub(super) enum RecordFrame of "tls" {
        /// A record: header and fragment.
        Pdu = "pdu",
        /// The five octets of a record's header.
        Header = "hdr",
        /// The fragment of a record.
        Data = "data",
        /// The fragment of an alert record.
        Alert = "alert",
        /// The fragment of a heartbeat record.
        Heartbeat = "heartbeat",
        /// Length and message type of an SSL 2.0 record.
        Ssl2Header = "ssl2.hdr",
        /// An SSL 2.0 record.
        Ssl2Pdu = "ssl2.pdu",
    }
}
