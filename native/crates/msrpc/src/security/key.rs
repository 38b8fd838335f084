//! Kerberos keys: their types, and the ones that are made of passwords and of other keys. RFC 3961, RFC 3962.

use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use aes::{Aes128, Aes256, Block};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::digest::hmac_sha1;

/// DES-era encryption types have no place here; these are what Windows and samba use. RFC 3962, RFC 4757.
pub(super) mod etype {
    pub(in crate::security) const AES128: u32 = 17;
    pub(in crate::security) const AES256: u32 = 18;
    pub(in crate::security) const RC4: u32 = 23;
}

/// A Kerberos key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct KerberosKey {
    pub(super) etype: u32,
    pub(super) octets: Vec<u8>,
}

impl KerberosKey {
    /// `None` when a key of this type has another length, or the type is not known.
    pub(super) fn new(etype: u32, octets: &[u8]) -> Option<Self> {
        let length = match etype {
            etype::AES128 | etype::RC4 => 16,
            etype::AES256 => 32,
            _ => return None,
        };
        (octets.len() == length).then(|| Self { etype, octets: octets.to_vec() })
    }
}

/// AES of either size.
pub(super) enum BlockKey {
    Short(Box<Aes128>),
    Long(Box<Aes256>),
}

impl BlockKey {
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        Some(match key.len() {
            16 => Self::Short(Box::new(Aes128::new_from_slice(key).ok()?)),
            _ => Self::Long(Box::new(Aes256::new_from_slice(key).ok()?)),
        })
    }

    pub(super) fn decrypt(&self, block: &[u8; 16]) -> [u8; 16] {
        let mut block = Block::from(*block);
        match self {
            Self::Short(key) => key.decrypt_block(&mut block),
            Self::Long(key) => key.decrypt_block(&mut block),
        }
        block.into()
    }

    pub(super) fn encrypt(&self, block: &[u8; 16]) -> [u8; 16] {
        let mut block = Block::from(*block);
        match self {
            Self::Short(key) => key.encrypt_block(&mut block),
            Self::Long(key) => key.encrypt_block(&mut block),
        }
        block.into()
    }
}

/// The AES key of an account, out of its password. RFC 3962 4; `iterations` is 4096 wherever nothing else was agreed on.
pub(super) fn password_key(etype: u32, password: &[u8], salt: &[u8], iterations: u32) -> Option<KerberosKey> {
    let length = match etype {
        etype::AES128 => 16,
        etype::AES256 => 32,
        _ => return None,
    };
    // PBKDF2, RFC 8018 5.2.
    let mut octets = Zeroizing::new(Vec::with_capacity(40));
    let mut number = 0_u32;
    while octets.len() < length {
        number += 1;
        let mut block = hmac_sha1(password, &[salt, &number.to_be_bytes()]);
        let mut sum = block;
        for _ in 1..iterations {
            block = hmac_sha1(password, &[&block]);
            sum.iter_mut().zip(block).for_each(|(to, with)| *to ^= with);
        }
        octets.extend(sum);
    }
    let base = KerberosKey::new(etype, octets.get(..length)?)?;
    KerberosKey::new(etype, &Zeroizing::new(derived_from(&base, FOLDED_KERBEROS)))
}

/// `DK`: the key of a use. RFC 3961 5.1.
pub(super) fn derived(key: &KerberosKey, usage: u32, kind: u8) -> Vec<u8> {
    let [a, b, c, d] = usage.to_be_bytes();
    derived_from(key, fold(&[a, b, c, d, kind]))
}

/// `n-fold` of "kerberos" to sixteen octets. RFC 3961 A.1.
const FOLDED_KERBEROS: [u8; 16] =
    [0x6b, 0x65, 0x72, 0x62, 0x65, 0x72, 0x6f, 0x73, 0x7b, 0x9b, 0x5b, 0x2b, 0x93, 0x13, 0x2b, 0x93];

fn derived_from(key: &KerberosKey, mut block: [u8; 16]) -> Vec<u8> {
    let Some(cipher) = BlockKey::new(&key.octets) else { return Vec::new() };
    let mut out = Vec::with_capacity(key.octets.len());
    while out.len() < key.octets.len() {
        block = cipher.encrypt(&block);
        out.extend(block);
    }
    out.truncate(key.octets.len());
    out
}

/// `n-fold` of five octets to sixteen: sixteen copies, each turned right by 13 bits more than the one before, added in
/// pieces of sixteen octets with the carry going round. RFC 3961 5.1.
fn fold(octets: &[u8; 5]) -> [u8; 16] {
    const BITS: usize = 40;
    let value = octets.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
    let mut stream = Vec::with_capacity(80);
    for copy in 0..16 {
        let turn = 13 * copy % BITS;
        let turned = (value >> turn | value << (BITS - turn)) & ((1 << BITS) - 1);
        stream.extend_from_slice(turned.to_be_bytes().get(3..).unwrap_or_default());
    }
    let mut sum = [0_u8; 16];
    for piece in stream.chunks_exact(16) {
        let mut carry = 0_u16;
        for (to, from) in sum.iter_mut().zip(piece).rev() {
            let [high, low] = (u16::from(*to) + u16::from(*from) + carry).to_be_bytes();
            (*to, carry) = (low, high.into());
        }
        while carry > 0 {
            for to in sum.iter_mut().rev() {
                let [high, low] = (u16::from(*to) + carry).to_be_bytes();
                (*to, carry) = (low, high.into());
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_make_the_keys_of_the_specification() {
        // RFC 3962 B.
        for (iterations, short, long) in [
            (1, "42263c6e89f4fc28b8df68ee09799f15", "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161"),
            (
                1200,
                "4c01cd46d632d01e6dbe230a01ed642a",
                "55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a",
            ),
        ] {
            let made = |etype| password_key(etype, b"password", b"ATHENA.MIT.EDUraeburn", iterations).unwrap();
            assert_eq!(sidewire_eve::hex(&made(etype::AES128).octets), short);
            assert_eq!(sidewire_eve::hex(&made(etype::AES256).octets), long);
        }
        assert!(password_key(etype::RC4, b"", b"", 1).is_none());
    }
}
