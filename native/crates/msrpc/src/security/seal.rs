//! A security context of a connection: who it speaks for, and, with secrets, what its PDUs hold.

use std::sync::Arc;

use sidewire_base::Direction;

use super::credentials::SessionCredentials;
use super::krb5::KerberosContext;
use super::ntlm::{self, NtlmContext};
use super::principal::Principal;
use super::protected::ProtectedPdu;
use super::secrets::DecryptionSecrets;

/// A security context of a connection. [MS-RPCE] 3.3.1.5.4.
#[derive(Default)]
pub(crate) struct SecurityContext {
    pub(crate) id: u32,
    /// Who calls under it, where that is shown.
    pub(crate) principal: Option<Arc<Principal>>,
    challenge: Option<[u8; 8]>,
    keys: ContextKeys,
}

/// What opens the stubs of a context.
#[derive(Default)]
enum ContextKeys {
    /// None of the secrets does, or none was given.
    #[default]
    None,
    Ntlm(Box<NtlmContext>),
    Kerberos(Box<KerberosContext>),
}

impl core::fmt::Debug for SecurityContext {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SecurityContext")
            .field("id", &self.id)
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

impl SecurityContext {
    /// A context nothing is known of but its id.
    pub(crate) fn new(id: u32) -> Self {
        Self { id, ..Self::default() }
    }

    /// A leg of the client's.
    pub(crate) fn client_token(&mut self, token: &[u8], secrets: Option<&DecryptionSecrets>) {
        if let Some(principal) = Principal::of(&SessionCredentials::of_token(token)) {
            // Only the last leg of NTLM names the account; an earlier one must not take a name away.
            self.principal = Some(Arc::new(principal));
        }
        let Some(secrets) = secrets else { return };
        if let Some(challenge) = self.challenge
            && let Some(keys) = NtlmContext::new(token, challenge, secrets)
        {
            self.keys = ContextKeys::Ntlm(Box::new(keys));
        } else if let Some(keys) = KerberosContext::new(token, secrets) {
            let (user, domain) = keys.client();
            if let Some(principal) = self.principal.as_mut().map(Arc::make_mut) {
                principal.user = Some(user.to_owned());
                principal.domain = Some(domain.to_owned());
            }
            self.keys = ContextKeys::Kerberos(Box::new(keys));
        }
    }

    /// A leg of the server's.
    pub(crate) fn server_token(&mut self, token: &[u8]) {
        self.challenge = ntlm::challenge(token).or(self.challenge);
        if let ContextKeys::Kerberos(keys) = &mut self.keys {
            keys.reply(token);
        }
    }

    /// The octets of a sealed PDU, when a secret opens it and its signature is right. Every PDU under a signature has to
    /// come by here, because NTLM's keys go on with each.
    pub(crate) fn open(&mut self, direction: Direction, pdu: &ProtectedPdu<'_>) -> Option<Vec<u8>> {
        match &mut self.keys {
            ContextKeys::None => None,
            ContextKeys::Ntlm(keys) => keys.open(direction, pdu),
            ContextKeys::Kerberos(keys) => keys.open(pdu),
        }
    }
}
