//! Transforms: changes made to a buffer before its checks.

use std::io::Read;
use std::sync::Arc;

use hashbrown::HashMap;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;
use sidewire_ir as ir;
use sidewire_mpm::{Regex, RegexLimits, RegexScratch};

use crate::error::RuleError;
use crate::keyword::base64;
use crate::keyword::operator::unhex;

/// Octets `gunzip` and `zlib_deflate` give at most, whatever the rule says.
const INFLATED: u32 = 1 << 24;

/// Names of all transforms, for the catalog.
pub(crate) const NAMES: &[&str] = &[
    "compress_whitespace",
    "domain",
    "dotprefix",
    "from_base64",
    "gunzip",
    "header_lowercase",
    "pcrexform",
    "strip_pseudo_headers",
    "strip_whitespace",
    "tld",
    "to_lowercase",
    "to_md5",
    "to_sha1",
    "to_sha256",
    "to_uppercase",
    "url_decode",
    "xor",
    "zlib_deflate",
];

/// Transforms of a buffer, in order. Chains that were written alike have the same number.
#[derive(Clone, Debug, Default)]
pub(crate) struct TransformChain {
    pub(crate) id: u32,
    pub(crate) steps: Arc<[BufferTransform]>,
}

impl TransformChain {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// The chains of a rule set; 0 is the empty one.
#[derive(Debug, Default)]
pub(crate) struct TransformTable {
    chains: HashMap<Box<[ir::Transform]>, TransformChain>,
}

impl TransformTable {
    /// The chain of these transforms.
    ///
    /// # Errors
    /// A name or an argument that is not known.
    pub(crate) fn chain(&mut self, transforms: &[ir::Transform]) -> Result<TransformChain, RuleError> {
        if transforms.is_empty() {
            return Ok(TransformChain::default());
        }
        if let Some(known) = self.chains.get(transforms) {
            return Ok(known.clone());
        }
        let id = u32::try_from(self.chains.len() + 1).unwrap_or(u32::MAX);
        let steps = transforms.iter().map(BufferTransform::new).collect::<Result<_, _>>()?;
        let chain = TransformChain { id, steps };
        self.chains.insert(transforms.into(), chain.clone());
        Ok(chain)
    }
}

/// A change made to a buffer before its checks.
#[derive(Debug)]
pub(crate) enum BufferTransform {
    CompressWhitespace,
    Domain,
    DotPrefix,
    FromBase64 { bytes: usize, offset: usize, mode: base64::Base64Decoding },
    Gunzip(u64),
    HeaderLowercase,
    Pcre(Regex),
    StripPseudoHeaders,
    StripWhitespace,
    Tld,
    Lowercase,
    Md5,
    Sha1,
    Sha256,
    Uppercase,
    UrlDecode,
    Xor(Box<[u8]>),
    Inflate(u64),
}

impl BufferTransform {
    /// # Errors
    /// An expression or a key that is none.
    pub(crate) fn new(transform: &ir::Transform) -> Result<Self, RuleError> {
        Ok(match transform {
            ir::Transform::CompressWhitespace => Self::CompressWhitespace,
            ir::Transform::Domain => Self::Domain,
            ir::Transform::DotPrefix => Self::DotPrefix,
            ir::Transform::FromBase64 { bytes, offset, mode } => Self::FromBase64 {
                bytes: *bytes as usize,
                offset: *offset as usize,
                mode: match mode {
                    ir::Base64Mode::Rfc4648 => base64::Base64Decoding::Stop,
                    ir::Base64Mode::Rfc2045 => base64::Base64Decoding::Skip,
                    ir::Base64Mode::Strict => base64::Base64Decoding::Refuse,
                },
            },
            ir::Transform::Gunzip { max_size } => Self::Gunzip(inflated(*max_size)?),
            ir::Transform::HeaderLowercase => Self::HeaderLowercase,
            ir::Transform::Pcre { pattern } => {
                let regex = Regex::compile(pattern.as_bytes(), "", RegexLimits::default());
                let error = |error: sidewire_mpm::RegexError| error.to_string();
                Self::Pcre(
                    regex.map_err(error).map_err(|reason| RuleError::Expression { keyword: "pcrexform", reason })?,
                )
            }
            ir::Transform::StripPseudoHeaders => Self::StripPseudoHeaders,
            ir::Transform::StripWhitespace => Self::StripWhitespace,
            ir::Transform::Tld => Self::Tld,
            ir::Transform::ToLowercase => Self::Lowercase,
            ir::Transform::ToMd5 => Self::Md5,
            ir::Transform::ToSha1 => Self::Sha1,
            ir::Transform::ToSha256 => Self::Sha256,
            ir::Transform::ToUppercase => Self::Uppercase,
            ir::Transform::UrlDecode => Self::UrlDecode,
            ir::Transform::Xor { key } => Self::Xor(unhex(key)?.into()),
            ir::Transform::ZlibDeflate { max_size } => Self::Inflate(inflated(*max_size)?),
        })
    }

    /// Applies it: `input` is read, `output` is filled.
    pub(crate) fn apply(&self, input: &[u8], output: &mut Vec<u8>) {
        output.clear();
        match self {
            Self::CompressWhitespace => {
                let mut blank = false;
                output.extend(input.iter().filter(|octet| {
                    let skip = blank && is_blank(**octet);
                    blank = is_blank(**octet);
                    !skip
                }));
            }
            Self::Domain => output.extend_from_slice(registered_name(input).0),
            Self::Tld => output.extend_from_slice(registered_name(input).1),
            Self::DotPrefix => {
                output.push(b'.');
                output.extend_from_slice(input);
            }
            Self::FromBase64 { bytes, offset, mode } => {
                let text = input.get(*offset..).unwrap_or_default();
                let text = if *bytes == 0 { text } else { text.get(..*bytes).unwrap_or(text) };
                match base64::decode(text, *mode) {
                    Some(mut decoded) => output.append(&mut decoded),
                    // What is no base64 stays as it is.
                    None => output.extend_from_slice(input),
                }
            }
            Self::Gunzip(limit) => inflate(flate2::read::GzDecoder::new(input), *limit, output),
            Self::Inflate(limit) => inflate(flate2::read::ZlibDecoder::new(input), *limit, output),
            Self::HeaderLowercase => {
                let mut in_name = true;
                for &octet in input {
                    match octet {
                        b':' => in_name = false,
                        b'\n' => in_name = true,
                        _ => {}
                    }
                    output.push(if in_name { octet.to_ascii_lowercase() } else { octet });
                }
            }
            Self::Pcre(regex) => {
                if let Ok(mut scratch) = RegexScratch::new()
                    && regex.find_at(&mut scratch, input, 0).is_some()
                    && let Some((from, to)) = scratch.group(1)
                {
                    output.extend_from_slice(input.get(from..to).unwrap_or_default());
                }
            }
            Self::StripPseudoHeaders => {
                for line in input.split_inclusive(|&octet| octet == b'\n').filter(|line| line.first() != Some(&b':')) {
                    output.extend_from_slice(line);
                }
            }
            Self::StripWhitespace => output.extend(input.iter().filter(|octet| !is_blank(**octet))),
            Self::Lowercase => output.extend(input.iter().map(u8::to_ascii_lowercase)),
            Self::Uppercase => output.extend(input.iter().map(u8::to_ascii_uppercase)),
            Self::Md5 => output.extend_from_slice(&Md5::digest(input)),
            Self::Sha1 => output.extend_from_slice(&Sha1::digest(input)),
            Self::Sha256 => output.extend_from_slice(&Sha256::digest(input)),
            Self::UrlDecode => url_decode(input, output),
            Self::Xor(key) => output.extend(input.iter().zip(key.iter().cycle()).map(|(octet, key)| octet ^ key)),
        }
    }
}

/// The part of a name that can be registered, and the public suffix in it; both are empty where nothing stands before the
/// suffix. Case does not matter.
fn registered_name(name: &[u8]) -> (&[u8], &[u8]) {
    let lower = name.to_ascii_lowercase();
    let lengths = psl::domain(&lower).map(|domain| (domain.as_bytes().len(), domain.suffix().as_bytes().len()));
    let end = |length: usize| name.get(name.len().saturating_sub(length)..).unwrap_or_default();
    lengths.map_or((&[], &[]), |(domain, suffix)| (end(domain), end(suffix)))
}

/// C's `isspace`.
const fn is_blank(octet: u8) -> bool {
    matches!(octet, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ')
}

/// A limit of what is decompressed.
fn inflated(max_size: u32) -> Result<u64, RuleError> {
    if (1..=INFLATED).contains(&max_size) {
        return Ok(max_size.into());
    }
    Err(RuleError::Range { keyword: "max-size", value: max_size.into(), least: 1, greatest: INFLATED.into() })
}

/// What could be decompressed before the limit or the first error.
fn inflate(reader: impl Read, limit: u64, output: &mut Vec<u8>) {
    let mut chunk = [0; 512];
    let mut reader = reader.take(limit);
    while let Ok(count @ 1..) = reader.read(&mut chunk) {
        output.extend_from_slice(chunk.get(..count).unwrap_or_default());
    }
}

/// `%NN` to the octet, `+` to a blank; what is no escape stays.
fn url_decode(input: &[u8], output: &mut Vec<u8>) {
    let digit = |at: usize| input.get(at).and_then(|&octet| char::from(octet).to_digit(16));
    let mut at = 0;
    while let Some(&octet) = input.get(at) {
        at += 1;
        output.push(match octet {
            b'+' => b' ',
            b'%' => match (digit(at), digit(at + 1)) {
                (Some(high), Some(low)) => {
                    at += 2;
                    (high << 4 | low) as u8
                }
                _ => b'%',
            },
            other => other,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn apply(transform: ir::Transform, input: &[u8]) -> Vec<u8> {
        let mut output = vec![9];
        BufferTransform::new(&transform).expect("known transform").apply(input, &mut output);
        output
    }

    /// A transform with no argument, by its keyword.
    fn named(name: &str) -> ir::Transform {
        serde_json::from_value(serde_json::json!({ "name": name })).expect("a transform without argument")
    }

    #[test]
    fn names_that_can_be_registered() {
        let both = |name: &[u8]| [apply(named("domain"), name), apply(named("tld"), name)];
        assert_eq!(both(b"www.Example.CO.UK"), [&b"Example.CO.UK"[..], b"CO.UK"]);
        assert_eq!(both(b"a.b.kobe.jp"), [&b"a.b.kobe.jp"[..], b"b.kobe.jp"]);
        assert_eq!(both(b"a.example.xyz123"), [&b"example.xyz123"[..], b"xyz123"], "a suffix that nobody knows");
        for nothing in [&b"com"[..], b"localhost"] {
            assert_eq!(both(nothing), [b"", b""], "{nothing:?}");
        }
    }

    #[test]
    fn text_transforms() {
        let base64 = |bytes, offset, mode| ir::Transform::FromBase64 { bytes, offset, mode };
        let (xor, pcre) = (
            |key: &str| ir::Transform::Xor { key: key.into() },
            |pattern: &str| ir::Transform::Pcre { pattern: pattern.into() },
        );
        for (transform, input, expected) in [
            (named("compress_whitespace"), "a \r\n b", "a b"),
            (named("strip_whitespace"), " a \tb\r\n", "ab"),
            (named("dotprefix"), "example.com", ".example.com"),
            (named("to_lowercase"), "AbC", "abc"),
            (named("to_uppercase"), "AbC", "ABC"),
            (named("url_decode"), "a%20b+c%zz%4", "a b c%zz%4"),
            (named("header_lowercase"), "Host: A\r\nX-Y: B\r\n", "host: A\r\nx-y: B\r\n"),
            (named("strip_pseudo_headers"), ":path: /\r\nHost: a\r\n", "Host: a\r\n"),
            (xor("01"), "`c", "ab"),
            (xor("0100"), "`b", "ab"),
            (pcre("[a-zA-Z]+ (.*) HTTP"), "GET /x HTTP/1.1", "/x"),
            (pcre("(nope)"), "GET", ""),
            (base64(0, 0, ir::Base64Mode::Rfc4648), "SGVsbG8=", "Hello"),
            (base64(4, 1, ir::Base64Mode::Rfc4648), "!SGVsbG8=", "Hel"),
            (base64(0, 1, ir::Base64Mode::Rfc2045), "!SGVs bG8=", "Hello"),
            (base64(0, 1, ir::Base64Mode::Strict), "!SGVs bG8=", "!SGVs bG8="),
        ] {
            let output = apply(transform.clone(), input.as_bytes());
            assert_eq!(String::from_utf8(output).unwrap(), expected, "{transform:?} {input}");
        }
    }

    #[test]
    fn digests_are_raw() {
        assert_eq!(apply(named("to_md5"), b"")[..4], [0xd4, 0x1d, 0x8c, 0xd9]);
        assert_eq!(apply(named("to_sha1"), b"")[..4], [0xda, 0x39, 0xa3, 0xee]);
        assert_eq!(apply(named("to_sha256"), b"")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    }

    #[test]
    fn decompression_is_bounded() {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(&[b'a'; 5000]).unwrap();
        let zlib = zlib.finish().unwrap();
        for max_size in [1024, 4096] {
            assert_eq!(apply(ir::Transform::ZlibDeflate { max_size }, &zlib).len(), max_size as usize);
        }
        let gunzip = ir::Transform::Gunzip { max_size: 1024 };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(b"hello").unwrap();
        assert_eq!(apply(gunzip.clone(), &gzip.finish().unwrap()), b"hello");
        assert_eq!(apply(gunzip, b"nonsense"), b"");
        assert!(BufferTransform::new(&ir::Transform::Gunzip { max_size: 0 }).is_err());
    }

    #[test]
    fn every_name_is_one_of_the_ir() {
        for name in NAMES {
            let transform = serde_json::json!({
                "name": name, "bytes": 0, "offset": 0, "mode": "rfc4648", "max_size": 1, "pattern": "(a)", "key": "01",
            });
            let transform = serde_json::from_value(transform).expect("a transform of this name");
            assert!(BufferTransform::new(&transform).is_ok(), "{name}");
        }
    }
}
