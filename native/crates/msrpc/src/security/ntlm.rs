//! NTLM's session security: keys out of an exchange that was seen and a hash that was given. [MS-NLMP] 3.3, 3.4.

use des::Des;
use des::cipher::{BlockEncrypt, KeyInit};
use memchr::memmem;
use rc4::StreamCipher;
use sidewire_base::{Cursor, Direction, Malformed};
use zeroize::ZeroizeOnDrop;

use super::credentials::{NtlmField, NtlmUser};
use super::digest::{Cipher, hmac_md5, md5, rc4, rc4_once};
use super::protected::ProtectedPdu;
use super::secrets::DecryptionSecrets;

pub(super) mod sealing;

const CHALLENGE: u32 = 2;
const EXTENDED_SESSION_SECURITY: u32 = 0x0008_0000;
const NEGOTIATE_128: u32 = 0x2000_0000;
const NEGOTIATE_KEY_EXCHANGE: u32 = 0x4000_0000;
const NEGOTIATE_56: u32 = 0x8000_0000;

/// The server's challenge in a token. [MS-NLMP] 2.2.1.2.
pub(super) fn challenge(token: &[u8]) -> Option<[u8; 8]> {
    let message = token.get(memmem::find(token, NtlmUser::SIGNATURE)?..)?;
    let mut cur = Cursor::new(message);
    cur.skip(NtlmUser::SIGNATURE.len()).ok()?;
    if cur.u32_le().ok()? != CHALLENGE {
        return None;
    }
    cur.skip(8 + 4).ok()?; // target name, flags
    cur.array().ok().copied()
}

/// What an authenticate message holds for the keys. [MS-NLMP] 2.2.1.3.
struct AuthenticateMessage<'a> {
    lm: &'a [u8],
    nt: &'a [u8],
    domain: &'a [u8],
    user: &'a [u8],
    session_key: &'a [u8],
    flags: u32,
}

impl<'a> AuthenticateMessage<'a> {
    fn find(token: &'a [u8]) -> Option<Self> {
        let message = token.get(memmem::find(token, NtlmUser::SIGNATURE)?..)?;
        Self::parse(message).ok()
    }

    fn parse(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut cur = Cursor::new(message);
        cur.skip(NtlmUser::SIGNATURE.len())?;
        if cur.u32_le()? != NtlmUser::AUTHENTICATE {
            return Err(Malformed::Invalid("MessageType"));
        }
        let (lm, nt) = (NtlmField::parse(&mut cur)?, NtlmField::parse(&mut cur)?);
        let (domain, user, _host) =
            (NtlmField::parse(&mut cur)?, NtlmField::parse(&mut cur)?, NtlmField::parse(&mut cur)?);
        let session_key = NtlmField::parse(&mut cur)?;
        let flags = cur.u32_le()?;
        Ok(Self {
            lm: lm.of(message)?,
            nt: nt.of(message)?,
            domain: domain.of(message)?,
            user: user.of(message)?,
            session_key: session_key.of(message)?,
            flags,
        })
    }

    /// The key that the client's response proves, if one of the hashes made it. [MS-NLMP] 3.3.1, 3.3.2, 3.4.5.1.
    fn exchange_key(&self, challenge: [u8; 8], secrets: &DecryptionSecrets) -> Option<[u8; 16]> {
        if let (Some((proof, blob)), true) = (self.nt.split_first_chunk::<16>(), self.nt.len() > 24) {
            let account = [upper(self.user, self.flags).as_slice(), &wide(self.domain, self.flags)].concat();
            return secrets.hashes().iter().find_map(|hash| {
                let key = hmac_md5(hash, &[&account]);
                (hmac_md5(&key, &[&challenge, blob]) == *proof).then(|| hmac_md5(&key, &[proof]))
            });
        }
        // NTLMv1 with the client's challenge in the place of the LM response.
        let client = self.lm.first_chunk::<8>().filter(|_| self.nt.len() == 24)?;
        let both = md5(&[&challenge, client]);
        let asked = both.first_chunk::<8>()?;
        secrets.hashes().iter().find(|hash| des_long(hash, asked) == self.nt).map(|hash| {
            let base: [u8; 16] = <md4::Md4 as md4::Digest>::digest(hash).into();
            hmac_md5(&base, &[&challenge, client])
        })
    }
}

/// `DESL`: three times DES, under the thirds of a hash. [MS-NLMP] 6.
fn des_long(hash: &[u8; 16], data: &[u8; 8]) -> Vec<u8> {
    let mut padded = [0; 21];
    padded.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
    let mut out = Vec::with_capacity(24);
    for third in padded.chunks_exact(7) {
        let bits = third.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
        // Seven bits an octet, the parity bit is not looked at.
        let mut key = [0; 8];
        for (n, octet) in key.iter_mut().enumerate() {
            let [.., low] = (bits >> (49 - 7 * n)).to_be_bytes();
            *octet = low << 1;
        }
        let mut block = (*data).into();
        Des::new(&key.into()).encrypt_block(&mut block);
        out.extend(block);
    }
    out
}

/// A name as UTF-16LE, whatever the message has it in.
fn wide(name: &[u8], flags: u32) -> Vec<u8> {
    if flags & NtlmUser::NEGOTIATE_UNICODE != 0 {
        return name.to_vec();
    }
    name.iter().flat_map(|octet| [*octet, 0]).collect()
}

/// A name in upper case as Windows has it: unit for unit.
fn upper(name: &[u8], flags: u32) -> Vec<u8> {
    let raise = |unit: u16| {
        let Some(character) = char::from_u32(unit.into()) else { return unit };
        let mut raised = character.to_uppercase();
        match (raised.next().map(u32::from).map(u16::try_from), raised.next()) {
            (Some(Ok(raised)), None) => raised,
            _ => unit,
        }
    };
    let wide = wide(name, flags);
    wide.chunks_exact(2)
        .filter_map(|unit| unit.try_into().ok())
        .flat_map(|unit| raise(u16::from_le_bytes(unit)).to_le_bytes())
        .collect()
}

/// The session security of one context: keys, and how far each direction has come.
pub(super) struct NtlmContext {
    sides: [NtlmSide; 2],
    key_exchange: bool,
}

struct NtlmSide {
    signing: SigningKey,
    sealing: Cipher,
    /// Number of the next PDU of the direction; a PDU that is not the next one leaves the key stream where it is.
    next: u32,
    /// PDUs are missing, and with them the place in the key stream.
    lost: bool,
}

#[derive(ZeroizeOnDrop)]
struct SigningKey([u8; 16]);

impl NtlmContext {
    /// The keys of an exchange, if one of the hashes made it. Only extended session security; what is older has one key
    /// for both directions and is not opened.
    pub(super) fn new(token: &[u8], challenge: [u8; 8], secrets: &DecryptionSecrets) -> Option<Self> {
        let message = AuthenticateMessage::find(token)?;
        if message.flags & EXTENDED_SESSION_SECURITY == 0 {
            return None;
        }
        let key = message.exchange_key(challenge, secrets)?;
        let key_exchange = message.flags & NEGOTIATE_KEY_EXCHANGE != 0;
        let exported = match key_exchange {
            true => rc4_once(&key, message.session_key).first_chunk().copied()?,
            false => key,
        };
        let sealing: &[u8] = match message.flags {
            flags if flags & NEGOTIATE_128 != 0 => &exported,
            flags if flags & NEGOTIATE_56 != 0 => exported.first_chunk::<7>()?,
            _ => exported.first_chunk::<5>()?,
        };
        let side = |sign: &[u8], seal: &[u8]| NtlmSide {
            signing: SigningKey(md5(&[&exported, sign])),
            sealing: rc4(&md5(&[sealing, seal])),
            next: 0,
            lost: false,
        };
        Some(Self {
            sides: [
                side(
                    b"session key to client-to-server signing key magic constant\0",
                    b"session key to client-to-server sealing key magic constant\0",
                ),
                side(
                    b"session key to server-to-client signing key magic constant\0",
                    b"session key to server-to-client sealing key magic constant\0",
                ),
            ],
            key_exchange,
        })
    }

    /// Follows a protected PDU; gives the octets of a sealed one when its signature is right. [MS-NLMP] 3.4.3, 3.4.4.2.
    pub(super) fn open(&mut self, direction: Direction, pdu: &ProtectedPdu<'_>) -> Option<Vec<u8>> {
        let [to_server, to_client] = &mut self.sides;
        let side = if direction == Direction::ToServer { to_server } else { to_client };
        let signature = pdu.token.first_chunk::<16>()?;
        let (_version, checksum) = (signature.first_chunk::<4>()?, signature.get(4..12)?);
        let number = u32::from_le_bytes(*signature.last_chunk::<4>()?);
        if (side.next, number) == (0, 1) {
            // SPNEGO signed its list of mechanisms with number 0, and began the key stream anew. [MS-SPNG] 3.3.5.1.
            side.next = 1;
        }
        if number != side.next {
            side.lost |= number > side.next;
            return None;
        }
        if side.lost {
            return None;
        }
        side.next = side.next.wrapping_add(1);
        let mut octets = pdu.octets.to_vec();
        if pdu.sealed {
            side.sealing.apply_keystream(&mut octets);
        }
        let mut expected = checksum.to_vec();
        if self.key_exchange {
            side.sealing.apply_keystream(&mut expected);
        }
        let number = number.to_le_bytes();
        let signed = |before: &[u8], after: &[u8]| {
            hmac_md5(&side.signing.0, &[&number, before, &octets, after])
                .first_chunk::<8>()
                .is_some_and(|mac| *mac == *expected)
        };
        // Over the whole PDU, or over the stub alone where headers are not signed. [MS-RPCE] 3.3.1.5.2.2.
        let right = signed(pdu.before, pdu.after) || signed(&[], &[]);
        side.lost |= !right;
        (right && pdu.sealed).then_some(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_responses_of_the_specification_are_made_by_its_password() {
        let mut secrets = DecryptionSecrets::default();
        secrets.password("Password").unwrap();
        let challenge = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
        let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        // [MS-NLMP] 4.2.4: NTLMv2.
        let mut blob = vec![1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        blob.extend([0xaa; 8]);
        blob.extend([0; 4]);
        for (id, text) in [(2_u8, "Domain"), (1, "Server")] {
            let text = units(text);
            blob.extend([id, 0, u8::try_from(text.len()).unwrap(), 0]);
            blob.extend(text);
        }
        blob.extend([0; 8]);
        let proof = [0x68, 0xcd, 0x0a, 0xb8, 0x51, 0xe5, 0x1c, 0x96, 0xaa, 0xbc, 0x92, 0x7b, 0xeb, 0xef, 0x6a, 0x1c];
        let nt = [&proof[..], &blob].concat();
        let (user, domain) = (units("User"), units("Domain"));
        let message =
            AuthenticateMessage { lm: &[], nt: &nt, domain: &domain, user: &user, session_key: &[], flags: 1 };
        let key = message.exchange_key(challenge, &secrets).unwrap();
        assert_eq!(sidewire_eve::hex(&key), "8de40ccadbc14a82f15cb0ad0de95ca3");
        assert!(message.exchange_key([0; 8], &secrets).is_none());
        // [MS-NLMP] 4.2.3: NTLMv1 with the client's challenge.
        let nt = [
            0x75, 0x37, 0xf8, 0x03, 0xae, 0x36, 0x71, 0x28, 0xca, 0x45, 0x82, 0x04, 0xbd, 0xe7, 0xca, 0xf8, 0x1e, 0x97,
            0xed, 0x26, 0x83, 0x26, 0x72, 0x32,
        ];
        let lm = [[0xaa; 8], [0; 8], [0; 8]].concat();
        let message =
            AuthenticateMessage { lm: &lm, nt: &nt, domain: &domain, user: &user, session_key: &[], flags: 1 };
        let key = message.exchange_key(challenge, &secrets).unwrap();
        assert_eq!(sidewire_eve::hex(&key), "eb93429a8bd952f8b89c55b87f475edc");
    }
}
