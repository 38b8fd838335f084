//! Kerberos' session security: a service's key opens its tickets, and these the calls. RFC 4120, RFC 3961, RFC 3962,
//! RFC 4121, RFC 4757, [MS-KILE] 3.4.5.4.1.

use sidewire_base::Cursor;

use super::der;
use super::digest::{hmac_md5, hmac_sha1, md5, rc4, rc4_once};
use super::kerberos::{self, KerberosRequest, SealedPart};
use super::key::{BlockKey, KerberosKey, derived, etype};
use super::protected::ProtectedPdu;
use super::secrets::DecryptionSecrets;
use rc4::StreamCipher as _;

mod sealing;

/// Numbers of what a key is used for. RFC 4120 7.5.1, RFC 4121 2.
mod usage {
    pub(super) const TICKET: u32 = 2;
    pub(super) const AUTHENTICATOR: u32 = 11;
    pub(super) const REPLY: u32 = 12;
    pub(super) const ACCEPTOR_SEAL: u32 = 22;
    pub(super) const INITIATOR_SEAL: u32 = 24;
}

const CONFOUNDER: usize = 16;
const MAC: usize = 12;
/// Header of a wrap token. RFC 4121 4.2.6.2.
const WRAP: usize = 16;

/// The session security of one context.
pub(super) struct KerberosContext {
    /// The ticket's.
    session: KerberosKey,
    /// The client's own, which it may add.
    initiator: Option<KerberosKey>,
    /// The server's own, which it may add.
    acceptor: Option<KerberosKey>,
    user: String,
    realm: String,
}

impl KerberosContext {
    /// Opens the ticket and the authenticator of an AP-REQ, if one of the keys does.
    pub(super) fn new(token: &[u8], secrets: &DecryptionSecrets) -> Option<Self> {
        let request = KerberosRequest::find(token)?;
        let ticket = request.ticket?;
        let opened = secrets.keys(ticket.etype).find_map(|key| decrypt(key, usage::TICKET, &ticket))?;
        let fields = der::only(der::only(&opened, 0x63).ok()?, 0x30).ok()?;
        let session = key(der::member(fields, 0xa1).ok()?)?;
        let realm = der::only(der::member(fields, 0xa2).ok()?, 0x1b).ok()?;
        let name = kerberos::name(der::member(fields, 0xa3).ok()?).ok()?;
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let authenticator = request.authenticator.and_then(|sealed| decrypt(&session, usage::AUTHENTICATOR, &sealed));
        let initiator = authenticator.and_then(|opened| {
            let fields = der::only(der::only(&opened, 0x62).ok()?, 0x30).ok()?;
            key(der::member(fields, 0xa6).ok()?)
        });
        let user = name.iter().map(|part| text(part)).collect::<Vec<_>>().join("/");
        Some(Self { session, initiator, acceptor: None, user, realm: text(realm) })
    }

    /// The account and its realm, out of the ticket.
    pub(super) fn client(&self) -> (&str, &str) {
        (&self.user, &self.realm)
    }

    /// Takes the server's key out of an AP-REP.
    pub(super) fn reply(&mut self, token: &[u8]) {
        let acceptor = kerberos::reply(token)
            .and_then(|sealed| decrypt(&self.session, usage::REPLY, &sealed))
            .and_then(|opened| {
                let fields = der::only(der::only(&opened, 0x7b).ok()?, 0x30).ok()?;
                key(der::member(fields, 0xa2).ok()?)
            });
        self.acceptor = acceptor.or(self.acceptor.take());
    }

    /// The octets of a sealed PDU, when its signature is right.
    pub(super) fn open(&self, pdu: &ProtectedPdu<'_>) -> Option<Vec<u8>> {
        if !pdu.sealed {
            return None; // nothing to open, and no state to keep
        }
        let keys = [&self.acceptor, &self.initiator].into_iter().flatten().chain([&self.session]);
        keys.into_iter().find_map(|key| match key.etype {
            etype::RC4 => open_rc4(key, pdu),
            _ => open_aes(key, pdu),
        })
    }
}

/// `EncryptionKey`. RFC 4120 5.2.9.
fn key(octets: &[u8]) -> Option<KerberosKey> {
    let fields = der::only(octets, 0x30).ok()?;
    let etype = der::integer(der::member(fields, 0xa0).ok()?).ok()?;
    KerberosKey::new(etype, der::only(der::member(fields, 0xa1).ok()?, 0x04).ok()?)
}

/// The contents of a message part, checked. RFC 3961 5.3, RFC 4757 3.
fn decrypt(key: &KerberosKey, usage: u32, sealed: &SealedPart<'_>) -> Option<Vec<u8>> {
    if sealed.etype != key.etype {
        return None;
    }
    if key.etype == etype::RC4 {
        let (mac, octets) = sealed.cipher.split_first_chunk::<16>()?;
        let base = hmac_md5(&key.octets, &[&usage.to_le_bytes()]);
        let plain = rc4_once(&hmac_md5(&base, &[mac]), octets);
        return (hmac_md5(&base, &[&plain]) == *mac).then(|| plain.get(8..).map(<[u8]>::to_vec))?;
    }
    let (plain, mac) = decrypt_aes(key, usage, sealed.cipher)?;
    mac_is(key, usage, &[&plain], mac).then(|| plain.get(CONFOUNDER..).map(<[u8]>::to_vec))?
}

/// A wrap token whose octets stand apart: header, confounder and signature in the auth token, the rest where the stub was.
fn open_aes(key: &KerberosKey, pdu: &ProtectedPdu<'_>) -> Option<Vec<u8>> {
    let (header, front) = pdu.token.split_first_chunk::<WRAP>()?;
    let mut cur = Cursor::new(header);
    let (id, flags, _filler) = (cur.u16_be().ok()?, cur.u8().ok()?, cur.u8().ok()?);
    let (extra, rotated) = (usize::from(cur.u16_be().ok()?), usize::from(cur.u16_be().ok()?));
    if id != 0x0504 || flags & 0x02 == 0 {
        return None;
    }
    let usage = if flags & 0x01 == 0 { usage::INITIATOR_SEAL } else { usage::ACCEPTOR_SEAL };
    let mut whole = [front, pdu.octets].concat();
    if whole.len() < CONFOUNDER + WRAP + MAC || extra > 255 {
        return None;
    }
    // In DCE style the rotation leaves the extra octets out of its count. [MS-KILE] 3.4.5.4.1.
    let count = rotated.checked_add(extra)?.checked_rem(whole.len())?;
    whole.rotate_left(count);
    let (plain, mac) = decrypt_aes(key, usage, &whole)?;
    let end = CONFOUNDER.checked_add(pdu.octets.len())?;
    let (confounder, octets, tail) = (plain.get(..CONFOUNDER)?, plain.get(CONFOUNDER..end)?, plain.get(end..)?);
    // The PDU's header and trailer are signed with it where both sides said so.
    let right = mac_is(key, usage, &[confounder, octets, tail], mac)
        || mac_is(key, usage, &[confounder, pdu.before, octets, pdu.after, tail], mac);
    right.then(|| octets.to_vec())
}

/// RFC 4757 7.3, in DCE style: the token ends with the confounder.
fn open_rc4(key: &KerberosKey, pdu: &ProtectedPdu<'_>) -> Option<Vec<u8>> {
    let mut cur = Cursor::new(pdu.token);
    // The outer length may count what is not here.
    if cur.u8().ok()? != 0x60 {
        return None;
    }
    let length = cur.u8().ok()?;
    if length & 0x80 != 0 {
        cur.skip(usize::from(length & 0x7f)).ok()?;
    }
    if der::expect(&mut cur, 0x06).ok()? != kerberos::KERBEROS {
        return None;
    }
    let header = cur.array::<8>().ok()?;
    if header.first_chunk::<4>() != Some(&[2, 1, 0x11, 0]) {
        return None;
    }
    let (number, checksum, confounder) = (cur.array::<8>().ok()?, cur.array::<8>().ok()?, cur.array::<8>().ok()?);
    let zero = 0_u32.to_le_bytes();
    let number = rc4_once(&hmac_md5(&hmac_md5(&key.octets, &[&zero]), &[checksum]), number);
    let local: Vec<u8> = key.octets.iter().map(|octet| octet ^ 0xf0).collect();
    let sealing = hmac_md5(&hmac_md5(&local, &[&zero]), &[number.get(..4)?]);
    let mut plain = [&confounder[..], pdu.octets].concat();
    rc4(&sealing).apply_keystream(&mut plain);
    let (confounder, octets) = plain.split_at_checked(8)?;
    let signing = hmac_md5(&key.octets, &[b"signaturekey\0"]);
    let salt = 13_u32.to_le_bytes();
    let signed = |parts: &[&[u8]]| {
        let digest = md5(&[&[&salt[..], header, confounder], parts].concat());
        hmac_md5(&signing, &[&digest]).first_chunk::<8>() == Some(checksum)
    };
    (signed(&[octets]) || signed(&[pdu.before, octets, pdu.after])).then(|| octets.to_vec())
}

fn mac_is(key: &KerberosKey, usage: u32, parts: &[&[u8]], mac: &[u8]) -> bool {
    hmac_sha1(&derived(key, usage, 0x55), parts).first_chunk::<MAC>().is_some_and(|found| found == mac)
}

/// The contents with their confounder, and the signature behind them. RFC 3962 6.
fn decrypt_aes<'a>(key: &KerberosKey, usage: u32, octets: &'a [u8]) -> Option<(Vec<u8>, &'a [u8])> {
    let (cipher, mac) = octets.split_at_checked(octets.len().checked_sub(MAC)?)?;
    Some((decrypt_cts(&BlockKey::new(&derived(key, usage, 0xaa))?, cipher)?, mac))
}

/// CBC with ciphertext stealing, the last two blocks swapped, the first chained to zero. RFC 3962 5.
fn decrypt_cts(key: &BlockKey, cipher: &[u8]) -> Option<Vec<u8>> {
    let xor = |a: &[u8; 16], b: &[u8; 16]| -> [u8; 16] {
        let mut out = *a;
        out.iter_mut().zip(b).for_each(|(to, with)| *to ^= with);
        out
    };
    let mut before = [0; 16];
    let mut out = Vec::with_capacity(cipher.len());
    let mut rest = cipher;
    loop {
        let (block, behind) = rest.split_first_chunk::<16>()?;
        if behind.is_empty() {
            // A single block, or the end of whole blocks without anything to steal: neither occurs after a swap.
            out.extend(xor(&key.decrypt(block), &before));
            return (cipher.len() == 16).then_some(out);
        }
        if behind.len() <= 16 {
            // `block` is the last block but one, `behind` what is left of the other, padded with its own plaintext.
            let mixed = key.decrypt(block);
            let mut last = mixed;
            last.iter_mut().zip(behind).for_each(|(to, from)| *to = *from);
            out.extend(xor(&key.decrypt(&last), &before));
            out.extend(xor(&mixed, &last).get(..behind.len())?);
            return Some(out);
        }
        out.extend(xor(&key.decrypt(block), &before));
        before = *block;
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_ciphers_are_those_of_the_specifications() {
        // RFC 3961 A.1: 5-octet constants are not among its examples; the derived keys below need the folding right.
        let octets = |text: &str| {
            let digits = text.as_bytes().chunks_exact(2);
            digits.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect::<Vec<_>>()
        };
        // RFC 3962 B: "chicken teriyaki", IV 0.
        let chicken = BlockKey::new(&octets("636869636b656e207465726979616b69")).unwrap();
        for (cipher, plain) in [
            ("c6353568f2bf8cb4d8a580362da7ff7f97", "I would like the "),
            ("fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5", "I would like the General Gau's "),
            ("39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584", "I would like the General Gau's C"),
        ] {
            let opened = decrypt_cts(&chicken, &octets(cipher)).unwrap();
            assert_eq!(String::from_utf8(opened).unwrap(), plain);
        }
        assert!(decrypt_cts(&chicken, &[0; 15]).is_none());
    }
}
