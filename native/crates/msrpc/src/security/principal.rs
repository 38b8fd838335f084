//! As whom a call is made.

use sidewire_eve::Object;

use super::credentials::SessionCredentials;

/// Who a call is made as, so far as the wire shows it: NTLM names the account, Kerberos seals it into the ticket and shows
/// the service and its realm only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub user: Option<String>,
    /// Its domain or realm.
    pub domain: Option<String>,
    /// What the client calls itself.
    pub workstation: Option<String>,
    /// The client gave no account on purpose.
    pub anonymous: bool,
    /// Kerberos: the service the ticket is for, `host/dc1.corp.local`.
    pub service: Option<String>,
    /// Kerberos: the service's realm.
    pub realm: Option<String>,
    /// The carriage's session was authenticated, not the RPC connection inside it.
    pub of_session: bool,
}

impl Principal {
    /// What credentials say; `None` when they name nobody.
    #[must_use]
    pub fn of(credentials: &SessionCredentials) -> Option<Self> {
        let text = |octets: &[u8]| Some(String::from_utf8_lossy(octets).into_owned()).filter(|text| !text.is_empty());
        if let Some(ntlm) = &credentials.ntlm {
            return Some(Self {
                user: text(&ntlm.user),
                domain: text(&ntlm.domain),
                workstation: text(&ntlm.host),
                anonymous: ntlm.user.is_empty(),
                ..Self::default()
            });
        }
        let ticket = credentials.kerberos.as_ref()?;
        let service = ticket.service.iter().filter_map(|part| text(part)).collect::<Vec<_>>().join("/");
        Some(Self {
            service: Some(service).filter(|service| !service.is_empty()),
            realm: text(&ticket.realm),
            ..Self::default()
        })
    }

    /// Writes it as members of `auth`.
    pub fn write(&self, out: &mut Object<'_>) {
        let members = [
            ("user", &self.user),
            ("domain", &self.domain),
            ("workstation", &self.workstation),
            ("service", &self.service),
            ("realm", &self.realm),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                out.str(name, value);
            }
        }
        if self.anonymous {
            out.bool("anonymous", true);
        }
        if self.of_session {
            out.bool("session", true);
        }
    }
}
