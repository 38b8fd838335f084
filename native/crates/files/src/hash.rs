//! Digests of a file, computed as its octets pass.

use sha2::Digest as _;
use smallvec::SmallVec;

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileHash {
    /// MD5 (RFC 1321), 16 octets.
    Md5,
    /// SHA-1 (FIPS 180-4), 20 octets.
    Sha1,
    /// SHA-256 (FIPS 180-4), 32 octets.
    Sha256,
}

impl FileHash {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha1, Self::Sha256];

    /// Key in EVE, and word in a configuration's `force-hash`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// Octets of a digest.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// Some of the algorithms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileHashes(u8);

impl FileHashes {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// With this one as well.
    #[must_use]
    pub const fn with(self, hash: FileHash) -> Self {
        Self(self.0 | 1 << hash as u8)
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is it one of them?
    #[must_use]
    pub const fn has(self, hash: FileHash) -> bool {
        self.0 & 1 << hash as u8 != 0
    }

    /// Is there none?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A finished digest; as long as its algorithm says.
pub type FinishedDigest = SmallVec<[u8; 32]>;

/// Digests in the making.
#[derive(Clone, Debug)]
pub(crate) struct FileHasher {
    md5: Option<md5::Md5>,
    sha1: Option<sha1::Sha1>,
    sha256: Option<sha2::Sha256>,
}

impl FileHasher {
    /// `None` when no digest is wanted, so that a file costs nothing then.
    pub(crate) fn new(wanted: FileHashes) -> Option<Box<Self>> {
        (!wanted.is_empty()).then(|| {
            Box::new(Self {
                md5: wanted.has(FileHash::Md5).then(md5::Md5::new),
                sha1: wanted.has(FileHash::Sha1).then(sha1::Sha1::new),
                sha256: wanted.has(FileHash::Sha256).then(sha2::Sha256::new),
            })
        })
    }

    pub(crate) fn update(&mut self, octets: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(octets);
        }
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(octets);
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(octets);
        }
    }

    pub(crate) fn finish(self) -> FileDigests {
        FileDigests {
            md5: self.md5.map(|md5| SmallVec::from_slice(&md5.finalize())),
            sha1: self.sha1.map(|sha1| SmallVec::from_slice(&sha1.finalize())),
            sha256: self.sha256.map(|sha256| SmallVec::from_slice(&sha256.finalize())),
        }
    }
}

/// Finished digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileDigests {
    md5: Option<FinishedDigest>,
    sha1: Option<FinishedDigest>,
    sha256: Option<FinishedDigest>,
}

impl FileDigests {
    pub(crate) fn get(&self, hash: FileHash) -> Option<&[u8]> {
        match hash {
            FileHash::Md5 => self.md5.as_deref(),
            FileHash::Sha1 => self.sha1.as_deref(),
            FileHash::Sha256 => self.sha256.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    #[test]
    fn digests_are_those_of_the_standards_however_octets_come() {
        let all = FileHash::ALL.into_iter().fold(FileHashes::NONE, FileHashes::with);
        let mut hasher = FileHasher::new(all).unwrap();
        for piece in [&b"a"[..], b"", b"bc"] {
            hasher.update(piece);
        }
        let digests = hasher.finish();
        let expected = [
            (FileHash::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (FileHash::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (FileHash::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ];
        for (hash, text) in expected {
            let digest = digests.get(hash).unwrap();
            assert_eq!((hex(digest).as_str(), digest.len()), (text, hash.length()));
        }
    }

    #[test]
    fn only_what_is_wanted_is_made() {
        assert!(FileHasher::new(FileHashes::NONE).is_none());
        let digests = FileHasher::new(FileHashes::NONE.with(FileHash::Sha1)).unwrap().finish();
        assert_eq!(FileHash::ALL.map(|hash| digests.get(hash).is_some()), [false, true, false]);
    }
}
