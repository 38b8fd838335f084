//! Who calls, out of the security tokens of binds and session setups.

mod credentials;
mod der;
mod kerberos;
mod principal;

pub use credentials::{Credentials, NtlmUser, NtlmVersion, Ticket};
pub use principal::Principal;
