//! Security tokens of binds and session setups: SPNEGO, NTLMSSP, Kerberos. Only what is readable: names, never secrets.

use core::fmt;

use memchr::memmem;
use sidewire_base::{Cursor, Malformed};

use super::der::{element, expect};
use super::kerberos::{KERBEROS, KerberosRequest, MAX_NAME_PARTS, SPNEGO};
use sidewire_base::text;

/// Who asks to be let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionCredentials {
    /// NTLM: the names of the authenticate message.
    pub ntlm: Option<NtlmUser>,
    /// Kerberos: the clear part of the ticket.
    pub kerberos: Option<KerberosTicket>,
    /// An NTLM authenticate message was there and could not be read.
    pub malformed_ntlm: bool,
}

/// The names in an NTLM `AUTHENTICATE_MESSAGE`. [MS-NLMP] 2.2.1.3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NtlmUser {
    /// The account's domain; empty when the client gives none.
    pub domain: Box<[u8]>,
    /// The account; empty: anonymous.
    pub user: Box<[u8]>,
    /// The client's own name.
    pub host: Box<[u8]>,
    /// The client's system.
    pub version: Option<NtlmVersion>,
    /// The names do not stand in the order every known implementation writes them in.
    pub unusual_order: bool,
}

/// The sender's operating system. [MS-NLMP] 2.2.2.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NtlmVersion {
    /// Major version.
    pub major: u8,
    /// Minor version.
    pub minor: u8,
    /// Build.
    pub build: u16,
    /// Revision of NTLMSSP.
    pub revision: u8,
}

impl fmt::Display for NtlmVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} build {} rev {}", self.major, self.minor, self.build, self.revision)
    }
}

/// The clear part of the Kerberos ticket in an AP-REQ. RFC 4120 5.3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KerberosTicket {
    /// The realm of the service.
    pub realm: Box<[u8]>,
    /// The parts of the service's name: `host`, `dc1.corp.local`.
    pub service: Vec<Box<[u8]>>,
}

impl SessionCredentials {
    /// Reads the security blob of a session setup request, wrapped in SPNEGO or raw.
    #[must_use]
    pub fn parse(blob: &[u8]) -> Self {
        let mut found = Self {
            kerberos: mechanism_token(blob).and_then(|token| KerberosTicket::parse(token).ok()),
            ..Self::default()
        };
        if found.kerberos.is_none() {
            match NtlmUser::find(blob) {
                Ok(user) => found.ntlm = user,
                Err(_) => found.malformed_ntlm = true,
            }
        }
        found
    }

    /// Reads the token of a bind, an alter_context or an auth3, which may also be a later leg of SPNEGO, or bare as the
    /// DCE style of GSS-API has it.
    #[must_use]
    pub fn of_token(token: &[u8]) -> Self {
        let found = Self::parse(token);
        let kerberos =
            found.kerberos.or_else(|| KerberosRequest::find(token).map(|request| KerberosTicket::of(&request)));
        Self { kerberos, ..found }
    }
}

/// The first mechanism's token of a `NegTokenInit` (RFC 4178 4.2.1), or the blob itself when it is a bare GSS token.
fn mechanism_token(blob: &[u8]) -> Option<&[u8]> {
    let mut outer = Cursor::new(blob);
    let mut inner = Cursor::new(expect(&mut outer, 0x60).ok()?);
    if expect(&mut inner, 0x06).ok()? != SPNEGO {
        return Some(blob);
    }
    let mut init = Cursor::new(expect(&mut inner, 0xa0).ok()?);
    let mut fields = Cursor::new(expect(&mut init, 0x30).ok()?);
    while let Ok((tag, value)) = element(&mut fields) {
        if tag == 0xa2 {
            return expect(&mut Cursor::new(value), 0x04).ok();
        }
    }
    None
}

impl KerberosTicket {
    /// Reads a GSS-API Kerberos token holding an AP-REQ. RFC 4121 4.1, RFC 4120 5.5.1.
    fn parse(token: &[u8]) -> Result<Self, Malformed> {
        let mut outer = Cursor::new(token);
        let mut inner = Cursor::new(expect(&mut outer, 0x60)?);
        if expect(&mut inner, 0x06)? != KERBEROS || *inner.array::<2>()? != [1, 0] {
            return Err(Malformed::Invalid("Kerberos token"));
        }
        Ok(Self::of(&KerberosRequest::parse(expect(&mut inner, 0x6e)?)?))
    }

    fn of(request: &KerberosRequest<'_>) -> Self {
        let service = request.service.iter().take(MAX_NAME_PARTS).map(|part| text::octets(part)).collect();
        Self { realm: text::octets(request.realm), service }
    }
}

impl NtlmUser {
    pub(super) const SIGNATURE: &'static [u8] = b"NTLMSSP\0";
    pub(super) const AUTHENTICATE: u32 = 3;
    pub(super) const NEGOTIATE_UNICODE: u32 = 0x0000_0001;
    const NEGOTIATE_VERSION: u32 = 0x0200_0000;

    /// Looks for an NTLM message anywhere in the blob; only an authenticate message names a user.
    fn find(blob: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some(message) = memmem::find(blob, Self::SIGNATURE).and_then(|at| blob.get(at..)) else { return Ok(None) };
        let mut cur = Cursor::new(message);
        cur.skip(Self::SIGNATURE.len())?;
        if cur.u32_le()? != Self::AUTHENTICATE {
            return Ok(None);
        }
        let _lm_response = NtlmField::parse(&mut cur)?;
        let _nt_response = NtlmField::parse(&mut cur)?;
        let (domain, user, host) =
            (NtlmField::parse(&mut cur)?, NtlmField::parse(&mut cur)?, NtlmField::parse(&mut cur)?);
        let _session_key = NtlmField::parse(&mut cur)?;
        let flags = cur.u32_le()?;
        let version = if flags & Self::NEGOTIATE_VERSION == 0 {
            None
        } else {
            let (major, minor, build) = (cur.u8()?, cur.u8()?, cur.u16_le()?);
            cur.skip(3)?; // reserved
            Some(NtlmVersion { major, minor, build, revision: cur.u8()? })
        };
        let decode = if flags & Self::NEGOTIATE_UNICODE == 0 { text::octets } else { text::utf16 };
        let name = |field: NtlmField| field.of(message).map(decode);
        Ok(Some(Self {
            domain: name(domain)?,
            user: name(user)?,
            host: name(host)?,
            version,
            unusual_order: user.before_end_of(domain) || host.before_end_of(user),
        }))
    }
}

/// Length and place of a variable part, counted from the message's beginning. [MS-NLMP] 2.2.1.3.
#[derive(Clone, Copy)]
pub(super) struct NtlmField {
    length: u16,
    offset: u32,
}

impl NtlmField {
    pub(super) fn parse(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let length = cur.u16_le()?;
        cur.skip(2)?; // maximum length
        Ok(Self { length, offset: cur.u32_le()? })
    }

    pub(super) fn of(self, message: &[u8]) -> Result<&[u8], Malformed> {
        let mut cur = Cursor::new(message);
        cur.seek(self.offset as usize)?;
        cur.take(self.length.into())
    }

    const fn before_end_of(self, earlier: Self) -> bool {
        self.offset > 0 && self.offset < earlier.offset.saturating_add(earlier.length as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authenticate(domain: &str, user: &str, host: &str) -> Vec<u8> {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let parts = [wide(domain), wide(user), wide(host)];
        let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
        let mut offset = 72_u32;
        let mut field = |out: &mut Vec<u8>, length: usize| {
            out.extend((length as u16).to_le_bytes());
            out.extend((length as u16).to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += length as u32;
        };
        field(&mut message, 0);
        field(&mut message, 0);
        for part in &parts {
            field(&mut message, part.len());
        }
        field(&mut message, 0);
        message.extend(0x0200_0001_u32.to_le_bytes());
        message.extend([10, 0, 0x5a, 0x29, 0, 0, 0, 15]);
        message.extend(parts.concat());
        message
    }

    fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        match contents.len() {
            short @ 0..0x80 => out.push(short as u8),
            long => {
                out.push(0x82);
                out.extend((long as u16).to_be_bytes());
            }
        }
        out.extend(contents);
        out
    }

    #[test]
    fn reads_an_ntlm_user_raw_and_inside_spnego() {
        let raw = authenticate("CORP", "alice", "WS1");
        let wrapped = der(0xa1, &der(0x30, &der(0xa2, &der(0x04, &raw))));
        for blob in [raw, wrapped] {
            let found = SessionCredentials::parse(&blob);
            let user = found.ntlm.expect("a user");
            assert_eq!((&*user.domain, &*user.user, &*user.host), (&b"CORP"[..], &b"alice"[..], &b"WS1"[..]));
            assert_eq!(user.version.expect("a version").to_string(), "10.0 build 10586 rev 15");
            assert!(!user.unusual_order && !found.malformed_ntlm);
        }
    }

    #[test]
    fn says_when_an_ntlm_message_lies_about_its_lengths() {
        let mut message = authenticate("CORP", "alice", "WS1");
        message.truncate(80);
        assert_eq!(
            SessionCredentials::parse(&message),
            SessionCredentials { malformed_ntlm: true, ..SessionCredentials::default() }
        );
    }

    #[test]
    fn reads_realm_and_service_of_a_ticket() {
        let name = |text: &[u8]| der(0x1b, text);
        let service = der(
            0x30,
            &[der(0xa0, &[2, 1, 2]), der(0xa1, &der(0x30, &[name(b"cifs"), name(b"dc1")].concat()))].concat(),
        );
        let ticket = der(
            0x61,
            &der(0x30, &[der(0xa0, &[2, 1, 5]), der(0xa1, &name(b"CORP.LOCAL")), der(0xa2, &service)].concat()),
        );
        let request = der(0x6e, &der(0x30, &[der(0xa0, &[2, 1, 5]), der(0xa3, &ticket)].concat()));
        let token = der(0x60, &[der(6, KERBEROS), vec![1, 0], request].concat());
        let init =
            der(0xa0, &der(0x30, &[der(0xa0, &der(0x30, &der(6, KERBEROS))), der(0xa2, &der(4, &token))].concat()));
        let blob = der(0x60, &[der(6, SPNEGO), init].concat());
        let found = SessionCredentials::parse(&blob).kerberos.expect("a ticket");
        assert_eq!(&*found.realm, b"CORP.LOCAL");
        assert_eq!(found.service, [Box::from(&b"cifs"[..]), Box::from(&b"dc1"[..])]);
        for cut in 0..blob.len() {
            let _ = SessionCredentials::parse(&blob[..cut]);
        }
    }
}
