//! The key of a flow.

use core::net::IpAddr;

use sidewire_base::Endpoint;

/// A tuple without direction, packed for comparing and hashing: two addresses, then ports, tunnel depth, protocol and IP version, then
/// VLANs and device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlowKey([u64; 6]);

impl FlowKey {
    /// The key, and whether `source` is the lower of both endpoints.
    pub(crate) fn new(
        source: Endpoint,
        destination: Endpoint,
        [protocol, level]: [u8; 2],
        vlans: [u16; 3],
        device: u16,
    ) -> (Self, bool) {
        let from = (bits(source.address), source.port);
        let to = (bits(destination.address), destination.port);
        let source_is_low = from <= to;
        let (low, high) = if source_is_low { (from, to) } else { (to, from) };
        let version = u64::from(source.address.is_ipv6());
        let ports = u64::from(low.1) << 48
            | u64::from(high.1) << 32
            | u64::from(level) << 16
            | u64::from(protocol) << 8
            | version;
        let [outer, middle, inner] = vlans.map(u64::from);
        let tags = u64::from(device) << 48 | outer << 32 | middle << 16 | inner;
        let half = |address: u128| [(address >> 64) as u64, address as u64];
        let ([a, b], [c, d]) = (half(low.0), half(high.0));
        (Self([a, b, c, d, ports, tags]), source_is_low)
    }

    /// Hash for the table.
    #[inline]
    pub(crate) fn hash(&self, seed: &HashSeed) -> u64 {
        let Self([a, b, c, d, e, f]) = self;
        let HashSeed([s0, s1, s2, s3]) = seed;
        fold(fold(a ^ s0, b ^ s1) ^ fold(c ^ s1, d ^ s2) ^ s3, fold(e ^ s2, f ^ s3) ^ s0)
    }

    /// EVE's flow identifier: 53 bits, so that JavaScript and JSON readers keep it exact, and the same in every run.
    pub(crate) fn flow_id(&self, first_ordinal: u64) -> u64 {
        const FIXED: HashSeed =
            HashSeed([0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03, 0xaef1_7502_108e_f2d9, 0x8cb9_2ba7_2f3d_8dd7]);
        let mixed = fold(self.hash(&FIXED) ^ 0xe703_7ed1_a0b4_28db, first_ordinal ^ 0x8ebc_6af0_9c88_c6e3);
        (mixed & ((1 << 53) - 1)).max(1)
    }
}

/// Secrets of one table: chosen so that nobody outside can make tuples collide.
#[derive(Clone, Debug)]
pub(crate) struct HashSeed([u64; 4]);

impl HashSeed {
    /// Spreads one number over four (SplitMix64).
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed;
        Self([(); 4].map(|()| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ mixed >> 31
        }))
    }
}

/// Both halves of a 128-bit product, folded.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[inline]
const fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits() as u128,
        IpAddr::V6(address) => address.to_bits(),
    }
}
