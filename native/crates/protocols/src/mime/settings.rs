//! What is made of a message.

use super::links::LinkSettings;

/// What is made of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MimeSettings {
    /// Base64 is decoded; where it is not, files in it have no octets.
    pub(crate) decode_base64: bool,
    /// Quoted-printable is decoded, likewise.
    pub(crate) decode_quoted_printable: bool,
    /// Octets of a header's value that are kept.
    pub(crate) value_depth: usize,
    /// Links in its text.
    pub(crate) links: LinkSettings,
    /// MD5 of the body.
    pub(crate) body_md5: bool,
}
