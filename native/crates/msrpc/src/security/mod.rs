//! Security of calls: who makes them, out of the tokens of binds and session setups, and, with secrets that a user gives,
//! what sealed ones hold.

mod credentials;
mod der;
mod digest;
mod kerberos;
mod key;
mod krb5;
mod ntlm;
mod principal;
mod protected;
mod seal;
mod sealer;
mod secrets;

pub use credentials::{KerberosTicket, NtlmUser, NtlmVersion, SessionCredentials};
pub use principal::Principal;
pub(crate) use protected::ProtectedPdu;
pub(crate) use seal::SecurityContext;
pub(crate) use sealer::{PduSealer, SealingMethod};
pub use secrets::{DecryptionSecrets, SecretKind, SecretProblem};
