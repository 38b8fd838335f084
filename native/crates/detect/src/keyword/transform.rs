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
use crate::keyword::check::unhex;

/// Octets `gunzip` and `zlib_deflate` give when the rule does not say.
const INFLATED: u64 = 1024;

/// Names of all transforms, for the catalog.
pub(crate) const NAMES: &[&str] = &[
    "compress_whitespace",
    "dotprefix",
    "from_base64",
    "gunzip",
    "header_lowercase",
    "pcrexform",
    "strip_pseudo_headers",
    "strip_whitespace",
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
    pub(crate) steps: Arc<[Transform]>,
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
        let steps = transforms.iter().map(Transform::new).collect::<Result<_, _>>()?;
        let chain = TransformChain { id, steps };
        self.chains.insert(transforms.into(), chain.clone());
        Ok(chain)
    }
}

/// A change made to a buffer before its checks.
#[derive(Debug)]
pub(crate) enum Transform {
    CompressWhitespace,
    DotPrefix,
    FromBase64 { bytes: usize, offset: usize, mode: base64::Mode },
    Gunzip(u64),
    HeaderLowercase,
    Pcre(Regex),
    StripPseudoHeaders,
    StripWhitespace,
    Lowercase,
    Md5,
    Sha1,
    Sha256,
    Uppercase,
    UrlDecode,
    Xor(Box<[u8]>),
    Inflate(u64),
}

impl Transform {
    /// # Errors
    /// A name or an argument that is not known.
    pub(crate) fn new(transform: &ir::Transform) -> Result<Self, RuleError> {
        let argument = transform.argument.trim().trim_matches('"');
        Ok(match transform.name.as_str() {
            "compress_whitespace" => Self::CompressWhitespace,
            "dotprefix" => Self::DotPrefix,
            "from_base64" => {
                let (mut bytes, mut offset, mut mode) = (0, 0, base64::Mode::Stop);
                for part in argument.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                    let number = |text: &str| {
                        text.trim()
                            .parse()
                            .map_err(|_| RuleError::Value { keyword: "from_base64", value: part.to_owned() })
                    };
                    match part.split_once(' ') {
                        Some(("bytes", value)) => bytes = number(value)?,
                        Some(("offset", value)) => offset = number(value)?,
                        Some(("mode", "rfc2045")) => mode = base64::Mode::Skip,
                        Some(("mode", "rfc4648")) => mode = base64::Mode::Stop,
                        Some(("mode", "strict")) => mode = base64::Mode::Refuse,
                        _ => return Err(RuleError::Value { keyword: "from_base64", value: part.to_owned() }),
                    }
                }
                Self::FromBase64 { bytes, offset, mode }
            }
            "gunzip" => Self::Gunzip(max_size(argument)?),
            "header_lowercase" => Self::HeaderLowercase,
            "pcrexform" => {
                let regex = Regex::compile(argument.as_bytes(), "", RegexLimits::default());
                Self::Pcre(
                    regex.map_err(|error| RuleError::Expression { keyword: "pcrexform", reason: error.to_string() })?,
                )
            }
            "strip_pseudo_headers" => Self::StripPseudoHeaders,
            "strip_whitespace" => Self::StripWhitespace,
            "to_lowercase" => Self::Lowercase,
            "to_md5" => Self::Md5,
            "to_sha1" => Self::Sha1,
            "to_sha256" => Self::Sha256,
            "to_uppercase" => Self::Uppercase,
            "url_decode" => Self::UrlDecode,
            "xor" => Self::Xor(unhex(argument)?.into()),
            "zlib_deflate" => Self::Inflate(max_size(argument)?),
            other => return Err(RuleError::Keyword(other.to_owned())),
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

/// C's `isspace`.
const fn is_blank(octet: u8) -> bool {
    matches!(octet, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ')
}

fn max_size(argument: &str) -> Result<u64, RuleError> {
    if argument.is_empty() {
        return Ok(INFLATED);
    }
    argument
        .strip_prefix("max-size")
        .and_then(|size| size.trim().parse().ok())
        .filter(|size| (1..=1 << 24).contains(size))
        .ok_or_else(|| RuleError::Value { keyword: "max-size", value: argument.to_owned() })
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

    fn apply(name: &str, argument: &str, input: &[u8]) -> Vec<u8> {
        let transform =
            Transform::new(&ir::Transform { name: name.into(), argument: argument.into() }).expect("known transform");
        let mut output = vec![9];
        transform.apply(input, &mut output);
        output
    }

    #[test]
    fn text_transforms() {
        for (name, argument, input, expected) in [
            ("compress_whitespace", "", "a \r\n b", "a b"),
            ("strip_whitespace", "", " a \tb\r\n", "ab"),
            ("dotprefix", "", "example.com", ".example.com"),
            ("to_lowercase", "", "AbC", "abc"),
            ("to_uppercase", "", "AbC", "ABC"),
            ("url_decode", "", "a%20b+c%zz%4", "a b c%zz%4"),
            ("header_lowercase", "", "Host: A\r\nX-Y: B\r\n", "host: A\r\nx-y: B\r\n"),
            ("strip_pseudo_headers", "", ":path: /\r\nHost: a\r\n", "Host: a\r\n"),
            ("xor", "01", "`c", "ab"),
            ("xor", "\"0100\"", "`b", "ab"),
            ("pcrexform", "\"[a-zA-Z]+ (.*) HTTP\"", "GET /x HTTP/1.1", "/x"),
            ("pcrexform", "(nope)", "GET", ""),
            ("from_base64", "", "SGVsbG8=", "Hello"),
            ("from_base64", "bytes 4, offset 1, mode rfc4648", "!SGVsbG8=", "Hel"),
            ("from_base64", "offset 1, mode rfc2045", "!SGVs bG8=", "Hello"),
            ("from_base64", "offset 1, mode strict", "!SGVs bG8=", "!SGVs bG8="),
        ] {
            assert_eq!(String::from_utf8(apply(name, argument, input.as_bytes())).unwrap(), expected, "{name} {input}");
        }
    }

    #[test]
    fn digests_are_raw() {
        assert_eq!(apply("to_md5", "", b"")[..4], [0xd4, 0x1d, 0x8c, 0xd9]);
        assert_eq!(apply("to_sha1", "", b"")[..4], [0xda, 0x39, 0xa3, 0xee]);
        assert_eq!(apply("to_sha256", "", b"")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    }

    #[test]
    fn decompression_is_bounded() {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(&[b'a'; 5000]).unwrap();
        let zlib = zlib.finish().unwrap();
        assert_eq!(apply("zlib_deflate", "", &zlib).len(), 1024);
        assert_eq!(apply("zlib_deflate", "max-size 4096", &zlib).len(), 4096);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(b"hello").unwrap();
        assert_eq!(apply("gunzip", "", &gzip.finish().unwrap()), b"hello");
        assert_eq!(apply("gunzip", "", b"nonsense"), b"");
    }

    #[test]
    fn every_name_is_known_and_others_are_not() {
        for name in NAMES {
            let argument = match *name {
                "xor" => "01",
                "pcrexform" => "(a)",
                _ => "",
            };
            assert!(
                Transform::new(&ir::Transform { name: (*name).into(), argument: argument.into() }).is_ok(),
                "{name}"
            );
        }
        assert!(Transform::new(&ir::Transform { name: "rot13".into(), argument: String::new() }).is_err());
        assert!(Transform::new(&ir::Transform { name: "gunzip".into(), argument: "max-size 0".into() }).is_err());
    }
}
