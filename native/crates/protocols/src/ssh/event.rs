//! What can be odd about a session.

sidewire_app_layer::events! {
    /// What can be odd about a session.
    pub(super) enum SshEvent {
        /// A side does not identify itself as RFC 4253 section 4.2 says.
        InvalidBanner = "invalid_banner",
        /// The identification of a side is longer than 255 octets.
        LongBanner = "long_banner",
        /// A packet's length is none.
        InvalidRecord = "invalid_record",
        /// A key exchange is begun with more octets than are kept.
        LongKexRecord = "long_kex_record",
        /// The lists of algorithms cannot be read.
        InvalidKex = "invalid_kex",
        /// Octets are missing before the session is encrypted.
        Gap = "gap",
    }
}
