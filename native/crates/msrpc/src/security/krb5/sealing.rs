//! The other side: a ticket under a service's key, and octets sealed as [`KerberosContext::open`] takes them.

use rc4::StreamCipher as _;
use sidewire_base::Direction;

use super::{CONFOUNDER, KerberosContext, MAC, WRAP, usage};
use crate::security::der::write as der;
use crate::security::digest::{hmac_md5, hmac_sha1, md5, rc4, rc4_once};
use crate::security::kerberos;
use crate::security::key::{BlockKey, KerberosKey, derived, etype};

/// Octets between stub and header copy, so that the stub ends with a block. [MS-KILE] 3.4.5.4.1.
const EXTRA: usize = 16;
const CONFOUNDERS: &[u8; CONFOUNDER] = b"nobody will look";

impl KerberosContext {
    /// AP-REQ and AP-REP of an exchange between a user and the service with this key; the server adds a key of its own.
    pub(in crate::security) fn messages(service: &KerberosKey) -> [Vec<u8>; 2] {
        let named =
            |octets: &[u8]| der(0x30, &[&der(0xa0, &[&number(service.etype)]), &der(0xa1, &[&der(4, &[octets])])]);
        let key = |first: u8| {
            let octets: Vec<u8> = service.octets.iter().map(|octet| octet ^ first).collect();
            KerberosKey::new(service.etype, &octets).unwrap_or_else(|| service.clone())
        };
        let (session, acceptor) = (key(1), key(2));
        let realm = der(0x1b, &[b"LAB.EXAMPLE"]);
        let name = |parts: &[&[u8]]| {
            let parts: Vec<_> = parts.iter().map(|part| der(0x1b, &[part])).collect();
            der(0x30, &[&der(0xa0, &[&number(1)]), &der(0xa1, &[&der(0x30, &[&parts.concat()])])])
        };
        let inside = der(
            0x63,
            &[&der(
                0x30,
                &[&der(0xa1, &[&named(&session.octets)]), &der(0xa2, &[&realm]), &der(0xa3, &[&name(&[b"user"])])],
            )],
        );
        let ticket = der(
            0x61,
            &[&der(
                0x30,
                &[
                    &der(0xa1, &[&realm]),
                    &der(0xa2, &[&name(&[b"host", b"srv"])]),
                    &der(0xa3, &[&sealed(service, usage::TICKET, &inside)]),
                ],
            )],
        );
        let authenticator = sealed(&session, usage::AUTHENTICATOR, &der(0x62, &[&der(0x30, &[])]));
        let request = der(0x6e, &[&der(0x30, &[&der(0xa3, &[&ticket]), &der(0xa4, &[&authenticator])])]);
        let answer = der(0x7b, &[&der(0x30, &[&der(0xa2, &[&named(&acceptor.octets)])])]);
        let reply = der(0x6f, &[&der(0x30, &[&der(0xa2, &[&sealed(&session, usage::REPLY, &answer)])])]);
        [request, reply]
    }

    /// Length of every token behind a sealed stub. Octets.
    pub(in crate::security) fn token_length(&self) -> usize {
        match self.sealing_key().etype {
            etype::RC4 => 2 + 2 + kerberos::KERBEROS.len() + 32,
            _ => WRAP + EXTRA + WRAP + MAC + CONFOUNDER,
        }
    }

    /// Seals a PDU: its octets as they are sent, and their token.
    pub(in crate::security) fn seal(&self, direction: Direction, parts: (&[u8], &[u8], &[u8])) -> (Vec<u8>, Vec<u8>) {
        let key = self.sealing_key();
        match key.etype {
            etype::RC4 => seal_rc4(key, direction, parts),
            _ => seal_aes(key, direction, parts),
        }
    }

    fn sealing_key(&self) -> &KerberosKey {
        self.acceptor.as_ref().unwrap_or(&self.session)
    }
}

fn number(value: u32) -> Vec<u8> {
    der(2, &[&value.to_be_bytes()])
}

/// `EncryptedData`. RFC 4120 5.2.9.
fn sealed(key: &KerberosKey, usage: u32, plain: &[u8]) -> Vec<u8> {
    let cipher = if key.etype == etype::RC4 {
        let base = hmac_md5(&key.octets, &[&usage.to_le_bytes()]);
        let plain = [&[0; 8], plain].concat();
        let mac = hmac_md5(&base, &[&plain]);
        [mac.to_vec(), rc4_once(&hmac_md5(&base, &[&mac]), &plain)].concat()
    } else {
        let plain = [CONFOUNDERS, plain].concat();
        encrypt_aes(key, usage, &plain, &[&plain])
    };
    der(0x30, &[&der(0xa0, &[&number(key.etype)]), &der(0xa2, &[&der(4, &[&cipher])])])
}

/// RFC 4121 4.2.4, its pieces placed as [MS-KILE] 3.4.5.4.1 has them.
fn seal_aes(
    key: &KerberosKey,
    direction: Direction,
    (before, plain, after): (&[u8], &[u8], &[u8]),
) -> (Vec<u8>, Vec<u8>) {
    let (acceptor, usage) = match direction {
        Direction::ToServer => (0, usage::INITIATOR_SEAL),
        Direction::ToClient => (1, usage::ACCEPTOR_SEAL),
    };
    let mut header = [0; WRAP];
    let mut copy = header;
    let rotated = WRAP + MAC;
    for (out, rotated) in [(&mut header, rotated), (&mut copy, 0)] {
        let octets = [5, 4, acceptor | 2, 0xff, 0, EXTRA as u8, 0, rotated as u8];
        out.iter_mut().zip(octets).for_each(|(to, octet)| *to = octet);
    }
    let tail = [&[0; EXTRA][..], &copy].concat();
    let whole = [CONFOUNDERS, plain, &tail].concat();
    let mut cipher = encrypt_aes(key, usage, &whole, &[CONFOUNDERS, before, plain, after, &tail]);
    cipher.rotate_right(rotated + EXTRA);
    let octets = cipher.split_off(cipher.len() - plain.len());
    (octets, [&header[..], &cipher].concat())
}

/// RFC 4757 7.3, in DCE style.
fn seal_rc4(
    key: &KerberosKey,
    direction: Direction,
    (before, plain, after): (&[u8], &[u8], &[u8]),
) -> (Vec<u8>, Vec<u8>) {
    let header = [2, 1, 0x11, 0, 0x10, 0, 0xff, 0xff];
    let confounder = [0; 8];
    let filler = if direction == Direction::ToServer { 0 } else { 0xff };
    let mut number = [filler; 8];
    number.iter_mut().take(4).for_each(|octet| *octet = 0);
    let digest = md5(&[&13_u32.to_le_bytes(), &header, &confounder, before, plain, after]);
    let checksum: Vec<u8> =
        hmac_md5(&hmac_md5(&key.octets, &[b"signaturekey\0"]), &[&digest]).into_iter().take(8).collect();
    let zero = 0_u32.to_le_bytes();
    let local: Vec<u8> = key.octets.iter().map(|octet| octet ^ 0xf0).collect();
    let mut octets = [&confounder, plain].concat();
    rc4(&hmac_md5(&hmac_md5(&local, &[&zero]), &[&zero])).apply_keystream(&mut octets);
    let behind = octets.split_off(confounder.len());
    let number = rc4_once(&hmac_md5(&hmac_md5(&key.octets, &[&zero]), &[&checksum]), &number);
    let inside = [&der(6, &[kerberos::KERBEROS])[..], &header, &number, &checksum, &octets].concat();
    (behind, der(0x60, &[&inside]))
}

/// `plain` encrypted, and the signature over `signed` behind it. RFC 3962 6.
fn encrypt_aes(key: &KerberosKey, usage: u32, plain: &[u8], signed: &[&[u8]]) -> Vec<u8> {
    let mut out = match BlockKey::new(&derived(key, usage, 0xaa)) {
        Some(cipher) => encrypt_cts(&cipher, plain),
        None => Vec::new(),
    };
    out.extend(hmac_sha1(&derived(key, usage, 0x55), signed).into_iter().take(MAC));
    out
}

/// CBC with ciphertext stealing, the last two blocks swapped, the first chained to zero; for more than one block. RFC 3962 5.
pub(super) fn encrypt_cts(key: &BlockKey, plain: &[u8]) -> Vec<u8> {
    let mut chained = [0; 16];
    let mut blocks = Vec::with_capacity(plain.len().div_ceil(16));
    for block in plain.chunks(16) {
        chained.iter_mut().zip(block).for_each(|(to, with)| *to ^= with);
        chained = key.encrypt(&chained);
        blocks.push(chained);
    }
    let left = plain.len() - plain.len().saturating_sub(1) / 16 * 16;
    let last = blocks.pop();
    let stolen = blocks.pop();
    let mut out = blocks.as_flattened().to_vec();
    out.extend(last.into_iter().flatten());
    out.extend(stolen.into_iter().flatten().take(left));
    out
}
