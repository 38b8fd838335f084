//! A PDU as security providers take it.

/// A PDU under a signature: its octets apart as the signature takes them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProtectedPdu<'a> {
    /// Everything before the stub.
    pub(crate) before: &'a [u8],
    /// The stub with its padding, encrypted when `sealed`.
    pub(crate) octets: &'a [u8],
    /// `sec_trailer`.
    pub(crate) after: &'a [u8],
    /// The provider's token.
    pub(crate) token: &'a [u8],
    pub(crate) sealed: bool,
}
