//! Certificates as a side sends them: the message (RFC 5246 section 7.4.2) and what is read of its first certificate
//! (RFC 5280), spelt as OpenSSL and Suricata do.

use core::fmt::Write;

use sha1::{Digest, Sha1};
use sidewire_app_layer::TxDocument;
use sidewire_base::{Cursor, Direction, Malformed};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;
use x509_parser::nom;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::event::{PendingEvents, TlsEvent};

/// Certificates of a chain that are kept. Chains in use have up to six.
const MAX_CHAIN: usize = 64;

/// Alternative names of a certificate that are kept. Certificate authorities sign up to a few hundred.
const MAX_ALTERNATIVE_NAMES: usize = 1024;

/// Extensions that a certificate is read with. Those in use have up to fifteen.
const MAX_EXTENSIONS: usize = 128;

/// The certificates a side sent, in DER.
#[derive(Debug, Default)]
pub(super) struct CertificateChain {
    octets: Box<[u8]>,
    /// Where each begins and ends.
    places: Vec<(usize, usize)>,
}

impl CertificateChain {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, nth: usize) -> Option<&[u8]> {
        let (start, end) = *self.places.get(nth)?;
        self.octets.get(start..end)
    }

    /// Takes the body of a message: what of it can be divided is kept.
    fn read(&mut self, body: &[u8], events: &mut PendingEvents) -> Result<(), Malformed> {
        let mut cur = Cursor::new(body);
        let length = cur.u24_be()? as usize;
        let octets = cur.take(length)?;
        self.octets = octets.into();
        let mut rest = Cursor::new(octets);
        while !rest.is_empty() {
            if self.places.len() == MAX_CHAIN {
                events.raise(TlsEvent::CertificateInvalidLength);
                break;
            }
            let length = rest.u24_be()? as usize;
            let start = rest.position();
            rest.skip(length)?;
            self.places.push((start, start + length));
        }
        Ok(())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.places.iter().filter_map(|(start, end)| self.octets.get(*start..*end))
    }
}

/// Characters of a line of PEM. [RFC 7468] 2.
const PEM_LINE: usize = 64;

/// The certificates of a side as a file, with what is read of the first.
pub(super) fn document(chain: &CertificateChain, leaf: &LeafCertificate, direction: Direction) -> Option<TxDocument> {
    let mut octets = Vec::new();
    for certificate in chain.iter() {
        octets.extend_from_slice(b"-----BEGIN CERTIFICATE-----\n");
        for line in sidewire_eve::base64(certificate).as_bytes().chunks(PEM_LINE) {
            octets.extend_from_slice(line);
            octets.push(b'\n');
        }
        octets.extend_from_slice(b"-----END CERTIFICATE-----\n");
    }
    let prefix = if direction == Direction::ToServer { "client-" } else { "" };
    let notes = vec![
        ("TLS SUBJECT", leaf.subject.to_string()),
        ("TLS ISSUERDN", leaf.issuer.to_string()),
        ("TLS FINGERPRINT", leaf.fingerprint.to_string()),
    ];
    (!octets.is_empty()).then_some(TxDocument { prefix, extension: "pem", octets, notes })
}

/// What is read of the first certificate of a chain.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LeafCertificate {
    /// `C=FR, O=Example, CN=example.org`.
    pub(super) subject: Box<str>,
    pub(super) issuer: Box<str>,
    pub(super) alternative_names: Vec<Box<str>>,
    /// `00:97:E6`: the octets of the number, with the sign's.
    pub(super) serial: Box<str>,
    pub(super) not_before: CertificateTime,
    pub(super) not_after: CertificateTime,
    /// SHA-1: `3a:0b:3b`.
    pub(super) fingerprint: Box<str>,
}

/// A moment in a certificate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CertificateTime {
    /// Since 1970.
    pub(super) seconds: i64,
    /// `2015-02-12T18:07:27`, UTC.
    pub(super) text: Box<str>,
}

impl CertificateTime {
    fn new(time: &ASN1Time) -> Self {
        let civil = time.to_datetime();
        let text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            civil.year(),
            u8::from(civil.month()),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        );
        Self { seconds: time.timestamp(), text: text.into() }
    }
}

/// Takes the body of a certificate message. A side's first one counts: what is sent again in a renegotiation is not read.
pub(super) fn read(
    chain: &mut CertificateChain,
    leaf: &mut Option<Box<LeafCertificate>>,
    body: &[u8],
    events: &mut PendingEvents,
) {
    if chain.len() > 0 {
        return;
    }
    if chain.read(body, events).is_err() {
        events.raise(TlsEvent::InvalidCertificate);
    }
    for der in chain.iter() {
        match LeafCertificate::read(der, events) {
            Ok(read) => {
                *leaf = Some(Box::new(read));
                break;
            }
            Err(event) => events.raise(event),
        }
    }
}

impl LeafCertificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// The event that says what could not be read.
    pub(super) fn read(der: &[u8], events: &mut PendingEvents) -> Result<Self, TlsEvent> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| event_of(&error))?;
        if certificate.extensions().len() > MAX_EXTENSIONS {
            return Err(TlsEvent::CertificateInvalidExtensions);
        }
        let mut alternative_names = Vec::new();
        // Named twice, none can be believed.
        if let Ok(Some(names)) = certificate.subject_alternative_name() {
            let names = &names.value.general_names;
            alternative_names = names.iter().take(MAX_ALTERNATIVE_NAMES).map(alternative_name).collect();
            if names.len() > MAX_ALTERNATIVE_NAMES {
                events.raise(TlsEvent::TooManySubjectAlternativeNames);
            }
        }
        let validity = certificate.validity();
        Ok(Self {
            subject: certificate.subject().to_string().into(),
            issuer: certificate.issuer().to_string().into(),
            alternative_names,
            serial: with_colons(certificate.raw_serial(), |text, octet| write!(text, "{octet:02X}")),
            not_before: CertificateTime::new(&validity.not_before),
            not_after: CertificateTime::new(&validity.not_after),
            fingerprint: fingerprint(der),
        })
    }
}

impl LeafCertificate {
    /// True when it is valid no more at a time. Seconds since 1970.
    pub(super) const fn has_expired(&self, seconds: i64) -> bool {
        self.not_after.seconds < seconds
    }
}

/// SHA-1 of a certificate, in lower case with colons.
fn fingerprint(der: &[u8]) -> Box<str> {
    with_colons(&Sha1::digest(der), |text, octet| write!(text, "{octet:02x}"))
}

fn with_colons(octets: &[u8], digits: impl Fn(&mut String, u8) -> core::fmt::Result) -> Box<str> {
    let mut text = String::with_capacity(octets.len() * 3);
    for octet in octets {
        if !text.is_empty() {
            text.push(':');
        }
        // Writing to a string cannot fail.
        let _ = digits(&mut text, *octet);
    }
    text.into()
}

/// As Suricata spells it: names and URIs bare, octets of addresses as a list, others with what they are.
fn alternative_name(name: &GeneralName<'_>) -> Box<str> {
    match name {
        GeneralName::DNSName(text) | GeneralName::URI(text) => (*text).into(),
        GeneralName::IPAddress(octets) => format!("{octets:?}").into(),
        other => other.to_string().into(),
    }
}

fn event_of(error: &nom::Err<X509Error>) -> TlsEvent {
    match error {
        nom::Err::Incomplete(_) => TlsEvent::CertificateInvalidLength,
        nom::Err::Error(error) | nom::Err::Failure(error) => match error {
            X509Error::InvalidVersion => TlsEvent::CertificateInvalidVersion,
            X509Error::InvalidSerial => TlsEvent::CertificateInvalidSerial,
            X509Error::InvalidAlgorithmIdentifier => TlsEvent::CertificateInvalidAlgorithmIdentifier,
            X509Error::InvalidX509Name => TlsEvent::CertificateInvalidX509Name,
            X509Error::InvalidDate => TlsEvent::CertificateInvalidDate,
            X509Error::InvalidExtensions => TlsEvent::CertificateInvalidExtensions,
            X509Error::Der(_) => TlsEvent::CertificateInvalidDer,
            _ => TlsEvent::InvalidCertificate,
        },
    }
}
