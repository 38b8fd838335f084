//! Two ends that seal what they say to each other, for fuzzing and tests.

use sidewire_base::Direction;

use super::key::{KerberosKey, etype};
use super::krb5::KerberosContext;
use super::ntlm::{self, NtlmContext};
use super::secrets::DecryptionSecrets;
use crate::AuthType;

/// The hash, and the RC4 key, that opens what is sealed here.
const HASH: [u8; 16] = *b"of no password..";
/// The AES key that does.
const AES: [u8; 32] = *b"of no service that anyone asked.";

/// A way to seal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SealingMethod {
    Ntlm,
    KerberosAes,
    KerberosRc4,
}

/// A security context as both of its ends have it.
pub(crate) struct PduSealer {
    legs: Vec<Vec<u8>>,
    keys: SealerKeys,
}

enum SealerKeys {
    Ntlm(Box<NtlmContext>),
    Kerberos(Box<KerberosContext>),
}

impl PduSealer {
    /// What opens it, whatever way is taken.
    pub(crate) fn secrets() -> DecryptionSecrets {
        let mut secrets = DecryptionSecrets::default();
        let taken = secrets.nt_hash(HASH).and_then(|()| secrets.kerberos_key(etype::AES256, &AES));
        debug_assert!(taken.is_ok(), "there is room for two");
        secrets
    }

    /// A context at its beginning; `None` is a bug in what makes or what reads its tokens.
    pub(crate) fn new(way: SealingMethod) -> Option<Self> {
        let secrets = Self::secrets();
        let kerberos = |etype, octets: &[u8]| {
            let legs = KerberosContext::messages(&KerberosKey::new(etype, octets)?);
            let [request, reply] = &legs;
            let mut keys = KerberosContext::new(request, &secrets)?;
            keys.reply(reply);
            Some(Self { legs: legs.into(), keys: SealerKeys::Kerberos(Box::new(keys)) })
        };
        match way {
            SealingMethod::Ntlm => {
                let legs = NtlmContext::messages(&HASH);
                let [_, challenge, authenticate] = &legs;
                let keys = NtlmContext::new(authenticate, ntlm::challenge(challenge)?, &secrets)?;
                Some(Self { legs: legs.into(), keys: SealerKeys::Ntlm(Box::new(keys)) })
            }
            SealingMethod::KerberosAes => kerberos(etype::AES256, &AES),
            SealingMethod::KerberosRc4 => kerberos(etype::RC4, &HASH),
        }
    }

    /// The provider as PDUs name it.
    pub(crate) const fn provider(&self) -> AuthType {
        match self.keys {
            SealerKeys::Ntlm(_) => AuthType(10),
            SealerKeys::Kerberos(_) => AuthType(16),
        }
    }

    /// The tokens that make the context, the client's and the server's by turns.
    pub(crate) fn legs(&self) -> &[Vec<u8>] {
        &self.legs
    }

    /// Length of the token behind every sealed stub. Octets.
    pub(crate) fn token_length(&self) -> usize {
        match &self.keys {
            SealerKeys::Ntlm(_) => ntlm::sealing::TOKEN,
            SealerKeys::Kerberos(keys) => keys.token_length(),
        }
    }

    /// Seals the next PDU of a direction, given what is before the stub, the stub with its padding, and the trailer. Gives
    /// the stub as it is sent, and the token.
    pub(crate) fn seal(&mut self, direction: Direction, parts: (&[u8], &[u8], &[u8])) -> (Vec<u8>, Vec<u8>) {
        match &mut self.keys {
            SealerKeys::Ntlm(keys) => keys.seal(direction, parts),
            SealerKeys::Kerberos(keys) => keys.seal(direction, parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::{ProtectedPdu, SecurityContext};

    #[test]
    fn what_is_sealed_is_opened_and_nothing_else() {
        let secrets = PduSealer::secrets();
        for way in [SealingMethod::Ntlm, SealingMethod::KerberosAes, SealingMethod::KerberosRc4] {
            let mut sealer = PduSealer::new(way).unwrap();
            let mut context = SecurityContext::new(0);
            for (nth, leg) in sealer.legs().iter().enumerate() {
                if nth % 2 == 0 { context.client_token(leg, Some(&secrets)) } else { context.server_token(leg) }
            }
            for (nth, size) in [16, 32, 48, 160, 16].into_iter().enumerate() {
                let direction = if nth % 2 == 0 { Direction::ToServer } else { Direction::ToClient };
                let stub: Vec<u8> = (0..size).collect();
                let (octets, token) = sealer.seal(direction, (b"head", &stub, b"trailer"));
                assert_eq!(token.len(), sealer.token_length(), "{way:?}");
                assert_ne!(octets, stub);
                let sent =
                    ProtectedPdu { before: b"head", octets: &octets, after: b"trailer", token: &token, sealed: true };
                assert_eq!(context.open(direction, &sent), Some(stub), "{way:?}, {size} octets");
            }
            let (mut octets, token) = sealer.seal(Direction::ToServer, (b"head", &[0; 16], b"trailer"));
            octets[3] ^= 1;
            let sent =
                ProtectedPdu { before: b"head", octets: &octets, after: b"trailer", token: &token, sealed: true };
            assert_eq!(context.open(Direction::ToServer, &sent), None, "{way:?}");
        }
    }
}
