//! The primitives in the shapes that NTLM and Kerberos use them in.

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use rc4::consts::U16;
use rc4::{KeyInit, Rc4, StreamCipher};
use sha1::Sha1;

pub(super) type Cipher = Rc4<U16>;

/// RC4 under a key of 16 octets.
pub(super) fn rc4(key: &[u8; 16]) -> Cipher {
    Cipher::new(key.into())
}

/// `octets` as RC4 under a fresh key makes them.
pub(super) fn rc4_once(key: &[u8; 16], octets: &[u8]) -> Vec<u8> {
    let mut out = octets.to_vec();
    rc4(key).apply_keystream(&mut out);
    out
}

pub(super) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Md5::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().into()
}

pub(super) fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    let Ok(mut mac) = <Hmac<Md5> as Mac>::new_from_slice(key) else { return [0; 16] }; // any length is a key
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

pub(super) fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let Ok(mut mac) = <Hmac<Sha1> as Mac>::new_from_slice(key) else { return [0; 20] }; // any length is a key
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}
