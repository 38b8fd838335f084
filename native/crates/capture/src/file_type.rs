//! What a file that is no capture looks like.

/// What a file that is no capture looks like, in words for an error message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuessedFileType(pub &'static str);

impl core::fmt::Display for GuessedFileType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.0)
    }
}

/// Signatures of files that are handed to a capture reader by mistake.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x7fELF", "an ELF program or library"),
    (b"MZ", "a Windows program"),
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"BZh", "a bzip2 file; decompress it first"),
    (b"\xfd7zXZ\0", "an xz file; decompress it first"),
    (b"\x04\x22\x4d\x18", "an lz4 file; decompress it first"),
    (b"\x1f\x8b", "gzip inside another compression; decompress it first"),
    (b"\x28\xb5\x2f\xfd", "zstd inside another compression; decompress it first"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"snoop\0\0\0", "a Solaris snoop capture; convert it with editcap -F pcapng"),
    (b"RTSS", "a Network Monitor 1 capture; convert it with editcap -F pcapng"),
    (b"GMBU", "a Network Monitor 2 capture; convert it with editcap -F pcapng"),
    (b"TRSNIFF data", "a Sniffer capture; convert it with editcap -F pcapng"),
    (b"SQLite format 3", "an SQLite database"),
];

/// Offset of the signature in a tar header.
const TAR_MAGIC_OFFSET: usize = 257;

impl GuessedFileType {
    /// Judges by the first octets of the (uncompressed) data.
    pub(crate) fn of(head: &[u8]) -> Self {
        if head.is_empty() {
            return Self("empty");
        }
        if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Self(name);
        }
        if head.get(TAR_MAGIC_OFFSET..).is_some_and(|rest| rest.starts_with(b"ustar")) {
            return Self("a tar archive");
        }
        if head.iter().all(|octet| *octet == 0) {
            return Self("nothing but zeros");
        }
        let text = head.iter().all(|octet| matches!(octet, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..));
        if !text {
            return Self("unknown binary data");
        }
        match head.iter().find(|octet| !octet.is_ascii_whitespace()) {
            Some(b'{' | b'[') => Self("JSON"),
            Some(b'<') => Self("HTML or XML"),
            Some(b'#') if head.starts_with(b"#!") => Self("a script"),
            _ => Self("text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GuessedFileType;

    #[test]
    fn names_common_mistakes() {
        for (head, name) in [
            (&b""[..], "empty"),
            (b"\x7fELF\x02\x01\x01", "an ELF program or library"),
            (b"PK\x03\x04\x14\0", "a zip archive"),
            (b" {\"event_type\":1}", "JSON"),
            (b"<!doctype html>", "HTML or XML"),
            (b"alert tcp any any", "text"),
            (b"#!/bin/sh\n", "a script"),
            (b"\x01\x02\x03\x04\0\0", "unknown binary data"),
        ] {
            assert_eq!(GuessedFileType::of(head).0, name);
        }
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(GuessedFileType::of(&tar).0, "a tar archive");
    }
}
