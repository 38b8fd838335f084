//! Kerberos messages inside security tokens. RFC 4120 5.5, RFC 4121 4.1, RFC 4178.

use sidewire_base::{Cursor, Malformed};

use super::der;

/// SPNEGO, 1.3.6.1.5.5.2, as its DER contents.
pub(super) const SPNEGO: &[u8] = &[0x2b, 6, 1, 5, 5, 2];
/// Kerberos, 1.2.840.113554.1.2.2, as its DER contents.
pub(super) const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];

/// Most components of a service name that are kept.
pub(super) const MAX_NAME_PARTS: usize = 16;
/// Wrappings around a message: SPNEGO, GSS-API, the message itself.
const MAX_DEPTH: usize = 4;
const AP_REQ: u8 = 0x6e;
const AP_REP: u8 = 0x6f;

/// `EncryptedData`. RFC 4120 5.2.9.
#[derive(Clone, Copy, Debug)]
pub(super) struct SealedPart<'a> {
    pub(super) etype: u32,
    pub(super) cipher: &'a [u8],
}

impl<'a> SealedPart<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let fields = der::only(octets, 0x30)?;
        let etype = der::integer(der::member(fields, 0xa0)?)?;
        Ok(Self { etype, cipher: der::only(der::member(fields, 0xa2)?, 0x04)? })
    }
}

/// AP-REQ: a ticket and an authenticator. RFC 4120 5.5.1.
#[derive(Clone, Debug)]
pub(super) struct KerberosRequest<'a> {
    pub(super) realm: &'a [u8],
    pub(super) service: Vec<&'a [u8]>,
    pub(super) ticket: Option<SealedPart<'a>>,
    pub(super) authenticator: Option<SealedPart<'a>>,
}

impl<'a> KerberosRequest<'a> {
    /// The AP-REQ of a token: bare, behind a GSS-API header, or in SPNEGO.
    pub(super) fn find(token: &'a [u8]) -> Option<Self> {
        Self::parse(message(token, AP_REQ, MAX_DEPTH)?).ok()
    }

    /// Reads the contents of an AP-REQ.
    pub(super) fn parse(contents: &'a [u8]) -> Result<Self, Malformed> {
        let fields = der::only(contents, 0x30)?;
        let ticket = der::only(der::only(der::member(fields, 0xa3)?, 0x61)?, 0x30)?;
        let realm = der::only(der::member(ticket, 0xa1)?, 0x1b)?;
        let principal = der::member(ticket, 0xa2)?;
        Ok(Self {
            realm,
            service: name(principal)?,
            ticket: der::member(ticket, 0xa3).and_then(SealedPart::parse).ok(),
            authenticator: der::member(fields, 0xa4).and_then(SealedPart::parse).ok(),
        })
    }
}

/// The encrypted part of the AP-REP of a token. RFC 4120 5.5.2.
pub(super) fn reply(token: &[u8]) -> Option<SealedPart<'_>> {
    let fields = der::only(message(token, AP_REP, MAX_DEPTH)?, 0x30).ok()?;
    SealedPart::parse(der::member(fields, 0xa2).ok()?).ok()
}

/// The parts of a `PrincipalName`. RFC 4120 5.2.2.
pub(super) fn name(octets: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let strings = der::only(der::member(der::only(octets, 0x30)?, 0xa1)?, 0x30)?;
    let mut cur = Cursor::new(strings);
    let mut parts = Vec::new();
    while !cur.is_empty() && parts.len() < MAX_NAME_PARTS {
        parts.push(der::expect(&mut cur, 0x1b)?);
    }
    Ok(parts)
}

/// The contents of the message with this tag inside a token.
fn message(token: &[u8], wanted: u8, depth: usize) -> Option<&[u8]> {
    if depth == 0 {
        return None;
    }
    let mut cur = Cursor::new(token);
    let (tag, contents) = der::element(&mut cur).ok()?;
    match tag {
        tag if tag == wanted => Some(contents),
        0x60 => {
            let mut inner = Cursor::new(contents);
            if der::expect(&mut inner, 0x06).ok()? == SPNEGO {
                let fields = der::only(der::expect(&mut inner, 0xa0).ok()?, 0x30).ok()?;
                return message(der::only(der::member(fields, 0xa2).ok()?, 0x04).ok()?, wanted, depth - 1);
            }
            inner.skip(2).ok()?; // the token's number, which the message's own tag repeats
            message(inner.rest(), wanted, depth - 1)
        }
        0xa1 => {
            let fields = der::only(contents, 0x30).ok()?;
            message(der::only(der::member(fields, 0xa2).ok()?, 0x04).ok()?, wanted, depth - 1)
        }
        _ => None,
    }
}
