//! JA3, JA3S and JA4: digests of what a hello offers and in which order, by which programs are distinguished.

use core::fmt::Write;

use md5::{Digest, Md5};
use sha2::Sha256;
use sidewire_base::Direction;
use sidewire_eve::hex;
use smallvec::SmallVec;

use super::hello_lists::HelloLists;
use super::version::{TlsVersion, is_grease};

/// A JA3 or JA3S.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TlsFingerprint {
    /// `771,4865-4866,0-11-10,29-23,0`: version, cipher suites, extensions and, of clients, groups and point formats.
    pub(super) string: Box<str>,
    /// MD5 of it in hexadecimal.
    pub(super) hash: Box<str>,
}

impl TlsFingerprint {
    /// The fingerprint over the version of a hello and its lists.
    pub(super) fn new(version: u16, lists: &[&[u16]]) -> Self {
        let mut string = version.to_string();
        for list in lists {
            string.push(',');
            for (at, value) in list.iter().enumerate() {
                // Writing to a string cannot fail.
                let _ = write!(string, "{}{value}", if at == 0 { "" } else { "-" });
            }
        }
        let hash = hex(&Md5::digest(&string));
        Self { string: string.into(), hash: hash.into() }
    }
}

/// What a hello offers, as its JA3 has it. Digests are made of it when somebody asks: few sessions are asked.
#[derive(Debug, Default)]
pub(super) struct HelloOffer {
    pub(super) version: u16,
    pub(super) ciphers: Vec<u16>,
    pub(super) extensions: Vec<u16>,
    pub(super) groups: SmallVec<[u16; 16]>,
    pub(super) point_formats: SmallVec<[u16; 4]>,
}

impl HelloOffer {
    /// JA3 of a client, JA3S of a server, whose hello has two lists alone.
    pub(super) fn fingerprint(&self, from: Direction) -> TlsFingerprint {
        let Self { version, ciphers, extensions, groups, point_formats } = self;
        match from {
            Direction::ToServer => TlsFingerprint::new(*version, &[ciphers, extensions, groups, point_formats]),
            Direction::ToClient => TlsFingerprint::new(*version, &[ciphers, extensions]),
        }
    }
}

/// The JA4 of a hello with nothing in it.
pub(super) const JA4_OF_NOTHING: &str = "t00i000000_e3b0c44298fc_d2e2adf7177b";

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

/// JA4 of a client's hello over TCP, as `github.com/FoxIO-LLC/ja4` describes it and Suricata makes it.
pub(super) fn ja4(hello: &HelloLists) -> String {
    let server_name = if hello.extensions.contains(&SERVER_NAME) { 'd' } else { 'i' };
    let [first, last] = alpn_ends(hello);
    let ciphers = in_order(hello.ciphers.iter().copied());
    let extensions = in_order(hello.extensions.iter().copied().filter(|kind| !matches!(*kind, SERVER_NAME | ALPN)));
    let algorithms = hello.signature_algorithms.iter().copied().filter(|algorithm| !is_grease(*algorithm));
    format!(
        "t{}{server_name}{:02}{:02}{first}{last}_{}_{}",
        version_code(hello.version),
        hello.ciphers.len().min(99),
        hello.extensions.len().min(99),
        short_digest(&listed(ciphers)),
        short_digest(&format!("{}_{}", listed(extensions), listed(algorithms))),
    )
}

const fn version_code(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::TLS13 => "13",
        TlsVersion::TLS12 => "12",
        TlsVersion::TLS11 => "11",
        TlsVersion::TLS10 => "10",
        TlsVersion::SSL3 => "s3",
        _ => "00",
    }
}

/// First and last character of the first protocol that the client would speak inside; of a name that begins or ends with
/// something else than letters and digits, the first and last digit of its hexadecimal form.
fn alpn_ends(hello: &HelloLists) -> [char; 2] {
    let name = hello.alpns.first().map_or(&[][..], |name| name);
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return ['0', '0'] };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(*first), char::from(*last)];
    }
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    [digit(first >> 4), digit(last & 15)]
}

fn in_order(values: impl Iterator<Item = u16>) -> impl Iterator<Item = u16> {
    let mut sorted: Vec<u16> = values.collect();
    sorted.sort_unstable();
    sorted.into_iter()
}

/// Four hexadecimal digits each, with commas between.
fn listed(values: impl Iterator<Item = u16>) -> String {
    let mut text = String::new();
    for value in values {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{value:04x}");
    }
    text
}

/// The first twelve digits of a SHA-256.
fn short_digest(text: &str) -> String {
    let mut digits = hex(&Sha256::digest(text));
    digits.truncate(12);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the JA4 description.
    #[test]
    fn ja4_of_its_own_description() {
        let hello = HelloLists {
            version: TlsVersion::TLS13,
            ciphers: vec![
                0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
                0x002f, 0x0035,
            ],
            extensions: vec![
                0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
                0x000b, 0x000a, 0x0015,
            ],
            signature_algorithms: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
            alpns: vec![b"h2".as_slice().into()],
        };
        assert_eq!(ja4(&hello), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn ja4_shows_the_ends_of_the_first_inner_protocol() {
        let ends = |name: &[u8]| alpn_ends(&HelloLists { alpns: vec![name.into()], ..HelloLists::default() });
        assert_eq!(ends(b"http/1.1"), ['h', '1']);
        assert_eq!(ends(b"a"), ['a', 'a']);
        assert_eq!(ends(b"\x01\x02"), ['0', '2']);
        assert_eq!(ends(b" z"), ['2', 'a']);
        assert_eq!(ends(b""), ['0', '0']);
    }

    #[test]
    fn ja4_of_nothing() {
        assert_eq!(ja4(&HelloLists::default()), JA4_OF_NOTHING);
    }

    /// The example of the JA3 description.
    #[test]
    fn ja3_of_its_own_description() {
        let ciphers = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4];
        let ja3 = TlsFingerprint::new(769, &[&ciphers, &[0, 10, 11], &[23, 24, 25], &[0]]);
        assert_eq!(&*ja3.string, "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
        assert_eq!(&*ja3.hash, "ada70206e40642a3e4461f35503241d5");
        let bare = TlsFingerprint::new(769, &[&[4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99], &[], &[], &[]]);
        assert_eq!(&*bare.hash, "de350869b8c85de67a350c8d186f11e6");
    }
}
