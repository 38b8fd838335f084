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

pub use credentials::{Credentials, NtlmUser, NtlmVersion, Ticket};
pub use principal::Principal;
pub(crate) use protected::Protected;
pub(crate) use seal::SecurityContext;
pub(crate) use sealer::{Sealer, Way};
pub use secrets::{SecretKind, SecretProblem, Secrets};
