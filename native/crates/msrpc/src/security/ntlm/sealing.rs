//! The other side: the messages of an exchange under a hash, and octets sealed as [`NtlmContext::open`] takes them.

use rc4::StreamCipher;
use sidewire_base::Direction;

use super::{CHALLENGE, EXTENDED_SESSION_SECURITY, NEGOTIATE_128, NEGOTIATE_KEY_EXCHANGE, NtlmContext, wide};
use crate::security::credentials::NtlmUser;
use crate::security::digest::{hmac_md5, rc4_once};

/// Length of every token behind a sealed stub. Octets.
pub(in crate::security) const TOKEN: usize = 16;
const SERVER_CHALLENGE: [u8; 8] = *b"askedfor";
const SESSION_KEY: [u8; 16] = *b"made by the user";
/// The client's part of an NTLMv2 response, without names of the server. [MS-NLMP] 2.2.2.7.
const BLOB: &[u8] = b"\x01\x01\0\0\0\0\0\0whenever chosenby\0\0\0\0\0\0\0\0";
/// Octets in front of what the fields of an authenticate message point to: no version, no MIC. [MS-NLMP] 2.2.1.3.
const AUTHENTICATE_HEAD: usize = 64;

impl NtlmContext {
    /// Negotiate, challenge and authenticate message of an exchange that `hash` proves.
    pub(in crate::security) fn messages(hash: &[u8; 16]) -> [Vec<u8>; 3] {
        let flags = NtlmUser::NEGOTIATE_UNICODE | EXTENDED_SESSION_SECURITY | NEGOTIATE_128 | NEGOTIATE_KEY_EXCHANGE;
        let begin = |kind: u32| [NtlmUser::SIGNATURE, &kind.to_le_bytes()].concat();
        let negotiate = [begin(1), flags.to_le_bytes().to_vec()].concat();
        let no_name = [0; 8];
        let challenge = [&begin(CHALLENGE)[..], &no_name, &flags.to_le_bytes(), &SERVER_CHALLENGE, &[0; 16]].concat();

        let (user, domain, host) = (wide(b"USER", 0), wide(b"LAB", 0), wide(b"WS1", 0));
        let key = hmac_md5(hash, &[&user, &domain]);
        let proof = hmac_md5(&key, &[&SERVER_CHALLENGE, BLOB]);
        let nt = [&proof, BLOB].concat();
        let exported = rc4_once(&hmac_md5(&key, &[&proof]), &SESSION_KEY);
        let mut authenticate = begin(NtlmUser::AUTHENTICATE);
        let mut behind: Vec<u8> = Vec::new();
        for field in [&[][..], &nt, &domain, &user, &host, &exported] {
            let length = u16::try_from(field.len()).unwrap_or(u16::MAX).to_le_bytes();
            let offset = u32::try_from(AUTHENTICATE_HEAD + behind.len()).unwrap_or(u32::MAX).to_le_bytes();
            authenticate.extend([length, length].as_flattened());
            authenticate.extend(offset);
            behind.extend(field);
        }
        authenticate.extend(flags.to_le_bytes());
        authenticate.extend(behind);
        [negotiate, challenge, authenticate]
    }

    /// Seals the next PDU of a direction: its octets as they are sent, and their token. [MS-NLMP] 3.4.3, 3.4.4.2.
    pub(in crate::security) fn seal(
        &mut self,
        direction: Direction,
        parts: (&[u8], &[u8], &[u8]),
    ) -> (Vec<u8>, Vec<u8>) {
        let [to_server, to_client] = &mut self.sides;
        let side = if direction == Direction::ToServer { to_server } else { to_client };
        let number = side.next.to_le_bytes();
        side.next = side.next.wrapping_add(1);
        let (before, plain, after) = parts;
        let mut checksum = hmac_md5(&side.signing.0, &[&number, before, plain, after]);
        let mut octets = plain.to_vec();
        side.sealing.apply_keystream(&mut octets);
        let checksum = checksum.first_chunk_mut::<8>().map(|sent| {
            side.sealing.apply_keystream(sent);
            *sent
        });
        (octets, [&1_u32.to_le_bytes()[..], &checksum.unwrap_or_default(), &number].concat())
    }
}
