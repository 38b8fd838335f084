//! Changes made to a buffer before its checks.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A transform of a buffer, by its keyword.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(tag = "name", rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum Transform {
    /// Runs of blanks become one.
    CompressWhitespace,
    /// The name that can be registered: a public suffix and one label before it.
    Domain,
    /// A dot in front.
    #[serde(rename = "dotprefix")]
    DotPrefix,
    /// Base64 is decoded; what is none stays.
    FromBase64 {
        /// Octets to decode; 0: to the end.
        bytes: u32,
        /// Where to begin.
        offset: u32,
        /// What octets outside the alphabet mean.
        mode: Base64Mode,
    },
    /// gzip is decompressed.
    Gunzip {
        /// Octets it gives at most.
        max_size: u32,
    },
    /// Names of headers in lower case.
    HeaderLowercase,
    /// The first group of an expression.
    #[serde(rename = "pcrexform")]
    Pcre {
        /// The expression, which has one group.
        pattern: String,
    },
    /// Lines that begin with a colon go.
    StripPseudoHeaders,
    /// Blanks go.
    StripWhitespace,
    /// The public suffix of a name that can be registered.
    Tld,
    /// ASCII letters in lower case.
    ToLowercase,
    /// MD5.
    ToMd5,
    /// SHA-1.
    ToSha1,
    /// SHA-256.
    ToSha256,
    /// ASCII letters in upper case.
    ToUppercase,
    /// `%NN` and `+` are decoded.
    UrlDecode,
    /// Exclusive or with a key, again and again.
    Xor {
        /// The key, hexadecimal.
        key: String,
    },
    /// zlib is decompressed.
    ZlibDeflate {
        /// Octets it gives at most.
        max_size: u32,
    },
}

/// What octets outside the alphabet of base64 mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum Base64Mode {
    /// The first of them ends the text.
    Rfc4648,
    /// They are passed over.
    Rfc2045,
    /// The text is none.
    Strict,
}
