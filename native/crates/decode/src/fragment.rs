//! A fragment of an IP datagram, as defragmentation takes it.

/// A fragment to hand to defragmentation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fragment<'a> {
    /// Offset of its payload in the datagram's.
    pub(crate) offset: u32,
    pub(crate) more: bool,
    pub(crate) id: u32,
    /// Part of the key for IPv4; the first next header after reassembly for IPv6.
    pub(crate) protocol: u8,
    /// Link header and the header that stays (for IPv6 the unfragmentable part).
    pub(crate) head: &'a [u8],
    /// Where the IP header begins in `head`.
    pub(crate) network_at: usize,
    /// IPv6: where in `head` the next-header field lies that named the fragment header.
    pub(crate) next_header_at: usize,
    pub(crate) payload: &'a [u8],
}
