//! Frames of the packets that are not encrypted.

sidewire_app_layer::frames! {
    /// Kinds of frames.
    pub(super) enum SshFrame of "ssh" {
        /// The six octets before what a packet says: length, length of padding, and message number.
        Header = "record.hdr",
        /// What follows the six octets.
        Data = "record.data",
        /// A packet: header and data.
        Pdu = "record.pdu",
    }
}
