//! What hellos list, for fingerprints and EVE.

use super::version::TlsVersion;

/// What a side's hellos list, in their order, without GREASE (RFC 8701). A second hello (after a HelloRetryRequest, or where
/// one is sent twice) adds to it, as in Suricata.
#[derive(Debug, Default)]
pub(super) struct HelloLists {
    /// The greatest that was named.
    pub(super) version: TlsVersion,
    pub(super) ciphers: Vec<u16>,
    pub(super) extensions: Vec<u16>,
    pub(super) signature_algorithms: Vec<u16>,
    pub(super) alpns: Vec<Box<[u8]>>,
}
